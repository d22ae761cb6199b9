"""How much a lake holds of what, for its VoID description: asked in a worker, and kept for a while."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from lakegraph import resources
from lakegraph.errors import LakegraphError
from lakegraph.http.served import Served

_AGE = 60.0
"""Seconds for which counts are given again although records came meanwhile."""
_JSON = "application/sparql-results+json"
Count = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """What a lake held at one moment.

    Attributes:
        seq: The journal entry up to which everything was counted.
        taken: When (ISO 8601).
        classes: Class IRIs and how many things there are of each; the most frequent first.
        properties: Property IRIs and how many statements there are of each.
    """

    seq: int
    taken: str
    classes: tuple[Count, ...]
    properties: tuple[Count, ...]


class Statistics:
    """Counts what a lake holds; one thread at a time, whatever is asked."""

    def __init__(self, lake: Served) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._counts: Counts | None = None
        self._until = 0.0

    def counts(self) -> Counts | None:
        """The counts, at most a minute behind; ``None`` where counting takes longer than a query may."""
        with self._lock:
            seq = self._lake.journal.last_seq
            current = self._counts is not None and self._counts.seq == seq
            if current or time.monotonic() < self._until:
                return self._counts
            taken = datetime.now(UTC).isoformat(timespec="seconds")
            try:
                self._counts = Counts(seq, taken, self._count("classes", seq), self._count("properties", seq))
            except LakegraphError:
                self._counts = None
            self._until = time.monotonic() + _AGE
            return self._counts

    def _count(self, what: str, min_seq: int) -> tuple[Count, ...]:
        stream = self._lake.sparql(
            resources.text(f"queries/internal/void-{what}.rq"), accept=lambda _: _JSON, min_seq=min_seq
        )
        found = json.loads(b"".join(stream))
        first, second = found["head"]["vars"]
        return tuple((row[first]["value"], int(row[second]["value"])) for row in found["results"]["bindings"])
