"""The past of a lake over HTTP: the calls that answer, each with the moment for which it is asked."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lakegraph.errors import UsageError

if TYPE_CHECKING:
    from datetime import date

    from lakegraph.remote.lake import RemoteLake

_CALLS = frozenset({"ask", "lineage", "why", "impact", "search", "diff", "history", "gaps", "reproduce"})


class RemotePast:
    """What a served lake knew at a moment.

    Args:
        lake: The lake.
        moment: An entry's number, a time with its zone, or a day.
    """

    def __init__(self, lake: RemoteLake, moment: int | str | date) -> None:
        self._lake = lake
        self._moment = moment

    def __getattr__(self, name: str) -> Any:
        if name in _CALLS:
            return partial(getattr(self._lake, name), as_of=self._moment)
        if name.startswith("_") or not hasattr(self._lake, name):
            raise AttributeError(name)
        raise UsageError(f"A past has no call {name!r}: it only answers.", hint=f"It has {', '.join(sorted(_CALLS))}.")
