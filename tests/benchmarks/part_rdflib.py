"""rdflib in memory: the naive way to hold the same statements."""

from __future__ import annotations

import time
from functools import partial
from itertools import cycle
from pathlib import Path

from lakegraph.testing import BASE, generate_nquads
from tests.benchmarks.machine import peak_memory
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, repeated

QUERIES = Path(__file__).parent / "queries"


def run(plan: Plan, report: Report) -> None:
    """Parse runs and ask for one."""
    import rdflib
    from rdflib.plugins.sparql import prepareQuery

    texts = [text.decode() for text in generate_nquads(plan.count(400, 40), plan.seed, inferred=True, small=False)]
    data = rdflib.Dataset(default_union=True)
    start = time.perf_counter()
    for text in texts:
        data.parse(data=text, format="nquads")
    report.figure("peer.rdflib.load", "rdflib: parse a run", len(texts) / (time.perf_counter() - start), "/s")
    runs = [text.rpartition("/bundle> .")[0].rpartition("<")[2] for text in texts if "TrainingRun>" in text]
    report.check(all(iri.startswith(BASE) for iri in runs), "no runs to ask rdflib for")
    query = prepareQuery((QUERIES / "run.rq").read_text())
    ask = [partial(_rows, data, query, rdflib.URIRef(iri)) for iri in runs[:40]]
    report.check(ask[0]() > 0, "rdflib finds nothing of a run")
    report.times("peer.rdflib.run", "rdflib: one plain query of a run", repeated(cycle(ask), plan.seconds))
    report.figure("peer.rdflib.memory", "rdflib: memory", peak_memory(), "MB", note=f"{len(texts)} runs")


def _rows(data: object, query: object, run: object) -> int:
    return len(data.query(query, initBindings={"run": run}))  # type: ignore[attr-defined]
