"""Questions that the index narrows: the answer is that of the whole graph, found without looking at all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.questions import Question, Result, ask, bind, library
from lakegraph.questions.asking import table
from lakegraph.rdf.terms import value
from lakegraph.testing import generate
from tests.generated import ingest

BARE = ("description", "administrator", "securityLevel")


def with_errors(document: dict[str, Any]) -> dict[str, Any]:
    """The document with a measure of which less is better in place of another."""
    scores = document.get("hasEvaluation", ())
    swapped = [{**s, "isMeasurementOf": "rmse"} if s["isMeasurementOf"] == "kappa" else s for s in scores]
    return {**document, "hasEvaluation": swapped} if swapped else document


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLake]:
    """Made-up runs, and data of which another tool knew less and less."""
    directory: Path = tmp_path_factory.mktemp("narrowed")
    with lakegraph.init(directory / "lake", base="https://lake.example.org/") as made:
        assert len(list(made.record_many(map(with_errors, generate(160, 3))))) > 160
        for number in range(8):
            document = ingest(number)
            for field in BARE[: number % 4]:
                del document["ingestTo"][0][field]
            made.record(document, captured=True)
        yield made


def both(lake: LocalLake, question: Question, bindings: dict[str, str]) -> tuple[Result, Result]:
    """The answer of the whole graph, and the narrowed one."""
    graph, index = lake._projector.graph, lake._projector.index
    return ask(graph, question, bindings), ask(graph, question, bindings, index)


def test_every_narrowed_question_is_tested_here() -> None:
    """A new one has to be compared as well."""
    assert {q.name for q in library() if q.narrowed} == {"swamp", "best-models"}


@pytest.mark.parametrize("gaps", ["1", "2", "3", "4", "0"])
def test_swamp(lake: LocalLake, gaps: str) -> None:
    """Things that lack so much: all of them, whichever way they are found."""
    whole, narrowed = both(lake, library().get("swamp"), bind(library().get("swamp"), {"gaps": gaps, "limit": "900"}))
    assert sorted(whole.rows) == sorted(narrowed.rows)
    assert whole.rows
    few = both(lake, library().get("swamp"), bind(library().get("swamp"), {"gaps": "1", "limit": "3"}))
    assert all(len(found) == 3 and found.more for found in few)


@pytest.mark.parametrize("measure", ["accuracy", "f1", "rmse"])
def test_best_models(lake: LocalLake, measure: str) -> None:
    """Each model once with its best value, the best first, for every task; lower is better for an error."""
    question = library().get("best-models")
    text = "PREFIX lake: <https://w3id.org/lakegraph/ns#> SELECT DISTINCT ?task WHERE { ?run lake:hasTask ?task }"
    tasks = [row[0] for row in table(lake._projector.graph.query(text, {}), "tasks").rows]
    compared = 0
    for task in tasks:
        bindings = bind(question, {"task": value(task or ""), "measure": measure, "limit": "5"})
        whole, narrowed = both(lake, question, bindings)
        assert [r[2:3] + r[5:] for r in whole.rows] == [r[2:3] + r[5:] for r in narrowed.rows]
        assert (whole.rows, whole.more) == (narrowed.rows, narrowed.more)
        compared += len(whole.rows)
    assert compared
