"""The calls of a lake that give evidence away: exports, bundles, checkpoints, and its own audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from lakegraph.errors import UsageError
from lakegraph.exchange.audit import Finding, Progress, audit
from lakegraph.exchange.bundle import Written, write_bundle
from lakegraph.exchange.exports import export, form_of
from lakegraph.exchange.parts import LakeParts
from lakegraph.journal import Checkpoint
from lakegraph.lake import Lake


class Evidencing(Lake):
    """Calls for auditors."""

    def parts(self, resolve: Callable[[str], str] | None = None) -> LakeParts:
        """What exports, bundles and audits need of this lake.

        Raises:
            UsageError: It lies in no directory, and so has no keys.
        """
        if self.directory is None:
            raise UsageError("A lake in memory signs nothing.", hint="Open one that lies in a directory.")
        named = resolve or getattr(self, "resolve", None)
        parts = LakeParts(self.journal, self._projector.graph, self.people, self.directory)
        return parts if named is None else LakeParts(parts.journal, parts.graph, parts.people, parts.directory, named)

    def export(self, things: str | Iterable[str] | None, form: str) -> Iterator[bytes]:
        """Write the story of *things* in a form; see :func:`lakegraph.exchange.exports.export`."""
        return export(self.parts(), things, form)

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

    def audit(self, progress: Progress | None = None) -> Iterator[Finding]:
        """Everything in this lake that contradicts itself; see :func:`lakegraph.exchange.audit.audit`."""
        return audit(self.parts(), progress)

    def checkpoint(self) -> Checkpoint:
        """Sign a checkpoint over all entries of now, or give the latest one that does."""
        parts = self.parts()
        return parts.checkpointer(parts.keys()).sign()
