"""What differs between things, what comes with the change of a metric, and what changed from version to version."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lakes import TestLake, diabetes, example, thing

from lakegraph.errors import NotFoundError, UsageError
from lakegraph.questions import Comparison, compare, history, lineage_difference
from lakegraph.questions.causes import causes
from lakegraph.rdf.terms import number

RUNS = [(10, 0.95, "Diabetes@2"), (2.3, 0.94, "Diabetes@2"), (10, 0.931, "Diabetes@1")]


def model(version: int) -> str:
    """The token of a version of the model."""
    return thing(f"model/diabet-predictor/{version}")


@pytest.fixture(scope="module")
def lake() -> TestLake:
    """The worked example, a second version of its data, and three more trainings."""
    made = diabetes()
    process, train = (next(d for d in example() if d["id"] == name) for name in ("prc-1", "trn-1"))
    target = {**process["targetData"][0], "version": "2", "previousVersion": "Diabetes@1"}
    made.record({**process, "id": "prc-2", "sourceData": "Diabetes@1", "targetData": [target]})
    for n, (c, accuracy, data) in enumerate(RUNS, 2):
        output = {**train["hasOutputModel"][0], "version": str(n), "hasArtifact": {"storagePath": f"m{n}.pkl"}}
        score = {**train["hasEvaluation"][0], "value": accuracy, "evaluatedOn": data}
        when = f"2024-05-0{n}T00:00:00Z"
        made.record({**train, "id": f"trn-{n}", "startedAt": when, "endedAt": when, "analyzes": data,
                     "hasParameterSetting": {"kernel": "rbf", "C": c}, "hasOutputModel": [output],
                     "hasEvaluation": [score]})  # fmt: skip
    return made


def shown(found: Comparison) -> dict[str, tuple[str, ...]]:
    """The differences by group and key, as people read them."""
    return {f"{d.group}: {d.key}": d.labels for d in found.differences}


def test_only_what_differs(lake: TestLake) -> None:
    """Two models differ in their data, a parameter, their bytes and their score; all else is only counted."""
    found = compare(lake.graph, [model(1), model(2)])
    differences = shown(found)
    assert differences.pop("content: checksum")[1] == ""
    assert differences == {
        "data: analysed data": ("Diabetes v1", "Diabetes v2"),
        "parameters: C": ("2.3", "10"),
        "metrics: accuracy": ("0.9354", "0.95"),
    }
    assert found.same > 5
    assert [c.key for c in found.causes["accuracy"]] == ["analysed data", "C"]
    assert all(c.explained is None for c in found.causes["accuracy"]), "two things alone prove nothing"
    assert json.loads(json.dumps(found.as_dict()))["differences"][0]["labels"] == ["Diabetes v1", "Diabetes v2"]


def test_causes_are_ranked(lake: TestLake) -> None:
    """Among four models the data explain the score, and C, which goes both ways, does not."""
    found = compare(lake.graph, [model(n) for n in (1, 2, 3, 4)])
    (cause,) = found.causes["accuracy"]
    assert cause.key == "analysed data"
    assert cause.explained == pytest.approx(0.54997)


def test_runs_and_data_can_be_compared(lake: TestLake) -> None:
    """Runs differ like their models; dataset versions in their files, columns, metafeatures and operations."""
    runs = shown(compare(lake.graph, [thing("run/trn-1"), thing("run/trn-2")]))
    assert runs["parameters: C"] == ("2.3", "10")
    data = shown(compare(lake.graph, [thing("dataset/diabetes/0"), thing("dataset/diabetes/1")]))
    assert data["content: number of instances"] == ("2358", "")
    assert data["content: columns"] == ("glucose, outcome", "")
    assert data["parameters: operation 1"] == ("", "impute missing values")


def test_comparison_as_text(lake: TestLake) -> None:
    """A table with a column for each thing, the groups named once, and the likely causes in a sentence."""
    text = str(compare(lake.graph, [model(1), model(2)]))
    assert "Diabet Predictor v1           Diabet Predictor v2" in text.splitlines()[0]
    assert "  Parameters   C                      2.3                           10" in text
    assert text.endswith("What comes with the change of accuracy: analysed data, C.")
    same = compare(lake.graph, [thing("user/bob"), thing("user/tim")])
    assert "Nothing differs." in str(same)


def test_wrong_use_is_refused(lake: TestLake) -> None:
    """One thing is compared with nothing, fifty-one are too many, and a stranger is unknown."""
    with pytest.raises(UsageError, match="1 things cannot be compared"):
        compare(lake.graph, [model(1), model(1)])
    with pytest.raises(UsageError, match="51 things"):
        compare(lake.graph, [thing(f"model/x/{n}") for n in range(51)])
    with pytest.raises(NotFoundError, match="knows nothing of"):
        compare(lake.graph, [model(1), thing("model/nope")])


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(-5, 5)), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_explained_is_a_share(rows: list[tuple[str, float]]) -> None:
    """Whatever the numbers, what a difference explains is between nothing and all; a constant explains nothing."""
    metric = tuple((number(round(value, 3)),) for _, value in rows)
    kinds = tuple((f'"{kind}"',) for kind, _ in rows)
    constant = tuple(('"c"',) for _ in rows)
    found = causes(metric, [("data", "kind", kinds), ("data", "constant", constant)])
    assert all(c.explained is None or 0 < c.explained <= 1 for c in found)
    assert "constant" not in {c.key for c in found}


def test_a_perfect_cause_explains_all() -> None:
    """A difference that a metric follows exactly explains all of it, and stands before one that it half follows."""
    metric = tuple((number(n),) for n in (1.0, 1.0, 2.0, 2.0))
    exact = tuple((f'"{k}"',) for k in "aabb")
    half = tuple((f'"{k}"',) for k in "aaab")
    found = causes(metric, [("environment", "half", half), ("code", "exact", exact)])
    assert (found[0].key, found[0].explained) == ("exact", 1.0)
    assert causes(metric, [("code", "half", tuple((f'"{k}"',) for k in "abab"))]) == ()


def test_history(lake: TestLake) -> None:
    """Each version with when, by what, and what changed since the one before, whichever version is asked about."""
    found = history(lake.graph, model(2))
    assert [v.version for v in found] == ["1", "2", "3", "4"]
    first, second, *_ = found
    assert first.changes is None
    assert second.changes is not None
    assert shown(second.changes)["parameters: C"] == ("2.3", "10")
    assert history(lake.graph, thing("model/diabet-predictor")) == found
    text = str(found)
    assert text.splitlines()[0] == "Diabet Predictor v4 · 17 Apr 2024 · Train SVM"
    assert "   accuracy: 0.9354 → 0.95" in text
    assert json.loads(json.dumps(found.as_dict()))["versions"][1]["changes"]
    with pytest.raises(NotFoundError, match="Bob has no versions"):
        history(lake.graph, thing("user/bob"))


def test_versions_are_numbers() -> None:
    """Version 10 comes after version 9."""
    lake = TestLake()
    for n in range(1, 12):
        lake.record({"id": f"r{n}", "type": "Process", "startedAt": "2024-01-01T00:00:00Z",
                     "targetData": [{"title": "d", "version": str(n)}]})  # fmt: skip
    assert [v.version for v in history(lake.graph, thing("dataset/d/3"))] == [str(n) for n in range(1, 12)]


def test_lineage_difference(lake: TestLake) -> None:
    """What only one of two models came from, what both came from, and versions of the same data against each other."""
    found = lineage_difference(lake.graph, model(1), model(2))
    assert [n.label for n in found.only_first] == ["Train SVM"]
    assert [n.label for n in found.only_second] == ["Train SVM", "Diabetes v2", "Clean Diabetes"]
    assert found.shared == 5
    assert "only Diabet Predictor v2: Diabetes v2" in str(found)
    assert json.loads(json.dumps(found.as_dict()))["complete"] is True
    other = TestLake()
    for n in (1, 2):
        said = {"type": "Process", "startedAt": "2024-01-01T00:00:00Z"}
        other.record({**said, "id": f"a{n}", "targetData": [{"title": "d", "version": str(n)}]})
        other.record({**said, "id": f"b{n}", "sourceData": f"d@{n}", "targetData": [{"title": f"e{n}"}]})
    changed = lineage_difference(other.graph, thing("dataset/e1/0"), thing("dataset/e2/0")).changed
    assert [(a.label, b.label) for a, b in changed] == [("d v1", "d v2")]
