"""Evidence: what the ledger adds to a record, proofs, bundles and their verification, audit, export of a lake."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import LakegraphError
from lakegraph.exchange.verify import verify_file
from lakegraph.journal import Frontier, commitment, leaf_hash, leaf_of
from lakegraph.testing import BASE, chain
from tests.benchmarks.plan import Plan, fresh
from tests.benchmarks.report import Report, repeated

_LOOKED = 5000


def run(plan: Plan, report: Report) -> None:
    """A lineage of a thousand steps, then one of ten thousand, then every lake that was built."""
    for steps in (plan.count(1000, 20), plan.count(10_000, 60)):
        with fresh(plan.work / "evidence") as lake:
            thing = _recorded(lake, report, steps)
            made = _bundle(plan, report, lake, thing, steps)
            _verify(report, made, steps, lake)
            _proofs(plan, report, lake, steps)
            made.unlink()
    for size, where in plan.lakes():
        with lakegraph.open(where) as lake:
            _ledger(report, lake, size)
            _proofs(plan, report, lake, size)
            _audit(report, lake, size)
            _export(report, lake, size)


def _recorded(lake: LocalLake, report: Report, steps: int) -> str:
    lineage = chain(steps)
    refused = [a for a in lake.record_many(lineage.documents()) if isinstance(a, LakegraphError)]
    report.check(not refused, f"the lineage is refused: {str(refused[:1])[:200]}")
    return BASE + lineage.dataset(lineage.last)


def _bundle(plan: Plan, report: Report, lake: LocalLake, thing: str, steps: int) -> Path:
    out = plan.work / "evidence.zip"
    start, cpu = time.perf_counter(), time.process_time()
    made = lake.bundle([thing], out)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    report.check(made.records == steps, f"the bundle of {steps} steps holds {made.records} records")
    what, note = f"bundle of a lineage of {steps:,} records", f"{out.stat().st_size / 1e6:.1f} MB"
    report.figure("evidence.bundle", what, seconds, "s", runs=steps, cpu=cpu * 1000, note=note)
    report.figure("evidence.bundle.cpu", "  by processor time", cpu, "s", runs=steps)
    return out


def _verify(report: Report, made: Path, steps: int, lake: LocalLake) -> None:
    start, cpu = time.perf_counter(), time.process_time()
    verdict = verify_file(made)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    report.check(verdict.exit_code == 0, verdict.text())
    report.check(verdict.size == lake.journal.last_seq, "the bundle is of another moment")
    what = f"verify a bundle of {steps:,} records"
    report.figure("evidence.verify", what, seconds, "s", runs=steps, cpu=cpu * 1000)
    report.figure("evidence.verify.cpu", "  by processor time", cpu, "s", runs=steps)


def _ledger(report: Report, lake: LocalLake, size: int) -> None:
    """What a record costs more because there is a ledger: commitment, leaf, hash and tree, and signing in its turn."""
    some = [lake.journal.evidence(seq) for seq in range(1, min(lake.journal.last_seq, _LOOKED) + 1)]
    tree, cpu = Frontier(), time.process_time()
    for found in some:
        commitment(found.salt or b"", found.body or b"")
        tree.append(leaf_hash(leaf_of(found.entry)))
    each = (time.process_time() - cpu) / len(some) * 1000
    report.figure("evidence.ledger", "the ledger's part of a record, CPU", each, "ms", runs=size, count=len(some))
    # A lake that is kept is measured again, and would refuse a second study of the same name.
    title = f"Signed after {lake.journal.last_seq}"
    lake.record({"type": "Study", "title": title, "description": "So that there is something to sign."})
    start = time.perf_counter()
    lake.checkpoint()
    seconds = time.perf_counter() - start
    report.figure("evidence.checkpoint", "sign a checkpoint", seconds * 1000, "ms", runs=size)


def _proofs(plan: Plan, report: Report, lake: LocalLake, size: int) -> None:
    last, draw = lake.journal.last_seq, Random(plan.seed)
    places = (1 + draw.randrange(last) for _ in range(plan.count(2000, 30)))
    ledger = lake.journal.ledger
    calls: Iterator[partial[object]] = (partial(ledger.inclusion, seq) for seq in places)
    report.times("evidence.inclusion", "inclusion proof", repeated(calls, plan.seconds), runs=size)
    places = (1 + draw.randrange(last) for _ in range(plan.count(2000, 30)))
    calls = (partial(ledger.consistency, seq) for seq in places)
    report.times("evidence.consistency", "consistency proof", repeated(calls, plan.seconds), runs=size)


def _audit(report: Report, lake: LocalLake, size: int) -> None:
    start, cpu = time.perf_counter(), time.process_time()
    found = list(islice(lake.audit(), 3))
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    report.check(not found, f"the audit finds {found}")
    rate = lake.journal.last_seq / seconds
    report.figure("evidence.audit", "audit the lake", rate, "records/s", runs=size, note=f"{seconds:.1f} s")


def _export(report: Report, lake: LocalLake, size: int) -> None:
    """The whole lake as N-Quads; memory is that of the whole process, so its growth is looked at."""
    lines, first, most = 0, 0.0, 0.0
    start = time.perf_counter()
    for chunk in lake.export(None, "nquads"):
        lines += chunk.count(b"\n")
        most = max(most, now := _resident())
        first = first or now
    rate = lines / (time.perf_counter() - start)
    note = f"{lines:,} quads, memory grows by {most - first:.0f} MB"
    report.figure("evidence.export", "export as N-Quads", rate, "quads/s", runs=size, note=note)
    report.figure("evidence.export.memory", "  memory that it takes more at the most", most - first, "MB", runs=size)


def _resident() -> float:
    """The memory of this process now, in MB; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
