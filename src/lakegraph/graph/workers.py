"""Asked SPARQL: guarded, run by a worker on a snapshot, streamed, and ended at its deadline whatever it does."""

from __future__ import annotations

import itertools
import logging
import secrets
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from lakegraph.errors import ForbiddenError, SettingsError, StorageError
from lakegraph.graph import frames
from lakegraph.graph.formats import FORMATS
from lakegraph.graph.frames import Manner
from lakegraph.graph.guard import Form, Limits, inspect_query
from lakegraph.graph.kept import Answers, Kept
from lakegraph.graph.long_queries import LONG, LongQueries
from lakegraph.graph.pool import Pool
from lakegraph.graph.prepared import Prepared, format_for, lines
from lakegraph.graph.running import NotBegunError, Running
from lakegraph.graph.snapshots import Snapshot, SnapshotKeeper
from lakegraph.graph.worker_process import Worker

log = logging.getLogger("lakegraph.graph.workers")

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_LEAST_MEMORY: Final = 288 * 2**20  # an idle worker with a store open maps 264 MB and uses 28 (measured)
_ABANDONED: Final = 5.0
"""Seconds after its deadline at which an answer that nobody reads any more lets go of its worker and snapshot."""


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What one query may cost.

    Args:
        workers: How many short ones run at once, and how many long ones beside them.
        memory: Bytes of address space of each.
        rows: The most rows of one answer; 0 for any number.
        size: The most bytes of one answer; 0 for any number.
        patience: Seconds that a query waits for a free worker.
        text: How large a query may be.
    """

    workers: int = 4
    memory: int = 2 * 2**30
    rows: int = 0
    size: int = 0
    patience: float = 0.5
    text: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class QueryInfo:
    """A query that runs: id, text, form, when it began (seconds since the epoch), and seconds until its deadline."""

    id: str
    text: str
    kind: Form
    started: float
    remaining: float


class QueryService:
    """Runs the queries that people send. It is owned by the serving process and safe to use from its threads.

    Args:
        snapshots: What the queries read.
        limits: What one query may cost.

    Raises:
        SettingsError: The limits leave a worker too little memory.
        StorageError: No snapshot can be taken, or no worker comes up.
    """

    def __init__(self, snapshots: SnapshotKeeper, limits: WorkerLimits | None = None) -> None:
        self._snapshots = snapshots
        self._limits = limits or WorkerLimits()
        if self._limits.memory < _LEAST_MEMORY:
            raise SettingsError(
                f"A query worker needs at least {_LEAST_MEMORY >> 20} MiB of address space.",
                hint="Set limits.query_memory higher; most of it is only reserved, not used.",
            )
        self._running: dict[str, Running] = {}
        self._answers = Answers()
        self._long = LongQueries(self._limits.workers)
        self._numbers = itertools.count(1)
        self._latest = self._looked = 0
        self._run = secrets.token_hex(4)
        self._due = threading.Event()
        self._closed = False
        snapshots.release(snapshots.acquire())
        self._pool = Pool(self._limits.workers, self._limits.memory, tick=self._tick, prepared=self._prepared)
        self._keeping = threading.Thread(target=self._keep, name="lakegraph-snapshots", daemon=True)
        self._keeping.start()

    @property
    def sandboxed(self) -> bool:
        """Whether workers are denied sockets; where they are not, no query with SERVICE is run."""
        return self._pool.sandboxed

    def prepare(
        self,
        text: str,
        *,
        accept: Callable[[Form], str],
        timeout: float,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        allowed_services: Collection[str] = (),
        base: str = "",
        union: bool = True,
        limits: Limits | None = None,
    ) -> Prepared:
        """Inspect a query and make it ready for :meth:`start`.

        Args:
            text: SPARQL, as it was sent.
            accept: Gives name or media type of the answer's syntax for the query's form; see :func:`format_for`.
            timeout: Seconds after which it is ended.
            default_graphs: IRIs of the protocol's ``default-graph-uri``. With these or the next, they are the dataset;
                otherwise FROM in the text is; otherwise the default graph is the union of all graphs.
            named_graphs: IRIs of ``named-graph-uri``.
            allowed_services: IRIs that SERVICE may name; each must be the local broker's.
            base: What relative IRIs are resolved against.
            union: Whether the default graph is the union of all graphs, where nothing else is said.
            limits: How large the text may be, where that is not what is set for all.

        Raises:
            QueryError: It is malformed or refused; ``where`` gives line and column.
            ForbiddenError: It calls a service that may not be called.
        """
        bounds = limits or self._limits.text
        if default_graphs or named_graphs:
            bounds = replace(bounds, free_paths=True)  # who names graphs bounds what a path can visit
        seen = inspect_query(text, services=allowed_services, limits=bounds)
        index = format_for(seen.form, accept(seen.form))
        given = (lines(default_graphs), lines(named_graphs)) if default_graphs or named_graphs else ()
        flags = frames.DATASET if given else 0 if seen.dataset or not union else frames.UNION
        caps = self._limits.rows, self._limits.size
        manner = _encoded(Manner(index, flags, *caps, int(timeout) + 1, base, *given))
        return Prepared(text, seen.form, FORMATS[index], timeout, seen.services, frames.asking(manner, text))

    def reworded(self, asked: Prepared, text: str, limits: Limits) -> Prepared:
        """*asked* with another text, such as one in which the calls of services have been answered.

        Raises:
            QueryError: The text is malformed or beyond the limits.
            ForbiddenError: It still calls a service.
        """
        seen = inspect_query(text, limits=limits)
        body = frames.asking(frames.manner_of(asked.body), text)
        return asked._replace(text=text, services=seen.services, body=body)

    def start(self, asked: Prepared, *, min_seq: int | None = None, store: Path | None = None) -> Running | Kept:
        """Begin to answer a query.

        Args:
            asked: The query.
            min_seq: An entry of the journal that the answer must take into account.
            store: The directory of another store than the lake's to read; it stays until the answer is read.

        Returns:
            The answer, of which the first chunk is ready; or one that was given a moment ago and still holds.

        Raises:
            QueryError: It is malformed (``where`` gives line and column), or failed.
            QueryTooExpensiveError: It ran out of memory.
            DeadlineError: It gave nothing before its deadline.
            LakeBusyError: Every worker is busy, or the entry *min_seq* is not in the graph yet.
        """
        if store:
            return self._begin(asked, Snapshot(store, 0, 0, time.monotonic()))
        snapshot = self._snapshots.acquire(min_seq)
        if (found := self._answers.find(asked, snapshot)) is not None:
            self._snapshots.release(snapshot)
            return Kept(f"{self._run}-{next(self._numbers)}", asked, snapshot, *found)
        running = self._begin(asked, snapshot)
        self._answers.keep(asked, running)
        return running

    def _begin(self, asked: Prepared, snapshot: Snapshot) -> Running:
        number = self._latest = next(self._numbers)
        id = f"{self._run}-{number}"  # noqa: A001 - it is called so
        known = self._long.known(asked.text)
        try:
            if known and not self._long.enter(id, asked.text):
                raise self._long.busy()
            worker = self._hand_over(asked, snapshot, long=known)
        except BaseException:
            self._snapshots.release(snapshot)
            self._long.leave(id, asked.text, LONG)
            raise
        running = Running(id, asked, snapshot)
        running.worker = worker
        self._running[id] = running
        if known:
            self._lengthen(running)
        self._pool.wake()
        try:
            running.begin(worker, self._let_go)
        except NotBegunError:
            return self._begin_again(running, asked)
        return running

    def _begin_again(self, running: Running, asked: Prepared) -> Running:
        """Hand a query that a dead worker had not begun to another one."""
        while True:
            self._pool.discard(running.worker)
            try:
                worker = self._hand_over(asked, running.snapshot, long=False)
            except BaseException:
                self._running.pop(running.id, None)
                self._snapshots.release(running.snapshot)
                raise
            with suppress(NotBegunError):
                running.begin(worker, self._let_go)
                return running

    def run(self, text: str, *, format: str, min_seq: int | None = None, **options: Any) -> Running:  # noqa: A002
        """:meth:`prepare` and :meth:`start` a query at once, whatever was answered before.

        Args:
            text: SPARQL, as it was sent.
            format: Name or media type of the answer's syntax, fit for the query's form.
            min_seq: See :meth:`start`.
            options: See :meth:`prepare`.
        """
        asked = self.prepare(text, accept=lambda _: format, **options)
        return self._begin(asked, self._snapshots.acquire(min_seq))

    def _lengthen(self, running: Running) -> None:
        """Move a query beside the workers for short ones, among which another worker takes the place of its own."""
        running.long = True
        if not (running.worker.once or running.worker.lent):
            self._pool.lend(running.worker)

    def _let_go(self, running: Running, usable: bool) -> None:
        self._running.pop(running.id, None)
        if running.long:
            self._long.leave(running.id, running.text, time.time() - running.started)
        self._snapshots.release(running.snapshot)
        if usable:
            self._pool.give(running.worker)
        else:
            self._pool.discard(running.worker)

    def _hand_over(self, asked: Prepared, snapshot: Snapshot, *, long: bool) -> Worker:
        """Give a query to a worker."""
        frame = frames.framed(snapshot.name, asked.body)
        if asked.services:
            return self._pool.special(_broker_ports(asked.services), frame, snapshot.place)
        hand_over = self._pool.spare if long else self._pool.hand_over
        return hand_over(frame, snapshot.place, self._limits.patience)

    def list(self) -> list[QueryInfo]:
        """The queries that run now, oldest first."""
        now = time.monotonic()
        return [QueryInfo(r.id, r.text, r.kind, r.started, r.deadline - now) for r in list(self._running.values())]

    def cancel(self, id: str) -> bool:  # noqa: A002 - it is called so
        """End a query; whether it was running."""
        running = self._running.get(id)
        if running is None:
            return False
        running.cancel()
        return True

    def close(self) -> None:
        """End every query and every worker, and remove the snapshots."""
        if self._closed:
            return
        self._closed = True
        for running in list(self._running.values()):
            running.cancel()
        self._pool.close()
        self._due.set()
        self._keeping.join()
        self._snapshots.close()

    def _keep(self) -> None:
        """Renew snapshots, in a thread of its own: writing out what is new may take longer than deadlines can wait."""
        while True:
            self._due.wait()
            if self._closed:
                return
            self._due.clear()
            try:
                self._snapshots.upkeep()
            except StorageError as error:
                # Whoever needs a newer snapshot meets the error itself.
                log.warning("no new snapshot for queries: %s", error)

    def _prepared(self) -> str:
        current = self._snapshots.current
        return current.place if current else ""

    def _tick(self) -> bool:
        """Look after deadlines and snapshots; whether anything was asked since the last look."""
        now = time.monotonic()
        for running in list(self._running.values()):
            if now >= running.deadline:
                running.overdue()
            elif not running.long and now >= running.deadline - running.timeout + LONG:
                self._found_long(running)
            if now >= running.deadline + _ABANDONED:
                running.abandon()
        if self._snapshots.due:
            self._due.set()
        latest = self._latest
        asked, self._looked = latest != self._looked, latest
        return asked or bool(self._running)

    def _found_long(self, running: Running) -> None:
        if self._long.enter(running.id, running.text, begun=running.begun):
            self._lengthen(running)
            if running.id not in self._running:  # it ended meanwhile
                self._long.leave(running.id, running.text, LONG)
        else:
            running.crowded_out(self._long.busy())


@lru_cache(maxsize=64)
def _encoded(manner: Manner) -> bytes:
    """Most queries are to be answered in one of a few ways."""
    return manner.encode()


def _broker_ports(services: Sequence[str]) -> list[int]:
    """The loopback ports that the services of a query stand for; a worker reaches nothing but the local broker."""
    ports = []
    for service in services:
        parts = urlsplit(service)
        if parts.scheme != "http" or parts.hostname not in _LOOPBACK or not parts.port:
            raise ForbiddenError(
                f"The service <{service}> is not the local broker's.", hint="Queries call other lakes through it."
            )
        ports.append(parts.port)
    return sorted(set(ports))
