"""The lake as it was: projections of a part of the journal, made when they are asked for, and a few of them kept."""

from __future__ import annotations

import shutil
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from lakegraph.errors import LakeBusyError, UsageError
from lakegraph.journal import Entry, Journal

_HINT = "A time with its zone, such as 2024-05-01T09:00:00Z, a day, or the number of a journal entry."
_WAIT = 30.0
"""Seconds to wait for a past that another caller is making."""


class Prefix:
    """A journal up to one entry, for the projections of a past.

    Args:
        journal: The journal.
        last_seq: The last entry that is seen.
    """

    def __init__(self, journal: Journal, last_seq: int) -> None:
        self._journal = journal
        self.last_seq = last_seq

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after one, in order."""
        return self._journal.entries(after, self.last_seq)


def seq_of(journal: Journal, moment: int | str | date) -> int:
    """The last entry that was recorded at a moment.

    Args:
        journal: The journal.
        moment: An entry's number; a time with its zone; or a day, which is then over (in UTC).

    Raises:
        UsageError: It is none of these, or an entry that does not exist yet.
    """
    if isinstance(moment, int) or (isinstance(moment, str) and moment.strip().isascii() and moment.strip().isdigit()):
        seq = int(moment)
        if not 0 <= seq <= journal.last_seq:
            raise UsageError(f"There is no entry {seq}: the journal has {journal.last_seq}.", where="as_of", hint=_HINT)
        return seq
    return journal.last_before(_instant(moment))


def _instant(moment: str | date) -> datetime:
    """The end of a moment, in UTC."""
    try:
        said = _parsed(moment.strip()) if isinstance(moment, str) else moment
        if not isinstance(said, datetime):
            return datetime.combine(said, time.min, UTC) + timedelta(days=1, microseconds=-1)
        if said.tzinfo is None:
            raise UsageError(f"The time {str(moment)!r} has no zone.", where="as_of", hint=_HINT)
        return said.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{str(moment)!r} is no time.", where="as_of", hint=_HINT) from error


def _parsed(text: str) -> date:
    return date.fromisoformat(text) if len(text) == len("2024-05-01") else datetime.fromisoformat(text)


class Closable(Protocol):
    """A past that lets go of its files."""

    def close(self) -> None:
        """Let go of them."""


P = TypeVar("P", bound=Closable)
Progress = Callable[[int, int], None]


class Pasts(Generic[P]):
    """The pasts that are kept: as many as are allowed, the last used ones, on disk and open.

    Args:
        folder: Where each has a folder of its own, named by its entry; None keeps them in memory.
        most: How many are kept.
        make: Opens the past of an entry in a folder, and brings it up to there.
    """

    def __init__(self, folder: Path | None, most: int, make: Callable[[Path | None, int, Progress | None], P]) -> None:
        self._folder = folder
        self._most = max(most, 1)
        self._make = make
        self._kept: OrderedDict[int, P] = OrderedDict()
        # One that was let go of here stays open while somebody still asks it.
        self._alive: weakref.WeakValueDictionary[int, P] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def get(self, seq: int, progress: Progress | None = None) -> P:
        """The past of entry *seq*; made now if it is not kept.

        Raises:
            LakeBusyError: Another past is being made, and takes its time.
        """
        if not self._lock.acquire(timeout=_WAIT):
            raise LakeBusyError("Another past of this lake is being made.", where="as_of", hint="Ask again in a while.")
        try:
            found = self._kept.get(seq) or self._alive.get(seq)
            if found is None:
                where = self._folder / str(seq) if self._folder else None
                found = self._make(where, seq, progress)
                self._alive[seq] = found
            self._kept[seq] = found
            self._kept.move_to_end(seq)
            if self._folder:
                (self._folder / str(seq)).touch()
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
            self._sweep()
            return found
        finally:
            self._lock.release()

    def _sweep(self) -> None:
        """Delete the folders of pasts that are neither kept nor in use, the last used ones kept up to the limit."""
        if self._folder is None:
            return
        folders = sorted(self._folder.iterdir(), key=lambda f: (f.name in map(str, self._kept), f.stat().st_mtime))
        used = {str(seq) for seq in self._alive}
        for folder in folders[: -self._most]:
            if folder.name not in used:
                shutil.rmtree(folder, ignore_errors=True)

    def forget(self) -> None:
        """Close and delete every past: what was erased, or who, must not live on in one."""
        with self._lock:
            for past in list(self._alive.values()):
                past.close()
            self._kept.clear()
            self._alive.clear()
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Close every past; their folders stay."""
        with self._lock:
            for past in list(self._alive.values()):
                past.close()
            self._kept.clear()
            self._alive.clear()
