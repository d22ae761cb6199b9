"""The benchmark itself: its short form runs, fails on wrong answers only, and writes a page."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.benchmarks import goals, page
from tests.benchmarks.curve import svg
from tests.benchmarks.machine import ROOT
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report


def bench(work: Path, *parts: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks",
        "--short",
        "--runs",
        "30",
        "--work",
        str(work),
        "--only",
        *parts,
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_short_form_runs(tmp_path: Path) -> None:
    """A lake is built and asked, figures are printed, and the numbers to reach come last."""
    ended = bench(tmp_path, "build", "record", "stages", "finding", "questions")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "record_many: runs in groups" in ended.stdout
    assert "one at a time: index, CPU" in ended.stdout
    assert "latest 20 trainings" in ended.stdout
    assert "24. nearest-datasets" in ended.stdout
    assert "Numbers to reach" in ended.stdout
    figures = {f.key for part in ("build", "finding") for f in Report.read(tmp_path / f"{part}.json").figures}
    assert {"record.many", "disk.total", "find.mean", "memory.finding"} <= figures


def test_evidence_is_measured_again(tmp_path: Path) -> None:
    """What a part records in a lake that is kept does not stand in its own way the next time."""
    for parts in (("build", "evidence"), ("evidence",)):
        ended = bench(tmp_path, *parts)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "sign a checkpoint" in ended.stdout


def test_unknown_part_is_named(tmp_path: Path) -> None:
    """A part that does not exist is refused, and the known ones are listed."""
    ended = bench(tmp_path, "astrology")
    assert ended.returncode == 2
    assert "There is no part 'astrology'" in ended.stdout
    assert "lineage" in ended.stdout


def test_wrong_answers_are_kept_slow_ones_pass() -> None:
    """A check that fails is kept as wrong; a number that is missed is not."""
    report = Report()
    report.figure("record.many", "record_many", 1.0, "/s", runs=10)
    assert not report.wrong
    report.check(False, "2 and 2 are 5")
    assert report.wrong == ["2 and 2 are 5"]


def test_goals_say_by_how_much() -> None:
    """A goal is reached, missed by a factor, or not measured."""
    report = Report()
    report.figure("record.many", "record_many", 300.0, "/s", runs=10)
    report.figure("disk.total", "disk", 30.0, "KB", runs=10)
    lines = goals.lines(report)
    assert any(line.startswith("MISSED") and "missed by a factor of 2" in line for line in lines)
    assert any(line.startswith("reached") and "disk a run" in line for line in lines)
    assert any("not measured" in line for line in lines)


def test_page_holds_every_figure(tmp_path: Path) -> None:
    """The page and its machine-readable twin hold what was measured, and the page draws what has two sizes."""
    report = Report()
    for runs, value in ((10, 100.0), (1000, 90.0)):
        report.figure("record.many", "record_many: runs in groups", value, "/s", runs=runs)
    report.skip("Virtuoso", "virtuoso-t is not installed")
    made = page.write(Plan((10, 1000), short=True, work=tmp_path), report, tmp_path)
    text = (tmp_path / "benchmarks.md").read_text()
    assert "record_many: runs in groups | 100 /s | 90 /s" in text
    assert "Virtuoso: virtuoso-t is not installed" in text
    assert "benchmarks-record.svg" in text
    assert [f["value"] for f in json.loads((tmp_path / "benchmarks.json").read_text())["figures"]] == [100.0, 90.0]
    assert all(path.exists() for path in made)


def test_curve_needs_two_points() -> None:
    """A line is drawn through two points or more; without any there is no picture."""
    assert svg("costs", {"one": [(10, 1.0)]}, "ms") == ""
    drawn = svg("costs & growth", {"one": [(10, 1.0), (1000, 2.0)]}, "ms")
    assert drawn.count("<circle") == 2
    assert "costs &amp; growth" in drawn


def test_ratios_are_of_one_lake() -> None:
    """A peer that was measured in a smaller lake is compared with what was measured in that one."""
    report = Report()
    for key, runs, value in (("ours", 10, 1.0), ("ours", 1000, 4.0), ("peer", 10, 2.0), ("alone", 0, 8.0)):
        report.figure(key, key, value, "ms", runs=runs)
    assert goals.ratio("peer", "ours")(report) == 2.0
    assert goals.ratio("alone", "ours")(report) == 2.0
    assert goals.ratio("alone", "absent")(report) is None
