"""Evaluations and their means, as they are written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal

from lakegraph.index.counters import ALGORITHM, MEASURE, TASK, Counters
from lakegraph.index.describing import Evaluation
from lakegraph.index.description import Description
from lakegraph.index.things import Things

# The shortest text of a double has 17 digits between 1e308 and 5e-324: sums over these digits are exact.
_EXACT = Context(prec=700)
_INSERT = "INSERT INTO evaluation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_COLUMNS = "record, n, measure, value, model, run, dataset, algorithm, tasks"

Line = tuple[int, int, int, float, int, int | None, int | None, int | None, str]
"""A row of ``evaluation``."""


class Measures:
    """Writes evaluations, and keeps the count and exact sum of each measure by algorithm and by task.

    A model that was withdrawn counts no longer, even while evaluations of it stand in other records.
    """

    def __init__(self, connection: sqlite3.Connection, things: Things, counters: Counters) -> None:
        self._connection = connection
        self._things = things
        self._counters = counters
        self._new: list[tuple[int, int, Evaluation]] = []
        self._sums: dict[tuple[int, int, int], tuple[int, Decimal]] = {}

    def add(self, record: int, evaluations: Sequence[Evaluation]) -> None:
        """Note the *evaluations* of a record."""
        self._new += [(record, n, evaluation) for n, evaluation in enumerate(evaluations)]

    def drop(self, record: int) -> None:
        """Take the evaluations of a record away."""
        for line in self._lines("record = ?", record):
            self._count(line, -1)
            self._connection.execute("DELETE FROM evaluation WHERE record = ? AND n = ?", line[:2])
            self._connection.executemany(
                "DELETE FROM evaluation_task WHERE task = ? AND measure = ? AND value = ? AND record = ? AND n = ?",
                [(task, line[2], line[3], line[0], line[1]) for task in _tasks(line)],
            )

    def change(self, model: int, before: Description, after: Description) -> None:
        """Note that a thing came, went, or has another algorithm: its earlier evaluations count differently."""
        if bool(before.kind) == bool(after.kind) and before.algorithm == after.algorithm:
            return
        for line in self._lines("model = ?", model):
            algorithm = after.algorithm if after.algorithm is not None else line[7]
            changed: Line = (*line[:7], algorithm, line[8])
            self._sum(line, -1 if before.kind else 0)
            self._sum(changed, 1 if after.kind else 0)
            self._connection.execute(
                "UPDATE evaluation SET algorithm = ? WHERE record = ? AND n = ?", (algorithm, *line[:2])
            )

    def flush(self) -> None:
        """Write everything that was noted; rows of things are written before."""
        lines = [self._line(*noted) for noted in self._new]
        self._new.clear()
        self._connection.executemany(_INSERT, lines)
        self._connection.executemany(
            "INSERT INTO evaluation_task VALUES (?, ?, ?, ?, ?)",
            [(task, line[2], line[3], line[0], line[1]) for line in lines for task in _tasks(line)],
        )
        for line in lines:
            self._count(line, 1)
        self._counters.name((MEASURE, line[2]) for line in lines)
        self._counters.name((TASK, task) for line in lines for task in _tasks(line))
        self._flush_sums()

    def _line(self, record: int, n: int, said: Evaluation) -> Line:
        trained = self._things.rows[said.model].said.algorithm
        algorithm = said.algorithm if trained is None else trained
        tasks = " ".join(map(str, said.tasks))
        return record, n, said.measure, said.value, said.model, said.run, said.dataset, algorithm, tasks

    def _lines(self, condition: str, value: int) -> list[Line]:
        return self._connection.execute(
            f"SELECT {_COLUMNS} FROM evaluation WHERE {condition}",  # noqa: S608 - constants
            (value,),
        ).fetchall()

    def _count(self, line: Line, step: int) -> None:
        self._sum(line, step if self._things.rows[line[4]].said.kind else 0)

    def _sum(self, line: Line, step: int) -> None:
        if not step:
            return
        measure, value = line[2], Decimal(repr(line[3])) * step
        groups: Iterable[tuple[int, int | None]] = ((ALGORITHM, line[7]), *((TASK, task) for task in _tasks(line)))
        for facet, group in groups:
            if group is not None:
                n, total = self._sums.get((measure, facet, group), (0, Decimal(0)))
                self._sums[measure, facet, group] = n + step, _EXACT.add(total, value)

    def _flush_sums(self) -> None:
        for where, (n, change) in self._sums.items():
            stored = self._connection.execute(
                "SELECT n, total FROM mean WHERE measure = ? AND facet = ? AND value = ?", where
            ).fetchone()
            before, total = (stored[0], Decimal(stored[1])) if stored else (0, Decimal(0))
            if before + n:
                row = (*where, before + n, str(_EXACT.add(total, change)))
                self._connection.execute("INSERT OR REPLACE INTO mean VALUES (?, ?, ?, ?, ?)", row)
            else:
                self._connection.execute("DELETE FROM mean WHERE measure = ? AND facet = ? AND value = ?", where)
        self._sums.clear()


def _tasks(line: Line) -> list[int]:
    return [int(task) for task in line[8].split()]
