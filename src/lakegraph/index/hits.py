"""From rows of the index to hits: numbers become IRIs, codes become words."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from lakegraph.index.answers import Hit
from lakegraph.index.description import Description
from lakegraph.index.kinds import NAMES
from lakegraph.index.words import slug, snippet

COLUMNS = "thing.id, thing.iri, thing.record, " + ", ".join(f"thing.{name}" for name in Description._fields)
_MOST_VARIABLES = 500


class Thing(NamedTuple):
    """A row that was found: the thing's number, IRI, the entry that first described it, and what is said of it."""

    number: int
    iri: str
    record: int
    said: Description


def things_of(rows: Iterable[Sequence[Any]]) -> list[Thing]:
    """The things in rows selected with :data:`COLUMNS`, but for those that are only referred to."""
    return [Thing(row[0], row[1], row[2], said) for row in rows if (said := Description(*row[3:])).kind]


def select(connection: sqlite3.Connection, condition: str, *values: int | str) -> list[Thing]:
    """The things for which an SQL *condition*, written in this package, holds."""
    return things_of(connection.execute(f"SELECT {COLUMNS} FROM thing WHERE {condition}", values))  # noqa: S608


def by_iri(connection: sqlite3.Connection, iri: str) -> Thing | None:
    """The thing with this IRI, if it is described."""
    return next(iter(select(connection, "iri = ?", iri)), None)


def versions(connection: sqlite3.Connection, hub: int, limit: int) -> list[Thing]:
    """The versions of a hub, the newest first: by number, and where that is equal or there is none, as recorded."""
    return select(connection, "hub = ? ORDER BY place DESC, record DESC, id DESC LIMIT ?", hub, limit)


def current(connection: sqlite3.Connection, hub: Thing) -> Thing | None:
    """The current version of a hub: the newest, unless a record that came after it declared another one current."""
    newest = next(iter(versions(connection, hub.number, 1)), None)
    said = hub.said
    if said.current is None or said.declared is None or (newest and said.declared < newest.record):
        return newest
    return next(iter(select(connection, "id = ?", said.current)), newest)


def iris(connection: sqlite3.Connection, numbers: Collection[int]) -> dict[int, str]:
    """The IRIs of things by number."""
    return {number: iri for number, (iri, _) in labels(connection, numbers).items()}


def labels(connection: sqlite3.Connection, numbers: Collection[int]) -> dict[int, tuple[str, str]]:
    """IRI and label of things by number: their title, or else the last part of their IRI."""
    wanted = sorted(numbers)
    out: dict[int, tuple[str, str]] = {}
    for start in range(0, len(wanted), _MOST_VARIABLES):
        some = wanted[start : start + _MOST_VARIABLES]
        marks = ", ".join("?" * len(some))
        query = f"SELECT id, iri, title FROM thing WHERE id IN ({marks})"  # noqa: S608 - question marks
        out.update((number, (iri, title or slug(iri))) for number, iri, title in connection.execute(query, some))
    return out


def hits(
    connection: sqlite3.Connection, things: Sequence[Thing], sought: Collection[str] = (), ranks: Sequence[int] = ()
) -> list[Hit]:
    """*things* as hits.

    Args:
        connection: Where the numbers are looked up.
        things: What was found.
        sought: The words that were looked for, for the snippets.
        ranks: The rank of each, 0 where left out.
    """
    numbers: set[int] = set()
    for thing in things:
        said = thing.said
        numbers.update(n for n in _references(said) if n is not None)
        numbers.update(map(int, (said.tags or "").split()))
    known = iris(connection, numbers)
    out = [_hit(thing, known, sought) for thing in things]
    return [replace(hit, rank=rank) for hit, rank in zip(out, ranks, strict=True)] if ranks else out


def _references(said: Description) -> tuple[int | None, ...]:
    return said.hub, said.status, said.owner, said.stage, said.level, said.algorithm, said.license


def _hit(thing: Thing, iri: dict[int, str], sought: Collection[str]) -> Hit:
    said, own = thing.said, thing.iri
    hub, status, owner, stage, level, algorithm, licence = (iri.get(n) if n else None for n in _references(said))
    stretch, spans = snippet(said.description, sought)
    return Hit(
        iri=own,
        kind=NAMES[said.kind],
        title=said.title or slug(own),
        version=said.version,
        hub=hub,
        description=said.description,
        time=said.time or 0,
        status=status,
        owner=owner,
        stage=stage,
        level=level,
        algorithm=algorithm,
        license=licence,
        tags=tuple(sorted(iri[int(n)] for n in (said.tags or "").split())),
        paths=tuple((said.paths or "").split("\n")) if said.paths else (),
        checksums=tuple((said.checksums or "").split("\n")) if said.checksums else (),
        snippet=stretch,
        spans=spans,
        cursor=f"{said.time or 0}.{thing.number}",
    )
