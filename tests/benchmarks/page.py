"""Writes the figures: a page for people, the same for machines, and the cost curves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks import goals
from tests.benchmarks.curve import svg
from tests.benchmarks.machine import ROOT, commit, machine, today, versions
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Figure, Report, shown

WHERE = ROOT / "docs" / "reference"
_SECTIONS = (
    (
        "Recording",
        (
            "record.",
            "build.many",
            "build.growth",
            "peer.mlflow.batch",
            "peer.mlflow.fluent",
            "peer.mlmd.rec",
            "beside.",
        ),
    ),
    ("Where the time of a record goes", ("stage.",)),
    ("The dearest functions", ("profile.",)),
    ("The gate", ("gate.", "peer.pyshacl", "peer.pyrudof")),
    ("5W1H and questions", ("card.", "question.", "peer.rdflib.run")),
    ("Lineage", ("lineage.", "walk.", "path.", "impact.", "peer.mlmd.tree", "peer.mlmd.chain")),
    ("Finding", ("find.", "scan.", "peer.mlflow.latest", "peer.mlflow.filter", "peer.mlflow.word", "peer.virtuoso")),
    ("SPARQL over HTTP", ("sparql.", "peer.oxigraph")),
    ("Beside poison queries", ("poison.",)),
    ("Upkeep", ("upkeep.",)),
    ("Harvesting", ("harvest.",)),
    (
        "Disk and memory",
        ("disk.", "build.memory", "memory.", "peer.mlflow.disk", "peer.mlmd.disk", "peer.rdflib.memory"),
    ),
    ("How fast the machine was for each part", ("machine.",)),
    ("Physical limits", ("limit.", "peer.rdflib.load")),
)
_CURVES = (
    ("benchmarks-answers.svg", "What an answer costs", "ms", {
        "card.training": "5W1H card of a run", "card.plain": "engine: one plain query",
        "lineage.model": "lineage of a model", "find.word": "search: a word", "find.latest": "latest 20",
        "find.mean": "mean by algorithm", "scan.latest": "latest 20 by SPARQL", "scan.mean": "mean by SPARQL",
    }),
    ("benchmarks-record.svg", "What a record costs", "ms", {
        "record.many": "in groups", "record.one": "one thread", "record.four": "four threads",
    }),
)  # fmt: skip


def write(plan: Plan, report: Report, where: Path = WHERE) -> list[Path]:
    """Write ``benchmarks.md``, ``benchmarks.json`` and the curves into *where*.

    Returns:
        The files.
    """
    where.mkdir(parents=True, exist_ok=True)
    facts = {"date": today(), "commit": commit(), "machine": machine(), "versions": versions(), "sizes": plan.sizes}
    outcomes = goals.outcomes(report)
    reached = [{"name": o.goal.name, "value": o.value, "wanted": o.goal.wanted, "reached": o.reached} for o in outcomes]
    data = {**facts, "goals": reached, "figures": [asdict(f) for f in report.figures], "skipped": report.skipped}
    made = [where / "benchmarks.json"]
    made[0].write_text(json.dumps(data, indent=1) + "\n")
    curves = []
    for name, title, unit, keys in _CURVES:
        drawn = svg(title, {text: _points(report, key) for key, text in keys.items()}, unit)
        if drawn:
            (where / name).write_text(drawn)
            curves.append(f"![{title}]({name})")
            made.append(where / name)
    page = where / "benchmarks.md"
    page.write_text("\n".join(_page(plan, report, outcomes, curves)) + "\n")
    return [page, *made]


def _points(report: Report, key: str) -> list[tuple[float, float]]:
    """The figure at each size, a rate as the milliseconds of one."""
    found = sorted((f for f in report.figures if f.key == key and f.runs), key=lambda f: f.runs)
    return [(f.runs, 1000 / f.value if f.unit == "/s" else f.value) for f in found if f.value]


def _page(plan: Plan, report: Report, outcomes: list[goals.Outcome], curves: list[str]) -> Iterator[str]:
    sizes = ", ".join(f"{size:,}" for size in plan.sizes)
    yield "# Benchmarks\n"
    yield (
        "What lakegraph costs, measured together with its peers in one run on one machine: `make bench`. Ratios carry "
        "over to other machines better than absolute numbers do.\n"
    )
    yield f"{today()}, commit {commit()}. Lakes of {sizes} runs, made by `lakegraph.testing` with seed {plan.seed}.\n"
    if report.earlier:
        yield f"Measured earlier than the rest, perhaps of an earlier commit: {', '.join(report.earlier)}.\n"
    yield from _table(("Machine", ""), machine().items())
    yield from _table(("Version", ""), versions().items())
    yield "## Numbers to reach\n"
    rows = [(o.goal.name, _number(o), f"{o.goal.bound} {shown(o.goal.wanted)}", _verdict(o)) for o in outcomes]
    yield from _table(("Goal", "Measured", "Wanted", ""), rows)
    yield from _missed(outcomes)
    if curves:
        yield "## How costs grow\n"
        yield "\n\n".join(curves) + "\n"
    for title, prefixes in _SECTIONS:
        figures = [f for f in report.figures if f.key.startswith(prefixes)]
        if figures:
            yield f"## {title}\n"
            yield from _figures(figures)
    yield "## Not measured\n"
    yield "\n".join(f"- {line}" for line in report.skipped) or "Everything was."
    yield "\n## How to read this\n"
    yield _NOTES


def _number(outcome: goals.Outcome) -> str:
    return "not measured" if outcome.value is None else f"{shown(outcome.value)} {outcome.goal.unit}"


def _verdict(outcome: goals.Outcome) -> str:
    return {True: "reached", False: f"**{outcome.missed_by}**", None: ""}[outcome.reached]


def _missed(outcomes: list[goals.Outcome]) -> Iterator[str]:
    missed = [o for o in outcomes if o.reached is False]
    if missed:
        yield "Missed, and why:\n"
        yield "\n".join(f"- {o.goal.name}: {_number(o)}, {o.missed_by}. {o.goal.why}".rstrip() for o in missed) + "\n"


def _figures(figures: list[Figure]) -> Iterator[str]:
    """One row a measure; the sizes of the lake side by side where there are several."""
    sizes = sorted({f.runs for f in figures if f.runs})
    by_key: dict[str, dict[int, Figure]] = {}
    for figure in figures:
        by_key.setdefault(figure.key, {})[figure.runs] = figure
    heads = [f"{size:,} runs" for size in sizes] or ["Measured"]
    rows = []
    for at in by_key.values():
        any_size = next(iter(at.values()))
        cells = [_cell(at.get(size) or at.get(0)) for size in sizes or (0,)]
        if 0 in at and sizes:
            cells = [_cell(at[0]), *[""] * (len(sizes) - 1)]
        rows.append((any_size.what.strip(), *cells, any_size.note))
    yield from _table(("", *heads, ""), rows)


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return ""
    more = [f"p95 {shown(figure.p95)}", f"p99 {shown(figure.p99)}"] if figure.p95 is not None else []
    more += [f"CPU {shown(figure.cpu)}"] if figure.cpu is not None else []
    tail = f" ({', '.join(more)})" if more else ""
    return f"{shown(figure.value)} {figure.unit}{tail}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', ' ') for cell in row)} |"
    yield ""


_NOTES = """\
- A run is an ingest, a process or a training; a record of one states about 67 triples, some of which, such as the
  description of a program that ran before, the lake knows already and does not store again. "With the small records"
  counts reviews, stage changes, deployments, monitoring, accesses and evaluations as well.
