"""Training and evaluating with scikit-learn, deploying, monitoring, reviewing and changing stages."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lakegraph.capture import Handle
from lakegraph.errors import RefusedError, UsageError
from lakegraph.rdf.namespaces import LAKE
from tests.capture.support import BASE, GateLake, PaperLake

sklearn = pytest.importorskip("sklearn", reason="needs the extra [sklearn]")

STUDY = {"title": "Diabetes prediction", "description": "Predict diabetes from patient records."}
X = [[float(n), float(n % 3)] for n in range(30)]
Y = [int(n >= 15) for n in range(30)]


@pytest.fixture
def table(lake: GateLake, tmp_path: Path) -> Handle:
    """A recorded table with the columns a, b and outcome."""
    file = tmp_path / "table.csv"
    rows = [f"{x[0]},{x[1]},{y}" for x, y in zip(X, Y, strict=True)]
    file.write_text("a,b,outcome\n" + "\n".join(rows) + "\n", encoding="utf-8")
    with lake.ingest(
        "Table", source="https://example.org/", owner="Example", by="bob", why="A table to learn from.",
        description="Thirty made-up rows.", created="2024-01-01",
    ) as run:  # fmt: skip
        return run.write(file, level="internal", target="outcome")


@pytest.fixture
def svc() -> Any:
    from sklearn.svm import SVC

    return SVC(kernel="rbf", C=2.3, random_state=7)


def trained(lake: GateLake, table: Handle, estimator: Any, path: Path, **said: Any) -> Handle:
    with lake.train(
        "Train SVM", study=STUDY, task="binary classification", inputs=[table], by="tim", target="outcome",
        why="Baseline classifier for the clinic.", **said,
    ) as run:  # fmt: skip
        fitted = run.fit(estimator, X, Y, cv=5)
        return run.save(fitted, path, title="Predictor")


def test_fit_records_parameters_algorithm_seed_and_scores(
    lake: GateLake, table: Handle, svc: Any, tmp_path: Path
) -> None:
    """Everything that scikit-learn knows of the training is in the record, and the gate has nothing to add."""
    model = trained(lake, table, svc, tmp_path / "svm.skops")
    document = lake.documents[-1]
    settings = {s["ofParameter"]: s["hasValue"] for s in document["hasParameterSetting"]}
    assert (settings["kernel"], settings["C"], settings["gamma"], settings["class_weight"]) == (
        "rbf",
        2.3,
        "scale",
        "None",
    )
    assert set(settings) == set(svc.get_params())
    assert document["hasImplementation"]["usesAlgorithm"] == "svm"
    assert document["hasImplementation"]["usesSoftware"] == [{"title": "scikit-learn", "version": sklearn.__version__}]
    assert (document["randomSeed"], document["analysisType"]) == (7, "supervised")
    assert document["hasTask"] == [{"title": "binary classification", "taskType": "classification"}]
    assert "executes" not in document
    assert model.iri == f"{BASE}id/model/predictor/1"
    assert lake.objects(model.iri, LAKE.derivedFrom) == {f"<{table.iri}>"}


def test_cross_validation_is_really_run(lake: GateLake, table: Handle, svc: Any, tmp_path: Path) -> None:
    """The recorded mean is scikit-learn's, with the folds and the way they were made."""
    from sklearn.base import clone
    from sklearn.model_selection import cross_val_score

    trained(lake, table, svc, tmp_path / "svm.skops")
    score = lake.documents[-1]["hasEvaluation"][0]
    assert score["isMeasurementOf"] == "accuracy"
    assert score["value"] == pytest.approx(cross_val_score(clone(svc), X, Y, cv=5).mean())
    assert score["hasSpecification"] == {
        "title": "5-fold stratified cross-validation", "hasProcedure": "stratified-cross-validation", "folds": 5,
    }  # fmt: skip
    assert score["evaluatedOn"] == table.iri
    assert score["comment"].startswith("Mean of 5 folds; standard deviation ")
    assert [s["isMeasurementOf"] for s in lake.documents[-1]["hasEvaluation"]] == [
        "accuracy", "balanced-accuracy", "f1-macro", "auc",
    ]  # fmt: skip


def test_losses_are_recorded_as_losses(paper: PaperLake) -> None:
    """scikit-learn negates errors so that more is better; the record says the error itself."""
    from sklearn.linear_model import Ridge

    with paper.train("Fit", inputs="Table@0", by="tim") as run:
        run.fit(Ridge(), X, [x[0] + x[1] % 2 for x in X], cv=3)
    found = {s["isMeasurementOf"]: s["value"] for s in paper.last["hasEvaluation"]}
    assert set(found) == {"r2", "rmse", "mae"}
    assert found["rmse"] > 0
    assert paper.last["hasEvaluation"][0]["hasSpecification"]["hasProcedure"] == "cross-validation"
    assert run.scores["mae"].value == found["mae"]


