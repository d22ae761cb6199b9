"""A memory of bounded size that forgets what was not asked for of late."""

from __future__ import annotations

from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(dict[Key, Value]):
    """Keeps the last *most* entries at least, twice as many at most; the dictionary itself is the newer half.

    Two dictionaries instead of a list in order of use: a look-up costs one look into a dictionary, and nothing is moved
    but what was not asked for since the older one was the newer one.

    Args:
        most: How many entries are kept at least.
    """

    __slots__ = ("_most", "_old")

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._old: dict[Key, Value] = {}

    def find(self, key: Key) -> Value | None:
        """What is remembered of *key*; ``get`` finds only what was asked for of late."""
        found = self.get(key)
        if found is None and self._old:
            found = self._old.pop(key, None)
            if found is not None:
                self.keep(key, found)
        return found

    def keep(self, key: Key, value: Value) -> None:
        """Remember *value* of *key*, in place of what was known."""
        if len(self) >= self._most:
            self._old = dict(self)
            super().clear()
        self[key] = value

    def drop(self, key: Key) -> None:
        """Forget *key*."""
        self.pop(key, None)
        self._old.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        super().clear()
        self._old.clear()

    @property
    def size(self) -> int:
        """How many entries are remembered."""
        return len(self) + len(self._old)
