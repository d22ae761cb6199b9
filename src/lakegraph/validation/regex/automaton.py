"""How much a backtracking engine can be made to work by an expression: linear, polynomial or exponential.

The expression becomes an automaton with one state per character set. It is exponential when a state can be reached from
itself in two ways over one text (Weideman et al., Analyzing Matching Time Behavior of Backtracking Regular Expression
Matchers, CIAA 2016). Repetitions with bounds count as loops, because large bounds behave like them; only an exact
number of copies of something that matches in one way is written out.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lakegraph.validation.regex.syntax import ANY, Anchor, Chars, Choice, Loop, Regex, Sequence

_MOST_STATES = 300
_MOST_PAIRS = 20_000
_MOST_COPIES = 128
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the expression: whether it can be empty, and where it can begin and end."""

    empty: bool
    first: tuple[int, ...]
    last: tuple[int, ...]


_EMPTY = _Part(empty=True, first=(), last=())


class _Automaton:
    """States, and how many ways lead from one to the next."""

    def __init__(self) -> None:
        self.sets: list[Chars] = []
        self.ways: Counter[Pair] = Counter()

    def add(self, tree: Regex) -> _Part:
        if isinstance(tree, Chars):
            self.sets.append(tree)
            if len(self.sets) > _MOST_STATES:
                raise ValueError(f"it has more than {_MOST_STATES} characters and character classes")
            state = (len(self.sets) - 1,)
            return _Part(empty=False, first=state, last=state)
        if isinstance(tree, Anchor):
            return _EMPTY
        if isinstance(tree, Choice):
            parts = [self.add(option) for option in tree.options]
            first, last = (tuple(s for part in parts for s in getattr(part, end)) for end in ("first", "last"))
            return _Part(any(p.empty for p in parts), first, last)
        if isinstance(tree, Loop):
            return self.loop(tree)
        whole = _EMPTY
        for each in tree.parts:
            whole = self.chain(whole, self.add(each))
        return whole

    def loop(self, tree: Loop) -> _Part:
        if tree.high == 0:
            return _EMPTY
        if tree.low == tree.high and _width(tree) <= _MOST_COPIES:
            return self.add(Sequence((tree.part,) * tree.low))
        part = self.add(tree.part)
        if tree.high != 1:
            self.connect(part.last, part.first)
        return _Part(part.empty or tree.low == 0, part.first, part.last)

    def chain(self, one: _Part, other: _Part) -> _Part:
        self.connect(one.last, other.first)
        first = one.first + other.first if one.empty else one.first
        last = one.last + other.last if other.empty else other.last
        return _Part(one.empty and other.empty, first, last)

    def connect(self, ends: Iterable[int], starts: tuple[int, ...]) -> None:
        for a in ends:
            for b in starts:
                self.ways[a, b] += 1


def _width(tree: Regex) -> float:
    """The number of characters that *tree* takes, when it takes them in one way only; otherwise infinite."""
    if isinstance(tree, Chars):
        return 1
    if isinstance(tree, Sequence):
        return sum(_width(part) for part in tree.parts)
    if isinstance(tree, Loop) and tree.low == tree.high:
        return _width(tree.part) * tree.low
    return math.inf


def degree(tree: Regex) -> int | None:
    """The power of the text's length by which matching can grow; ``None`` when it can grow exponentially.

    Raises:
        ValueError: The expression is too large to tell.
    """
    automaton = _Automaton()
    if not _anchored(tree):
        # Searching tries every place in the text, which is a loop over anything before the expression.
        tree = Sequence((Loop(ANY, 0, None), tree))
    automaton.add(tree)
    following: dict[int, list[int]] = defaultdict(list)
    for a, b in automaton.ways:
        following[a].append(b)
    loops = _loops(len(automaton.sets), following)
    if any(_exponential(loop, automaton, following) for loop in loops):
        return None
    return _longest_chain(loops, automaton, following)


