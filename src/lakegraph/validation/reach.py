"""From a changed statement back to the nodes whose outcome it can have changed, and to what to ask them again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from lakegraph.rdf.terms import Triple
from lakegraph.validation.compiler import Check, CompiledShape, Compiler, path_edges, prefixed
from lakegraph.validation.paths import Inverse, Path, Predicate, Values, reverse
from lakegraph.validation.result import Result
from lakegraph.validation.shape import NO_READS, Edge, Reads
from lakegraph.validation.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """A part of a targeted shape that can be asked by itself.

    Attributes:
        shape: The number of the shape.
        run: Asks it of a focus node; of one value node only, when that is given.
        reads: The statements on which its outcome depends.
        own: The predicate whose statements carry the value nodes, and its direction, when one value node can be judged
            without the others.
    """

    shape: int
    run: Callable[[View, str, str | None, list[Result]], None]
    reads: Reads
    own: tuple[str, bool] | None = None


class Doubt(NamedTuple):
    """An item to be asked again.

    Attributes:
        item: The item.
        focus: The focus node.
        value: The only value node in question, or ``None`` for all.
    """

    item: Item
    focus: str
    value: str | None


@dataclass(frozen=True, slots=True)
class _Way:
    """How one kind of statement leads back to focus nodes.

    Attributes:
        item: What can have changed.
        back: Leads from the statement's subject (its object, when not *forward*) to the focus nodes.
        forward: Whether the statement is read from its subject.
        objects: When given, only statements with one of these objects matter.
        always: Whether a new node has to be asked as well, because its shape is not found by type or predicate.
    """

    item: Item
    back: Values | None
    forward: bool
    objects: frozenset[str] | None
    always: bool

    def doubts(self, view: View, triple: Triple) -> Iterator[Doubt]:
        """What *triple* puts in doubt."""
        s, p, o = triple
        if self.objects is not None and o not in self.objects:
            return
        start, end = (s, o) if self.forward else (o, s)
        if self.back is not None:
            for focus in self.back(view, start):
                yield Doubt(self.item, focus, None)
        elif self.always or start not in view.new:
            yield Doubt(self.item, start, end if self.item.own == (p, self.forward) else None)


Index = dict[str | None, list[_Way]]


class Reach:
    """The index from predicates to what can have changed with them.

    Args:
        shapes: The targeted shapes, compiled.
        compiler: Compiles the ways back.
    """

    def __init__(self, shapes: Sequence[CompiledShape], compiler: Compiler) -> None:
        added: defaultdict[str | None, list[_Way]] = defaultdict(list)
        removed: defaultdict[str | None, list[_Way]] = defaultdict(list)
        follow = cache(compiler.follow)
        for number, compiled in enumerate(shapes):
            targets = compiled.shape.targets
            always = bool(targets.objects_of or targets.nodes)
            for item in _items(number, compiled):
                for index, edges in ((added, item.reads.breaks), (removed, item.reads.fixes)):
                    for edge in edges:
                        index[edge.predicate].append(_way(item, edge, follow, always=always))
        self._removed: Index = dict(removed)
        # A new node is asked everything, so most of its statements lead nowhere else: they are passed over at once.
        self._known: Index = dict(added)
        far = {p: [w for w in ways if w.back is not None or w.always or not w.forward] for p, ways in added.items()}
        self._new: Index = {p: ways for p, ways in far.items() if ways}

    def after_adding(self, view: View, triples: Iterable[Triple]) -> Iterator[Doubt]:
        """What *triples*, now in *view*, can have broken in nodes that were there before; a doubt may come twice."""
        new, of_new, of_known = view.new, self._new, self._known
        of_any = of_new.get(None, ())
        for triple in triples:
            if triple[0] not in new:
                yield from self._follow(of_known, view, triple)
            elif of_any or triple[1] in of_new:
                yield from self._follow(of_new, view, triple)

    def after_removing(self, view: View, triples: Iterable[Triple]) -> Iterator[Doubt]:
        """What the loss of *triples*, no longer in *view*, can have broken; a doubt may come twice."""
        for triple in triples:
            yield from self._follow(self._removed, view, triple)

    def _follow(self, index: Index, view: View, triple: Triple) -> Iterator[Doubt]:
        for key in (triple[1], None):
            for way in index.get(key, ()):
                yield from way.doubts(view, triple)


def _way(item: Item, edge: Edge, follow: Callable[[Path | None], Values], *, always: bool) -> _Way:
    back = follow(reverse(edge.prefix)) if edge.prefix is not None else None
    return _Way(item, back, edge.forward, edge.objects, always)


def _items(number: int, compiled: CompiledShape) -> Iterator[Item]:
    for check in compiled.checks:
        yield _item(number, compiled, check)
    if compiled.shape.path is not None:
        yield from _nested_items(number, compiled)
        return
    for inner in compiled.properties:
        for check in inner.checks:
            yield _item(number, inner, check)
        yield from _nested_items(number, inner)


def _item(number: int, compiled: CompiledShape, check: Check) -> Item:
    find, report, values, on_none = check.built.find, check.report, compiled.values, check.built.on_none

    def run(view: View, focus: str, value: str | None, results: list[Result]) -> None:
        nodes = values(view, focus) if value is None else (value,)
        if nodes or on_none:
            found = find(view, focus, nodes)
            if found:
                report(view, focus, found, results)

    return Item(number, run, check.reads, _own_step(compiled.shape.path) if check.built.by_value else None)


def _own_step(path: Path | None) -> tuple[str, bool] | None:
    if isinstance(path, Predicate):
        return path.iri, True
    if isinstance(path, Inverse) and isinstance(path.path, Predicate):
        return path.path.iri, False
    return None


def _nested_items(number: int, compiled: CompiledShape) -> Iterator[Item]:
    """The property shapes within a property shape, asked of all its value nodes together."""
    if not compiled.properties:
        return
    path, values, collects = compiled.shape.path, compiled.values, [p.collect for p in compiled.properties]

    def run(view: View, focus: str, value: str | None, results: list[Result]) -> None:
        for node in values(view, focus) if value is None else (value,):
            for collect in collects:
                collect(view, node, results)

    inner = prefixed(path, sum((p.reads for p in compiled.properties), NO_READS))
    yield Item(number, run, inner + Reads(breaks=path_edges(path)), _own_step(path))