def test_learning_without_a_target_is_not_cross_validated(paper: PaperLake) -> None:
    """A clustering has no right answers to test against; what it is gets recorded all the same."""
    from sklearn.cluster import KMeans

    with paper.train("Cluster", inputs="Table@0", by="tim") as run:
        run.fit(KMeans(n_clusters=2, n_init=1, random_state=0), X)
        run.metric("silhouette_score", 0.5)
    assert (paper.last["analysisType"], paper.last["hasImplementation"]["usesAlgorithm"]) == ("unsupervised", "k-means")
    assert [s["isMeasurementOf"] for s in paper.last["hasEvaluation"]] == ["silhouette"]


def test_features_and_target_come_from_data_frames(lake: GateLake, table: Handle, svc: Any, tmp_path: Path) -> None:
    """Named columns that the input is known to have need not be listed again."""
    pandas = pytest.importorskip("pandas", reason="needs the extra [pandas]")
    frame = pandas.read_csv(table)
    with lake.train(
        "Train", study=STUDY, task="classification", inputs=[table], by="tim", why="Try frames out."
    ) as run:
        run.save(run.fit(svc, frame[["a", "b"]], frame["outcome"], cv=3), tmp_path / "m.joblib")
    assert lake.documents[-1]["targetAttribute"] == "outcome"
    assert lake.documents[-1]["usesFeature"] == ["a", "b"]


def test_a_training_is_asked_for_what_only_a_person_knows(
    lake: GateLake, table: Handle, svc: Any, tmp_path: Path
) -> None:
    """A new study without description, no reason and no target: each is asked for by its argument, then mended."""
    with pytest.raises(RefusedError) as caught, lake.train("Train", study="New one", inputs=[table], by="tim") as run:
        run.save(run.fit(svc, X, Y, cv=3), tmp_path / "m.skops")
    hint = str(caught.value.hint)
    for argument in ('why="…"', 'target="…"', 'study={"title": "…", "description": "…"}'):
        assert f"Add {argument}: " in hint
    study = {"title": "New one", "description": "Find out how refusals read."}
    run.record(why="See what is asked for.", target="outcome", study=study)
    assert lake.documents[-1]["study"] == study


def test_an_unknown_estimator_is_asked_for_its_algorithm(lake: GateLake, table: Handle, tmp_path: Path) -> None:
    """The class of an estimator that no vocabulary knows says nothing; a person names the algorithm."""
    run = lake.train(
        "Train", study=STUDY, inputs=[table], by="tim", why="A model of our own.", target="outcome",
        analysis_type="supervised",
    )  # fmt: skip
    made: list[Handle] = []

    def train() -> None:
        with run:
            run.params(depth=3, layers=[2, 2])
            run.metric("accuracy", 0.9)
            made.append(run.write(Path(table), title="Own model"))

    with pytest.raises(RefusedError, match="is refused") as caught:
        train()
    assert 'Add algorithm="…": ' in str(caught.value.hint)
    run.record(algorithm="neural-network")
    assert made[0].version == "1"
    assert {s["ofParameter"]: s["hasValue"] for s in lake.documents[-1]["hasParameterSetting"]} == {
        "depth": 3, "layers": "[2, 2]",
    }  # fmt: skip


def test_a_failed_training_keeps_its_scores_as_text(lake: GateLake, table: Handle, svc: Any) -> None:
    """Without a model there is nothing to be a score of, but what was measured is not lost."""
    run = lake.train("Train", study=STUDY, inputs=[table], by="tim", why="Try something large.")

    def fail() -> None:
        with run:
            run.fit(svc, X, Y, cv=3)
            raise MemoryError

    with pytest.raises(MemoryError):
        fail()
    document = lake.documents[-1]
    assert (document["runStatus"], document["errorMessage"]) == ("failed", "MemoryError: ")
    assert document["comment"].startswith("Measured before the error: accuracy ")
    assert "hasEvaluation" not in document


def test_one_training_makes_one_model(paper: PaperLake, svc: Any, tmp_path: Path) -> None:
    """A second model would share the first one's scores; it is refused before a file is written."""
    with paper.train("Train", inputs="Table@0", by="tim") as run:
        run.save(svc, tmp_path / "a.pkl")
        with pytest.raises(UsageError, match=r"made the model 'a' already(.|\n)*a with block of its own"):
            run.save(svc, tmp_path / "b.pkl")
    assert not (tmp_path / "b.pkl").exists()


