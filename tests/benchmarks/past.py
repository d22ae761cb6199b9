"""The lake as it was: how long its making takes, and that it then answers as fast as the lake does."""

from __future__ import annotations

from functools import partial

from lakegraph.bootstrap import LocalLake
from tests.benchmarks.part_cards import things
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, repeated, timed


def past(plan: Plan, report: Report, lake: LocalLake, size: int, quads: int) -> None:
    """Ask for half of the journal, of a lake with so many quads."""
    lake.pasts.forget()
    half = lake.seq // 2
    seconds = timed(partial(lake.at, half))
    million = 1e6 * seconds / max(quads / 2, 1)
    report.figure("upkeep.past.first", "as of: the first answer, a million quads", million, "s", runs=size)
    then = lake.at(half)
    report.check(then.seq == half, f"the past at {half} is at {then.seq}")
    some = things(then, "model", plan.count(40, 5))  # type: ignore[arg-type] # it finds as a lake does
    for name, asked in (("now", lake), ("then", then)):
        for iri in some[:2]:
            asked.ask("5w1h", about=iri)
        calls = (partial(asked.ask, "5w1h", about=iri) for iri in some)
        what = f"as of: 5W1H card of a model, {name}"
        report.times(f"upkeep.past.card.{name}", what, repeated(calls, plan.seconds), runs=size)
        walks = (partial(asked.lineage, iri) for iri in some)
        what = f"as of: lineage of a model, {name}"
        report.times(f"upkeep.past.lineage.{name}", what, repeated(walks, plan.seconds), runs=size)
    if lake.directory:
        folder = lake.directory / "views" / "past" / str(half)
        kept = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        report.figure("upkeep.past.disk", "as of: disk of one past, a run of it", kept / half / 1000, "KB", runs=size)
    lake.pasts.forget()
