"""Runs of the analysis zone that measure: what training and evaluating have in common, and evaluating."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from lakegraph.capture import estimators, labels
from lakegraph.capture.handles import Handle, Reference, Score, listed, measured, refer
from lakegraph.capture.metafeatures import rounded
from lakegraph.capture.runs import Record, Run, without_gaps

if TYPE_CHECKING:
    from lakegraph.receipts import Receipt

_ROLES: Final = {"training": "trainingData", "validation": "validationData", "test": "testData"}


class Analyzing(Run):
    """A run that learns something from data sets."""

    kind = "Analysis"
    person = "analyzedBy"

    def __init__(self, record: Record, title: str, said: dict[str, Any]) -> None:
        super().__init__(record, title, said)
        self.scores: dict[str, Score] = {}
        self._evaluations: list[tuple[Score, dict[str, Any]]] = []
        self._tested: list[Handle] = []
        self._task_type: str | None = None

    def metric(
        self,
        name: str,
        value: float,
        *,
        on: Reference | None = None,
        procedure: str | None = None,
        folds: int | None = None,
        comment: str | None = None,
    ) -> Score:
        """Record a measured score.

        Args:
            name: The measure, by any name in the vocabulary or in scikit-learn, such as ``accuracy`` or ``roc_auc``.
            value: The score; a share as a fraction.
            on: The data it was measured on; by default the run's one input.
            procedure: How it was measured, such as ``cross-validation`` or ``holdout``.
            folds: Of a cross-validation.
            comment: Anything else.

        Returns:
            The score; ``run.scores`` has the first one of each measure.

        Raises:
            UsageError: There is no such measure, or the value is no number.
        """
        measure = labels.need("EvaluationMeasure", name)
        # A loss that scikit-learn negates so that more is better is recorded as the loss that it is.
        number = measured(name, value)
        number = -number if name.startswith("neg_") else number
        count = sum(score.measure == measure for score, _ in self._evaluations)
        score = Score(measure, rounded(number), f"{measure}-{count + 1}" if count else measure)
        self._evaluations.append((score, self._details(on, procedure, folds, comment)))
        self.scores.setdefault(measure, score)
        return score

    def _details(
        self, on: Reference | None, procedure: str | None, folds: int | None, comment: str | None
    ) -> dict[str, Any]:
        details: dict[str, Any] = {"evaluatedOn": on, "comment": comment}
        if procedure:
            notation = labels.need("EvaluationProcedure", procedure)
            name = labels.title("EvaluationProcedure", notation)
            title = f"{folds}-fold {name}" if folds else name
            details["hasSpecification"] = without_gaps({"title": title, "hasProcedure": notation, "folds": folds})
        return details

    def evaluate(
        self,
        model: object,
        X: Any,  # noqa: N803 - scikit-learn's name
        y: Any,
        *,
        on: Reference | None = None,
        scoring: Sequence[str] | None = None,
        procedure: str = "holdout",
    ) -> dict[str, float]:
        """Measure a fitted estimator on data, and record the scores.

        Args:
            model: The estimator.
            X: The features.
            y: What is right.
            on: The data set that they come from; it counts as test data unless it is an input already.
            scoring: Names of scikit-learn's scorers; by default those usual for the task.
            procedure: How the data were chosen.

        Returns:
            The scores by measure.
        """
        found = estimators.scores(model, X, y, scoring)
        self._task_type = self._task_type or estimators.task_type(model)
        if isinstance(on, Handle) and on not in self._data() and on not in self._tested:
            self._tested.append(on)
        for measure, value in found.items():
            self.metric(measure, value, on=on, procedure=procedure)
        return found

    def _data(self) -> list[Reference]:
        return listed(self._said.get("inputs") or ())

    def _body(self) -> dict[str, Any]:
        said = self._said
        task = _task(said.get("task"), self._task_type)
        kind = task.get("taskType") if isinstance(task, dict) else None
        study = said.get("study")
        return {
            "analysisType": said.get("analysis_type") or estimators.analysis_type(self._task_type or kind),
            "study": {"title": study} if isinstance(study, str) and "://" not in study else study,
            "hasTask": [task] if task else [],
            **self._analyzed(),
            **self._evaluated(),
        }

    def _analyzed(self) -> dict[str, list[Any]]:
        """The inputs by their role; where the role is unknown, as merely analysed, which is true of all."""
        found: dict[str, list[Any]] = {}
        for thing in self._data():
            role = thing.role if isinstance(thing, Handle) else None
            found.setdefault(_ROLES.get(role or "", "analyzes"), []).append(refer(thing))
        for name in ("validation", "test"):
            stated = [refer(thing) for thing in listed(self._said.get(name) or ())]
            found[_ROLES[name]] = [*found.get(_ROLES[name], []), *stated]
        found["testData"] += [handle.iri for handle in self._tested]
        return found

    def _evaluated(self) -> dict[str, Any]:
        return {"hasEvaluation": [self._evaluation(score, details) for score, details in self._evaluations]}

    def _evaluation(self, score: Score, details: Mapping[str, Any]) -> dict[str, Any]:
        on = details["evaluatedOn"]
        if on is None:
            inputs = [thing for thing in self._data() if not isinstance(thing, Mapping)]
            on = inputs[0] if len(inputs) == 1 else None
        said = {"id": score.key, "isMeasurementOf": score.measure, "value": score.value}
        return without_gaps({**said, **details, "evaluatedOn": refer(on) if on is not None else None})

    def _settle(self, receipt: Receipt) -> None:
        super()._settle(receipt)
        for score, _ in self._evaluations:
            score.settle(receipt.iri)


class Evaluating(Analyzing):
    """A model being measured on data that it was not trained on."""

    kind = "EvaluationRun"

    def _data(self) -> list[Reference]:
        return listed(self._said["data"])

    def _analyzed(self) -> dict[str, list[Any]]:
        return {"testData": [refer(thing) for thing in [*self._data(), *self._tested]]}

    def _body(self) -> dict[str, Any]:
        return {**super()._body(), "evaluatesModel": refer(self._said["model"])}


def _task(task: str | Mapping[str, Any] | None, found: str | None) -> dict[str, Any] | str | None:
    if task is None or (isinstance(task, str) and "://" in task):
        return task
    said = {"title": task} if isinstance(task, str) else dict(task)
    kind = labels.mentioned("TaskType", str(said.get("title", ""))) or found
    return without_gaps({"taskType": kind, **said})
