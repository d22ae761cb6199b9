"""Checkpoints of a lake: when to sign one, where it is kept, and whether the journal still agrees with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import ClassVar

from lakegraph.errors import LakeDamagedError, LakegraphError, UsageError
from lakegraph.journal import note
from lakegraph.journal.database import replace_file, storage_errors
from lakegraph.journal.keys import Key, KeyRing, keys_at
from lakegraph.journal.ledger import Ledger
from lakegraph.journal.note import Checkpoint, checkpoint_text, parse_checkpoint
from lakegraph.journal.rows import Problem


@dataclass(frozen=True, slots=True)
class CheckpointPolicy:
    """When a checkpoint is due: as soon as there is something new and either bound is reached.

    Attributes:
        seconds: Since the last one.
        leaves: Entries since the last one.
    """

    seconds: float = 60.0
    leaves: int = 1000

    def due(self, leaves: int, seconds: float) -> bool:
        """Whether to sign, *seconds* and *leaves* after the last checkpoint."""
        return leaves > 0 and (leaves >= self.leaves or seconds >= self.seconds)


def verify_checkpoint(text: str, keys: Sequence[Key], origin: str | None = None) -> Checkpoint:
    """The checkpoint that a signed note holds, once a key that may sign at its size proves to have signed it.

    Args:
        text: The note.
        keys: The keys of the lake, oldest first.
        origin: Name of the log that it must speak of; that of the keys unless given.

    Raises:
        UsageError: It is not a checkpoint, or one of another lake.
        LakeDamagedError: No such key signed it, or a signature is false.
    """
    found = parse_checkpoint(text)
    expected = origin or keys[-1].verifier.name
    if found.origin != expected:
        raise UsageError(
            "This checkpoint is of another lake.",
            where=found.origin,
            hint=f"Expected is one of {expected}.",
        )
    note.verify(text, keys_at(keys, found.size))
    return found


class Checkpointer:
    """Signs checkpoints of one open journal and keeps them. Safe to use from many threads.

    Every checkpoint is kept in the journal; the latest one also in a *file* beside it, so that a journal that lost its
    end, or was put back to an older state, contradicts something.

    Args:
        ledger: The ledger of the journal.
        ring: The keys to sign with.
        file: Where the latest checkpoint stands.
        policy: When one is due.
        clock: Seconds, from any beginning, that only grow.
        age: How many seconds ago the latest checkpoint was signed.
    """

    # One for all: two that sign for one lake must not write its file at the same time.
    _lock: ClassVar[RLock] = RLock()

    def __init__(
        self,
        ledger: Ledger,
        ring: KeyRing,
        file: Path,
        policy: CheckpointPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
        age: float = 0.0,
    ) -> None:
        self._ledger = ledger
        self._ring = ring
        self._file = file
        self._policy = policy or CheckpointPolicy()
        self._clock = clock
        self._latest = self._kept()
        self._since = clock() - age

    @property
    def latest(self) -> Checkpoint | None:
        """The last checkpoint that was signed."""
        return self._latest

    def due(self) -> bool:
        """Whether the policy asks for a checkpoint now."""
        covered = self._latest.size if self._latest else 0
        return self._policy.due(self._ledger.size - covered, self._clock() - self._since)

    def sign(self) -> Checkpoint:
        """Sign a checkpoint over all entries of now and keep it; the latest one again when it covers just these.

        Raises:
            LakeDamagedError: The entries do not continue those that the latest checkpoint covers: to sign would be to
                replace the one thing that says so.
            StorageError: The disk refused; the latest checkpoint is still the one before.
        """
        with self._lock:
            kept = self._kept()  # another may have signed meanwhile
            if kept and (self._latest is None or (kept.size >= self._latest.size and kept != self._latest)):
                self._latest = kept
            self._refuse_another_past()
            size = self._ledger.size
            covered = self._latest is not None and self._latest.size == size and self._file.exists()
            if not covered or not self._by_current_key(self._latest):
                self._latest = self._signed(size)
            self._since = self._clock()
            assert self._latest is not None  # noqa: S101 - it was signed just now, if not before
            return self._latest

    def rotate(self) -> Checkpoint:
        """Replace the signing key, and sign all entries of now with both: the old key last, then the new one first.

        Raises:
            StorageError: The disk refused.
        """
        with self._lock:
            covered = self.sign()
            self._ring.rotate(covered.size)
            return self.sign()

    def verify(self) -> Iterator[Problem]:
        """Whether the checkpoints that were signed are genuine, and the journal still agrees with them."""
        if not self._file.exists() and any(self._ledger.checkpoints(1)):
            lost = f"{self._file.name}, which holds the latest one beside the journal, is gone"
            yield Problem(None, "checkpoint", f"{lost}; `lakegraph checkpoint` writes it anew")
        for text in self._notes():
            try:
                yield from self._disagreements(verify_checkpoint(text, self._ring.keys))
            except LakegraphError as error:
                yield Problem(None, "checkpoint", error.message)

    def _refuse_another_past(self) -> None:
        found = next(self._disagreements(self._latest), None) if self._latest else None
        if found:
            raise LakeDamagedError(
                f"Nothing is signed: {found.message}.",
                where=str(self._file),
                hint="Run `lakegraph audit`. If the journal was put back to an earlier state on purpose, move this file"
                " away, and tell whoever holds a later checkpoint.",
            )

    def _disagreements(self, signed: Checkpoint) -> Iterator[Problem]:
        size = self._ledger.size
        if signed.size > size:
            lost = f"entries {size + 1} to {signed.size}" if size + 1 < signed.size else f"entry {signed.size}"
            yield Problem(size + 1, "checkpoint", f"{lost}, signed for, are missing from the end of the journal")
        elif self._ledger.root(signed.size) != signed.root:
            yield Problem(None, "checkpoint", f"the first {signed.size} entries are not those that were signed for")

    def _signed(self, size: int) -> Checkpoint:
        root = self._ledger.root(size)
        text = self._ring.sign(checkpoint_text(self._ring.origin, size, root))
        self._ledger.keep(size, text)
        replace_file(self._file, text.encode("utf-8"))
        return Checkpoint(self._ring.origin, size, root, text)

    def _by_current_key(self, checkpoint: Checkpoint | None) -> bool:
        key_id = self._ring.keys[-1].verifier.key_id
        return checkpoint is not None and any(found == key_id for _, found, _ in note.parse(checkpoint.note).signatures)

    def _notes(self, limit: int = -1) -> list[str]:
        """The checkpoint of the file, then those of the journal, the latest first."""
        notes = [text for _, text in self._ledger.checkpoints(limit)]
        with storage_errors(self._file):
            if self._file.exists():
                notes.insert(0, self._file.read_bytes().decode("utf-8", "replace"))
        return notes

    def _kept(self) -> Checkpoint | None:
        """The latest checkpoint that can be read; whether it is genuine is for ``verify`` to say."""
        for text in self._notes(limit=1):
            with suppress(UsageError):
                return parse_checkpoint(text)
        return None
