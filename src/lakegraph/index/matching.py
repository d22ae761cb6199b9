"""What FTS5 is asked: filters and words as one expression over terms; nothing that a person writes becomes syntax."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lakegraph.errors import UsageError
from lakegraph.index import counters
from lakegraph.index.answers import EPOCH
from lakegraph.index.description import DAY, Description, document
from lakegraph.index.kinds import HUB, codes_of
from lakegraph.index.words import key, plain_words

FACETS = {
    "tag": (counters.TAG, "t"),
    "owner": (counters.OWNER, "o"),
    "algorithm": (counters.ALGORITHM, "a"),
    "stage": (counters.STAGE, "s"),
    "level": (counters.LEVEL, "l"),
    "status": (counters.STATUS, "u"),
    "license": (counters.LICENSE, "c"),
}
"""Facet to its number in the counters and the mark of its terms; filters go by the same names."""

NEWEST = 2**63 - 1
"""Above every thing's number."""

_MOST_WORDS = 16
_MOST_ENDINGS = 12
_SHORTEST_STEM = 3
_QUIET_MONTH = 2000
_MICROSECOND = timedelta(microseconds=1)
_ANYTHING = '("g=a" OR "g=r")'
_NOT_HUB = f'NOT "k={HUB}"'


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is narrowed to.

    Attributes:
        kind: A kind of thing, or ``run`` for every kind of run.
        facets: Facet to the value that is asked for: an IRI, or the last part of one.
        since: The earliest time.
        until: The time before which.
    """

    kind: str | None = None
    facets: tuple[tuple[str, str], ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("since", "until"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise UsageError("A time needs its zone.", where=name, hint="Write times like 2024-02-25T09:00:00Z.")
        if self.kind:
            codes_of(self.kind)

    @property
    def only_kind(self) -> bool:
        """Whether nothing but the kind is asked for."""
        return not (self.facets or self.since or self.until)

    @property
    def span(self) -> tuple[int, int]:
        """The times that are let through, in microseconds: from the first up to, not including, the second."""
        low = (self.since - EPOCH) // _MICROSECOND if self.since else -(2**62)
        high = (self.until - EPOCH) // _MICROSECOND if self.until else 2**62
        return low, high


def clause(connection: sqlite3.Connection, filters: Filters) -> str | None:
    """The expression for *filters*: empty when there are none, None when nothing can fit."""
    parts = []
    if filters.kind:
        marks = ["g=r"] if filters.kind == "run" else [f"k={code}" for code in codes_of(filters.kind)]
        parts.append(marks)
    for facet, value in filters.facets:
        number, mark = FACETS[facet]
        parts.append([f"{mark}={n}" for n in values(connection, number, value)])
    if filters.since or filters.until:
        parts.append(_days(connection, *filters.span))
    if not all(parts):
        return None
    return " AND ".join(any_of(marks) for marks in parts)


def values(connection: sqlite3.Connection, facet: int, value: str) -> list[int]:
    """The numbers that *value*, an IRI or the last part of one, stands for in a facet."""
    if ":" in value:
        found = connection.execute("SELECT id FROM thing WHERE iri = ?", (value,)).fetchall()
    else:
        found = connection.execute(
            "SELECT value FROM facet_name WHERE facet = ? AND name = ?", (facet, key(value))
        ).fetchall()
    return [number for (number,) in found]


def any_of(marks: Sequence[str]) -> str:
    """An expression that one of *marks* fulfils."""
    return f"({' OR '.join(quoted(mark) for mark in marks)})" if len(marks) > 1 else quoted(marks[0])


def all_of(marks: Sequence[str]) -> str:
    """An expression that only all of *marks* fulfil."""
    return f"({' AND '.join(quoted(mark) for mark in marks)})" if len(marks) > 1 else quoted(marks[0])


def quoted(mark: str) -> str:
    """A term as an FTS5 string: nothing in it is syntax."""
    return '"' + mark.replace('"', '""') + '"'


def _days(connection: sqlite3.Connection, low: int, high: int) -> list[str]:
    """Terms that cover a span of time, and little more: of years, of months, and of the days of a busy month.

    What they cover besides is left out by :func:`matches`. Only months in which something happened come into question.
    """
    months = connection.execute(
        "SELECT value, n FROM facet WHERE facet = ? AND kind = 0 ORDER BY value", (counters.MONTH,)
    ).fetchall()
    first, last = low // DAY, (high - 1) // DAY
    marks: dict[str, None] = {}
    for month, n in months:
        start, end = _first_day(month), _first_day(month + (89 if month % 100 == 12 else 1)) - 1
        year = month - month % 100
        if first <= _first_day(year + 1) and _first_day(year + 101) - 1 <= last:
            marks[f"y={month // 100}"] = None
        elif (first <= start and end <= last) or (start <= last and first <= end and n <= _QUIET_MONTH):
            marks[f"m={month}"] = None
        else:
            marks |= dict.fromkeys(f"d={day}" for day in range(max(start, first), min(end, last) + 1))
    return list(marks)


def _first_day(month: int) -> int:
    """Days from 1970-01-01 to the first of a month such as 202404, of any year."""
    cycles, year = divmod(month // 100 - 1, 400)
    first = datetime(year + 1, month % 100, 1, tzinfo=EPOCH.tzinfo)
    return first.toordinal() + cycles * 146_097 - EPOCH.toordinal()


def matches(
    connection: sqlite3.Connection,
    columns: str,
    expression: str,
    filters: Filters,
    *,
    below: int = NEWEST,
    limit: int,
) -> sqlite3.Cursor:
    """The newest *limit* things before number *below* that fit an expression and the times of the filters exactly."""
    timed = "AND thing.time >= ? AND thing.time < ?" if filters.since or filters.until else ""
    return connection.execute(
        f"SELECT {columns} FROM text CROSS JOIN thing ON thing.id = text.rowid"  # noqa: S608 - constants
        f" WHERE text MATCH ? AND text.rowid < ? {timed} ORDER BY text.rowid DESC LIMIT ?",
        (expression, below, *(filters.span if timed else ()), limit),
    )


@dataclass(frozen=True, slots=True)
class Query:
    """A search as FTS5 expressions.

    Attributes:
        tiers: Rank and expression: first what fits best; no thing fits two of them.
        whole: What fits any of the tiers.
        sought: The words that were looked for.
        name: The key of the whole text.
    """

    tiers: tuple[tuple[int, str], ...]
    whole: str
    sought: tuple[str, ...] = ()
    name: str = ""

    def rank(self, iri: str, said: Description) -> int:
        """The rank of the tier in which a thing that fits the whole stands."""
        if not self.sought:
            return 0
        terms = set(document(iri, said)[1].split(" "))
        if f"x={self.name}" in terms or f"v={self.name}" in terms:
            return 0
        if all(f"n={word}" in terms for word in self.sought):
            return 1
        return 2 if terms.issuperset(self.sought) else 3


def query(connection: sqlite3.Connection, text: str | None, narrowed: str) -> Query | None:
    """The expressions for *text* within the expression *narrowed*; None when *text* has no words.

    Raises:
        UsageError: There are too many words.
    """
    if not text or not text.strip():
        everything = narrowed or _ANYTHING
        return Query(((0, everything),), everything)
    sought = tuple(dict.fromkeys(plain_words(text)))
    if not sought:
        return None
    if len(sought) > _MOST_WORDS:
        raise UsageError(
            f"{len(sought)} words are too many for one search.", hint=f"Up to {_MOST_WORDS} are looked for."
        )
    within = f" AND {narrowed}" if narrowed else ""
    tiers, whole = _tiers(connection, text, sought)
    return Query(tuple((rank, f"({tier}){within}") for rank, tier in tiers), f"({whole}){within}", sought, key(text))


def _tiers(connection: sqlite3.Connection, text: str, sought: tuple[str, ...]) -> tuple[list[tuple[int, str]], str]:
    name = key(text)
    named = any_of([f"x={name}", f"v={name}"])
    titled = all_of([f"n={word}" for word in sought])
    exact = all_of(sought)
    tiers = [
        (0, f"{named} {_NOT_HUB}"),
        (1, f"{titled} NOT {named}"),
        (2, f"{exact} NOT ({titled} OR {named})"),
    ]
    endings = [_beginning_with(connection, word) for word in sought]
    wide = exact
    if any(len(words) > 1 for words in endings):
        wide = " AND ".join(any_of(words) for words in endings)
        tiers.append((3, f"({wide}) NOT ({exact} OR {named})"))
    return tiers, f"({wide}) OR ({named} {_NOT_HUB})"


def _beginning_with(connection: sqlite3.Connection, word: str) -> list[str]:
    """*word*, and the shortest known words that begin with it: ``model`` finds ``models``, half a word the rest of it.

    They are looked up here because FTS5 reads every list of a prefix before it gives the first result.
    """
    if len(word) < _SHORTEST_STEM and word.isascii():
        return [word]
    rows = connection.execute(
        "SELECT word FROM word WHERE word > ? AND word < ? ORDER BY length(word), word LIMIT ?",
        (word, word + "\U0010ffff", _MOST_ENDINGS),
    )
    return [word, *(longer for (longer,) in rows)]
