"""How much of the query workers one caller may use: seconds of queries in a minute, by token or address."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from lakegraph.http.querylog import Asked, QueryLog
from lakegraph.http.refusals import TooManyQueriesError

_MINUTE = 60.0
_MOST_CALLERS = 10_000


class Quota:
    """Counts what callers use up. What was used comes back evenly, the whole allowance in a minute.

    Args:
        seconds: The allowance; 0 for no limit.
        clock: Gives seconds.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._used: dict[str, tuple[float, float]] = {}

    def check(self, who: str) -> None:
        """Refuse a query of somebody who has used everything up.

        Raises:
            TooManyQueriesError: With when to come again.
        """
        if not self._allowed or who not in self._used:
            return
        with self._lock:
            used = self._now_used(who)
        if used >= self._allowed:
            wait = math.ceil((used - self._allowed) * _MINUTE / self._allowed) + 1
            raise TooManyQueriesError(
                f"{who} has used the {self._allowed:g} seconds of queries that one caller has in a minute.",
                hint=f"Try again in {wait} seconds, or ask for less at once.",
                retry_after=wait,
            )

    def charge(self, who: str, seconds: float) -> None:
        """Count *seconds* of a query."""
        if not self._allowed:
            return
        with self._lock:
            if len(self._used) >= _MOST_CALLERS:
                self._used = {name: said for name, said in self._used.items() if self._now_used(name) > 0}
            self._used[who] = self._now_used(who) + seconds, self._clock()

    def _now_used(self, who: str) -> float:
        used, at = self._used.get(who, (0.0, 0.0))
        return max(0.0, used - (self._clock() - at) * self._allowed / _MINUTE)


class ChargingLog(QueryLog):
    """Charges for every query that ends, and hands it on to the log.

    Args:
        log: The log.
        quota: Where it is charged.
    """

    def __init__(self, log: QueryLog, quota: Quota) -> None:
        super().__init__()
        self._log = log
        self._quota = quota

    def add(self, asked: Asked) -> None:
        """Log one query."""
        self._quota.charge(asked.who, asked.seconds)
        self._log.add(asked)

    def close(self) -> None:
        """Close the log."""
        self._log.close()
