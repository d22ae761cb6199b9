"""The index file: made, opened, read by many threads and written by one."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from threading import Lock, RLock
from zlib import crc32

from lakegraph.errors import LakeBusyError, LakeDamagedError, LakeFormatError, StorageError, UsageError

RULES = 2
"""Rises whenever the same record would give other rows or terms; see :func:`_format`."""

_APPLICATION = 0x6C676978
_BUSY_SECONDS = 5.0
_IDLE_READERS = 8
_CHECKPOINT_PAGES = 4000  # a page that many groups write is then copied back once
_REBUILD = "Run `lakegraph rebuild index`: the journal has everything that it is made from."


class Database:
    """Connections to one index.

    Args:
        path: The file; None keeps the index in memory, where readers and the writer take turns on one connection.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = RLock()
        self._pool = Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        with self._errors():
            self._writer = self._open()

    def _open(self) -> sqlite3.Connection:
        connection = self._connect()
        try:
            script = files("lakegraph.index").joinpath("schema.sql").read_text(encoding="utf-8")
            found, wanted = self._found(connection), _format(script)
            if found not in ("", wanted):
                connection.close()
                connection = self._anew()
            # NORMAL: a power loss may undo the last writes, which the journal gives again; it never damages the file.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            if found != wanted:
                _create(connection, script, wanted)
        except BaseException:
            connection.close()
            raise
        return connection

    def _found(self, connection: sqlite3.Connection) -> str:
        """The format of what was opened, empty for a new file."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if application == _APPLICATION:
            return str(connection.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()[0])
        if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise LakeFormatError(
                "The file is not an index of lakegraph.", where=str(self._path), hint="Move it away, then rebuild."
            )
        return ""

    def _anew(self) -> sqlite3.Connection:
        path = self._path
        assert path is not None  # noqa: S101 - an index in memory has no older format
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            str(self._path) if self._path else ":memory:",
            isolation_level=None,
            check_same_thread=False,
            timeout=_BUSY_SECONDS,
            cached_statements=256,
        )
        connection.execute("PRAGMA cache_size = -16000")
        connection.execute("PRAGMA temp_store = MEMORY")
        return connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The writing connection inside a transaction, which :meth:`commit` ends.

        It is begun unless it is open; when the block raises, all of it is rolled back.
        """
        with self._lock, self._errors():
            self._check_open()
            connection = self._writer
            try:
                if not connection.in_transaction:
                    connection.execute("BEGIN IMMEDIATE")
                yield connection
            except BaseException:
                _roll_back(connection)
                raise

    def commit(self) -> None:
        """Let readers see what was written; where the disk refuses, it is rolled back."""
        with self.writing() as connection:
            connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one state of the index for the length of the block."""
        if self._path is None:
            with self._lock, self._errors():
                self._check_open()
                yield self._writer
            return
        with self._errors():
            connection = self._lend()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                _roll_back(connection)
                self._take_back(connection)

    def _lend(self) -> sqlite3.Connection:
        with self._pool:
            self._check_open()
            if self._idle:
                return self._idle.pop()
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _take_back(self, connection: sqlite3.Connection) -> None:
        with self._pool:
            if not self._closed and len(self._idle) < _IDLE_READERS:
                self._idle.append(connection)
                return
        connection.close()

    def clear(self) -> None:
        """Drop everything and begin with an empty index; readers see the old one until it is done."""
        with self._lock, self._errors():
            self._check_open()
            _roll_back(self._writer)
            tables = self._writer.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'text\\_%' ESCAPE '\\'"
            ).fetchall()
            script = files("lakegraph.index").joinpath("schema.sql").read_text(encoding="utf-8")
            dropped = "".join(f"DROP TABLE {name};\n" for (name,) in tables)
            try:
                _create(self._writer, dropped + script, _format(script))
            except BaseException:
                _roll_back(self._writer)
                raise

    def close(self) -> None:
        """Close every connection; what is read or written afterwards raises."""
        with self._lock, self._pool:
            self._closed = True
            while self._idle:
                self._idle.pop().close()
            self._writer.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("The index was closed.", where=str(self._path), hint="Open the lake again.")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what SQLite raises into an error that says what to do."""
        where = str(self._path) if self._path else "memory"
        try:
            yield
        except UnicodeEncodeError as error:
            raise UsageError(
                "The text holds half a character (a lone surrogate).",
                where=ascii(error.object)[:80],
                hint="Send well-formed UTF-8.",
            ) from error
        except (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.IntegrityError):
            raise  # a fault of this program, not of the file
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise LakeBusyError(
                    "Another process writes to the index.", where=where, hint="Let one process own the lake."
                ) from error
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                raise LakeDamagedError(f"The index is damaged: {error}.", where=where, hint=_REBUILD) from error
            raise StorageError(
                f"The index cannot be read or written: {error}.",
                where=where,
                hint="Free space or mend the disk, then try again.",
            ) from error


def _format(script: str) -> str:
    """What makes the rows. A file of another format is made anew: taking terms out needs the rules that put them in.

    It is the schema, this package's rules, and the tables of letters that Python folds text with.
    """
    return f"{RULES}/{crc32(script.encode()):08x}/{unicodedata.unidata_version}"


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _create(connection: sqlite3.Connection, script: str, made_by: str) -> None:
    """Run the schema as one transaction, so that a file is either new or whole."""
    marks = f"INSERT INTO meta VALUES ('format', '{made_by}'), ('last_seq', 0);"  # noqa: S608 - no text of a person
    connection.executescript(f"BEGIN;\nPRAGMA application_id = {_APPLICATION};\n{script}\n{marks}\nCOMMIT;")
