"""What is counted and listed beside the things, kept up to date by every write: terms, words and facets."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from lakegraph.index.description import Description, document, month_of
from lakegraph.index.kinds import HUB
from lakegraph.index.spelling import tail
from lakegraph.index.words import key, slug

KIND, TAG, OWNER, ALGORITHM, STAGE, LEVEL, STATUS, LICENSE, MONTH, MEASURE, TASK = range(11)
_MOST_KNOWN = 200_000


def _values(said: Description) -> Iterator[tuple[int, int]]:
    """Facet and value of everything that *said* is counted under, besides its kind."""
    if said.owner is not None:
        yield OWNER, said.owner
    if said.algorithm is not None:
        yield ALGORITHM, said.algorithm
    if said.stage is not None:
        yield STAGE, said.stage
    if said.level is not None:
        yield LEVEL, said.level
    if said.status is not None:
        yield STATUS, said.status
    if said.license is not None:
        yield LICENSE, said.license
    if said.tags:
        for tag in said.tags.split(" "):
            yield TAG, int(tag)
    if said.time is not None:
        yield MONTH, month_of(said.time)


class Counters:
    """Counts the changes of a group and writes them together.

    Args:
        connection: The writing connection.
        iri: The bare IRI of a thing by number.
    """

    def __init__(self, connection: sqlite3.Connection, iri: Callable[[int], str]) -> None:
        self._connection = connection
        self._iri = iri
        self._texts: list[tuple[str | None, int, str]] = []
        self._words: set[str] = set()
        self._facets: Counter[tuple[int, int, int]] = Counter()
        self._known_words: set[str] = set()
        self._known_values: set[tuple[int, int]] = set()

    def change(self, number: int, iri: str, before: Description, after: Description) -> None:
        """Note that a thing said *before* and says *after*; numbers must rise from call to call."""
        if before.kind:
            _, text = document(iri, before)
            self._texts.append(("delete", number, text))
            self._count(before, -1)
        if after.kind:
            found, text = document(iri, after)
            self._texts.append((None, number, text))
            self._words.update(found)
            self._count(after, 1)

    def _count(self, said: Description, step: int) -> None:
        facets, kind = self._facets, said.kind
        facets[KIND, 0, kind] += step
        if kind == HUB:
            return
        for facet, value in _values(said):
            facets[facet, 0, value] += step
            facets[facet, kind, value] += step

    def flush(self) -> None:
        """Write everything that was noted."""
        if self._texts:
            # FTS5 writes a segment whenever a number falls below the one before; so they come sorted.
            self._connection.executemany("INSERT INTO text (text, rowid, terms) VALUES (?, ?, ?)", self._texts)
            self._texts.clear()
        self._flush_words()
        self._flush_facets()

    def _flush_words(self) -> None:
        new = self._words - self._known_words
        self._words.clear()
        self._connection.executemany("INSERT OR IGNORE INTO word VALUES (?, ?)", [(w, tail(w)) for w in sorted(new)])
        if len(self._known_words) > _MOST_KNOWN:
            self._known_words.clear()
        self._known_words |= new

    def _flush_facets(self) -> None:
        changed = [(*where, n) for where, n in self._facets.items() if n]
        self._facets.clear()
        self._connection.executemany(
            "INSERT INTO facet VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n", changed
        )
        self._connection.executemany(
            "DELETE FROM facet WHERE facet = ? AND kind = ? AND value = ? AND n = 0",
            [where for *where, n in changed if n < 0],
        )
        self.name((facet, value) for facet, _, value, _ in changed if facet not in (KIND, MONTH))

    def name(self, values: Iterable[tuple[int, int]]) -> None:
        """Let each facet's value be found by the last part of its IRI."""
        new = {pair for pair in values if pair not in self._known_values}
        self._connection.executemany(
            "INSERT OR IGNORE INTO facet_name VALUES (?, ?, ?)",
            [(facet, key(slug(self._iri(value))), value) for facet, value in new],
        )
        if len(self._known_values) > _MOST_KNOWN:
            self._known_values.clear()
        self._known_values |= new
