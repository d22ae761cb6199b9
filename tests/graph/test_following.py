"""A graph that writes later what is handed to it: nobody who asks sees it behind."""

from __future__ import annotations

import io
import shutil
import threading
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lakegraph.errors import StorageError
from lakegraph.graph import Change, FollowingGraph, Oxigraph
from lakegraph.graph.following import ENOUGH_QUADS, MOST_QUADS

P = "<http://example.org/p>"
WAIT = 30


def iri(n: int) -> str:
    return f"<http://example.org/{n}>"


def change(seq: int, quads: int = 1) -> Change:
    text = "".join(f'{iri(seq)} {P} "{n}" <http://example.org/g> .\n' for n in range(quads))
    return Change(seq, text.encode())


class Slow(Oxigraph):
    """An engine whose writes can be held up, and noted."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__(path)
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()
        self.groups: list[list[int]] = []
        self.broken = False

    def apply(self, changes: Sequence[Change]) -> None:
        self.begun.set()
        assert self.gate.wait(WAIT)
        if self.broken:
            raise StorageError("The disk refused.")
        self.groups.append([c.seq for c in changes])
        super().apply(changes)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakegraph.graph.following._PAUSE", WAIT)


@pytest.fixture
def engine(tmp_path: Path) -> Slow:
    return Slow(tmp_path / "graph")


@pytest.fixture
def graph(engine: Slow) -> Iterator[FollowingGraph]:
    made = FollowingGraph(engine)
    yield made
    engine.gate.set()
    engine.broken = False
    made.close()


ASKED: dict[str, Callable[[FollowingGraph], Any]] = {
    "query": lambda g: len(g.query(f"SELECT ?o {{ {iri(1)} {P} ?o }}")),  # type: ignore[arg-type]
    "match": lambda g: len(list(g.match(iri(1)))),
    "outgoing": lambda g: len(g.outgoing(iri(1))),
    "objects": lambda g: len(g.objects(iri(1), P)),
    "subjects": lambda g: len(g.subjects(P, '"0"')),
    "stating": lambda g: len(g.stating(iri(1))),
    "stated": lambda g: len(g.stated(iri(1), P)),
    "told": lambda g: len(g.told(iri(1), 9)),
    "applied": lambda g: g.applied(P) and len(g.engine.objects(iri(1), P)),
}


@pytest.mark.parametrize("asked", ASKED)
def test_whoever_asks_sees_what_was_handed_over(graph: FollowingGraph, asked: str) -> None:
    graph.hand([change(1)])
    assert list(graph.engine.match()) == []
    assert (graph.last_seq, graph.version > graph.written) == (1, True)
    assert ASKED[asked](graph) == 1
    assert graph.written == graph.version


def test_a_dump_and_a_snapshot_hold_it(graph: FollowingGraph, tmp_path: Path) -> None:
    graph.hand([change(1)])
    out = io.BytesIO()
    graph.dump(out)
    assert out.getvalue().count(b"\n") == 1
    graph.hand([change(2)])
    graph.snapshot(tmp_path / "snapshot")
    assert len(list(Oxigraph(tmp_path / "snapshot").match())) == 2


def test_many_are_written_together_beside_who_hands_over(graph: FollowingGraph, engine: Slow) -> None:
    graph.hand([change(1, ENOUGH_QUADS - 1)])
    engine.gate.clear()
    graph.hand([change(2, 2)])
    assert engine.begun.wait(WAIT)
    graph.hand([change(3)])  # nobody waits
    assert graph.written < graph.version
    engine.gate.set()
    assert len(graph.objects(iri(3), P)) == 1
    assert engine.groups == [[1, 2], [3]]


def test_who_asks_waits_for_a_write_under_way(graph: FollowingGraph, engine: Slow) -> None:
    engine.gate.clear()
    graph.hand([change(1, ENOUGH_QUADS)])
    assert engine.begun.wait(WAIT)
    seen: list[int] = []
    asking = threading.Thread(target=lambda: seen.append(len(graph.objects(iri(1), P))))
    asking.start()
    asking.join(0.05)
    assert not seen
    engine.gate.set()
    asking.join(WAIT)
    assert seen == [ENOUGH_QUADS]


def test_who_hands_over_too_much_waits(graph: FollowingGraph, engine: Slow) -> None:
    engine.gate.clear()
    graph.hand([change(1, ENOUGH_QUADS)])
    assert engine.begun.wait(WAIT)
    more = Change(2, change(2, ENOUGH_QUADS).add * (MOST_QUADS // ENOUGH_QUADS + 1))
    handing = threading.Thread(target=lambda: graph.hand([more]))
    handing.start()
    handing.join(0.05)
    assert handing.is_alive()
    engine.gate.set()
    handing.join(WAIT)
    assert graph.written == graph.version


def test_after_a_pause_it_is_written(graph: FollowingGraph, engine: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakegraph.graph.following._PAUSE", 0.01)
    graph.hand([change(1)])
    assert engine.begun.wait(WAIT)
    follower = graph._follower
    if follower is not None:
        follower.join(WAIT)
    assert engine.groups == [[1]]
    assert graph._follower is None


def test_what_is_applied_comes_after_what_waits(graph: FollowingGraph, engine: Slow) -> None:
    graph.hand([change(1)])
    graph.apply([Change(2, b"", remove=change(1).add)])
    assert engine.groups == [[1], [2]]
    assert list(graph.engine.match()) == []
    assert graph.written == graph.version


def test_a_fault_is_told_and_nothing_is_lost(graph: FollowingGraph, engine: Slow) -> None:
    engine.broken = True
    graph.hand([change(1)])
    with pytest.raises(StorageError, match="The disk refused"):
        graph.objects(iri(1), P)
    with pytest.raises(StorageError, match="The disk refused"):
        graph.hand([change(2)])
    engine.broken = False
    assert len(graph.objects(iri(1), P)) == 1
    graph.hand([change(2)])
    graph.hand([change(3)])
    graph.forget()
    assert list(graph.match(iri(3))) == []
    assert engine.groups == [[1]]


def test_near_a_full_disk_nothing_waits(graph: FollowingGraph, engine: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading goes on when the disk is full, since everything was written that anybody was told of."""
    room = namedtuple("room", "free")  # noqa: PYI024 - as shutil gives it
    monkeypatch.setattr(shutil, "disk_usage", lambda _: room(2**27))
    graph.hand([change(1)])
    assert engine.groups == [[1]]


def test_closing_writes_what_waits(tmp_path: Path) -> None:
    graph = FollowingGraph(Oxigraph(tmp_path / "graph"))
    graph.hand([change(1)])
    graph.close()
    assert len(Oxigraph(tmp_path / "graph").objects(iri(1), P)) == 1


def test_a_graph_in_memory_waits_for_nothing() -> None:
    graph = FollowingGraph(Oxigraph())
    graph.hand([change(1)])
    assert len(graph.engine.objects(iri(1), P)) == 1
