"""A small answer is given again for as long as it holds, and no longer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from graph_data import QUADS, records

from lakegraph.graph import Kept, Oxigraph, Prepared, QueryService, SnapshotKeeper, WorkerLimits

COUNT = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Oxigraph]:
    """An engine with ten records."""
    made = Oxigraph.open(tmp_path / "graph")
    made.apply(records(1, 10))
    yield made
    made.close()


@pytest.fixture
def asking(engine: Oxigraph, tmp_path: Path) -> Iterator[QueryService]:
    """A query service over it, whose snapshots are never old."""
    service = QueryService(
        SnapshotKeeper(engine, tmp_path / "snapshots", max_age=0.0), WorkerLimits(workers=1, patience=20)
    )
    yield service
    service.close()


def prepared(service: QueryService, text: str, form: str = "json", **options: object) -> Prepared:
    return service.prepare(text, accept=lambda _: form, timeout=20, **options)  # type: ignore[arg-type]


def test_the_same_is_answered_from_memory(asking: QueryService) -> None:
    """Asked a third time, the answer has the bytes and the snapshot of the second, and an id of its own."""
    asked = prepared(asking, COUNT)
    b"".join(asking.start(asked))
    first = asking.start(asked)
    body = b"".join(first)
    assert not isinstance(first, Kept)
    for _ in range(3):
        again = asking.start(prepared(asking, COUNT))
        assert isinstance(again, Kept)
        assert (again.kind, again.media, again.text) == (first.kind, first.media, first.text)
        assert again.id != first.id
        assert again.snapshot is first.snapshot
        assert not again.truncated
        assert again.whole == body
        assert b"".join(again) == body
        assert again.whole is None
        assert asking.list() == []


def test_a_write_makes_it_worthless(asking: QueryService, engine: Oxigraph) -> None:
    """After something is recorded the answer is made anew; also when a reader names the entry."""
    asked = prepared(asking, COUNT)
    for last in range(11, 15):
        b"".join(asking.start(asked))
        engine.apply(records(last, last))
        said = json.loads(b"".join(asking.start(asked, min_seq=last)))
        assert int(said["results"]["bindings"][0]["n"]["value"]) == last * QUADS


def test_what_differs_is_another_question(asking: QueryService) -> None:
    """Another syntax, another dataset, another text: each has an answer of its own."""
    bodies = {
        b"".join(asking.start(asked))
        for asked in (
            prepared(asking, COUNT),
            prepared(asking, COUNT, "csv"),
            prepared(asking, COUNT, default_graphs=["urn:none"]),
            prepared(asking, COUNT + " LIMIT 0"),
        )
        for _ in range(2)
    }
    assert len(bodies) == 4


@pytest.mark.parametrize("call", ["RAND()", "NOW()", "UUID()", "STRUUID()", "rand()", "BNODE()"])
def test_what_is_never_the_same_is_not_kept(asking: QueryService, call: str) -> None:
    """A query that gives another answer each time is asked each time."""
    asked = prepared(asking, f"SELECT ({call} AS ?x) {{}}")
    assert not any(isinstance(asking.start(asked), Kept) for _ in range(3))


def test_what_is_large_is_not_kept(asking: QueryService) -> None:
    """Only small answers are kept, the last few hundred of them."""
    large = prepared(asking, "SELECT * { ?s ?p ?o . ?a ?b ?c }", "csv")
    for _ in range(2):
        answer = asking.start(large)
        assert not isinstance(answer, Kept)
        answer.close()


def test_what_nobody_repeats_pushes_nothing_out(asking: QueryService) -> None:
    """The last few hundred are kept of what is asked twice, however much is asked once."""
    first, once = prepared(asking, "ASK { # first\n }"), 0
    for _ in range(2):
        b"".join(asking.start(first))
    for once in range(600):
        b"".join(asking.start(prepared(asking, f"ASK {{ # {once}\n }}")))
    assert isinstance(asking.start(first), Kept)
    assert len(asking._answers._kept) == 1
    for n in range(600):
        for _ in range(2):
            b"".join(asking.start(prepared(asking, f"ASK {{ # {once + n}\n }}")))
    assert len(asking._answers._kept) == 512
    assert not isinstance(asking.start(first), Kept)


def test_errors_are_not_kept(asking: QueryService) -> None:
    """What failed is tried again."""
    asked = prepared(asking, "SELECT * { ?s ?p }")
    for _ in range(2):
        with pytest.raises(Exception, match="expected"):
            asking.start(asked)
