"""Lawful erasure: what a record says goes for good, that it was recorded, when and by whom stays proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lakegraph.change_effects import CHANGE
from lakegraph.errors import ConflictError, UsageError
from lakegraph.journal import Entry, count_quads, replace_file
from lakegraph.lake import Lake
from lakegraph.preparing import unknown_record

TRACES = Path("views") / "traces"
"""Where it is noted that projections must be made anew; it goes with them."""
_SHOWN = 5
_LONGEST_REASON = 2000


@dataclass(frozen=True, slots=True)
class Erasure:
    """What is erased, or would be.

    Attributes:
        record: The IRI of the record.
        entries: The journal entries whose content goes.
        recorded_as: The entries that say so, in the same order; empty where nothing was done yet.
        needed_by: The graphs of other records that refer to what this one alone describes.
    """

    record: str
    entries: tuple[int, ...]
    recorded_as: tuple[int, ...]
    needed_by: tuple[str, ...]


def mark_traces(directory: Path | None) -> None:
    """Note in a lake's *directory* that the files of its projections hold traces of what was erased."""
    if directory is not None:
        replace_file(directory / TRACES, b"Graph and index are made anew when the lake is opened.\n")


class Erasing(Lake):
    """Calls for whoever must erase what was recorded (Regulation (EU) 2016/679, article 17)."""

    def erase(
        self, record: str, *, why: str, actor: str | None = None, force: bool = False, dry_run: bool = False
    ) -> Erasure:
        """Erase what a record says: all of its revisions, or the one whose graph is named.

        Its leaves, commitments and proofs stay, and an entry of kind ``erase`` says why. Graph and index no longer show
        it when this returns; their files may hold traces of it until the lake is rebuilt, as ``lakegraph erase`` does
        and the next opening would, and an edited graph shows what a change-set did to it until then.

        Args:
            record: The IRI of the record, or that of its graph, which then goes alone.
            why: The reason, and on whose authority; it is never erased, so it must not repeat what is.
            actor: Who is named in the journal.
            force: Erase it even though other records rely on what it says.
            dry_run: Only say what would be erased, and who relies on it.

        Raises:
            NotFoundError: There is no such record.
            ConflictError: It was erased before, or other records rely on it.
            UsageError: There is no reason, or one that cannot be written.
            StorageError: The disk refused; nothing was erased, unless the message says that only copies are left.
        """
        _check_reason(why)
        with self._writer.exclusively():
            self._repair()
            entries = self._erasable(record)
            seqs = tuple(entry.seq for entry in entries)
            needed = tuple(self._relying(entries))
            if dry_run:
                return Erasure(entries[0].record, seqs, (), needed)
            if not force:
                _check_edits(entries)
                if needed:
                    raise _needed(entries[0].record, needed)
            mark_traces(self.directory)
            self._behind = True  # should something fail after the journal is written, the graph must still learn of it
            try:
                done = self.journal.erase(seqs, actor=self._actor(actor), level=entries[-1].level, reason=why.strip())
            finally:
                self._repair()
                self.pasts.forget()
        return Erasure(entries[0].record, seqs, tuple(entry.seq for entry in done), needed)

    def _erasable(self, record: str) -> list[Entry]:
        """The entries of a record, or of one graph, whose content is still there."""
        entries = self.journal.written_to(record)
        if not entries:
            entries = [e for e in self.journal.history(record) if e.record == record and e.erases is None]
        if not entries:
            raise unknown_record(record)
        left = [entry for entry in entries if not entry.erased]
        if not left:
            eraser = self.journal.read(entries[-1].erased_by or 0)
            raise ConflictError(
                f"{record} was erased on {eraser.recorded}, as entry {eraser.seq} says.",
                where=record,
                hint=f"The reason was: {eraser.note}",
            )
        return left

    def _relying(self, entries: Sequence[Entry]) -> list[str]:
        """The graphs of other records that refer to what only these entries describe."""
        own = {entry.graph for entry in entries}
        found: dict[str, None] = {}
        for entry in entries:
            current = self.journal.current(entry.graph)
            if current is not None and current.seq == entry.seq:
                retraction = self._projector.retraction(entry.graph)
                found.update(dict.fromkeys(retraction.dependents(())))
                for node in {s for s, _, _ in retraction.carried(())}:
                    found.update(dict.fromkeys(self._projector.referring(node, entry.graph)))
        return [graph for graph in found if graph not in own]


def _check_reason(why: str) -> None:
    try:
        why.encode()
    except UnicodeEncodeError as error:
        raise UsageError("The reason is not text.", where="why", hint="Say it in UTF-8.") from error
    if not why.strip() or len(why) > _LONGEST_REASON:
        raise UsageError(
            f"An erasure needs a reason, of at most {_LONGEST_REASON} characters.",
            where="why",
            hint="Such as: Art. 17 GDPR, request 12.",
        )


def _check_edits(entries: Sequence[Entry]) -> None:
    """An erased change-set does nothing any more, so what it removed would be there again."""
    for entry in entries:
        if entry.kind == CHANGE and entry.removed:
            raise ConflictError(
                f"The {count_quads(entry.removed)} statements that this change-set removed would be there again.",
                where=entry.record,
                hint="Erase the change-sets that added them first, then this one with force.",
            )


def _needed(record: str, graphs: Sequence[str]) -> ConflictError:
    shown = ", ".join(graphs[:_SHOWN]) + (f" and {len(graphs) - _SHOWN} more" if len(graphs) > _SHOWN else "")
    return ConflictError(
        f"{record} is not erased, because others rely on what it alone describes: {len(graphs)} of them.",
        where=shown,
        hint="Supersede it by one without what must go, then erase the graph of the first. Or use force: those records"
        " then keep names that nothing describes.",
    )
