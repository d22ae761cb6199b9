"""How much memory a server takes more while something happens."""

from __future__ import annotations

import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.benchmarks.serving import children

_PAUSE = 0.1


class Watch:
    """Looks at the memory of a process and its children, with what they share counted once, while a block runs.

    Args:
        pid: The process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._before = self._most = proportional(pid)

    @property
    def growth(self) -> float:
        """MB at the most, above what it was at the beginning."""
        return self._most - self._before

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
            self._most = max(self._most, proportional(self._pid))


class Most:
    """The most memory that this process holds while a block runs, looked at ten times a second."""

    def __init__(self) -> None:
        self.megabytes = private()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_PAUSE):
            self.megabytes = max(self.megabytes, private())


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
