"""What is remembered of the graph between records is what the graph holds."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import LakegraphError
from lakegraph.layer import Layer
from lakegraph.met import Met
from lakegraph.model import parse
from lakegraph.recent import Recent
from lakegraph.testing import BASE, generate
from lakegraph.view import View

BELOW = f"<{BASE}id/"


def _tokens(count: int, kind: str) -> list[str]:
    return [f"{BELOW}{kind}/{n}>" for n in range(count)]


def test_what_was_met_is_never_taken_for_new() -> None:
    met = Met(None, "lake", BELOW)
    tokens = _tokens(100_000, "run")
    met.add(tokens)
    assert all(token in met for token in tokens)
    strangers = _tokens(5_000, "model")
    assert sum(token in met for token in strangers) < 100  # one in two hundred a layer; here there are two


def test_a_file_means_the_same_to_every_python() -> None:
    met = Met(None, "lake", BELOW)
    met.add([f"{BELOW}run/1>", f"{BELOW}run/2>"])
    words, last = met._layers[0]
    assert {at: word for at, word in enumerate(words) if word} == {5830: 324259173170806794, 11373: 594527927371071488}
    assert last == len(words) - 1


def test_of_what_lies_elsewhere_it_says_nothing() -> None:
    assert "<https://example.org/anything>" in Met(None, "lake", BELOW)


def test_a_file_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "met.bloom"
    met = Met(path, "lake", BELOW)
    met.add(_tokens(100, "run"))
    met.reach(1, 7)
    met.reach(9, 12)
    met.save()
    again = Met(path, "lake", BELOW)
    assert again.seq == 7
    assert all(token in again for token in _tokens(100, "run"))


@pytest.mark.parametrize("damage", ["cut", "flipped", "of another lake", "of another format", "empty"])
def test_a_file_that_cannot_be_trusted_is_not_believed(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "met.bloom"
    met = Met(path, "lake", BELOW)
    met.add(_tokens(100, "run"))
    met.reach(1, 7)
    met.save()
    body = path.read_bytes()
    path.write_bytes(
        {
            "cut": body[:-5],
            "flipped": body[:-5] + bytes([body[-5] ^ 1]) + body[-4:],
            "of another lake": body,
            "of another format": body.replace(b"lakegraph-met 2", b"lakegraph-met 9"),
            "empty": b"",
        }[damage]
    )
    assert Met(path, "other" if damage == "of another lake" else "lake", BELOW).seq == 0


def test_a_memory_is_bounded_and_keeps_what_is_asked_for() -> None:
    recent: Recent[int, int] = Recent(10)
    for n in range(1000):
        recent.keep(n, n)
        assert recent.find(0) == 0
        assert recent.size <= 21
    assert recent.find(1) is None


def agree(lake: LocalLake) -> int:
    """Compare every node of the graph, from both ends, as the next record sees it and as the graph says it."""
    graph, view = lake._projector.graph, lake._view
    view.begin()
    fresh = View(graph, Layer())
    tokens: dict[str, None] = {}
    for s, p, o in list(graph.match()):
        if s in tokens or s in view._vocabularies:
            continue
        tokens[s] = None
        assert set(view.outgoing(s)) == set(fresh.outgoing(s)), s
        assert view.knows(s)
        held = view.held(s)
        assert held is None or {(p, o) for p, objects in held.items() for o in objects} == set(fresh.outgoing(s)), s
        assert set(view.objects(s, p)) == set(graph.objects(s, p)), (s, p)
        assert set(view.subjects(p, o)) == set(graph.subjects(p, o)), (p, o)
    return len(tokens)


def test_what_is_remembered_is_what_the_graph_holds(tmp_path: Path) -> None:
    documents = list(generate(60, 3))
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        receipts = [a for a in lake.record_many(documents[:30]) if not isinstance(a, LakegraphError)]
        assert agree(lake) > 100
        for number, document in enumerate(documents[30:]):
            receipts.append(lake.record(document))
            if number % 10 == 0:
                agree(lake)
        lake.add_person("Somebody New", slug="somebody-new")
        assert lake._view.knows(f"{BELOW}user/somebody-new>")
        edited = f"{BELOW}dataset/never-recorded/1>"
        lake.update(f'INSERT DATA {{ {edited} <http://purl.org/dc/terms/title> "Never recorded" }}')
        assert lake._view.knows(edited)
        agree(lake)
        taken = 0
        for receipt in reversed(receipts[-20:]):
            try:
                lake.tombstone(receipt.iri, by="ada", why="It was a test.")
                taken += 1
            except LakegraphError:
                continue
            agree(lake)
            if taken == 2:
                break
        assert taken == 2
        lake.record(next(iter(generate(1, 4, small=False, space="after"))))
        size = agree(lake)
        seq = lake.journal.last_seq
    where = tmp_path / "lake" / "views" / "all" / "met.bloom"
    assert json.loads(where.read_bytes().partition(b"\n")[0])["seq"] == seq
    for step in ("as it was", "without the file", "with an older file"):
        older = where.read_bytes()
        if step == "without the file":
            where.unlink()
        with lakegraph.open(tmp_path / "lake") as lake:
            assert agree(lake) >= size
            if step == "as it was":
                lake.record(next(iter(generate(1, 5, small=False, space="later"))))
        if step == "without the file":
            where.write_bytes(older)  # as after a crash: the last entries are not in it


def _noting(notes: list[Any], call: Callable[..., Any], what: Callable[[], Any] | None = None) -> Callable[..., Any]:
    """*call*, with a note of each time: its arguments, or what *what* says then."""

    def noting(*arguments: Any) -> Any:
        notes.append(what() if what else arguments)
        return call(*arguments)

    return noting


def test_what_the_groups_before_said_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = list(generate(90, 3))
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        list(lake.record_many(documents[:30]))
        graph = lake._projector.graph
        read: list[object] = []
        for name in ("outgoing", "objects", "subjects", "match"):
            monkeypatch.setattr(graph, name, _noting(read, getattr(graph, name)))
        list(lake.record_many(documents[30:60]))
        list(lake.record_many(documents[60:]))
    assert len(read) < 5, read


def test_what_is_held_is_everything_or_nothing() -> None:
    stored = Layer([("<a>", "<p>", "<b>"), ("<c>", "<p>", "<d>")])
    view = View(stored, Layer([("<k>", "<p>", "<l>")]))
    view.add([("<a>", "<p>", "<e>"), ("<f>", "<p>", "<g>")])
    assert view.held("<a>") is None  # a part is stored, a part is new
    assert view.held("<c>") == {"<p>": ("<d>",)}
    assert view.held("<f>") == {"<p>": ("<g>",)}
    assert view.held("<k>") == {"<p>": ("<l>",)}
    assert view.held("<nowhere>") == {}


def test_no_garbage_is_looked_for_while_a_large_group_is_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bool] = []
    monkeypatch.setattr("lakegraph.lake.parse", _noting(looked, parse, gc.isenabled))
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        index = lake._projector.index
        monkeypatch.setattr(index, "take", _noting(looked, index.take, gc.isenabled))
        documents = list(generate(40, 3, small=False))
        for number, _ in enumerate(lake.record_many(documents)):
            assert gc.isenabled(), number
    assert len(looked) > len(documents)
    assert not any(looked)
