"""Where the time of a record goes: a clock around each stage, put there from the outside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import lakegraph
from lakegraph import lake as lake_module
from lakegraph import preparing as preparing_module
from lakegraph.bootstrap import LocalLake
from lakegraph.testing import generate
from tests.benchmarks.plan import Plan, caught_up
from tests.benchmarks.report import Report


class Clock:
    """Adds up how long calls take, and what they cost the processor in the thread that makes them."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cpu = 0.0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """*call*, timed."""

        def clocked(*args: Any, **named: Any) -> Any:
            start, cpu = time.perf_counter(), time.thread_time()
            try:
                return call(*args, **named)
            finally:
                self.seconds += time.perf_counter() - start
                self.cpu += time.thread_time() - cpu

        return clocked


def run(plan: Plan, report: Report) -> None:
    """Break down both ways of recording, in every lake."""
    for size, where in plan.lakes():
        with lakegraph.open(where) as lake:
            count = plan.count(1200, 60)
            _broken_down(report, lake, size, "group", lambda ds: list(lake.record_many(ds)), count, plan.seed)
            _broken_down(report, lake, size, "one", lambda ds: [lake.record(d) for d in ds], count // 3, plan.seed)


def _broken_down(
    report: Report, lake: LocalLake, size: int, way: str, record: Callable[[Any], object], count: int, seed: int
) -> None:
    at = lake.journal.last_seq
    documents = list(generate(count + 20, seed + at, small=False, space=f"stages {at}"))
    record(documents[:20])
    caught_up(lake)
    with clocked(lake) as clocks:
        whole, cpu = Clock(), time.process_time()
        whole.around(record)(documents[20:])
        while lake._projector.graph.written < lake._projector.graph.version:
            time.sleep(0.005)
        # The engine writes in threads of its own: all that this one has not spent.
        clocks["graph"].cpu += time.process_time() - cpu - whole.cpu
        whole.cpu = time.process_time() - cpu
    report.check(lake.journal.last_seq == at + len(documents), f"not every record was taken {way}")
    rest = Clock()
    rest.seconds = whole.seconds - sum(clock.seconds for clock in clocks.values())
    rest.cpu = whole.cpu - sum(clock.cpu for clock in clocks.values())
    for stage, clock in {**clocks, "everything else": rest, "whole": whole}.items():
        note = f"{clock.cpu / whole.cpu:.0%} of the CPU time; {clock.seconds / count * 1000:.2g} ms of wall time"
        note += ", in which records wait for it" if stage == "graph" else ""
        name = f"{'in a group' if way == 'group' else 'one at a time'}: {stage}, CPU"
        cost = clock.cpu / count * 1000
        report.figure(f"stage.{way}.{stage}", name, cost, "ms", runs=size, note=note, count=count)


@contextmanager
def clocked(lake: LocalLake) -> Iterator[dict[str, Clock]]:
    """Clocks around the stages of recording into *lake*, by the name of the stage, in their order."""
    preparer, projector = lake._preparer, lake._projector
    stages: tuple[tuple[str, object, str], ...] = (
        ("parse", lake_module, "parse"),
        ("identify", preparer._identifier, "tree"),
        ("map", preparer._mapper, "triples"),
        ("leave out what is known", preparing_module, "_unsaid"),
        ("infer", preparer._reasoner, "infer"),
        ("gate", preparer._gate, "check"),
        ("write N-Quads", preparing_module, "nquads"),
        ("let the next see it", lake._view, "add"),
        ("journal", lake.journal, "append"),
        ("graph", projector.graph, "hand"),
        ("index", projector._index, "hand"),
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
