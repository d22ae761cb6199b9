"""The workers: started ahead of need, lent out one query at a time, killed and replaced."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from lakegraph.errors import ForbiddenError, LakeBusyError, StorageError
from lakegraph.graph.idle import Idle
from lakegraph.graph.worker_process import START_SECONDS, Worker, readable

log = logging.getLogger("lakegraph.graph.pool")

TICK: Final = 0.05
"""Seconds between two looks at deadlines while queries run."""
_DOZE: Final = 5.0
_TRIES: Final = 3
_REST: Final = 5.0
"""Seconds after which a worker that waits for a long query closes its store."""


class Pool:
    """Keeps *size* workers ready.

    One thread of its own starts them all, because the kernel kills them when the thread that started them ends, and
    looks after deadlines and snapshots.

    Args:
        size: How many queries run at once.
        memory: Bytes of address space of each worker.
        tick: Called about every ``TICK`` seconds while queries run; returns whether any does.
        prepared: The snapshot that idle workers should have open ("" for none).

    Raises:
        StorageError: No worker comes up.
    """

    def __init__(self, size: int, memory: int, *, tick: Callable[[], bool], prepared: Callable[[], str]) -> None:
        self._size = size
        self._memory = memory
        self._tick = tick
        self._prepared = prepared
        self._idle = Idle()
        self._workers: set[Worker] = set()
        self._starting: list[Worker] = []
        self._long: set[Worker] = set()
        self._spare: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._spare_wanted = False  # not before a query turned out to be long
        self._waiting = 0  # who wait for a spare worker
        self._counting = threading.Lock()
        self._lent: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._discarded: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        self._specials = threading.BoundedSemaphore(size)
        self._failures = 0
        self._last_failure = 0.0
        self._up = threading.Event()
        self._closing = False
        self._dozing = False
        self._woken, self._waker = os.pipe()
        self.sandboxed = False
        """Whether workers are denied sockets."""
        self._thread = threading.Thread(target=self._supervise, name="lakegraph-workers", daemon=True)
        self._thread.start()
        if not self._up.wait(START_SECONDS) or not self._workers:
            self.close()
            raise StorageError(
                "No query worker could be started.", where=sys.executable, hint="Is there enough memory for one?"
            )

    def hand_over(self, frame: bytes, snapshot: str, patience: float) -> Worker:
        """Hand a query to a worker; :meth:`give` or :meth:`discard` it afterwards.

        One that died while it was idle is replaced without anybody noticing.

        Args:
            frame: The query.
            snapshot: What it asks.
            patience: Seconds to wait for a worker.

        Raises:
            LakeBusyError: All of them are taken.
        """
        for _ in range(self._size + 1):
            worker, taken = self._idle.hand_over(frame, snapshot, patience)
            if worker is None:
                raise LakeBusyError(
                    f"All {self._size} query workers are busy.", hint="Try again in a few seconds."
                ) from None
            if taken:
                return worker
            self.discard(worker)
        raise LakeBusyError("The query workers died.", hint="Try again in a few seconds.")

    def spare(self, frame: bytes, snapshot: str, patience: float) -> Worker:
        """Hand a query that is known to take long to a worker of its own, at a lower priority from its start.

        Args:
            frame: The query.
            snapshot: What it asks.
            patience: Seconds to wait for one.

        Raises:
            LakeBusyError: None came up in that time.
        """
        for _ in range(_TRIES):
            worker = self._spare_worker(patience)
            if worker is None:
                break
            if worker.hand(frame, snapshot):
                return worker
            self.discard(worker)
        raise LakeBusyError("No worker for a long query came up.", hint="Try again in a few seconds.")

    def _spare_worker(self, patience: float) -> Worker | None:
        with contextlib.suppress(queue.Empty):
            return self._spare.get_nowait()
        with self._counting:
            self._waiting += 1
        self.wake()
        try:
            return self._spare.get(timeout=patience)
        except queue.Empty:
            return None
        finally:
            with self._counting:
                self._waiting -= 1

    def special(self, ports: Sequence[int], frame: bytes, snapshot: str) -> Worker:
        """A worker of its own for a query that calls services, which was handed to it.

        Args:
            ports: The TCP ports that it may connect to.
            frame: The query.
            snapshot: What it asks.

        Raises:
            ForbiddenError: This machine cannot hold a worker to those ports.
            LakeBusyError: As many as may run at once are running.
        """
        if not self._specials.acquire(blocking=False):
            raise LakeBusyError("All workers for federated queries are busy.", hint="Try again in a few seconds.")
        worker = Worker(self._memory, ports)
        if worker.greet() and worker.sandboxed and worker.hand(frame, snapshot):
            return worker
        self.discard(worker)
        raise ForbiddenError(
            "SERVICE is off: a query cannot be held to the local broker on this machine.",
            hint="It needs Linux 6.7 or later with Landlock, on x86_64 or aarch64.",
        )

    def give(self, worker: Worker) -> None:
        """Take back a worker that waits for its next query; one that was lent waits for a long one."""
        if worker.lent and not worker.stale and self._spare.empty():
            worker.idle = time.monotonic()
            self._spare.put(worker)
        elif worker.once or worker.lent:
            self.discard(worker)
        else:
            self._idle.give(worker)

    def lend(self, worker: Worker) -> None:
        """Leave a worker to the long query that it answers, at a lower priority, and have another one started."""
        worker.lent = True
        self._idle.lost(worker)
        worker.yield_to_others()
        self._lent.put(worker)
        self._spare_wanted = True
        self.wake()

    def discard(self, worker: Worker) -> None:
        """Kill a worker and have another one started."""
        worker.kill()
        self._idle.lost(worker)
        if worker.once:
            self._specials.release()
        self._discarded.put(worker)
        self.wake()

    def wake(self) -> None:
        """Have the supervisor look at once, if it sleeps for long."""
        if self._dozing or self._closing:
            with contextlib.suppress(OSError):
                os.write(self._waker, b"!")

    def close(self) -> None:
        """Kill every worker; queries that run end with an error."""
        if self._closing:
            return
        self._closing = True
        self.wake()
        if self._thread is not threading.current_thread():
            self._thread.join()
        os.close(self._waker)
        os.close(self._woken)

    def _supervise(self) -> None:
        try:
            while not self._closing:
                try:
                    self._look()
                except Exception:
                    log.exception("looking after the query workers failed; going on")
                    time.sleep(TICK)
        finally:
            for worker in (*self._workers, *self._long, *self._starting):
                worker.kill()
                worker.process.wait()

    def _look(self) -> None:
        """One round: replace workers, check deadlines, prepare the idle ones, and sleep."""
        self._reap()
        self._start()
        self._dozing = True  # before the look at what runs: a query that begins after it wakes this thread
        busy = self._tick() or bool(self._starting)
        self._dozing = not busy
        self._advance()
        self._rest()
        self._wait(TICK if busy else _DOZE)

    def _reap(self) -> None:
        while not self._lent.empty():
            worker = self._lent.get()
            self._workers.discard(worker)
            self._long.add(worker)
        while not self._discarded.empty():
            worker = self._discarded.get()
            self._workers.discard(worker)
            self._long.discard(worker)
            worker.process.wait()

    def _start(self) -> None:
        """Start what is missing; after workers that did not come up, more and more slowly."""
        for worker in [w for w in self._starting if time.monotonic() - w.born > START_SECONDS]:
            self._starting.remove(worker)
            self._lost(worker)
        if self._failures and time.monotonic() - self._last_failure < min(self._failures, 10):
            return
        while True:
            spares = sum(worker.lent for worker in self._starting)
            short = len(self._workers) + len(self._starting) - spares < self._size
            # One at a lower priority, at work or not, is enough until somebody waits: starting another while a long
            # query runs takes the processor from it for a quarter of a second.
            wanted = max(self._waiting, self._spare_wanted and not self._long)
            if not short and self._spare.qsize() + spares >= wanted:
                return
            try:
                worker = Worker(self._memory)
            except OSError as error:
                log.warning("a query worker could not be started: %s", error)
                self._failed()
                return
            if not short:
                worker.lent = True
                worker.yield_to_others()
            self._starting.append(worker)

    def _failed(self) -> None:
        self._failures += 1
        self._last_failure = time.monotonic()
        if self._failures >= _TRIES and not self._workers:
            self._up.set()  # there is no point in waiting on

    def _lost(self, worker: Worker) -> None:
        worker.kill()
        worker.process.wait()
        self._failed()

    def _rest(self) -> None:
        """Have a worker for long queries close its store once it has waited for a while.

        It may wait for days, and would hold files that were merged long ago, on the disk and their blocks in memory.
        """
        with contextlib.suppress(queue.Empty):
            worker = self._spare.get_nowait()
            if worker.snapshot and time.monotonic() - worker.idle > _REST and not worker.prepare(""):
                self.discard(worker)
            else:
                self._spare.put(worker)

    def _wait(self, seconds: float) -> None:
        """Sleep, but greet workers that come up, and end when woken."""
        starting = {w.descriptor: w for w in self._starting}
        ready = readable([self._woken, *starting], seconds)
        self._dozing = False
        for descriptor in ready:
            if descriptor == self._woken:
                os.read(self._woken, 4096)
                continue
            worker = starting[descriptor]
            self._starting.remove(worker)
            if not worker.greet():
                self._lost(worker)
                continue
            self._failures = 0
            self.sandboxed = worker.sandboxed
            if worker.lent:
                self._long.add(worker)
                self._spare.put(worker)
                continue
            self._workers.add(worker)
            self.give(worker)
            self._up.set()

    def _advance(self) -> None:
        """Let one idle worker that has an older snapshot open the current one, before a query has to wait for it."""
        snapshot = self._prepared()
        if not snapshot:
            return
        worker = self._idle.behind(snapshot)
        if worker is None:
            return
        if worker.prepare(snapshot):
            self.give(worker)
        else:
            self.discard(worker)