- Times are wall time, medians with the 95th and 99th percentile. "CPU" is the mean of what the processor spent in the
  measuring process: what the time would be if nobody else used the machine. Where the load that is stated above was
  higher than the number of cores, read that.
- MLflow and ML Metadata are given every value of the same documents in their own terms: parameters, metrics, inputs and
  outputs where they have them, and tags or properties for the rest. They check none of it.
  MLflow's searches are over its own few hundred runs. ML Metadata holds the planted graphs in memory, which favours it.
- The machine is virtual, and others use the same hardware: the same part can take twice as long an hour later. How long
  200,000 dictionary writes took when a part was measured tells how far its times compare with those of another part;
  where that is not given, with the parts that were measured earlier, it was what the physical limits say. Ratios
  between peers are of one run each.
- Peers record beside a lake that holds a thousand runs already, because in an empty one every program, person and tag
  is new.
- pySHACL and pyrudof check the record and the types of what it refers to, with the shapes parsed beforehand.
- `oxigraph serve` answers from the same quads, in one process and without a guard, a deadline or a limit of memory.
  lakegraph keeps small answers until the graph changes: what is asked "over and over" comes from memory, not from a
  worker. "Each through a worker" is the same query with NOW in a comment, so that its answer is not kept; what is "no
  two the same" goes through a worker too. Memory is what the processes of a server hold that is not mapped from
  files."""
