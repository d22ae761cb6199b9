"""Constraints that name other shapes: logic, sh:node, qualified value shapes.

https://www.w3.org/TR/shacl/#core-components-logical, #core-components-shape
"""

from __future__ import annotations

from collections.abc import Sequence

from lakegraph.rdf.namespaces import SH
from lakegraph.validation.reader import Parameter, Reader
from lakegraph.validation.shape import (
    AT_ONCE,
    NO_READS,
    Built,
    Constraint,
    Environment,
    Finding,
    Judge,
    Reads,
    Shape,
    each,
)
from lakegraph.validation.view import View


def read_node(reader: Reader, token: str) -> Constraint:
    """``sh:node``: every value node conforms to the shape."""
    shape = reader.nested(token)
    if shape.path is not None:
        raise reader.error(f"names {reader.graph.shorten(token)} with sh:node, which is a property shape")

    def build(env: Environment) -> Built:
        judge = env.judge(shape)
        return each(judge.conforms, judge.reads, (judge,))

    return reader.make("Node", build, {"node": token}, (shape,))


def read_not(reader: Reader, token: str) -> Constraint:
    """``sh:not``: no value node conforms to the shape."""
    shape = reader.nested(token)

    def build(env: Environment) -> Built:
        judge = env.judge(shape)
        test = judge.conforms
        return each(lambda view, node: not test(view, node), judge.reads.turned())

    return reader.make("Not", build, {"not": token}, (shape,))


def _several(reader: Reader, token: str) -> tuple[Shape, ...]:
    return tuple(reader.nested(member) for member in reader.items(token))


def _all_reads(judges: Sequence[Judge]) -> Reads:
    return sum((judge.reads for judge in judges), NO_READS)


def read_and(reader: Reader, token: str) -> Constraint:
    """``sh:and``: every value node conforms to all of the shapes."""
    shapes = _several(reader, token)

    def build(env: Environment) -> Built:
        judges = tuple(env.judge(shape) for shape in shapes)
        tests = [judge.conforms for judge in judges]
        return each(lambda view, node: all(test(view, node) for test in tests), _all_reads(judges), judges)

    return reader.make("And", build, {"and": [s.node for s in shapes]}, shapes)


def read_or(reader: Reader, token: str) -> Constraint:
    """``sh:or``: every value node conforms to at least one of the shapes."""
    shapes = _several(reader, token)

    def build(env: Environment) -> Built:
        judges = tuple(env.judge(shape) for shape in shapes)
        tests = [judge.conforms for judge in judges]

        def holds(view: View, node: str) -> bool:
            for test in tests:  # noqa: SIM110 - any() with a generator costs twice as much here
                if test(view, node):
                    return True
            return False

        return each(holds, _all_reads(judges), judges, any_of=judges)

    return reader.make("Or", build, {"or": [s.node for s in shapes]}, shapes)


def read_xone(reader: Reader, token: str) -> Constraint:
    """``sh:xone``: every value node conforms to exactly one of the shapes."""
    shapes = _several(reader, token)

    def build(env: Environment) -> Built:
        judges = tuple(env.judge(shape) for shape in shapes)
        tests = [judge.conforms for judge in judges]
        reads = _all_reads(judges).both_ways()
        return each(lambda view, node: sum(test(view, node) for test in tests) == 1, reads, judges)

    return reader.make("Xone", build, {"xone": [s.node for s in shapes]}, shapes)


def _siblings(reader: Reader, own: str) -> tuple[Shape, ...]:
    """The other qualified value shapes of the shapes that hold this property shape."""
    graph, qualified = reader.graph, SH.qualifiedValueShape
    found = [
        shape
        for parent in graph.subjects(SH.property, reader.node)
        for holder in graph.objects(parent, SH.property)
        for shape in graph.objects(holder, qualified)
        if shape != own
    ]
    return tuple(reader.nested(shape) for shape in dict.fromkeys(found))


def _qualified(reader: Reader, name: str, token: str) -> Constraint | None:
    bound = reader.integer(f"qualified{name}Count", token)
    inner = reader.single("qualifiedValueShape")
    if inner is None:
        return None  # The standard has a count without a shape declare no constraint (core/node/qualified-001).
    if reader.path is None:
        raise reader.error(f"has sh:qualified{name}Count, which needs a sh:path")
    shape = reader.nested(inner)
    disjoint = reader.is_true(reader.single("qualifiedValueShapesDisjoint"))
    siblings = _siblings(reader, inner) if disjoint else ()

    def build(env: Environment) -> Built:
        judge, others = env.judge(shape), tuple(env.judge(s) for s in siblings)
        test, excluding = judge.conforms, [o.conforms for o in others]

        def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG001 - Find's form
            count = sum(test(view, v) and not any(other(view, v) for other in excluding) for v in values)
            return AT_ONCE if (count < bound if name == "Min" else count > bound) else ()

        counted = judge.reads + _all_reads(others).turned()
        if name == "Min":
            return Built(find, on_none=bound > 0, new_breaks=False, new_fixes=True, value=counted)
        return Built(find, value=counted.turned())

    said = {f"qualified{name}Count": token, "qualifiedValueShape": inner}
    return reader.make(f"Qualified{name}Count", build, said, (shape, *siblings))


PARAMETERS = {
    "node": Parameter(read_node, several=True),
    "not": Parameter(read_not, several=True),
    "and": Parameter(read_and, several=True),
    "or": Parameter(read_or, several=True),
    "xone": Parameter(read_xone, several=True),
    "qualifiedMinCount": Parameter(lambda reader, token: _qualified(reader, "Min", token)),
    "qualifiedMaxCount": Parameter(lambda reader, token: _qualified(reader, "Max", token)),
}
