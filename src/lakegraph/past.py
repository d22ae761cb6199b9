"""One past of a lake: what it knew when an entry of its journal was the last."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

from lakegraph.asking import Asking
from lakegraph.comparing import Comparing
from lakegraph.errors import UsageError
from lakegraph.preparing import Submission
from lakegraph.projecting import Projector
from lakegraph.questions import Library
from lakegraph.view import View


class Past(Comparing):
    """A lake as it was; it answers and cannot be written to.

    People are called what the directory calls them now, for they may have asked to be forgotten; what was erased from
    the journal since is gone here too.

    Args:
        lake: The lake.
        directory: Where this past lies; None for one in memory.
        seq: The last entry that it knows.
        projector: Its graph and index.
        view: Its graph as shapes see it.
    """

    def __init__(self, lake: Asking, directory: Path | None, seq: int, projector: Projector, view: View) -> None:
        super().__init__(lake.settings, directory, lake.journal, projector, lake._preparer, view, lake.people)  # noqa: SLF001
        self._seq = seq
        self._library = lake.library
        self._end = weakref.finalize(self, _close, projector)

    @property
    def seq(self) -> int:
        """The last entry that it knows."""
        return self._seq

    @property
    def recorded(self) -> str | None:
        """When the last entry that it knows was recorded; None before the first."""
        return self.journal.read(self.seq).recorded if self.seq else None

    @cached_property
    def library(self) -> Library:
        """The questions of the lake as it is now."""
        return self._library

    @property
    def _snapshots(self) -> Path:
        return (self.directory or Path()) / "snapshots"

    def at(self, moment: Any, progress: Any = None) -> NoReturn:  # noqa: ARG002 - as a lake is asked
        """A past has no pasts of its own.

        Raises:
            UsageError: Always.
        """
        raise UsageError("A past cannot be asked for another one.", where="as_of", hint="Ask the lake itself.")

    def _write(self, group: Sequence[Submission]) -> NoReturn:  # noqa: ARG002 - as a lake is written to
        raise UsageError(
            f"What the lake knew at entry {self.seq} cannot be changed.", hint="Record with the lake itself."
        )

    def close(self) -> None:
        """Let go of its graph and index; the lake stays open."""
        if "queries" in self.__dict__:
            self.queries.close()
        self._end()


def _close(projector: Projector) -> None:
    projector.close()
