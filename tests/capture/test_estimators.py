"""What estimators say of themselves, the vocabularies' names for it, and files of models."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from lakegraph.capture import estimators, labels
from lakegraph.errors import MissingExtraError, UsageError


@pytest.fixture
def sklearn() -> Any:
    return pytest.importorskip("sklearn", reason="needs the extra [sklearn]")


def made(path: str, **settings: Any) -> Any:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"sklearn.{module}"), name)(**settings)


@pytest.mark.parametrize(
    ("path", "algorithm", "task"),
    [
        ("svm.SVC", "svm", "classification"),
        ("svm.SVR", "svm", "regression"),
        ("linear_model.LogisticRegression", "logistic-regression", "classification"),
        ("ensemble.RandomForestClassifier", "random-forest", "classification"),
        ("ensemble.GradientBoostingRegressor", "gradient-boosting", "regression"),
        ("tree.DecisionTreeClassifier", "decision-tree", "classification"),
        ("neighbors.KNeighborsClassifier", "k-nearest-neighbors", "classification"),
        ("naive_bayes.GaussianNB", "gaussian-naive-bayes", "classification"),
        ("neural_network.MLPClassifier", "neural-network", "classification"),
        ("cluster.KMeans", "k-means", "clustering"),
        ("ensemble.IsolationForest", "isolation-forest", "anomaly-detection"),
        ("decomposition.PCA", "pca", None),
    ],
)
def test_algorithms_and_tasks(sklearn: Any, path: str, algorithm: str, task: str | None) -> None:
    """The vocabulary knows the classes of scikit-learn by their names."""
    assert estimators.algorithm(made(path)) == algorithm
    assert estimators.task_type(made(path)) == task


def test_pipelines_searches_and_subclasses(sklearn: Any) -> None:
    """What learns is the last step of a pipeline, what a search searches, and the class that is extended."""
    pipeline = made("pipeline.make_pipeline".replace("make_pipeline", "Pipeline"), steps=[
        ("scale", made("preprocessing.StandardScaler")), ("learn", made("svm.SVC", C=3.0)),
    ])  # fmt: skip
    search = made("model_selection.GridSearchCV", estimator=pipeline, param_grid={"learn__C": [1.0]})
    own = type("Own", (type(made("svm.SVC")),), {})()
    assert [estimators.algorithm(e) for e in (pipeline, search, own, object())] == ["svm", "svm", "svm", None]
    settings = estimators.hyperparameters(pipeline)
    assert (settings["learn__C"], settings["scale__with_mean"]) == (3.0, True)
    assert not {"learn", "scale", "steps"} & set(settings)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, "None"),
        (True, True),
        (2.5, 2.5),
        ((100, 50), "[100, 50]"),
        ({"a": 1}, '{"a": 1}'),
        (float("nan"), {"value": "NaN", "datatype": "xsd:double"}),
        (float("-inf"), {"value": "-INF", "datatype": "xsd:double"}),
        (object(), None),
        (len, None),
        ([object()], None),
        (list(range(1000)), None),
    ],
)
def test_plain_values(value: object, kept: object) -> None:
    """Settings are kept in a form that anybody can read back; data and objects are no settings."""
    assert estimators.plain(value) == kept


def test_numpy_scalars_are_plain() -> None:
    """A number of NumPy is a number."""
    numpy = pytest.importorskip("numpy", reason="needs the extra [sklearn]")
    assert estimators.plain(numpy.float64(0.5)) == 0.5
    assert estimators.plain(numpy.int64(3)) == 3
    assert type(estimators.plain(numpy.int64(3))) is int


def test_scores_that_no_vocabulary_has(sklearn: Any) -> None:
    """A scorer without a measure is refused before anything is computed; a task without usual scores says so."""
    with pytest.raises(UsageError, match="'top_k_accuracy' is no EvaluationMeasure"):
        estimators.scores(made("svm.SVC"), [[0.0], [1.0]], [0, 1], ["top_k_accuracy"])
    with pytest.raises(UsageError, match=r"no usual score for a PCA(.|\n)*run\.metric"):
        estimators.scores(made("decomposition.PCA"), [[0.0], [1.0]], None)


def test_many_classes_have_no_area_under_a_curve(sklearn: Any) -> None:
    """Only two classes are scored by their ranking."""
    x = [[float(n % 3), float(n)] for n in range(30)]
    found = estimators.cross_validate(made("tree.DecisionTreeClassifier"), x, [n % 3 for n in range(30)], 3)
    assert set(found.means) == {"accuracy", "balanced-accuracy", "f1-macro"}


def test_the_procedure_is_that_of_the_splitter(sklearn: Any) -> None:
    """A splitter of scikit-learn is recognised; groups are kept together."""
    x, y = [[float(n)] for n in range(12)], [float(n) for n in range(12)]
    grouped = made("model_selection.GroupKFold", n_splits=3)
    found = estimators.cross_validate(made("linear_model.Ridge"), x, y, grouped, ["r2"], [n // 2 for n in range(12)])
    assert (found.procedure, found.folds) == ("grouped-cross-validation", 3)
    timed = made("model_selection.TimeSeriesSplit", n_splits=4)
    found = estimators.cross_validate(made("linear_model.Ridge"), x, y, timed, ["neg_mean_absolute_error"])
    assert (found.procedure, found.folds) == ("time-series-cross-validation", 4)


@pytest.mark.parametrize("ending", ["skops", "joblib", "pkl"])
def test_models_are_written_so_that_they_can_be_read(sklearn: Any, tmp_path: Path, ending: str) -> None:
    """Each format gives the same model back; folders are made."""
    import pickle

    import joblib
    import skops.io

    model = made("svm.SVC", C=2.0).fit([[0.0], [1.0]], [0, 1])
    path = tmp_path / "models" / f"m.{ending}"
    estimators.save(model, path)
    read = {"skops": skops.io.load, "joblib": joblib.load, "pkl": lambda p: pickle.loads(p.read_bytes())}[ending]
    assert read(path).predict([[0.9]]).tolist() == [1]


def test_an_ending_without_a_format(tmp_path: Path) -> None:
    """The formats are named, and the way around them."""
    with pytest.raises(UsageError, match=r"'m\.h5' does not say(.|\n)*\.skops, \.joblib or \.pkl(.|\n)*run\.write"):
        estimators.save(object(), tmp_path / "m.h5")


@pytest.mark.parametrize("call", ["sklearn", "saver"])
def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """Without scikit-learn the message says what to install."""
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(MissingExtraError, match=r"not installed(.|\n)*lakegraph\[sklearn\]"):
        getattr(estimators, call)("base" if call == "sklearn" else "sklearn.base")


@pytest.mark.parametrize(
    ("class_name", "name", "notation"),
    [
        ("Algorithm", "SVC", "svm"),
        ("Algorithm", "svm", "svm"),
        ("Algorithm", "Support Vector Machine", "svm"),
        ("EvaluationMeasure", "roc_auc", "auc"),
        ("EvaluationMeasure", "neg_root_mean_squared_error", "rmse"),
        ("OperationType", "imputation", "missing-values"),
        ("EvaluationProcedure", "StratifiedKFold", "stratified-cross-validation"),
        ("Algorithm", "MyNet", None),
    ],
)
def test_names_of_concepts(class_name: str, name: str, notation: str | None) -> None:
    """People and libraries call concepts by many names; documents by one."""
    assert labels.find(class_name, name) == notation


def test_levels_and_titles() -> None:
    """The highest level is found only where all are known; titles mention their type."""
    assert labels.highest_level(["public", "secret", "internal"]) == "secret"
    assert labels.highest_level(["public", None]) is None
    assert labels.highest_level([]) is None
    assert labels.mentioned("TaskType", "binary classification, of outcome") == "classification"
    assert labels.mentioned("TaskType", "something else") is None
    assert labels.title("EvaluationProcedure", "cross-validation") == "cross-validation"
