"""What a record is checked against: the stored graph, the vocabularies, and the records before it in its group."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Protocol

from lakegraph.journal import Entry
from lakegraph.met import Met
from lakegraph.rdf.terms import Triple
from lakegraph.recent import Recent

Node = dict[str, list[str]]
"""The objects of one subject by predicate."""

_LARGE = 200
_NODES = 10_000
_PENDING = 3_000
_NOTHING: Node = {}
_NOBODY: Mapping[str, None] = {}


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
        self.nodes: dict[str, Node] = {}
        self._into: dict[str, dict[str, dict[str, None]]] = {}
        self.add(triples)

    def add(self, triples: Iterable[Triple]) -> None:
        """Add *triples*; doubles are kept once."""
        nodes, into = self.nodes, self._into
        for s, p, o in triples:
            node = nodes.get(s)
            if node is None:
                nodes[s] = {p: [o]}
            elif p not in node:
                node[p] = [o]
            elif o not in node[p]:
                node[p].append(o)
            if p in into:
                into[p].setdefault(o, {})[s] = None

    def match(self, s: str | None = None, p: str | None = None, o: str | None = None) -> Iterator[Triple]:
        """The triples of a pattern."""
        for subject in self.nodes if s is None else (s,):
            for predicate, target in self.outgoing(subject):
                if p in (None, predicate) and o in (None, target):
                    yield subject, predicate, target

    def clear(self) -> None:
        """Forget everything."""
        self.nodes.clear()
        for subjects in self._into.values():
            subjects.clear()

    def __contains__(self, subject: str) -> bool:
        return subject in self.nodes

    def outgoing(self, subject: str) -> list[tuple[str, str]]:
        """Predicate and object of every statement about *subject*."""
        return [(p, o) for p, objects in self.nodes.get(subject, _NOTHING).items() for o in objects]

    def objects(self, subject: str, predicate: str) -> Sequence[str]:
        """The objects of *subject* and *predicate*."""
        return self.nodes.get(subject, _NOTHING).get(predicate, ())

    def subjects(self, predicate: str, object: str) -> Iterable[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*."""
        found = self._into.get(predicate)
        if found is None:
            found = self._turned(predicate)
        return found.get(object, _NOBODY)

    def _turned(self, predicate: str) -> dict[str, dict[str, None]]:
        """The statements of *predicate* from their objects: few predicates are ever asked so, and those again."""
        found = self._into[predicate] = {}
        for s, node in self.nodes.items():
            for o in node.get(predicate, ()):
                found.setdefault(o, {})[s] = None
        return found

    def incoming(self) -> Iterator[tuple[tuple[str, str], Iterable[str]]]:
        """What is known from the objects: predicate and object with their subjects, for predicates that were asked."""
        for predicate, found in self._into.items():
            for target, subjects in found.items():
                yield (predicate, target), subjects


