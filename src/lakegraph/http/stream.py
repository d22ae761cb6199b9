"""The answer of an asked query, as far as HTTP needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol


class Moment(Protocol):
    """The state of the graph that a query read."""

    @property
    def seq(self) -> int:
        """The journal entry up to which everything is in it."""


class Stream(Protocol):
    """The answer of an asked query, made while it is read."""

    @property
    def id(self) -> str:
        """What it is cancelled by."""

    @property
    def kind(self) -> str:
        """``select``, ``ask`` or ``construct``."""

    @property
    def media(self) -> str:
        """The media type of its bytes, with parameters."""

    @property
    def truncated(self) -> bool:
        """Whether something was left out; certain at its end."""

    @property
    def rows(self) -> int:
        """How many rows, statements or subjects it has; certain at its end."""

    @property
    def snapshot(self) -> Moment:
        """What it reads."""

    @property
    def whole(self) -> bytes | None:
        """The whole answer, where it is here already."""

    def __iter__(self) -> Iterator[bytes]: ...

    def __next__(self) -> bytes: ...

    def close(self) -> None:
        """Give up what is left of it."""
