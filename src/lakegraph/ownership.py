"""Whose a record is: who may only record takes back, and adds to, what was recorded under the same name alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, Protocol

from lakegraph.errors import ForbiddenError
from lakegraph.preparing import Prepared
from lakegraph.rdf.terms import value
from lakegraph.rdf.vocabulary import TYPE

_HINT: Final = (
    "Ask them, or a steward; what you found out about it goes into a record of your own, such as an evaluation."
)


class Recorder(str):
    """The name of somebody who may record, and no more: with it as ``actor`` only what is theirs can be changed."""

    __slots__ = ()


class Written(Protocol):
    """An entry of the journal, as far as it says whose it is."""

    @property
    def actor(self) -> str:
        """Who is named in the journal."""


class Ownership:
    """Judges what a :class:`Recorder` sends.

    Runs, and versions of data sets and models with what lies below their addresses, belong to whoever recorded them.
    What many records share, such as tags, programs, sources and the thing that all versions are of, belongs to nobody.

    Args:
        base: The lake's base IRI, ending in ``/``.
        stating: Finds the records (tokens) that state a property of a thing (tokens).
        current: Finds the entry of a record (IRI) that holds.
        knows: Whether the lake says anything of a thing (token) yet.
    """

    def __init__(
        self,
        base: str,
        stating: Callable[[str, str], Sequence[str]],
        current: Callable[[str], Written | None],
        knows: Callable[[str], bool],
    ) -> None:
        self._owned = re.compile(f"<{re.escape(base)}id/(?:run|(?:dataset|model)/[^/>]+)/")
        self._stating = stating
        self._current = current
        self._knows = knows

    def check_taken(self, actor: str, old: Written, record: str) -> None:
        """Refuse that a recorder takes back what others recorded.

        Raises:
            ForbiddenError: *old* was recorded by somebody else.
        """
        if isinstance(actor, Recorder) and old.actor != actor:
            raise ForbiddenError(
                f"{record} was recorded by {old.actor}, not by {actor}.", where="Authorization", hint=_HINT
            )

    def check_added(self, prepared: Prepared, earlier: Iterable[Prepared]) -> None:
        """Refuse that a recorder says more of what others recorded.

        Args:
            prepared: A record, of which nothing is known to the lake yet.
            earlier: Those that are written together with it, before it.

        Raises:
            ForbiddenError: It says something of what only others recorded.
        """
        actor = prepared.draft.actor
        if not isinstance(actor, Recorder):
            return
        subjects = dict.fromkeys(s for s, _, _ in prepared.asserted if self._owned.match(s))
        for thing in filter(self._knows, subjects):
            owners = self._owners(thing, earlier)
            if actor not in owners:
                whose = f"was recorded by {', '.join(sorted(owners))}" if owners else "belongs to nobody here"
                raise ForbiddenError(f"{value(thing)} {whose}, not by {actor}.", where=value(thing), hint=_HINT)

    def _owners(self, thing: str, earlier: Iterable[Prepared]) -> Collection[str]:
        together = {p.draft.actor for p in earlier if any(s == thing and q == TYPE for s, q, _ in p.asserted)}
        entries = (self._current(value(record)) for record in self._stating(thing, TYPE))
        return {*map(str, together), *(entry.actor for entry in entries if entry)}
