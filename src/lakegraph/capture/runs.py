"""A run under way: it finds when, where and with which code it ran, and is recorded when its block ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from lakegraph.capture import code, machine
from lakegraph.capture.handles import Handle
from lakegraph.capture.hints import naming_arguments
from lakegraph.errors import LakegraphError, UsageError

if TYPE_CHECKING:
    from lakegraph.receipts import Receipt

Record = Callable[[Mapping[str, Any]], "Receipt"]
"""How a document is recorded: a lake's ``record``."""

_MESSAGE: Final = 2_000
"""The longest error message that is kept: what follows is a traceback, which belongs in a log."""


class Run:
    """One run, as a context manager.

    It ends as ``succeeded`` when its block ends, as ``failed`` with the error when that raises, and as ``aborted`` when
    it is interrupted. A failed run is recorded too; the error goes on to the caller.

    Args:
        record: How the document is recorded.
        title: What people will find the run by.
        said: What the caller said, by the name of the argument.
    """

    kind: ClassVar[str] = ""
    person: ClassVar[str] = "associatedWith"

    def __init__(self, record: Record, title: str, said: dict[str, Any]) -> None:
        self.title = title
        self._record = record
        self._said = said
        self._file = said.get("code") or code.caller()
        self._code = code.Code("interactive session")
        self._id: str | None = None
        self._started: datetime | None = None
        self._ended: datetime | None = None
        self._status = "running"
        self._error: str | None = None
        self._receipt: Receipt | None = None

    def __enter__(self) -> Self:
        if self._started is not None:
            raise UsageError(f"The run {self.title!r} has begun already.", hint="Start a new one for another try.")
        from lakegraph.rdf.names import uuid7

        # An id of its own, so that recording again after a lost answer cannot make a second run of one.
        self._id = uuid7()
        self._started = datetime.now(UTC)
        self._code = code.describe(self._file)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = datetime.now(UTC)
        if error is None:
            self._status = "succeeded"
            self.record()
            return
        self._status = "failed" if isinstance(error, Exception) else "aborted"
        self._error = f"{type(error).__name__}: {error}"[:_MESSAGE]
        try:
            self.record()
        except LakegraphError as refused:
            # The caller's own error is the one that matters; this says why the lake does not know of it.
            error.add_note(f"lakegraph could not record this {self._status} run. {refused}")

    @property
    def succeeded(self) -> bool:
        """Whether the block ended without an error."""
        return self._status == "succeeded"

    @property
    def receipt(self) -> Receipt:
        """The lake's receipt.

        Raises:
            UsageError: The run is not recorded: it is still under way, or it was refused.
        """
        if self._receipt is None:
            raise UsageError(
                f"The run {self.title!r} is not recorded.",
                hint="Its receipt is there when the with block has ended; after a refusal, mend it with run.record(…).",
            )
        return self._receipt

    def record(self, **answers: object) -> Receipt:
        """Record the run. The block does this by itself; call it to mend a run that was refused, without running again.

        Args:
            answers: Arguments that were missing or wrong, by the names that the run was started with.

        Raises:
            RefusedError: The lake's shapes refuse it; the hint names the arguments to add.
            UsageError: The run is recorded already, still under way, or knows no such argument.
        """
        if self._receipt is not None:
            raise UsageError(
                f"The run {self.title!r} is recorded already.",
                where=self._receipt.iri,
                hint="To correct it, supersede the record.",
            )
        if self._ended is None:
            raise UsageError(f"The run {self.title!r} is still under way.", hint="It is recorded when its block ends.")
        unknown = sorted(set(answers) - set(self._said))
        if unknown:
            raise UsageError(
                f"This run has no argument {unknown[0]!r}.", hint=f"It has: {', '.join(sorted(self._said))}."
            )
        self._said.update(answers)
        if answers.get("code"):
            self._code = code.describe(self._said["code"])
        with naming_arguments("What ran need not run again: give the answer to run.record(…)."):
            self._receipt = self._record(self.document())
        self._settle(self._receipt)
        return self._receipt

    def document(self) -> dict[str, Any]:
        """The run as a record document, as it stands now."""
        said, agent = self._said, self._said.get("agent")
        common = {
            "id": self._id,
            "type": self.kind,
            "title": self.title,
            "description": said.get("why"),
            "startedAt": self._started.isoformat() if self._started else None,
            "endedAt": self._ended.isoformat() if self._ended else None,
            "runStatus": self._status,
            "errorMessage": self._error,
            "executes": self._code.program(),
            "environment": machine.environment(),
            "associatedWith": {"type": "SoftwareAgent", "name": agent} if agent else None,
        }
        body = self._body()
        if "hasImplementation" in body:
            del common["executes"]
        return without_gaps({**common, **self._who(), **body, **(said.get("extra") or {})})

    def _who(self) -> dict[str, Any]:
        return {self.person: self._said["by"]} if self._said.get("by") else {}

    def _body(self) -> dict[str, Any]:
        """What this kind of run says beside what every run says."""
        return {}

    def _made(self) -> Iterable[Handle]:
        """What this run made."""
        return ()

    def _settle(self, receipt: Receipt) -> None:
        """Let everything that the run made learn its IRI."""
        from lakegraph.rdf.names import slugify

        for handle in self._made():
            hub = f"/id/{handle.kind}/{slugify(handle.title)}"
            for iri in receipt.outputs:
                whole = iri if handle.kind == "deployment" else iri.rpartition("/")[0]
                if whole.endswith(hub):
                    handle.settle(iri)


def without_gaps(document: Mapping[str, Any]) -> dict[str, Any]:
    """*document* without the members that say nothing."""
    return {name: value for name, value in document.items() if value not in (None, "", [], (), {})}
