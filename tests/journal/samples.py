"""Drafts, journals and naive re-implementations that the journal's tests share."""

from __future__ import annotations

import itertools
import os
import random
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from lakegraph.journal import Draft, Journal

BASE = "https://lake.example.org/"
BOB = BASE + "id/user/bob"
ROOT = Path(__file__).parent.parent.parent
START = 1_713_342_662_000_000  # 2024-04-17T08:31:02Z in microseconds


def environment() -> dict[str, str]:
    """The environment of a program that a test starts: what the test finds, it finds too."""
    known = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), known] if known else [str(ROOT)])}


def ticking(step: int = 1000) -> Callable[[], int]:
    """A clock that moves on by *step* microseconds whenever it is read."""
    return itertools.count(START, step).__next__


def quads(graph: str, number: int, count: int = 8) -> bytes:
    """Canonical N-Quads of *count* statements, the same for the same *number*."""
    drawn = random.Random(number)
    run = f"<{BASE}id/run/{number}>"
    lines = {f'{run} <https://example.org/p{n}> "value {drawn.random()}" <{graph}> .\n' for n in range(count)}
    return "".join(sorted(lines)).encode()


def draft(number: int, **changes: object) -> Draft:
    """The draft of run *number*."""
    record = f"{BASE}id/run/{number}"
    graph = str(changes.get("graph", f"{record}/bundle"))
    members: dict[str, object] = {
        "kind": "record",
        "record": record,
        "graph": graph,
        "actor": BOB,
        "level": "internal",
        "added": quads(graph, number),
        "shapes": sha256(b"shapes").digest(),
    }
    return Draft(**(members | changes))  # type: ignore[arg-type]


def drafts(numbers: Iterable[int]) -> list[Draft]:
    """The drafts of several runs, every second one with an idempotency key."""
    return [draft(n, key=f"key-{n}" if n % 2 else None) for n in numbers]


def new_journal(directory: Path, entries: int = 0) -> Journal:
    """A journal in *directory* with that many entries, in groups of seven."""
    journal = Journal.create(directory / "journal.db", base=BASE, lake_id="0192", clock=ticking())
    for first in range(1, entries + 1, 7):
        journal.append(drafts(range(first, min(first + 7, entries + 1))))
    return journal


def contents(path: Path) -> tuple[list[object], list[object]]:
    """Every logical value of an SQLite file: the definitions, and the rows of each table in the order of names."""
    with closing(sqlite3.connect(path)) as connection:
        schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
        tables = [row[1] for row in schema if row[0] == "table"]
        return schema, [connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables]


def naive_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = _largest_power_below(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = _largest_power_below(len(leaves))
    if m < k:
        return [*naive_path(m, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(m - k, leaves[k:]), naive_root(leaves[:k])]


def naive_proof(m: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2, word for word; *whole* is its b."""
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    k = _largest_power_below(len(leaves))
    if m <= k:
        return [*naive_proof(m, leaves[:k], whole=whole), naive_root(leaves[k:])]
    return [*naive_proof(m - k, leaves[k:], whole=False), naive_root(leaves[:k])]


def _largest_power_below(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k
