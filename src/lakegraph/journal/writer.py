"""The one writer of a journal file: entries, tree nodes and erasures, each group in one transaction on disk."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import RLock

from lakegraph.errors import LakeDamagedError, LakegraphError, StorageError
from lakegraph.journal import rows
from lakegraph.journal.database import connect, storage_errors
from lakegraph.journal.entry import (
    SALT_BYTES,
    Draft,
    Entry,
    body_bytes,
    commitment,
    leaf_bytes,
)
from lakegraph.journal.merkle import Frontier, Node, frontier_nodes, leaf_hash
from lakegraph.journal.payload import Codec

Clock = Callable[[], int]
"""Gives microseconds since 1970-01-01T00:00:00Z."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC throughout, written as Z
_MICROSECOND = timedelta(microseconds=1)


def system_clock() -> int:
    """The time of this machine, in microseconds since 1970-01-01T00:00:00Z."""
    return time.time_ns() // 1000


def instant(micros: int) -> str:
    """*micros* since 1970 as ``2024-04-17T08:31:02.000123Z``: of one length, so text order is time order."""
    return (_EPOCH + timedelta(microseconds=micros)).isoformat(timespec="microseconds") + "Z"


def _micros(recorded: str) -> int:
    if not recorded.endswith("Z"):
        raise ValueError(f"{recorded!r} is not a time of a journal")
    return (datetime.fromisoformat(recorded[:-1]) - _EPOCH) // _MICROSECOND


@dataclass(slots=True)
class Head:
    """Where the journal ends: what the next entry continues."""

    leaf: bytes
    micros: int
    tree: Frontier

    @property
    def seq(self) -> int:
        """Sequence number of the last entry."""
        return self.tree.size

    def copy(self) -> Head:
        """A head that can move on without moving this one."""
        return Head(self.leaf, self.micros, self.tree.copy())


@dataclass(frozen=True, slots=True)
class Pending:
    """A draft on its way into the journal, how many quads it adds, and for an erasure whose body it erases."""

    draft: Draft
    quads: int
    erases: int | None = None


