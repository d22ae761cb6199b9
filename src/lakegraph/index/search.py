"""Searching: pages of hits, and the latest things.

Results come in four tiers (see ``Hit.rank``), and within a tier newest first, by falling ``rowid``: FTS5 reads its
lists from that end and stops at the limit, so a word that every second thing has costs no more than a rare one. Ranking
by bm25 would visit every match first: 200 ms for 400,000.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from heapq import nlargest

from lakegraph.errors import UsageError
from lakegraph.index import counters
from lakegraph.index.answers import Facets, Hit, Page
from lakegraph.index.facets import Labels, count_facets
from lakegraph.index.hits import COLUMNS, Thing, hits, select, things_of
from lakegraph.index.kinds import CODES, HUB, NAMES, codes_of
from lakegraph.index.matching import NEWEST, Filters, Query, clause, matches, query

MOST_HITS = 1000
COUNTED = 1000
"""Matches are counted up to here; beyond, a total is a lower bound."""

FEW = 200
"""Up to so many matches are all read and ranked here; only of more is each tier asked for its newest."""


def search(
    connection: sqlite3.Connection,
    text: str | None,
    filters: Filters,
    limit: int = 20,
    after: str | None = None,
    facets: Labels | None = None,
) -> Page:
    """One page of what fits *text* and *filters*.

    Args:
        connection: One state of the index.
        text: Words, all of which must fit.
        filters: What it is narrowed to.
        limit: How many hits, 1 to 1,000.
        after: ``Page.after`` of the page before.
        facets: When given, facets are counted, and people are named by these labels.

    Raises:
        UsageError: The limit or the cursor is impossible, or there are too many words.
    """
    check_limit(limit)
    start = _position(after, "after") if after else (0, NEWEST)
    narrowed = clause(connection, filters)
    asked = query(connection, text, narrowed) if narrowed is not None else None
    if asked is None:
        return Page((), 0, facets=None if facets is None else Facets({}))
    newest = [n for (n,) in matches(connection, "thing.id", asked.whole, filters, limit=FEW + 1)]
    if len(newest) <= FEW:
        ranked = _ranked(connection, asked, newest, start)[: limit + 1]
        total, at_least = len(newest), False
    else:
        ranked = _tiered(connection, asked, filters, limit + 1, start)
        total, at_least = _total(connection, asked, filters)
    shown = ranked[:limit]
    return Page(
        hits=tuple(hits(connection, [t for _, t in shown], asked.sought, [rank for rank, _ in shown])),
        total=total,
        at_least=at_least,
        after=f"{shown[-1][0]}.{shown[-1][1].number}" if len(ranked) > limit else None,
        facets=None if facets is None else count_facets(connection, asked, filters, facets),
    )


def check_limit(limit: int) -> None:
    """Raise where *limit* is not a number of hits that one answer can have."""
    if not 1 <= limit <= MOST_HITS:
        raise UsageError(f"A limit of {limit} is not possible.", where="limit", hint=f"Ask for 1 to {MOST_HITS}.")


def _position(cursor: str, where: str) -> tuple[int, int]:
    first, _, second = cursor.partition(".")
    try:
        position = int(first), int(second)
    except ValueError:
        position = NEWEST + 1, 0
    if max(map(abs, position)) > NEWEST:
        raise UsageError(
            f"{cursor[:40]!r} is no place to go on from.", where=where, hint="Take it from the page before."
        )
    return position


def _ranked(
    connection: sqlite3.Connection, asked: Query, numbers: Sequence[int], start: tuple[int, int]
) -> list[tuple[int, Thing]]:
    """The things with these numbers, best first, from a place on: cheaper than to ask each tier for its part."""
    marks = ", ".join("?" * len(numbers))
    ranked = [(asked.rank(t.iri, t.said), t) for t in select(connection, f"id IN ({marks})", *numbers)]
    ranked.sort(key=lambda pair: (pair[0], -pair[1].number))
    rank, below = start
    return [pair for pair in ranked if (pair[0], -pair[1].number) > (rank, -below)]


def _tiered(
    connection: sqlite3.Connection, asked: Query, filters: Filters, limit: int, start: tuple[int, int]
) -> list[tuple[int, Thing]]:
    """The first *limit* of what fits, best first, from a place on."""
    ranked: list[tuple[int, Thing]] = []
    from_rank, below = start
    for rank, expression in asked.tiers:
        if rank >= from_rank and len(ranked) < limit:
            place = below if rank == from_rank else NEWEST
            rows = matches(connection, COLUMNS, expression, filters, below=place, limit=limit - len(ranked))
            ranked += [(rank, thing) for thing in things_of(rows)]
    return ranked


def _total(connection: sqlite3.Connection, asked: Query, filters: Filters) -> tuple[int, bool]:
    if not asked.sought and filters.only_kind:
        return count(connection, filters.kind), False
    if filters.since or filters.until:
        total = len(matches(connection, "1", asked.whole, filters, limit=COUNTED + 1).fetchall())
    else:
        counted = "SELECT count(*) FROM (SELECT rowid FROM text WHERE text MATCH ? LIMIT ?)"
        (total,) = connection.execute(counted, (asked.whole, COUNTED + 1)).fetchone()
    return min(total, COUNTED), total > COUNTED


def count(connection: sqlite3.Connection, kind: str | None) -> int:
    """How many things of a kind there are; None counts everything but hubs."""
    codes = _codes(kind)
    return sum(n for name, n in counts(connection).items() if CODES[name] in codes)


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many things there are of each kind that there is one of."""
    rows = connection.execute("SELECT value, n FROM facet WHERE facet = ? AND kind = 0", (counters.KIND,))
    return {NAMES[code]: n for code, n in rows}


def _codes(kind: str | None) -> Collection[int]:
    return codes_of(kind) if kind else [code for code in CODES.values() if code != HUB]


def latest(connection: sqlite3.Connection, kind: str | None, limit: int = 20, before: str | None = None) -> list[Hit]:
    """The things of a kind that started, were created or were recorded last, newest first.

    Args:
        connection: One state of the index.
        kind: A kind of thing, ``run`` for every kind of run, None for everything but hubs.
        limit: How many, 1 to 1,000.
        before: ``Hit.cursor`` of the last hit of the list before.

    Raises:
        UsageError: The kind, the limit or the cursor is impossible.
    """
    check_limit(limit)
    time, number = _position(before, "before") if before else (NEWEST, NEWEST)
    things: list[Thing] = []
    for code in _codes(kind):
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM thing WHERE kind = ? AND (time, id) < (?, ?)"  # noqa: S608 - a constant
            " ORDER BY time DESC, id DESC LIMIT ?",
            (code, time, number, limit),
        )
        things += things_of(rows)
    return hits(connection, nlargest(limit, things, key=lambda thing: (thing.said.time or 0, thing.number)))
