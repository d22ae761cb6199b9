"""Recording one at a time: each acknowledged on its own, from one thread and from four."""

from __future__ import annotations

import threading
import time

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.testing import generate
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report

THREADS = 4


def run(plan: Plan, report: Report) -> None:
    """Record into every lake."""
    for size, where in plan.lakes():
        with lakegraph.open(where) as lake:
            _one(plan, report, lake, size)
            _four(plan, report, lake, size)


def _one(plan: Plan, report: Report, lake: LocalLake, size: int) -> None:
    at = lake.journal.last_seq
    documents = list(generate(plan.count(300, 40), plan.seed + at, small=False, space=f"one {at}"))
    seconds: list[float] = []
    cpu = time.process_time()
    for document in documents:
        start = time.perf_counter()
        lake.record(document)
        seconds.append(time.perf_counter() - start)
    cpu = time.process_time() - cpu
    report.figure("record.one", "record, one thread", len(seconds) / sum(seconds), "/s", runs=size, count=len(seconds))
    report.figure("record.one.cpu", "the same by CPU time", len(seconds) / cpu, "/s", runs=size, count=len(seconds))
    report.times("record.one.time", "one record, one thread", seconds, runs=size)


def _four(plan: Plan, report: Report, lake: LocalLake, size: int) -> None:
    """Four threads, each with a stream of its own."""
    count = plan.count(200, 25)
    at = lake.journal.last_seq
    streams = [list(generate(count, plan.seed + at, small=False, space=f"thread {at} {n}")) for n in range(THREADS)]
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
    rate = len(seconds) / (time.perf_counter() - start)
    report.check(not failed, f"a thread could not record: {failed[:1]}")
    report.figure("record.four", "record, four threads", rate, "/s", runs=size, count=len(seconds))
    report.times("record.four.time", "one record, four threads", seconds, runs=size)
