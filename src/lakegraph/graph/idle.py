"""The workers that wait for a query, and the queries that wait for a worker."""

from __future__ import annotations

from collections import deque
from threading import Lock

from lakegraph.graph.worker_process import Worker


class _Waiting:
    """A query that waits."""

    __slots__ = ("frame", "served", "snapshot", "taken", "worker")

    def __init__(self, frame: bytes, snapshot: str) -> None:
        self.frame = frame
        self.snapshot = snapshot
        self.worker: Worker | None = None
        self.taken = False
        self.served = Lock()
        self.served.acquire()


class Idle:
    """Brings both together, the first that came first.

    Whoever gives a worker back hands it the next query at once, before the thread that waits for that one's answer is
    even awake: so the worker is not idle meanwhile, and that thread mostly finds its answer ready. The worker that was
    used last is used first, because what it needs is in the processor's caches.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._workers: list[Worker] = []
        self._waiting: deque[_Waiting] = deque()

    def __len__(self) -> int:
        return len(self._workers)

    def hand_over(self, frame: bytes, snapshot: str, patience: float) -> tuple[Worker | None, bool]:
        """Hand a query to a worker.

        Args:
            frame: The query.
            snapshot: What it asks.
            patience: Seconds to wait for a worker.

        Returns:
            The worker, ``None`` when there was none in time; and whether it took the query.
        """
        with self._lock:
            worker = self._workers.pop() if self._workers else None
            if worker is None:
                waiting = _Waiting(frame, snapshot)
                self._waiting.append(waiting)
        if worker is not None:
            return worker, worker.hand(frame, snapshot)
        if not waiting.served.acquire(timeout=patience):
            with self._lock:
                if waiting in self._waiting:
                    self._waiting.remove(waiting)
                    return None, False
            waiting.served.acquire()  # somebody is just handing it over
        return waiting.worker, waiting.taken

    def give(self, worker: Worker) -> None:
        """A worker that has nothing to do."""
        with self._lock:
            if not self._waiting:
                self._workers.append(worker)
                return
            waiting = self._waiting.popleft()
        waiting.taken = worker.hand(waiting.frame, waiting.snapshot)  # not, where it died: who waits sees to it
        waiting.worker = worker
        waiting.served.release()

    def behind(self, snapshot: str) -> Worker | None:
        """A worker that waits and has not opened *snapshot*; to be given back."""
        with self._lock:
            for place, worker in enumerate(self._workers):
                if worker.snapshot != snapshot:
                    return self._workers.pop(place)
        return None
