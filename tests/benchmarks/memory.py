"""How much memory a process holds, and how much more while something happens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.benchmarks.serving import children

_PAUSE = 0.1


class Watch:
    """Looks at memory ten times a second while a block runs.

    Args:
        held: Says how many MB are held: :func:`private`, or :func:`proportional` of a process.
    """

    def __init__(self, held: Callable[[], float]) -> None:
        self._held = held
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._before = self.most = held()
        """MB at the most."""

    @property
    def growth(self) -> float:
        """MB at the most, above what it was at the beginning."""
        return self.most - self._before

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_PAUSE):
            self.most = max(self.most, self._held())


def proportional(pid: int) -> float:
    """The MB that a process and its children hold; what several map is divided among them."""
    total = 0.0
    for one in (pid, *children(pid)):
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss_Anon:")) / 1024
    return total


def private() -> float:
    """The MB that this process holds and that are not mapped from files."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon:")), 0.0)
