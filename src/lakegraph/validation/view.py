"""One check's picture of the lake: the record's statements over the stored ones, read once and remembered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence

from lakegraph.rdf.terms import Triple
from lakegraph.validation.statements import MemoryStatements, Statements

NOTHING: Statements = MemoryStatements()
Node = dict[str, list[str]]
"""The objects of one subject by predicate; a predicate that it lacks answers with an empty list."""


class _StoredNode(Node):
    """A node that the lake knows: its objects are read when they are asked for, the record's own first."""

    __slots__ = ("_added", "_iri", "_view")

    def __init__(self, view: View, iri: str, added: Node) -> None:
        super().__init__()
        self._view = view
        self._iri = iri
        self._added = added

    def __missing__(self, predicate: str) -> list[str]:
        found = list(self._view.stored.objects(self._iri, predicate))
        added = self._added.get(predicate)
        if added:
            found = list(dict.fromkeys([*added, *found]))
        self[predicate] = found
        return found


class _HeldNode(Node):
    """A node that the lake knows and the record says nothing of, with all that is said of it."""

    __slots__ = ()

    def __missing__(self, predicate: str) -> list[str]:
        return []


class View(dict[str, Node]):
    """``view[subject][predicate]`` gives the objects, over the record and what is stored.

    Dictionaries are the interface because the gate reads hundreds of values for a record: a hit costs no Python call.

    Args:
        stored: The statements before the record.
        added: The record's triples.
        inverses: The predicates that will be read from object to subject; others can be, at a price.
    """

    __slots__ = ("_by_object", "_held", "_inverses", "_sources", "added", "new", "said", "stored")

    def __init__(
        self,
        stored: Statements,
        added: Iterable[Triple] = (),
        inverses: Collection[str] = (),
    ) -> None:
        super().__init__()
        self.stored = stored
        self.added = dict.fromkeys(added)
        self._sources: dict[tuple[str, str], Sequence[str]] = {}
        self._inverses = inverses
        by_object = self._by_object = defaultdict[tuple[str, str], list[str]](list)
        nodes: dict[str, Node] = {}
        for s, p, o in self.added:
            node = nodes.get(s)
            if node is None:
                node = nodes[s] = defaultdict(list)
            node[p].append(o)
            if p in inverses:
                by_object[p, o].append(s)
        self.said = nodes
        """The record's own statements, by subject."""
        self._held: Callable[[str], Node | None] | None = getattr(stored, "held", None)
        knows: Callable[[str], bool] = getattr(stored, "knows", self._is_known)  # what can tell so without a list
        self.new: dict[str, Node] = {s: node for s, node in nodes.items() if not knows(s)}
        """Those subjects of the record of which nothing is stored."""
        self.update(self.new)

    def _is_known(self, subject: str) -> bool:
        return next(iter(self.stored.outgoing(subject)), None) is not None

    def changes(self) -> list[Triple]:
        """The record's triples, those left out that are stored already."""
        new, stored = self.new, self.stored
        return [t for t in self.added if t[0] in new or t[2] in new or t[2] not in (stored.objects(t[0], t[1]))]

    def __missing__(self, subject: str) -> Node:
        if subject[0] == '"':
            node: Node = defaultdict(list)
        else:
            said = self.said.get(subject)
            held = self._held(subject) if said is None and self._held else None
            node = _StoredNode(self, subject, said or {}) if held is None else _HeldNode(held)
        self[subject] = node
        return node

    def sources(self, predicate: str, object: str) -> Sequence[str]:  # noqa: A002 - the RDF word
        """The subjects of *predicate* and *object*."""
        key = (predicate, object)
        found = self._sources.get(key)
        if found is None:
            stored = self.stored.subjects(predicate, object)
            if predicate in self._inverses:
                added = self._by_object.get(key)
            else:
                added = [s for s, p, o in self.added if p == predicate and o == object]
            found = list(dict.fromkeys([*added, *stored])) if added else list(stored)
            self._sources[key] = found
        return found

    def outgoing(self, subject: str) -> Sequence[tuple[str, str]]:
        """Predicate and object of every statement about *subject*."""
        node = self[subject]
        if not isinstance(node, _StoredNode):
            return [(p, o) for p, objects in node.items() for o in objects]
        added = [(p, o) for p, objects in self.said.get(subject, {}).items() for o in objects]
        return list(dict.fromkeys([*added, *self.stored.outgoing(subject)]))

    def objects(self, subject: str, predicate: str) -> Sequence[str]:
        """The objects of *subject* and *predicate*."""
        return self[subject][predicate]

    def subjects(self, predicate: str, object: str) -> Sequence[str]:  # noqa: A002 - the RDF word
        """The subjects of *predicate* and *object*."""
        return self.sources(predicate, object)


class WholeView(View):
    """A view for judging every node: each is read in one go, because it will be asked everything.

    Args:
        stored: The lake.
    """

    __slots__ = ()

    def __missing__(self, subject: str) -> Node:
        node: Node = defaultdict(list)
        if subject[0] != '"':
            for p, o in self.stored.outgoing(subject):
                node[p].append(o)
        self[subject] = node
        return node
