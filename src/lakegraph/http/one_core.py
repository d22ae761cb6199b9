"""Keeps the threads that answer small queries on one core.

The interpreter's lock lets one of them run at a time. The kernel wakes each on whichever core is free, so that lock,
objects and code wander between the caches of the cores with every query: a fourth of all throughput (measured on two).
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROCESSOR: Final = 36
"""The field of ``/proc/…/stat`` that names the core, counted behind the command's parenthesis (proc_pid_stat(5))."""


class OneCore:
    """The one core, chosen where the first query is answered; on systems that know no such choice, all of them.

    What a thread starts while it stays, threads and processes, begins on that core too, and has to be let go by itself.
    """

    def __init__(self) -> None:
        self._all = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set[int]()
        self._one: set[int] = set()
        self._choosing = threading.Lock()
        self._thread = threading.local()

    def stay(self) -> None:
        """Keep the current thread there."""
        if len(self._all) > 1 and not getattr(self._thread, "stays", False):
            self._thread.stays = True
            with self._choosing:
                self._one = self._one or {_core()} & self._all
            self._allow(self._one)

    def leave(self) -> None:
        """Let it go where it likes, for what runs beside the interpreter: look-ups, compression."""
        if getattr(self._thread, "stays", False):
            self._thread.stays = False
            self._allow(self._all)

    def _allow(self, cores: set[int]) -> None:
        with suppress(OSError):  # cores were taken from this process since; the kernel has seen to it
            os.sched_setaffinity(0, cores)


def _core() -> int:
    """The core that the current thread runs on; -1 where the system does not say."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/thread-self/stat").read_text().rpartition(")")[2].split()[_PROCESSOR])
    return -1
