"""Statements in memory, looked up from either end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lakegraph.rdf.terms import Triple

Node = dict[str, tuple[str, ...]]
"""The objects of one subject by predicate. Of tuples of text the garbage collector keeps no account: lists of what is
remembered of 10,000 nodes made a full collection take 170 ms, twice as long as all the rest."""

NOTHING: Node = {}
_NOBODY: Mapping[str, None] = {}


def merge(node: Node, more: Node) -> None:
    """Add to *node* what *more* says of the same subject and *node* does not."""
    for p, objects in more.items():
        known = node.get(p)
        if known is None:
            node[p] = objects
        elif new := [o for o in objects if o not in known]:
            node[p] = (*known, *new)


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
                nodes[s] = {p: (o,)}
            elif p not in node:
                node[p] = (o,)
            elif o not in node[p]:
                node[p] = (*node[p], o)
            if p in into:
                into[p].setdefault(o, {})[s] = None

    def successor(self) -> Layer:
        """An empty layer, which knows from the objects what this one does."""
        made = Layer()
        made._into = {predicate: {} for predicate in self._into}
        return made

    def absorb(self, other: Layer) -> None:
        """Add what *other* holds, which is not to be used any more."""
        nodes = self.nodes
        for s, node in other.nodes.items():
            if s in nodes:
                merge(nodes[s], node)
            else:
                nodes[s] = node
            for p, found in self._into.items():
                for o in node.get(p, ()):
                    found.setdefault(o, {})[s] = None

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
        return [(p, o) for p, objects in self.nodes.get(subject, NOTHING).items() for o in objects]

    def objects(self, subject: str, predicate: str) -> Sequence[str]:
        """The objects of *subject* and *predicate*."""
        return self.nodes.get(subject, NOTHING).get(predicate, ())

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
