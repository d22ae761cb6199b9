"""Peers and lakegraph by turns, so that both meet the machine in the same state."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lakegraph.errors import LakegraphError
from lakegraph.testing import generate
from tests.benchmarks.plan import Plan, caught_up, fresh
from tests.benchmarks.report import Report

_ROUNDS = 4
_BEFORE = 1000
Document = dict[str, Any]


@dataclass
class Turns:
    """How long the turns of one took.

    Attributes:
        count: How many runs.
        times: Of each call, in seconds of wall time.
        cpu: Seconds of processor time.
    """

    count: int
    times: list[float]
    cpu: float = 0.0

    def take(self, runs: int, calls: Sequence[Callable[[], object]]) -> None:
        """Make some calls, which record so many runs."""
        cpu = time.process_time()
        for call in calls:
            start = time.perf_counter()
            call()
            self.times.append(time.perf_counter() - start)
        self.cpu += time.process_time() - cpu
        self.count += runs


def beside(
    plan: Plan, report: Report, key: str, name: str, record: Callable[[Document], None], runs: int, seed: int
) -> None:
    """Record *runs* by a peer, and as many by lakegraph: one at a time, and in groups.

    Args:
        plan: The plan.
        report: Gets the rates, by wall and by CPU time: of the peer as *key*, of lakegraph as ``beside.*.{key}``.
        key: Of the peer's figures.
        name: What the peer is called.
        record: Records a document by the peer.
        runs: How many.
        seed: Of the runs.
    """
    theirs, ones, groups = Turns(0, []), Turns(0, []), Turns(0, [])
    documents = list(generate(runs, seed, small=False))
    grouped = list(generate(4 * runs, seed + 1, small=False, space="grouped"))
    refused: list[LakegraphError] = []

    def together(some: list[Document]) -> None:
        refused.extend(a for a in lake.record_many(some) if isinstance(a, LakegraphError))

    with fresh(plan.work / "beside") as lake:
        # In an empty lake every tag, program and person is new; whoever keeps records has met most of them.
        together(list(generate(plan.count(_BEFORE, 20), seed + 2, small=False, space="before")))
        caught_up(lake)
        for turn in range(_ROUNDS):
            some = documents[turn * runs // _ROUNDS : (turn + 1) * runs // _ROUNDS]
            theirs.take(len(some), [lambda d=d: record(d) for d in some])  # type: ignore[misc]
            ones.take(len(some), [lambda d=d: lake.record(d) for d in some])  # type: ignore[misc]
            ones.take(0, [lambda: caught_up(lake)])
            many = grouped[turn * runs : (turn + 1) * runs]
            groups.take(len(many), [lambda m=many: together(m)])  # type: ignore[misc]
            groups.take(0, [lambda: caught_up(lake)])
    report.check(not refused, f"made-up records are refused: {str(refused[:1])[:200]}")
    for turns, where, what in (
        (theirs, key, name),
        (ones, f"beside.one.{key}", f"  record, by turns with {name}"),
        (groups, f"beside.many.{key}", f"  record_many, by turns with {name}"),
    ):
        cpu = turns.count / turns.cpu
        rate = turns.count / sum(turns.times)
        report.figure(where, what, rate, "/s", count=turns.count, note=f"{cpu:.0f}/s by CPU time")
        report.figure(f"{where}.cpu", f"{what}, by CPU time", cpu, "/s", count=turns.count)
    report.times(f"{key}.time", f"one run ({name})", theirs.times)
