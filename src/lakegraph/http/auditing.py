"""An audit as lines of JSON, sent while it runs: it takes minutes, and whoever asked must see that it lives."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any

from lakegraph.errors import LakegraphError
from lakegraph.http.served import Served

_EVERY = 1.0
"""Seconds between two lines that only say how far it is."""


class _GivenUp(Exception):
    """Nobody reads any more."""


class Auditing:
    """The lines of one audit: ``step``, ``done`` and ``of``; or a finding; or ``findings``, their number, at the end.

    Args:
        lake: The lake.

    Raises:
        LakeBusyError: It is being audited already.
    """

    def __init__(self, lake: Served) -> None:
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue(maxsize=1000)
        self._given_up = threading.Event()
        self._told = 0.0
        self._begun = threading.Event()
        self._refused: LakegraphError | None = None
        threading.Thread(target=self._run, args=(lake,), name="lakegraph-audit", daemon=True).start()
        self._begun.wait()
        if self._refused is not None:
            raise self._refused

    def __iter__(self) -> Iterator[bytes]:
        while (line := self._lines.get()) is not None:
            yield json.dumps(line, ensure_ascii=False).encode() + b"\n"

    def close(self) -> None:
        """Give it up, if it still runs."""
        self._given_up.set()

    def _run(self, lake: Served) -> None:
        count = 0
        try:
            for finding in lake.audit(self._progress):
                count += 1
                self._put({"part": finding.part, "where": finding.where, "message": finding.message})
            self._put({"findings": count})
        except _GivenUp:
            pass
        except LakegraphError as error:
            if self._begun.is_set():
                self._put({"status": error.status, **error.as_dict()})
            else:
                self._refused = error
        finally:
            self._begun.set()
            self._lines.put(None)

    def _progress(self, what: str, done: int, total: int) -> None:
        if self._given_up.is_set():
            raise _GivenUp
        if not self._begun.is_set() or time.monotonic() > self._told + _EVERY:
            self._told = time.monotonic()
            self._put({"step": what, "done": done, "of": total})
            self._begun.set()

    def _put(self, line: dict[str, Any]) -> None:
        while True:
            if self._given_up.is_set():
                raise _GivenUp
            try:
                self._lines.put(line, timeout=_EVERY)
            except queue.Full:
                continue
            return