def test_roles_of_inputs(paper: PaperLake, svc: Any) -> None:
    """Parts of a split count by their role; other data are analysed, or what the caller says they are."""
    parts = {role: Handle("dataset", role, role=role) for role in ("training", "validation", "test")}
    for handle in parts.values():
        handle.settle(f"{BASE}id/dataset/{handle.role}/0")
    with paper.train("Train", inputs=[*parts.values(), "Other@1"], test="Held out@2", by="tim") as run:
        run.metric("accuracy", 0.5)
    document = paper.last
    assert (document["trainingData"], document["validationData"]) == (
        [parts["training"].iri], [parts["validation"].iri],
    )  # fmt: skip
    assert document["testData"] == [parts["test"].iri, "Held out@2"]
    assert document["analyzes"] == ["Other@1"]
    assert "evaluatedOn" not in document["hasEvaluation"][0]


def test_an_evaluation_measures_a_model_on_data(lake: GateLake, table: Handle, svc: Any, tmp_path: Path) -> None:
    """The scores are those of the model on the data, by holdout, and name both."""
    model = trained(lake, table, svc, tmp_path / "svm.skops")
    with lake.evaluate(
        "Evaluate", model=model, data=table, by="tim", why="See how it does.", study=STUDY, task="classification"
    ) as run:
        found = run.evaluate(svc, X, Y, on=table, scoring=["accuracy", "roc_auc"])
    document = lake.documents[-1]
    assert found == {"accuracy": pytest.approx(svc.score(X, Y)), "auc": pytest.approx(1.0)}
    assert (document["evaluatesModel"], document["testData"]) == (model.iri, [table.iri])
    assert document["hasEvaluation"][1]["hasSpecification"] == {"title": "holdout", "hasProcedure": "holdout"}
    assert run.scores["auc"].iri == f"{run.receipt.iri}/evaluation/auc"
    assert lake.objects(run.scores["auc"].iri, LAKE.evaluatedOn) == {f"<{table.iri}>"}


def test_data_tested_on_in_a_training_counts_as_test_data(
    lake: GateLake, table: Handle, svc: Any, tmp_path: Path
) -> None:
    """Evaluating inside the training says on what; two scores of one measure keep two keys."""
    with lake.process("Copy", inputs=[table], by="bob", why="Another table to test on.") as copy:
        other = copy.write(Path(table), title="Other")
    with lake.train(
        "Train", study=STUDY, inputs=[table], by="tim", target="outcome", why="Train and test in one."
    ) as run:
        run.fit(svc, X, Y, cv=3, scoring=["accuracy"])
        run.evaluate(svc, X, Y, on=other, scoring=["accuracy"])
        run.save(svc, tmp_path / "m.skops")
    document = lake.documents[-1]
    assert document["testData"] == [other.iri]
    assert [(s["id"], s["evaluatedOn"]) for s in document["hasEvaluation"]] == [
        ("accuracy", table.iri), ("accuracy-2", other.iri),
    ]  # fmt: skip
    assert lake.objects(f"{run.receipt.iri}/evaluation/accuracy-2", LAKE.evaluatedOn) == {f"<{other.iri}>"}


def test_fine_tuning_names_its_base(lake: GateLake, table: Handle, svc: Any, tmp_path: Path) -> None:
    """A tuned model derives from the model it started from, and from the data."""
    base = trained(lake, table, svc, tmp_path / "svm.skops")
    with lake.fine_tune(
        "Tune SVM", base=base, inputs=[table], by="tim", why="Fit it to the new clinic.", target="outcome", study=STUDY
    ) as run:
        tuned = run.save(run.fit(svc, X, Y, cv=3), tmp_path / "tuned.skops", title="Predictor")
    assert lake.documents[-1]["type"] == "FineTuningRun"
    assert lake.objects(tuned.iri, LAKE.derivedFrom) == {f"<{base.iri}>", f"<{table.iri}>"}


