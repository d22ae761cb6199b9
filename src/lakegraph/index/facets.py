"""Counting by facet: from the counters where they suffice, else over the newest matches."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping

from lakegraph.index import counters
from lakegraph.index.answers import Facets, FacetValue
from lakegraph.index.description import month_of
from lakegraph.index.hits import labels
from lakegraph.index.kinds import HUB, NAMES, codes_of
from lakegraph.index.matching import FACETS, Filters, Query, clause, matches, query

SAMPLED = 1000
"""The facets of a search are counted over so many of its newest matches."""

_MOST_VALUES = 50
_COLUMNS = ("kind", "time", "tags", "status", "owner", "stage", "level", "algorithm", "license")
_SELECTED = ", ".join(f"thing.{name}" for name in _COLUMNS)

Labels = Mapping[str, str]
"""IRI to what people read, for those whom the index does not describe: people."""

_Counts = dict[str, Counter[int]]


def facets(connection: sqlite3.Connection, text: str | None, filters: Filters, people: Labels) -> Facets:
    """Counts by facet of what fits *text* and *filters*: exact, or marked as covering the newest only."""
    narrowed = clause(connection, filters)
    asked = query(connection, text, narrowed) if narrowed is not None else None
    return Facets({}) if asked is None else count_facets(connection, asked, filters, people)


def count_facets(connection: sqlite3.Connection, asked: Query, filters: Filters, people: Labels) -> Facets:
    """Counts by facet of what fits a query."""
    if not asked.sought and filters.only_kind and filters.kind != "run":
        counts, at_least = _kept(connection, filters.kind), False
    else:
        rows = matches(connection, _SELECTED, asked.whole, filters, limit=SAMPLED + 1).fetchall()
        counts, at_least = _sampled(rows[:SAMPLED]), len(rows) > SAMPLED
    return Facets(_labelled(connection, counts, people), at_least)


def _kept(connection: sqlite3.Connection, kind: str | None) -> _Counts:
    """The counters that every write keeps up to date."""
    (code,) = codes_of(kind) if kind else (0,)
    out: _Counts = {}
    for name, (facet, _) in FACETS.items():
        rows = connection.execute(
            "SELECT value, n FROM facet WHERE facet = ? AND kind = ? ORDER BY n DESC LIMIT ?",
            (facet, code, _MOST_VALUES),
        )
        out[name] = Counter(dict(rows.fetchall()))
    years = "SELECT value / 100, sum(n) FROM facet WHERE facet = ? AND kind = ? GROUP BY value / 100"
    out["year"] = Counter(dict(connection.execute(years, (counters.MONTH, code)).fetchall()))
    kinds = connection.execute("SELECT value, n FROM facet WHERE facet = ? AND kind = 0", (counters.KIND,))
    out["kind"] = Counter({value: n for value, n in kinds if value != HUB and (not code or value == code)})
    return out


def _sampled(rows: Iterable[tuple[int | str | None, ...]]) -> _Counts:
    out: _Counts = {name: Counter() for name in ("kind", "year", *FACETS)}
    for name, column in zip(_COLUMNS, zip(*rows, strict=True), strict=False):
        present = [value for value in column if value is not None]
        if name == "tags":
            out["tag"].update(int(tag) for tags in present for tag in str(tags).split())
        elif name == "time":
            out["year"].update(month_of(int(time)) // 100 for time in present)
        else:
            out[name].update(map(int, present))
    return out


def _labelled(connection: sqlite3.Connection, counts: _Counts, people: Labels) -> dict[str, tuple[FacetValue, ...]]:
    top = {name: counter.most_common(_MOST_VALUES) for name, counter in counts.items()}
    kinds, years = top.pop("kind"), top.pop("year")
    known = labels(connection, {value for pairs in top.values() for value, _ in pairs})
    out = {
        "kind": tuple(FacetValue(NAMES[value], NAMES[value], n) for value, n in kinds),
        "year": tuple(FacetValue(str(value), str(value), n) for value, n in years),
    }
    for name, pairs in top.items():
        named = ((*known[value], n) for value, n in pairs)
        out[name] = tuple(FacetValue(iri, people.get(iri, label), n) for iri, label, n in named)
    return out
