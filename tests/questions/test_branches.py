"""The part of a W that concerns one kind of thing gives what the whole gives."""

from __future__ import annotations

import pytest
from lakes import TestLake, thing
from test_card import KINDS

from lakegraph.questions import WS
from lakegraph.questions.asking import rows_of, select, text_of
from lakegraph.questions.branches import narrowed
from lakegraph.rdf.namespaces import LAKE, RDF


@pytest.mark.parametrize("w", WS)
def test_no_answer_is_lost(worked: TestLake, w: str) -> None:
    """For every kind of thing, the branches that are left out had no answer."""
    for path in KINDS:
        about = thing(path)
        classes = [row[1] for row in select(worked.graph, "5w1h/parts/subject", about=about) if row[1]]
        text = narrowed(w, classes)
        part = rows_of(worked.graph, text, {"about": about}) if text else []
        whole = rows_of(worked.graph, text_of(f"5w1h/{w}"), {"about": about})
        assert sorted(map(str, part)) == sorted(map(str, whole)), path


def test_less_is_asked() -> None:
    """A run is asked about less than half of what there is; a person is not asked where they lie."""
    part = narrowed("what", [LAKE.TrainingRun])
    assert part is not None
    assert len(part) < len(text_of("5w1h/what")) * 0.6
    assert narrowed("where", [LAKE.User]) is None


def test_strangers_are_asked_everything() -> None:
    """A thing of no kind that the six know is asked with the whole query."""
    assert narrowed("how", []) == text_of("5w1h/how")
    assert narrowed("how", [RDF.List]) == text_of("5w1h/how")
