"""The format of a journal file, version 1: its tables, its making, and the refusal of anything else.

``entries`` holds what the leaves are made of and never changes. ``payloads`` holds salt and compressed body apart from
it, so that a body can be blanked, by a recorded erasure only, while every leaf stays what it was. ``nodes`` holds the
inner nodes of the Merkle tree (its leaves are ``entries.leaf``). ``checkpoints`` holds what was signed. ``meta`` is
written once; its hash is the genesis hash that the first leaf continues, so that it cannot change either. Triggers
refuse every other UPDATE and DELETE; they guard against mistakes, the hashes against intent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from lakegraph.errors import LakeDamagedError
from lakegraph.journal.canonical import canonical
from lakegraph.journal.database import build_file, check_header, connect, storage_errors

FORMAT_VERSION = 1
APPLICATION_ID = 0x4C47_4A4E  # "LGJN", what file(1) and other SQLite programs know the file by
_GENESIS = b"lakegraph journal\n"
_SETTING = "setting."

_DDL = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    """CREATE TABLE entries (
  seq INTEGER PRIMARY KEY,
  recorded TEXT NOT NULL,
  kind TEXT NOT NULL,
  record TEXT NOT NULL,
  graph TEXT NOT NULL,
  supersedes TEXT,
  erases INTEGER,
  actor TEXT NOT NULL,
  level TEXT NOT NULL,
  shapes BLOB NOT NULL,
  quads INTEGER NOT NULL,
  commitment BLOB NOT NULL,
  leaf BLOB NOT NULL
)""",
    # The key is kept as a hash: the text itself stands in the body only, so that erasing the body erases it.
    """CREATE TABLE payloads (
  seq INTEGER PRIMARY KEY,
  salt BLOB,
  content BLOB,
  key_hash BLOB,
  erased INTEGER
)""",
    "CREATE TABLE nodes (level INTEGER, idx INTEGER, hash BLOB NOT NULL, PRIMARY KEY (level, idx)) WITHOUT ROWID",
    "CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL)",
    "CREATE INDEX entries_record ON entries (record)",
    "CREATE INDEX entries_graph ON entries (graph)",
    "CREATE INDEX entries_supersedes ON entries (supersedes) WHERE supersedes IS NOT NULL",
    "CREATE UNIQUE INDEX payloads_key ON payloads (key_hash) WHERE key_hash IS NOT NULL",
    """CREATE TRIGGER meta_sealed BEFORE INSERT ON meta WHEN EXISTS (SELECT 1 FROM entries)
BEGIN SELECT RAISE(ABORT, 'the description of a journal is written once'); END""",
    # INSERT OR REPLACE removes a row without firing its DELETE trigger: hence the rules on INSERT.
    """CREATE TRIGGER entries_in_order BEFORE INSERT ON entries
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries)
BEGIN SELECT RAISE(ABORT, 'entries follow each other without gaps'); END""",
    """CREATE TRIGGER payloads_once BEFORE INSERT ON payloads
