"""The answer of one asked query while a worker makes it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from copy import copy
from typing import Final, NoReturn

from lakegraph.errors import DeadlineError, LakegraphError, QueryError
from lakegraph.graph import frames
from lakegraph.graph.engine_errors import query_error
from lakegraph.graph.frames import CHUNK, RESPONSE
from lakegraph.graph.prepared import Prepared
from lakegraph.graph.snapshots import Snapshot
from lakegraph.graph.worker_process import Worker

_READ: Final = CHUNK + 4096
_END: Final = RESPONSE.size + frames.COUNT.size
_SMALL: Final = 8192
"""Bytes that are read at first; a small answer is no more."""


class QueryTooExpensiveError(QueryError):
    """The query needs more than one query may have."""

    code = "query-too-expensive"


class QueryCancelledError(LakegraphError):
    """The query was ended on request."""

    code = "query-cancelled"
    status = 409
    exit_code = 4


class NotBegunError(Exception):
    """The worker died of a query that stood before this one, so that this one can be handed to another."""


class Running:
    """The answer of a query, as it is made: an iterator of chunks of bytes, to be closed when it is not used up.

    The first chunk is there already; an error that shows before it is raised by :meth:`QueryService.run`.
    """

    __slots__ = (
        "_begun", "_buffer", "_done", "_ended", "_first", "_letting_go", "deadline", "id", "kind", "long", "media",
        "rows", "snapshot", "started", "text", "timeout", "truncated", "worker",
    )  # fmt: skip

    def __init__(self, id: str, asked: Prepared, snapshot: Snapshot) -> None:  # noqa: A002
        self.id = id
        self.text = asked.text
        self.kind = asked.kind
        """``select``, ``ask`` or ``construct``."""
        self.media = asked.form.media
        """The media type of the answer."""
        self.timeout = timeout = asked.timeout
        self.snapshot = snapshot
        self.started = time.time()
        self.deadline = time.monotonic() + timeout
        self.truncated = False
        """Whether something was left out; certain once the answer is used up."""
        self.rows = 0
        """How many rows it has, and in RDF statements or subjects; known once the answer is used up."""
        self.long = False
        """Whether it is among the long queries."""
        self._buffer = b""
        self._begun = False
        self._first: bytes | None = None
        self._done = False
        self._ended: LakegraphError | None = None

    def begin(self, worker: Worker, letting_go: Callable[[Running, bool], None]) -> None:
        """Take up the answer that *worker* was asked for, and wait for its first chunk.

        Args:
            worker: Who makes the answer.
            letting_go: Called once, when the answer is over, with whether the worker can be used again.

        Raises:
            LakegraphError: What came in place of the first chunk.
            NotBegunError: The worker died before it began with this query; the answer can be begun by another one.
        """
        self.worker, self._letting_go = worker, letting_go
        worker.running = self
        self._buffer, worker.left = worker.left, b""
        if worker.skip:
            self._pass_over()
        try:
            self._first = self._read()
        except BaseException:
            self.close()
            raise

    @property
    def whole(self) -> bytes | None:
        """The whole answer, where it came in one piece, as small ones do; ``None`` otherwise, or once it is begun."""
        return self._first if self._done and self._ended is None else None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._first is not None:
            first, self._first = self._first, None
            return first
        if self._done:
            if self._ended is not None:
                raise copy(self._ended)  # one that was raised holds this answer by its traceback, in a circle
            raise StopIteration
        chunk = self._read()
        if chunk is None:
            raise StopIteration
        return chunk

    def cancel(self) -> None:
        """End the query now; whoever reads its answer gets a :class:`QueryCancelledError`."""
        self._end(QueryCancelledError("The query was cancelled.", where=f"query {self.id}"))

    def close(self) -> None:
        """Give up what is left of the answer; a worker that is still making it is killed."""
        self._first = None
        if not self._done:
            self._end(QueryCancelledError("The answer was closed.", where=f"query {self.id}"))
            self._finish(usable=False)

    def overdue(self) -> None:
        """End the query because its time is up."""
        self._end(
            DeadlineError(
                f"The query was ended after {self.timeout:g} seconds.",
                where=f"query {self.id}",
                hint="Ask for less: begin with what is known (VALUES), and add LIMIT.",
            )
        )

    @property
    def begun(self) -> bool:
        """Whether something of the answer is there."""
        return self._begun

    def crowded_out(self, why: LakegraphError) -> None:
        """End the query because too many others take long."""
        self._end(why)

    def _end(self, why: LakegraphError) -> None:
        """Kill the worker, unless the query was finished meanwhile."""
        if self._done:
            return
        worker = self.worker
        with worker.lock:
            if worker.running is self and self._ended is None:
                self._ended = why
                worker.kill()

    def abandon(self) -> None:
        """Let go of worker and snapshot although nobody came for the end of the answer, or its error."""
        self._finish(usable=False)

    def _finish(self, *, usable: bool) -> None:
        """Let go of worker and snapshot."""
        with self.worker.lock:
            if self._done:
                return
            self._done = True
            self.worker.running = None
            self.worker.left = self._buffer
            usable = usable and self._ended is None
        self._letting_go(self, usable)

    def _read(self) -> bytes | None:
        """The next chunk; ``None`` at the end."""
        buffer = self._buffer
        while True:
            if len(buffer) >= RESPONSE.size:
                kind, flags, length = RESPONSE.unpack_from(buffer)
                stop = RESPONSE.size + length
                if len(buffer) >= stop:
                    body, buffer = buffer[RESPONSE.size : stop], buffer[stop:]
                    self._buffer = buffer
                    if kind == frames.DATA:
                        self._begun = True
                        self._peek()
                        return body
                    self._close(kind, flags, body)
                    return None
            more = self._received(_READ if buffer or self._begun else _SMALL) or self._died()
            buffer = buffer + more if buffer else more

    def _pass_over(self) -> None:
        """Read the answer to a query that was handed to another worker, which stands before this one's."""
        worker = self.worker
        while True:
            while len(self._buffer) < RESPONSE.size or len(self._buffer) < RESPONSE.size + self._length():
                more = self._received(_READ)
                if not more and self._ended is None:
                    worker.running = None
                    self._buffer = b""
                    raise NotBegunError
                self._buffer += more or self._died()
            kind = self._buffer[0]
            self._buffer = self._buffer[RESPONSE.size + self._length() :]
            if kind != frames.DATA:
                worker.skip = False
                return

    def _length(self) -> int:
        return int(RESPONSE.unpack_from(self._buffer)[2])

    def _received(self, size: int) -> bytes:
        """What comes next from the worker; nothing where it is dead."""
        try:
            return os.read(self.worker.descriptor, size)
        except OSError:
            return b""

    def _peek(self) -> None:
        """Finish at once when the end came with the last data, so that a slow client holds no worker."""
        buffer = self._buffer
        if len(buffer) >= _END and buffer[0] == frames.END:
            self._buffer = buffer[_END:]
            self._close(frames.END, buffer[1], buffer[RESPONSE.size : _END])

    def _close(self, kind: int, flags: int, body: bytes) -> None:
        if kind == frames.END:
            self.truncated = bool(flags & frames.TRUNCATED)
            (self.rows,) = frames.COUNT.unpack(body)
            self._finish(usable=not flags & frames.RETIRE)
            return
        self._finish(usable=flags != frames.INTERNAL)
        raise _reported(flags, body.decode("utf-8", "replace"))

    def _died(self) -> NoReturn:
        """Raise what ended the worker: a deadline, a cancellation, or its own limits."""
        worker, ended = self.worker, self._ended
        self._finish(usable=False)
        if ended is not None:
            raise copy(ended)
        status = worker.process.wait()
        name = signal.Signals(-status).name if status < 0 else f"status {status}"
        raise QueryTooExpensiveError(
            f"The query was ended because it needed more memory than one query may have, or broke the engine ({name}).",
            where=f"query {self.id}",
            hint="Ask for less at once: fewer rows to sort or to put together, less deeply nested.",
        )


def _reported(kind: int, message: str) -> LakegraphError:
    if kind == frames.SYNTAX:
        return query_error(message)
    if kind == frames.INTERNAL:
        return QueryTooExpensiveError(f"The query could not be finished: {message}.")
    return QueryError(f"The query failed: {message}.")
