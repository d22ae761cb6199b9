"""From what was sent to what is written: names, triples, inference and the gate, for one record at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from lakegraph.config import LimitSettings
from lakegraph.errors import ConflictError, NotFoundError, UsageError
from lakegraph.journal import Draft
from lakegraph.model import Thing
from lakegraph.rdf.identify import Identifier, Names
from lakegraph.rdf.inference import Reasoner
from lakegraph.rdf.intake import Intake
from lakegraph.rdf.mapper import Mapper
from lakegraph.rdf.names import uuid7
from lakegraph.rdf.namespaces import LAKE, PROV, SKOS
from lakegraph.rdf.terms import Triple, lexical, python_value
from lakegraph.rdf.vocabulary import TYPE, Ontology
from lakegraph.receipts import Refusal
from lakegraph.validation import Gate, Report
from lakegraph.view import View

_DEFAULT_LEVEL = "internal"


@dataclass(frozen=True, slots=True)
class Submission:
    """One record as it was sent.

    Attributes:
        document: A checked document, or
        rdf: statements of a record that came as RDF.
        actor: Who sends it.
        key: The idempotency key.
        captured: Whether it comes from another tool, which cannot know the answers that completeness shapes demand.
        supersedes: The record that this one corrects.
        unread: Whether nobody reads what the shapes find worth saying: in the receipt of a description that was
            harvested, that took a third of the time.
    """

    document: Thing | None = None
    rdf: Intake | None = None
    actor: str = "local"
    key: str | None = None
    captured: bool = False
    supersedes: str | None = None
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record that the gate let through, ready for the journal.

    Attributes:
        draft: What the journal stores.
        asserted: Its statements, sorted.
        inferred: What follows from them.
        report: What the gate found, where somebody reads it.
        outputs: The IRIs that the run made.
        title: What the record calls itself.
    """

    draft: Draft
    asserted: Sequence[Triple]
    inferred: Sequence[Triple]
    report: Report
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retraction:
    """What taking a record's graph back takes from the lake.

    Attributes:
        graph: The graph's IRI.
        record: The record's IRI.
        asserted: Its statements that no other record makes.
        unsupported: What followed from them alone.
        dependents: Gives the graphs of other records that refer to what only this one made; told the subjects (tokens)
            that its successor still describes.
        carried: Gives what its successor must say again, because others refer to it: sources, programs, people and
            the like, which this record was only the first to describe. Told the same.
    """

    graph: str
    record: str
    asserted: frozenset[Triple]
    unsupported: frozenset[Triple]
    dependents: Callable[[Collection[str]], Sequence[str]]
    carried: Callable[[Collection[str]], Collection[Triple]]

    @property
    def gone(self) -> frozenset[Triple]:
        """Every statement that disappears."""
        return self.asserted | self.unsupported


class GroupNames(Names, Protocol):
    """Names that are read anew for each group of records."""

    def begin(self) -> None:
        """Start a group."""


