"""What the gate reads: statements by node, in memory or wherever the caller keeps them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from lakegraph.rdf.terms import Triple


class Statements(Protocol):
    """A set of triples of tokens, read by node. No answer repeats a statement."""

    def outgoing(self, subject: str) -> Iterable[tuple[str, str]]:
        """Predicate and object of every statement about *subject*."""
        ...

    def objects(self, subject: str, predicate: str) -> Iterable[str]:
        """The objects of *subject* and *predicate*."""
        ...

    def subjects(self, predicate: str, object: str) -> Iterable[str]:  # noqa: A002 - the RDF word
        """The subjects of *predicate* and *object*."""
        ...


class MemoryStatements:
    """Triples held in dictionaries, indexed by subject at once and by object on first use.

    Args:
        triples: Any triples of tokens; repeated ones count once.
    """

    __slots__ = ("_by_object", "_by_subject", "_triples")

    def __init__(self, triples: Iterable[Triple] = ()) -> None:
        self._triples = dict.fromkeys(triples)
        self._by_subject: dict[str, dict[str, list[str]]] = {}
        self._by_object: dict[tuple[str, str], list[str]] | None = None
        by_subject = self._by_subject
        for s, p, o in self._triples:
            node = by_subject.get(s)
            if node is None:
                by_subject[s] = {p: [o]}
            elif p in node:
                node[p].append(o)
            else:
                node[p] = [o]

    def __iter__(self) -> Iterator[Triple]:
        return iter(self._triples)

    def __len__(self) -> int:
        return len(self._triples)

    def outgoing(self, subject: str) -> Iterable[tuple[str, str]]:
        """Predicate and object of every statement about *subject*."""
        return [(p, o) for p, objects in self._by_subject.get(subject, {}).items() for o in objects]

    def objects(self, subject: str, predicate: str) -> Iterable[str]:
        """The objects of *subject* and *predicate*."""
        node = self._by_subject.get(subject)
        return node.get(predicate, ()) if node is not None else ()

    def subjects(self, predicate: str, object: str) -> Iterable[str]:  # noqa: A002 - the RDF word
        """The subjects of *predicate* and *object*."""
        if self._by_object is None:
            index: dict[tuple[str, str], list[str]] = defaultdict(list)
            for s, p, o in self._triples:
                index[p, o].append(s)
            self._by_object = dict(index)
        return self._by_object.get((predicate, object), ())


class ReadStatements:
    """Statements of which some subjects were read already, for one look at them.

    Args:
        statements: All of them.
        read: Subjects, and predicate and object of every statement about them.
        stored: What leads to those is looked up here.
    """

    def __init__(
        self, statements: Statements, read: Mapping[str, Sequence[tuple[str, str]]], stored: Statements
    ) -> None:
        self._statements = statements
        self._read = read
        self._stored = stored

    def outgoing(self, subject: str) -> Iterable[tuple[str, str]]:
        """Predicate and object of every statement about *subject*."""
        return self._read.get(subject) or self._statements.outgoing(subject)

    def objects(self, subject: str, predicate: str) -> Iterable[str]:
        """The objects of *subject* and *predicate*."""
        return self._statements.objects(subject, predicate)

    def subjects(self, predicate: str, object: str) -> Iterable[str]:  # noqa: A002 - the RDF word
        """The subjects of *predicate* and *object*."""
        return (self._stored if self._read.get(object) else self._statements).subjects(predicate, object)


class ClassTable(Protocol):
    """Which class is below which; the tables of the ontology are one."""

    @property
    def superclasses(self) -> Mapping[str, Collection[str]]:
        """Each class with all its superclasses, itself left in or out."""
        ...


def members_of(table: ClassTable) -> dict[str, frozenset[str]]:
    """Each class with all classes below it and itself: a node is an instance when one of its types is among them."""
    members: dict[str, set[str]] = defaultdict(set)
    for cls, supers in table.superclasses.items():
        for each in supers:
            members[each].add(cls)
    return {cls: frozenset({cls, *below}) for cls, below in members.items()}
