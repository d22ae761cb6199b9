"""Walking a lineage step by step: which runs and things stand before or behind a thing, within limits."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from lakegraph.questions.asking import select
from lakegraph.questions.protocols import Graph

Steps = int | Literal["all"]
"""How many runs to go back or on."""
Direction = Literal["up", "down"]
Step = tuple[str | None, str | None]
"""A run (``None`` for a derivation stated without one) and a thing on its other side (``None`` when it has none)."""


@dataclass(slots=True)
class Found:
    """What a walk has found; tokens.

    Attributes:
        distance: Nodes in the order in which they were found, with their steps from the start; negative upstream.
        runs: Those of them that are steps.
        edges: Pairs in the direction in which data flow.
        hidden: Nodes at the border, with how many neighbours were left out there.
        stopped: Whether the walk ended before its time.
    """

    distance: dict[str, int] = field(default_factory=dict)
    runs: set[str] = field(default_factory=set)
    edges: dict[tuple[str, str], None] = field(default_factory=dict)
    hidden: dict[str, int] = field(default_factory=dict)
    stopped: bool = False


class Walker:
    """Walks one graph from one start.

    Args:
        graph: The graph.
        found: Where everything found is gathered; holds the start already.
        max_nodes: How many nodes to gather at most.
        in_time: Says whether there is time left.
    """

    def __init__(self, graph: Graph, found: Found, max_nodes: int, in_time: Iterator[bool]) -> None:
        self._graph = graph
        self._found = found
        self._max_nodes = max_nodes
        self._in_time = in_time

    def walk(self, start: str, direction: Direction, steps: Steps) -> None:
        """Gather what lies *steps* runs from *start*, nearest first; a cycle is walked once."""
        reader = _Whole(self._graph, direction) if steps == "all" else _Single(self._graph, direction)
        sign = -1 if direction == "up" else 1
        # A start that is itself a run is half a step away from what it read or made.
        firsts = reader.beside(start)
        if firsts:
            self._found.runs.add(start)
        queue: deque[tuple[str, int]] = deque()
        for thing in firsts:
            if self._join(start, thing, 0, direction):
                queue.append((thing, 0))
        if not firsts:
            queue.append((start, 0))
        walked: set[str] = set()
        while queue:
            thing, distance = queue.popleft()
            if thing in walked:
                continue
            walked.add(thing)
            if not next(self._in_time):
                self._found.stopped = True
                self._found.hidden[thing] = self._found.hidden.get(thing, 0) + 1
                continue
            if steps != "all" and distance >= steps:
                self._count_hidden(thing, reader.steps(thing))
                continue
            for further in self._take(thing, reader.steps(thing), sign * (distance + 1), direction):
                queue.append((further, distance + 1))

    def _take(self, thing: str, steps: list[Step], distance: int, direction: Direction) -> Iterator[str]:
        for run, further in steps:
            last = thing
            if run is not None:
                if not self._join(thing, run, distance, direction):
                    continue
                self._found.runs.add(run)
                last = run
            if further is not None and self._join(last, further, distance, direction):
                yield further

    def _join(self, near: str, far: str, distance: int, direction: Direction) -> bool:
        """Add *far*, unless there are too many nodes already, and the edge to it; whether it is there now."""
        found = self._found
        edge = (far, near) if direction == "up" else (near, far)
        if far not in found.distance:
            if len(found.distance) >= self._max_nodes:
                if edge not in found.edges:
                    found.hidden[near] = found.hidden.get(near, 0) + 1
                return False
            found.distance[far] = distance
        found.edges[edge] = None
        return True

    def _count_hidden(self, thing: str, steps: list[Step]) -> None:
        beside = {run or further for run, further in steps} - set(self._found.distance)
        if beside:
            self._found.hidden[thing] = self._found.hidden.get(thing, 0) + len(beside)


class _Single:
    """Reads each step by itself: exact limits, a query for each thing."""

    def __init__(self, graph: Graph, direction: Direction) -> None:
        self._graph = graph
        self._direction = direction
        self._known: dict[str, list[Step]] = {}

    def beside(self, run: str) -> list[str]:
        """What a run read, or made; nothing for what is no run."""
        return [row[1] for row in select(self._graph, f"lineage/parts/{self._direction}-run", about=run) if row[1]]

    def steps(self, thing: str) -> list[Step]:
        """The steps beside *thing*."""
        if thing not in self._known:
            rows = select(self._graph, f"lineage/parts/{self._direction}-step", about=thing)
            self._known[thing] = _with_stated([(row[1], row[2]) for row in rows if row[1]], self.stated(thing))
        return self._known[thing]

    def stated(self, thing: str) -> list[str]:
        """The derivations of *thing* that a record states without a run."""
        return [row[1] for row in select(self._graph, f"lineage/parts/{self._direction}-stated", about=thing) if row[1]]


class _Whole(_Single):
    """Reads everything on one side of the start with one query over ``lake:derivedFrom``: the cheapest way to all."""

    def __init__(self, graph: Graph, direction: Direction) -> None:
        super().__init__(graph, direction)
        self._unexplained: set[str] = set()

    def steps(self, thing: str) -> list[Step]:
        if thing not in self._known:
            self._read(thing)
        return self._known[thing]

    def _read(self, start: str) -> None:
        steps: dict[str, dict[Step, None]] = {start: {}}
        reached = {start}
        for _, node, run, further in select(self._graph, f"lineage/parts/{self._direction}", about=start):
            if node is None:
                continue
            mine = steps.setdefault(node, {})
            if run is not None:
                mine[run, further] = None
                if further is not None:
                    reached.add(further)
        # The path follows every derivation, the rows only those with a run: what no run leads to is stated outright.
        explained = steps.keys() <= reached
        for node, found in steps.items():
            known = list(found)
            self._known.setdefault(node, known if explained else _with_stated(known, self.stated(node)))
        for node in reached - steps.keys():
            self._known.setdefault(node, [])


def _with_stated(steps: list[Step], stated: list[str]) -> list[Step]:
    """*steps*, and after them the stated derivations that no run among them explains."""
    explained = {further for _, further in steps}
    return [*steps, *((None, thing) for thing in stated if thing not in explained)]
