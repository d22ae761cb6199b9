"""Branches of the six questions that are a few statements and some words: read without the engine.

The engine spends 90 to 220 µs on parsing and planning a branch before it looks at anything, more than half of what its
part of a card cost; a statement is read in 20 µs, and mostly it was read already. Which branches are so simple is seen
from their text, and a test holds what is read against what the engine answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lakegraph.questions.branch_text import Bind, Exists, Limit, Pattern, Step, Unlike, Unreadable, parse
from lakegraph.questions.expressions import Bound
from lakegraph.questions.told import Told
from lakegraph.rdf.terms import is_literal

Row = dict[str, str | None]
COLUMNS = ("about", "w", "order", "rank", "text", "before", "value", "until", "shown", "after", "on", "via", "record")
_MANY = 200
"""From so many ways to match the beginning of a branch on, the engine finds their ends sooner."""
_FAR = 20
"""The same for the things along a path."""


@dataclass(frozen=True, slots=True)
class Direct:
    """A branch that can be read.

    Attributes:
        steps: What has to match, in an order in which one end of each statement is known.
        binds: What is bound then.
    """

    steps: Sequence[Step]
    binds: Sequence[Bind]

    def rows(self, told: Told) -> Iterable[Row]:
        """The rows that the engine would give for the thing that is told of, each once.

        Raises:
            Unreadable: It takes the engine after all: there is too much, or a number of a kind that only it computes.
        """
        found: list[Bound] = [{"about": told.about}]
        for step in self.steps:
            if len(found) > _MANY:
                raise Unreadable
            found = _after(step, told, found)
            if not found:
                return ()
        rows: dict[tuple[str | None, ...], Row] = {}
        for bound in found:
            for bind in self.binds:
                made = bind.make(bound)
                if made is not None:
                    bound[bind.variable] = made
            row = {column: bound.get(column) for column in COLUMNS}
            rows[tuple(row.values())] = row
        return rows.values()


def direct(branch: str) -> Direct | None:
    """How to read a branch, in braces; None where it takes the engine."""
    try:
        return Direct(*parse(branch))
    except Unreadable:
        return None


def _after(step: Step, told: Told, found: list[Bound]) -> list[Bound]:
    if isinstance(step, Pattern):
        if step.optional:
            return [further for bound in found for further in list(_matches(step, told, bound)) or (bound,)]
        return [further for bound in found for further in _matches(step, told, bound)]
    if isinstance(step, Limit):
        return [{name: bound[name] for name in step.variables if name in bound} for bound in found[: step.most]]
    if isinstance(step, Exists):
        there = step.o in told.objects(told.about, step.p) if step.o else told.has(step.p)
        return found if there == step.wanted else []
    assert isinstance(step, Unlike)  # noqa: S101 - there are no others
    return [bound for bound in found if bound.get(step.variable) != step.token]


def _matches(pattern: Pattern, told: Told, bound: Bound) -> Iterator[Bound]:
    s, p = bound.get(pattern.s), pattern.p
    o = pattern.token or bound.get(pattern.o)
    if s is None:
        assert o is not None  # noqa: S101 - the order of the steps sees to it
        record = bound.get("record")
        for subject, where in told.users(p, o):
            if record in (None, where):
                yield {**bound, pattern.s: subject, "record": where}
    elif is_literal(s):
        return
    elif pattern.recorded:
        record = bound.get("record")
        for target, where in told.stated(s, p):
            if o in (None, target) and record in (None, where):
                yield {**bound, pattern.o: target, "record": where}
    else:
        for target in _along(told, s, p) if pattern.far else told.objects(s, p):
            if o in (None, target):
                yield {**bound, pattern.o: target}


def _along(told: Told, start: str, p: str) -> Iterable[str]:
    """What a property leads to from a thing in one or more steps."""
    found: dict[str, None] = {}
    queue = [start]
    for thing in queue:
        for target in told.objects(thing, p) if not is_literal(thing) else ():
            if target not in found:
                found[target] = None
                queue.append(target)
                if len(queue) > _FAR:
                    raise Unreadable
    return found
