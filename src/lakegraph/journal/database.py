"""SQLite as lakegraph's records need it: durable connections, errors in lakegraph's words, readers for many threads."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock

from lakegraph.errors import (
    ConflictError,
    LakeBusyError,
    LakeDamagedError,
    LakeFormatError,
    LakegraphError,
    StorageError,
)

_BUSY_SECONDS = 5.0
_IDLE_READERS = 8
# Everything that a connection is told. fullfsync: on macOS a plain fsync leaves the data in the drive's own cache.
_PRAGMAS = (
    "synchronous = FULL",
    "fullfsync = ON",
    "checkpoint_fullfsync = ON",
    "cell_size_check = ON",
    "trusted_schema = OFF",
    "secure_delete = ON",
    "temp_store = MEMORY",
)


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection to the SQLite file at *path*; *mode* is ``ro``, ``rw`` or ``rwc``, as in SQLite's URIs.

    The caller sees to it that only one thread uses it at a time, and begins and ends its transactions.

    Raises:
        sqlite3.Error: SQLite cannot open the file.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_SECONDS,
    )
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system raise inside the block into a LakegraphError that names *path*.

    Raises:
        StorageError: The disk is full, or it failed.
        LakeDamagedError: The file contradicts itself.
        LakeBusyError: Another process writes to the file.
        ConflictError: The write contradicts what the file holds.
    """
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise  # a fault of this program, not of the file
    except sqlite3.Error as error:
        raise _translated(error, path) from error
    except UnicodeDecodeError as error:  # a message of SQLite that quotes a damaged name
        raise _damaged_error(path, "a name in it is not UTF-8") from error
    except OSError as error:
        raise _storage_error(path, error.strerror or str(error)) from error


def _translated(error: sqlite3.Error, path: Path) -> LakegraphError:
    extended: int | None = getattr(error, "sqlite_errorcode", None)
    primary = extended & 0xFF if extended is not None else None
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or extended == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
        return LakeBusyError(
            "Another process writes to this file at the same time.",
            where=str(path),
            hint="Let one process own the lake; others talk to it over HTTP.",
        )
    if primary == sqlite3.SQLITE_CONSTRAINT:
        return ConflictError(
            "The file already holds something that contradicts this.",
            where=str(path),
            hint="Look up what was recorded under the same idempotency key, or use another.",
        )
    # An error without a code is Python's own: text that is not UTF-8.
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, None):
        return _damaged_error(path, str(error))
    return _storage_error(path, str(error))


def _damaged_error(path: Path, reason: str) -> LakeDamagedError:
    return LakeDamagedError(
        f"The file is damaged: {reason}.",
        where=str(path),
        hint="Run `lakegraph audit` to see which entries are affected, and restore the file from a backup.",
    )


def _storage_error(path: Path, reason: str) -> StorageError:
    return StorageError(
        f"The disk refused: {reason}. Nothing was acknowledged.",
        where=str(path),
        hint="Free space or mend the disk, then try again; there is no need to restart.",
    )


class Readers:
    """Read-only connections to one file, lent to one thread at a time and kept for the next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._lock = Lock()
        self._closed = False

    @contextmanager
    def take(self) -> Iterator[sqlite3.Connection]:
        """A connection for the length of the block; errors inside it are translated.

        Raises:
            StorageError: The file was closed, or cannot be read.
            LakeDamagedError: The file contradicts itself.
        """
        with storage_errors(self._path):
            connection = self._lend()
            try:
                yield connection
            finally:
                self._take_back(connection)

    def close(self) -> None:
        """Close every idle connection, and each lent one when it comes back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _lend(self) -> sqlite3.Connection:
        with self._lock:
            if self._closed:
                raise StorageError("This file was closed.", where=str(self._path), hint="Open the lake again.")
            if self._idle:
                return self._idle.pop()
        return connect(self._path, "ro")

    def _take_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            keep = not self._closed and len(self._idle) < _IDLE_READERS
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()


def build_file(
    path: Path,
    statements: Iterable[str],
    fill: Callable[[sqlite3.Connection], None],
    application_id: int,
    version: int,
) -> None:
    """Make an SQLite file; after a crash there is either a whole one at *path* or none.

    Args:
        path: Where; there must be nothing.
        statements: What makes its tables.
        fill: Writes its first rows.
        application_id: What ``check_header`` will know it by.
        version: Version of its format.

    Raises:
        ConflictError: There is something at *path*.
        StorageError: The disk refused; there is nothing at *path*.
    """
    # A log without its file would be replayed into the new one.
    if path.exists() or path.with_name(path.name + "-wal").exists():
        raise ConflictError(
            "There is such a file, or a part of one, already.",
            where=str(path),
            hint="Open it, or choose another directory.",
        )
    temporary = path.with_name(path.name + ".new")
    with storage_errors(path):
        for leftover in ("", "-journal", "-wal", "-shm"):
            temporary.with_name(temporary.name + leftover).unlink(missing_ok=True)
        with closing(connect(temporary, "rwc")) as connection:
            connection.execute("BEGIN")
            for statement in statements:
                connection.execute(statement)
            fill(connection)
            connection.execute(f"PRAGMA application_id = {application_id}")
            connection.execute(f"PRAGMA user_version = {version}")
            connection.execute("COMMIT")
        temporary.rename(path)
        sync_directory(path.parent)


def check_header(path: Path, what: str, application_id: int, newest: int) -> None:
    """Refuse a file by its first bytes alone (https://www.sqlite.org/fileformat2.html#the_database_header).

    Args:
        path: The file; it is not touched.
        what: What it should be, for messages.
        application_id: What it was built with.
        newest: The newest version of the format that is known here.

    Raises:
        LakeFormatError: There is no such file, it is something else, or it is of a newer format.
        LakeDamagedError: It is of a format that there never was.
    """
    header = b""
    if path.is_file():
        with storage_errors(path), path.open("rb") as file:
            header = file.read(100)
    if header[:16] != b"SQLite format 3\x00" or int.from_bytes(header[68:72], "big") != application_id:
        problem = (
            f"This file is not {what}." if header else f"There is no file, or an empty one, where {what} should be."
        )
        raise LakeFormatError(problem, where=str(path), hint="Make a lake with `lakegraph init`.")
    version = int.from_bytes(header[60:64], "big")
    if version > newest:
        raise LakeFormatError(
            f"This is {what} in format {version}; this lakegraph knows formats up to {newest}.",
            where=str(path),
            hint="Open it with the version of lakegraph that wrote it, or a later one.",
        )
    if version < 1:
        raise LakeDamagedError(f"This is {what} in no format that there is.", where=str(path))


def replace_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write *data* to *path* so that after a crash either the old content stands there or the new one, whole.

    Args:
        path: Where.
        data: What.
        mode: Permissions of the file.

    Raises:
        StorageError: The disk refused; *path* is what it was.
    """
    temporary = path.with_name(path.name + ".new")
    with storage_errors(path):
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            os.fchmod(descriptor, mode)  # a leftover of a crash keeps its old permissions otherwise
            with os.fdopen(descriptor, "wb", closefd=False) as stream:
                stream.write(data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
        sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make names that were created in, or removed from, *directory* survive a power loss."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