class View:
    """The lake as the next record of a group sees it.

    What is read of the graph is remembered from group to group, and what a group adds is added to what is remembered:
    the shared things of a lake, such as programs, people and data sets, are read once.

    Args:
        graph: The stored graph. It does not change while a group is prepared.
        vocabularies: Concepts; they are read here and never looked up in the graph.
        version: Gives a number that grows with every write to the graph; without it nothing is remembered from one
            group to the next.
        met: The nodes that the graph may know something of; without it the graph is asked of every node.
    """

    def __init__(
        self,
        graph: Stored,
        vocabularies: Layer,
        version: Callable[[], int] | None = None,
        met: Met | None = None,
    ) -> None:
        self._graph = graph
        self._met = met
        self._vocabularies = vocabularies
        self._concepts = vocabularies.nodes
        self._version_now = version
        self._version: int | None = None
        self._pending = Layer()
        self._mentioned: set[str] = set()
        self._shown: list[Sequence[Entry]] = []
        self._gone: frozenset[Triple] = frozenset()
        # Subjects with many statements, such as a study with its analyses: read by predicate, never whole.
        self._large: set[str] = set()
        self._outgoing: Recent[str, Node] = Recent(_NODES)
        self._incoming: Recent[tuple[str, str], dict[str, None]] = Recent(_NODES)
        self._strangers: dict[str, dict[str, list[str]]] = {}

    def begin(self) -> None:
        """Start anew, when everything that was added is shown in the graph or will never be.

        What is remembered of the graph is kept, and what was shown is added to it, unless somebody else wrote.
        """
        shown, self._shown = self._shown, []
        version = self._version_now() if self._version_now else None
        if self._gone or version is None or self._version is None or version != self._version + len(shown):
            self._forget()
        elif shown:
            self._absorb()
            for entry in chain.from_iterable(shown):  # the graph says of a bundle also when it was made, and as which
                self._outgoing.drop(f"<{entry.graph}>")
        if self._met is not None:
            self._met.add(self._mentioned.union(self._pending.nodes))
            for entries in shown:
                self._met.reach(entries[0].seq, entries[-1].seq)
        self._mentioned.clear()
        self._pending.clear()
        self._strangers.clear()
        self._gone = frozenset()
        self._version = version

    def show(self, entries: Sequence[Entry]) -> None:
        """Note that the graph was written once, and holds all of *entries* now, which follow one another."""
        self._shown.append(entries)

    def distrust(self) -> None:
        """Forget at the next beginning what is remembered: something that was added is not in the graph."""
        self._shown.clear()
        self._version = None

    @property
    def is_full(self) -> bool:
        """Whether so much was added since the beginning that it is time for another."""
        return len(self._pending.nodes) > _PENDING

    def meet(self, tokens: Iterable[str]) -> None:
        """Know that the graph says something of *tokens* from now on, though no record does."""
        if self._met is not None:
            self._met.add(tokens)

    def save(self) -> None:
        """Keep what the next opening would otherwise have to read from the journal."""
        if self._met is not None:
            self.begin()
            self._met.save()

    def _absorb(self) -> None:
        for subject, node in self._pending.nodes.items():
            if subject in self._large or subject in self._concepts:
                continue
            known = self._outgoing.find(subject)
            if known:
                self._absorb_into(known, subject, node)
            elif known is not None or self._is_unmet(subject):  # nothing was stored of it
                self._outgoing.keep(subject, node)
        for mentioned in self._mentioned.difference(self._pending.nodes):
            if self._is_unmet(mentioned):  # such as the thing of which this is the first version: nothing is said of it
                self._outgoing.keep(mentioned, {})
        for key, subjects in self._pending.incoming():
            into = self._incoming.find(key)
            if into is not None:
                into.update(dict.fromkeys(subjects))
            elif self._is_unmet(key[1]):
                self._incoming.keep(key, dict.fromkeys(subjects))

    def _absorb_into(self, known: Node, subject: str, node: Node) -> None:
        for p, objects in node.items():
            stored = known.setdefault(p, [])
            stored += [o for o in objects if o not in stored]
            if len(stored) > _LARGE:
                self._large.add(subject)
        if subject in self._large:
            self._outgoing.drop(subject)

    def _is_unmet(self, node: str) -> bool:
        """Whether the graph knew nothing of *node* before what is pending now; if in doubt it may have."""
        return self._met is not None and node not in self._met

    def _forget(self) -> None:
        self._large.clear()
        self._outgoing.clear()
        self._incoming.clear()

    def add(self, triples: Collection[Triple]) -> None:
        """Let the records that follow in this group see *triples*."""
        self._pending.add(triples)
        if self._met is not None:
            below = self._met.below
            self._mentioned.update([o for _, _, o in triples if o.startswith(below)])

    def without(self, triples: Iterable[Triple]) -> None:
        """Hide stored *triples*, which the record in hand takes back, until the next group."""
        self._forget()
        self._version = None
        self._gone = frozenset(triples)

    def _stored(self, subject: str) -> Node:
        """What is stored of a subject that is not large; read it by predicate if it turns out to be."""
        found = self._outgoing.get(subject)
        if found is None:
            found = self._outgoing.find(subject)
        if found is None:
            if subject in self._large:
                return _NOTHING
            found = {}
            if subject[0] == "<" and (self._met is None or subject in self._met):
                pairs = self._graph.outgoing(subject)
                if len(pairs) > _LARGE:
                    self._large.add(subject)
                    return _NOTHING
                for p, o in pairs:
                    if not self._gone or (subject, p, o) not in self._gone:
                        found.setdefault(p, []).append(o)
            self._outgoing.keep(subject, found)
        return found

    def knows(self, subject: str) -> bool:
        """Whether anything is said of *subject*."""
        if subject in self._pending.nodes or subject in self._concepts:
            return True
        if self._outgoing.get(subject) or self._stored(subject):
            return True
        return subject in self._large and next(iter(self.outgoing(subject)), None) is not None

    def states(self, triple: Triple) -> bool:
        """Whether *triple* is said already."""
        s, p, o = triple
        return o in self.objects(s, p)

    def outgoing(self, subject: str) -> Iterable[tuple[str, str]]:
        """Predicate and object of every statement about *subject*, each once."""
        if subject in self._vocabularies:
            return self._vocabularies.outgoing(subject)
        stored = self._stored(subject)
        if subject in self._large:
            return self._outgoing_of_large(subject)
        said = [(p, o) for p, objects in stored.items() for o in objects]
        if subject in self._pending.nodes:
            said += [(p, o) for p, o in self._pending.outgoing(subject) if o not in stored.get(p, ())]
        return said

    def _outgoing_of_large(self, subject: str) -> Iterator[tuple[str, str]]:
        for s, p, o in self._graph.match(subject):
            if not self._gone or (s, p, o) not in self._gone:
                yield p, o
        for p, o in self._pending.outgoing(subject):
            if o not in self._graph.objects(subject, p):
                yield p, o

    def objects(self, subject: str, predicate: str) -> Iterable[str]:
        """The objects of *subject* and *predicate*, each once."""
        node = self._concepts.get(subject)
        if node is not None:
            return node.get(predicate, ())
        stored: Sequence[str] = self._stored(subject).get(predicate, ())
        if subject in self._large:
            stored = self._objects_of_large(subject, predicate)
        node = self._pending.nodes.get(subject)
        pending = node.get(predicate) if node else None
        if not pending:
            return stored
        return dict.fromkeys([*stored, *pending]) if stored else pending

    def _objects_of_large(self, subject: str, predicate: str) -> list[str]:
        found = self._graph.objects(subject, predicate)
        return [o for o in found if not self._gone or (subject, predicate, o) not in self._gone]

    def subjects(self, predicate: str, object: str) -> Iterable[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*, each once."""
        key = (predicate, object)
        stored = self._incoming.get(key)
        if stored is None:
            stored = self._incoming.find(key)
        if stored is None:
            if object[0] == "<" and self._is_unmet(object):
                # Not remembered: most nodes are asked for once, and would push out what is asked for again.
                return self._pending.subjects(predicate, object)
            stored = dict.fromkeys(self._read_incoming(predicate, object))
            self._incoming.keep(key, stored)
        pending = self._pending.subjects(predicate, object)
        return dict.fromkeys([*stored, *pending]) if pending else stored

    def _read_incoming(self, predicate: str, target: str) -> list[str]:
        """Stored subjects. Of a node that nothing is said of, all that leads to it is read at once: mostly nothing."""
        if target[0] == "<" and target not in self._vocabularies and self._is_stranger(target):
            found = self._strangers.get(target)
            if found is None:
                found = self._strangers[target] = {}
                for s, p, _ in self._graph.match(None, None, target):
                    found.setdefault(p, []).append(s)
            subjects: Iterable[str] = found.get(predicate, ())
        else:
            subjects = self._graph.subjects(predicate, target)
        return [s for s in subjects if not self._gone or (s, predicate, target) not in self._gone]

    def _is_stranger(self, node: str) -> bool:
        return not self._stored(node) and node not in self._large
