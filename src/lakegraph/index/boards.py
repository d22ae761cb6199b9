"""Leaderboards and means, read from what every write keeps."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from decimal import Decimal

from lakegraph.errors import AmbiguousError, UsageError
from lakegraph.index import counters
from lakegraph.index.answers import Leaderboard, Mean, Score
from lakegraph.index.hits import iris, labels
from lakegraph.index.matching import values
from lakegraph.index.search import check_limit
from lakegraph.index.words import slug

GROUPS = {"algorithm": counters.ALGORITHM, "task": counters.TASK}
_READ = 20_000
"""So many evaluations are looked through for one leaderboard."""

_Line = tuple[int, str, str | None, str | None, float, int | None, int | None, int | None]
_COLUMNS = "e.model, m.iri, m.title, m.version, e.value, e.run, e.dataset, e.algorithm"
_OF_TASK = "evaluation_task t CROSS JOIN evaluation e ON e.record = t.record AND e.n = t.n"


def leaderboard(
    connection: sqlite3.Connection,
    measure: str,
    *,
    task: str | None = None,
    dataset: str | None = None,
    limit: int = 20,
    lowest_first: bool = False,
) -> Leaderboard:
    """The models with the best values of a measure, each once.

    Args:
        connection: One state of the index.
        measure: IRI of the measure, or the last part of it (``accuracy``).
        task: Only evaluations of runs with this task (IRI or last part).
        dataset: Only evaluations on this data set version (IRI).
        limit: How many models, 1 to 1,000.
        lowest_first: For measures where less is better.

    Raises:
        UsageError: The limit is impossible.
        AmbiguousError: Several measures or tasks are called so.
    """
    check_limit(limit)
    wanted = {"measure": one(connection, counters.MEASURE, measure)}
    if task is not None:
        wanted["task"] = one(connection, counters.TASK, task)
    if dataset is not None:
        row = connection.execute("SELECT id FROM thing WHERE iri = ?", (dataset,)).fetchone()
        wanted["dataset"] = row[0] if row else None
    if None in wanted.values():
        return Leaderboard(())
    first, source = ("t", _OF_TASK) if task is not None else ("e", "evaluation e")
    where = " AND ".join(f"{'e' if name == 'dataset' else first}.{name} = ?" for name in wanted)
    order = ", ".join(f"{first}.{name} {'ASC' if lowest_first else 'DESC'}" for name in ("value", "record", "n"))
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM {source} CROSS JOIN thing m ON m.id = e.model"  # noqa: S608 - constants
        f" WHERE {where} AND m.kind > 0 ORDER BY {order} LIMIT ?",
        (*wanted.values(), _READ),
    )
    best: dict[int, _Line] = {}
    read = 0
    for row in rows:
        read += 1
        best.setdefault(row[0], row)
        if len(best) == limit:
            break
    return Leaderboard(_scores(connection, list(best.values())), complete=len(best) == limit or read < _READ)


def _scores(connection: sqlite3.Connection, lines: Sequence[_Line]) -> tuple[Score, ...]:
    known = iris(connection, {number for line in lines for number in line[5:] if number is not None})
    return tuple(
        Score(
            model=iri,
            title=title or slug(iri),
            version=version,
            value=value,
            run=known.get(run or 0),
            dataset=known.get(dataset or 0),
            algorithm=known.get(algorithm or 0),
        )
        for _, iri, title, version, value, run, dataset, algorithm in lines
    )


def mean_by(connection: sqlite3.Connection, measure: str, group: str = "algorithm") -> list[Mean]:
    """The mean of a measure for each algorithm or task, the highest first; the count and exact sum are kept by writes.

    Args:
        connection: One state of the index.
        measure: IRI of the measure, or the last part of it.
        group: ``algorithm`` or ``task``.

    Raises:
        UsageError: There is no such group.
        AmbiguousError: Several measures are called so.
    """
    if group not in GROUPS:
        raise UsageError(f"There are no means by {group!r}.", where="group", hint=f"One of: {', '.join(GROUPS)}.")
    number = one(connection, counters.MEASURE, measure)
    rows = connection.execute(
        "SELECT value, n, total FROM mean WHERE measure = ? AND facet = ?", (number, GROUPS[group])
    ).fetchall()
    named = labels(connection, {value for value, _, _ in rows})
    means = [Mean(*named[value], n, float(Decimal(total) / n)) for value, n, total in rows]
    return sorted(means, key=lambda mean: (-mean.mean, mean.group))


def one(connection: sqlite3.Connection, facet: int, value: str) -> int | None:
    """The number of the one thing in a facet that *value* names, None when there is none.

    Raises:
        AmbiguousError: There are several.
    """
    found = values(connection, facet, value)
    if len(found) > 1:
        named = sorted(iris(connection, found).values())
        raise AmbiguousError(f"{value!r} means several things.", hint=f"Give one of their IRIs: {', '.join(named)}.")
    return found[0] if found else None
