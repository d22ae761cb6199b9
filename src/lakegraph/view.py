"""What a record is checked against: the stored graph, the vocabularies, and the records before it in its group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from lakegraph.rdf.terms import Triple

_LARGE = 200


class Stored(Protocol):
    """The stored graph, looked up by token; each answer names a statement once."""

    def match(self, s: str | None = None, p: str | None = None, o: str | None = None) -> Iterator[Triple]:
        """The triples of a pattern."""

    def outgoing(self, subject: str) -> Sequence[tuple[str, str]]:
        """Predicate and object of every statement about *subject*."""

    def objects(self, subject: str, predicate: str) -> Iterable[str]:
        """The objects of *subject* and *predicate*."""

    def subjects(self, predicate: str, object: str) -> Iterable[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*."""


class Layer:
    """Statements in memory, looked up from either end."""

    def __init__(self, triples: Iterable[Triple] = ()) -> None:
        self._from: dict[str, dict[str, dict[str, None]]] = {}
        self._to: dict[tuple[str, str], dict[str, None]] = {}
        self.add(triples)

    def add(self, triples: Iterable[Triple]) -> None:
        """Add *triples*; doubles are kept once."""
        out, into = self._from, self._to
        for s, p, o in triples:
            out.setdefault(s, {}).setdefault(p, {})[o] = None
            into.setdefault((p, o), {})[s] = None

    def match(self, s: str | None = None, p: str | None = None, o: str | None = None) -> Iterator[Triple]:
        """The triples of a pattern."""
        for subject in self._from if s is None else (s,):
            for predicate, target in self.outgoing(subject):
                if p in (None, predicate) and o in (None, target):
                    yield subject, predicate, target

    def clear(self) -> None:
        """Forget everything."""
        self._from.clear()
        self._to.clear()

    def __contains__(self, subject: str) -> bool:
        return subject in self._from

    def outgoing(self, subject: str) -> list[tuple[str, str]]:
        """Predicate and object of every statement about *subject*."""
        return [(p, o) for p, objects in self._from.get(subject, {}).items() for o in objects]

    def objects(self, subject: str, predicate: str) -> Iterable[str]:
        """The objects of *subject* and *predicate*."""
        return self._from.get(subject, {}).get(predicate, ())

    def subjects(self, predicate: str, object: str) -> Iterable[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*."""
        return self._to.get((predicate, object), ())


class View:
    """The lake as the next record of a group sees it.

    Args:
        graph: The stored graph. It does not change while a group is prepared, so what is read of it is remembered.
        vocabularies: Concepts; they are read here and never looked up in the graph.
    """

    def __init__(self, graph: Stored, vocabularies: Layer) -> None:
        self._graph = graph
        self._vocabularies = vocabularies
        self._pending = Layer()
        self._gone: frozenset[Triple] = frozenset()
        # Subjects with many statements, such as a study with its analyses: read by predicate, never whole.
        self._large: set[str] = set()
        self._outgoing: dict[str, dict[str, list[str]]] = {}
        self._incoming: dict[tuple[str, str], list[str]] = {}
        self._strangers: dict[str, dict[str, list[str]]] = {}

    def begin(self) -> None:
        """Start a group: nothing is pending and nothing is remembered."""
        self._pending.clear()
        self._gone = frozenset()
        self._outgoing.clear()
        self._incoming.clear()
        self._strangers.clear()

    def add(self, triples: Iterable[Triple]) -> None:
        """Let the records that follow in this group see *triples*."""
        self._pending.add(triples)

    def without(self, triples: Iterable[Triple]) -> None:
        """Hide stored *triples*, which the record in hand takes back, until the next group."""
        self._gone = frozenset(triples)

    def _stored(self, subject: str) -> dict[str, list[str]]:
        found = self._outgoing.get(subject)
        if found is None:
            found = {}
            if subject[0] == "<":
                pairs = self._graph.outgoing(subject)
                if len(pairs) > _LARGE:
                    self._large.add(subject)
                for p, o in pairs:
                    if not self._gone or (subject, p, o) not in self._gone:
                        found.setdefault(p, []).append(o)
            self._outgoing[subject] = found
        return found

    def knows(self, subject: str) -> bool:
        """Whether anything is said of *subject*."""
        return next(iter(self.outgoing(subject)), None) is not None

    def states(self, triple: Triple) -> bool:
        """Whether *triple* is said already."""
        s, p, o = triple
        return o in self._objects_of_large(s, p) if s in self._large else o in self.objects(s, p)

    def outgoing(self, subject: str) -> Iterator[tuple[str, str]]:
        """Predicate and object of every statement about *subject*, each once."""
        if subject in self._vocabularies:
            yield from self._vocabularies.outgoing(subject)
            return
        if subject in self._large:
            for s, p, o in self._graph.match(subject):
                if not self._gone or (s, p, o) not in self._gone:
                    yield p, o
            known: dict[str, list[str]] = {}
        else:
            known = self._stored(subject)
        for p, objects in known.items():
            for o in objects:
                yield p, o
        if subject in self._pending:
            for p, o in self._pending.outgoing(subject):
                if o not in known.get(p, ()):
                    yield p, o

    def objects(self, subject: str, predicate: str) -> Iterable[str]:
        """The objects of *subject* and *predicate*, each once."""
        if subject in self._vocabularies:
            return self._vocabularies.objects(subject, predicate)
        if subject in self._large:
            stored: Iterable[str] = self._objects_of_large(subject, predicate)
        else:
            stored = self._stored(subject).get(predicate, ())
        pending = self._pending.objects(subject, predicate)
        return dict.fromkeys([*stored, *pending]) if pending else stored

    def _objects_of_large(self, subject: str, predicate: str) -> list[str]:
        found = self._graph.objects(subject, predicate)
        return [o for o in found if not self._gone or (subject, predicate, o) not in self._gone]

    def subjects(self, predicate: str, object: str) -> Iterable[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*, each once."""
        key = (predicate, object)
        stored = self._incoming.get(key)
        if stored is None:
            stored = self._incoming[key] = self._read_incoming(predicate, object)
        pending = self._pending.subjects(predicate, object)
        return dict.fromkeys([*stored, *pending]) if pending else stored

    def _read_incoming(self, predicate: str, target: str) -> list[str]:
        """Stored subjects. Of a node that nothing is said of, all that leads to it is read at once: mostly nothing."""
        if target[0] == "<" and target not in self._vocabularies and not self._stored(target):
            found = self._strangers.get(target)
            if found is None:
                found = self._strangers[target] = {}
                for s, p, _ in self._graph.match(None, None, target):
                    found.setdefault(p, []).append(s)
            subjects: Iterable[str] = found.get(predicate, ())
        else:
            subjects = self._graph.subjects(predicate, target)
        return [s for s in subjects if not self._gone or (s, predicate, target) not in self._gone]
