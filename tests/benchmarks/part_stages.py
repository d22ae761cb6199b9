"""Where the time of a record goes: a clock around each stage, put there from the outside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import lakegraph
from lakegraph import lake as lake_module
from lakegraph.bootstrap import LocalLake
from lakegraph.testing import generate
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report


class Clock:
    """Adds up how long calls take."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """*call*, timed."""

        def clocked(*args: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return call(*args, **named)
            finally:
                self.seconds += time.perf_counter() - start

        return clocked


def run(plan: Plan, report: Report) -> None:
    """Break down both ways of recording, in the largest lake."""
    if plan.largest is None:
        report.skip("stages", "no lake was built")
        return
    size, where = plan.largest
    with lakegraph.open(where) as lake:
        count = plan.count(600, 60)
        _broken_down(report, lake, size, "group", lambda ds: list(lake.record_many(ds)), count, plan.seed)
        _broken_down(report, lake, size, "one", lambda ds: [lake.record(d) for d in ds], count // 3, plan.seed)


def _broken_down(
    report: Report, lake: LocalLake, size: int, way: str, record: Callable[[Any], object], count: int, seed: int
) -> None:
    documents = list(generate(count, seed + 4, small=False, space=f"stages {way}"))
    with clocked(lake) as clocks:
        start = time.perf_counter()
        record(documents)
        whole = time.perf_counter() - start
    rest = whole - sum(clock.seconds for clock in clocks.values())
    for stage, seconds in [*((n, c.seconds) for n, c in clocks.items()), ("everything else", rest), ("whole", whole)]:
        milliseconds = seconds / len(documents) * 1000
        note = f"{seconds / whole:.0%}"
        name = f"{'in a group' if way == 'group' else 'one at a time'}: {stage}"
        report.figure(f"stage.{way}.{stage}", name, milliseconds, "ms", runs=size, note=note, count=len(documents))


@contextmanager
def clocked(lake: LocalLake) -> Iterator[dict[str, Clock]]:
    """Clocks around the stages of recording into *lake*, by the name of the stage, in their order."""
    preparer, projector = lake._preparer, lake._projector
    stages: tuple[tuple[str, object, str], ...] = (
        ("parse", lake_module, "parse"),
        ("identify", preparer._identifier, "tree"),
        ("map", preparer._mapper, "triples"),
        ("infer", preparer._reasoner, "infer"),
        ("gate", preparer._gate, "check"),
        ("journal", lake.journal, "append"),
        ("graph", projector.graph, "apply"),
        ("index", projector.index, "apply"),
    )
    clocks = {name: Clock() for name, _, _ in stages}
    patches = [mock.patch.object(o, a, clocks[n].around(getattr(o, a))) for n, o, a in stages]
    for patch in patches:
        patch.start()
    try:
        yield clocks
    finally:
        for patch in patches:
            patch.stop()
