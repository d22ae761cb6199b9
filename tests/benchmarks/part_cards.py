"""The 5W1H card of things, that of a run by turns with one plain query of it to the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lakegraph
from lakegraph.bootstrap import LocalLake
from tests.benchmarks.plan import Plan, at_rest
from tests.benchmarks.report import Report, Times, by_turns, repeated

QUERIES = Path(__file__).parent / "queries"
KINDS = ("training", "model", "dataset")


def run(plan: Plan, report: Report) -> None:
    """Ask for cards in every lake."""
    for size, where in plan.lakes():
        with lakegraph.open(where) as lake:
            at_rest(lake)
            for kind in KINDS:
                _card(plan, report, lake, size, kind)
            _questions(plan, report, lake, size)


def things(lake: LocalLake, kind: str, count: int) -> list[str]:
    """Some things of a kind, spread over what was recorded lately; of runs, those that succeeded."""
    status = "succeeded" if kind == "training" else None
    hits = lake._projector.index.search(kind=kind, status=status, limit=min(1000, 7 * count)).hits
    return [hit.iri for hit in hits[:: max(1, len(hits) // count)]]


def _card(plan: Plan, report: Report, lake: LocalLake, size: int, kind: str) -> None:
    some = things(lake, kind, plan.count(60, 8))
    lake.ask("5w1h", about=some[0])
    plain: Times | None = None
    if kind == "training":
        seconds, plain = _beside_plain(plan, report, lake, some)
    else:
        seconds = repeated((_asked(lake, iri) for iri in some), plan.seconds)
    card = lake.ask("5w1h", about=some[0])
    answered = [w for w in ("what", "who", "where", "when", "why", "how") if getattr(card, w)]
    complete = len(answered) == 6 or kind == "training"  # where a run was is where its model lies
    report.check(complete, f"the card of a {kind} answers only {', '.join(answered)}")
    report.times(f"card.{kind}", f"5W1H card of a {kind}", seconds, runs=size)
    if plain:
        report.times("card.plain", "engine: one plain query of a run, by turns", plain, runs=size)


def _asked(lake: LocalLake, iri: str) -> Callable[[], Any]:
    return lambda: lake.ask("5w1h", about=iri)


def _beside_plain(plan: Plan, report: Report, lake: LocalLake, some: list[str]) -> tuple[Times, Times]:
    """Cards of runs, by turns with the six answers as one plain query, straight to the engine."""
    text = (QUERIES / "run.rq").read_text()
    graph = lake._projector.graph
    report.check(len(graph.query(text, {"run": f"<{some[0]}>"})) > 0, "the plain query of a run finds nothing")
    pairs = ((_asked(lake, iri), lambda i=iri: graph.query(text, {"run": f"<{i}>"})) for iri in some)
    return by_turns(pairs, plan.seconds)


def _questions(plan: Plan, report: Report, lake: LocalLake, size: int) -> None:
    """Every question of the library that takes one data set or model."""
    about = {"dataset": things(lake, "dataset", 12), "model": things(lake, "model", 12)}
    for question in lake.library:
        names = [p.name for p in question.parameters if p.required] or [p.name for p in question.parameters][:1]
        kind = next((k for k in about if names == [k]), None)
        if kind is None:
            continue
        calls = (lambda i=iri, n=names[0], q=question.name: lake.ask(q, **{n: i}) for iri in about[kind])
        try:
            seconds = repeated(calls, plan.seconds / 3)
        except lakegraph.LakegraphError as error:
            report.skip(f"question {question.name}", error.message)
            continue
        report.times(f"question.{question.name}", f"question {question.name}", seconds, runs=size)
