"""Run as a program with ``faulty_disk.c`` preloaded: each operation on a disk that fails at its first, second, … step.

Prints one JSON line per operation and kind of fault: how many faults were met. Any broken promise is an AssertionError.
"""

from __future__ import annotations

import ctypes
import errno
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lakegraph.errors import LakegraphError, StorageError
from lakegraph.journal import Checkpointer, Journal, KeyRing, verify_file
from tests.journal.samples import BASE, BOB, contents, drafts, new_journal, ticking

KINDS = {"write": 1, "short write": 2, "sync": 3, "truncation": 4, "rename": 5}
CODES = {"write": errno.ENOSPC, "short write": errno.ENOSPC}
ENTRIES = 5


class Disk:
    """The disk below *directory*, which can be told to fail."""

    def __init__(self, library: str, directory: Path) -> None:
        self._library = ctypes.CDLL(library)
        self._below = str(directory).encode()

    def fail(self, kind: str, nth: int) -> None:
        self._library.faulty_arm(KINDS[kind], nth, CODES.get(kind, errno.EIO), self._below)

    def mend(self) -> bool:
        """Whether it failed since it was told to."""
        return bool(self._library.faulty_disarm())


def append(lake: Path, disk: Callable[[], None], mended: Callable[[], bool]) -> bool:
    """A group of entries: all or nothing, in the open journal, after reopening, and as a crash would leave it."""
    before = contents(lake / "journal.db")
    with Journal.open(lake / "journal.db", clock=ticking()) as journal:
        disk()
        message = ""
        try:
            journal.append(drafts(range(10, 13)))
        except StorageError as error:
            message = error.message
        met, failed = mended(), "The disk refused" in message
        assert met == failed == bool(message)
        assert journal.last_seq == ENTRIES + (0 if failed else 3)
        crash = lake / "crash"
        crash.mkdir()
        for file in lake.glob("journal.db*"):
            shutil.copy(file, crash)
        assert [entry.seq for entry in journal.entries()] == list(range(1, journal.last_seq + 1))
        if not failed:
            return met
    assert contents(lake / "journal.db") == before
    with Journal.open(crash / "journal.db") as left:
        assert left.last_seq in (ENTRIES, ENTRIES + 3)
        assert list(left.verify()) == []
    with Journal.open(lake / "journal.db") as journal:
        assert [entry.seq for entry in journal.append(drafts(range(10, 13)))] == [6, 7, 8]
    return met


def append_again(lake: Path, disk: Callable[[], None], mended: Callable[[], bool]) -> bool:
    """After a group failed the same open journal takes it, without being told."""
    with Journal.open(lake / "journal.db") as journal:
        disk()
        with suppress(StorageError):
            journal.append(drafts(range(10, 13)))
        met = mended()
        if met:
            assert [entry.seq for entry in journal.append(drafts(range(10, 13)))] == [6, 7, 8]
        assert list(journal.verify()) == []
    return met


def close(lake: Path, disk: Callable[[], None], mended: Callable[[], bool]) -> bool:
    """Closing on a failing disk loses nothing of what was acknowledged."""
    journal = Journal.open(lake / "journal.db")
    journal.append(drafts(range(10, 13)))
    disk()
    journal.close()
    met = mended()
    with Journal.open(lake / "journal.db") as journal:
        assert journal.last_seq == ENTRIES + 3
    return met


def erase(lake: Path, disk: Callable[[], None], mended: Callable[[], bool]) -> bool:
    """An erasure is recorded and done, or neither; if only copies are left, the message says so."""
    with Journal.open(lake / "journal.db") as journal:
        disk()
        message = ""
        try:
            journal.erase([2], actor=BOB, level="internal", reason="asked for")
        except StorageError as error:
            message = error.message
        met = mended()
        done = journal.last_seq == ENTRIES + 1
        assert journal.read(2).erased == done
        assert done == (not message or "copies of them are left" in message)
        if not done:
            journal.erase([2], actor=BOB, level="internal", reason="asked for")
    return met


def checkpoint(lake: Path, disk: Callable[[], None], mended: Callable[[], bool]) -> bool:
    """A checkpoint is signed and kept, or can be afterwards; those before stay genuine."""
    with Journal.open(lake / "journal.db") as journal:
        checkpointer = Checkpointer(journal.ledger, KeyRing.open(lake / "keys"), lake / "checkpoint")
        checkpointer.sign()
        journal.append(drafts([20]))
        disk()
        with suppress(StorageError):
            checkpointer.sign()
        met = mended()
        again = Checkpointer(journal.ledger, KeyRing.open(lake / "keys"), lake / "checkpoint")
        for one in (checkpointer, again):
            assert list(one.verify()) == []
            assert one.sign().size == ENTRIES + 1
    return met


def rotate(lake: Path, disk: Callable[[], None], mended: Callable[[], bool]) -> bool:
    """A key is replaced or stays; both in the open ring and after reopening it signs, and the history holds."""
    ring = KeyRing.open(lake / "keys")
    before = ring.statements
    disk()
    with suppress(StorageError):
        ring.rotate(ENTRIES)
    met = mended()
    reopened = KeyRing.open(lake / "keys")
    assert reopened.statements[: len(before)] == before
    assert len(reopened.statements) - len(before) in (0, 1)
    assert [file.name for file in sorted((lake / "keys").glob("*.pem"))] == [f"{len(reopened.statements):04d}.pem"]
    reopened.rotate(ENTRIES)
    return met


def create(lake: Path, disk: Callable[[], None], mended: Callable[[], bool]) -> bool:
    """A journal is made whole or not at all; then it can be made."""
    path = lake / "new" / "journal.db"
    path.parent.mkdir()
    disk()
    made = True
    try:
        Journal.create(path, base=BASE, lake_id="1").close()
    except StorageError:
        made = False
    met = mended()
    if path.exists():
        Journal.open(path).close()
    else:
        assert not made
        Journal.create(path, base=BASE, lake_id="1").close()
    return met


OPERATIONS = (append, append_again, close, erase, checkpoint, rotate, create)


def main(library: str) -> None:
    memory = Path("/dev/shm")  # syncs cost nothing there, and fail as well as anywhere
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        template = Path(folder) / "template"
        template.mkdir()
        new_journal(template, ENTRIES).close()
        KeyRing.create(template / "keys", "lake.example.org/1")
        for operation in OPERATIONS:
            for kind in KINDS if operation is append else ("write", "sync", "truncation", "rename"):
                met = every_fault(operation, kind, library, template, Path(folder) / "lake")
                print(json.dumps([operation.__name__, kind, met]), flush=True)


def every_fault(
    operation: Callable[[Path, Callable[[], None], Callable[[], bool]], bool],
    kind: str,
    library: str,
    template: Path,
    lake: Path,
) -> int:
    """Fail the first, then the second, … step of this *kind* until there is none left; how many there were."""
    nth = 0
    while True:
        nth += 1
        shutil.copytree(template, lake)
        disk = Disk(library, lake)
        try:
            met = operation(lake, lambda: disk.fail(kind, nth), disk.mend)  # noqa: B023 - called in this round
            assert list(verify_file(lake / "journal.db")) == []
        except (AssertionError, LakegraphError) as error:
            raise AssertionError(f"{operation.__name__}, {kind} {nth}: {error}") from error
        finally:
            disk.mend()
            shutil.rmtree(lake)
        if not met:
            return nth - 1


if __name__ == "__main__":
    main(sys.argv[1])
