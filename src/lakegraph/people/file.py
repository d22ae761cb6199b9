"""The file ``people.db``: made, opened, written so that nothing that was erased can be read in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

from lakegraph.errors import LakeBusyError, LakeDamagedError, LakeFormatError, LakegraphError, StorageError
from lakegraph.people.person import Person

FORMAT_VERSION = 1
_APPLICATION_ID = 0x4C47_504E  # "LGPN"
_BUSY_SECONDS = 5.0

# SQLite's rollback journal, which it uses unless told otherwise, goes with each transaction; a write-ahead log stays.
_DDL = (
    """CREATE TABLE people (
  slug TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  name TEXT,
  name_key TEXT,
  mail TEXT,
  mail_key TEXT,
  job_title TEXT,
  created TEXT NOT NULL,
  erased TEXT,
  reason TEXT
) WITHOUT ROWID""",
    "CREATE INDEX people_name ON people (name_key)",
    "CREATE UNIQUE INDEX people_mail ON people (mail_key) WHERE mail_key IS NOT NULL",
    "CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO state VALUES ('revision', 0), ('scrub', 0)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {FORMAT_VERSION}",
)
_COLUMNS = "SELECT slug, kind, name, mail, job_title, created, erased, reason FROM people"


class PeopleFile:
    """The one connection to the file at *path*, which is made when there is none. Threads wait for each other.

    Raises:
        LakeFormatError: The file is something else, or of a newer format.
        StorageError: The disk refused.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        with self._errors():
            connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_SECONDS)
            try:
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
        self._connection = connection
        try:
            self.scrub()
        except BaseException:
            self.close()
            raise

    def select(self, rest: str, parameters: Sequence[object] = ()) -> list[Person]:
        """Everybody whom *rest*, the end of a SELECT, lets through.

        Raises:
            StorageError: The file was closed, or cannot be read.
        """
        with self._lock, self._errors():
            return [Person(*row) for row in self._open().execute(f"{_COLUMNS} {rest}", parameters)]

    @contextmanager
    def changing(self, *, erases: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction that ends with the block, or is undone when the block raises; a new revision.

        Args:
            erases: What the change takes away must not be readable afterwards.

        Raises:
            StorageError: The disk refused; nothing was written.
        """
        with self._lock, self._errors():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("UPDATE state SET value = value + 1 WHERE name = 'revision'")
                if erases:
                    connection.execute("UPDATE state SET value = 1 WHERE name = 'scrub'")
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        if erases:
            self.scrub()

    @property
    def revision(self) -> int:
        """How many changes there were."""
        return self._state("revision")

    def scrub(self) -> None:
        """Write the file anew where something was erased.

        ``secure_delete`` overwrites what is deleted, but not the copies that stay behind when SQLite moves rows between
        pages.

        Raises:
            StorageError: The disk refused; it is done when the file is opened again.
        """
        with self._lock, self._errors():
            if self._state("scrub"):
                self._open().execute("VACUUM")
                self._open().execute("UPDATE state SET value = 0 WHERE name = 'scrub'")

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    def _prepare(self, connection: sqlite3.Connection) -> None:
        known, version, tables = (
            connection.execute(question).fetchone()[0]
            for question in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
        )
        if known != _APPLICATION_ID and (known or version or tables):
            raise self._foreign()
        if version > FORMAT_VERSION:
            raise LakeFormatError(
                f"This directory of people has format {version}; this lakegraph knows formats up to {FORMAT_VERSION}.",
                where=str(self._path),
                hint="Open it with the version of lakegraph that wrote it, or a later one.",
            )
        for pragma in ("synchronous = FULL", "fullfsync = ON", "secure_delete = ON", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        if not known:
            connection.execute("BEGIN IMMEDIATE")
            for statement in _DDL:
                connection.execute(statement)
            connection.execute("COMMIT")

    def _state(self, name: str) -> int:
        with self._lock, self._errors():
            found = self._open().execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
            return int(found[0])

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StorageError(
                "The directory of people was closed.", where=str(self._path), hint="Open the lake again."
            )
        return self._connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what SQLite raises inside the block into an error that says what to do."""
        try:
            yield
        except (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.IntegrityError):
            raise  # a fault of this program, not of the file
        except sqlite3.Error as error:
            raise self._translated(error) from error

    def _translated(self, error: sqlite3.Error) -> LakegraphError:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return LakeBusyError(
                "Another process writes to the directory of people.",
                where=str(self._path),
                hint="Let one process own the lake; others talk to it over HTTP.",
            )
        if code == sqlite3.SQLITE_NOTADB:
            return self._foreign()
        if code == sqlite3.SQLITE_CORRUPT:
            return LakeDamagedError(
                f"The directory of people is damaged: {error}.",
                where=str(self._path),
                hint="Restore the file from a backup, and repeat the erasures since.",
            )
        return StorageError(
            f"The disk refused: {error}.", where=str(self._path), hint="Free space or mend the disk, then try again."
        )

    def _foreign(self) -> LakeFormatError:
        return LakeFormatError(
            "This file is not the directory of people of a lake.",
            where=str(self._path),
            hint="Move it away; without one, an empty directory is made.",
        )
