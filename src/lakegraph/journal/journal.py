"""The journal of a lake: the record that everything else is made from, in one append-only SQLite file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from lakegraph.errors import ConflictError, LakeDamagedError, NotFoundError
from lakegraph.journal import rows
from lakegraph.journal.audit import Progress, verify_file
from lakegraph.journal.database import Readers
from lakegraph.journal.entry import ERASE, Draft, Entry, check
from lakegraph.journal.ledger import Ledger
from lakegraph.journal.payload import Codec, dictionary_for
from lakegraph.journal.rows import Evidence, Problem, Row, trusted
from lakegraph.journal.schema import Meta, create_file, meta_rows, open_meta
from lakegraph.journal.writer import Clock, Pending, Writer, instant, system_clock

Parameters = Sequence[object] | Mapping[str, object]

_BATCH = 256


class Journal:
    """An open journal. Any thread may read and write; writes wait for each other, reads for nothing.

    Whatever is read is compared with its hashes first: damaged content is never handed out.

    Attributes:
        ledger: Roots, proofs and signed checkpoints over the entries.
    """

    def __init__(self, path: Path, meta: Meta, clock: Clock = system_clock) -> None:
        self._path = path
        self._meta = meta
        self._codec = Codec(meta.dictionary)
        self._readers = Readers(path)
        self._writer = Writer(path, self._codec, meta.genesis, clock)
        self.ledger = Ledger(path, self._readers, self._writer)

    @classmethod
    def create(
        cls,
        path: Path,
        *,
        base: str,
        lake_id: str,
        settings: Mapping[str, str] | None = None,
        clock: Clock = system_clock,
    ) -> Self:
        """Make an empty journal at *path* and open it.

        Args:
            path: Where; there must be nothing.
            base: IRI that every IRI of the lake begins with; can never change.
            lake_id: Name of this lake among all lakes; can never change.
            settings: What else is chosen once and for all.
            clock: Where the time comes from.

        Raises:
            ConflictError: There is a journal already.
            StorageError: The disk refused.
        """
        create_file(path, meta_rows(base, lake_id, instant(clock()), settings or {}, dictionary_for(base)))
        return cls.open(path, clock=clock)

    @classmethod
    def open(cls, path: Path, *, clock: Clock = system_clock) -> Self:
        """Open the journal at *path*.

        Raises:
            LakeFormatError: There is none, it is something else, or it is of a newer format.
            LakeDamagedError: It contradicts itself so that nothing can be read or appended.
            StorageError: The disk refused.
        """
        return cls(path, open_meta(path), clock)

    @property
    def base(self) -> str:
        """IRI that every IRI of the lake begins with."""
        return self._meta.base

    @property
    def lake_id(self) -> str:
        """Name of this lake among all lakes."""
        return self._meta.lake_id

    @property
    def created(self) -> str:
        """When the journal was made, as an entry's ``recorded``."""
        return self._meta.created

    @property
    def format_version(self) -> int:
        """Version of the file format."""
        return self._meta.format_version

    @property
    def settings(self) -> Mapping[str, str]:
        """What was chosen once and for all when the lake was made."""
        return self._meta.settings

    @property
    def last_seq(self) -> int:
        """Sequence number of the last entry on disk; 0 when there is none."""
        return self._writer.last_seq

    def append(self, drafts: Sequence[Draft]) -> list[Entry]:
        """Record *drafts* in one transaction: all are on disk when this returns, or none ever.

        Raises:
            StorageError: The disk refused; nothing was written, and the journal stays usable.
            ConflictError: An idempotency key is taken; nothing was written.
            LakeBusyError: Another process wrote to the file; nothing was written.
            ValueError: A draft is not one that a journal may hold.
        """
        pending = [Pending(draft, check(draft)) for draft in drafts]
        return self._writer.append(pending) if pending else []

    def erase(self, seqs: Sequence[int], *, actor: str, level: str, reason: str) -> list[Entry]:
        """Erase the bodies of entries for good, and record that, and why: every proof still holds.

        Args:
            seqs: The entries whose bodies go; their leaves stay.
            actor: IRI of who erases.
            level: Security level of the recorded erasures.
            reason: Why, and on whose authority; itself erased with nothing, so it must not repeat what it erases.

        Returns:
            One entry of kind ``erase`` for each of *seqs*; where its ``supersedes`` is set, that graph no longer holds.

        Raises:
            NotFoundError: There is no such entry.
            ConflictError: An entry is erased already, or is itself an erasure.
            StorageError: The disk refused; nothing was erased, unless the message says that only copies are left.
        """
        pending = [self._erasure(seq, actor, level, reason) for seq in dict.fromkeys(seqs)]
        erasures = self._writer.append(pending) if pending else []
        self._writer.scrub()
        return erasures

    def _erasure(self, seq: int, actor: str, level: str, reason: str) -> Pending:
        entry = self.read(seq)
        if entry.erased or entry.erases is not None:
            raise ConflictError(
                f"Entry {seq} {'was erased before' if entry.erased else 'records an erasure and cannot be erased'}.",
                where=entry.record,
            )
        current = self.current(entry.graph)
        draft = Draft(
            kind=ERASE,
            record=entry.record,
            graph=entry.graph,
            actor=actor,
            level=level,
            added=b"",
            supersedes=entry.graph if current is not None and current.seq == seq else None,
            note=reason,
        )
        return Pending(draft, quads=0, erases=seq)

    def read(self, seq: int) -> Entry:
        """The entry with this sequence number.

        Raises:
            NotFoundError: There is none.
            LakeDamagedError: It is not what was written.
        """
        return self.evidence(seq).entry

    def evidence(self, seq: int) -> Evidence:
        """The entry with this sequence number, and all that proves it.

        Raises:
            NotFoundError: There is none.
            LakeDamagedError: It is not what was written.
        """
        found = self._select("WHERE e.seq = ?", (seq,))
        if not found:
            raise NotFoundError(f"The journal has no entry {seq}.", where=str(self._path))
        return found[0]

    def entries(self, after: int = 0, until: int | None = None) -> Iterator[Entry]:
        """Entries in order, those after *after* up to and including *until*, or the last one of now; streams.

        Raises:
            LakeDamagedError: An entry is not what was written.
        """
        last = self.last_seq if until is None else min(until, self.last_seq)
        # Page by page: a reader that takes its time must not keep the write-ahead log from being emptied.
        while after < last:
            page = self._select("WHERE e.seq > ? AND e.seq <= ? ORDER BY e.seq LIMIT ?", (after, last, _BATCH))
            if not page:
                raise LakeDamagedError(
                    f"The journal has lost the entries {after + 1} to {last}.", where=str(self._path)
                )
            yield from (evidence.entry for evidence in page)
            after = page[-1].entry.seq

    def last_before(self, moment: datetime) -> int:
        """The last entry that was recorded at *moment* or before; 0 for none."""
        # Entries are recorded in the order of their times, which are written alike.
        recorded = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
        low, high = 0, self.last_seq
        with self._readers.take() as connection:
            while low < high:
                middle = (low + high + 1) // 2
                (found,) = connection.execute("SELECT recorded FROM entries WHERE seq = ?", (middle,)).fetchone()
                low, high = (middle, high) if found <= recorded else (low, middle - 1)
        return low

    def by_key(self, key: str) -> Entry | None:
        """The entry that was recorded with this idempotency key."""
        return self._one("WHERE p.key_hash = ?", (rows.key_hash(key),))

    def history(self, record: str) -> list[Entry]:
        """Every entry about *record*, or that takes the place of a graph of its, in order."""
        found = self._select(
            "WHERE e.record = :record OR e.supersedes IN (SELECT graph FROM entries WHERE record = :record)"
            " ORDER BY e.seq",
            {"record": record},
        )
        return [evidence.entry for evidence in found]

    def written_to(self, graph: str) -> list[Entry]:
        """Every entry that wrote to *graph*, in order, whether or not it still holds."""
        found = self._select("WHERE e.graph = ? AND e.kind <> 'erase' ORDER BY e.seq", (graph,))
        return [evidence.entry for evidence in found]

    def current(self, graph: str) -> Entry | None:
        """The last entry that wrote to *graph*; None when there is none, or it was superseded, withdrawn or erased."""
        return self._one(
            "WHERE e.seq = (SELECT max(seq) FROM entries WHERE graph = :graph AND kind <> 'erase')"
            " AND e.seq > (SELECT coalesce(max(seq), 0) FROM entries WHERE supersedes = :graph)",
            {"graph": graph},
        )

    def wrote(self, graph: str) -> bool:
        """Whether any entry, in force or not, has *graph* for its own."""
        with self._readers.take() as connection:
            found = connection.execute("SELECT 1 FROM entries WHERE graph = ? LIMIT 1", (graph,)).fetchone()
        return found is not None

    def current_of(self, record: str) -> Entry | None:
        """The last entry about *record* whose graph still holds; None when there is none."""
        return self._one(
            "WHERE e.seq = (SELECT max(w.seq) FROM entries w WHERE w.record = :record AND w.kind <> 'erase'"
            " AND w.seq > (SELECT coalesce(max(seq), 0) FROM entries WHERE supersedes = w.graph))",
            {"record": record},
        )

    def erasures(self) -> list[Entry]:
        """Every entry that records an erasure, in order."""
        return [evidence.entry for evidence in self._select("WHERE e.erases IS NOT NULL ORDER BY e.seq", ())]

    def retractions(self, after: int = 0, limit: int = 100) -> list[Entry]:
        """The entries after *after* that superseded, withdrew or erased a graph that held, in order."""
        found = self._select("WHERE e.seq > ? AND e.supersedes IS NOT NULL ORDER BY e.seq LIMIT ?", (after, limit))
        return [evidence.entry for evidence in found]

    def changes(self) -> list[Entry]:
        """Every entry that is a change-set, in order."""
        return [evidence.entry for evidence in self._select("WHERE e.kind = 'change' ORDER BY e.seq", ())]

    def successor(self, graph: str) -> Entry | None:
        """The last entry that superseded, withdrew or erased *graph*."""
        return self._one("WHERE e.seq = (SELECT max(seq) FROM entries WHERE supersedes = :graph)", {"graph": graph})

    def verify(self, after: int = 0, progress: Progress | None = None) -> Iterator[Problem]:
        """Everything that contradicts itself: content, leaves, their chain, their order, the tree, the file.

        Args:
            after: Compare only what came after this entry.
            progress: Called with how many entries were compared, out of how many.
        """
        return verify_file(self._path, after, progress)

    def check(self, after: int = 0) -> None:
        """Compare everything after entry *after* with its hashes.

        Raises:
            LakeDamagedError: Naming the first entry that is not what was written.
        """
        first = next(self.verify(after), None)
        if first is not None:
            raise LakeDamagedError(
                f"The journal is damaged at {first}.",
                where=str(self._path),
                hint="Run `lakegraph audit` to see all that is affected, and restore the file from a backup.",
            )

    def close(self) -> None:
        """Give the file back."""
        self._readers.close()
        self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _one(self, condition: str, parameters: Parameters) -> Entry | None:
        found = self._select(condition, parameters)
        return found[0].entry if found else None

    def _select(self, condition: str, parameters: Parameters) -> list[Evidence]:
        with self._readers.take() as connection:
            found = connection.execute(rows.SELECT + condition, parameters).fetchall()
        return [trusted(Row._make(row), self._codec, self._meta.genesis, self._path) for row in found]
