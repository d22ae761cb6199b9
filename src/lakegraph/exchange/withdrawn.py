"""What the catalog no longer lists: things that were withdrawn, for those who come again and ask only for what changed.

The catalog's record of such a thing has the change type *deleted* (DCAT-AP 3.0.1, ``adms:status`` of a catalog record).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakegraph.exchange.parts import LakeParts
from lakegraph.index import Index
from lakegraph.projecting import parse_nquads
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import is_iri, value
from lakegraph.rdf.vocabulary import TYPE


@dataclass(frozen=True, slots=True)
class Address:
    """Something that the catalog lists, or listed.

    Attributes:
        iri: Its IRI, which is its address.
        changed: When something was last said of it, or taken back (ISO 8601).
    """

    iri: str
    changed: str


def taken_back(
    lake: LakeParts, index: Index, kinds: Sequence[str], since: datetime, *, after: int = 0, limit: int = 100
) -> tuple[list[Address], int | None]:
    """Things that were taken back at a time or later and that nobody has described again, in the journal's order.

    What an erased record said cannot be told, and so not what it was about.

    Args:
        lake: The lake.
        index: Its index.
        kinds: The kinds of thing that the catalog lists.
        since: From when on.
        after: What this gave as the second part for the page before.
        limit: How many entries of the journal are looked at; each may have taken back several things, or none for good.

    Returns:
        The things, and where to go on; None for that when this is the last.
    """
    start = max(after, lake.journal.last_before(since - timedelta(microseconds=1)))
    entries = lake.journal.retractions(after=start, limit=limit + 1)
    times = {
        thing: entry.recorded
        for entry in entries[:limit]
        if entry.supersedes
        for thing in _listed(lake, entry.supersedes)
    }
    there = index.are(kinds, list(times))
    gone = [Address(thing, time) for thing, time in times.items() if thing not in there]
    return gone, entries[limit - 1].seq if len(entries) > limit else None


def _listed(lake: LakeParts, graph: str) -> Iterator[str]:
    """The things in *graph*, as it was, of which the catalog has a page."""
    classes = (LAKE.DatasetSource, LAKE.ModelSource, LAKE.ModellakeDataset, LAKE.Model)
    for entry in lake.journal.written_to(graph):
        said = parse_nquads(entry.added)
        for s, p, o in (*said, *reasoner().infer(said)):
            if p == TYPE and o in classes and is_iri(s):
                yield value(s)
