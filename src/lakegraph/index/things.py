"""The rows of things while a group is being applied: their numbers, what is said of them, and writing them back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from lakegraph.index.description import COLUMNS, Description

_MOST_NUMBERS = 100_000
_MOST_ROWS = 10_000
NOTHING = Description()

_SELECT = f"SELECT iri, record, shared, {COLUMNS} FROM thing WHERE id = ?"  # noqa: S608 - a constant
_MARKS = ", ".join("?" * (4 + len(Description._fields)))
_INSERT = f"INSERT INTO thing (id, iri, record, shared, {COLUMNS}) VALUES ({_MARKS})"  # noqa: S608 - constants
_SET = ", ".join(f"{name} = ?" for name in ("record", "shared", *Description._fields))
_UPDATE = f"UPDATE thing SET {_SET} WHERE id = ?"  # noqa: S608 - constants


@dataclass(slots=True, eq=False)
class Row:
    """One thing.

    Attributes:
        number: ``thing.id``.
        iri: Bare IRI.
        record: The entry that first described it, None while it is only referred to.
        shared: Whether several records describe it.
        said: What they say together.
        stored: What the file says; None before the row is written.
        absorbed: What was last said of it, the numbers of thing and description, and these as text: saying the same
            again costs one comparison.
    """

    number: int
    iri: str
    record: int | None = None
    shared: bool = False
    said: Description = NOTHING
    stored: Description | None = None
    absorbed: tuple[Description, tuple[int, int], str] | None = None


class _Numbers(dict[str, int]):
    """IRI token to number; what is missing is looked up, and numbered if it is new."""

    def __init__(self, find: Callable[[str], int]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, token: str) -> int:
        found = self[token] = self._find(token[1:-1])
        return found


class _Rows(dict[int, Row]):
    """Number to row; what is missing is read."""

    def __init__(self, read: Callable[[int], Row]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, number: int) -> Row:
        found = self[number] = self._read(number)
        return found


class Things:
    """Numbers and rows, read through a bounded memory and written in one go.

    Args:
        connection: The writing connection, inside a transaction whenever this is used.

    Attributes:
        numbers: IRI token to number, given now if the thing has none.
        rows: Number to row; after changing one, call :meth:`touch`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.numbers = _Numbers(self._find)
        self.rows = _Rows(self._read)
        self._dirty: dict[int, Row] = {}
        self._next: int = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM thing").fetchone()[0]

    def _find(self, iri: str) -> int:
        found = self._connection.execute("SELECT id FROM thing WHERE iri = ?", (iri,)).fetchone()
        if found:
            return int(found[0])
        number = self._next
        self._next += 1
        self.rows[number] = self._dirty[number] = Row(number, iri)
        return number

    def _read(self, number: int) -> Row:
        iri, record, shared, *said = self._connection.execute(_SELECT, (number,)).fetchone()
        stored = Description(*said)
        return Row(number, iri, record, bool(shared), stored, stored)

    def touch(self, row: Row) -> None:
        """Note that *row* has to be written."""
        self._dirty[row.number] = row

    def iri(self, number: int) -> str:
        """The bare IRI of a thing."""
        return self.rows[number].iri

    def algorithm_of(self, number: int) -> int | None:
        """The algorithm of a thing, as far as it is known."""
        return self.rows[number].said.algorithm

    def flush(self) -> list[tuple[Row, Description | None]]:
        """Write what changed.

        Returns:
            Every row that was written, in the order of numbers, and what it said before; None for a new one.
        """
        changed = sorted(self._dirty.values(), key=lambda row: row.number)
        new = [(r.number, r.iri, r.record, r.shared, *r.said) for r in changed if r.stored is None]
        old = [(r.record, r.shared, *r.said, r.number) for r in changed if r.stored is not None]
        if new:
            self._connection.executemany(_INSERT, new)
        if old:
            self._connection.executemany(_UPDATE, old)
        before = [(row, row.stored) for row in changed]
        for row in changed:
            row.stored = row.said
        self._dirty.clear()
        self._forget()
        return before

    def _forget(self) -> None:
        if len(self.numbers) > _MOST_NUMBERS:
            self.numbers.clear()
        if len(self.rows) > _MOST_ROWS:
            self.rows.clear()