def test_from_review_to_monitoring(lake: GateLake, table: Handle, svc: Any, tmp_path: Path) -> None:
    """A model is approved, goes into production, is deployed and watched against its baseline."""
    model = trained(lake, table, svc, tmp_path / "svm.skops")
    with lake.evaluate("Evaluate", model=model, data=table, by="tim", why="Find the baseline.") as trial:
        trial.evaluate(svc, X, Y, on=table)
    with pytest.raises(RefusedError, match="is refused"):
        lake.change_stage(model, "production", from_stage="trained", by="tim", why="Too early.")
    lake.review(model, by="bob", decision="approved", why="Scores are plausible.")
    stage = lake.change_stage(model, "production", from_stage="trained", by="tim", why="Approved.")
    with lake.deploy("diabetes API", model=model, endpoint="https://api.example.org/diabetes", by="tim") as run:
        pass
    with lake.monitor(run.deployment, agent="nightly monitor") as watching:
        since = datetime(2024, 5, 1, tzinfo=UTC)
        watching.observe("accuracy", 0.9, since=since, until="2024-06-01T00:00:00Z", baseline=trial.scores["accuracy"])
    assert lake.objects(stage.iri, LAKE.changesStageOf) == {f"<{model.iri}>"}
    assert run.deployment.iri == f"{BASE}id/deployment/diabetes-api"
    assert lake.objects(run.deployment.iri, LAKE.servesModel) == {f"<{model.iri}>"}
    seen = lake.documents[-1]["hasObservation"][0]
    assert (seen["baseline"], seen["windowStart"]) == (trial.scores["accuracy"].iri, "2024-05-01T00:00:00+00:00")
    assert watching.receipt.warnings == ()


def test_another_version_needs_another_service(lake: GateLake, table: Handle, svc: Any, tmp_path: Path) -> None:
    """A deployment serves one model version; the refusal says what to do about its title."""
    for version in ("1", "2"):
        model = trained(lake, table, svc, tmp_path / f"{version}.skops")
        lake.review(model, by="bob", decision="approved")
        said: dict[str, Any] = {"model": model, "endpoint": "https://api.example.org/", "by": "tim"}
        if version == "1":
            with lake.deploy("API", **said):
                pass
    with pytest.raises(RefusedError) as caught, lake.deploy("API", **said):
        pass
    assert "Add a title of its own: " in str(caught.value.hint)


def test_a_score_has_no_iri_before_its_run_is_recorded(paper: PaperLake) -> None:
    """A baseline must be in the lake before anything is compared with it."""
    score = paper.train("Train", inputs="Table@0").metric("accuracy", 0.5)
    with pytest.raises(UsageError, match=r"accuracy 0\.5 is not recorded"):
        paper.monitor("API").observe("accuracy", 0.5, since="2024-05-01T00:00:00Z", baseline=score)


def test_a_monitoring_by_a_person(paper: PaperLake) -> None:
    """Person and program can both be named, and a deployment by its title."""
    with paper.monitor("diabetes API", by="bob", agent="cron") as run:
        run.observe("accuracy", 0.9, since="2024-05-01T00:00:00Z")
    assert paper.last["title"] == "Monitor diabetes API"
    assert paper.last["associatedWith"] == [{"type": "User", "id": "bob"}, {"type": "SoftwareAgent", "name": "cron"}]


def test_a_failed_deployment_makes_no_service(paper: PaperLake) -> None:
    """What never ran is no deployment."""
    with pytest.raises(TimeoutError), paper.deploy("API", model="Predictor", endpoint="https://x.example.org/") as run:
        raise TimeoutError("no answer")
    assert "createsDeployment" not in paper.last
    assert not run.deployment.recorded


def test_a_review_says_what_is_missing(lake: GateLake, table: Handle) -> None:
    """A judgement without a judge or a decision is refused by the arguments' names."""
    with pytest.raises(RefusedError) as caught:
        lake.review(table)
    assert 'Add by="…": ' in str(caught.value.hint)
    assert 'Add decision="approved": ' in str(caught.value.hint)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "good", None])
def test_scores_are_finite_numbers(paper: PaperLake, value: Any) -> None:
    """What JSON and a gate could only stumble over is refused where it is said."""
    run = paper.train("Train", inputs="Table@0")
    with pytest.raises(UsageError, match="is no value of accuracy"):
        run.metric("accuracy", value)


def test_misspelt_measures_and_times_are_refused(paper: PaperLake) -> None:
    """The nearest measure is suggested, and a time is shown as it is written."""
    with pytest.raises(UsageError, match=r"'acuracy' is no EvaluationMeasure(.|\n)*Did you mean accuracy"):
        paper.train("Train", inputs="Table@0").metric("acuracy", 0.5)
    with pytest.raises(UsageError, match=r"'yesterday' is no time(.|\n)*2024-02-25T09:00:00Z"):
        paper.monitor("API").observe("accuracy", 0.5, since="yesterday")
    with pytest.raises(UsageError, match="no OperationType"):
        paper.process("Clean", inputs="Table@0").operation("magic")


def test_parameters_are_plain(paper: PaperLake) -> None:
    """An object is no value that anybody could read back."""
    run = paper.train("Train", inputs="Table@0")
    with pytest.raises(UsageError, match=r"'model' cannot hold a object"):
        run.param("model", object())
