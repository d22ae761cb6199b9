"""Which compiled checks a node gets: found by the node's types and predicates, remembered for the next node like it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from lakegraph.validation.compiler import Check, Collect, CompiledShape, Compiler
from lakegraph.validation.paths import Predicate
from lakegraph.validation.result import Result
from lakegraph.validation.shape import Shape
from lakegraph.validation.view import View, WholeView

_MOST_PLANS = 20_000
Signature = tuple[frozenset[str], frozenset[str]]


class Plans:
    """Targeted shapes, and the checks to run on a node.

    Args:
        shapes: The targeted shapes.
        compiler: Compiles them.
        type_: The token of rdf:type.
    """

    def __init__(self, shapes: Sequence[Shape], compiler: Compiler, type_: str) -> None:
        self.shapes = shapes
        self.inverses = compiler.inverses
        self.compiled = [compiler.judge(shape) for shape in shapes]
        self.by_inverse: dict[str, list[int]] = defaultdict(list)
        self.by_node: dict[str, list[int]] = defaultdict(list)
        self._by_class: dict[str, list[int]] = defaultdict(list)
        self._by_predicate: dict[str, list[int]] = defaultdict(list)
        self.type = type_
        self._members: list[frozenset[str]] = []
        for number, shape in enumerate(shapes):
            members = frozenset[str]().union(*map(compiler.members, shape.targets.classes))
            self._members.append(members)
            for keys, index in (
                (members, self._by_class),
                (shape.targets.subjects_of, self._by_predicate),
                (shape.targets.objects_of, self.by_inverse),
                (shape.targets.nodes, self.by_node),
            ):
                for key in keys:
                    index[key].append(number)
        self._named: dict[Signature, frozenset[int]] = {}
        self._whole: dict[Signature, tuple[Collect, ...]] = {}

    def named(self, types: frozenset[str], predicates: frozenset[str]) -> frozenset[int]:
        """The shapes that target a node for its types and for the predicates that it is a subject of."""
        key = (types, predicates)
        found = self._named.get(key)
        if found is None:
            groups = [self._by_class.get(t, ()) for t in types] + [self._by_predicate.get(p, ()) for p in predicates]
            found = frozenset(number for group in groups for number in group)
            if len(self._named) >= _MOST_PLANS:
                self._named.clear()
            self._named[key] = found
        return found

    def whole(self, types: frozenset[str], predicates: frozenset[str]) -> tuple[Collect, ...]:
        """All checks of the shapes that target a node for its types and predicates, in the order of the files.

        Args:
            types: The node's types.
            predicates: Exactly the predicates that it is a subject of.
        """
        key = (types, predicates)
        found = self._whole.get(key)
        if found is None:
            numbers = sorted(self.named(types, predicates))
            runs = [run for number in numbers for run in _runs(self.compiled[number], predicates)]
            if len(self._whole) >= _MOST_PLANS:
                self._whole.clear()
            found = self._whole[key] = tuple(runs)
        return found

    def of(self, view: WholeView, node: str) -> Sequence[Collect]:
        """All checks of all shapes that target *node*."""
        said = view[node]
        others = {n for p, numbers in self.by_inverse.items() if view.sources(p, node) for n in numbers}
        others.update(self.by_node.get(node, ()))
        types, predicates = frozenset(said.get(self.type, ())), frozenset(p for p, objects in said.items() if objects)
        runs = self.whole(types, predicates)
        more = others - self.named(types, predicates) if others else others
        return [*runs, *(self.compiled[number].collect for number in sorted(more))] if more else runs

    def targets(self, number: int, view: View, node: str) -> bool:
        """Whether a shape targets *node*."""
        if node in self.shapes[number].targets.nodes:
            return True
        targets = self.shapes[number].targets
        if node[0] != '"':
            said = view[node]
            if self._members[number] and not self._members[number].isdisjoint(said[self.type]):
                return True
            if any(said[p] for p in targets.subjects_of):
                return True
        return any(view.sources(p, node) for p in targets.objects_of)


def _runs(compiled: CompiledShape, predicates: frozenset[str]) -> Iterable[Collect]:
    """The checks of one shape, those left out that have nothing to say of a node with these predicates."""
    if compiled.shape.path is not None:
        yield from _property_runs(compiled, predicates)
        return
    if compiled.checks:
        yield _of_node(compiled.checks)
    for inner in compiled.properties:
        yield from _property_runs(inner, predicates)


def _property_runs(compiled: CompiledShape, predicates: frozenset[str]) -> Iterable[Collect]:
    path = compiled.shape.path
    if not isinstance(path, Predicate):
        yield compiled.collect
    elif path.iri in predicates:
        yield _of_values(compiled, path.iri)
    else:
        checks = tuple(c for c in compiled.checks if c.built.on_none)
        if checks:
            yield _of_nothing(checks)


def _of_node(checks: tuple[Check, ...]) -> Collect:
    pairs = [(c.built.find, c.report) for c in checks]

    def run(view: View, focus: str, results: list[Result]) -> None:
        for find, report in pairs:
            found = find(view, focus, (focus,))
            if found:
                report(view, focus, found, results)

    return run


def _of_nothing(checks: tuple[Check, ...]) -> Collect:
    pairs = [(c.built.find, c.report) for c in checks]

    def run(view: View, focus: str, results: list[Result]) -> None:
        for find, report in pairs:
            found = find(view, focus, ())
            if found:
                report(view, focus, found, results)

    return run


def _of_values(compiled: CompiledShape, predicate: str) -> Collect:
    pairs = [(c.built.find, c.report) for c in compiled.checks]
    nested = [inner.collect for inner in compiled.properties]

    def run(view: View, focus: str, results: list[Result]) -> None:
        values = view[focus][predicate]
        for find, report in pairs:
            found = find(view, focus, values)
            if found:
                report(view, focus, found, results)
        for collect in nested:
            for value in values:
                collect(view, value, results)

    return run
