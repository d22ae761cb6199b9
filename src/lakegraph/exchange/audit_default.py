"""The audit of the default graph: what follows from the records in force, and the mark of every entry.

Hashes of its lines are held, eight bytes each and parted into buckets, and not the lines: ten million statements take
some seventy megabytes.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import blake2b

from lakegraph.change_effects import CHANGE
from lakegraph.exchange.parts import LakeParts
from lakegraph.graph import Rows
from lakegraph.marking import markers
from lakegraph.preparing import nquads
from lakegraph.projecting import asserted_query, parse_nquads
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.terms import Triple

_BUCKETS = 256


class Lines:
    """A set of lines, as hashes with a key that nobody knows beforehand."""

    def __init__(self, secret: bytes | None = None) -> None:
        self.secret = secret or os.urandom(16)
        self._buckets = [array("Q") for _ in range(_BUCKETS)]

    def add(self, line: bytes) -> None:
        """Add a line, without its end."""
        hashed = self.hash(line)
        self._buckets[hashed % _BUCKETS].append(hashed)

    def hash(self, line: bytes) -> int:
        """What a line is known by."""
        return int.from_bytes(blake2b(line, digest_size=8, key=self.secret).digest(), "big")

    def missing_in(self, other: Lines) -> set[int]:
        """The hashes that *other*, of the same secret, does not have."""
        found: set[int] = set()
        for ours, theirs in zip(self._buckets, other._buckets, strict=True):
            found.update(set(ours).difference(theirs))
        return found


def compare(
    lake: LakeParts, found: Lines, current: Mapping[str, int], last: int, told: Callable[[int, int], None]
) -> tuple[list[str], list[str]]:
    """What the default graph lacks, and what it should not have, as N-Triples lines.

    A statement that a record in force makes itself may stand there without following from another.

    Args:
        lake: The lake.
        found: The lines of its default graph.
        current: The named graphs in force, each with the entry that wrote it (0 for one that was edited).
        last: The last entry that counts.
        told: Told how far it is.
    """
    expected = Lines(found.secret)
    for seq, lines in _expected(lake, current, last):
        for line in lines:
            expected.add(line)
        if not seq % 1000:
            told(seq, last)
    lacking, extra = expected.missing_in(found), found.missing_in(expected)
    lacks = {
        line.decode() for _, lines in _expected(lake, current, last) for line in lines if found.hash(line) in lacking
    } if lacking else set()  # fmt: skip
    surplus = set()
    if extra:
        query = asserted_query()
        for triple in lake.graph.match(graph=None):
            line = _line(triple)
            if found.hash(line) in extra and not _asserted(lake, query, triple):
                surplus.add(line.decode())
    return sorted(lacks), sorted(surplus)


def _expected(lake: LakeParts, current: Mapping[str, int], last: int) -> Iterator[tuple[int, Iterable[bytes]]]:
    """Entry by entry, then for the edited graphs, the lines that must stand in the default graph."""
    infer, graph = reasoner().infer, lake.graph

    def following(asserted: Iterable[Triple]) -> list[Triple]:
        return infer(asserted, graph.objects, lambda o, p: graph.subjects(p, o))

    for entry in lake.journal.entries(until=last):
        lines = [_line(triple) for triple in markers(entry)]
        if entry.kind != CHANGE and current.get(entry.graph) == entry.seq:
            lines += map(_line, following(parse_nquads(entry.added)))
        yield entry.seq, lines
    for name, seq in current.items():
        if not seq:
            yield 1, map(_line, following(graph.match(graph=name)))


def _asserted(lake: LakeParts, query: str, triple: Triple) -> bool:
    s, p, o = triple
    rows = lake.graph.query(query, {"s": s, "p": p, "o": o, "dropped": "<urn:lakegraph:none>"})
    return isinstance(rows, Rows) and bool(rows.rows)


def _line(triple: Triple) -> bytes:
    return nquads((triple,)).rstrip(b"\n")
