"""What a run of the benchmark measures: which lakes, how long, and where they lie."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.testing import BASE, Structure, chain, layers, star, tree

_MERGING = 90.0
_RESTING = 0.05  # seconds of processor time in half a second


@dataclass(frozen=True)
class Plan:
    """One run of the benchmark.

    Attributes:
        sizes: The lakes, in runs, the smallest first.
        short: Whether everything is done in small, to show that it works and the ratios.
        work: Where lakes lie while it runs.
        seed: Of the generator.
    """

    sizes: tuple[int, ...]
    short: bool
    work: Path
    seed: int = 1

    @property
    def seconds(self) -> float:
        """How long one thing is repeated, at most."""
        return 0.4 if self.short else 3.0

    def count(self, full: int, short: int) -> int:
        """How many of something."""
        return short if self.short else full

    def lake(self, size: int) -> Path:
        """Where the lake of *size* runs lies, once it is built."""
        return self.work / f"lake-{size}"

    def lakes(self) -> Iterator[tuple[int, Path]]:
        """The lakes that were built."""
        for size in self.sizes:
            if (self.lake(size) / "journal.db").exists():
                yield size, self.lake(size)

    @property
    def largest(self) -> tuple[int, Path] | None:
        """The largest lake that was built."""
        built = list(self.lakes())
        return built[-1] if built else None

    @property
    def structures(self) -> dict[str, Structure]:
        """What is planted for lineage."""
        if self.short:
            made = (chain(60), layers(5, 12, 3), star(60), tree(3, 3))
        else:
            made = (chain(), layers(), star(), tree())
        return {structure.name: structure for structure in made}

    def write(self, path: Path) -> None:
        """Write the plan for a part's process."""
        path.write_text(json.dumps({**asdict(self), "work": str(self.work)}))

    @classmethod
    def read(cls, path: Path) -> Plan:
        """The plan that was written to *path*."""
        said = json.loads(path.read_text())
        return cls(tuple(said["sizes"]), said["short"], Path(said["work"]), said["seed"])


def fresh(directory: Path) -> LocalLake:
    """An empty lake in *directory*, in place of what lay there."""
    shutil.rmtree(directory, ignore_errors=True)
    return lakegraph.init(directory, base=BASE)


def size_of(path: Path) -> int:
    """The bytes of a file, or of everything in a directory; a write-ahead log counts with its database."""
    if path.is_file():
        return path.stat().st_size + sum(p.stat().st_size for p in path.parent.glob(f"{path.name}-*"))
    return sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def caught_up(lake: LocalLake) -> None:
    """Let graph and index learn what they have put off, so that it is counted."""
    lake._projector.graph.settle()
    assert lake._projector.index.last_seq == lake.journal.last_seq


def at_rest(lake: LocalLake) -> None:
    """Let graph and index catch up, and the engine merge what was written: what follows is asked of a quiet lake."""
    caught_up(lake)
    until = time.monotonic() + _MERGING
    while time.monotonic() < until:
        cpu = time.process_time()
        time.sleep(0.5)
        if time.process_time() - cpu < _RESTING:
            return
