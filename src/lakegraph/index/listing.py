"""Walking through everything of some kinds, in the order in which the lake first named it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lakegraph.index.answers import EPOCH
from lakegraph.index.kinds import NAMES, codes_of


@dataclass(frozen=True, slots=True)
class Listed:
    """One thing of a listing.

    Attributes:
        number: Its place; go on after it.
        iri: Its IRI.
        kind: What it is.
        changed: The last journal entry that says something of it.
    """

    number: int
    iri: str
    kind: str
    changed: int


def listing(
    connection: sqlite3.Connection, kinds: Sequence[str], after: int = 0, limit: int = 100, since: int = 0
) -> list[Listed]:
    """The next things of *kinds*.

    Args:
        connection: One state of the index.
        kinds: Which kinds.
        after: The number of the last thing of the part before.
        limit: How many.
        since: Only what an entry from this one on says something of.

    Raises:
        UsageError: There is no such kind.
    """
    codes = _codes(kinds)
    # The plus keeps SQLite from reading all of a kind to sort it: things are walked by number.
    text = (
        "SELECT id, iri, kind, max(record, coalesce((SELECT max(last) FROM saying WHERE thing = id), 0)) AS changed"  # noqa: S608 - numbers
        f" FROM thing WHERE +kind IN ({codes}) AND id > ? AND changed >= ? ORDER BY id LIMIT ?"
    )
    rows = connection.execute(text, (after, since, limit))
    return [Listed(number, iri, NAMES[kind], changed) for number, iri, kind, changed in rows]


def are(connection: sqlite3.Connection, kinds: Sequence[str], iris: Sequence[str]) -> set[str]:
    """Which of *iris* are things of *kinds*."""
    text = f"SELECT 1 FROM thing WHERE iri = ? AND kind IN ({_codes(kinds)})"  # noqa: S608 - numbers
    return {iri for iri in iris if connection.execute(text, (iri,)).fetchone()}


def _codes(kinds: Sequence[str]) -> str:
    return ", ".join(str(code) for kind in kinds for code in codes_of(kind))


def starts(connection: sqlite3.Connection, kinds: Sequence[str], step: int) -> list[int]:
    """The number of the last thing of each whole part of *step* things, but for a part that nothing follows."""
    codes = _codes(kinds)
    rows = connection.execute(f"SELECT id FROM thing WHERE +kind IN ({codes}) ORDER BY id")  # noqa: S608 - numbers
    numbers = [number for (number,) in rows]
    return [numbers[place - 1] for place in range(step, len(numbers), step)]


def first_since(connection: sqlite3.Connection, time: datetime) -> int | None:
    """The first entry that was recorded at *time* or later; None where there is none."""
    micros = (time - EPOCH) // (EPOCH.resolution)
    found: int | None = connection.execute("SELECT min(seq) FROM record WHERE time >= ?", (micros,)).fetchone()[0]
    return found
