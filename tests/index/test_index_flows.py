"""Reading a lineage from the index: the same edges, whether levels are wide or narrow, and limits that are kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.index import flows
from lakegraph.index.flows import MADE, READ, Around, Direction, FlowReader

Edge = tuple[int, int, int]


def reader(edges: Iterable[Edge]) -> FlowReader:
    """A reader of *edges*: source, target and what each is."""
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE flow (id INTEGER PRIMARY KEY, source INTEGER, target INTEGER, what INTEGER)")
    connection.executemany("INSERT INTO flow (source, target, what) VALUES (?, ?, ?)", list(edges))
    connection.execute("CREATE INDEX flow_down ON flow (source, target, what)")
    connection.execute("CREATE INDEX flow_up ON flow (target, source, what)")
    return FlowReader(connection)


def naive(edges: Iterable[Edge], start: int, direction: Direction) -> tuple[set[int], set[Edge]]:
    """The nodes on one side of *start*, and the edges between them, each from the near node to the far one."""
    turned = [e if direction == "down" else (e[1], e[0], e[2]) for e in edges]
    seen, front = {start}, {start}
    while front:
        front = {far for near, far, _ in turned if near in front} - seen
        seen |= front
    return seen, {e for e in turned if e[0] in seen}


def pairs(around: Around) -> set[tuple[int, int]]:
    """Every edge that was read."""
    sides = (around.runs, around.things, around.stated)
    return {(near, far) for side in sides for near, fars in side.items() for far in fars}


def bush(width: int, tail: int) -> list[Edge]:
    """A thing that *width* runs read, each making a thing that is read again, and *tail* steps behind the last."""
    edges = []
    for n in range(1, width + 1):
        edges += [(0, 10_000 + n, READ), (10_000 + n, n, MADE), (n, 20_000 + n, READ), (20_000 + n, 30_000 + n, MADE)]
    chain = [30_000 + width, *range(50_000, 50_000 + 2 * tail)]
    edges += [(a, b, MADE if n % 2 else READ) for n, (a, b) in enumerate(pairwise(chain))]
    return edges


@pytest.mark.parametrize("width", [1, 63, 64, 65, 700])
@pytest.mark.parametrize("tail", [0, 40, 900])
def test_wide_and_narrow_are_read_alike(width: int, tail: int) -> None:
    """A level is read at once or by recursion; what is read is the same, and all of it."""
    edges = bush(width, tail)
    for start, direction in ((0, "down"), (30_000 + width, "up"), (edges[-1][1], "up")):
        seen, between = naive(edges, start, direction)  # type: ignore[arg-type]
        around = reader(edges).reach(start, direction, 100_000)  # type: ignore[arg-type]
        assert around.whole
        assert around.nodes == len(seen)
        assert pairs(around) == {(near, far) for near, far, _ in between}


def test_few_queries_are_asked() -> None:
    """Neither a long chain nor a wide tree takes a query for each step: each further one goes twice as far."""
    said: list[str] = []
    for edges in (bush(1, 20_000), bush(5000, 0)):
        made = reader(edges)
        made._connection.set_trace_callback(said.append)
        assert made.reach(0, "down", 1_000_000).whole
        assert len(said) < 12
        said.clear()


@pytest.mark.parametrize("most", [1, 2, 64, 65, 500, 1300, 2801])
def test_limits_are_kept(most: int) -> None:
    """What is cut says so, and of the nearest nodes everything beside them is there."""
    edges = bush(700, 50)
    seen, between = naive(edges, 0, "down")
    around = reader(edges).reach(0, "down", most)
    assert around.whole == (len(seen) < most)
    assert pairs(around) <= {(near, far) for near, far, _ in between}
    nearest = ([0] + [10_000 + n for n in range(1, 701)] + list(range(1, 701)))[:most]
    beside = {node: {far for near, far, _ in between if near == node} for node in nearest}
    asked = {node: {far for near, far in pairs(around) if near == node} for node in nearest}
    assert asked == beside


@settings(max_examples=200, deadline=None)
@given(
    st.sets(st.tuples(st.integers(0, 25), st.integers(0, 25), st.sampled_from((READ, MADE))), max_size=60),
    st.sampled_from(("down", "up")),
    st.integers(1, 30),
)
def test_any_graph_is_read_whole_or_says_so(edges: set[Edge], direction: Direction, most: int) -> None:
    """Cycles, meetings and limits, with levels that count as wide from two nodes on."""
    seen, between = naive(edges, 0, direction)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flows, "_WIDE", 2)
        patch.setattr(flows, "_NARROW", 1)
        around = reader(edges).reach(0, direction, most)
    wanted = {(near, far) for near, far, _ in between}
    assert pairs(around) <= wanted
    assert not around.whole or pairs(around) == wanted
    assert around.whole or len(seen) >= most
