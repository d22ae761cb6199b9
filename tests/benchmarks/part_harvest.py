"""Harvesting a catalog: how fast, and how much memory it takes after a tenth of the way and after all of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import lakegraph
from lakegraph.federation.harvesting import Harvest
from tests.benchmarks.memory import Watch, private
from tests.benchmarks.plan import Plan, caught_up, fresh, size_of
from tests.benchmarks.report import Report, say
from tests.benchmarks.serving import free_port, serving

_STEPS = 40
_LOCAL = {"local": ["127.0.0.0/8"]}
_ENGINE = """
import sys, pyoxigraph as ox
from tests.benchmarks.memory import private
before = private()
store = ox.Store(sys.argv[1])
for number in range(0, int(sys.argv[2]), max(1, int(sys.argv[2]) // 5000)):
    thing = ox.NamedNode(f"https://catalog.example/dataset/{number}")
    assert list(store.quads_for_pattern(thing, None, None)) and list(store.quads_for_pattern(None, None, thing))
print(private() - before)
"""


def run(plan: Plan, report: Report) -> None:
    """Harvest a made-up catalog (``BENCH_DESCRIPTIONS``, 20,000 if not said) and then again, unchanged."""
    count = int(os.environ.get("BENCH_DESCRIPTIONS") or plan.count(20_000, 1000))
    port, where = free_port(), plan.work / "harvest"
    command = [sys.executable, "-m", "tests.benchmarks.catalog", str(port), str(count)]
    fresh(where).close()
    with serving(command, port, "/0.ttl"), lakegraph.open(where, federation=_LOCAL) as lake:
        lake.add_peer("Catalog", f"http://127.0.0.1:{port}/0.ttl", kind="rdf")
        early, steps = private(), 0
        start, cpu = time.perf_counter(), time.process_time()

        def progress(harvest: Harvest) -> None:
            nonlocal early, steps
            if harvest.new * 10 <= count:
                early = max(early, private())
            if harvest.new * _STEPS >= count * (steps + 1):
                steps = harvest.new * _STEPS // count
                say(f"    {harvest.new:,}: {harvest.new / (time.perf_counter() - start):.0f}/s, {private():.0f} MB")

        with Watch(private) as memory:
            done = lake.harvest("Catalog", progress=progress)
            caught_up(lake)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        report.check(done.new == count and done.complete, f"{done.new} of {count} were harvested: {done.faults[:1]}")
        note = f"{count / cpu:.0f}/s by CPU time, {lake.journal.last_seq:,} records"
        report.figure(
            "harvest.rate", f"harvest of {count:,} descriptions", count / seconds, "/s", note=note, count=count
        )
        report.figure("harvest.memory.tenth", "  memory at most, until a tenth is harvested", early, "MB")
        report.figure("harvest.memory", "  memory at most, to the very end", memory.most, "MB")
        start = time.perf_counter()
        with Watch(private) as memory:
            again = lake.harvest("Catalog")
        report.check(again.unchanged == count, f"{again.unchanged} of {count} were found unchanged")
        note = f"{memory.most:.0f} MB at most"
        rate = count / (time.perf_counter() - start)
        report.figure("harvest.again", "  once more, unchanged", rate, "/s", note=note)
    report.figure("harvest.disk", "  disk a description", size_of(where) / count / 1000, "KB")
    engine = "  of the memory, what the engine takes by itself to look 5,000 of them up"
    report.figure("harvest.memory.engine", engine, engine_memory(where / "views" / "all" / "graph", count), "MB")


def engine_memory(store: Path, count: int) -> float:
    """The MB that a process takes more once it has opened a harvested store and looked some descriptions up."""
    command = [sys.executable, "-c", _ENGINE, str(store), str(count)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
