"""Which compiled checks a node gets: found by its types and predicates, remembered for the next node like it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from lakegraph.validation.compiler import Check, Collect, CompiledShape, Compiler
from lakegraph.validation.paths import Predicate
from lakegraph.validation.result import Result
from lakegraph.validation.settled import Kind, starts_with
from lakegraph.validation.shape import Shape, Test
from lakegraph.validation.view import Node, View, WholeView

_MOST_PLANS = 20_000
_ITSELF = ""
Step = tuple[str, Test | None, Collect]
"""What to ask: a predicate that the node has one value of (none for the node itself), a test of that value, and what to
do when it fails. Without a test, that is done in any case."""
Plan = tuple[Step, ...]
Signature = tuple[frozenset[str], frozenset[str], frozenset[str]]


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
        self._named: dict[tuple[frozenset[str], frozenset[str]], frozenset[int]] = {}
        self._plans: dict[Signature, Plan] = {}
        self._as_said: dict[tuple[str | int, ...], Plan] = {}

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

    def whole(self, view: View, node: str, said: Node) -> Plan:
        """What to ask of a node for its types and predicates, in the order of the files.

        What these alone decide, and how many values there are where it is one, is asked here once and for all: a plan
        holds what is left to ask.

        Args:
            view: The lake.
            node: The node.
            said: Its statements, every predicate with at least one object.
        """
        # Nodes of one kind mostly say the same in the same order, and a tuple is made sooner than three sets.
        as_said = (*said, *map(len, said.values()), *said.get(self.type, ()))
        found = self._as_said.get(as_said)
        if found is None:
            if len(self._as_said) >= _MOST_PLANS:
                self._as_said.clear()
            found = self._as_said[as_said] = self._planned(view, node, said)
        return found

    def _planned(self, view: View, node: str, said: Node) -> Plan:
        types, predicates = frozenset(said.get(self.type, ())), frozenset(said)
        many = frozenset([p for p, objects in said.items() if len(objects) > 1])
        key = (types, predicates, many)
        found = self._plans.get(key)
        if found is None:
            planner = _Planner(Kind(view, node, self.type, predicates, many))
            numbers = sorted(self.named(types, predicates))
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            found = self._plans[key] = tuple(step for n in numbers for step in planner.steps(self.compiled[n]))
        return found

    def of(self, view: WholeView, node: str) -> Plan:
        """What to ask of *node* for all shapes that target it."""
        said = {p: objects for p, objects in view[node].items() if objects}
        plan = self.whole(view, node, said)
        others = {n for p, numbers in self.by_inverse.items() if view.sources(p, node) for n in numbers}
        others.update(self.by_node.get(node, ()))
        if others:
            others -= self.named(frozenset(said.get(self.type, ())), frozenset(said))
        return (*plan, *((_ITSELF, None, self.compiled[n].collect) for n in sorted(others))) if others else plan

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


def ask(plan: Plan, view: View, node: str, said: Node, results: list[Result]) -> None:
    """Add everything that is wrong with *node* to *results*.

    Args:
        plan: What there is to ask of it.
        view: The lake.
        node: The node.
        said: Its statements.
        results: What was found so far.
    """
    for predicate, test, run in plan:
        if test is None or not test(view, said[predicate][0] if predicate else node):
            run(view, node, results)


class _Planner:
    """Leaves out of the checks of shapes what is decided for every node of one kind."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def steps(self, compiled: CompiledShape) -> Iterable[Step]:
        """What to ask for one shape."""
        if compiled.shape.path is not None:
            yield from self._of_property(compiled)
            return
        for check in compiled.checks:
            outcome = self._kind.passes(check)
            if outcome is None:
                yield _ITSELF, self._kind.left_of(check), _asking(check, None)
            elif not outcome:
                yield _ITSELF, None, _asking(check, None)
        for inner in compiled.properties:
            yield from self._of_property(inner)

    def _of_property(self, compiled: CompiledShape) -> Iterable[Step]:
        start = starts_with(compiled.shape.path)
        if start is not None and start not in self._kind.predicates:
            checks = tuple(c for c in compiled.checks if c.built.on_none)
            if checks:
                yield _ITSELF, None, _of_nothing(checks)
        elif not isinstance(compiled.shape.path, Predicate):
            yield _ITSELF, None, compiled.collect
        elif not self._kind.conforms(compiled):
            predicate = compiled.shape.path.iri
            for check in compiled.checks:
                test = check.built.test
                if predicate in self._kind.many:
                    yield _ITSELF, None, _asking(check, predicate)
                elif not check.built.any_one:
                    yield (predicate if test else _ITSELF), test, _asking(check, predicate)
            if compiled.properties:
                yield _ITSELF, None, _nested(compiled, predicate)


def _asking(check: Check, predicate: str | None) -> Collect:
    """Asks *check* of all values of *predicate*, or of the node itself."""
    find, report = check.built.find, check.report

    def run(view: View, focus: str, results: list[Result]) -> None:
        found = find(view, focus, (focus,) if predicate is None else view[focus][predicate])
        if found:
            report(view, focus, found, results)

    return run


def _of_nothing(checks: tuple[Check, ...]) -> Collect:
    """Asks *checks* of no value."""
    pairs = [(c.built.find, c.report) for c in checks]

    def run(view: View, focus: str, results: list[Result]) -> None:
        for find, report in pairs:
            found = find(view, focus, ())
            if found:
                report(view, focus, found, results)

    return run


def _nested(compiled: CompiledShape, predicate: str) -> Collect:
    """Asks the property shapes within a property shape."""
    inner = [each.collect for each in compiled.properties]

    def run(view: View, focus: str, results: list[Result]) -> None:
        for value in view[focus][predicate]:
            for collect in inner:
                collect(view, value, results)

    return run
