"""The lock of a lake directory: one process owns it, and who that is can be read by those who must wait."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import weakref
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from lakegraph.errors import LakeBusyError, StorageError
from lakegraph.journal.database import storage_errors

LOCK_FILE = "lock"
_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """Who owns a lake.

    Attributes:
        pid: Its process.
        host: The machine that it runs on.
        started: Since when, ISO 8601.
        url: Where it answers over HTTP, when it does.
    """

    pid: int
    host: str
    started: str
    url: str | None = None


class LakeLock:
    """The ownership of one lake directory by this process, from ``acquire`` to ``release``.

    The kernel holds it (flock), so it ends with the process, however that ends; the file only tells who it is.
    """

    def __init__(self, path: Path, descriptor: int, holder: Holder) -> None:
        self._path = path
        self._descriptor = descriptor
        self._holder = holder
        _held.add(self)

    @classmethod
    def acquire(cls, directory: Path) -> Self:
        """Own the lake in *directory*.

        Raises:
            LakeBusyError: A process owns it; the message names it, and its address when it serves.
            StorageError: The lock file cannot be opened.
        """
        path = directory / LOCK_FILE
        with storage_errors(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = _told(descriptor)
                os.close(descriptor)
                raise _busy(directory, holder) from None
            except BaseException:
                os.close(descriptor)
                raise
        lock = cls(path, descriptor, Holder(os.getpid(), socket.gethostname(), datetime.now(UTC).isoformat()))
        with suppress(StorageError):  # on a full disk the lake is owned all the same; who owns it stays untold
            lock._tell(lock._holder)
        return lock

    @property
    def holder(self) -> Holder:
        """What others read about this process."""
        return self._holder

    def announce(self, url: str | None) -> None:
        """Tell others that this process answers at *url*; None: that it no longer does.

        Raises:
            StorageError: The lock file cannot be written.
        """
        self._tell(replace(self._holder, url=url))

    def release(self) -> None:
        """Give the lake back; doing so twice is once."""
        if self._descriptor >= 0:
            with suppress(OSError):  # what the file tells is of no use any more; the lock itself must go
                os.ftruncate(self._descriptor, 0)
            self._forget()

    def _forget(self) -> None:
        """Close the file. In a forked child this leaves the parent's lock as it is, which unlocking would not."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _tell(self, holder: Holder) -> None:
        text = json.dumps({name: value for name, value in asdict(holder).items() if value is not None})
        with storage_errors(self._path):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text.encode("utf-8"), 0)
        self._holder = holder

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder_of(directory: Path) -> Holder | None:
    """Who owns the lake in *directory* now, as far as the lock file tells; None when nobody does.

    Raises:
        LakeBusyError: Somebody owns it, and has not yet told who.
        StorageError: The lock file cannot be read.
    """
    path = directory / LOCK_FILE
    if not path.exists():
        return None
    with storage_errors(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _told(descriptor)
            if holder is None:
                raise _busy(directory, None) from None
            return holder
        finally:
            os.close(descriptor)
    return None


def _told(descriptor: int) -> Holder | None:
    try:
        told = json.loads(os.pread(descriptor, _MAX_BYTES, 0))
        url = told.get("url")
        return Holder(int(told["pid"]), str(told["host"]), str(told["started"]), None if url is None else str(url))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _busy(directory: Path, holder: Holder | None) -> LakeBusyError:
    if holder is None:
        return LakeBusyError("Another process owns this lake.", where=str(directory), hint="Wait until it has ended.")
    if holder.pid == os.getpid() and holder.host == socket.gethostname():
        return LakeBusyError(
            f"This process (pid {holder.pid}) has this lake open already.",
            where=str(directory),
            hint="Use the lake that is open, or close it first.",
        )
    place = "" if holder.host == socket.gethostname() else f" on {holder.host}"
    if holder.url:
        return LakeBusyError(
            f"Process {holder.pid}{place} owns this lake and serves it at {holder.url}.",
            where=str(directory),
            hint=f"Talk to it: --lake {holder.url}",
        )
    return LakeBusyError(
        f"Process {holder.pid}{place} owns this lake since {holder.started}.",
        where=str(directory),
        hint="Wait until it has ended, or end it.",
    )


# A forked child shares its parent's lock, and would keep it when the parent dies: it lets go at birth.
_held: weakref.WeakSet[LakeLock] = weakref.WeakSet()


def _forget_in_child() -> None:
    for lock in list(_held):
        lock._forget()  # noqa: SLF001 - this module's own


os.register_at_fork(after_in_child=_forget_in_child)
