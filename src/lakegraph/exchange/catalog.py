"""The lake as a catalog for others: DCAT-AP in pages, the root of a FAIR Data Point, and lists of addresses.

Sources: DCAT-AP 3.0.1 (SEMIC), Hydra core (pages), Linked Data Platform 1.0 section 5.4 (direct containers), and the
FAIR Data Point specification (metadata, navigation information, compliance).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from lakegraph.exchange.closure import Story
from lakegraph.exchange.parts import LakeParts
from lakegraph.exchange.views import StoryStore, construct
from lakegraph.exchange.withdrawn import Address, taken_back
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
        withdrawn: The IRIs of what it says is no more.
        onward: The address of the next page; None when this is the last.
        changed: When something was last said of anything in it, or taken back (ISO 8601); None for an empty page.
    """

    triples: tuple[Triple, ...]
    things: tuple[str, ...]
    withdrawn: tuple[str, ...]
    onward: str | None
    changed: str | None


def catalog_page(
    lake: LakeParts,
    index: Index,
    address: str,
    *,
    after: int = 0,
    limit: int = 100,
    since: datetime | None = None,
    withdrawn: int | None = None,
) -> CatalogPage:
    """One page of the catalog.

    Args:
        lake: The lake.
        index: Its index.
        address: The address of the first page, with the parameters that all pages share.
        after: As the address of this page says.
        limit: How many things.
        since: Only what was said something of at this time or later, and then what was withdrawn since and is no more.
        withdrawn: As the address of this page says: it tells only of what was withdrawn.
    """
    found = index.listing(KINDS, after=after, limit=limit + 1, since=since) if withdrawn is None else []
    shown, more = found[:limit], len(found) > limit
    gone: Sequence[Address] = ()
    further = None
    if since and not more:
        gone, further = taken_back(lake, index, KINDS, since, after=withdrawn or 0, limit=limit)
    here = {"after": after} if withdrawn is None else {"withdrawn": withdrawn}
    onward = _page(address, withdrawn=further) if further else None
    if more:
        onward = _page(address, after=shown[-1].number)
    store = StoryStore(lake, _story(lake, shown))
    times = {thing.iri: lake.journal.read(thing.changed).recorded for thing in shown}
    around = {
        **_about(lake),
        "catalog": iri(f"{lake.base}catalog"),
        "profile": iri(f"{lake.base}profiles/catalog"),
        "endpoint": iri(f"{lake.base}sparql"),
        "contents": iri(f"{lake.base}catalog#datasets"),
        "models": iri(f"{lake.base}catalog#models"),
        "page": iri(_page(address, **here)),
        "first": iri(_page(address, after=0)),
        "total": literal(str(sum(index.things(kind) for kind in KINDS)), f"{XSD}integer"),
    }
    if onward:
        around["next"] = iri(onward)
    triples = dict.fromkeys(store.construct("catalog-page", around))
    for view in ("dcat-ap", "catalog-models"):
        triples.update(dict.fromkeys(store.construct(view)))
    for thing, time in times.items():
        triples.update(dict.fromkeys(store.construct("catalog-record", _recorded(lake, thing, time))))
    for each in gone:
        triples.update(dict.fromkeys(construct("catalog-withdrawn", _recorded(lake, each.iri, each.changed))))
    return CatalogPage(
        triples=tuple(sorted(triples)),
        things=tuple(times),
        withdrawn=tuple(each.iri for each in gone),
        onward=onward,
        changed=max((*times.values(), *(each.changed for each in gone)), default=None),
    )


def _recorded(lake: LakeParts, thing: str, time: str) -> dict[str, str]:
    """What the catalog's record of a thing is bound with."""
    record = f"{lake.base}catalog#record-{quote(thing.removeprefix(lake.base), safe='')}"
    catalog = iri(f"{lake.base}catalog")
    return {"catalog": catalog, "record": iri(record), "thing": iri(thing), "changed": _moment(time)}


def fair_data_point(lake: LakeParts) -> list[Triple]:
    """What the lake says of itself as a FAIR Data Point."""
    said = {"profile": iri(f"{lake.base}profiles/fair-data-point"), "container": iri(f"{lake.base}#catalogs")}
    return StoryStore(lake, _story(lake, ())).construct("fair-data-point", {**_about(lake), **said})


def addresses(lake: LakeParts, index: Index, *, after: int, limit: int) -> list[Address]:
    """What the catalog lists, in order: the lines of a sitemap."""
    times: dict[int, str] = {}
    found = []
    for thing in index.listing(KINDS, after=after, limit=limit):
        if thing.changed not in times:
            times[thing.changed] = lake.journal.read(thing.changed).recorded
        if thing.iri.startswith(lake.base):
            found.append(Address(thing.iri, times[thing.changed]))
    return found


def _page(address: str, **place: int) -> str:
    mark = "&" if "?" in address else "?"
    return f"{address}{mark}{urlencode(place)}"


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