WHEN EXISTS (SELECT 1 FROM payloads WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER payloads_no_update BEFORE UPDATE ON payloads
WHEN NOT (OLD.erased IS NULL AND NEW.seq = OLD.seq AND NEW.salt IS NULL AND NEW.content IS NULL
  AND NEW.key_hash IS NULL
  AND EXISTS (SELECT 1 FROM entries WHERE seq = NEW.erased AND kind = 'erase' AND erases = OLD.seq))
BEGIN SELECT RAISE(ABORT, 'a body changes only by a recorded erasure'); END""",
    *(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}\n"
        "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END"
        for table, verb in (
            ("meta", "UPDATE"), ("meta", "DELETE"), ("entries", "UPDATE"), ("entries", "DELETE"),
            ("payloads", "DELETE"), ("nodes", "UPDATE"), ("nodes", "DELETE"), ("checkpoints", "UPDATE"),
            ("checkpoints", "DELETE"),
        )
    ),
    """CREATE TRIGGER nodes_once BEFORE INSERT ON nodes
WHEN EXISTS (SELECT 1 FROM nodes WHERE level = NEW.level AND idx = NEW.idx)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
    """CREATE TRIGGER checkpoints_once BEFORE INSERT ON checkpoints
WHEN EXISTS (SELECT 1 FROM checkpoints WHERE size = NEW.size)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END""",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meta:
    """What a journal says of itself.

    Attributes:
        base: IRI that every IRI of the lake begins with.
        lake_id: Name of this lake among all lakes.
        created: When, as an entry's ``recorded``.
        format_version: Version of the file format.
        settings: What was chosen once and for all when the lake was made.
        dictionary: Preset dictionary of the compression.
        genesis: Hash over all of this, which the first leaf continues.
    """

    base: str
    lake_id: str
    created: str
    format_version: int
    settings: Mapping[str, str]
    dictionary: bytes
    genesis: bytes


def create_file(path: Path, rows: Mapping[str, str | bytes]) -> None:
    """Make a journal file that holds no entry, described by *rows*.

    Raises:
        ConflictError: There is one, or a part of one.
        StorageError: The disk refused; there is none.
    """

    def fill(connection: sqlite3.Connection) -> None:
        connection.executemany("INSERT INTO meta VALUES (?, ?)", rows.items())

    build_file(path, _DDL, fill, APPLICATION_ID, FORMAT_VERSION)


def meta_rows(
    base: str, lake_id: str, created: str, settings: Mapping[str, str], dictionary: bytes
) -> dict[str, str | bytes]:
    """The rows of ``meta`` of a new journal."""
    rows: dict[str, str | bytes] = {
        "base": base,
        "lake": lake_id,
        "created": created,
        "format": str(FORMAT_VERSION),
        "dictionary": dictionary,
    }
    rows |= {_SETTING + name: value for name, value in settings.items()}
    return rows | {"genesis": genesis_of(rows)}


def genesis_of(rows: Mapping[str, str | bytes]) -> bytes:
    """The hash over the rows of ``meta``, its own aside; bytes count by their SHA-256."""
    members = {
        name: value if isinstance(value, str) else sha256(value).hexdigest()
        for name, value in rows.items()
        if name != "genesis"
    }
    return sha256(_GENESIS + canonical(members)).digest()


def open_meta(path: Path) -> Meta:
    """What the journal at *path* says of itself, once it has proved to be one that this version knows.

    Raises:
        LakeFormatError: There is none, it is something else, or it is of a newer format; the file was not touched.
        LakeDamagedError: Its description or its tables are not what was written.
        StorageError: The disk refused.
    """
    check_header(path, "the journal of a lake", APPLICATION_ID, FORMAT_VERSION)
    with storage_errors(path):
        connection = connect(path, "rw")  # not "ro": what a killed process left in the log is taken over here
        try:
            return read_meta(connection, path)
        finally:
            connection.close()


def read_meta(connection: sqlite3.Connection, path: Path) -> Meta:
    """What the journal behind *connection* says of itself.

    Raises:
        LakeDamagedError: Its description or its tables are not what was written.
    """
    statements = sorted(row[0] for row in connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    if statements != sorted(_DDL):
        raise _damaged(path, "its tables are not those of a journal")
    return _meta_from(dict(connection.execute("SELECT name, value FROM meta")), path)


def _meta_from(rows: Mapping[str, str | bytes], path: Path) -> Meta:
    try:
        base, lake_id, created, dictionary = rows["base"], rows["lake"], rows["created"], rows["dictionary"]
        whole = genesis_of(rows) == rows["genesis"] and rows["format"] == str(FORMAT_VERSION)
    except (KeyError, TypeError, ValueError):
        whole = False
    if not whole:
        raise _damaged(path, "its description is not what was written when it was made")
    settings = {name.removeprefix(_SETTING): str(value) for name, value in rows.items() if name.startswith(_SETTING)}
    return Meta(
        base=str(base),
        lake_id=str(lake_id),
        created=str(created),
        format_version=FORMAT_VERSION,
        settings=settings,
        dictionary=bytes(dictionary) if isinstance(dictionary, bytes) else b"",
        genesis=genesis_of(rows),
    )


def _damaged(path: Path, reason: str) -> LakeDamagedError:
    return LakeDamagedError(
        f"The journal is damaged: {reason}.", where=str(path), hint="Restore the file from a backup."
    )
