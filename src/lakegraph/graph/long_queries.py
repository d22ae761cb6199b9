"""Keeps long queries out of the way of short ones: few run at once, beside the workers for the short ones."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from lakegraph.errors import LakeBusyError

LONG: Final = 0.25
"""Seconds after which a query counts as long."""
_KNOWN: Final = 512
_LONGEST_TEXT: Final = 64 * 1024


class LongQueries:
    """The long queries that run, and the texts that turned out to be long.

    A query is short until it has run for ``LONG`` seconds. From then on it stands in a lane of its own, beside the
    workers for short ones, at a lower priority. A text that was long before goes there at once, so that somebody who
    asks it over and over, or ten who do, takes nothing from the others.

    Args:
        most: How many long ones run at once; as many again that have begun to answer are let go on, rather than broken
            off in the middle.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: set[str] = set()
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def known(self, text: str) -> bool:
        """Whether *text* was long when it ran the last time."""
        return text in self._known

    def enter(self, id: str, text: str, *, begun: bool = False) -> bool:  # noqa: A002 - the query's id is called so
        """Count a query among the long ones; whether there is room for it.

        Args:
            id: The query's.
            text: Its text, which is remembered.
            begun: Whether something of its answer is sent already.
        """
        with self._lock:
            if len(text) <= _LONGEST_TEXT:
                self._known[text] = None
                self._known.move_to_end(text)
                if len(self._known) > _KNOWN:
                    self._known.popitem(last=False)
            if len(self._running) >= self._most * (1 + begun):
                return False
            self._running.add(id)
            return True

    def leave(self, id: str, text: str, seconds: float) -> None:  # noqa: A002
        """A query that entered has ended after *seconds*; one that was quick after all is forgotten."""
        with self._lock:
            self._running.discard(id)
            if seconds < LONG:
                self._known.pop(text, None)

    def busy(self) -> LakeBusyError:
        """What a query is told for which there is no room."""
        return LakeBusyError(
            f"This query takes long, and {self._most} long queries run already.",
            hint="Try again in a few seconds, or ask for less at once.",
        )
