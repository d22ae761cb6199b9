"""Builds the lakes that the other parts ask, and measures recording in groups, growth, memory and disk on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from lakegraph.bootstrap import LocalLake
from lakegraph.errors import LakegraphError
from lakegraph.testing import generate
from tests.benchmarks.machine import peak_memory
from tests.benchmarks.plan import Plan, caught_up, fresh, size_of
from tests.benchmarks.report import Report, say

_STEP = 2400


class Step(NamedTuple):
    """Some records, and what they took."""

    count: int
    seconds: float
    cpu: float


def run(plan: Plan, report: Report) -> None:
    """Build every lake."""
    for size in plan.sizes:
        _build(plan, report, size)


def _build(plan: Plan, report: Report, size: int) -> None:
    say(f"  building the lake of {size:,} runs")
    extra = plan.count(1200, 120)
    with fresh(plan.lake(size)) as lake:
        before = _disk(plan, size)
        steps = list(_record(lake, generate(size, plan.seed), report))
        whole = sum(s.count for s in steps) / sum(s.seconds for s in steps)
        note = f"{lake.journal.last_seq:,} records"
        report.figure("build.many", "record_many, with the small records", whole, "/s", runs=size, note=note)
        if len(steps) > 3:
            growth = (steps[-2].cpu / steps[-2].count) / (steps[0].cpu / steps[0].count)
            report.figure("build.growth", "CPU time a record: last group against first", growth, "x", runs=size)
        _work(plan, report, lake, size, extra)
    _sizes(plan, report, size, before, size + extra)
    report.figure("build.memory", "memory at its peak", peak_memory(), "MB", runs=size)


def _work(plan: Plan, report: Report, lake: LocalLake, size: int, count: int) -> None:
    """The rate at this size over ingests, processes and trainings alone: 67 asserted triples a run."""
    documents = generate(count, plan.seed + 1, small=False, space="work")
    step = next(_record(lake, documents, report))
    quads = sum(e.quads for e in lake.journal.entries(after=lake.journal.last_seq - step.count)) / step.count
    said = {"runs": size, "count": step.count, "note": f"{quads:.0f} asserted triples a record"}
    report.figure("record.many", "record_many: runs in groups", step.count / step.seconds, "/s", **said)
    report.figure("record.many.cpu", "the same by CPU time", step.count / step.cpu, "/s", **said)


def _record(lake: LocalLake, documents: Iterator[dict[str, Any]], report: Report) -> Iterator[Step]:
    """Record *documents*, step by step."""
    number = 0
    while group := list(islice(documents, _STEP)):
        start, cpu = time.perf_counter(), time.process_time()
        refused = [a for a in lake.record_many(group) if isinstance(a, LakegraphError)]
        caught_up(lake)
        step = Step(len(group), time.perf_counter() - start, time.process_time() - cpu)
        report.check(not refused, f"{len(refused)} made-up records are refused: {str(refused[:1])[:200]}")
        number += 1
        if number % 3 == 0:
            say(f"    {lake.journal.last_seq:,} records, {step.count / step.seconds:.0f}/s")
        yield step


def _disk(plan: Plan, size: int) -> dict[str, int]:
    where = plan.lake(size)
    views = where / "views" / "all"
    parts = {"journal": where / "journal.db", "graph": views / "graph", "index": views / "index.db"}
    return {name: size_of(path) for name, path in parts.items()}


def _sizes(plan: Plan, report: Report, size: int, before: dict[str, int], runs: int) -> None:
    """Bytes a run, the small records around it included, part by part."""
    total = 0.0
    for part, after in _disk(plan, size).items():
        share = (after - before[part]) / runs / 1000
        total += share
        report.figure(f"disk.{part}", f"disk a run: {part}", share, "KB", runs=size)
    report.figure("disk.total", "disk a run, all projections", total, "KB", runs=size)
