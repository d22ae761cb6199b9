"""Finding things by name: exactly, for what a person calls them, or nearly, for what they may have meant."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence

from lakegraph.index.answers import Hit
from lakegraph.index.description import CHECKSUM_LETTERS
from lakegraph.index.hits import COLUMNS, Thing, by_iri, current, hits, select, things_of
from lakegraph.index.hits import versions as versions_of
from lakegraph.index.kinds import CODES, HUB, NAMES, codes_of
from lakegraph.index.matching import Filters, any_of, matches, quoted
from lakegraph.index.spelling import known_words, likeness
from lakegraph.index.words import key, plain_words, slug

MOST_CANDIDATES = 20
_MOST_HUBS = 20
_MOST_WORDS = 8
_ALIKE = 0.4
_CHECKSUM = re.compile(r"(?:[a-z0-9-]+:)?([0-9a-f]{32,128})", re.IGNORECASE)


def lookup(connection: sqlite3.Connection, text: str, kinds: Sequence[str] = ()) -> list[Hit]:
    """Everything that goes by exactly this name, newest first, up to 20.

    A name is an IRI or the end of one (``dataset/diabetes/1``), a title or slug (case, accents and punctuation make no
    difference), either of these with ``@`` and a version, or the checksum of a file. What has versions stands for its
    current one, unless a version is named.

    Args:
        connection: One state of the index.
        text: The name.
        kinds: The kinds that may be meant; any, when empty.
    """
    text = text.strip()
    codes = {code for kind in kinds for code in codes_of(kind)}
    things: dict[int, Thing] = {}
    for thing in _candidates(connection, text):
        meant = current(connection, thing) if thing.said.kind == HUB else thing
        if meant and (not kinds or meant.said.kind in codes):
            things[meant.number] = meant
    newest = sorted(things.values(), key=lambda thing: -thing.number)
    return hits(connection, newest[:MOST_CANDIDATES])


def _candidates(connection: sqlite3.Connection, text: str) -> Iterable[Thing]:
    whole = by_iri(connection, text)
    if whole:
        return [whole]
    checksum = _CHECKSUM.fullmatch(text)
    if checksum and (files := by_checksum(connection, checksum[1])):
        return files
    if "/" in text and ":" not in text:
        return _ending_with(connection, text.strip("/"))
    marks = [f"x={key(text)}"]
    name, at, version = text.rpartition("@")
    if at:
        marks.append(f"x={key(name)}@{key(version)}")
    return [*_matching(connection, any_of(marks)), *_titled(connection, key(text))]


def _matching(connection: sqlite3.Connection, expression: str, limit: int = MOST_CANDIDATES) -> list[Thing]:
    return things_of(matches(connection, COLUMNS, expression, Filters(), limit=limit))


def _ending_with(connection: sqlite3.Connection, path: str) -> list[Thing]:
    first, _, last = path.rpartition("/")
    marks = [f"x={key(last)}", f"x={key(first.rpartition('/')[2])}@{key(last)}"]
    return [thing for thing in _matching(connection, any_of(marks)) if thing.iri.endswith(f"/{path}")]


def _titled(connection: sqlite3.Connection, name: str) -> Iterable[Thing]:
    """The newest version with this title of each hub that has one: hub after hub, however many versions they have."""
    if not name:
        return
    hubs: list[str] = []
    while len(hubs) < _MOST_HUBS:
        but = f" NOT {any_of(hubs)}" if hubs else ""
        newest = _matching(connection, quoted(f"v={name}") + but, 1)
        hub = newest[0].said.hub if newest else None
        if hub is None:
            return
        yield from select(connection, "id = ?", hub) or newest
        hubs.append(f"b={hub}")


def by_checksum(connection: sqlite3.Connection, checksum: str) -> list[Thing]:
    """The things that have a file with this checksum (hexadecimal), newest first."""
    digits = checksum.lower()
    things = _matching(connection, quoted(f"h={digits[:CHECKSUM_LETTERS]}"))
    return [thing for thing in things if digits in (thing.said.checksums or "").split("\n")]


def versions(connection: sqlite3.Connection, iri: str, limit: int = 100) -> list[Hit]:
    """The versions of a data set or model, the newest first.

    Args:
        connection: One state of the index.
        iri: The hub, or any version of it.
        limit: The most that are listed.
    """
    thing = by_iri(connection, iri)
    hub = None if thing is None else thing.number if thing.said.kind == HUB else thing.said.hub
    return hits(connection, versions_of(connection, hub, limit)) if hub is not None else []


def exists(connection: sqlite3.Connection, iri: str) -> str | None:
    """The kind of the thing with this IRI, or None."""
    row = connection.execute("SELECT kind FROM thing WHERE iri = ?", (iri,)).fetchone()
    return NAMES[row[0]] if row and row[0] else None


def with_gaps(connection: sqlite3.Connection, least: int, limit: int) -> list[str]:
    """Datasets and models of which at least *least* of description, owner, tags and level are unknown, by IRI.

    Args:
        connection: One state of the index.
        least: How many, 1 to 4; from 2 on a partial index holds them, so that the sound ones cost nothing.
        limit: The most that are wanted.
    """
    gaps = "(description IS NULL) + (owner IS NULL) + (tags IS NULL) + (level IS NULL)"
    held = f"AND {gaps} > 1" if least > 1 else ""
    rows = connection.execute(
        f"SELECT iri FROM thing WHERE kind IN (?, ?) {held} AND {gaps} >= ? LIMIT ?",  # noqa: S608 - constants
        (CODES["dataset"], CODES["model"], least, limit),
    )
    return [iri for (iri,) in rows]


def nearest(connection: sqlite3.Connection, text: str, kinds: Sequence[str], n: int) -> list[tuple[float, Hit]]:
    """What may have been meant by a name that nothing has, with how alike the names are, the most alike first.

    Args:
        connection: One state of the index.
        text: The name, perhaps misspelt.
        kinds: The kinds that may be meant; any, when empty.
        n: The most that are wanted.
    """
    choices = [known_words(connection, word) for word in dict.fromkeys(plain_words(text)[:_MOST_WORDS])]
    choices = [words for words in choices if words]
    if not choices:
        return []
    codes = [f"k={code}" for kind in kinds for code in codes_of(kind)]
    narrowed = f" AND {any_of(codes)}" if codes else ""
    titled = [[f"n={word}" for word in words] for words in choices]
    things: dict[int, Thing] = {}
    for expression in (
        " AND ".join(map(any_of, titled)),
        any_of([mark for marks in titled for mark in marks]),
        f'"g=r" AND {" AND ".join(map(any_of, choices))}',
    ):
        for thing in _matching(connection, f"({expression}){narrowed}"):
            things[thing.number] = thing
    scored = sorted(_most_alike(text, list(things.values())), key=lambda pair: (-pair[0], -pair[1].number))[:n]
    return list(zip([score for score, _ in scored], hits(connection, [thing for _, thing in scored]), strict=True))


def _most_alike(text: str, things: Sequence[Thing]) -> Iterable[tuple[float, Thing]]:
    sought = key(text)
    # Of the versions of one data set, and of runs that are called alike, the newest is enough.
    apart = {thing.said.hub or (thing.said.kind, thing.said.title or thing.iri): thing for thing in reversed(things)}
    for thing in apart.values():
        score = likeness(sought, key(thing.said.title or slug(thing.iri)))
        if score >= _ALIKE:
            yield score, thing
