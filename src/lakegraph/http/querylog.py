"""The query log: one JSON line for each asked query, written by a thread of its own so that no answer waits for it."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import NamedTuple

log = logging.getLogger("lakegraph.http.querylog")
_TEXT = 2048
"""Characters of a query that are kept; its hash stands for the rest."""
_ROTATE = 64 * 2**20
_PAUSE = 0.25
_WAITING = 100_000


class Asked(NamedTuple):
    """One query that ended.

    Attributes:
        id: The query's id, as ``Lake-Query`` told it; empty when it never ran.
        who: The token's user, or the address that it came from.
        text: The query.
        outcome: ``ok``, ``truncated``, ``gone`` (the client left) or an error's code.
        seconds: How long it took.
        size: Bytes of the answer, before compression.
        rows: Rows of the answer; in RDF statements, or subjects where they are written together. 0 where it broke off.
    """

    id: str
    who: str
    text: str
    outcome: str
    seconds: float
    size: int
    rows: int = 0


class QueryLog:
    """Writes to *file*; without one it keeps nothing.

    Args:
        file: Where; at 64 MiB it is moved to ``<file>.1``, in place of what was there.
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._waiting: deque[tuple[float, Asked]] = deque(maxlen=_WAITING)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        if file is not None:  # now: the threads that answer queries are held to one core, and so is what they start
            self._thread = threading.Thread(target=self._write_on, name="lakegraph-query-log", daemon=True)
            self._thread.start()
            atexit.register(self.close)

    def add(self, asked: Asked) -> None:
        """Log one query."""
        if self._file is None:
            return
        self._waiting.append((time.time(), asked))

    def close(self) -> None:
        """Write what waits, and end."""
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=5)

    def _write_on(self) -> None:
        while not self._stop.wait(_PAUSE):
            self._write()
        self._write()

    def _write(self) -> None:
        """Write what waits; a disk that refuses costs the log, not the service."""
        lines = []
        while self._waiting:
            lines.append(_line(*self._waiting.popleft()))
        if not lines or self._file is None:
            return
        try:
            # For the owner alone: queries tell what people look for.
            with open(self._file, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
                out.write("".join(lines).encode())
                full = out.tell() > _ROTATE
            if full:
                self._file.replace(self._file.with_name(self._file.name + ".1"))
        except OSError as error:
            log.warning("%d queries could not be logged: %s", len(lines), error)


def _line(when: float, asked: Asked) -> str:
    """A line, put together piece by piece: every query waits while it is made, for the interpreter."""
    # Escaped to ASCII: what stands in a query can neither end the line nor steer a terminal.
    id, who, text, outcome, seconds, size, rows = asked  # noqa: A001 - it is called so
    stamp = f"{_second(int(when))}.{int(when % 1 * 1000):03d}+00:00"
    hashed = sha256(text.encode("utf-8", "replace")).hexdigest()
    return (
        f'{{"time": "{stamp}", "id": {dumps(id)}, "who": {dumps(who)}, "outcome": {dumps(outcome)}, '
        f'"ms": {seconds * 1000:.2f}, "bytes": {size}, "rows": {rows}, '
        f'"sha256": "{hashed}", "query": {dumps(text[:_TEXT])}}}\n'
    )


@lru_cache(maxsize=2)
def _second(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S")
