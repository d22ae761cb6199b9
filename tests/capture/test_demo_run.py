"""The demo: real runs in the right order, judged by the real shapes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lakegraph.capture.demo import DemoResult, incomplete_document, run_demo
from lakegraph.errors import MissingExtraError
from lakegraph.rdf.namespaces import LAKE
from lakegraph.receipts import Refusal
from tests.capture.support import BASE, GateLake, PaperLake

RUNS = [
    "Ingest", "Process", "Process",
    "TrainingRun", "EvaluationRun", "TrainingRun", "EvaluationRun", "TrainingRun", "EvaluationRun",
    "StageChange", "ReviewRun", "StageChange", "DeploymentRun", "MonitoringRun",
]  # fmt: skip
EXAMPLE = ["Ingest", "Process", "TrainingRun", "ReviewRun", "StageChange", "DeploymentRun", "MonitoringRun"]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[GateLake, DemoResult, list[str]]:
    """The demo on a fresh lake, run once for all tests."""
    pytest.importorskip("skops", reason="needs the extra [sklearn]")
    lake, said = GateLake(tmp_path_factory.mktemp("lake")), list[str]()
    result = run_demo(lake, tmp_path_factory.mktemp("files"), said.append)
    return lake, result, said


Demo = tuple[GateLake, DemoResult, list[str]]


def test_every_step_is_a_record(demo: Demo) -> None:
    """The project's fourteen runs, then the worked example's seven documents; all are let through."""
    lake, result, _ = demo
    assert [document["type"] for document in lake.documents] == [*RUNS, *EXAMPLE]
    assert (len(result.receipts), len(result.examples)) == (14, 7)
    assert [receipt.warnings for receipt in result.receipts] == [()] * 14


def test_the_data_are_the_442_patients(demo: Demo) -> None:
    """The raw file has every patient; the outcome is binary at the median; a quarter is held out."""
    lake, result, _ = demo
    raw, clean = lake.documents[0]["ingestTo"][0], lake.documents[1]["targetData"][0]
    assert (raw["metafeatures"]["numberOfInstances"], raw["metafeatures"]["numberOfAttributes"]) == (442, 11)
    assert clean["metafeatures"]["numberOfClasses"] == 2
    assert clean["metafeatures"]["classEntropy"] == pytest.approx(1, abs=0.001)
    assert [o["operationType"] for o in lake.documents[1]["hasOperation"]] == ["cleaning", "calculation", "converting"]
    sizes = [made["metafeatures"]["numberOfInstances"] for made in lake.documents[2]["targetData"]]
    assert sizes == [331, 111]
    assert Path(result.test).read_text(encoding="utf-8").count("\n") == 112


def test_three_classifiers_are_really_trained(demo: Demo) -> None:
    """Each has its own algorithm, 5 folds, a file, and better than chance on patients that it has not seen."""
    lake, result, _ = demo
    trainings = [d for d in lake.documents[:14] if d["type"] == "TrainingRun"]
    assert [t["hasImplementation"]["usesAlgorithm"] for t in trainings] == [
        "svm",
        "logistic-regression",
        "random-forest",
    ]
    assert {t["hasEvaluation"][0]["hasSpecification"]["folds"] for t in trainings} == {5}
    assert all(t["trainingData"] == [result.training.iri] for t in trainings)
    for candidate in result.candidates:
        assert 0.6 < candidate.cross_validated.value < 0.9
        assert 0.6 < candidate.held_out.value < 0.9
        assert Path(candidate.model).stat().st_size > 1_000


def test_the_best_is_deployed_and_watched(demo: Demo) -> None:
    """The cross-validation chooses; lineage leads from the deployed model back to the source."""
    lake, result, _ = demo
    assert result.best.cross_validated.value == max(c.cross_validated.value for c in result.candidates)
    assert lake.objects(result.deployment.iri, LAKE.servesModel) == {f"<{result.best.model.iri}>"}
    chain, steps = result.best.model.iri, 0
    while upstream := lake.objects(chain, LAKE.derivedFrom):
        chain, steps = upstream.pop()[1:-1], steps + 1
    assert (chain, steps) == (f"{BASE}id/source/diabetes-progression", 4)
    seen = next(d for d in lake.documents if d["type"] == "MonitoringRun")["hasObservation"][0]
    assert seen["baseline"] == result.best.held_out.iri


def test_columns_are_followed_to_the_raw_file(demo: Demo) -> None:
    """The outcome comes from the measured progression."""
    lake, result, _ = demo
    outcome = f"{result.clean.iri}/entity/patient/attribute/outcome"
    assert lake.objects(outcome, LAKE.derivedFromAttribute) == {
        f"<{result.raw.iri}/entity/patient/attribute/progression>"
    }


def test_each_step_is_announced(demo: Demo) -> None:
    """Every step says what it is about to do, numbered to the end."""
    _, _, said = demo
    assert [line[:7] for line in said] == [f"[{n:>2}/12]" for n in range(1, 13)]


def test_the_incomplete_training_is_refused_with_three_reasons(demo: Demo) -> None:
    """The why of its study, its algorithm, and an accuracy that is a percentage."""
    lake, _, _ = demo
    with pytest.raises(Refusal, match="'Train forest' is refused: 3 problems") as caught:
        lake.record(incomplete_document())
    assert [(v.answers, v.field) for v in sorted(caught.value.report.violations, key=lambda v: v.field)] == [
        ("why", "description"), ("how", "usesAlgorithm"), ("what", "value"),
    ]  # fmt: skip


def test_the_demo_can_be_run_again(demo: Demo, tmp_path: Path) -> None:
    """A second time makes next versions; the worked example is there already, and that is said."""
    lake, first, _ = demo
    said: list[str] = []
    again = run_demo(lake, tmp_path, said.append)
    assert (again.examples, sum("is recorded already" in line for line in said)) == ((), 7)
    assert again.raw.iri == f"{BASE}id/dataset/diabetes-progression/2"
    assert again.deployment.iri != first.deployment.iri
    assert [c.cross_validated.value for c in again.candidates] == [c.cross_validated.value for c in first.candidates]


def test_without_scikit_learn_nothing_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named, and neither a record nor a file is left behind."""
    for module in ("sklearn", "sklearn.datasets", "skops", "skops.io"):
        monkeypatch.setitem(sys.modules, module, None)
    lake = PaperLake()
    with pytest.raises(MissingExtraError, match=r"\[sklearn\]"):
        run_demo(lake, tmp_path / "files", lambda _: None)
    assert (lake.documents, (tmp_path / "files").exists()) == ([], False)
