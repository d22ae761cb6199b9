"""Shapes and constraints as they stand between the shapes graph and the compiled check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lakegraph.validation.paths import Path, Values
from lakegraph.validation.shapes_graph import Origin
from lakegraph.validation.view import View

if TYPE_CHECKING:
    from lakegraph.validation.result import Result


class Finding(NamedTuple):
    """One way in which a constraint is broken.

    Attributes:
        value: The value node at fault, or ``None`` when it is not about one.
        path: The path to report when it is not the shape's own.
        other: The value that it was compared with.
    """

    value: str | None
    path: Path | None = None
    other: str | None = None


Find = Callable[[View, str, Sequence[str]], Sequence[Finding]]
"""Given the focus node and its value nodes, everything that is wrong; an empty answer costs nothing."""
Test = Callable[[View, str], bool]
"""Whether one value node is as a constraint wants it."""
AT_ONCE: Sequence[Finding] = (Finding(None),)
"""The finding of constraints that judge the value nodes together."""


@dataclass(frozen=True, slots=True)
class Edge:
    """A kind of statement on which an outcome depends.

    Attributes:
        prefix: The path from the focus node to the statement's subject, or to its object when not *forward*.
        predicate: The statement's predicate; ``None`` for any.
        forward: Whether the statement is read from its subject.
        objects: When given, only statements with one of these objects matter.
    """

    prefix: Path | None
    predicate: str | None
    forward: bool = True
    objects: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Reads:
    """The statements on which an outcome depends.

    Attributes:
        breaks: Adding such a statement, or taking one of *fixes* away, can turn the outcome from good to bad.
        fixes: Adding such a statement, or taking one of *breaks* away, can turn it from bad to good.
    """

    breaks: tuple[Edge, ...] = ()
    fixes: tuple[Edge, ...] = ()

    def __add__(self, other: Reads) -> Reads:
        return Reads(tuple(dict.fromkeys(self.breaks + other.breaks)), tuple(dict.fromkeys(self.fixes + other.fixes)))

    def turned(self) -> Reads:
        """What the opposite outcome depends on."""
        return Reads(self.fixes, self.breaks)

    def both_ways(self) -> Reads:
        """What an outcome depends on that can turn either way with each of these statements."""
        either = tuple(dict.fromkeys(self.breaks + self.fixes))
        return Reads(either, either)


NO_READS = Reads()


@dataclass(frozen=True, slots=True)
class Built:
    """A constraint compiled.

    Attributes:
        find: What is wrong with the value nodes of a focus node.
        on_none: Whether it must be asked when there is no value node.
        by_value: Whether each value node is judged without regard to the others.
        new_breaks: Whether a further value node can break it.
        new_fixes: Whether a further value node can mend it.
        focus: Statements that it reads from the focus node, other than the path's.
        value: Statements that it reads from each value node.
        inner: The shapes whose results explain a finding.
        test: Judges one value node, where that is all there is to it.
        any_one: Whether it holds of a single value node, whichever that is.
        by_type: Whether *test* looks at nothing but the types of the value node.
        by_count: Whether it looks at nothing but how many value nodes there are.
        any_of: The shapes of which a value node has to conform to one, where that is all there is to it.
    """

    find: Find
    on_none: bool = False
    by_value: bool = False
    new_breaks: bool = True
    new_fixes: bool = False
    focus: Reads = NO_READS
    value: Reads = NO_READS
    inner: tuple[Judge, ...] = ()
    test: Test | None = None
    any_one: bool = False
    by_type: bool = False
    by_count: bool = False
    any_of: tuple[Judge, ...] = ()


class Judge(Protocol):
    """A compiled shape, as constraints that name it use it."""

    reads: Reads
    conforms: Test
    """Whether a node conforms to the shape."""

    def collect(self, view: View, node: str, results: list[Result]) -> None:
        """Add everything that is wrong with *node* to *results*."""
        ...


class Environment(Protocol):
    """What a constraint may ask while it is compiled."""

    def members(self, cls: str) -> frozenset[str]:
        """*cls* and all classes below it."""
        ...

    def judge(self, shape: Shape) -> Judge:
        """*shape*, compiled."""
        ...

    def follow(self, path: Path | None) -> Values:
        """A function that follows *path*."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Constraint:
    """One constraint of one shape.

    Attributes:
        component: The constraint component.
        parameters: Parameter name to the tokens of its value, for messages.
        build: Compiles the constraint.
        shapes: The shapes that it names.
        engine: ``compiled``, ``bounded`` or ``pyshacl``.
        messages: Messages of the constraint's own (``sh:sparql``).
        source: The node of the constraint when it has one.
    """

    component: str
    parameters: Mapping[str, Sequence[str]]
    build: Callable[[Environment], Built]
    shapes: tuple[Shape, ...] = ()
    engine: str = "compiled"
    messages: tuple[str, ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """The nodes that a shape is about, by the five ways of naming them."""

    classes: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    subjects_of: tuple[str, ...] = ()
    objects_of: tuple[str, ...] = ()
    other: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.classes or self.nodes or self.subjects_of or self.objects_of or self.other)


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A node shape (no *path*) or a property shape.

    Attributes:
        node: The shape's token.
        path: The path of a property shape.
        targets: What it is about, when it is about anything by itself.
        constraints: Its constraints, ``sh:property`` left out.
        properties: The property shapes that it holds.
        severity: The severity of its results.
        messages: Its messages, each a literal.
        origin: Folder, file and line.
        notes: What else it says of itself: annotation property to literals or IRIs.
    """

    node: str
    path: Path | None
    targets: Targets
    constraints: tuple[Constraint, ...]
    properties: tuple[Shape, ...]
    severity: str
    messages: tuple[str, ...]
    origin: Origin
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def engines(self) -> frozenset[str]:
        """The engines that this shape and those it names need."""
        inner = [s.engines() for s in (*self.properties, *(s for c in self.constraints for s in c.shapes))]
        own = {c.engine for c in self.constraints} | ({"pyshacl"} if self.targets.other else set())
        return frozenset(own).union(*inner)

    def count(self) -> int:
        """The number of constraints in this shape and the property shapes that it holds."""
        return len(self.constraints) + sum(p.count() for p in self.properties)


def each(
    test: Test,
    value: Reads = NO_READS,
    inner: tuple[Judge, ...] = (),
    *,
    by_type: bool = False,
    any_of: tuple[Judge, ...] = (),
) -> Built:
    """A constraint that asks *test* of every value node."""

    def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG001 - Find's form
        for node in values:
            if not test(view, node):
                return [Finding(v) for v in values if not test(view, v)]
        return ()

    return Built(find, by_value=True, value=value, inner=inner, test=test, by_type=by_type, any_of=any_of)
