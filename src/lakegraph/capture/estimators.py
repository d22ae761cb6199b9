"""What an estimator of scikit-learn, or one that follows its conventions, says of itself; measuring and saving it."""

from __future__ import annotations

import importlib
import json
import math
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol, TypeVar, runtime_checkable

from lakegraph.capture import labels
from lakegraph.capture.metafeatures import rounded
from lakegraph.errors import MissingExtraError, UsageError

_TEXT: Final = 200
"""The longest list or mapping that is recorded as a parameter's value; longer ones are data, not settings."""

_SCORERS: Final = {
    "classification": ("accuracy", "balanced_accuracy", "f1_macro"),
    "regression": ("r2", "neg_root_mean_squared_error", "neg_mean_absolute_error"),
}
_BINARY: Final = ("roc_auc",)

_TASKS: Final = {
    "classifier": "classification",
    "regressor": "regression",
    "clusterer": "clustering",
    "outlier_detector": "anomaly-detection",
}
_ANALYSES: Final = {
    "classification": "supervised",
    "regression": "supervised",
    "forecasting": "supervised",
    "ranking": "supervised",
    "clustering": "unsupervised",
    "anomaly-detection": "unsupervised",
    "dimensionality-reduction": "unsupervised",
    "description": "descriptive",
}


@runtime_checkable
class Estimator(Protocol):
    """What scikit-learn asks of an estimator, as far as it is used here."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The hyperparameters by name."""

    def fit(self, X: Any, y: Any = None) -> Any:  # noqa: N803 - scikit-learn's name
        """Learn."""


E = TypeVar("E", bound=Estimator)


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """What a cross-validation found.

    Attributes:
        procedure: The notation of how the data were divided.
        folds: Into how many parts.
        means: The mean score by the measure's notation.
        deviations: The standard deviation of the scores over the folds.
    """

    procedure: str
    folds: int
    means: Mapping[str, float]
    deviations: Mapping[str, float]


def sklearn(part: str) -> ModuleType:
    """A module of scikit-learn.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return importlib.import_module(f"sklearn.{part}")
    except ImportError as error:
        raise MissingExtraError(
            "This needs scikit-learn, which is not installed.",
            hint="Install the extra [sklearn]: pip install 'lakegraph[sklearn]'",
        ) from error


def innermost(estimator: object) -> object:
    """The estimator that learns: the last step of a pipeline, what a search searches; else *estimator* itself."""
    for _ in range(10):  # a search in a pipeline in a search is conceivable, a loop is not
        steps = getattr(estimator, "steps", None)
        if isinstance(steps, list) and steps:
            estimator = steps[-1][1]
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "param_grid") or hasattr(estimator, "param_distributions"):
            estimator = getattr(estimator, "estimator", estimator)
        else:
            break
    return estimator


def algorithm(estimator: object) -> str | None:
    """The notation of the algorithm that *estimator* implements, by the name of its class or of one it extends."""
    bases = type(innermost(estimator)).__mro__
    return next((found for cls in bases if (found := labels.find("Algorithm", cls.__name__))), None)


def task_type(estimator: object) -> str | None:
    """The notation of the kind of task that *estimator* solves, or ``None`` where it does not tell."""
    base = sklearn("base")
    for name, task in _TASKS.items():
        judge = getattr(base, f"is_{name}", None)  # some are younger than the oldest scikit-learn supported
        try:
            if judge is not None and judge(estimator):
                return task
        except (AttributeError, TypeError):  # not an estimator in scikit-learn's sense
            return None
    return None


def analysis_type(task: str | None) -> str | None:
    """The notation of the kind of analysis that a kind of task belongs to."""
    return _ANALYSES.get(task or "")


def hyperparameters(estimator: Estimator) -> dict[str, Any]:
    """Every hyperparameter with a plain value, as a ``ParameterSetting`` takes it; nested ones as ``step__name``.

    ``None`` is a setting as well and becomes the text ``None``; short lists and mappings become JSON. Estimators,
    arrays and functions are left out.
    """
    found = {name: plain(value) for name, value in estimator.get_params(deep=True).items()}
    return {name: value for name, value in found.items() if value is not None}


def plain(value: object) -> Any:
    """*value* as a parameter's value in a document, or ``None`` where it has no plain form."""
    if value is None:
        return "None"
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"value": "NaN" if math.isnan(value) else "INF" if value > 0 else "-INF", "datatype": "xsd:double"}
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, tuple | list | dict):
        try:
            text = json.dumps(value)
        except (TypeError, ValueError):
            return None
        return text if len(text) <= _TEXT else None
    return None


