"""Validation of a whole lake: every node that a record in force speaks of, by shapes that are read once."""

from __future__ import annotations

import pytest

from lakegraph.administering import ALL_SHAPES
from lakegraph.bootstrap import LocalLake
from lakegraph.change_effects import CHANGE, parse_quads
from lakegraph.rdf.vocabulary import ontology
from lakegraph.validation import ShapeSet
from lakegraph.view import Layer, View
from tests.conftest import BASE

RECORD = f"{BASE}id/run/trn-1/bundle"
MODEL = f"{BASE}id/model/diabet-predictor/1"


def looked_at(diabetes: LocalLake) -> list[str]:
    """The nodes that are judged."""
    view = View(diabetes._projector.graph, Layer(ontology().concept_triples))
    return list(diabetes._everything(view, None))


def there(diabetes: LocalLake) -> set[str]:
    """The subjects of every graph of a record, and what change-sets spoke of, from the graph itself."""
    found = set()
    for entry in diabetes.journal.entries():
        if entry.kind == CHANGE:
            found |= {s for s, *_ in parse_quads(entry.added)}
        else:
            found |= {s for s, _, _ in diabetes._projector.graph.match(graph=entry.graph)}
    return found


def test_every_subject_is_judged_once(diabetes: LocalLake) -> None:
    """Of what is in force: not of what was superseded, withdrawn, erased, or taken away by a change-set."""
    first = looked_at(diabetes)
    assert len(first) == len(set(first)) > 40
    assert set(first) == there(diabetes)
    assert f"<{MODEL}>" in first

    note = {"type": "Study", "title": "Once", "description": "A record that is soon another."}
    receipt = diabetes.record(note)
    diabetes.supersede(receipt.iri, {**note, "title": "Twice"})
    gone = diabetes.record({"type": "Study", "title": "Never", "description": "A record that is soon gone."})
    diabetes.tombstone(gone.iri, by="tim", why="It never was.")
    assert set(looked_at(diabetes)) == there(diabetes)
    assert not any("never" in node for node in looked_at(diabetes))

    diabetes.update("INSERT DATA { GRAPH <urn:notes> { <urn:a> <urn:b> 1 . <urn:c> <urn:d> 2 } }")
    diabetes.update("DELETE DATA { GRAPH <urn:notes> { <urn:c> <urn:d> 2 } }")
    assert set(looked_at(diabetes)) == there(diabetes)
    assert "<urn:a>" in looked_at(diabetes)


def test_shapes_are_read_once(diabetes: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those by which records are judged were read when the lake was opened; the others are, when they are asked for."""
    read = []
    load = ShapeSet.load

    def counted(*given: object) -> ShapeSet:
        read.append(given)
        return load(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(ShapeSet, "load", counted)
    alone = [diabetes.validate([folder]).results for folder in ("integrity", "completeness", "policy")]
    assert not read
    assert {result.shape.origin.folder for results in alone for result in results} <= {"completeness", "policy"}
    swamp = diabetes.validate(["swamp"]).results
    assert len(read) == 1
    assert diabetes.validate(["swamp"]).results == swamp
    assert len(read) == 1
    together = diabetes.validate(ALL_SHAPES).results
    found = sorted(str((r.focus, r.shape.node, r.value)) for r in together)
    apart = [str((r.focus, r.shape.node, r.value)) for results in (*alone, swamp) for r in results]
    assert len(found) == len(apart)
