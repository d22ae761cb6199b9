"""Validation of a whole lake: every node that a record in force speaks of, by shapes that are read once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import lakegraph
from lakegraph.administering import ALL_SHAPES
from lakegraph.bootstrap import LocalLake
from lakegraph.change_effects import CHANGE, parse_quads
from lakegraph.rdf.vocabulary import ontology
from lakegraph.validation import ShapeSet
from lakegraph.view import Layer, View
from tests.conftest import BASE, examples

RECORD = f"{BASE}id/run/trn-1/bundle"
MODEL = f"{BASE}id/model/diabet-predictor/1"


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[LocalLake]:
    with lakegraph.init(tmp_path / "lake", base=BASE) as opened:
        for document in examples():
            opened.record(document)
        yield opened


def looked_at(lake: LocalLake) -> list[str]:
    """The nodes that are judged."""
    view = View(lake._projector.graph, Layer(ontology().concept_triples))
    return list(lake._everything(view, None))


def there(lake: LocalLake) -> set[str]:
    """The subjects of every graph of a record, and what change-sets spoke of, from the graph itself."""
    found = set()
    for entry in lake.journal.entries():
        if entry.kind == CHANGE:
            found |= {s for s, *_ in parse_quads(entry.added)}
        else:
            found |= {s for s, _, _ in lake._projector.graph.match(graph=entry.graph)}
    return found


def test_every_subject_is_judged_once(lake: LocalLake) -> None:
    """Of what is in force: not of what was superseded, withdrawn, erased, or taken away by a change-set."""
    first = looked_at(lake)
    assert len(first) == len(set(first)) > 40
    assert set(first) == there(lake)
    assert f"<{MODEL}>" in first

    note = {"type": "Study", "title": "Once", "description": "A record that is soon another."}
    receipt = lake.record(note)
    lake.supersede(receipt.iri, {**note, "title": "Twice"})
    gone = lake.record({"type": "Study", "title": "Never", "description": "A record that is soon gone."})
    lake.tombstone(gone.iri, by="tim", why="It never was.")
    assert set(looked_at(lake)) == there(lake)
    assert not any("never" in node for node in looked_at(lake))

    lake.update("INSERT DATA { GRAPH <urn:notes> { <urn:a> <urn:b> 1 . <urn:c> <urn:d> 2 } }")
    lake.update("DELETE DATA { GRAPH <urn:notes> { <urn:c> <urn:d> 2 } }")
    assert set(looked_at(lake)) == there(lake)
    assert "<urn:a>" in looked_at(lake)


def test_shapes_are_read_once(lake: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those by which records are judged were read when the lake was opened; the others are, when they are asked for."""
    read = []
    load = ShapeSet.load

    def counted(*given: object) -> ShapeSet:
        read.append(given)
        return load(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(ShapeSet, "load", counted)
    alone = [lake.validate([folder]).results for folder in ("integrity", "completeness", "policy")]
    assert not read
    assert {result.shape.origin.folder for results in alone for result in results} <= {"completeness", "policy"}
    swamp = lake.validate(["swamp"]).results
    assert len(read) == 1
    assert lake.validate(["swamp"]).results == swamp
    assert len(read) == 1
    together = lake.validate(ALL_SHAPES).results
    found = sorted(str((r.focus, r.shape.node, r.value)) for r in together)
    apart = [str((r.focus, r.shape.node, r.value)) for results in (*alone, swamp) for r in results]
    assert len(found) == len(apart)
