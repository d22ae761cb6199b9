"""Read-only copies of the graph for the query workers: hard links, made when asked for, removed when unused."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from lakegraph.errors import LakeBusyError, StorageError
from lakegraph.graph.protocol import Graph

_EARLY: Final = 0.5  # the part of its greatest age at which a snapshot in use is renewed before anybody waits for it


class Snapshot:
    """The graph as it was at one moment.

    Args:
        path: Directory of the store.
        seq: The sequence number up to which every entry is in it.
        version: The graph's version that it holds, or an earlier one.
        taken: When, on the monotonic clock.
    """

    __slots__ = ("name", "path", "place", "readers", "seq", "taken", "version")

    def __init__(self, path: Path, seq: int, version: int, taken: float) -> None:
        self.path = path
        self.place = str(path)
        self.name = self.place.encode()
        self.seq = seq
        self.version = version
        self.taken = taken
        self.readers = 0


class SnapshotKeeper:
    """Keeps one snapshot current enough, and every older one for as long as somebody reads it.

    Args:
        graph: What to take snapshots of.
        directory: Where they stand, on the graph's own file system; whatever is in it is removed.
        max_age: Seconds after which a snapshot that misses something is not handed out; also the least time between
            two, unless a reader names an entry that it must see.
    """

    def __init__(self, graph: Graph, directory: Path, *, max_age: float = 1.0) -> None:
        self._graph = graph
        self._directory = directory
        self._max_age = max_age
        self._lock = Lock()
        self._renewing = Lock()
        self._current: Snapshot | None = None
        self._unused: list[Snapshot] = []
        self._number = 0
        self._asked = False
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True, exist_ok=True)

    @property
    def current(self) -> Snapshot | None:
        """The newest snapshot, if any was taken."""
        return self._current

    def acquire(self, min_seq: int | None = None) -> Snapshot:
        """A snapshot to read, until :meth:`release`: at most ``max_age`` behind the graph.

        Args:
            min_seq: An entry that it must hold.

        Raises:
            LakeBusyError: The graph itself does not hold that entry yet.
            StorageError: The disk refused a new snapshot.
        """
        self._asked = True
        while True:
            with self._lock:
                current = self._current
                if current is not None and self._serves(current, min_seq):
                    current.readers += 1
                    return current
            self._renew(current)
            if min_seq is not None and self._graph.last_seq < min_seq:
                raise LakeBusyError(
                    f"Entry {min_seq} is not in the graph yet; the last one is {self._graph.last_seq}.",
                    hint="Try again in a moment.",
                )

    @contextmanager
    def reading(self, min_seq: int | None = None) -> Iterator[Snapshot]:
        """:meth:`acquire` and :meth:`release` around a block."""
        snapshot = self.acquire(min_seq)
        try:
            yield snapshot
        finally:
            self.release(snapshot)

    def release(self, snapshot: Snapshot) -> None:
        """Give back what :meth:`acquire` gave."""
        with self._lock:
            snapshot.readers -= 1

    def _serves(self, snapshot: Snapshot, min_seq: int | None) -> bool:
        if snapshot.version == self._graph.version:
            return min_seq is None or snapshot.seq >= min_seq
        if min_seq is not None and snapshot.seq < min_seq:
            return False
        return time.monotonic() - snapshot.taken < self._max_age

    def _renew(self, seen: Snapshot | None) -> None:
        """Take a snapshot, unless another thread took one since *seen* was the current one."""
        with self._renewing:
            if self._current is not seen:
                return
            self._number += 1
            path = self._directory / f"{self._number:06d}"
            seq, version, taken = self._graph.last_seq, self._graph.version, time.monotonic()
            try:
                self._graph.snapshot(path)
            except StorageError:
                shutil.rmtree(path, ignore_errors=True)
                raise
            with self._lock:
                if self._current is not None:
                    self._unused.append(self._current)
                self._current = Snapshot(path, seq, version, taken)
                self._asked = False
        self.sweep()

    @property
    def due(self) -> bool:
        """Whether :meth:`upkeep` has something to do."""
        return bool(self._unused) or self._ageing()

    def upkeep(self) -> None:
        """Renew a snapshot that is asked for and ageing, before a reader has to wait for it; remove unused ones."""
        current = self._current
        if current is not None and self._ageing():
            self._renew(current)
        elif self._unused:
            self.sweep()

    def _ageing(self) -> bool:
        current = self._current
        if current is None or not self._asked or current.version == self._graph.version:
            return False
        return time.monotonic() - current.taken >= self._max_age * _EARLY

    def sweep(self) -> None:
        """Remove the older snapshots that nobody reads."""
        with self._lock:
            free = [s for s in self._unused if not s.readers]
            self._unused = [s for s in self._unused if s.readers]
        for snapshot in free:
            shutil.rmtree(snapshot.path, ignore_errors=True)

    def close(self) -> None:
        """Remove every snapshot; nobody may read any more."""
        with self._lock:
            self._current, self._unused = None, []
        shutil.rmtree(self._directory, ignore_errors=True)
