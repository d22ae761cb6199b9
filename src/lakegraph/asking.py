"""Asking a lake: its own questions, lineage, search, things by name, and SPARQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from lakegraph import resources
from lakegraph.errors import NotFoundError, UsageError
from lakegraph.graph import Limits, QueryService, Running, SnapshotKeeper, WorkerLimits, inspect_query
from lakegraph.index import Hit
from lakegraph.lake import Lake
from lakegraph.questions import MAX_NODES, Card, Impact, Library, Lineage, Paths, Result, Steps, bind, card, resolve
from lakegraph.questions import ask as ask_graph
from lakegraph.questions import impact as impact_of
from lakegraph.questions import lineage as lineage_of
from lakegraph.questions import why as why_between
from lakegraph.rdf.terms import Triple, iri, valid_iri
from lakegraph.rdf.vocabulary import ontology
from lakegraph.validation import Gate, ShapeSet
from lakegraph.validation import Result as ShapeResult

CARD = "5w1h"
"""The question that is answered by a card instead of a table."""

_GAP_SHAPES = ("completeness", "swamp")


class Named(Protocol):
    """Anything that has an IRI, such as the handle of a recorded model."""

    @property
    def iri(self) -> str:
        """The bare IRI."""


class Asking(Lake):
    """The calls that answer."""

    @cached_property
    def library(self) -> Library:
        """The questions: those that lakegraph carries, and those in the lake's own ``queries`` folder.

        Raises:
            DataFileError: A question is wrong; file and line are named.
        """
        folders = [resources.path("queries")]
        own = self.directory / "queries" if self.directory else None
        if own and own.is_dir():
            folders.append(own)
        return Library.load(folders)

    def questions(self) -> list[dict[str, Any]]:
        """Every question with its summary, what it answers and its parameters, the card first."""
        about = {"name": "about", "type": "iri", "required": True}
        first = {
            "name": CARD,
            "summary": "What, who, where, when, why and how, with what nobody has said yet.",
            "answers": "all six",
            "folder": "5w1h",
            "about": [],
            "parameters": [about],
        }
        return [first, *(question.as_dict() for question in self.library)]

    def ask(self, name: str, **parameters: str | Named) -> Card | Result:
        """Answer a question.

        Args:
            name: ``5w1h`` for the card of a thing, or a question of the library.
            parameters: Its parameters as text; things by IRI, slug, title, ``title@version`` or file path. ``about``
                stands for the thing that any question is about.

        Raises:
            NotFoundError: There is no such question or thing; the nearest are suggested.
            AmbiguousError: A title means several things; they are listed.
            UsageError: A parameter is missing, unknown, or of another kind.
        """
        if name == CARD:
            return card(self._projector.graph, f"<{self._about(parameters)}>", self._missing)
        question = self.library.get(name)
        said = {key: text if isinstance(text, str) else text.iri for key, text in parameters.items()}
        bindings = bind(question, said, resolve=lambda text: iri(self.resolve(text, question.kinds)))
        return ask_graph(self._projector.graph, question, bindings)

    def _about(self, parameters: dict[str, str | Named]) -> str:
        others = set(parameters) - {"about", "of"}
        if others or len(parameters) != 1:
            raise UsageError("The card takes one parameter: about.", where=", ".join(sorted(others)) or "about")
        return self.resolve(next(iter(parameters.values())))

    def _missing(self, things: Sequence[str]) -> Iterable[ShapeResult]:
        """What the completeness and swamp shapes still ask of *things* (tokens)."""
        with self._writer.exclusively():
            self._view.begin()
            return list(self._gap_gate.validate(self._view, things))

    @cached_property
    def _gap_gate(self) -> Gate:
        return Gate(ShapeSet.load([resources.path(f"shapes/{folder}") for folder in _GAP_SHAPES]), ontology())

    # -- lineage ------------------------------------------------------------------------------------------------------

    def lineage(self, of: str | Named, *, up: Steps = "all", down: Steps = 0, nodes: int = MAX_NODES) -> Lineage:
        """What a thing came from and what came of it, exact to the version.

        Args:
            of: The thing: IRI, slug, title, ``title@version`` or file path.
            up: How many steps back, or ``"all"``.
            down: How many steps on, or ``"all"``.
            nodes: How many nodes to gather at most.

        Returns:
            Nodes, edges, whether that is all, and how many neighbours were left out where.
        """
        graph, index = self._projector.graph, self._projector.index
        return lineage_of(graph, iri(self.resolve(of)), up, down, index=index, max_nodes=nodes)

    def why(self, a: str | Named, b: str | Named) -> Paths:
        """The paths between two things, each readable as a sentence."""
        return why_between(self._projector.graph, iri(self.resolve(a)), iri(self.resolve(b)), self._projector.index)

    def impact(self, of: str | Named) -> Impact:
        """What rests on a thing, down to deployments: what breaks if it is withdrawn."""
        return impact_of(self._projector.graph, iri(self.resolve(of)), self._projector.index)

    # -- finding ------------------------------------------------------------------------------------------------------

    def resolve(self, name: str | Named, kinds: Sequence[str] = ()) -> str:
        """The IRI that *name* means: an IRI, slug, title, ``title@version``, or the path of a file that the lake knows.

        What a recording gave, such as the handle of a model, means itself.

        Raises:
            NotFoundError: Nothing is called so; the nearest names are suggested.
            AmbiguousError: Several things are; they are listed.
        """
        text = name if isinstance(name, str) else name.iri
        return resolve(text, kinds, self._projector.index, self._projector.graph, self.base)

    def search(self, text: str, **filters: Any) -> dict[str, Any]:
        """Things by words and facets: ``hits`` (best first), ``total``, ``atLeast``, ``after``.

        Args:
            text: Words.
            filters: ``kind``, ``tag``, ``owner``, ``algorithm``, ``stage``, ``level``, ``since``, ``until`` (times with
                their zone), ``facets`` (true counts them too), ``limit``, ``after``.
        """
        given = {name: value for name, value in filters.items() if value is not None}
        if "limit" in given:
            if not str(given["limit"]).isdigit():
                raise UsageError(f"{given['limit']!r} is not a number.", where="limit")
            given["limit"] = int(given["limit"])
        for name in ("since", "until"):
            if name in given:
                given[name] = _moment(str(given[name]), name)
        if "facets" in given:
            given["facets"] = str(given["facets"]).lower() in ("1", "true")
        known = ("kind", "tag", "owner", "algorithm", "stage", "level", "status", "license", "since", "until", "facets",
                 "limit", "after")  # fmt: skip
        for name in given:
            if name not in known:
                raise UsageError(
                    f"Searches cannot be narrowed by {name!r}.", where=name, hint=f"By {', '.join(known)}."
                )
        page = self._projector.index.search(text or None, **given)
        hits = [_hit(hit) for hit in page.hits]
        said = {"hits": hits, "total": page.total, "atLeast": page.at_least, "after": page.after}
        return said | ({"facets": asdict(page.facets)} if page.facets else {})

    def knows(self, name: str) -> bool:
        """Whether anything is said of the IRI *name*."""
        return valid_iri(name) and any(True for _ in self._projector.graph.outgoing(f"<{name}>"))

    def describe(self, name: str) -> list[Triple]:
        """Everything that is said of an IRI and of its parts, sorted.

        Raises:
            NotFoundError: Nothing is said of it.
        """
        graph = self._projector.graph
        found: dict[Triple, None] = {}
        queue = [f"<{name}>"] if valid_iri(name) else []
        for node in queue:
            for p, o in graph.outgoing(node):
                found[node, p, o] = None
                if o.startswith(f"<{name}/") and o not in queue:
                    queue.append(o)
        if not found:
            raise NotFoundError(f"Nothing is said of {name}.", hint="lakegraph search finds what the lake knows.")
        return sorted(found)

    # -- SPARQL -------------------------------------------------------------------------------------------------------

    @cached_property
    def queries(self) -> QueryService:
        """The workers that run asked SPARQL, apart from this process, on snapshots."""
        limits = self.settings.limits
        where = (self.directory or Path()) / "views" / "all" / "snapshots"
        return QueryService(
            SnapshotKeeper(self._projector.graph, where),
            WorkerLimits(
                workers=limits.query_workers,
                memory=limits.query_memory,
                rows=limits.result_rows,
                text=Limits(size=limits.query_bytes),
            ),
        )

    def sparql(
        self,
        text: str,
        *,
        accept: Callable[[str], str],
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        min_seq: int | None = None,
    ) -> Running:
        """Begin to answer a SPARQL query in a worker.

        Args:
            text: The query.
            accept: Gives the media type for the query's form: ``select``, ``ask`` or ``construct``.
            default_graphs: ``default-graph-uri`` of the protocol.
            named_graphs: ``named-graph-uri`` of the protocol.
            min_seq: A journal entry that the answer must take into account; the newest one for callers in process.

        Raises:
            QueryError, ForbiddenError, DeadlineError, LakeBusyError: As the query service says.
        """
        form = inspect_query(text, limits=Limits(size=self.settings.limits.query_bytes)).form
        return self.queries.run(
            text,
            format=accept(form),
            timeout=self.settings.limits.query_seconds,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
            min_seq=min_seq,
            base=self.base,
        )

    def query(self, text: str, *, form: str = "json") -> bytes:
        """The whole answer to a SPARQL query, as seen by the newest record.

        Args:
            text: The query.
            form: The syntax: json, xml, csv or tsv for rows; turtle, ntriples … for graphs, turtle if left out.
        """
        wanted: Callable[[str], str] = lambda kind: "turtle" if kind == "construct" and form == "json" else form  # noqa: E731
        running = self.sparql(text, accept=wanted, min_seq=self._projector.graph.last_seq)
        return b"".join(running)

    def query_health(self) -> dict[str, Any]:
        """Whether query workers are sandboxed, for ``/health``."""
        return {"sandboxed": self.queries.sandboxed}

    def close(self) -> None:
        """Stop the query workers and release the directory."""
        if "queries" in self.__dict__:
            self.queries.close()
        super().close()


def _moment(text: str, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min  # noqa: DTZ901 - has no zone, and so is refused below
    if moment.tzinfo is None:
        raise UsageError(f"{text!r} is not a time with its zone.", where=name, hint="Write 2024-02-25T09:00:00Z.")
    return moment


def _hit(hit: Hit) -> dict[str, Any]:
    said = asdict(hit)
    said["when"] = hit.when.isoformat()
    for name in ("cursor", "time", "rank", "spans"):
        said.pop(name, None)
    return {name: value for name, value in said.items() if value not in (None, (), "")}
