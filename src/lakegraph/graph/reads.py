"""What was lately read about a subject, remembered until a write speaks of that subject.

The gate reads the same datasets, programs and people for record after record: 80 to 250 µs each from disk (measured on
subjects of 4 to 26 statements), under 1 µs from here; forgetting costs 25 µs per written record.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from lakegraph.graph.protocol import Change
from lakegraph.graph.update_text import subjects_of

_SUBJECTS = 20_000
_STATEMENTS = 200  # a hub with more is read anew each time: memory stays bounded, and such subjects change often
_FORGET_ALL = 50  # above so many changes, what they speak of is most of what is remembered

Pairs = tuple[tuple[str, str], ...]


class ReadCache:
    """Statements by subject. Safe to use from many threads beside one writer."""

    def __init__(self) -> None:
        self._pairs: dict[str, Pairs] = {}
        self._lock = Lock()
        self.generation = 0
        """Grows with every write; read it before reading the store."""

    def get(self, subject: str) -> Pairs | None:
        """Predicate and object of every statement about *subject*, when they are remembered."""
        return self._pairs.get(subject)

    def put(self, subject: str, pairs: Pairs, generation: int) -> None:
        """Remember *pairs*, unless something was written since *generation*."""
        if len(pairs) > _STATEMENTS:
            return
        with self._lock:
            if generation == self.generation:
                if len(self._pairs) >= _SUBJECTS:
                    self._pairs.clear()
                self._pairs[subject] = pairs

    def forget(self, changes: Sequence[Change]) -> None:
        """Forget what *changes* may have altered; call it after they were written, whether or not that succeeded."""
        with self._lock:
            self.generation += 1
            if not self._pairs:
                return
            if len(changes) > _FORGET_ALL or any(c.drop for c in changes):
                self._pairs.clear()
                return
            for subject in subjects_of(text for c in changes for text in (c.add, c.remove) if text):
                self._pairs.pop(subject.decode(), None)
