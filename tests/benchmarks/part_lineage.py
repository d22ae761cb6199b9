"""Lineage up and down of planted structures, against the engine's property path; and of models in every lake."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain, islice, repeat
from pathlib import Path

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import LakegraphError
from lakegraph.questions.impact import impact
from lakegraph.questions.lineage import Lineage, lineage
from lakegraph.testing import BASE, Structure, generate
from tests.benchmarks.part_cards import things
from tests.benchmarks.plan import Plan, at_rest, fresh
from tests.benchmarks.report import Report, repeated

QUERIES = Path(__file__).parent / "queries"
_ALL = 200_000


def run(plan: Plan, report: Report) -> None:
    """Plant the structures in a lake of their own, and ask."""
    with fresh(plan.work / "lineage") as lake:
        planted = chain.from_iterable(s.documents() for s in plan.structures.values())
        documents = chain(generate(plan.count(1000, 40), plan.seed), planted)
        refused = [a for a in lake.record_many(documents) if isinstance(a, LakegraphError)]
        report.check(not refused, f"planted records are refused: {str(refused[:1])[:200]}")
        at_rest(lake)
        for structure in plan.structures.values():
            for way in ("up", "down"):
                _ask(plan, report, lake, structure, way)
        _impact(plan, report, lake)
    for size, where in plan.lakes():
        with lakegraph.open(where) as lake:
            at_rest(lake)
            some = things(lake, "model", plan.count(40, 6))
            calls: Iterator[partial[Lineage]] = (partial(lake.lineage, iri) for iri in some)
            report.times(
                "lineage.model", "lineage of a model, everything upstream", repeated(calls, plan.seconds), runs=size
            )


def _ask(plan: Plan, report: Report, lake: LocalLake, structure: Structure, way: str) -> None:
    up = way == "up"
    start = f"<{BASE}{structure.dataset(structure.last if up else structure.first)}>"
    expected = structure.upstream if up else structure.downstream
    graph, index = lake._projector.graph, lake._projector.index
    steps = {"up": "all" if up else 0, "down": 0 if up else "all"}
    ours = partial(lineage, graph, start, index=index, max_nodes=_ALL, **steps)  # type: ignore[arg-type]
    found = ours()
    reached = sum("/id/dataset/" in node for node in found.nodes) - 1
    what = f"{way} the {structure.name} ({expected:,} data sets)"
    report.check(found.complete and reached == expected, f"lineage {what} finds {reached:,}, complete {found.complete}")
    calls = islice(repeat(ours), plan.count(20, 3))
    report.times(f"lineage.{way}.{structure.name}", f"lineage {what}", repeated(calls, plan.seconds))
    bare = partial(lineage, graph, start, index=index, max_nodes=_ALL, describe=0, **steps)  # type: ignore[arg-type]
    calls = islice(repeat(bare), plan.count(20, 3))
    report.times(f"walk.{way}.{structure.name}", "  none described in full", repeated(calls, plan.seconds))
    over = partial(lineage, graph, start, max_nodes=_ALL, describe=0, **steps)  # type: ignore[arg-type]
    report.check(set(over().edges) == set(found.edges), f"graph and index differ on the lineage {what}")
    calls = islice(repeat(over), plan.count(6, 3))
    report.times(f"graph.{way}.{structure.name}", "  walked in the graph", repeated(calls, plan.seconds))
    text = (QUERIES / f"{way}.rq").read_text()
    raw = partial(graph.query, text, {"thing": start})
    rows = {row[1] for row in raw() if "/id/dataset/" in str(row[1])}  # type: ignore[union-attr, index]
    report.check(len(rows) == expected, f"the property path {what} finds {len(rows):,}")
    calls = islice(repeat(raw), plan.count(20, 3))  # type: ignore[assignment]
    report.times(f"path.{way}.{structure.name}", f"engine: path {what}", repeated(calls, plan.seconds))


def _impact(plan: Plan, report: Report, lake: LocalLake) -> None:
    graph, index = lake._projector.graph, lake._projector.index
    for name in ("star", "tree"):
        structure = plan.structures[name]
        ours = partial(impact, graph, f"<{BASE}{structure.dataset(0)}>", index)
        found = ours()
        report.check(found.complete and found.things == structure.downstream, f"impact of the {name}: {found.things:,}")
        what = f"impact of the {name} ({structure.downstream:,} data sets)"
        report.times(f"impact.{name}", what, repeated(islice(repeat(ours), plan.count(12, 3)), plan.seconds))
