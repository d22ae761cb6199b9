"""Where the time goes, function by function, sampled by pyinstrument: the path of a record, and that of an answer."""

from __future__ import annotations

import sysconfig
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import lakegraph
from lakegraph.errors import LakegraphError
from lakegraph.testing import generate
from tests.benchmarks.machine import ROOT
from tests.benchmarks.part_cards import things
from tests.benchmarks.plan import Plan, caught_up
from tests.benchmarks.report import Report

if TYPE_CHECKING:
    from pyinstrument.frame import Frame

_SHOWN = 12
_INTERVAL = 0.0005
_LIBRARIES = Path(sysconfig.get_path("purelib"))


def run(plan: Plan, report: Report) -> None:
    """Profile both paths in the largest lake."""
    try:
        import pyinstrument  # noqa: F401 - asked whether it is there
    except ImportError:
        report.skip("profile", "pyinstrument is not installed")
        return
    if plan.largest is None:
        report.skip("profile", "no lake was built")
        return
    size, where = plan.largest
    with lakegraph.open(where) as lake:
        at = lake.journal.last_seq
        documents = list(generate(plan.count(600, 60), plan.seed + at, small=False, space=f"profile {at}"))

        def record() -> None:
            refused = [answer for answer in lake.record_many(documents) if isinstance(answer, LakegraphError)]
            report.check(not refused, f"{len(refused)} made-up records are refused")
            caught_up(lake)

        def answer() -> None:
            for kind in ("training", "model", "dataset"):
                for iri in things(lake, kind, plan.count(40, 4)):
                    lake.ask("5w1h", about=iri)
                    if kind == "model":
                        lake.lineage(iri, up="all")

        lake.ask("5w1h", about=things(lake, "training", 1)[0])  # shapes are read once, on the first card
        _profile(report, "record", record, size)
        _profile(report, "answer", answer, size)


def _profile(report: Report, path: str, work: Callable[[], None], size: int) -> None:
    """Run *work* under the profiler and keep the functions in which most of its time is spent."""
    from pyinstrument import Profiler

    work_profiler = Profiler(interval=_INTERVAL, async_mode="disabled")
    with work_profiler:
        work()
    session = work_profiler.last_session
    root = session.root_frame() if session else None
    spent: Counter[str] = Counter()
    for frame in _frames(root):
        spent[_name(frame)] += frame.absorbed_time + sum(c.time for c in frame.children if c.is_synthetic)
    whole = sum(spent.values())
    for rank, (name, seconds) in enumerate(spent.most_common(_SHOWN), 1):
        what = f"{path}, {rank}: {name}"
        report.figure(f"profile.{path}.{rank}", what, 100 * seconds / whole, "%", runs=size)


def _frames(frame: Frame | None) -> Iterator[Frame]:
    if frame is None:
        return
    if not frame.is_synthetic:
        yield frame
    for child in frame.children:
        yield from _frames(child)


def _name(frame: Frame) -> str:
    """The function, with the module it stands in: of ours below the package, of others below their library."""
    file = Path(frame.file_path or "")
    for top in (ROOT / "src" / "lakegraph", ROOT, _LIBRARIES):
        if file.is_relative_to(top):
            return f"`{frame.function}` in `{file.relative_to(top).as_posix()}`"
    return f"`{frame.function}`" if file.name.startswith("<") else f"`{frame.function}` in `{file.name}`"
