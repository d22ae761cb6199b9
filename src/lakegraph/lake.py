"""Lake: the use cases of a model lake's knowledge graph, over parts that ``bootstrap`` wires together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any, Self

from lakegraph.config import Settings
from lakegraph.errors import ConflictError, LakegraphError, StorageError, UsageError
from lakegraph.garbage import uncollected
from lakegraph.journal import Entry, Journal, LakeLock
from lakegraph.model import Thing, parse
from lakegraph.ownership import Ownership
from lakegraph.pasts import Pasts
from lakegraph.people import People
from lakegraph.preparing import Prepared, Preparer, Submission, unknown_record
from lakegraph.projecting import Progress, Projector
from lakegraph.rdf.intake import Intake
from lakegraph.rdf.namespaces import DCAT
from lakegraph.receipts import Receipt
from lakegraph.view import View
from lakegraph.writer import Writer

Document = Mapping[str, Any] | Thing
_LARGE_GROUP = 32


class Lake:
    """One lake, owned by this process.

    Args:
        settings: Its settings.
        directory: Where it lies; ``None`` for one in memory.
        journal: The record.
        projector: The graph and the index.
        preparer: Names, mapping, inference and the gate.
        view: The lake as the next record sees it; shared with *preparer* and *projector*.
        people: The directory of people.
        lock: The ownership of the directory; released by ``close``.
    """

    def __init__(
        self,
        settings: Settings,
        directory: Path | None,
        journal: Journal,
        projector: Projector,
        preparer: Preparer,
        view: View,
        people: People,
        lock: LakeLock | None = None,
    ) -> None:
        self.settings = settings
        self.directory = directory
        self.journal = journal
        self.people = people
        self.lock = lock
        self._projector = projector
        self._preparer = preparer
        self._view = view
        self._writer: Writer[Submission, Receipt] = Writer(
            self._write, settings.limits.group, lambda sent: self._takes_back(sent) is not None or _goes_back(sent)
        )
        self._ownership = Ownership(journal.base, projector.graph.stating, journal.current, view.knows)
        self._behind = False  # whether the projections may lack something that the journal holds
        self.pasts: Pasts[Any] = Pasts(None, settings.limits.pasts, _no_past)
        self._changes = Lock()

    @property
    def seq(self) -> int:
        """The last entry of the journal that this lake knows."""
        return self.journal.last_seq

    @property
    def base(self) -> str:
        """The IRI below which everything in this lake has its address; it ends in ``/``."""
        return self.journal.base

    # -- record -------------------------------------------------------------------------------------------------------

    def record(
        self, document: Document, *, key: str | None = None, actor: str | None = None, captured: bool = False
    ) -> Receipt:
        """Record one run or thing.

        Args:
            document: A record document (see ``lakegraph schema``), or its model.
            key: An idempotency key; the same key again returns the first receipt and writes nothing.
            actor: Who is named in the journal; as a :class:`~lakegraph.ownership.Recorder` they may only take back, and
                add to, what is theirs.
            captured: Whether another tool's events are recorded: completeness shapes then only warn.

        Returns:
            The receipt, after the record is on disk and in the graph.

        Raises:
            DocumentError: The document is malformed.
            Refusal: The shapes refuse it; nothing was written.
            ConflictError: The run is recorded already.
            ForbiddenError: It says something of what others recorded, and its actor may only record.
            StorageError: The disk refused; nothing was acknowledged.
        """
        return self._submit(Submission(document=parse(document), key=key, actor=self._actor(actor), captured=captured))

    def record_rdf(
        self, body: bytes, media_type: str, *, key: str | None = None, actor: str | None = None, captured: bool = False
    ) -> Receipt:
        """Record one run or thing that is stated in RDF; see :meth:`record`.

        Raises:
            RdfSyntaxError: *body* does not parse or uses a construct that is refused.
        """
        rdf = Intake.read(body, media_type, self.settings.limits.record_quads)
        return self._submit(Submission(rdf=rdf, key=key, actor=self._actor(actor), captured=captured))

    def record_many(
        self, documents: Iterable[Document], *, actor: str | None = None, captured: bool = False
    ) -> Iterator[Receipt | LakegraphError]:
        """Record many, in groups that share one journal transaction; lazily, so consume the iterator.

        Yields:
            For each document in order its receipt, or the error for which it was not written.
        """
        who, stream = self._actor(actor), iter(documents)
        while group := list(islice(stream, self.settings.limits.group)):
            with uncollected(len(group) >= _LARGE_GROUP):
                answers = self._record_group(group, who, captured=captured)
            for given in answers:
                if not isinstance(given, Receipt | LakegraphError):
                    raise given
                yield given

    def _record_group(self, group: Sequence[Document], who: str, *, captured: bool) -> list[Receipt | BaseException]:
        parsed: list[Submission | LakegraphError] = []
        for document in group:
            try:
                parsed.append(Submission(document=parse(document), actor=who, captured=captured))
            except LakegraphError as error:
                parsed.append(error)
        written = iter(self._writer.many([each for each in parsed if isinstance(each, Submission)]))
        return [next(written) if isinstance(each, Submission) else each for each in parsed]

    def supersede(
        self, record: str, document: Document, *, key: str | None = None, actor: str | None = None
    ) -> Receipt:
        """Correct a record: *document* takes its place in the graph; both stay in the journal.

        Raises:
            NotFoundError: There is no such current record.
            ConflictError: Later records rely on what the correction no longer describes.
        """
        thing = parse(document)
        if thing.id is None:
            thing = thing.model_copy(update={"id": self._current(record).record})
        return self._submit(Submission(document=thing, key=key, actor=self._actor(actor), supersedes=record))

    def tombstone(self, record: str, *, by: str, why: str, key: str | None = None, actor: str | None = None) -> Receipt:
        """Withdraw a record: what it said leaves the graph; that it was said stays in the journal.

        Args:
            record: The IRI of the record or of its graph.
            by: The person who withdraws it.
            why: The reason.
            key: An idempotency key.
            actor: Who is named in the journal.
        """
        graph = self._current(record).graph
        from datetime import UTC, datetime

        now = datetime.now(UTC).isoformat()
        said = {"type": "Withdrawal", "withdraws": graph, "withdrawnBy": by, "description": why}
        return self.record({**said, "startedAt": now, "endedAt": now}, key=key, actor=actor)

    def _actor(self, actor: str | None) -> str:
        return actor or self.settings.actor

    def _current(self, record: str) -> Entry:
        """The entry whose statements about *record* (a thing's or a graph's IRI) stand in the graph now."""
        by_graph = self.journal.current(record)
        if by_graph is not None:
            return by_graph
        for entry in reversed(self.journal.history(record)):
            if entry.record == record and self.journal.current(entry.graph) is not None:
                return entry
        raise unknown_record(record)

    # -- writing ------------------------------------------------------------------------------------------------------

    def _submit(self, sent: Submission) -> Receipt:
        return self._writer.one(sent)

    def _write(self, group: Sequence[Submission]) -> Sequence[Receipt | BaseException]:
        """Write a group. A record that takes another back comes alone."""
        with uncollected(len(group) >= _LARGE_GROUP):
            return self._write_together(group)

    def _takes_back(self, sent: Submission) -> str | None:
        """The record that *sent* withdraws or supersedes."""
        return sent.supersedes or (vars(sent.document).get("withdraws") if sent.document else None)

    def _write_together(self, group: Sequence[Submission]) -> Sequence[Receipt | BaseException]:
        self._repair()
        self._view.begin()
        self._preparer.begin()
        answers: list[Receipt | BaseException | None] = []
        ready: list[Prepared] = []
        keys: dict[str, int] = {}
        for sent in group:
            try:
                repeated = self._repeated(sent)
                if repeated is None and sent.key is not None and sent.key in keys:
                    raise ConflictError(f"The idempotency key {sent.key!r} is in use by a request under way.")
                if repeated is None:
                    prepared = self._prepare(sent)
                    self._ownership.check_added(prepared, ready)
                    if sent.key is not None:
                        keys[sent.key] = len(answers)
                    ready.append(prepared)
                    self._view.add(prepared.asserted, prepared.inferred)
                answers.append(repeated)
            except LakegraphError as error:
                answers.append(error)
        receipts = iter(self._commit(ready))
        return [next(receipts) if answer is None else answer for answer in answers]

    def _repeated(self, sent: Submission) -> Receipt | None:
        entry = self.journal.by_key(sent.key) if sent.key is not None else None
        if entry is None:
            return None
        outputs = self._projector.outputs(entry)
        return Receipt(entry.record, entry.graph, entry.seq, entry.quads, outputs, repeated=True)

    def _prepare(self, sent: Submission) -> Prepared:
        taken = self._takes_back(sent)
        if taken is None:
            prepared = self._preparer.prepare(sent, self._view, None)
            self._refuse_repetition(prepared)
            return prepared
        old = self._current(taken)
        self._ownership.check_taken(sent.actor, old, taken)
        retraction = self._projector.retraction(old.graph)
        self._view.without(retraction.gone)
        revision = 1 + sum(entry.record == old.record for entry in self.journal.history(old.record))
        return self._preparer.prepare(sent, self._view, retraction, revision if sent.supersedes else 1)

    def _refuse_repetition(self, prepared: Prepared) -> None:
        draft = prepared.draft
        if self._view.knows(f"<{draft.graph}>"):
            raise ConflictError(
                f"{draft.record} is recorded already.",
                where=draft.graph,
                hint="To correct it, supersede it; to record another run, leave out its id.",
            )

    def _commit(self, ready: Sequence[Prepared]) -> Sequence[Receipt | BaseException]:
        """Make records durable, and hand them to the projections."""
        if not ready:
            return []
        try:
            entries = self.journal.append([prepared.draft for prepared in ready])
        except StorageError as error:
            # Should the transaction have reached the disk all the same, the projections must learn of it.
            self._behind = True
            self._view.distrust()
            return [error] * len(ready)
        try:
            self._projector.apply(entries, [(p.asserted, p.inferred) for p in ready])
            self._view.show(entries)
        except BaseException as error:
            # The journal holds them; the graph is brought up to it before the next write and at the next opening.
            self._behind = True
            self._view.distrust()
            if not isinstance(error, LakegraphError):
                raise
            return [_kept_but_hidden(error)] * len(ready)
        return [_receipt(entry, prepared) for entry, prepared in zip(entries, ready, strict=True)]

    def _repair(self) -> None:
        if self._behind:
            self._projector.catch_up()
            self._behind = False

    # -- the lake itself ----------------------------------------------------------------------------------------------

    def catch_up(self, progress: Progress | None = None) -> int:
        """Bring the projections up to the journal; the number of entries that they had missed."""
        with self._writer.exclusively():
            return self._projector.catch_up(progress)

    def close(self) -> None:
        """Release the directory. The lake cannot be used after this."""
        with self._writer.exclusively():
            self.pasts.close()
            self._view.save()
            self._projector.close()
            self.people.close()
            self.journal.close()
            if self.lock:
                self.lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _goes_back(sent: Submission) -> bool:
    """Whether *sent* makes an earlier version the current one, as far as what comes next is concerned."""
    return sent.rdf is not None and any(p == DCAT.hasCurrentVersion for _, p, _ in sent.rdf.triples)


def _no_past(*_: object) -> Any:
    raise UsageError("This lake has no pasts.", where="as_of")


def _receipt(entry: Entry, prepared: Prepared) -> Receipt:
    warnings = tuple(result.as_dict() for result in prepared.report.warnings)
    return Receipt(entry.record, entry.graph, entry.seq, entry.quads, prepared.outputs, warnings)


def _kept_but_hidden(error: LakegraphError) -> StorageError:
    return StorageError(
        f"The record is safe in the journal, but the graph could not show it: {error.message}",
        where=error.where,
        hint="Free the disk, then send it again with the same idempotency key: the receipt of the first is returned.",
    )