def _anchored(tree: Regex) -> bool:
    if isinstance(tree, Sequence):
        return bool(tree.parts) and _anchored(tree.parts[0])
    if isinstance(tree, Choice):
        return all(_anchored(option) for option in tree.options)
    return isinstance(tree, Anchor) and tree.sign == "^"


def _reachable(start: Iterable[int], following: dict[int, list[int]]) -> set[int]:
    seen: set[int] = set()
    queue = list(start)
    while queue:
        for state in following.get(queue.pop(), ()):
            if state not in seen:
                seen.add(state)
                queue.append(state)
    return seen


def _loops(count: int, following: dict[int, list[int]]) -> list[frozenset[int]]:
    """The strongly connected components that hold a cycle."""
    reach = {state: _reachable([state], following) for state in range(count)}
    return list({frozenset(b for b in reach[a] if a in reach[b]) for a in reach if a in reach[a]})


def _exponential(loop: frozenset[int], automaton: _Automaton, following: dict[int, list[int]]) -> bool:
    if any(automaton.ways[a, b] > 1 for a in loop for b in following[a] if b in loop):
        return True
    if len(loop) ** 2 > _MOST_PAIRS:
        raise ValueError(f"a repeated part has {len(loop)} characters and character classes, too many to judge it")
    steps: dict[Pair, list[Pair]] = defaultdict(list)
    for a in loop:
        for b in loop:
            for c in following[a]:
                for d in following[b]:
                    if c in loop and d in loop and automaton.sets[c].overlaps(automaton.sets[d]):
                        steps[a, b].append((c, d))
    backwards: dict[Pair, list[Pair]] = defaultdict(list)
    for pair, nexts in steps.items():
        for each in nexts:
            backwards[each].append(pair)
    same = [(a, a) for a in loop]
    apart = {pair for pair in _walk(same, steps) if pair[0] != pair[1]}
    return not apart.isdisjoint(_walk(same, backwards))


def _walk(start: Iterable[Pair], steps: dict[Pair, list[Pair]]) -> set[Pair]:
    seen: set[Pair] = set()
    queue = list(start)
    while queue:
        for pair in steps.get(queue.pop(), ()):
            if pair not in seen:
                seen.add(pair)
                queue.append(pair)
    return seen


def _longest_chain(loops: list[frozenset[int]], automaton: _Automaton, following: dict[int, list[int]]) -> int:
    reach = {loop: _reachable(loop, following) for loop in loops}
    longest: dict[frozenset[int], int] = {}

    def chain(loop: frozenset[int]) -> int:
        if loop not in longest:
            after = [other for other in loops if other != loop and other <= reach[loop]]
            longest[loop] = 1 + max((chain(o) for o in after if _slides(loop, o, automaton, following)), default=0)
        return longest[loop]

    return max(1, *(chain(loop) for loop in loops)) if loops else 1


def _slides(one: frozenset[int], other: frozenset[int], automaton: _Automaton, following: dict[int, list[int]]) -> bool:
    """Whether one text can go round *one*, from it to *other*, and round *other*: where to cross is a free choice."""
    for p in one:
        for q in other:
            start, goal = (p, p, q), (p, q, q)
            seen = {start}
            queue = [start]
            while queue:
                if len(seen) > _MOST_PAIRS:
                    return True
                for step in _triples(queue.pop(), one, other, automaton, following):
                    if step == goal:
                        return True
                    if step not in seen:
                        seen.add(step)
                        queue.append(step)
    return False


def _triples(
    at: tuple[int, int, int],
    one: frozenset[int],
    other: frozenset[int],
    automaton: _Automaton,
    following: dict[int, list[int]],
) -> Iterable[tuple[int, int, int]]:
    sets = automaton.sets
    for x in following[at[0]]:
        if x in one:
            for y in following[at[1]]:
                if sets[x].overlaps(sets[y]):
                    for z in following[at[2]]:
                        if z in other and sets[z].overlaps(sets[x]) and sets[z].overlaps(sets[y]):
                            yield x, y, z
