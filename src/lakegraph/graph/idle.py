"""The workers that wait for a query, and the queries that wait for a worker."""

from __future__ import annotations

from collections import deque
from threading import Lock
from time import monotonic
from typing import Final

from lakegraph.graph.worker_process import Worker

_SMALL: Final = 8192
"""Bytes of a request that never fills a pipe, so that it can be written while others are kept out."""
_QUICK: Final = 0.02
"""Seconds in which a query is answered behind which another one may lie in the pipe."""
_IN_A_ROW: Final = 4
"""How many queries must have been quick before the next is trusted to be."""
_SLOW: Final = 0.025
"""Seconds after which a query that lies in a worker's pipe looks for another worker."""


class Waiting:
    """A query that waits."""

    __slots__ = ("behind", "frame", "served", "small", "snapshot", "taken", "worker")

    def __init__(self, frame: bytes, snapshot: str) -> None:
        self.frame = frame
        self.snapshot = snapshot
        self.small = len(frame) <= _SMALL
        self.behind: Worker | None = None
        """The worker in whose pipe it lies already, behind the query that this one answers."""
        self.worker: Worker | None = None
        self.taken = False
        self.served = Lock()
        self.served.acquire()


class Idle:
    """Brings both together, the first that came first.

    Whoever gives a worker back hands it the next query at once, before the thread that waits for that one's answer is
    even awake: so the worker is not idle meanwhile, and that thread mostly finds its answer ready. The worker that was
    used last is used first, because what it needs is in the processor's caches.

    While queries are quick, the next one is written into the pipe of a worker that still answers another, so that it
    goes on without being woken. It has not begun: when its worker is lost, or the query before it turns out slow, it is
    handed to another worker, and what the first one still says to it is passed over.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._workers: list[Worker] = []
        self._busy: list[Worker] = []  # those that may have a query more in their pipe
        self._waiting: deque[Waiting] = deque()
        self._quick = 0

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
                waiting = Waiting(frame, snapshot)
                self._waiting.append(waiting)
                self._queue_up()
            elif len(frame) <= _SMALL:
                return worker, self._begin(worker, frame, snapshot)
        if worker is not None:
            return worker, worker.hand(frame, snapshot)
        return self._wait(waiting, monotonic() + patience)

    def give(self, worker: Worker) -> None:
        """A worker that has nothing to do."""
        with self._lock:
            if worker in self._busy:
                now = monotonic()
                self._quick = self._quick + 1 if now - worker.began < _QUICK else 0
                worker.began = now
            # One that was idle and is given back as it was taken may have an answer to pass over still.
            worker.skip, worker.stale = worker.skip or worker.stale, False
            waiting, worker.next = worker.next, None
            if waiting is None:
                waiting = self._next(worker)
                if waiting is None:
                    return
            else:
                waiting.taken = True
            self._queue_up()
        if not waiting.small:
            waiting.taken = worker.hand(waiting.frame, waiting.snapshot)
        waiting.worker = worker
        waiting.served.release()

    def lost(self, worker: Worker) -> None:
        """A worker that takes no further query: what lies in its pipe is handed to another one."""
        with self._lock:
            if worker in self._busy:
                self._busy.remove(worker)
            waiting, worker.next = worker.next, None
            if waiting is None:
                return
            worker.stale = True
            if not self._again(waiting):
                return
        waiting.served.release()

    def behind(self, snapshot: str) -> Worker | None:
        """A worker that waits and has not opened *snapshot*; to be given back."""
        with self._lock:
            for place, worker in enumerate(self._workers):
                if worker.snapshot != snapshot:
                    return self._workers.pop(place)
        return None

    def _wait(self, waiting: Waiting, until: float) -> tuple[Worker | None, bool]:
        while not waiting.served.acquire(timeout=max(0.0, min(_SLOW, until - monotonic()))):
            with self._lock:
                if waiting.behind is not None and waiting.behind.next is waiting:
                    waiting.behind.next = None
                    waiting.behind.stale = True
                    if self._again(waiting):
                        break
                if monotonic() < until:
                    continue
                if waiting in self._waiting:
                    self._waiting.remove(waiting)
                    return None, False
            waiting.served.acquire()  # somebody is just handing it over
            break
        return waiting.worker, waiting.taken

    def _next(self, worker: Worker) -> Waiting | None:
        """Hand *worker* the query that waits longest; without one it waits itself."""
        if not self._waiting:
            if worker in self._busy:
                self._busy.remove(worker)
            self._workers.append(worker)
            return None
        waiting = self._waiting.popleft()
        if waiting.small:
            waiting.taken = self._begin(worker, waiting.frame, waiting.snapshot)
        elif worker in self._busy:
            self._busy.remove(worker)
        return waiting

    def _begin(self, worker: Worker, frame: bytes, snapshot: str) -> bool:
        """Hand a worker a query, behind which others may be put; whether it took it."""
        taken = worker.hand(frame, snapshot)  # not, where it died: who waits sees to it
        worker.began = monotonic()
        if taken and worker not in self._busy:
            self._busy.append(worker)
        return taken

    def _queue_up(self) -> None:
        """Write the queries that wait longest into the pipes of workers that are busy, one each."""
        if self._quick < _IN_A_ROW:
            return
        for worker in self._busy:
            if not self._waiting or not self._waiting[0].small:
                return
            waiting = self._waiting[0]
            if worker.next is None and not worker.stale and worker.hand(waiting.frame, waiting.snapshot):
                waiting.behind = worker
                worker.next = self._waiting.popleft()

    def _again(self, waiting: Waiting) -> bool:
        """Hand a query that lay in a pipe to an idle worker, or let it wait as the first; whether it was handed."""
        waiting.behind = None
        if not self._workers:
            self._waiting.appendleft(waiting)
            return False
        waiting.worker = self._workers.pop()
        waiting.taken = self._begin(waiting.worker, waiting.frame, waiting.snapshot)
        return True
