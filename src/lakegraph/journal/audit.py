"""Verification of a whole journal file: every place where what it says and its hashes disagree."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from lakegraph.errors import LakegraphError, UsageError
from lakegraph.journal import rows
from lakegraph.journal.database import connect, storage_errors
from lakegraph.journal.merkle import Tree, node_hash
from lakegraph.journal.note import parse_checkpoint
from lakegraph.journal.payload import Codec
from lakegraph.journal.rows import Problem, Row, judge, leaf_as_read
from lakegraph.journal.schema import Meta, read_meta
from lakegraph.journal.writer import stored_node

Progress = Callable[[int, int], None]
"""Called with how many entries were compared, out of how many."""

_BATCH = 256

# One statement each, hence one snapshot each: a writer may append meanwhile.
_NODES = """
SELECT n.level, n.idx, n.hash,
  CASE WHEN n.level = 1 THEN (SELECT leaf FROM entries WHERE seq = 2 * n.idx + 1)
       ELSE (SELECT hash FROM nodes WHERE level = n.level - 1 AND idx = 2 * n.idx) END,
  CASE WHEN n.level = 1 THEN (SELECT leaf FROM entries WHERE seq = 2 * n.idx + 2)
       ELSE (SELECT hash FROM nodes WHERE level = n.level - 1 AND idx = 2 * n.idx + 1) END
FROM nodes n WHERE (n.idx + 1) << n.level > ? ORDER BY n.level, n.idx
"""
# Level 0 stands for the entries.
_COUNTS = """
SELECT level, count(*), max(idx) + 1 FROM nodes WHERE level <> 0 GROUP BY level
UNION ALL SELECT 0, (SELECT coalesce(max(seq), 0) FROM entries), 0
"""
_CHECKPOINTS = "SELECT size, note, (SELECT coalesce(max(seq), 0) FROM entries) FROM checkpoints WHERE size > ?"
_ORPHANS = "SELECT seq FROM payloads WHERE seq NOT IN (SELECT seq FROM entries) ORDER BY seq"


def verify_file(path: Path, after: int = 0, progress: Progress | None = None) -> Iterator[Problem]:
    """Everything in the journal at *path* that contradicts itself; streams, and holds no lock while it does.

    Covered are every value of every table, the order and completeness of the entries, the chain and the tree over them,
    and, by SQLite's own check, the pages and the indexes; of checkpoints their size and root, while signatures need
    keys (``Checkpointer.verify``). Bytes of the file that hold no content are not covered. What was cut off at the end
    shows only against a checkpoint that stands elsewhere.

    Args:
        path: The journal file.
        after: Compare entries and tree only after this one; the file as a whole is then taken on trust.
        progress: Called with how many entries were compared, out of how many.
    """
    try:
        with storage_errors(path), closing(connect(path, "ro")) as connection:
            # A damaged text must reach the comparison instead of ending it.
            connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            meta = read_meta(connection, path)
            if not after:
                yield from _unbroken(_pages(connection))
            yield from _unbroken(_entries(connection, meta, after, progress))
            yield from _unbroken(_tree(connection, after))
            yield from _unbroken(_checkpoints(connection, after))
    except LakegraphError as error:
        yield Problem(None, "database", error.message)


def _unbroken(found: Iterator[Problem]) -> Iterator[Problem]:
    """What is *found*, and as one more problem what keeps SQLite from reading on; the next check then still runs."""
    try:
        yield from found
    except sqlite3.DatabaseError as error:
        yield Problem(None, "database", f"SQLite cannot read on: {error}")


def _pages(connection: sqlite3.Connection) -> Iterator[Problem]:
    for (line,) in connection.execute("PRAGMA integrity_check"):
        if line != "ok":
            yield Problem(None, "database", line)


def _entries(connection: sqlite3.Connection, meta: Meta, after: int, progress: Progress | None) -> Iterator[Problem]:
    codec = Codec(meta.dictionary)
    last = _last_seq(connection)
    expected = after + 1
    prior = b""  # what the entry before says it is, where that is not what its leaf hash says
    while expected <= last:
        for row in _page(connection, expected, last):
            if row.seq != expected:
                yield Problem(expected, "gap", f"the entries {expected} to {row.seq - 1} are missing")
            stored = row.prior_leaf or meta.genesis
            evidence, found = judge(row, codec, *((stored, prior) if prior else (stored,)))
            yield from found
            prior = b"" if evidence else leaf_as_read(row, stored)
            expected = row.seq + 1
        if progress is not None:
            progress(expected - 1 - after, last - after)
    for (seq,) in connection.execute(_ORPHANS):
        yield Problem(seq, "payload", "its content is there without it")


def _page(connection: sqlite3.Connection, first: int, last: int) -> list[Row]:
    statement = f"{rows.SELECT} WHERE e.seq >= ? AND e.seq <= ? ORDER BY e.seq LIMIT {_BATCH}"
    page = [Row._make(row) for row in connection.execute(statement, (first, last))]
    if not page:
        raise sqlite3.DatabaseError(f"the entries {first} to {last} are not found")
    return page


def _tree(connection: sqlite3.Connection, after: int) -> Iterator[Problem]:
    for level, idx, value, left, right in connection.execute(_NODES, (after,)):
        if not (isinstance(left, bytes) and isinstance(right, bytes)) or node_hash(left, right) != value:
            yield Problem(None, "tree", f"node {idx} on level {level} of the tree does not agree with what it covers")
    counts = {level: (count, end) for level, count, end in connection.execute(_COUNTS)}
    last: int = counts.pop(0)[0]
    expected = {level: last >> level for level in range(1, last.bit_length())}
    for level in [*expected, *(counts.keys() - expected.keys())]:
        count, end = counts.get(level, (0, 0))
        wanted = expected.get(level, 0)
        if not count == end == wanted:
            yield Problem(None, "tree", f"level {level} of the tree has {count} nodes instead of {wanted}")


def _checkpoints(connection: sqlite3.Connection, after: int) -> Iterator[Problem]:
    tree = Tree(lambda level, idx: stored_node(connection, level, idx) or b"")
    for size, text, last in connection.execute(_CHECKPOINTS, (after,)).fetchall():
        try:
            signed = parse_checkpoint(str(text))
        except UsageError:
            yield Problem(None, "checkpoint", f"the checkpoint kept for {size} entries is not one")
            continue
        if signed.size != size:
            yield Problem(None, "checkpoint", f"the checkpoint kept for {size} entries is one for {signed.size}")
        elif size > last:
            yield Problem(last + 1, "checkpoint", f"{size} entries were signed for and only {last} are there")
        elif tree.root(size) != signed.root:
            yield Problem(None, "checkpoint", f"the first {size} entries are not those that were signed for")


def _last_seq(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT coalesce(max(seq), 0) FROM entries").fetchone()[0])
