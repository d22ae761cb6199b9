"""Which runs read and made what, as edges between numbers: lineage is walked here and not in the graph.

Walking 11,110 runs down a tree takes the engine 200 ms for one property path, and another second to find the runs
between; the same edges as pairs of integers are read in 20 ms. A wide lineage is read level by level, a narrow one by
a recursive query: that costs 1.2 µs a node more, and a query for each level 15 µs.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from lakegraph.index.kinds import CLASSES, CODES, NAMES
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import Triple

Direction = Literal["up", "down"]
Called = tuple[int, str, int, str | None, str | None, int | None, int | None]
"""Number, bare IRI, stored kind, title, version, number of who ran or owns it, time in microseconds since 1970."""
READ, MADE, STATED = 1, 2, 3
"""What an edge is: a thing that a run read, what a run made, or a derivation that a record states without a run."""

_PLACES = 24
"""An edge's number is its record's, this many bits up, and its own in it: a record's edges stand together."""


@dataclass(slots=True)
class Around:
    """What stands on one side of some nodes, by number; each list in the order in which the lake named things.

    Attributes:
        runs: Of a thing, the runs that read it, or going up that made it.
        things: Of a run, what it made, or going up what it read.
        stated: Of a thing, what is stated to be derived from it, or going up what it is derived from.
        nodes: How many nodes that are in all.
        whole: Whether that is everything.
    """

    runs: dict[int, list[int]]
    things: dict[int, list[int]]
    stated: dict[int, list[int]]
    nodes: int
    whole: bool


class Flows:
    """Writes edges inside the caller's transaction.

    Args:
        connection: The writing connection.
        numbers: IRI token to number, given now if the thing has none.
    """

    def __init__(self, connection: sqlite3.Connection, numbers: Mapping[str, int]) -> None:
        self._connection = connection
        self._numbers = numbers
        self._new: list[tuple[int, int, int, int]] = []

    def add(self, seq: int, triples: Iterable[Triple], asserted: int) -> None:
        """Note the edges of one record.

        Args:
            seq: The entry's number.
            triples: What it says and what follows.
            asserted: How many of them, from the first on, it says itself.
        """
        edges: set[tuple[str, str, int]] = set()
        reads, makes, derived = LAKE.hasInputData, LAKE.hasOutput, LAKE.derivedFrom
        carried = {reads, makes, derived}
        for number, (s, p, o) in enumerate(triples):
            if p not in carried:
                continue
            if p == reads:
                edges.add((o, s, READ))
            elif p == makes:
                edges.add((s, o, MADE))
            elif p == derived and number < asserted:
                edges.add((o, s, STATED))
        numbers, first = self._numbers, seq << _PLACES
        # In the order of their IRIs, so that numbers do not depend on the order of the triples.
        for number, (source, target, what) in enumerate(sorted(edges)):
            self._new.append((first + number, numbers[source], numbers[target], what))

    def drop(self, seq: int) -> None:
        """Take away the edges of one record."""
        self.flush()
        self._connection.execute("DELETE FROM flow WHERE id >= ? AND id < ?", (seq << _PLACES, (seq + 1) << _PLACES))

    def flush(self) -> None:
        """Write what was noted."""
        self._connection.executemany("INSERT INTO flow VALUES (?, ?, ?, ?)", self._new)
        self._new.clear()


_REACH = (
    "WITH RECURSIVE reach(n) AS"
    " (SELECT value FROM json_each(:some) UNION SELECT flow.{far} FROM reach, flow WHERE flow.{near} = n LIMIT :most)"
    " SELECT flow.{near}, flow.{far}, flow.what FROM reach CROSS JOIN flow ON flow.{near} = n"
)
_STEP = (
    "SELECT flow.{near}, flow.{far}, flow.what FROM json_each(:some) some CROSS JOIN flow ON flow.{near} = some.value"
)
_WIDE = 64
"""From so many nodes on, a level is read by a query of its own."""
_NARROW = 500
"""How far the first recursive query goes; each further one twice as far as the lineage that is known."""
_WORDS = NAMES | {CODES[kind]: cls for cls, kind in reversed(CLASSES.items())}
_CALLED = (
    "SELECT t.id, t.iri, t.kind, t.title, t.version, t.owner, t.time"
    " FROM json_each(:some) some CROSS JOIN thing t ON t.id = some.value"
)
_IRIS = "SELECT t.id, t.iri FROM json_each(:some) some CROSS JOIN thing t ON t.id = some.value"
_ENDS: Mapping[Direction, Mapping[str, str]] = {
    "down": {"near": "source", "far": "target"},
    "up": {"near": "target", "far": "source"},
}
_REACHES: Mapping[Direction, str] = {way: _REACH.format(**ends) for way, ends in _ENDS.items()}
_STEPS: Mapping[Direction, str] = {way: _STEP.format(**ends) for way, ends in _ENDS.items()}


class FlowReader:
    """Reads edges and names in one state of the index.

    Args:
        connection: A connection that sees one state.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def number(self, iri: str) -> int | None:
        """The number of the thing or run with this IRI; None where nothing speaks of it."""
        found = self._connection.execute("SELECT id FROM thing WHERE iri = ?", (iri,)).fetchone()
        return int(found[0]) if found else None

    def reach(self, start: int, direction: Direction, most: int) -> Around:
        """Everything on one side of *start*, as far as its nearest *most* nodes."""
        edges: list[tuple[int, int, int]] = []
        known, front, left = {start}, [start], most
        while front and left > 0:
            if len(front) < _WIDE:
                # More than twice as many as are known: half of them are new, or they are all that is left.
                found = self._rows(_REACHES[direction], front, min(_NARROW + 2 * len(known), left))
                passed = {edge[0] for edge in found}
            else:
                found = self._rows(_STEPS[direction], front[:left])
                passed = set(front)
            left -= len(passed)
            far = dict.fromkeys([edge[1] for edge in found])
            front = [node for node in far if node not in known and node not in passed]
            known.update(far)
            edges += found
        return _around(edges, direction, len(known), whole=not front and len(known) < most)

    def _rows(self, text: str, some: Collection[int], most: int = 0) -> list[tuple[int, int, int]]:
        return self._connection.execute(text, {"some": json.dumps(list(some)), "most": most}).fetchall()

    def step(self, near: Collection[int], direction: Direction) -> Around:
        """What stands directly beside some nodes."""
        return _around(self._rows(_STEPS[direction], near), direction, 0, whole=True)

    def called(self, numbers: Collection[int]) -> list[Called]:
        """What nodes are called, in the order of their numbers."""
        return self._connection.execute(_CALLED, {"some": json.dumps(sorted(numbers))}).fetchall()

    def iris(self, numbers: Collection[int]) -> dict[int, str]:
        """The bare IRIs of things."""
        return dict(self._connection.execute(_IRIS, {"some": json.dumps(sorted(numbers))}))

    def word(self, kind: int) -> str:
        """The class in the ontology (without prefix) that a stored kind stands for; else its word; empty for none."""
        return _WORDS.get(kind, "")


def _around(edges: Iterable[tuple[int, int, int]], direction: Direction, nodes: int, *, whole: bool) -> Around:
    runs: dict[int, list[int]] = {}
    things: dict[int, list[int]] = {}
    stated: dict[int, list[int]] = {}
    first, second = (READ, MADE) if direction == "down" else (MADE, READ)
    # Several records may state one edge.
    for near, far, what in dict.fromkeys(edges):
        into = runs if what == first else things if what == second else stated
        known = into.get(near)
        if known is None:
            into[near] = [far]
        else:
            known.append(far)
    return Around(runs, things, stated, nodes, whole)
