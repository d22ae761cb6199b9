"""Turns shapes into functions that judge nodes: no shapes graph is looked at when a record is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lakegraph.validation.paths import Path, Predicate, Values, compile_path, edges, join
from lakegraph.validation.result import Reporter, Result
from lakegraph.validation.shape import NO_READS, Built, Constraint, Edge, Find, Reads, Shape
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
    """

    __slots__ = ("_empty", "_tests", "checks", "properties", "reads", "shape", "values")

    def __init__(self, shape: Shape, checks: tuple[Check, ...], properties: tuple[CompiledShape, ...]) -> None:
        self.shape = shape
        self.checks = checks
        self.properties = properties
        self.values: Values = compile_path(shape.path)
        self._tests = tuple(c.built.find for c in checks)
        self._empty = tuple(c.built.find for c in checks if c.built.on_none)
        inner = prefixed(shape.path, sum((p.reads for p in properties), NO_READS))
        fresh = path_edges(shape.path) if properties else ()
        own = sum((c.reads for c in checks), NO_READS)
        self.reads = own + inner + Reads(breaks=fresh)

    def conforms(self, view: View, node: str) -> bool:
        """Whether *node* conforms to the shape."""
        values = self.values(view, node)
        if not values:
            return not any(find(view, node, values) for find in self._empty)
        for find in self._tests:
            if find(view, node, values):
                return False
        for each in self.properties:
            for value in values:
                if not each.conforms(view, value):
                    return False
        return True

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


class Compiler:
    """Compiles shapes; each shape once.

    Args:
        classes: The class hierarchy.
        shorten: Writes a token for people.
    """

    def __init__(self, classes: ClassTable, shorten: Callable[[str], str]) -> None:
        self._members = members_of(classes)
        self._shorten = shorten
        self._done: dict[str, CompiledShape] = {}

    def members(self, cls: str) -> frozenset[str]:
        """*cls* and all classes below it."""
        return self._members.get(cls) or frozenset({cls})

    def judge(self, shape: Shape) -> CompiledShape:
        """*shape*, compiled."""
        done = self._done.get(shape.node)
        if done is None:
            checks = tuple(self._check(shape, constraint) for constraint in shape.constraints)
            done = self._done[shape.node] = CompiledShape(shape, checks, tuple(map(self.judge, shape.properties)))
        return done

    def _check(self, shape: Shape, constraint: Constraint) -> Check:
        built = constraint.build(self)
        reads = constraint_reads(shape.path, built)
        return Check(constraint, built, Reporter(shape, constraint, built, self._shorten), reads)


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
