"""Turns shapes into functions that judge nodes: no shapes graph is looked at when a record is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lakegraph.validation.paths import Path, Values, compile_path, edges, join
from lakegraph.validation.result import Reporter, Result
from lakegraph.validation.shape import NO_READS, Built, Constraint, Edge, Find, Reads, Shape, Test
from lakegraph.validation.statements import ClassTable, members_of
from lakegraph.validation.view import View

Collect = Callable[[View, str, list[Result]], None]
"""Adds everything that is wrong with a node to a list."""


@dataclass(frozen=True, slots=True)
class Check:
    """One constraint, compiled.

    Attributes:
        constraint: The constraint.
        built: Its compiled form.
        report: Makes results of its findings.
        reads: The statements on which its outcome depends, counted from the focus node of its shape.
    """

    constraint: Constraint
    built: Built
    report: Reporter
    reads: Reads


class CompiledShape:
    """One shape, compiled.

    Attributes:
        shape: The shape.
        values: Follows its path.
        checks: Its constraints.
        properties: The property shapes that it holds.
        reads: The statements on which conformance of a node depends.
        conforms: Whether a node conforms to the shape.
    """

    __slots__ = ("checks", "conforms", "properties", "reads", "shape", "values")

    def __init__(
        self, shape: Shape, values: Values, checks: tuple[Check, ...], properties: tuple[CompiledShape, ...]
    ) -> None:
        self.shape = shape
        self.values = values
        self.checks = checks
        self.properties = properties
        inner: Reads = sum((p.reads for p in properties), NO_READS)
        own: Reads = sum((c.reads for c in checks), NO_READS)
        fresh = path_edges(shape.path) if properties else ()
        self.reads: Reads = own + prefixed(shape.path, inner) + Reads(breaks=fresh)
        self.conforms: Test = self._of_node() if shape.path is None else self._of_values()

    def _of_node(self) -> Test:
        """Conformance to a node shape, whose only value node is the node itself."""
        tests = [c.built.test or _as_test(c.built.find) for c in self.checks]
        tests += [p.conforms for p in self.properties]
        if len(tests) == 1:
            return tests[0]

        def conforms(view: View, node: str) -> bool:
            for test in tests:  # noqa: SIM110 - all() with a generator costs twice as much here
                if not test(view, node):
                    return False
            return True

        return conforms

    def _of_values(self) -> Test:
        """Conformance to a property shape."""
        values_of = self.values
        finds = [c.built.find for c in self.checks]
        on_none = [c.built.find for c in self.checks if c.built.on_none]
        inner = [p.conforms for p in self.properties]
        if len(self.checks) == 1 and not inner:
            return _of_one_check(values_of, self.checks[0].built)

        def conforms(view: View, node: str) -> bool:
            values = values_of(view, node)
            for find in finds if values else on_none:
                if find(view, node, values):
                    return False
            for test in inner:
                for value in values:
                    if not test(view, value):
                        return False
            return True

        return conforms

    def collect(self, view: View, node: str, results: list[Result]) -> None:
        """Add everything that is wrong with *node* to *results*."""
        values = self.values(view, node)
        for check in self.checks:
            if values or check.built.on_none:
                found = check.built.find(view, node, values)
                if found:
                    check.report(view, node, found, results)
        for each in self.properties:
            for value in values:
                each.collect(view, value, results)


def _of_one_check(values_of: Values, built: Built) -> Test:
    """Conformance to a property shape with a single constraint: most alternatives of ``sh:or`` are such."""
    find, test, on_none = built.find, built.test, built.on_none

    def all_pass(view: View, node: str) -> bool:
        for value in values_of(view, node):  # noqa: SIM110 - all() with a generator costs twice as much here
            if not test(view, value):  # type: ignore[misc] # asked only where there is one
                return False
        return True

    def nothing_found(view: View, node: str) -> bool:
        values = values_of(view, node)
        return not (values or on_none) or not find(view, node, values)

    return all_pass if test else nothing_found


def _as_test(find: Find) -> Test:
    return lambda view, node: not find(view, node, (node,))


class Compiler:
    """Compiles shapes; each shape once.

    Args:
        classes: The class hierarchy.
        shorten: Writes a token for people.

    Attributes:
        inverses: The predicates that some path follows from object to subject.
    """

    def __init__(self, classes: ClassTable, shorten: Callable[[str], str]) -> None:
        self._members = members_of(classes)
        self._shorten = shorten
        self._done: dict[str, CompiledShape] = {}
        self.inverses: set[str] = set()

    def members(self, cls: str) -> frozenset[str]:
        """*cls* and all classes below it."""
        return self._members.get(cls) or frozenset({cls})

    def follow(self, path: Path | None) -> Values:
        """A function that follows *path*."""
        if path is not None:
            self.inverses.update(predicate for _, predicate, forward in edges(path) if not forward)
        return compile_path(path)

    def judge(self, shape: Shape) -> CompiledShape:
        """*shape*, compiled."""
        done = self._done.get(shape.node)
        if done is None:
            checks = tuple(self._check(shape, constraint) for constraint in shape.constraints)
            properties = tuple(map(self.judge, shape.properties))
            done = self._done[shape.node] = CompiledShape(shape, self.follow(shape.path), checks, properties)
        return done

    def _check(self, shape: Shape, constraint: Constraint) -> Check:
        built = constraint.build(self)
        reads = constraint_reads(shape.path, built)
        return Check(constraint, built, Reporter(shape, constraint, built.inner, self._shorten), reads)


def path_edges(path: Path | None) -> tuple[Edge, ...]:
    """The statements that following *path* reads."""
    return tuple(Edge(*edge) for edge in edges(path)) if path is not None else ()


def prefixed(path: Path | None, reads: Reads) -> Reads:
    """What *reads* of each node at the end of *path* mean for the node at its beginning."""
    if path is None:
        return reads

    def all_of(found: Iterable[Edge]) -> tuple[Edge, ...]:
        return tuple(Edge(join(path, e.prefix), e.predicate, e.forward, e.objects) for e in found)

    return Reads(all_of(reads.breaks), all_of(reads.fixes))


def constraint_reads(path: Path | None, built: Built) -> Reads:
    """The statements on which the outcome of a constraint depends, counted from the focus node."""
    own = path_edges(path)
    new = Reads(own if built.new_breaks else (), own if built.new_fixes else ())
    return new + built.focus + prefixed(path, built.value)
