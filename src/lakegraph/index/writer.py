"""Applying records: what each says is merged into the things' rows, and taken out again when a record is taken back."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from zlib import crc32

from lakegraph.index.answers import Fragment
from lakegraph.index.counters import Counters
from lakegraph.index.describing import Describer, Memory, microseconds
from lakegraph.index.description import Description, dump, load, merge
from lakegraph.index.flows import Flows
from lakegraph.index.measures import Measures
from lakegraph.index.reading import gather
from lakegraph.index.things import NOTHING, Row, Things

_MOST_INTERNED = 50_000
_SAY = (
    "INSERT INTO saying VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET n = n + excluded.n, first = min(first, excluded.first), last = max(last, excluded.last)"
)


class Writer:
    """Applies fragments inside the caller's transaction. After a rollback it must be thrown away: it remembers rows.

    Args:
        connection: The writing connection.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._things = Things(connection)
        self._counters = Counters(connection, self._things.iri)
        self._measures = Measures(connection, self._things, self._counters)
        self._flows = Flows(connection, self._things.numbers)
        self._memory: Memory = {}
        self._interned: dict[Description, int] = {}
        self._records: list[tuple[str, int, int, str]] = []
        self._sayings: dict[tuple[int, int], list[int]] = {}

    def apply(self, fragments: Sequence[Fragment]) -> None:
        """Apply *fragments*, in the order of the journal."""
        for fragment in fragments:
            for graph in fragment.dropped:
                self._drop(graph)
            self._add(fragment)
        self._flush()

    def _add(self, fragment: Fragment) -> None:
        seq, recorded = fragment.seq, microseconds(fragment.recorded) or 0
        facts, rows = gather(fragment.triples), self._things.rows
        described, evaluations = Describer(facts, fragment.record, seq, self._things, self._memory).describe()
        things = [self._say(seq, recorded, rows[number], said) for number, said in described.items()]
        self._flows.add(seq, fragment.triples, fragment.asserted)
        self._records.append((fragment.graph, seq, recorded, f" {'  '.join(things)} "))
        if evaluations:
            self._measures.add(seq, evaluations)

    def _say(self, record: int, recorded: int, row: Row, said: Description) -> str:
        """Merge what a record says of a thing into its row, and return the entry of its list."""
        number = row.number
        if row.record is None:
            row.record = record
            row.said = said if said.time is not None else said._replace(time=recorded)
            self._things.touch(row)
            return str(number)
        if not row.shared:
            row.shared = True
            self._count((number, self._intern(row.said)), row.record)
            self._things.touch(row)
        absorbed = row.absorbed
        if absorbed is None or (absorbed[0] is not said and absorbed[0] != said):
            pair = number, self._intern(said)
            absorbed = row.absorbed = said, pair, f"{number}:{pair[1]}"
            merged = merge(row.said, said)
            if merged != row.said:
                row.said = merged
                self._things.touch(row)
        self._count(absorbed[1], record)
        return absorbed[2]

    def _count(self, saying: tuple[int, int], record: int) -> None:
        counts = self._sayings.get(saying)
        if counts is None:
            self._sayings[saying] = [1, record, record]
        else:
            counts[0] += 1
            counts[2] = record

    def _intern(self, said: Description) -> int:
        found = self._interned.get(said)
        if found is None:
            if len(self._interned) >= _MOST_INTERNED:
                self._interned.clear()
            found = self._interned[said] = self._stored(dump(said))
        return found

    def _stored(self, body: str) -> int:
        digest = crc32(body.encode("utf-8", "surrogatepass"))
        known = "SELECT id FROM description WHERE digest = ? AND body = ?"
        found: tuple[int] | None = self._connection.execute(known, (digest, body)).fetchone()
        if found:
            return found[0]
        added = self._connection.execute("INSERT INTO description (digest, body) VALUES (?, ?)", (digest, body))
        assert added.lastrowid is not None  # noqa: S101 - an INSERT has one
        return added.lastrowid

    def _drop(self, graph: str) -> None:
        self._flush()
        found = self._connection.execute("SELECT seq, things FROM record WHERE graph = ?", (graph,)).fetchall()
        for seq, _ in found:  # while the models that they count for still stand
            self._measures.drop(seq)
            self._flows.drop(seq)
        self._connection.execute("DELETE FROM record WHERE graph = ?", (graph,))
        for seq, things in found:
            for entry in things.split():
                number, _, description = entry.partition(":")
                self._unsay(self._things.rows[int(number)], seq, int(description) if description else None)

    def _unsay(self, row: Row, seq: int, description: int | None) -> None:
        """Take one record's word on a thing away, and merge anew what the others say."""
        row.record, row.said, row.absorbed = None, NOTHING, None
        self._things.touch(row)
        if not row.shared:
            return
        if description is None:  # it was the first, when nobody else described the thing yet
            query = "SELECT description FROM saying WHERE thing = ? AND first = ?"
            (description,) = self._connection.execute(query, (row.number, seq)).fetchone()
        where = (row.number, description)
        self._connection.execute("UPDATE saying SET n = n - 1 WHERE thing = ? AND description = ?", where)
        self._connection.execute("DELETE FROM saying WHERE thing = ? AND description = ? AND n = 0", where)
        self._mend(row.number, description, seq)
        left = self._connection.execute(
            "SELECT d.body, s.first FROM saying s JOIN description d ON d.id = s.description"
            " WHERE s.thing = ? ORDER BY s.last",
            (row.number,),
        ).fetchall()
        for body, _ in left:
            row.said = merge(row.said, load(body))
        row.shared = bool(left)
        if left:
            row.record = min(first for _, first in left)
            if row.said.time is None:
                found = self._connection.execute("SELECT time FROM record WHERE seq = ?", (row.record,))
                row.said = row.said._replace(time=found.fetchone()[0])

    def _mend(self, thing: int, description: int, seq: int) -> None:
        """When the first or last record of a saying went, find which is so now: a scan, but a rare one."""
        where = (thing, description)
        ends = self._connection.execute(
            "SELECT first, last FROM saying WHERE thing = ? AND description = ?", where
        ).fetchone()
        if ends is None or seq not in ends:
            return
        low, high = self._connection.execute(
            "SELECT min(seq), max(seq) FROM record WHERE instr(things, ?)", (f" {thing}:{description} ",)
        ).fetchone()
        first = low if seq == ends[0] else ends[0]
        last = high or first if seq == ends[1] else ends[1]
        self._connection.execute(
            "UPDATE saying SET first = ?, last = ? WHERE thing = ? AND description = ?", (first, last, *where)
        )

    def _flush(self) -> None:
        connection = self._connection
        connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", self._records)
        connection.executemany(_SAY, [(*where, *counts) for where, counts in self._sayings.items()])
        self._records.clear()
        self._sayings.clear()
        for row, before in self._things.flush():
            if before is None:
                self._counters.change(row.number, row.iri, NOTHING, row.said)
            elif before != row.said:
                self._counters.change(row.number, row.iri, before, row.said)
                self._measures.change(row.number, before, row.said)
        self._flows.flush()
        self._measures.flush()
        self._counters.flush()
