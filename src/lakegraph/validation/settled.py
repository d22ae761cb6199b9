"""What the types of a node, and how many values it has of what, decide of a shape once and for all.

Most alternatives of an ``sh:or`` say no more than that some property is there, or that another is not. They are decided
when the plan for a kind of node is made; what is left is asked of every node.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lakegraph.validation.compiler import Check, CompiledShape
from lakegraph.validation.paths import Path, Predicate, Steps
from lakegraph.validation.shape import Built, Edge, Judge, Test
from lakegraph.validation.view import View


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of node: all with the same types and the same predicates, and several values of the same of these.

    Attributes:
        view: The lake.
        node: One of them.
        type: The token of rdf:type.
        predicates: Their predicates.
        many: Those of which they have more than one value.
    """

    view: View
    node: str
    type: str
    predicates: frozenset[str]
    many: frozenset[str]

    def conforms(self, shape: Judge) -> bool | None:
        """Whether every node of this kind conforms to *shape*, or none does; ``None`` where that differs."""
        if not isinstance(shape, CompiledShape):
            return None
        path = shape.shape.path
        if path is None:
            return _all([*map(self.passes, shape.checks), *map(self.conforms, shape.properties)])
        start = starts_with(path)
        if start is not None and start not in self.predicates:
            return _all([self._of_values(check.built, 0) for check in shape.checks])
        if not isinstance(path, Predicate):
            return None
        if path.iri == self.type and self._reads_types_alone(shape):
            return shape.conforms(self.view, self.node)
        count = 2 if path.iri in self.many else 1
        return _all(
            [*(self._of_values(check.built, count) for check in shape.checks), *(None for _ in shape.properties)]
        )

    def passes(self, check: Check) -> bool | None:
        """Whether every node of this kind passes a *check* of itself, or none does; ``None`` where that differs."""
        built = check.built
        if built.by_type and built.test:
            return built.test(self.view, self.node)
        if built.any_of:
            return _any(map(self.conforms, built.any_of))
        return None

    def left_of(self, check: Check) -> Test | None:
        """How to ask whether a node passes a *check* of itself, without what is decided for every node of this kind."""
        built = check.built
        if not built.any_of:
            return built.test
        left = [judge for judge in built.any_of if self.conforms(judge) is not False]
        # What can be read off the node comes before what has to be looked for.
        tests = [judge.conforms for judge in sorted(left, key=_is_far)]
        if len(tests) == 1:
            return tests[0]

        def holds(view: View, node: str) -> bool:
            for test in tests:  # noqa: SIM110 - any() with a generator costs twice as much here
                if test(view, node):
                    return True
            return False

        return holds

    def _of_values(self, built: Built, count: int) -> bool | None:
        """Whether a constraint holds of a node with no value, one or several, whichever they are."""
        if count == 0:
            return True if not built.on_none else self._counted(built, ())
        if count == 1:
            return True if built.any_one else self._counted(built, (self.node,))
        # Several are two or more: where two are enough, more are, unless a further one can break it.
        return True if built.any_one and not built.new_breaks else None

    def _counted(self, built: Built, values: Sequence[str]) -> bool | None:
        return not built.find(self.view, self.node, values) if built.by_count else None

    def _reads_types_alone(self, shape: CompiledShape) -> bool:
        own = Edge(None, self.type)
        return all(edge == own for edge in (*shape.reads.breaks, *shape.reads.fixes))


def starts_with(path: Path | None) -> str | None:
    """The predicate without which a path leads nowhere."""
    if isinstance(path, Steps):
        return starts_with(path.steps[0])
    return path.iri if isinstance(path, Predicate) else None


def _is_far(judge: Judge) -> bool:
    return any(not edge.forward for edge in (*judge.reads.breaks, *judge.reads.fixes))


def _all(outcomes: Iterable[bool | None]) -> bool | None:
    """Whether all are true; ``None`` where that is open."""
    known = set(outcomes)
    return False if False in known else None if None in known else True


def _any(outcomes: Iterable[bool | None]) -> bool | None:
    """Whether one is true; ``None`` where that is open."""
    known = set(outcomes)
    return True if True in known else None if None in known else False
