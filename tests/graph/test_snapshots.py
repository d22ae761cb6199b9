"""Snapshots: fresh enough, shared, and removed when nobody reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from graph_data import QUADS, record, records

from lakegraph.errors import LakeBusyError, StorageError
from lakegraph.graph import Oxigraph, Snapshot, SnapshotKeeper


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that keepers look at."""
    found = Clock()
    monkeypatch.setattr("lakegraph.graph.snapshots.time", found)
    return found


@pytest.fixture
def keeper(disk: Oxigraph, tmp_path: Path, clock: Clock) -> Iterator[SnapshotKeeper]:
    """A keeper over an engine with one record."""
    disk.apply(records(1, 1))
    made = SnapshotKeeper(disk, tmp_path / "view" / "snapshots")
    yield made
    made.close()


def size(snapshot: Snapshot) -> int:
    return len(ox.Store.read_only(str(snapshot.path)))


def test_holds_what_the_graph_held(keeper: SnapshotKeeper, disk: Oxigraph) -> None:
    """A snapshot is a store of its own that later writes do not reach."""
    with keeper.reading() as snapshot:
        disk.apply(records(2, 3))
        assert size(snapshot) == QUADS
        assert snapshot.seq == 1


def test_shared_while_nothing_is_written(keeper: SnapshotKeeper, clock: Clock) -> None:
    """Readers share one snapshot, however old, as long as it misses nothing."""
    first = keeper.acquire()
    clock.now += 3600
    assert keeper.acquire() is first


def test_at_most_a_second_behind(keeper: SnapshotKeeper, disk: Oxigraph, clock: Clock) -> None:
    """Within a second a snapshot that misses something is still handed out; then a new one is."""
    first = keeper.acquire()
    disk.apply(records(2, 2))
    clock.now += 0.9
    assert keeper.acquire() is first
    clock.now += 0.2
    second = keeper.acquire()
    assert (second.seq, size(second)) == (2, 2 * QUADS)


def test_min_seq_reads_its_own_write(keeper: SnapshotKeeper, disk: Oxigraph) -> None:
    """A reader that names an entry sees it at once, and one that names an older entry does not force a snapshot."""
    first = keeper.acquire()
    disk.apply(records(2, 2))
    assert keeper.acquire(1) is first
    assert size(keeper.acquire(2)) == 2 * QUADS


def test_min_seq_of_the_future(keeper: SnapshotKeeper) -> None:
    """An entry that the graph does not hold yet is refused with where the graph stands."""
    with pytest.raises(LakeBusyError, match="Entry 9 is not in the graph yet; the last one is 1"):
        keeper.acquire(9)


def test_older_ones_go_when_unused(keeper: SnapshotKeeper, disk: Oxigraph) -> None:
    """A snapshot stays on disk for its readers and is removed after the last of them."""
    first = keeper.acquire()
    disk.apply(records(2, 2))
    second = keeper.acquire(2)
    keeper.sweep()
    assert first.path.exists()
    assert size(first) == QUADS
    keeper.release(first)
    assert keeper.due
    keeper.upkeep()
    assert not first.path.exists()
    assert second.path.exists()


def test_renewed_before_anybody_waits(keeper: SnapshotKeeper, disk: Oxigraph, clock: Clock) -> None:
    """Upkeep renews a snapshot that is asked for and ageing, and leaves alone one that nobody asks for."""
    first = keeper.acquire()
    disk.apply(records(2, 2))
    assert not keeper.due
    keeper.acquire()
    clock.now += 0.6
    assert keeper.due
    keeper.upkeep()
    assert keeper.current is not first
    disk.apply(records(3, 3))
    clock.now += 60
    assert keeper.current is not None
    assert keeper.current.seq == 2
    assert not keeper._ageing()


def test_cleaned_at_start(disk: Oxigraph, tmp_path: Path) -> None:
    """What an earlier process left behind is removed."""
    left = tmp_path / "snapshots" / "000007"
    left.mkdir(parents=True)
    (left / "CURRENT").write_text("x")
    keeper = SnapshotKeeper(disk, tmp_path / "snapshots")
    assert not left.exists()
    keeper.close()
    assert not (tmp_path / "snapshots").exists()


def test_a_refused_snapshot_leaves_nothing(
    keeper: SnapshotKeeper, disk: Oxigraph, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk refuses a snapshot the reader hears it, and the next one can succeed."""
    keeper.acquire()
    disk.apply([record(2)])
    clock.now += 5

    def refuse(path: Path) -> None:
        path.mkdir()
        raise StorageError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(disk, "snapshot", refuse)
        with pytest.raises(StorageError, match="no room"):
            keeper.acquire()
    assert keeper.acquire().seq == 2
    assert len(list(keeper._directory.iterdir())) == 2
