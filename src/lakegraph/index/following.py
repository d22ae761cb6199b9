"""The index follows: what records say is handed to it, and it catches up before anybody looks (decision 11)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from threading import RLock
from typing import Final

from lakegraph.errors import LakegraphError
from lakegraph.index.answers import Fragment
from lakegraph.index.projection import Index

WAITING: Final = 4
"""How many records wait until the index takes them in. One by one they cost it 1.03 ms each, four together 0.74, 32
together 0.58 (measured on a slow day); and all others wait meanwhile, 3 ms for four."""
TAKEN: Final = 256
"""How many it takes in before it makes them durable, which takes 4 ms, and 100 when pages are copied back."""


class FollowingIndex:
    """An index that is allowed to be behind while nobody asks it. Any thread may call.

    Args:
        index: The index.
    """

    def __init__(self, index: Index) -> None:
        self._index = index
        self._waiting: list[Fragment] = []
        self._taken: list[Fragment] = []
        """What the index has taken in and may yet undo, all at once."""
        self._turn = RLock()

    @property
    def last_seq(self) -> int:
        """The last journal entry that readers see."""
        return self._index.last_seq

    def hand(self, fragments: Sequence[Fragment]) -> None:
        """Hand it what entries say, in their order.

        Raises:
            StorageError: The disk refused what waited; it goes on waiting.
        """
        with self._turn:
            self._waiting += fragments
            if len(self._waiting) >= WAITING:
                self._take(TAKEN)

    def caught_up(self) -> Index:
        """The index, with everything that was handed over.

        Raises:
            StorageError: The disk refused; what it refused goes on waiting.
        """
        with self._turn:
            self._take(0)
        return self._index

    def forget(self) -> None:
        """Forget what waits, to apply it from the journal instead."""
        with self._turn:
            self._waiting.clear()
            self._taken.clear()
            with suppress(LakegraphError):  # it is all undone then
                self._index.keep()

    def close(self) -> None:
        """Write out what waits, and close the index."""
        with suppress(LakegraphError):  # the journal has it; the next opening applies it
            self.caught_up()
        self._index.close()

    def _take(self, most: int) -> None:
        """Let the index take in what waits, and make it durable once that is more than *most*."""
        try:
            if self._waiting:
                self._index.take(self._waiting)
                self._taken += self._waiting
                self._waiting.clear()
            if len(self._taken) > most:
                self._index.keep()
                self._taken.clear()
        except BaseException:
            self._waiting[:0] = self._taken
            self._taken.clear()
            raise
