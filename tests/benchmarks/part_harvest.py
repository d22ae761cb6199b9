"""Harvesting a catalog: how fast, and how much memory it takes after a tenth of the way and after all of it."""

from __future__ import annotations

import os
import sys
import time

import lakegraph
from lakegraph.federation.harvesting import Harvest
from tests.benchmarks.memory import private
from tests.benchmarks.plan import Plan, caught_up, fresh, size_of
from tests.benchmarks.report import Report, say
from tests.benchmarks.serving import free_port, serving

_STEPS = 40
_LOCAL = {"local": ["127.0.0.0/8"]}


def run(plan: Plan, report: Report) -> None:
    """Harvest a made-up catalog (``BENCH_DESCRIPTIONS``, 20,000 if not said) and then again, unchanged."""
    count = int(os.environ.get("BENCH_DESCRIPTIONS") or plan.count(20_000, 1000))
    port, where = free_port(), plan.work / "harvest"
    command = [sys.executable, "-m", "tests.benchmarks.catalog", str(port), str(count)]
    fresh(where).close()
    with serving(command, port, "/0.ttl"), lakegraph.open(where, federation=_LOCAL) as lake:
        lake.add_peer("Catalog", f"http://127.0.0.1:{port}/0.ttl", kind="rdf")
        memory = [private()]
        start, cpu = time.perf_counter(), time.process_time()

        def progress(harvest: Harvest) -> None:
            memory[-1] = max(memory[-1], private())
            if harvest.new * _STEPS >= count * len(memory):
                rate = harvest.new / (time.perf_counter() - start)
                say(f"    {harvest.new:,} descriptions, {rate:.0f}/s, {memory[-1]:.0f} MB")
                memory.append(0.0)

        done = lake.harvest("Catalog", progress=progress)
        caught_up(lake)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        report.check(done.new == count and done.complete, f"{done.new} of {count} were harvested: {done.faults[:1]}")
        note = f"{count / cpu:.0f}/s by CPU time, {lake.journal.last_seq:,} records"
        report.figure("harvest.rate", f"harvest of {count:,} descriptions", count / seconds, "/s", note=note)
        early, late = memory[: _STEPS // 10], memory[_STEPS // 10 :]
        report.figure("harvest.memory.tenth", "  memory at most, until a tenth is harvested", max(early), "MB")
        report.figure("harvest.memory", "  memory at most, from there to the end", max(late), "MB")
        report.figure("harvest.count", "descriptions", count, "")
        start = time.perf_counter()
        again = lake.harvest("Catalog")
        report.check(again.unchanged == count, f"{again.unchanged} of {count} were found unchanged")
        report.figure("harvest.again", "  once more, unchanged", count / (time.perf_counter() - start), "/s")
    report.figure("harvest.disk", "disk a description", size_of(where) / count / 1000, "KB")