def seed(estimator: Estimator) -> int | None:
    """The random seed that was set, or ``None``."""
    value = getattr(innermost(estimator), "random_state", None)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def cross_validate(
    estimator: Estimator,
    X: Any,  # noqa: N803 - scikit-learn's name
    y: Any,
    cv: Any,
    scoring: Sequence[str] | None = None,
    groups: Any = None,
) -> CrossValidation:
    """Cross-validate *estimator*, which itself stays as it is.

    Args:
        estimator: The estimator.
        X: The features.
        y: The target.
        cv: The number of folds, or a splitter of scikit-learn.
        scoring: Names of scikit-learn's scorers; by default those usual for the task.
        groups: Which instances belong together, for splitters that keep them so.

    Raises:
        UsageError: A scorer has no counterpart in the vocabulary of measures.
    """
    selection = sklearn("model_selection")
    task = task_type(estimator)
    splitter = selection.check_cv(cv, y, classifier=task == "classification")
    names = _scorers(estimator, task, y, scoring)
    belonging = {} if groups is None else {"groups": groups}
    found = selection.cross_validate(
        estimator, X, y, cv=splitter, scoring=list(names), error_score="raise", **belonging
    )
    scores = {n: found[f"test_{n}"] for n in names}
    folds = len(next(iter(scores.values())))
    procedure = labels.find("EvaluationProcedure", type(splitter).__name__) or "cross-validation"
    return CrossValidation(
        procedure,
        folds,
        {measure: _signed(n, float(scores[n].mean())) for n, measure in names.items()},
        {measure: rounded(float(scores[n].std())) for n, measure in names.items()},
    )


def scores(
    estimator: Any,
    X: Any,  # noqa: N803 - scikit-learn's name
    y: Any,
    scoring: Sequence[str] | None = None,
) -> dict[str, float]:
    """The scores of a fitted *estimator* on data, by the measure's notation. See :func:`cross_validate`."""
    metrics = sklearn("metrics")
    names = _scorers(estimator, task_type(estimator), y, scoring)
    return {measure: _signed(n, float(metrics.get_scorer(n)(estimator, X, y))) for n, measure in names.items()}


def _scorers(estimator: object, task: str | None, y: Any, scoring: Sequence[str] | None) -> dict[str, str]:
    """The names of the scorers to use, and the notation of the measure of each."""
    names: list[str] = list(_SCORERS.get(task or "", ()) if scoring is None else scoring)
    if not names:
        raise UsageError(
            f"There is no usual score for a {type(estimator).__name__}.",
            hint='Name scorers in scoring=["…"], or pass cv=None and record what you measure with run.metric().',
        )
    if scoring is None and task == "classification":
        names += _BINARY if _is_binary(estimator, y) else ()
    return {name: labels.need("EvaluationMeasure", name) for name in names}


def _is_binary(estimator: object, y: Any) -> bool:
    ranks = hasattr(estimator, "decision_function") or hasattr(estimator, "predict_proba")
    return ranks and sklearn("utils.multiclass").type_of_target(y) == "binary"


def _signed(scorer: str, value: float) -> float:
    """Scikit-learn negates losses so that more is better; the vocabulary records the loss itself."""
    return rounded(-value if scorer.startswith("neg_") else value) + 0.0


def save(model: object, path: Path) -> None:
    """Write a model in the format that the file's ending names: ``.skops``, ``.joblib``, or ``.pkl`` (pickle).

    skops files hold no code that runs on loading; the others do.

    Raises:
        UsageError: The ending names no format.
        MissingExtraError: The library for the format is not installed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = path.suffix.lower()
    if suffix == ".skops":
        saver("skops.io").dump(model, path)
    elif suffix == ".joblib":
        saver("joblib").dump(model, path)
    elif suffix in (".pkl", ".pickle"):
        path.write_bytes(pickle.dumps(model))
    else:
        raise UsageError(
            f"{path.name!r} does not say in which format to save the model.",
            where=str(path),
            hint="End it in .skops, .joblib or .pkl; or write the file yourself and name it in run.write(path).",
        )


def saver(name: str) -> ModuleType:
    """The library called *name* that writes models.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(
            f"Saving in this format needs {name.partition('.')[0]}, which is not installed.",
            hint="Install the extra [sklearn]: pip install 'lakegraph[sklearn]'",
        ) from error
