"""Random draws that come out the same for the same seed on every machine and Python version."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """Draws for one stream of records.

    Args:
        seed: The same seed draws the same.
    """

    def __init__(self, seed: int | str) -> None:
        # Only ``random()`` is promised to stay the same across versions of Python, so all else is made from it.
        self._random = Random(seed).random  # noqa: S311 - made-up data

    def chance(self, share: float) -> bool:
        """True in *share* of the cases."""
        return self._random() < share

    def number(self, below: int) -> int:
        """A whole number from 0, less than *below*."""
        return int(self._random() * below)

    def between(self, low: float, high: float) -> float:
        """A number from *low* to *high*."""
        return low + (high - low) * self._random()

    def one(self, items: Sequence[T]) -> T:
        """One of *items*, each as likely."""
        return items[int(self._random() * len(items))]

    def popular(self, items: Sequence[T]) -> T:
        """One of *items* with a heavy tail: the k-th is drawn in proportion to 1/k (Zipf's law)."""
        return items[int((len(items) + 1) ** self._random()) - 1]

    def recent(self, items: Sequence[T], window: int = 40) -> T:
        """One of the last *window* items."""
        return items[len(items) - 1 - int(self._random() * min(window, len(items)))]

    def some(self, items: Sequence[T], count: int) -> list[T]:
        """*count* different items, in their own order; all of them where there are not so many."""
        left, chosen = min(count, len(items)), []
        for position, item in enumerate(items):
            if self._random() * (len(items) - position) < left:
                chosen.append(item)
                left -= 1
        return chosen

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """*items* in another order (Fisher and Yates)."""
        deck = list(items)
        for last in range(len(deck) - 1, 0, -1):
            other = int(self._random() * (last + 1))
            deck[last], deck[other] = deck[other], deck[last]
        return deck

    def bits(self, count: int) -> int:
        """*count* random bits."""
        value = 0
        for _ in range(0, count, 32):
            value = value << 32 | int(self._random() * 2**32)
        return value & (1 << count) - 1

    def sha256(self) -> str:
        """What could be the checksum of a file."""
        return f"sha256:{self.bits(256):064x}"

    def seconds(self, mean: float) -> timedelta:
        """A length of time, whole seconds from 1, long ones rarer than short ones."""
        uniform = self._random()
        return timedelta(seconds=1 + int(mean * (uniform + uniform * uniform)))

    def run_id(self, moment: datetime) -> str:
        """A UUIDv7 (RFC 9562, section 5.7) of *moment*."""
        stamp = int(moment.timestamp() * 1000)
        value = stamp << 80 | 7 << 76 | self.bits(12) << 64 | 2 << 62 | self.bits(62)
        return str(uuid.UUID(int=value))
