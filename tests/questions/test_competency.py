"""The 25 competency questions against the worked example, and against data altered to change the answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lakes import BASE, TestLake, diabetes

from lakegraph.questions import ask, bind, library
from lakegraph.rdf.terms import value

FILES = sorted(Path(__file__).with_name("competency").glob("*.json"))
CASES = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in FILES}
ALTERED = [name for name, case in CASES.items() if "altered" in case]


def short(token: str) -> str:
    """A token as the expected answers write it."""
    return value(token).removeprefix(f"{BASE}id/").removeprefix("https://w3id.org/lakegraph/")


def rows(lake: TestLake, name: str, parameters: dict[str, str]) -> list[Any]:
    """What a lake answers, without the columns that only repeat what was asked, in a fixed order."""
    question = library().get(name)
    iris = {p.name for p in question.parameters if p.type == "iri"}
    bindings = bind(question, {k: f"{BASE}id/{v}" if k in iris else v for k, v in parameters.items()})
    result = ask(lake.graph, question, bindings)
    if result.triples:
        return ordered([short(term) for term in triple] for triple in result.triples)
    return ordered(
        {name: short(t) for name, t in row.items() if t is not None and name not in bindings} for row in result
    )


def ordered(found: Any) -> list[Any]:
    """Rows in a fixed order: not every question gives them in one."""
    return sorted(found, key=lambda row: json.dumps(row, sort_keys=True))


def test_all_25_are_there() -> None:
    """Each competency question has a file, and each its number once."""
    assert sorted(case["number"] for case in CASES.values()) == list(range(1, 26))
    assert {13, 16, 20, 24, 25} <= {CASES[name]["number"] for name in ALTERED}


@pytest.mark.parametrize("name", CASES)
def test_worked_example(worked: TestLake, name: str) -> None:
    """The worked example answers as expected."""
    case = CASES[name]
    assert rows(worked, name, case["parameters"]) == ordered(case["rows"])


@pytest.mark.parametrize("name", ALTERED)
def test_altered_data(name: str) -> None:
    """Data that were altered to change the answer do change it."""
    case = CASES[name]
    lake = diabetes(case["altered"]["change"])
    for document in case["altered"]["documents"]:
        lake.record(document)
    assert rows(lake, name, case["parameters"]) == ordered(case["altered"]["rows"])
    assert ordered(case["altered"]["rows"]) != ordered(case["rows"])


def test_parameters_narrow_the_answer(worked: TestLake) -> None:
    """Optional parameters and defaults do what their names say."""
    uses = {"about": "dataset/diabetes/1"}
    assert len(rows(worked, "uses", uses)) == 1, "without a time, every use"
    assert rows(worked, "uses", uses | {"since": "2025-01-01T00:00:00Z"}) == []
    assert rows(worked, "degraded", {"drop": "0.05"}) == []
    assert rows(worked, "level-lowered", {"level": "secret"}) == []
    assert len(rows(worked, "level-lowered", {"level": "confidential"})) == 1
    assert rows(worked, "best-models", {"task": "task/binary-classification-of-outcome", "measure": "auc"}) == []
