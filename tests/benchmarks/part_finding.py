"""Finding things: lists, search, facets, leaderboards and names from the index; the same by SPARQL for comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from pathlib import Path

import lakegraph
from lakegraph.bootstrap import LocalLake
from tests.benchmarks.plan import Plan, at_rest
from tests.benchmarks.report import Report, repeated

QUERIES = Path(__file__).parent / "queries"


def run(plan: Plan, report: Report) -> None:
    """Ask the index of every lake."""
    for size, where in plan.lakes():
        with lakegraph.open(where) as lake:
            at_rest(lake)
            for key, what, calls in _asked(lake):
                report.times(f"find.{key}", what, repeated(calls, plan.seconds / 2), runs=size)
            _right(report, lake)
            _by_sparql(plan, report, lake, size)


def _asked(lake: LocalLake) -> Iterator[tuple[str, str, Iterator[Callable[[], object]]]]:
    index = lake._projector.index
    names = [hit.title for hit in index.latest("model", limit=40)]
    words = ("turbine", "spindle", "ozone", "loan", "gearbox", "bus")
    yield "latest", "latest 20 trainings", cycle([partial(index.latest, "training", 20)])
    yield "word", "search: a word", (partial(index.search, w) for w in cycle(words))
    yield "words", "search: three words", cycle([partial(index.search, "wind power forecast")])
    yield "common", "search: a word that half of everything has", cycle([partial(index.search, "for")])
    yield "rare", "search: a word that nothing has", cycle([partial(index.search, "unheardof")])
    yield (
        "filtered",
        "search: a word, one kind, one tag",
        cycle([partial(index.search, "wind", kind="model", tag="energy")]),
    )
    yield "faceted", "search with facets", cycle([partial(index.search, "wind", facets=True)])
    yield "facets", "facets of everything", cycle([index.facets])
    yield "board", "leaderboard by accuracy", cycle([partial(index.leaderboard, "accuracy")])
    yield "mean", "mean accuracy by algorithm", cycle([partial(index.mean_by, "accuracy")])
    yield "resolve", "what a name means", (partial(index.lookup, n) for n in cycle(names))
    yield "count", "counts of every kind", cycle([index.counts])


def _right(report: Report, lake: LocalLake) -> None:
    """The answers are those that the graph gives."""
    index, graph = lake._projector.index, lake._projector.graph
    times = [hit.time for hit in index.latest("training", limit=20)]
    report.check(len(times) == 20 and times == sorted(times, reverse=True), "the latest trainings are not in order")
    means = {f"<{mean.group}>": (mean.count, mean.mean) for mean in index.mean_by("accuracy")}
    rows = graph.query((QUERIES / "mean.rq").read_text())
    asked = {str(row[0]): row for row in rows}  # type: ignore[union-attr]
    report.check(means.keys() == asked.keys(), "the index and the graph know different algorithms")
    for algorithm, (count, mean) in means.items():
        row = asked.get(algorithm, (None, '"nan"', '"0"'))
        same = str(count) in str(row[2]) and abs(float(str(row[1]).split('"')[1]) - mean) < 1e-6
        report.check(same, f"the mean by {algorithm} is {mean:.6f} of {count} in the index, {row[1:]} in the graph")


def _by_sparql(plan: Plan, report: Report, lake: LocalLake, size: int) -> None:
    """The same three lists as scans in the engine."""
    graph = lake._projector.graph
    for key, what in (("latest", "latest 20"), ("contains", "CONTAINS on titles"), ("mean", "mean by algorithm")):
        text = (QUERIES / f"{key}.rq").read_text()
        report.check(len(graph.query(text)) > 0, f"the engine finds nothing for {what}")  # type: ignore[arg-type]
        seconds = repeated(cycle([partial(graph.query, text)]), plan.seconds / 3)
        report.times(f"scan.{key}", f"engine: {what}, as a SPARQL scan", seconds, runs=size)
