"""What a part measures: figures, checks and skipped peers, printed as they come and kept for the page."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured number.

    Attributes:
        key: What was measured, for ratios: ``record.one``, ``peer.mlflow.record``.
        what: The same for people.
        value: The number; the median where there are percentiles.
        unit: ``/s``, ``ms``, ``KB``, ``MB``, ``s`` or ``x``.
        runs: How many runs the lake held; 0 where there is no lake.
        p95: 95th percentile, for times.
        p99: 99th percentile.
        cpu: The mean of processor time in this process, in milliseconds: what the time would be on an idle machine.
        count: How many measurements.
        note: What one has to know to read it.
    """

    key: str
    what: str
    value: float
    unit: str
    runs: int = 0
    p95: float | None = None
    p99: float | None = None
    cpu: float | None = None
    count: int = 0
    note: str = ""

    @property
    def line(self) -> str:
        """The figure in one line."""
        parts = [f"{self.what:<58} {shown(self.value):>10} {self.unit}"]
        if self.p95 is not None:
            parts.append(f"p95 {shown(self.p95)}   p99 {shown(self.p99)}")
        if self.cpu is not None:
            parts.append(f"CPU {shown(self.cpu)}")
        if self.runs:
            parts.append(f"{self.runs:,} runs")
        return "   ".join([*parts, self.note] if self.note else parts)


@dataclass
class Report:
    """What one part, or all of them, measured.

    Attributes:
        figures: The numbers.
        skipped: What was not measured, and why.
        wrong: Answers that were not right; any of them fails the run.
        earlier: Parts that were measured before the others.
    """

    figures: list[Figure] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    earlier: list[str] = field(default_factory=list)

    def figure(self, key: str, what: str, value: float, unit: str, **more: object) -> Figure:
        """Keep and print a number."""
        made = Figure(key, what, value, unit, **more)  # type: ignore[arg-type]
        self.figures.append(made)
        say(f"  {made.line}")
        return made

    def times(self, key: str, what: str, seconds: Sequence[float], **more: object) -> Figure:
        """Keep and print times, in milliseconds."""
        middle, high, highest = percentiles(seconds)
        more |= {"p95": high * 1000, "p99": highest * 1000, "count": len(seconds)}
        if isinstance(seconds, Times):
            more["cpu"] = seconds.cpu / len(seconds) * 1000
        return self.figure(key, what, middle * 1000, "ms", **more)

    def skip(self, what: str, why: str) -> None:
        """Say that something is not measured."""
        self.skipped.append(f"{what}: {why}")
        say(f"  skipped: {what}: {why}")

    def check(self, holds: bool, what: str) -> None:
        """Note an answer that is not right."""
        if not holds:
            self.wrong.append(what)
            say(f"  WRONG: {what}")

    def find(self, key: str, runs: int | None = None) -> Figure | None:
        """What was measured as *key*: in the lake of *runs*, or in the largest."""
        found = [f for f in self.figures if f.key == key and runs in (None, f.runs)]
        return max(found, key=lambda f: f.runs, default=None)

    def value(self, key: str, runs: int | None = None) -> float | None:
        """The number of that."""
        found = self.find(key, runs)
        return found.value if found else None

    def sizes(self, key: str) -> list[int]:
        """The lakes in which *key* was measured, the smallest first."""
        return sorted({f.runs for f in self.figures if f.key == key and f.runs})

    def add(self, other: Report) -> None:
        """Take over what another report says."""
        self.figures += other.figures
        self.skipped += other.skipped
        self.wrong += other.wrong

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Report:
        """The report that was written to *path*."""
        said = json.loads(path.read_text())
        return cls([Figure(**f) for f in said["figures"]], said["skipped"], said["wrong"])


def say(text: str) -> None:
    """Print at once: people watch."""
    print(text, flush=True)


def shown(value: float | None) -> str:
    """A number with three significant digits, large ones whole."""
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percentiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    """Median, 95th and 99th percentile (nearest rank)."""
    ranked = sorted(seconds)
    return statistics.median(ranked), *(ranked[min(len(ranked) - 1, int(len(ranked) * q))] for q in (0.95, 0.99))


def timed(call: Callable[[], object]) -> float:
    """How many seconds *call* took."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


class Times(list[float]):
    """Seconds of wall time, one a call, and the processor time of them all."""

    cpu = 0.0


def repeated(calls: Iterable[Callable[[], object]], seconds: float) -> Times:
    """The times of *calls* after one that warms up, until *seconds* are over, though of at least three."""
    taken = Times()
    stream = iter(calls)
    next(stream)()
    end, cpu = time.perf_counter() + seconds, time.process_time()
    for call in stream:
        taken.append(timed(call))
        if len(taken) >= 3 and time.perf_counter() > end:
            break
    taken.cpu = time.process_time() - cpu
    return taken


def by_turns(pairs: Iterable[tuple[Callable[[], object], Callable[[], object]]], seconds: float) -> tuple[Times, Times]:
    """The times of two ways to the same, so that both meet the machine, and what it has cached, in one state.

    They take turns in going first. The first pair warms up; at least three are measured, and no new one is begun once
    *seconds* are over.
    """
    found = Times(), Times()
    stream = iter(pairs)
    for call in next(stream):
        call()
    end = time.perf_counter() + seconds
    for number, pair in enumerate(stream):
        for which in (0, 1) if number % 2 else (1, 0):
            cpu = time.process_time()
            found[which].append(timed(pair[which]))
            found[which].cpu += time.process_time() - cpu
        if len(found[0]) >= 3 and time.perf_counter() > end:
            break
    return found
