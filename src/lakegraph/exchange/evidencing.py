"""The calls of a lake that give evidence away: exports, bundles, checkpoints and proofs, and its own audit."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from lakegraph.errors import LakeBusyError, LakegraphError, UsageError
from lakegraph.exchange.anchor import anchor, place_of
from lakegraph.exchange.audit import Finding, Moment, Progress, audit
from lakegraph.exchange.bundle import Written, write_bundle
from lakegraph.exchange.coverage import Coverage, coverage
from lakegraph.exchange.exports import export, form_of
from lakegraph.exchange.notary import Notary
from lakegraph.exchange.parts import LakeParts
from lakegraph.exchange.proofs import consistency, inclusion
from lakegraph.graph import Oxigraph
from lakegraph.journal import Checkpoint, CheckpointPolicy
from lakegraph.lake import Lake

log = logging.getLogger("lakegraph.checkpoints")


class Evidencing(Lake):
    """Calls for auditors."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._notary: Notary | None = None
        self._found = self.journal.last_seq
        self._auditing = Lock()

    def parts(self, resolve: Callable[[str], str] | None = None) -> LakeParts:
        """What exports, bundles and audits need of this lake.

        Raises:
            UsageError: It lies in no directory, and so has no keys.
        """
        if self.directory is None:
            raise UsageError("A lake in memory signs nothing.", hint="Open one that lies in a directory.")
        named = resolve or getattr(self, "resolve", None)
        known = {} if named is None else {"resolve": named}
        return LakeParts(
            self.journal, self._projector.graph, self.people, self.directory, catalog=self.settings.catalog, **known
        )

    # -- evidence to take away ----------------------------------------------------------------------------------------

    def export(self, things: str | Iterable[str] | None, form: str) -> Iterator[bytes]:
        """Write the story of *things* in a form; see :func:`lakegraph.exchange.exports.export`."""
        return export(self.parts(), things, form)

    def coverage(self, thing: str, against: str) -> Coverage:
        """What is recorded of the documentation that a framework asks for; see :mod:`lakegraph.exchange.coverage`."""
        return coverage(self.parts(), thing, against)

    def bundle(
        self,
        things: Iterable[str],
        out: Path,
        *,
        redact_persons: bool = False,
        since: Sequence[int] = (),
        forms: Sequence[str] = (),
        artifacts: Sequence[Path] = (),
        progress: Callable[[int, int], None] | None = None,
    ) -> Written:
        """Write an evidence bundle, with exports in these *forms*; see :func:`lakegraph.exchange.write_bundle`."""
        parts = self.parts()
        exports = {f"{chosen.name}.{chosen.suffix}": partial(chosen.make, parts) for chosen in map(form_of, forms)}
        return write_bundle(
            parts,
            things,
            out,
            redact_persons=redact_persons,
            since=since,
            exports=exports,
            artifacts=artifacts,
            progress=progress,
        )

    def audit(self, progress: Progress | None = None, *, since: Sequence[str] = ()) -> Iterator[Finding]:
        """Everything in this lake that contradicts itself; see :func:`lakegraph.exchange.audit.audit`.

        It looks at a snapshot, so that it can be recorded meanwhile.

        Raises:
            LakeBusyError: It is being audited already.
        """
        parts = self.parts()
        if not self._auditing.acquire(blocking=False):
            raise LakeBusyError("This lake is being audited.", where=str(self.directory), hint="Wait for that to end.")
        folder = parts.directory / "views" / "audit"
        try:
            shutil.rmtree(folder, ignore_errors=True)
            with self._writer.exclusively():
                self._repair()
                moment = Moment.now(parts)
                parts.graph.snapshot(folder)
            with closing(Oxigraph.open(folder)) as graph:
                yield from audit(replace(parts, graph=graph), progress, since=since, moment=moment)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            self._auditing.release()

    def erasures(self) -> list[dict[str, Any]]:
        """Every lawful erasure: which entry of which record, when, why, and the entry that says so."""
        found = self.journal.erasures()
        return [
            {"seq": e.seq, "recorded": e.recorded, "erases": e.erases, "record": e.record, "why": e.note} for e in found
        ]

    # -- checkpoints and proofs ---------------------------------------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        """Sign a checkpoint over all entries of now, or give the latest one that does.

        Raises:
            LakeDamagedError: The journal no longer continues what was signed for, or a key is not what was written.
            StorageError: The disk refused.
        """
        return self._signing().sign()

    def latest_checkpoint(self) -> Checkpoint:
        """The last checkpoint that was signed; the first one is signed now."""
        return self._signing().latest or self.checkpoint()

    def key_history(self) -> tuple[str, ...]:
        """The signed statements that tie the signing keys of the lake together, oldest first."""
        return self._signing().statements

    def rotate_key(self) -> Checkpoint:
        """Replace the signing key: the old one vouches for the new one, signs a last time, and is destroyed."""
        return self._signing().rotate()

    def inclusion(self, seq: int, size: int | None = None) -> dict[str, Any]:
        """The proof that an entry stands in the log; see :func:`lakegraph.exchange.proofs.inclusion`."""
        latest = self.latest_checkpoint()
        if size is None and latest.size < seq <= self.journal.last_seq:
            latest = self.checkpoint()
        return inclusion(self.journal, seq, latest.size if size is None else size)

    def consistency(self, old: int, size: int | None = None) -> dict[str, Any]:
        """The proof that the log only grew; see :func:`lakegraph.exchange.proofs.consistency`."""
        latest = self.latest_checkpoint()
        if size is None and latest.size < old <= self.journal.last_seq:
            latest = self.checkpoint()
        return consistency(self.journal, old, latest.size if size is None else size)

    def sign_when_due(self) -> None:
        """Sign checkpoints from now on as the settings ``checkpoints`` say, and anchor them, until ``close``."""
        self._signing().start(self._anchor if self.settings.checkpoints.anchors else None)

    def _anchor(self) -> bool:
        """Put a checkpoint into every place of the settings; what stands in the way of one is logged."""
        whole = True
        for target in self.settings.checkpoints.anchors:
            try:
                anchor(self, place_of(target, getattr(self, "broker", None)))
            except LakegraphError as error:
                log.warning("The checkpoint could not be anchored in %s: %s", target, error)
                whole = False
        return whole

    def close(self) -> None:
        """Sign a checkpoint if this process recorded anything and one is due, and release the directory."""
        try:
            if self._notary is not None:
                self._notary.stop()
            if self.directory is not None and self.journal.last_seq > self._found:
                self._signing().sign_if_due()
        except LakegraphError:
            log.exception("No checkpoint could be signed.")
        super().close()

    def _signing(self) -> Notary:
        if self._notary is None:
            when = self.settings.checkpoints
            self._notary = Notary(self.parts(), CheckpointPolicy(when.seconds, when.leaves))
        return self._notary
