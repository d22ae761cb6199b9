"""``python -m tests.benchmarks``: runs the parts, prints what they measure, and writes the page."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.benchmarks.machine import ROOT, dictionary_writes, peak_memory
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, say, timed

PARTS = {
    "limits": "the physical limits",
    "build": "recording in groups, growth, disk",
    "record": "recording one at a time",
    "stages": "where the time of a record goes",
    "profile": "where the time goes, function by function",
    "gate": "the gate, against pySHACL and pyrudof",
    "cards": "the 5W1H card",
    "questions": "the 25 competency questions",
    "lineage": "lineage up, down and impact",
    "finding": "lists, facets, search, leaderboards",
    "sparql": "SPARQL over HTTP, against oxigraph serve",
    "upkeep": "snapshot, dump, verify, rebuild",
    "evidence": "ledger, bundles, verification, audit, export",
    "harvest": "harvesting a catalog",
    "rdflib": "rdflib in memory, the naive way",
    "mlflow": "MLflow on SQLite",
    "mlmd": "ML Metadata on SQLite",
    "virtuoso": "Virtuoso",
}
_PART_SECONDS = 3 * 3600


def main() -> int:
    """Run what was asked for; the exit code is 1 where an answer was wrong."""
    asked = _arguments()
    if asked.child:
        return _child(asked.child, Path(asked.plan), Path(asked.out))
    unknown = [name for name in asked.only or () if name not in PARTS]
    if unknown:
        say(f"There is no part {unknown[0]!r}; there are {', '.join(PARTS)}.")
        return 2
    sizes = tuple(sorted(asked.runs or ((200,) if asked.short else (1000, 20_000))))
    work = Path(asked.work or tempfile.mkdtemp(prefix="lakegraph-bench-"))
    work.mkdir(parents=True, exist_ok=True)
    plan = Plan(sizes, asked.short, work, asked.seed)
    try:
        report = _run(plan, asked.only or list(PARTS), work)
        kept = _kept(work, asked.only or list(PARTS))
        report.add(kept)
        report.earlier = kept.earlier
    finally:
        if not asked.work:
            shutil.rmtree(work, ignore_errors=True)
    return _finish(plan, report, write=asked.write or not (asked.short or asked.only))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="everything in small, under 90 seconds; writes no page")
    parser.add_argument("--runs", type=int, nargs="+", help="sizes of the lakes, in runs (BENCH_RUNS does the same)")
    parser.add_argument("--only", nargs="+", metavar="PART", help=f"only some parts: {', '.join(PARTS)}")
    parser.add_argument("--write", action="store_true", help="write the page even if only some parts were measured")
    parser.add_argument("--seed", type=int, default=1, help="of the made-up lakes")
    parser.add_argument("--work", help="where lakes are kept, and found again; a temporary directory if left out")
    for name in ("--child", "--plan", "--out"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if not said.runs and os.environ.get("BENCH_RUNS"):
        said.runs = sorted({1000, 20_000, *(int(n) for n in os.environ["BENCH_RUNS"].replace(",", " ").split())})
    return said


def _run(plan: Plan, parts: list[str], work: Path) -> Report:
    """Each part in a process of its own, so that its memory is its own and a crash takes nothing with it."""
    report = Report()
    plan.write(work / "plan.json")
    for number, part in enumerate(parts, 1):
        say(f"\n[{number}/{len(parts)}] {part}: {PARTS[part]}")
        out = work / f"{part}.json"
        out.unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.benchmarks", "--child", part]
        command += ["--plan", str(work / "plan.json"), "--out", str(out)]
        start = time.perf_counter()
        ended = subprocess.run(command, cwd=ROOT, check=False, timeout=_PART_SECONDS)
        if out.exists():
            report.add(Report.read(out))
        else:
            report.check(False, f"{part} ended with {ended.returncode} and no figures")
        say(f"  ({time.perf_counter() - start:.0f} s)")
    return report


def _kept(work: Path, measured: list[str]) -> Report:
    """What other parts measured in this work directory before."""
    report = Report()
    for part in PARTS:
        if part not in measured and (work / f"{part}.json").exists():
            report.add(Report.read(work / f"{part}.json"))
            report.earlier.append(part)
    return report


def _child(part: str, plan_file: Path, out: Path) -> int:
    plan, report = Plan.read(plan_file), Report()
    try:
        module = importlib.import_module(f"tests.benchmarks.part_{part}")
    except ImportError as error:
        report.check(not (error.name or "").startswith("tests."), f"{part}: {error}")
        report.skip(part, f"{error.name or error} is not there")
    else:
        try:
            speed = statistics.median(timed(dictionary_writes) for _ in range(3))
            report.figure(f"machine.{part}", f"{part}: 200,000 dictionary writes in Python", speed * 1000, "ms")
            module.run(plan, report)
        except Exception as error:
            traceback.print_exc()
            report.check(False, f"{part} failed: {type(error).__name__}: {str(error)[:200]}")
    report.figure(f"memory.{part}", f"memory of this part at its peak: {part}", peak_memory(), "MB")
    report.write(out)
    return 0


def _finish(plan: Plan, report: Report, *, write: bool) -> int:
    from tests.benchmarks import goals, page

    say("\nNumbers to reach")
    for line in goals.lines(report):
        say(f"  {line}")
    if report.skipped:
        say("\nNot measured\n  " + "\n  ".join(report.skipped))
    if report.wrong:
        say("\nWRONG\n  " + "\n  ".join(report.wrong))
    if write:
        where = page.write(plan, report)
        say(f"\nWritten: {', '.join(str(p.relative_to(ROOT)) for p in where)}")
    else:
        say(f"\n{json.dumps({'figures': len(report.figures), 'wrong': len(report.wrong)})}")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