class Writer:
    """Appends to the journal at *path*. Any thread may call; they wait for each other.

    After any failure the end of the journal is read from the file again, so that what memory holds can never differ
    from what the disk holds. What a failed write left in the write-ahead log is overwritten by the next one; only if
    the process ends before that, on a disk that failed no earlier than in the sync, may the group come back, whole.
    """

    def __init__(self, path: Path, codec: Codec, genesis: bytes, clock: Clock) -> None:
        self._path = path
        self._codec = codec
        self._genesis = genesis
        self._clock = clock
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        with storage_errors(path):
            self._head = self._connected()[1]

    @property
    def last_seq(self) -> int:
        """Sequence number of the last entry that is on disk; 0 when there is none."""
        return self._head.seq

    def append(self, pending: Sequence[Pending]) -> list[Entry]:
        """Write *pending* in one transaction; it is on disk when this returns.

        Raises:
            StorageError: The disk refused; nothing was written.
            ConflictError: An idempotency key is taken; nothing was written.
            LakeBusyError: Another process wrote; nothing was written.
        """
        with self._transaction() as connection:
            head = self._head.copy()
            entries: list[Entry] = []
            payloads: list[tuple[object, ...]] = []
            nodes: list[Node] = []
            salts = os.urandom(SALT_BYTES * len(pending))
            for n, item in enumerate(pending):
                entry, payload = self._sealed(item, head, salts[n * SALT_BYTES : (n + 1) * SALT_BYTES])
                nodes += head.tree.append(entry.leaf)
                entries.append(entry)
                payloads.append(payload)
            connection.executemany(rows.INSERT_ENTRY, map(rows.entry_row, entries))
            connection.executemany(rows.INSERT_PAYLOAD, payloads)
            connection.executemany(rows.INSERT_NODE, nodes)
            erasures = [(entry.seq, entry.erases) for entry in entries if entry.erases is not None]
            connection.executemany(rows.BLANK_PAYLOAD, erasures)
            connection.execute("COMMIT")
            self._head = head
        return entries

    def keep_checkpoint(self, size: int, note: str) -> None:
        """Keep the signed *note* over the first *size* entries; on disk when this returns.

        Raises:
            StorageError: The disk refused; nothing was written.
        """
        with self._transaction() as connection:
            known = connection.execute("SELECT 1 FROM checkpoints WHERE size = ?", (size,)).fetchone()
            if not known:
                connection.execute("INSERT INTO checkpoints VALUES (?, ?)", (size, note))
            connection.execute("COMMIT")

    def scrub(self) -> None:
        """Empty the write-ahead log, where bodies that were erased may still stand.

        Raises:
            StorageError: The disk refused, or a reader needs the log.
        """
        with self._lock, storage_errors(self._path):
            connection, _ = self._connected()
            try:
                needed = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except sqlite3.OperationalError as error:
                raise self._copies_left(str(error)) from error
            if needed:
                raise self._copies_left("a reader needs it")

    def _copies_left(self, reason: str) -> StorageError:
        return StorageError(
            f"The bodies are erased, but copies of them are left in the log of the journal: {reason}.",
            where=str(self._path),
            hint="Close the lake and open it again: that empties the log.",
        )

    def close(self) -> None:
        """Give the file back; what was appended is in the main file afterwards."""
        with self._lock:
            self._closed = True
            self._give_up()

    def _sealed(self, item: Pending, head: Head, salt: bytes) -> tuple[Entry, tuple[object, ...]]:
        """The entry that follows *head*, which is moved on to it (its tree aside), and the row of its payload."""
        draft, seq, prev = item.draft, head.seq + 1, head.leaf
        head.micros = max(self._clock(), head.micros + 1)
        body, recorded, quads = body_bytes(draft), instant(head.micros), item.quads
        commit = commitment(salt, body)
        head.leaf = leaf_hash(
            leaf_bytes(draft, seq=seq, recorded=recorded, prev=prev, quads=quads, commit=commit, erases=item.erases)
        )
        entry = Entry(
            kind=draft.kind,
            record=draft.record,
            graph=draft.graph,
            actor=draft.actor,
            level=draft.level,
            added=draft.added,
            removed=draft.removed,
            supersedes=draft.supersedes,
            key=draft.key,
            captured=draft.captured,
            shapes=draft.shapes,
            note=draft.note,
            seq=seq,
            recorded=recorded,
            commit=commit,
            leaf=head.leaf,
            prev=prev,
            quads=quads,
            erases=item.erases,
        )
        key = None if draft.key is None else rows.key_hash(draft.key)
        return entry, (seq, salt, self._codec.pack(body), key)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that the block commits; anything that it raises undoes it."""
        with self._lock, storage_errors(self._path):
            try:
                connection, self._head = self._connected()
                connection.execute("BEGIN IMMEDIATE")
                yield connection
            except BaseException:
                self._undo()
                raise

    def _connected(self) -> tuple[sqlite3.Connection, Head]:
        if self._closed:
            raise StorageError("The journal was closed.", where=str(self._path), hint="Open the lake again.")
        if self._connection is not None:
            return self._connection, self._head
        connection = connect(self._path, "rw")
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            head = self._read_head(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection, head

    def _undo(self) -> None:
        connection = self._connection
        if connection is None:
            return
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._head = self._read_head(connection)
        except (LakegraphError, sqlite3.Error):
            self._give_up()  # the next write opens the file again

    def _give_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):  # closing rolls back; the error that led here is the one to tell
                connection.close()

    def _read_head(self, connection: sqlite3.Connection) -> Head:
        last = connection.execute("SELECT seq, recorded FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        if last is None:
            return Head(self._genesis, 0, Frontier())
        seq, recorded = last
        hashes = [stored_node(connection, level, idx) for level, idx in frontier_nodes(seq)]
        leaf = stored_node(connection, 0, seq - 1) or b""
        try:
            return Head(leaf, _micros(recorded), Frontier(seq, [value for value in hashes if value]))
        except (AttributeError, TypeError, ValueError) as error:
            raise LakeDamagedError(
                f"The journal is damaged at its last entry, {seq}: no other can follow it.",
                where=str(self._path),
                hint="Restore the file from a backup.",
            ) from error


def stored_node(connection: sqlite3.Connection, level: int, idx: int) -> bytes | None:
    """Hash of the complete subtree at (*level*, *idx*), or None where there is none; level 0 are the leaves."""
    if level:
        found = connection.execute("SELECT hash FROM nodes WHERE level = ? AND idx = ?", (level, idx)).fetchone()
    else:
        found = connection.execute("SELECT leaf FROM entries WHERE seq = ?", (idx + 1,)).fetchone()
    return found[0] if found is not None and isinstance(found[0], bytes) else None
