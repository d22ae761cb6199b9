"""The lake as a catalog for others: DCAT-AP in pages, the root of a FAIR Data Point, and lists of addresses.

Sources: DCAT-AP 3.0.1 (SEMIC), Hydra core (pages), Linked Data Platform 1.0 section 5.4 (direct containers), and the
FAIR Data Point specification (metadata, navigation information, compliance).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from lakegraph.exchange.closure import Story
from lakegraph.exchange.parts import LakeParts
from lakegraph.exchange.views import StoryStore, construct
from lakegraph.index import Index, Listed
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import XSD, Triple, iri, literal

KINDS = ("source", "dataset", "model")
"""What a catalog lists."""


@dataclass(frozen=True, slots=True)
class CatalogPage:
    """Some of the catalog.

    Attributes:
        triples: What this page says.
        things: The IRIs of what it lists.
        after: Where the next page goes on; None when this is the last.
        changed: When something was last said of anything in it (ISO 8601); None for an empty page.
    """

    triples: tuple[Triple, ...]
    things: tuple[str, ...]
    after: int | None
    changed: str | None


@dataclass(frozen=True, slots=True)
class Address:
    """Something that the catalog lists.

    Attributes:
        iri: Its IRI, which is its address.
        changed: When something was last said of it (ISO 8601).
    """

    iri: str
    changed: str


def catalog_page(
    lake: LakeParts, index: Index, address: str, *, after: int = 0, limit: int = 100, since: datetime | None = None
) -> CatalogPage:
    """One page of the catalog.

    Args:
        lake: The lake.
        index: Its index.
        address: The address of the first page, with the parameters that all pages share.
        after: ``CatalogPage.after`` of the page before.
        limit: How many things.
        since: Only what was said something of at this time or later. Things that were withdrawn are in no page.
    """
    found = index.listing(KINDS, after=after, limit=limit + 1, since=since)
    shown, more = found[:limit], len(found) > limit
    store = StoryStore(lake, _story(lake, shown))
    times = {thing.iri: lake.journal.read(thing.changed).recorded for thing in shown}
    around = {
        **_about(lake),
        "catalog": iri(f"{lake.base}catalog"),
        "profile": iri(f"{lake.base}profiles/catalog"),
        "endpoint": iri(f"{lake.base}sparql"),
        "contents": iri(f"{lake.base}catalog#datasets"),
        "models": iri(f"{lake.base}catalog#models"),
        "page": iri(_page(address, after)),
        "first": iri(_page(address, 0)),
        "total": literal(str(sum(index.things(kind) for kind in KINDS)), f"{XSD}integer"),
    }
    if more:
        around["next"] = iri(_page(address, shown[-1].number))
    triples = dict.fromkeys(store.construct("catalog-page", around))
    for view in ("dcat-ap", "catalog-models"):
        triples.update(dict.fromkeys(store.construct(view)))
    for thing, time in times.items():
        record = f"{lake.base}catalog#record-{quote(thing.removeprefix(lake.base), safe='')}"
        said = {"catalog": around["catalog"], "record": iri(record), "thing": iri(thing), "changed": _moment(time)}
        triples.update(dict.fromkeys(store.construct("catalog-record", said)))
    return CatalogPage(
        triples=tuple(sorted(triples)),
        things=tuple(times),
        after=shown[-1].number if more else None,
        changed=max(times.values(), default=None),
    )


def fair_data_point(lake: LakeParts) -> list[Triple]:
    """What the lake says of itself as a FAIR Data Point."""
    said = {"profile": iri(f"{lake.base}profiles/fair-data-point"), "container": iri(f"{lake.base}#catalogs")}
    return StoryStore(lake, _story(lake, ())).construct("fair-data-point", {**_about(lake), **said})


def addresses(lake: LakeParts, index: Index, *, after: int = 0, limit: int = 5_000) -> list[Address]:
    """What the catalog lists, in order: the lines of a sitemap."""
    times: dict[int, str] = {}
    found = []
    for thing in index.listing(KINDS, after=after, limit=limit):
        if thing.changed not in times:
            times[thing.changed] = lake.journal.read(thing.changed).recorded
        if thing.iri.startswith(lake.base):
            found.append(Address(thing.iri, times[thing.changed]))
    return found


def _page(address: str, after: int) -> str:
    mark = "&" if "?" in address else "?"
    return f"{address}{mark}after={after}"


def _about(lake: LakeParts) -> dict[str, str]:
    """What every description of the catalog is bound with."""
    last = lake.journal.last_seq
    return {
        "base": iri(lake.base),
        "license": iri(lake.catalog.license),
        "issued": _moment(lake.journal.created),
        "modified": _moment(lake.journal.read(last).recorded if last else lake.journal.created),
    }


def _moment(time: str) -> str:
    return literal(time, f"{XSD}dateTime")


def _story(lake: LakeParts, things: Iterable[Listed]) -> Story:
    """The things with their parts, and with the people and tags that are named with them; nothing of their lineage."""
    nodes: set[str] = set()
    for thing in things:
        nodes.update(_with_parts(lake, iri(thing.iri)))
    return Story((), frozenset(), frozenset(nodes), ())


def _with_parts(lake: LakeParts, token: str) -> Sequence[str]:
    queue, below = [token], f"{token[:-1]}/"
    named = (LAKE.owner, LAKE.administrator)
    found: dict[str, None] = {}
    for node in queue:
        if node in found:
            continue
        found[node] = None
        queue += [o for p, o in lake.graph.outgoing(node) if p in named or (o.startswith(below) and o not in found)]
    return list(found)


def profile(base: str, name: str, title: str) -> list[Triple]:
    """A profile that the lake's own descriptions conform to, and where its shapes are (Profiles Vocabulary).

    Args:
        base: The base of the lake.
        name: The profile's name.
        title: What it is called.
    """
    address = f"{base}profiles/{name}"
    said = {"profile": address, "resource": f"{address}#shapes", "shapes": f"{base}profile-shapes/{name}"}
    return construct("profile", {**{key: iri(text) for key, text in said.items()}, "title": literal(title)})
