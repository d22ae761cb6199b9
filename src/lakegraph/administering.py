"""What the person who looks after a lake does: look at the journal, keep the directory of people, check everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO, Literal

from lakegraph import resources
from lakegraph.change_effects import CHANGE, graph_of, parse_quads
from lakegraph.erasing import mark_traces
from lakegraph.errors import UsageError
from lakegraph.finding import Finding
from lakegraph.governing import publish_people
from lakegraph.journal import Entry
from lakegraph.layer import Layer
from lakegraph.people import Person
from lakegraph.projecting import Progress
from lakegraph.questions import select
from lakegraph.rdf.terms import iri, value
from lakegraph.rdf.vocabulary import ontology
from lakegraph.tokens import TOKENS, Tokens
from lakegraph.validation import Gate, Report, Result, ShapeSet
from lakegraph.view import View

ALL_SHAPES = ("integrity", "completeness", "policy", "swamp")
_FORGET = 1_000


@dataclass(frozen=True, slots=True)
class Swamped:
    """A thing that is hard to find, to reach or to understand.

    Attributes:
        iri: The thing.
        score: The sum of all weights; 0 would be a thing without fault.
        dimensions: The weights by dimension: invisible, inaccessible, incomprehensible.
    """

    iri: str
    score: float
    dimensions: Mapping[str, float]


class Administration(Finding):
    """Calls for stewards and operators."""

    @cached_property
    def tokens(self) -> Tokens:
        """Who may do what over HTTP."""
        return Tokens(self.directory / TOKENS if self.directory else None)

    def status(self) -> dict[str, Any]:
        """What this lake is and holds: its base, how many records, and how many things of each kind."""
        return {
            "base": self.base,
            "directory": str(self.directory) if self.directory else None,
            "records": self.journal.last_seq,
            "things": dict(self._projector.index.counts()),
        }

    def log(self, thing: str | None = None, *, limit: int = 20) -> list[dict[str, Any]]:
        """Journal entries, newest first: of one record or thing, or of the whole lake.

        Args:
            thing: A record, by its IRI or that of its graph; or a thing, by any name, for the records that describe it
                or refer to it, with their earlier revisions.
            limit: The most entries.

        Raises:
            NotFoundError, AmbiguousError: The name means nothing, or several things.
        """
        if thing is None:
            last = self.journal.last_seq
            entries = list(self.journal.entries(after=max(0, last - limit)))
        else:
            entries = self._entries_of(thing)[-limit:]
        return [
            {
                "seq": e.seq,
                "recorded": e.recorded,
                "kind": e.kind,
                "record": e.record,
                "graph": e.graph,
                "actor": e.actor,
                "level": e.level,
                "quads": e.quads,
                "supersedes": e.supersedes,
                "note": e.note,
                "erases": e.erases,
                "erasedBy": e.erased_by,
                "leaf": e.leaf.hex(),
            }
            for e in reversed(entries)
        ]

    def _entries_of(self, thing: str) -> list[Entry]:
        found = self.journal.current(thing)
        entries = self.journal.history(found.record if found else thing)
        if entries:
            return entries
        rows = select(self._projector.graph, "internal/records-of", about=iri(self.resolve(thing)))
        current = [self.journal.current(value(row[1])) for row in rows if row[1]]
        revised = {e.seq: e for record in {e.record for e in current if e} for e in self.journal.history(record)}
        return [revised[seq] for seq in sorted(revised)]

    def add_person(
        self,
        name: str,
        *,
        slug: str | None = None,
        kind: str = "user",
        mail: str | None = None,
        job_title: str | None = None,
    ) -> Person:
        """Add somebody to the directory of people, and show them in the graph.

        Raises:
            UsageError, ConflictError: As :meth:`lakegraph.people.People.add`.
        """
        person = self.people.add(name, kind=kind, slug=slug, mail=mail, job_title=job_title)
        self._publish_people()
        return person

    def erase_person(self, slug: str, reason: str) -> Person:
        """Erase what the directory says of somebody, here and in the graph; every proof still holds."""
        self.people.get(slug)  # who is not there leaves no trace
        mark_traces(self.directory)
        person = self.people.erase(slug, reason)
        self._publish_people()
        return person

    def _publish_people(self) -> None:
        with self._writer.exclusively():
            self._view.meet(publish_people(self._projector.graph, self._projector.index, self.base, self.people))
            self.pasts.forget()

    def dump(self, out: BinaryIO) -> None:
        """Write every quad of the graph as N-Quads."""
        self._projector.graph.dump(out)

    def validate(
        self,
        folders: Sequence[str],
        *,
        engine: Literal["compiled", "pyshacl"] = "compiled",
        progress: Progress | None = None,
    ) -> Report:
        """Check every thing of the lake by the shapes in *folders*; see :meth:`violations`."""
        return Report.of(self.violations(folders, engine=engine, progress=progress))

    def violations(
        self,
        folders: Sequence[str],
        *,
        engine: Literal["compiled", "pyshacl"] = "compiled",
        progress: Progress | None = None,
    ) -> Iterator[Result]:
        """What is wrong with the things of the lake, as it is found.

        Args:
            folders: Some of ``integrity``, ``completeness``, ``policy`` and ``swamp``.
            engine: ``compiled``, or ``pyshacl`` as a second opinion.
            progress: Told how many records' things are checked, of how many.

        Raises:
            UsageError: There is no such folder.
        """
        for folder in folders:
            if folder not in ALL_SHAPES:
                raise UsageError(f"There are no shapes called {folder!r}.", hint=f"There are {', '.join(ALL_SHAPES)}.")
        view = View(self._projector.graph, Layer(ontology().concept_triples))
        gate = self._gate_of(tuple(dict.fromkeys(folders)), engine)
        return gate.validate(view, self._everything(view, progress))

    def _gate_of(self, folders: tuple[str, ...], engine: Literal["compiled", "pyshacl"]) -> Gate:
        """The shapes in *folders*, compiled once; they are read anew only where records are not judged by them."""
        if (folders, engine) not in self._gates:
            shapes = self._preparer.gate.shapes
            if not {shape.origin.folder for shape in shapes.shapes}.issuperset(folders):
                shapes = ShapeSet.load([resources.path(f"shapes/{folder}") for folder in folders])
            self._gates[folders, engine] = Gate(shapes, ontology(), folders, engine)
        return self._gates[folders, engine]

    @cached_property
    def _gates(self) -> dict[tuple[tuple[str, ...], str], Gate]:
        return {}

    def swamp(self, progress: Progress | None = None) -> list[Swamped]:
        """How near each thing is to the model swamp, the worst first (paper, section 3.3).

        The score of a thing is the sum of the weights of the swamp shapes that it does not meet.
        """
        found: dict[str, dict[str, float]] = {}
        for result in self.violations(["swamp"], progress=progress):
            dimensions = found.setdefault(value(result.focus), {})
            name, weight = result.note("swampDimension"), float(result.note("weight") or 1)
            dimensions[name] = dimensions.get(name, 0) + weight
        things = [Swamped(iri, sum(dimensions.values()), dimensions) for iri, dimensions in found.items()]
        return sorted(things, key=lambda thing: (-thing.score, thing.iri))

    def _everything(self, view: View, progress: Progress | None) -> Iterator[str]:
        """Every node that is the subject of a statement of a current record; *view* forgets as it goes."""
        seen: set[str] = set()
        last = self.journal.last_seq
        changes = self.journal.changes()
        edited = {graph_of(line) for change in changes for line in change.removed.splitlines()}
        erased = any(change.erased for change in changes)  # nobody knows what it took away
        for number, entry in enumerate(self.journal.entries(), 1):
            if number % _FORGET == 0:
                view.begin()
            for s in self._subjects(entry, edited=erased or entry.graph.encode() in edited):
                if s not in seen:
                    seen.add(s)
                    yield s
            if progress:
                progress(number, last)

    def _subjects(self, entry: Entry, *, edited: bool) -> Iterable[str]:
        """What an entry in force speaks of, or a change-set spoke of.

        The journal is asked rather than the graph, which takes ten times as long; but not where change-sets took away
        some of what it says.
        """
        if entry.kind == CHANGE:
            return (s for s, *_ in parse_quads(entry.added))
        stated = self._projector.graph.match(graph=entry.graph)
        if edited:
            return (s for s, _, _ in stated)
        if next(stated, None) is None:
            return ()
        return dict.fromkeys(line.split(b" ", 1)[0].decode() for line in entry.added.splitlines())
