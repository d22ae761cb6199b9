"""What the lake knows of names when a record is made: versions, people and columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from lakegraph.errors import NotFoundError
from lakegraph.people import People
from lakegraph.rdf.namespaces import DCAT, DCT, LAKE
from lakegraph.rdf.terms import lexical
from lakegraph.view import View

_UPSTREAM_LIMIT = 200
"""How many data sets back a column is looked for by name."""


def version_order(iri: str) -> tuple[int, int, str]:
    """Sorts versions: numbers by value, after them other names by letter."""
    last = iri.rstrip(">").rpartition("/")[2]
    return (0, int(last), "") if last.isdigit() else (1, 0, last)


class Versions(Protocol):
    """Knows which version of a thing is current."""

    def current(self, hub: str) -> str | None:
        """The current version of what has versions."""

    def exists(self, iri: str) -> str | None:
        """The kind of a thing; None for one that is not known."""


class LakeNames:
    """Names, read through the view of the group in hand.

    Args:
        base: The lake's base IRI.
        view: The lake as the next record sees it.
        people: The directory of people.
        versions: Gives what knows which version a rollback made current, caught up with all that is written; without
            it the newest is.
        pseudonymous: Whether a person must be in the directory, because no IRI may be made of a name.
    """

    def __init__(
        self,
        base: str,
        view: View,
        people: People,
        versions: Callable[[], Versions] | None = None,
        *,
        pseudonymous: bool = False,
    ) -> None:
        self._base = base
        self._view = view
        self._people = people
        self._versions = versions
        self._pseudonymous = pseudonymous
        self._revision = -1
        self._agents: dict[str, str | None] = {}

    def begin(self) -> None:
        """Start a group of records: who was added to the directory or erased since then is seen."""
        revision = self._people.revision
        if revision != self._revision:
            self._revision, self._agents = revision, {}

    def current(self, hub: str) -> str | None:
        """The newest version of a data set or model, or the one that a later rollback went back to (bare IRIs)."""
        versions = list(self._view.subjects(DCAT.isVersionOf, f"<{hub}>"))
        if not versions:
            return None
        newest = max(versions, key=version_order)[1:-1]
        if self._versions and any(self._view.objects(f"<{hub}>", DCAT.hasCurrentVersion)):
            # It knows nothing of the group in hand: what is newest there is newer than any rollback, which comes alone.
            known = self._versions()
            return (known.current(hub) or newest) if known.exists(newest) else newest
        return newest

    def agent(self, slug: str) -> str | None:
        """The IRI of the person, organisation or program that the directory knows by *slug*."""
        if slug not in self._agents:
            self._agents[slug] = self._find(slug)
        return self._agents[slug]

    def _find(self, name: str) -> str | None:
        person = self._people.find(name)
        if person is not None:
            return f"{self._base}id/{person.kind}/{person.slug}"
        if self._pseudonymous:
            raise NotFoundError(
                f"The directory knows nobody called {name!r}.", hint="lakegraph people add makes them known."
            )
        return None

    def attribute(self, datasets: Iterable[str], name: str) -> str | None:
        """The column titled *name* of one of *datasets*, or of the data sets that they were made from."""
        wanted = name.casefold()
        queue = [f"<{d}>" for d in datasets]
        seen = set(queue)
        for dataset in queue:
            for entity in self._view.objects(dataset, LAKE.hasEntityClass):
                for attribute in self._view.objects(entity, LAKE.hasAttribute):
                    if any(lexical(t).casefold() == wanted for t in self._view.objects(attribute, DCT.title)):
                        return attribute[1:-1]
            for before in self._view.objects(dataset, LAKE.derivedFrom):
                if before not in seen and len(seen) < _UPSTREAM_LIMIT:
                    seen.add(before)
                    queue.append(before)
        return None
