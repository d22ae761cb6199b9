"""The physical limits: what the disk, SHA-256, the engine and a dictionary do without lakegraph."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import time
from collections import deque
from functools import partial
from itertools import repeat
from pathlib import Path

import pyoxigraph as ox

from lakegraph.testing import Structure, generate_nquads
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, repeated, timed


def run(plan: Plan, report: Report) -> None:
    """Measure the limits."""
    where = plan.work / "limits"
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir()
    _fsync(plan, report, where)
    _sha256(plan, report)
    _engine(plan, report, where)
    for structure in plan.structures.values():
        _search(report, structure)


def _fsync(plan: Plan, report: Report, where: Path) -> None:
    with (where / "append").open("ab", buffering=0) as file:

        def append() -> None:
            file.write(bytes(4096))
            os.fdatasync(file.fileno())

        report.times("limit.fsync", "fdatasync after an append of 4 KB", repeated(repeat(append), plan.seconds))
    db = sqlite3.connect(where / "wal.db", isolation_level=None)
    db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (x BLOB)")
    insert = partial(db.execute, "INSERT INTO t VALUES (?)", (bytes(1500),))
    report.times("limit.commit", "SQLite commit of 1.5 KB, WAL, FULL", repeated(repeat(insert), plan.seconds))
    db.close()


def _sha256(plan: Plan, report: Report) -> None:
    block = bytes(2**20)
    seconds = repeated(repeat(partial(_digest, block)), plan.seconds / 2)
    report.figure("limit.sha256", "SHA-256", len(seconds) / sum(seconds), "MB/s", count=len(seconds))


def _digest(block: bytes) -> bytes:
    return hashlib.sha256(block).digest()


def _engine(plan: Plan, report: Report, where: Path) -> None:
    """The engine alone, given the same text that a lake gives it: asserted and inferred statements."""
    texts = list(generate_nquads(plan.count(1200, 150), plan.seed, inferred=True, small=False))
    quads = sum(text.count(b"\n") for text in texts)
    note = f"{quads / len(texts):.0f} quads a run, inferred ones included"
    store = ox.Store(where / "one")
    seconds = [timed(partial(store.load, text, format=ox.RdfFormat.N_QUADS)) for text in texts]
    report.figure("limit.load", "engine: load, one run a time", len(texts) / sum(seconds), "/s", note=note)
    store = ox.Store(where / "many")
    group = 600
    start = time.perf_counter()
    for first in range(0, len(texts), group):
        store.bulk_load(b"".join(texts[first : first + group]), format=ox.RdfFormat.N_QUADS)
    rate = len(texts) / (time.perf_counter() - start)
    report.figure("limit.bulk_load", "engine: bulk_load, 600 runs a time", rate, "/s", note=note)


def _search(report: Report, structure: Structure) -> None:
    """Breadth-first search over a dictionary that is in memory already."""
    up: dict[str, tuple[str, ...]] = {}
    down: dict[str, list[str]] = {}
    for number in range(structure.size):
        inputs = tuple(structure.dataset(n) for n in structure.inputs(number))
        up[structure.dataset(number)] = inputs
        for made_from in inputs:
            down.setdefault(made_from, []).append(structure.dataset(number))
    for way, edges, start, expected in (
        ("up", up, structure.last, structure.upstream),
        ("down", down, structure.first, structure.downstream),
    ):
        first = structure.dataset(start)
        report.check(_reached(edges, first) == expected, f"dictionary search {way} the {structure.name}")
        seconds = repeated((lambda e=edges, f=first: _reached(e, f) for _ in range(30)), 0.5)
        report.times(f"limit.{way}.{structure.name}", f"dictionary: {way} the {structure.name}", seconds)


def _reached(edges: dict[str, tuple[str, ...]] | dict[str, list[str]], start: str) -> int:
    seen, queue = {start}, deque([start])
    while queue:
        for other in edges.get(queue.popleft(), ()):
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return len(seen) - 1
