"""Edits of graphs that are no records: SPARQL Update and the Graph Store Protocol, as change-sets in the journal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lakegraph.change_effects import CHANGE, parse_quads
from lakegraph.errors import LakeBusyError, NotFoundError, RdfSyntaxError, UsageError
from lakegraph.graph import ChangeSet, EditRules, Limits, Update, evaluate_update, protected
from lakegraph.journal import Draft
from lakegraph.lake import Lake
from lakegraph.preparing import Prepared
from lakegraph.rdf.intake import check_name, parse
from lakegraph.rdf.names import uuid7
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import Triple, valid_iri, value
from lakegraph.rdf.vocabulary import ontology
from lakegraph.receipts import Receipt, Refusal
from lakegraph.validation import Report

_OWN = ("graph/vocabulary", "graph/agents")
_DEFAULT_GRAPH = "graph/default"
_GENID = ".well-known/genid/"
_LEVEL = "internal"
_TURTLE = "text/turtle"


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of an edit.

    Attributes:
        seq: The journal entry that holds it; the last one of all where there was nothing to change.
        change: The IRI of the change-set; empty where there was nothing to change.
        added: How many statements were added.
        removed: How many were removed.
        created: Whether the graph that was addressed did not exist before.
        warnings: What the shapes found worth saying, without refusing.
    """

    seq: int
    change: str = ""
    added: int = 0
    removed: int = 0
    created: bool = False
    warnings: tuple[dict[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The answer as JSON."""
        return asdict(self)


class Changing(Lake):
    """The calls that edit graphs."""

    def update(
        self, text: str, *, using: Sequence[str] = (), using_named: Sequence[str] = (), actor: str | None = None
    ) -> Changed:
        """Evaluate a SPARQL Update, and record what it changes.

        WHERE is asked of the union of all graphs unless USING, WITH or the arguments say otherwise; what templates
        state outside of GRAPH goes into the graph ``{base}graph/default``.

        Args:
            text: The update.
            using: ``using-graph-uri`` of the protocol.
            using_named: ``using-named-graph-uri``.
            actor: Who is named in the journal.

        Raises:
            QueryError: It is malformed or failed; ``where`` gives line and column.
            ForbiddenError: It loads a document or calls a service.
            ConflictError: It edits a record, or a graph that the lake itself keeps.
            Refusal: The shapes refuse what it would leave; nothing was changed.
            DeadlineError, LakeBusyError, StorageError: As for queries and records.
        """
        return self._evaluated(Update(text, self.default_graph, tuple(using), tuple(using_named)), actor)

    def update_graph(self, graph: str | None, text: str, *, actor: str | None = None) -> Changed:
        """Evaluate a SPARQL Update that sees and changes one *graph* alone (Graph Store Protocol, section 5.7)."""
        name = self._editable(graph)
        if not self.graph_exists(name):
            raise _no_graph(name)
        return self._evaluated(Update(text, name, (name,), only=name), actor)

    def put_graph(
        self, graph: str | None, body: Iterable[tuple[bytes, str]], *, merge: bool = False, actor: str | None = None
    ) -> Changed:
        """Replace what a graph says, or add to it.

        Args:
            graph: Its IRI; ``None`` for the default graph.
            body: RDF documents, each with its media type.
            merge: Whether what is there stays.
            actor: Who is named in the journal.

        Raises:
            RdfSyntaxError: A document does not parse; nothing was changed.
            ConflictError, Refusal, StorageError: As for :meth:`update`.
        """
        name = self._editable(graph)
        said = dict.fromkeys(t for document, media_type in body for t in self._read(document, media_type, name))

        def change() -> ChangeSet:
            stands = frozenset(self._projector.graph.match(graph=name))
            removed = () if merge else sorted(stands - said.keys())
            return ChangeSet(_lines((t for t in said if t not in stands), name), _lines(removed, name))

        return self._change(change, f"{'POST' if merge else 'PUT'} {name}", actor, name)

    def delete_graph(self, graph: str | None, *, actor: str | None = None) -> Changed:
        """Remove everything that a graph says.

        Raises:
            NotFoundError: There is no such graph.
            ConflictError: It is a record, or a graph that the lake itself keeps.
        """
        name = self._editable(graph)
        if not self.graph_exists(name):
            raise _no_graph(name)

        def change() -> ChangeSet:
            return ChangeSet(b"", _lines(self._projector.graph.match(graph=name), name))

        return self._change(change, f"DELETE {name}", actor, name)

    # -- reading ------------------------------------------------------------------------------------------------------

    @property
    def default_graph(self) -> str:
        """The graph that stands for the default graph of the graph store."""
        return f"{self.base}{_DEFAULT_GRAPH}"

    def graph_exists(self, graph: str | None) -> bool:
        """Whether a graph says anything; the default graph is always there."""
        name = graph or self.default_graph
        if not valid_iri(name):
            return False
        return name == self.default_graph or next(iter(self._projector.graph.match(graph=name)), None) is not None

    def read_graph(self, graph: str | None) -> list[Triple]:
        """What a graph says, sorted; nodes without a name of their own are blank nodes again.

        Raises:
            NotFoundError: There is no such graph.
        """
        name = graph or self.default_graph
        if not self.graph_exists(name):
            raise _no_graph(name)
        genid = f"<{self.base}{_GENID}"
        return sorted((_blank(s, genid), p, _blank(o, genid)) for s, p, o in self._projector.graph.match(graph=name))

    def new_graph(self) -> str:
        """An IRI for a graph that is yet to be made."""
        return f"{self.base}graph/{uuid7()}"

    def _read(self, body: bytes, media_type: str, name: str) -> list[Triple]:
        """The statements of a document, freed of blank nodes by names that nothing else has."""
        names: dict[str, str] = {}

        def named(token: str) -> str:
            if not token.startswith("_:"):
                return token
            return names.setdefault(token, f"<{self.base}{_GENID}{uuid7()}>")

        triples = _parsed(body, media_type, name, self.settings.limits.change_quads)
        return [(named(s), p, named(o)) for s, p, o in triples]

    # -- writing ------------------------------------------------------------------------------------------------------

    def _evaluated(self, update: Update, actor: str | None) -> Changed:
        limits = self.settings.limits
        rules = EditRules(
            base=self.base,
            genid=f"{self.base}{_GENID}",
            marker=value(LAKE.journalSequence),
            own=tuple(self.base + name for name in _OWN),
            reserved=self._reserved,
            limit=limits.change_quads,
            seconds=limits.query_seconds,
            memory=limits.query_memory,
        )
        folder = self.directory / "views" / "all" / "updates" if self.directory else None

        def change() -> ChangeSet:
            return evaluate_update(update, self._projector.graph, folder, rules, Limits(size=limits.update_bytes))

        return self._change(change, "SPARQL Update", actor)

    def _change(self, change: Callable[[], ChangeSet], note: str, actor: str | None, graph: str = "") -> Changed:
        """Work a change-set out, and record it. One after the other: nobody changes what another just looked at."""
        turn: threading.Lock = self._changes
        if not turn.acquire(timeout=self.settings.limits.query_seconds):
            raise LakeBusyError("Other updates are under way.", hint="Try again in a few seconds.")
        try:
            created = bool(graph) and not self.graph_exists(graph)
            found = change()
            if not found.added and not found.removed:
                return Changed(self.journal.last_seq)
            with self._writer.exclusively():
                receipt, report = self._record_change(found, note, self._actor(actor))
        finally:
            turn.release()
        return Changed(
            receipt.seq,
            receipt.iri,
            found.added.count(b"\n"),
            found.removed.count(b"\n"),
            created and bool(found.added),
            tuple(result.as_dict() for result in report.warnings),
        )

    def _record_change(self, change: ChangeSet, note: str, actor: str) -> tuple[Receipt, Report]:
        self._repair()
        for name in dict.fromkeys(g for *_, g in parse_quads(change.added + change.removed)):
            self._editable(value(name))
        effects = self._projector.effects.of(change.added, change.removed)
        self._within_limits(effects.added)
        report = self._preparer.gate.check(
            [*effects.added, *effects.inferred], self._view, captured=True, removed=effects.disappearing
        )
        if not report.conforms:
            raise Refusal(note, report)
        iri = f"{self.base}id/change/{uuid7()}"
        draft = Draft(
            kind=CHANGE,
            record=iri,
            graph=iri,
            actor=actor,
            level=_LEVEL,
            added=change.added,
            removed=change.removed,
            shapes=self._preparer.shapes_hash,
            note=note,
        )
        (receipt,) = self._commit([Prepared(draft, effects.added, effects.inferred, report, ())])
        if isinstance(receipt, BaseException):
            raise receipt
        return receipt, report

    def _within_limits(self, said: Iterable[Triple]) -> None:
        limits = self.settings.limits
        for s, p, o in said:
            for token in (s, p, o):
                check_name(token)
            if len(s) > limits.iri_bytes or (o[0] == "<" and len(o) > limits.iri_bytes):
                raise UsageError("An IRI is too long.", where=s[:80], hint=f"The limit is {limits.iri_bytes} bytes.")
            if len(o) > limits.literal_bytes:
                raise UsageError("A value is too long.", where=s, hint=f"Literals end at {limits.literal_bytes} bytes.")

    @property
    def _reserved(self) -> tuple[str, ...]:
        """What the names of graphs that anybody edits must not begin with: the lake gives out those itself."""
        return (f"{self.base}id/",)

    def _editable(self, graph: str | None) -> str:
        """The name of a graph that may be edited.

        Raises:
            UsageError: It is no absolute IRI.
            ConflictError: It is a record's, or the lake's own.
        """
        name = graph or self.default_graph
        if not valid_iri(name) or ":" not in name:
            raise UsageError(f"{name[:100]!r} is not an absolute IRI.", where="graph", hint="Name the graph in full.")
        if name.startswith(self._reserved) or name in {self.base + own for own in _OWN} or self.journal.wrote(name):
            raise protected(name)
        return name


def _parsed(body: bytes, media_type: str, base: str, most: int) -> list[Triple]:
    """The triples of a document; Turtle may use the lake's own prefixes without declaring them."""
    try:
        return parse(body, media_type, base, most=most)
    except RdfSyntaxError as error:
        if media_type != _TURTLE or "prefix" not in error.message:
            raise
    declared = "".join(f"@prefix {name}: <{space}> . " for name, space in ontology().prefixes.items())
    return parse(declared.encode() + body, media_type, base, most=most)


def _lines(triples: Iterable[Triple], graph: str) -> bytes:
    return "".join(sorted(f"{s} {p} {o} <{graph}> .\n" for s, p, o in triples)).encode()


def _blank(token: str, genid: str) -> str:
    return f"_:g{token[len(genid) : -1].replace('-', '')}" if token.startswith(genid) else token


def _no_graph(name: str) -> NotFoundError:
    return NotFoundError(f"There is no graph {name}.", where=name, hint="PUT or POST makes it.")
