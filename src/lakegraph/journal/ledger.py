"""The ledger over a journal: Merkle roots and proofs over its entries, and the checkpoints that were signed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from lakegraph.errors import LakeDamagedError, NotFoundError
from lakegraph.journal.database import Readers
from lakegraph.journal.merkle import Tree
from lakegraph.journal.writer import Writer, stored_node

_REMEMBERED = 1 << 16


class Ledger:
    """Roots, proofs and kept checkpoints of one open journal. Safe to use from many threads.

    Leaf ``n`` of the tree (counted from 0, as RFC 6962 does) is entry ``n + 1``.
    """

    def __init__(self, path: Path, readers: Readers, writer: Writer) -> None:
        self._path = path
        self._readers = readers
        self._writer = writer
        self._tree = Tree(self._node)

    @property
    def size(self) -> int:
        """How many entries are on disk."""
        return self._writer.last_seq

    def root(self, size: int | None = None) -> bytes:
        """Root of the tree over the first *size* entries (all).

        Raises:
            NotFoundError: There are not that many entries.
        """
        return self._tree.root(self._size(size))

    def inclusion(self, seq: int, size: int | None = None) -> list[bytes]:
        """Proof that entry *seq* is leaf ``seq - 1`` of the tree over the first *size* entries (all).

        Raises:
            NotFoundError: There are not that many entries.
        """
        size = self._size(size)
        if not 1 <= seq <= size:
            raise NotFoundError(f"There is no entry {seq} among the first {size}.", where=str(self._path))
        return self._tree.inclusion(seq - 1, size)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Proof that the first *old* entries begin the first *new* ones (all).

        Raises:
            NotFoundError: There are not that many entries.
        """
        new = self._size(new)
        if not 1 <= old <= new:
            raise NotFoundError(f"No proof leads from {old} to {new} entries.", where=str(self._path))
        return self._tree.consistency(old, new)

    def checkpoints(self, limit: int = -1) -> Iterator[tuple[int, str]]:
        """Size and text of the signed checkpoints that were kept, the latest first, *limit* of them (all)."""
        with self._readers.take() as connection:
            kept = connection.execute("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT ?", (limit,))
            found = [(int(size), str(note)) for size, note in kept]
        yield from found

    def kept(self, size: int) -> str | None:
        """The text of the signed checkpoint that was kept for the first *size* entries."""
        with self._readers.take() as connection:
            found = connection.execute("SELECT note FROM checkpoints WHERE size = ?", (size,)).fetchone()
        return None if found is None else str(found[0])

    def keep(self, size: int, note: str) -> None:
        """Keep a signed checkpoint over the first *size* entries; a second of the same size is not kept.

        Raises:
            StorageError: The disk refused; nothing was written.
        """
        self._writer.keep_checkpoint(size, note)

    def remembering(self) -> Ledger:
        """The same for many proofs at once: it reads each node of the tree once, because they never change."""
        known = Ledger(self._path, self._readers, self._writer)
        known._tree = Tree(lru_cache(maxsize=_REMEMBERED)(self._node))
        return known

    def _size(self, size: int | None) -> int:
        last = self.size
        if size is None:
            return last
        if not 0 <= size <= last:
            raise NotFoundError(f"The journal has {last} entries, not {size}.", where=str(self._path))
        return size

    def _node(self, level: int, idx: int) -> bytes:
        with self._readers.take() as connection:
            found = stored_node(connection, level, idx)
        if found is None:
            raise LakeDamagedError(
                f"The Merkle tree of the journal has no node {idx} on level {level}.",
                where=str(self._path),
                hint="Run `lakegraph audit` to see what is affected, and restore the file from a backup.",
            )
        return found
