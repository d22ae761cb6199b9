"""Upkeep: snapshot, opening, dump, verification, whole-lake validation and rebuilding from the journal alone."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import lakegraph
from lakegraph import bootstrap
from lakegraph.bootstrap import LocalLake
from lakegraph.testing import generate
from tests.benchmarks.machine import peak_memory
from tests.benchmarks.past import past
from tests.benchmarks.plan import Plan, fresh
from tests.benchmarks.report import Report, repeated, timed


class Counted:
    """A file that only counts what is written to it."""

    def __init__(self) -> None:
        self.size = 0
        self.lines = 0

    def write(self, data: bytes) -> int:
        """Count *data*."""
        self.size += len(data)
        self.lines += data.count(b"\n")
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""


def run(plan: Plan, report: Report) -> None:
    """Look after every lake."""
    for size, where in plan.lakes():
        seconds = timed(lambda w=where: lakegraph.open(w).close())
        report.figure("upkeep.open", "open and close the lake", seconds * 1000, "ms", runs=size)
        with lakegraph.open(where) as lake:
            _snapshot(plan, report, lake, size)
            quads = _dump(report, lake, size)
            _verify(report, lake, size)
            _validate(plan, report, lake, size, quads)
            past(plan, report, lake, size, quads)
        _rebuild(plan, report, where, size, quads)
    _against_pyshacl(plan, report)


def _snapshot(plan: Plan, report: Report, lake: LocalLake, size: int) -> None:
    target = plan.work / "snapshots"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    calls = (lambda n=n: lake._projector.graph.snapshot(target / str(n)) for n in range(12))
    report.times("upkeep.snapshot", "snapshot of the graph", repeated(calls, plan.seconds), runs=size)
    shutil.rmtree(target)


def _dump(report: Report, lake: LocalLake, size: int) -> int:
    out = Counted()
    seconds = timed(lambda: lake.dump(out))  # type: ignore[arg-type]
    note = f"{out.lines:,} quads, {out.size / 1e6:.0f} MB"
    report.figure("upkeep.dump", "dump as N-Quads", out.lines / seconds, "quads/s", runs=size, note=note)
    return out.lines


def _verify(report: Report, lake: LocalLake, size: int) -> None:
    start = time.perf_counter()
    problems = list(lake.journal.verify())
    seconds = time.perf_counter() - start
    report.check(not problems, f"the journal does not verify: {problems[:1]}")
    rate = lake.journal.last_seq / seconds
    report.figure("upkeep.verify", "verify the journal", rate, "records/s", runs=size, note=f"{seconds:.1f} s")


def _validate(plan: Plan, report: Report, lake: LocalLake, size: int, quads: int) -> None:
    """All of a lake against the integrity shapes; large ones take minutes, so only one of them."""
    if size > 5000 and size != plan.sizes[0]:
        return
    start = time.perf_counter()
    found = lake.validate(["integrity"])
    seconds = time.perf_counter() - start
    violations = len(getattr(found, "violations", ()))
    report.check(violations == 0, f"{violations} violations in a made-up lake")
    report.figure(
        "upkeep.validate", "validate the lake, integrity shapes", quads / seconds, "quads/s", runs=size,
        note=f"{seconds:.1f} s, {peak_memory():.0f} MB at the peak",
    )  # fmt: skip


def _against_pyshacl(plan: Plan, report: Report) -> None:
    """Both engines over a lake that pySHACL can hold: it needs minutes where the compiled shapes need a second."""
    runs = plan.count(60, 10)
    with fresh(plan.work / "small") as lake:
        for _ in lake.record_many(generate(runs, plan.seed)):
            pass
        out = Counted()
        lake.dump(out)  # type: ignore[arg-type]
        for engine, key in (("compiled", "upkeep.validate.small"), ("pyshacl", "peer.pyshacl.validate")):
            start = time.process_time()
            found = lake.validate(["integrity"], engine=engine)  # type: ignore[arg-type]
            seconds = time.process_time() - start
            report.check(found.conforms, f"{engine} finds violations in a made-up lake")
            said = f"{out.lines:,} quads in {seconds:.2f} s of CPU time"
            report.figure(key, f"validate a small lake, {engine}", out.lines / seconds, "quads/s", note=said)


def _rebuild(plan: Plan, report: Report, where: Path, size: int, quads: int) -> None:
    copy = plan.work / "rebuilt"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in ("journal.db", "journal.db-wal", "people.db", "lakegraph.toml"):
        if (where / name).exists():
            shutil.copy(where / name, copy / name)
    start = time.perf_counter()
    bootstrap.rebuild(copy)
    seconds = time.perf_counter() - start
    out = Counted()
    with lakegraph.open(copy) as lake:
        lake.dump(out)  # type: ignore[arg-type]
    report.check(out.lines == quads, f"a rebuilt lake has {out.lines:,} quads, not {quads:,}")
    note = f"{seconds:.1f} s"
    report.figure("upkeep.rebuild", "rebuild from the journal", quads / seconds, "quads/s", runs=size, note=note)
    shutil.rmtree(copy)
