"""Small answers that were given a moment ago, for whoever asks the same of the same state of the graph."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from threading import Lock
from typing import Final

from lakegraph.graph.prepared import Prepared
from lakegraph.graph.running import Running
from lakegraph.graph.snapshots import Snapshot

_MOST: Final = 512
_LARGEST: Final = 8192
_NOTED: Final = 4096


class Kept:
    """An answer that is whole already; it is read as one that is being made is."""

    __slots__ = ("_left", "id", "kind", "media", "rows", "snapshot", "text", "truncated")

    def __init__(self, id: str, asked: Prepared, snapshot: Snapshot, body: bytes, rows: int) -> None:  # noqa: A002
        self.id = id
        self.text = asked.text
        self.kind = asked.kind
        self.media = asked.media
        self.snapshot = snapshot
        self.truncated = False
        self.rows = rows
        self._left: bytes | None = body

    @property
    def whole(self) -> bytes | None:
        """The whole answer, until it is read."""
        return self._left

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        left, self._left = self._left, None
        if left is None:
            raise StopIteration
        return left

    def close(self) -> None:
        """Nothing is left to give up."""
        self._left = None


class Answers:
    """Keeps the last small answers, each for as long as the snapshot that it was read from is the current one.

    An answer is kept when it is asked for a second time, so that questions which nobody repeats, however many, push out
    none that somebody does, and cost nothing.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, tuple[Snapshot, bytes, int]] = OrderedDict()
        self._asked: set[int] = set()
        """Hashes of what was asked before; one that two questions share keeps an answer too early, and no wrong one."""
        self._lock = Lock()

    def find(self, asked: Prepared, snapshot: Snapshot) -> tuple[bytes, int] | None:
        """The answer to *asked* from *snapshot* and its rows, where it is kept."""
        found = self._kept.get(asked.body)
        return found[1:] if found and found[0] is snapshot else None

    def keep(self, asked: Prepared, running: Running) -> None:
        """Keep an answer, if it came whole, is small, and asking again would give the same."""
        if not self._again(asked.body):
            return
        body = running.whole
        if body is None or running.truncated or len(body) > _LARGEST or len(asked.body) > _LARGEST:
            return
        if _unsteady(asked.text.lower()):
            return
        with self._lock:
            self._kept[asked.body] = running.snapshot, body, running.rows
            self._kept.move_to_end(asked.body)
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def _again(self, asked: bytes) -> bool:
        """Whether it was asked before, among the last."""
        hashed = hash(asked)
        if hashed in self._asked:
            return True
        self._asked.add(hashed)
        if len(self._asked) > _NOTED:
            self._asked.clear()
        return False


def _unsteady(text: str) -> bool:
    """Whether *text*, in lower case, holds what gives another answer each time that it is asked."""
    # Five searches: one expression with five branches, which starts anew at every character, takes ten times as long.
    return "rand" in text or "uuid" in text or "now" in text or "bnode" in text or "service" in text