class Preparer:
    """Prepares records against a view of the lake.

    Args:
        base: The lake's base IRI, ending in ``/``.
        names: What the lake knows of names, reading the same view.
    """

    def __init__(
        self,
        base: str,
        names: GroupNames,
        known: Ontology,
        mapper: Mapper,
        reasoner: Reasoner,
        gate: Gate,
        shapes_hash: bytes,
        limits: LimitSettings,
    ) -> None:
        self._base = base
        self._names = names
        self._identifier = Identifier(base, names)
        self._mapper = mapper
        self._reasoner = reasoner
        self._gate = gate
        self._shapes_hash = shapes_hash
        self._limits = limits
        self._ranks = _ranks(known)
        # Looked up once: a namespace answers a name with a call.
        self._has_output, self._security = LAKE.hasOutput, LAKE.securityLevel
        self._bundle, self._describes = PROV.Bundle, LAKE.describesRun

    @property
    def gate(self) -> Gate:
        """The shapes that judge what is recorded."""
        return self._gate

    @property
    def shapes_hash(self) -> bytes:
        """The hash of their files."""
        return self._shapes_hash

    def begin(self) -> None:
        """Start a group of records."""
        self._names.begin()

    def prepare(self, sent: Submission, view: View, retraction: Retraction | None, revision: int = 1) -> Prepared:
        """Check *sent* and make it ready to be written.

        Args:
            sent: The record.
            view: The lake as this record sees it, *retraction* already hidden.
            retraction: What this record takes back.
            revision: Which record of the same thing this is, from 1.

        Raises:
            Refusal: The shapes refuse it.
            DocumentError, NotFoundError, ConflictError, UsageError: It cannot be understood.
        """
        record, triples = self._statements(sent)
        graph = self._graph_iri(record, revision)
        said = dict.fromkeys(triples)
        said[f"<{graph}>", TYPE, self._bundle] = None
        said[f"<{graph}>", self._describes, f"<{record}>"] = None
        kind = "record"
        if retraction:
            described = {s for s, _, _ in said}
            check_withdrawable(retraction, retraction.dependents(described))
            said.update(dict.fromkeys(retraction.carried(described)))
            withdrawn = any(p == LAKE.withdraws for _, p, _ in triples)
            kind = "tombstone" if withdrawn else "supersede"
            if not withdrawn:
                said[f"<{graph}>", LAKE.supersedes, f"<{retraction.graph}>"] = None
        self._within_limits(said)
        said = _unsaid(said, view)
        inferred = self._reasoner.infer(said, view.objects, lambda o, p: view.subjects(p, o))
        report = self._gate.check(
            [*said, *inferred], view, captured=sent.captured, removed=retraction.gone if retraction else ()
        )
        if not report.conforms:
            raise Refusal(_title(record, said), report)
        asserted = sorted(said)
        draft = Draft(
            kind=kind,
            record=record,
            graph=graph,
            actor=sent.actor,
            level=self._level(said),
            added=nquads(asserted, graph),
            supersedes=retraction.graph if retraction else None,
            key=sent.key,
            captured=sent.captured,
            shapes=self._shapes_hash,
        )
        output, own = self._has_output, f"<{record}>"
        made = dict.fromkeys([o[1:-1] for s, p, o in (*said, *inferred) if p == output and s == own])
        told = Report(conforms=True) if sent.unread else report
        return Prepared(draft, asserted, inferred, told, tuple(made))

    def _statements(self, sent: Submission) -> tuple[str, list[Triple]]:
        if sent.document is not None:
            tree = self._identifier.tree(sent.document)
            return tree["id"], self._mapper.triples(tree)
        if sent.rdf is None:
            raise UsageError("There is nothing to record.", hint="Send a document or RDF.")
        return sent.rdf.named(self._identifier.iri(f"run/{uuid7()}"))

    def _graph_iri(self, record: str, revision: int) -> str:
        below = record if record.startswith(self._base) else self._identifier.iri(f"run/{uuid7()}")
        return f"{below}/bundle" if revision == 1 else f"{below}/bundle/{revision}"

    def _within_limits(self, said: Collection[Triple]) -> None:
        limits = self._limits
        count = len(said)
        if max(map(len, chain.from_iterable(said))) <= min(limits.iri_bytes, limits.literal_bytes):
            said_too_long: Iterable[Triple] = ()
        else:
            said_too_long = said
        for s, _, o in said_too_long:
            if len(s) > limits.iri_bytes:
                raise UsageError("An IRI is too long.", where=s[:80], hint=f"The limit is {limits.iri_bytes} bytes.")
            if len(o) > (limits.iri_bytes if o[0] == "<" else limits.literal_bytes):
                raise UsageError("A value is too long.", where=s, hint=f"Literals end at {limits.literal_bytes} bytes.")
        if count > limits.record_quads:
            raise UsageError(f"{count} statements are too many for one record.", hint="Split it into several runs.")

    def _level(self, said: Iterable[Triple]) -> str:
        security = self._security
        levels = [self._ranks[o] for _, p, o in said if p == security and o in self._ranks]
        return max(levels)[1] if levels else _DEFAULT_LEVEL


def _unsaid(said: dict[Triple, None], view: View) -> dict[Triple, None]:
    """*said* without what the lake says already of things that it knows: each fact is stored once."""
    knows, states = view.knows, view.states
    fresh = {s for s in {s for s, _, _ in said} if not knows(s)}
    return {t: None for t in said if t[0] in fresh or t[2] in fresh or not states(t)}


def _ranks(known: Ontology) -> dict[str, tuple[int, str]]:
    """Security level to its rank and notation."""
    levels = set(known.concepts.get(LAKE.SecurityLevel, {}).values())
    rank = {s: python_value(o) for s, p, o in known.triples if p == LAKE.rank and s in levels}
    notation = {s: lexical(o) for s, p, o in known.triples if p == SKOS.notation and s in levels}
    return {level: (int(rank[level]), notation[level]) for level in levels if level in rank}


def _title(record: str, said: Iterable[Triple]) -> str:
    from lakegraph.rdf.namespaces import DCT

    return next((lexical(o) for s, p, o in said if s == f"<{record}>" and p == DCT.title), record)


def nquads(triples: Iterable[Triple], graph: str | None = None) -> bytes:
    """*triples* as N-Quads lines in the order given, in *graph* (a bare IRI) or the default graph."""
    tail = f" <{graph}> .\n" if graph else " .\n"
    return "".join([f"{s} {p} {o}{tail}" for s, p, o in triples]).encode()


def check_withdrawable(retraction: Retraction, dependents: Sequence[str]) -> None:
    """Refuse to take back what later records rely on.

    Raises:
        ConflictError: *dependents* is not empty.
    """
    if dependents:
        shown = ", ".join(dependents[:5]) + (f" and {len(dependents) - 5} more" if len(dependents) > 5 else "")
        raise ConflictError(
            f"{retraction.record} cannot be taken back while others rely on what it made.",
            where=shown,
            hint="Withdraw or supersede those first; lakegraph lineage --down shows them all.",
        )


def unknown_record(iri: str) -> NotFoundError:
    """The error for a record that the journal does not hold, or that was taken back already."""
    return NotFoundError(f"The lake holds no current record {iri}.", hint="lakegraph log lists the records of a thing.")
