"""The remote engine: any SPARQL 1.1 server, spoken to through a function that somebody else gives.

The server's default graph must show the union of its named graphs (GraphDB and Virtuoso do; Fuseki with
``unionDefaultGraph``, Oxigraph with ``--union-default-graph``). Because such a server may hide what stands in its own
unnamed graph, what is meant for the default graph goes into a named graph of its own here.

Source: https://www.w3.org/TR/sparql11-protocol/
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import BinaryIO, Final

import pyoxigraph as ox

from lakegraph import resources
from lakegraph.errors import LakeBusyError, QueryError, RdfSyntaxError, SettingsError, StorageError
from lakegraph.graph.guard import Limits, inspect_query
from lakegraph.graph.lexer import Token, tokens
from lakegraph.graph.oxigraph import Oxigraph
from lakegraph.graph.protocol import ANY, Applied, Change, Rows
from lakegraph.graph.update_text import update_text
from lakegraph.rdf.terms import Triple, literal, value

Send = Callable[[str, str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], bytes]]
"""Method, URL, headers and body to status, headers and body; raises ``OSError`` where no answer comes."""

_OWN: Final = Limits(size=1024 * 1024, depth=256, free_paths=True)
_JSON: Final = "application/sparql-results+json"
_N_TRIPLES: Final = "application/n-triples"


class SparqlServer:
    """A :class:`~lakegraph.graph.Graph` on a SPARQL 1.1 server.

    Args:
        send: Carries one request; the federation broker's, in a lake.
        query_url: Where queries are posted.
        update_url: Where updates are posted.
        default_graph: The named graph (bare IRI) that stands for the default graph.
    """

    def __init__(self, send: Send, *, query_url: str, update_url: str, default_graph: str) -> None:
        self._send = send
        self._query_url = query_url
        self._update_url = update_url
        self._home = default_graph
        self._writing = RLock()
        self._version = 0
        self._last_seq = 0

    @property
    def last_seq(self) -> int:
        """The highest sequence number known to be applied."""
        return self._last_seq

    @property
    def version(self) -> int:
        """A number that grows with every write made through this object."""
        return self._version

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply a group of changes as one update request; see :meth:`lakegraph.graph.Graph.apply`."""
        if not changes:
            return
        try:
            text = update_text(changes, self._home)
        except ValueError as error:
            raise RdfSyntaxError(f"Statements for the graph are {error}.", where=f"entry {changes[0].seq}") from error
        with self._writing:
            self._version += 1
            status, body = self._post(self._update_url, "application/sparql-update", "*/*", text)
            if not 200 <= status < 300:
                raise StorageError(
                    f"The SPARQL server refused an update with status {status}: {_excerpt(body)}",
                    where=self._update_url,
                    hint="Look at the server's log; the records are safe in the journal.",
                )
            self._last_seq = max(self._last_seq, *(c.seq for c in changes), 0)

    def query(
        self,
        text: str,
        bindings: Mapping[str, str] | None = None,
        most: int | None = None,  # noqa: ARG002 - the server sends all of them
    ) -> Rows | bool | list[Triple]:
        """Answer one of the project's own questions; see :meth:`lakegraph.graph.Graph.query`."""
        construct = inspect_query(text, limits=_OWN).form == "construct"
        asked = bound(text, bindings) if bindings else text
        status, body = self._post(
            self._query_url, "application/sparql-query", _N_TRIPLES if construct else _JSON, asked
        )
        if status == 400:
            raise QueryError(f"The SPARQL server does not understand the query: {_excerpt(body)}")
        if status != 200:
            raise LakeBusyError(f"The SPARQL server answered with status {status}: {_excerpt(body)}")
        if construct:
            return [(str(q.subject), str(q.predicate), str(q.object)) for q in ox.parse(body, ox.RdfFormat.N_TRIPLES)]
        return _answer(body)

    def match(
        self, s: str | None = None, p: str | None = None, o: str | None = None, graph: str | None = ANY
    ) -> Iterator[Triple]:
        """The triples of a pattern; see :meth:`lakegraph.graph.Graph.match`."""
        given = {name: token for name, token in (("s", s), ("p", p), ("o", o)) if token is not None}
        name = "graph-match.rq"
        if graph != ANY:
            name, given = "graph-match-in.rq", {**given, "graph": f"<{(graph or self._home).strip('<>')}>"}
        for row in self._select(name, given):
            subject, predicate, target = row[0], row[1], row[2]
            if subject and predicate and target:
                yield subject, predicate, target

    def stating(self, s: str, p: str | None = None, o: str | None = None, most: int = 20) -> Sequence[str]:
        """The named graphs that hold a statement; see :meth:`lakegraph.graph.Graph.stating`."""
        given = {name: token for name, token in (("s", s), ("p", p), ("o", o)) if token is not None}
        home = f"<{self._home.strip('<>')}>"
        found = [row[3] for row in self._select("graph-stating.rq", given)]
        return [graph for graph in dict.fromkeys(found) if graph and graph != home][:most]

    def stated(self, s: str | None, p: str, o: str | None = None) -> Sequence[tuple[str, str, str]]:
        """Every statement of a pattern with its record; see :meth:`lakegraph.graph.Graph.stated`."""
        given = {name: token for name, token in (("s", s), ("p", p), ("o", o)) if token is not None}
        home = f"<{self._home.strip('<>')}>"
        rows = [(row[0], row[2], row[3]) for row in self._select("graph-stating.rq", given)]
        return [(a, b, c) for a, b, c in rows if a and b and c and c != home]

    def told(self, subject: str, most: int) -> Sequence[tuple[str, str, str | None]]:
        """Statements about *subject* with their records; see :meth:`lakegraph.graph.Graph.told`."""
        home = f"<{self._home.strip('<>')}>"
        rows = self._select("graph-stating.rq", {"s": subject}).rows
        return [(row[1], row[2], None if row[3] == home else row[3]) for row in rows[:most] if row[1] and row[2]]

    def outgoing(self, subject: str) -> Sequence[tuple[str, str]]:
        """Predicate and object of every statement about *subject*, each once."""
        return [(p, o) for _, p, o in self.match(s=subject)]

    def objects(self, subject: str, predicate: str) -> Sequence[str]:
        """The objects of *subject* and *predicate*, each once."""
        return [o for _, _, o in self.match(subject, predicate)]

    def subjects(self, predicate: str, object: str) -> Sequence[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*, each once."""
        return [s for s, _, _ in self.match(None, predicate, object)]

    def applied(self, marker: str) -> Applied:
        """Which sequence numbers are marked; see :meth:`lakegraph.graph.Graph.applied`.

        Raises:
            SettingsError: The server's default graph does not show the named graphs.
        """
        found = Applied(0, 0, lambda: {int(value(o)) for _, _, o in self.match(None, marker, None, None)})
        for _, _, count, highest in self._select("graph-applied-in.rq", {"marker": marker, "graph": f"<{self._home}>"}):
            found = Applied(int(value(count or '"0"')), int(value(highest or '"0"')), found.sequences)
        if found.count and not self._select("graph-marked.rq", {"marker": marker}).rows:
            raise SettingsError(
                "The default graph of the SPARQL server does not show its named graphs.",
                where=self._query_url,
                hint="Set it up so that the default graph is the union of the named ones.",
            )
        self._last_seq = max(self._last_seq, found.highest)
        return found

    def snapshot(self, directory: Path) -> None:
        """Copy everything from the server into an embedded store in *directory*."""
        text = io.BytesIO()
        self.dump(text)
        copy = Oxigraph.open(directory)
        copy.apply([Change(0, text.getvalue())])
        copy.close()

    def dump(self, out: BinaryIO) -> None:
        """Write every quad as N-Quads, in no particular order."""
        home = f"<{self._home}>"
        for s, p, o, graph in self._select("graph-dump.rq", {}):
            place = "" if graph == home else f" {graph}"
            out.write(f"{s} {p} {o}{place} .\n".encode())

    def close(self) -> None:
        """Nothing to let go of."""

    def _select(self, name: str, bindings: Mapping[str, str]) -> Rows:
        rows = self.query(resources.text(f"queries/internal/{name}"), bindings)
        assert isinstance(rows, Rows)  # noqa: S101 - these are SELECTs
        return rows

    def _post(self, url: str, kind: str, accept: str, text: str) -> tuple[int, bytes]:
        headers = {"Content-Type": f"{kind}; charset=utf-8", "Accept": accept}
        try:
            status, _, body = self._send("POST", url, headers, text.encode())
        except OSError as error:
            raise LakeBusyError(
                f"The SPARQL server cannot be reached: {error}", where=url, hint="Is it running, and is the URL right?"
            ) from error
        return status, body


def bound(text: str, bindings: Mapping[str, str]) -> str:
    """The query *text* with variables bound by VALUES at the start of its outermost pattern.

    Args:
        text: A SPARQL query of this project.
        bindings: Variable (without ``?``) to token.

    Raises:
        QueryError: The query has no pattern to bind anything in.
    """
    if not bindings:
        return text
    brace = _pattern(tokens(text, depth=_OWN.depth))
    if brace is None:
        raise QueryError("The query has no WHERE, so nothing can be bound in it.")
    names = " ".join(f"?{name}" for name in bindings)
    at = brace.start + 1
    return f"{text[:at]} VALUES ({names}) {{ ({' '.join(bindings.values())}) }}{text[at:]}"


def _pattern(found: Sequence[Token]) -> Token | None:
    """The brace that opens the outermost pattern: the first one, or the second behind the template of CONSTRUCT."""
    braces = [n for n, t in enumerate(found) if t.text == "{" and t.kind == "punct" and t.depth == 1]
    for n in braces:
        if not (n and found[n - 1].kind == "word" and found[n - 1].text.upper() == "CONSTRUCT"):
            return found[n]
    return None


def _answer(body: bytes) -> Rows | bool:
    """The rows or the truth of an answer (https://www.w3.org/TR/sparql11-results-json/)."""
    try:
        said = json.loads(body)
        if "boolean" in said:
            return bool(said["boolean"])
        variables = tuple(said["head"]["vars"])
        rows = said["results"]["bindings"]
        return Rows(variables, [tuple(_token(row[v]) if v in row else None for v in variables) for row in rows])
    except (ValueError, KeyError, TypeError) as error:
        raise LakeBusyError(f"The SPARQL server's answer is not SPARQL JSON: {_excerpt(body)}") from error


def _token(term: Mapping[str, str]) -> str:
    if term["type"] == "uri":
        return f"<{term['value']}>"
    if term["type"] == "bnode":
        return f"_:{term['value']}"
    return literal(term["value"], term.get("datatype"), term.get("xml:lang"))


def _excerpt(body: bytes) -> str:
    return body[:300].decode("utf-8", "replace").strip()
