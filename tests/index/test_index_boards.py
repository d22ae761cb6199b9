"""Leaderboards and means: right at once, right after evaluations are taken back, and exact."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.errors import AmbiguousError, UsageError
from lakegraph.index import boards
from lakegraph.rdf.namespaces import DQV
from tests.index.records import ACCURACY, bundle, index_of, iri, record, said, trained


def test_a_leaderboard_has_each_model_once_the_best_first() -> None:
    """With what it was measured on, by which run, and what trained it."""
    again = said("run/3/evaluation/1", "ModelEvaluation", on="model/a/1", measure=ACCURACY, value=0.95)
    index = index_of(
        trained(1, "a", 0.9),
        trained(2, "b", 0.8, algorithm="trees"),
        record(3, said("run/3", "EvaluationRun", title="Again", evaluation="run/3/evaluation/1"), again),
    )
    scores = index.leaderboard("accuracy").scores
    assert [(s.title, s.value, s.run) for s in scores] == [("A", 0.95, iri("run/3")), ("B", 0.8, iri("run/2"))]
    assert scores[1].algorithm == iri("voc:algorithm/trees")
    assert (scores[1].dataset, scores[0].dataset) == (iri("dataset/diabetes/1"), None)
    assert [s.title for s in index.leaderboard(ACCURACY, lowest_first=True, limit=1).scores] == ["B"]


def test_a_leaderboard_is_narrowed_to_a_task_and_a_data_set() -> None:
    """By either, by both, and to nothing by what nobody has heard of."""
    index = index_of(
        trained(1, "a", 0.9, data="dataset/x/1", tasks=["task/one", "task/two"]),
        trained(2, "b", 0.8, data="dataset/y/1", tasks=["task/two"]),
        trained(3, "c", 0.7, data="dataset/x/1", tasks=[]),
    )
    x = iri("dataset/x/1")
    assert [s.title for s in index.leaderboard("accuracy", task="two").scores] == ["A", "B"]
    assert [s.title for s in index.leaderboard("accuracy", dataset=x).scores] == ["A", "C"]
    assert [s.title for s in index.leaderboard("accuracy", task="two", dataset=x).scores] == ["A"]
    assert index.leaderboard("accuracy", task="three").scores == ()
    assert index.leaderboard("auc").scores == ()
    assert index.leaderboard("accuracy", dataset=iri("dataset/z/1")).scores == ()


def test_a_leaderboard_that_is_crowded_out_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """When one model's evaluations fill what is looked through, the answer is marked incomplete."""
    index = index_of(*(trained(n, "a", 0.9) for n in range(1, 5)), trained(5, "b", 0.1))
    assert index.leaderboard("accuracy").complete
    monkeypatch.setattr(boards, "_READ", 4)
    board = index.leaderboard("accuracy")
    assert ([s.title for s in board.scores], board.complete) == (["A"], False)


def test_means_by_algorithm_and_task() -> None:
    """The highest first, each with its count and label."""
    index = index_of(
        trained(1, "a", 0.5), trained(2, "b", 0.7), trained(3, "c", 0.9, algorithm="trees", tasks=["task/other"])
    )
    means = index.mean_by("accuracy")
    assert [(m.label, m.count, m.mean) for m in means] == [("trees", 1, 0.9), ("svm", 2, 0.6)]
    assert [(m.label, m.count) for m in index.mean_by("accuracy", "task")] == [("other", 1), ("onset", 2)]
    assert index.mean_by("auc") == []


def test_the_algorithm_of_a_known_program_is_remembered() -> None:
    """A run that only names its program counts for the algorithm that an earlier record gave it."""
    run = said("run/2", "TrainingRun", title="T", implementation="program/fit-svm", output="model/b/1")
    model = said("model/b/1", "Model", title="B", version="1")
    index = index_of(trained(1, "a"), record(2, run, model))
    assert {hit.iri for hit in index.search(algorithm="svm", kind="model").hits} == {iri("model/a/1"), iri("model/b/1")}


def test_an_evaluation_counts_for_the_algorithm_that_trained_its_model() -> None:
    """Also when an evaluation run measures it later, and when another record corrects the algorithm."""
    later = said("e", "ModelEvaluation", on="model/a/1", measure=ACCURACY, value=0.1)
    index = index_of(trained(1, "a", 0.9), record(2, said("run/2", "EvaluationRun", title="E", evaluation="e"), later))
    assert [(m.label, m.count, m.mean) for m in index.mean_by("accuracy")] == [("svm", 2, 0.5)]
    index.apply([record(3, said("model/a/1", "Model", algorithm="voc:algorithm/trees"))])
    assert [(m.label, m.count) for m in index.mean_by("accuracy")] == [("trees", 2)]


def test_evaluations_of_a_withdrawn_model_do_not_count() -> None:
    """Even while they stand in another record; and they count again when the model is recorded again."""
    later = said("e", "ModelEvaluation", on="model/a/1", measure=ACCURACY, value=0.1)
    index = index_of(trained(1, "a", None), record(2, said("run/2", "EvaluationRun", title="E", evaluation="e"), later))
    index.apply([record(3, dropped=[bundle(1)])])
    assert (index.mean_by("accuracy"), index.leaderboard("accuracy").scores) == ([], ())
    index.apply([trained(4, "a", 0.3)])
    assert [(m.label, m.count, m.mean) for m in index.mean_by("accuracy")] == [("svm", 2, 0.2)]


@pytest.mark.parametrize("value", ['"NaN"', '"INF"', '"high"'])
def test_what_has_no_size_is_no_score(value: str) -> None:
    """Not a number, infinity and text stay out of boards and means."""
    evaluation = said("e", "ModelEvaluation", on="model/a/1", measure=ACCURACY)
    evaluation.append((evaluation[0][0], DQV.value, value))
    index = index_of(trained(1, "a", None), record(2, said("run/2", "EvaluationRun", evaluation="e"), evaluation))
    assert index.leaderboard("accuracy").scores == ()


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8), gone=st.data())
def test_means_are_exact_whatever_came_and_went(values: list[float], gone: st.DataObject) -> None:
    """After huge and tiny values were added and removed the mean is that of what is left, to the last digit."""
    index = index_of(*(trained(n, f"m{n}", value) for n, value in enumerate(values, 1)))
    out = gone.draw(st.sets(st.integers(1, len(values)), max_size=len(values) - 1))
    index.apply([record(len(values) + 1, dropped=[bundle(n) for n in sorted(out)])])
    left = [value for n, value in enumerate(values, 1) if n not in out]
    ((count, mean),) = [(m.count, m.mean) for m in index.mean_by("accuracy")]
    assert count == len(left)
    assert mean == pytest.approx(float(sum(map(Fraction, left)) / count), rel=1e-12, abs=5e-324)


def test_a_name_of_two_measures_is_refused() -> None:
    """The message lists both, so that one can be chosen."""
    index = index_of(trained(1, "a"), trained(2, "b", measure="https://elsewhere.example/accuracy"))
    with pytest.raises(AmbiguousError, match="'accuracy' means several things") as error:
        index.leaderboard("accuracy")
    assert "https://elsewhere.example/accuracy" in (error.value.hint or "")
    assert len(index.leaderboard(ACCURACY).scores) == 1


def test_an_unknown_group_is_refused() -> None:
    """With the groups that there are."""
    with pytest.raises(UsageError, match="no means by 'colour'") as error:
        index_of().mean_by("accuracy", "colour")
    assert "algorithm" in (error.value.hint or "")
