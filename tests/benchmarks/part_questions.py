"""The 25 competency questions, each with its time, in every lake; the processor's, because a machine is seldom idle."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.questions import Question
from tests.benchmarks.part_cards import things
from tests.benchmarks.plan import Plan, at_rest
from tests.benchmarks.report import Report

COMPETENCY = Path(__file__).parents[1] / "questions" / "competency"


def run(plan: Plan, report: Report) -> None:
    """Ask all of them in every lake; of things, of several, and the slowest of these counts."""
    cases = [json.loads(file.read_text(encoding="utf-8")) for file in COMPETENCY.glob("*.json")]
    report.check(sorted(case["number"] for case in cases) == list(range(1, 26)), "there are not 25 questions")
    for size, where in plan.lakes():
        with lakegraph.open(where) as lake:
            at_rest(lake)
            slowest = (0.0, "")
            for case in sorted(cases, key=lambda case: case["number"]):
                slowest = max(slowest, (_question(report, lake, size, case), case["question"]))
            report.figure(
                "competency.slowest", "competency questions: the slowest, CPU", slowest[0], "ms", runs=size,
                note=slowest[1],
            )  # fmt: skip


def _question(report: Report, lake: LocalLake, size: int, case: dict[str, Any]) -> float:
    """The processor time, in milliseconds, for the thing that takes longest."""
    question = lake.library.get(case["question"])
    worst, wall, rows = 0.0, 0.0, 0
    for said in _subjects(lake, question):
        times = []
        for _ in range(2):
            start, began = time.process_time(), time.perf_counter()
            answer = lake.ask(question.name, **said)
            times.append((time.process_time() - start, time.perf_counter() - began))
        cpu, elapsed = min(times)
        worst, wall, rows = max((worst, wall, rows), (cpu * 1000, elapsed * 1000, len(answer)))  # type: ignore[arg-type]
    report.figure(
        f"competency.{question.name}", f"{case['number']}. {question.name}", worst, "ms", runs=size,
        note=f"CPU; {rows} rows; {wall:.3g} ms of wall time",
    )  # fmt: skip
    return worst


def _subjects(lake: LocalLake, question: Question) -> list[dict[str, str]]:
    """What to ask of: things spread over the lake, and of tasks those that most runs have."""
    subject = question.subject
    if subject is None or not subject.required:
        return [{}]
    if subject.name == "task":
        often = sorted(lake._projector.index.mean_by("accuracy", "task"), key=lambda mean: -mean.count)
        return [{"task": mean.group} for mean in often[:3]]
    kind = next((k for k in question.kinds if k in ("model", "dataset")), "model")
    return [{subject.name: iri} for iri in things(lake, kind, 5)]
