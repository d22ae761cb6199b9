"""Recording one at a time: each acknowledged on its own, from one thread, from four, and from many at once."""

from __future__ import annotations

import threading
import time

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.testing import generate
from tests.benchmarks.plan import Plan, caught_up
from tests.benchmarks.report import Report

THREADS = {"four": 4, "crowd": 32}


def run(plan: Plan, report: Report) -> None:
    """Record into every lake."""
    for size, where in plan.lakes():
        with lakegraph.open(where) as lake:
            _one(plan, report, lake, size)
            for name, count in THREADS.items():
                _together(plan, report, lake, size, name, count)


def _one(plan: Plan, report: Report, lake: LocalLake, size: int) -> None:
    at = lake.journal.last_seq
    documents = list(generate(plan.count(600, 40), plan.seed + at, small=False, space=f"one {at}"))
    seconds: list[float] = []
    cpu = time.process_time()
    for document in documents:
        start = time.perf_counter()
        lake.record(document)
        seconds.append(time.perf_counter() - start)
    start = time.perf_counter()
    caught_up(lake)
    whole = sum(seconds) + time.perf_counter() - start
    cpu = time.process_time() - cpu
    report.figure("record.one", "record, one thread", len(seconds) / whole, "/s", runs=size, count=len(seconds))
    report.figure("record.one.cpu", "the same by CPU time", len(seconds) / cpu, "/s", runs=size, count=len(seconds))
    report.times("record.one.time", "one record, one thread", seconds, runs=size)


def _together(plan: Plan, report: Report, lake: LocalLake, size: int, name: str, several: int) -> None:
    """Several threads, each with a stream of its own."""
    count = plan.count(2000, 100) // several
    at = lake.journal.last_seq
    streams = [list(generate(count, plan.seed + at, small=False, space=f"thread {at} {n}")) for n in range(several)]
    seconds: list[float] = []
    failed: list[BaseException] = []

    def work(documents: list[dict[str, object]]) -> None:
        try:
            for document in documents:
                start = time.perf_counter()
                lake.record(document)
                seconds.append(time.perf_counter() - start)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(stream,)) for stream in streams]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    caught_up(lake)
    rate = len(seconds) / (time.perf_counter() - start)
    report.check(not failed, f"a thread could not record: {failed[:1]}")
    key, what = f"record.{name}", "four threads" if several == 4 else f"{several} threads"
    report.figure(key, f"record, {what}", rate, "/s", runs=size, count=len(seconds))
    report.times(f"{key}.time", f"one record, {what}", seconds, runs=size)
