"""Python's collector of garbage in cycles, and when it has nothing to look for."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected(much: bool = True) -> Iterator[None]:
    """Leave garbage in cycles until the block is left, whoever runs; for blocks that make much, and none of it so.

    Looking for it took 7 % of the time in which a large group is recorded. An answer of 20,000 nodes made the collector
    look through everything that the process holds: 300 ms in one that had recorded as many runs, against 100 ms for the
    answer itself. A block in another one leaves it to that one.

    Args:
        much: Whether this block makes so much that it matters; without it nothing is done.
    """
    if not much or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def settle() -> None:
    """Let the collector pass over, from now on, whatever exists: for a process that has loaded what it keeps.

    The shapes, the ontology and the queries of a served lake are 140,000 objects; without them a full collection, for
    which every request waits, took 60 ms after 600 records in place of 200 (measured beside other work).
    """
    gc.collect()
    gc.freeze()
