"""Runs of the analysis zone that make models: training, and fine-tuning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lakegraph.capture import estimators, files, labels, machine, outputs
from lakegraph.capture.analysis_runs import Analyzing
from lakegraph.capture.estimators import E
from lakegraph.capture.handles import Handle, refer
from lakegraph.capture.outputs import Output
from lakegraph.capture.runs import Record, without_gaps
from lakegraph.errors import UsageError


class Training(Analyzing):
    """A model being made from data."""

    kind = "TrainingRun"

    def __init__(self, record: Record, title: str, said: dict[str, Any]) -> None:
        super().__init__(record, title, said)
        self._parameters: dict[str, Any] = {}
        self._model: Output | None = None
        self._algorithm: str | None = None
        self._seed: int | None = None
        self._software: dict[str, str] | None = None
        self._columns: tuple[str, ...] = ()
        self._target: str | None = None

    def param(self, name: str, value: object) -> None:
        """Record a hyperparameter.

        Raises:
            UsageError: The value is no text, number, truth value or short list of these.
        """
        kept = estimators.plain(value)
        if kept is None:
            raise UsageError(
                f"The parameter {name!r} cannot hold a {type(value).__name__}.",
                hint="Give a text, a number, true or false, or a short list of these.",
            )
        self._parameters[name] = kept

    def params(self, **values: object) -> None:
        """Record hyperparameters: ``run.params(C=2.3, kernel="rbf")``."""
        for name, value in values.items():
            self.param(name, value)

    def fit(
        self,
        estimator: E,
        X: Any,  # noqa: N803 - scikit-learn's name
        y: Any = None,
        *,
        cv: Any = 5,
        scoring: Sequence[str] | None = None,
        groups: Any = None,
    ) -> E:
        """Cross-validate an estimator, fit it to all the data, and record its parameters, its algorithm and the scores.

        Args:
            estimator: An estimator of scikit-learn or one that follows its conventions.
            X: The features; the columns of a data frame are recorded as features when they are columns of the inputs.
            y: The target.
            cv: The number of folds, a splitter of scikit-learn, or ``None`` for no cross-validation. Estimators that
                learn without a target are not cross-validated.
            scoring: Names of scikit-learn's scorers; by default those usual for the task.
            groups: Which instances belong together, for splitters that keep them so.

        Returns:
            The same estimator, fitted.
        """
        self._task_type = estimators.task_type(estimator)
        self._algorithm = estimators.algorithm(estimator)
        self._seed = estimators.seed(estimator)
        self._software = machine.software(type(estimators.innermost(estimator)).__module__)
        self._parameters |= estimators.hyperparameters(estimator)
        self._columns = tuple(str(name) for name in getattr(X, "columns", ()))
        self._target = getattr(y, "name", None)
        if cv is not None and y is not None:
            found = estimators.cross_validate(estimator, X, y, cv, scoring, groups)
            for measure, mean in found.means.items():
                spread = f"Mean of {found.folds} folds; standard deviation {found.deviations[measure]:.4g}."
                self.metric(measure, mean, procedure=found.procedure, folds=found.folds, comment=spread)
        estimator.fit(X) if y is None else estimator.fit(X, y)
        return estimator

    def save(self, model: object, path: str | Path, **said: Any) -> Handle:
        """Write a model to a file, ``.skops``, ``.joblib`` or ``.pkl``, and record it; see :meth:`write`.

        Raises:
            UsageError: The ending names no format.
            MissingExtraError: The library for the format is not installed.
        """
        self._refuse_second()
        estimators.save(model, Path(path))
        return self.write(path, **said)

    def write(
        self,
        path: str | Path,
        *,
        title: str | None = None,
        description: str | None = None,
        tags: Sequence[str] = (),
        level: str | None = None,
        version: str | None = None,
        extra: Mapping[str, Any] | None = None,
        progress: files.Progress | None = None,
    ) -> Handle:
        """Say that this run wrote its model to a file; size, type and checksum are found.

        Args:
            path: The file, a folder, or an address, which is recorded without being opened.
            title: The model's title; by default the file's name.
            description: What it does.
            tags: Tags of the vocabulary, or new ones.
            level: Its security level; by default the highest of the inputs.
            version: Its version; by default the next number.
            extra: Further fields of the document, such as ``license`` or ``annotations``.
            progress: Told how many bytes of how many have been read.

        Raises:
            UsageError: The file cannot be read, or the run wrote a model already.
        """
        self._refuse_second()
        said = {"title": title or Path(path).stem, "description": description, "hasTag": list(tags)}
        said |= {"securityLevel": level, "version": version, **(extra or {})}
        self._model = outputs.model(path, said, progress)
        return self._model.handle

    def _refuse_second(self) -> None:
        if self._model is not None:
            raise UsageError(
                f"This run made the model {self._model.handle.title!r} already.",
                hint="Train each model in a with block of its own: its scores and parameters are then its own too.",
            )

    def _made(self) -> Iterable[Handle]:
        return [self._model.handle] if self._model else []

    def _body(self) -> dict[str, Any]:
        said = self._said
        stated_seed = said.get("seed")
        return {
            **super()._body(),
            **self._attributes(),
            **self._trained(),
            "hasImplementation": self._implementation(),
            "hasParameterSetting": [{"ofParameter": n, "hasValue": v} for n, v in self._parameters.items()],
            "randomSeed": self._seed if stated_seed is None else stated_seed,
            "baseModel": refer(said["base"]) if said.get("base") is not None else None,
        }

    def _implementation(self) -> dict[str, Any]:
        """The program that ran, as what implements the algorithm."""
        found = {**self._code.program(), "usesAlgorithm": self._said.get("algorithm") or self._algorithm}
        return without_gaps({**found, "usesSoftware": [self._software] if self._software else []})

    def _attributes(self) -> dict[str, Any]:
        """Target and features: those stated, else those that the data frames name and an input is known to have."""
        known = {name for thing in self._data() if isinstance(thing, Handle) for name in thing.columns}
        target = self._said.get("target") or (self._target if self._target in known else None)
        features = self._said.get("features") or (self._columns if set(self._columns) <= known else ())
        return {"targetAttribute": target, "usesFeature": [name for name in features if name != target]}

    def _trained(self) -> dict[str, Any]:
        if not self.succeeded or self._model is None:
            return {}
        inherited = labels.highest_level(t.level if isinstance(t, Handle) else None for t in self._data())
        administrator = self._said.get("administrator") or self._said.get("by")
        return {"hasOutputModel": [self._model.described(self._said.get("level") or inherited, administrator)]}

    def _evaluated(self) -> dict[str, Any]:
        """The scores; without a model to be scores of, only as text."""
        if self.succeeded:
            return super()._evaluated()
        found = ", ".join(f"{score.measure} {score.value:g}" for score, _ in self._evaluations)
        return {"comment": f"Measured before the error: {found}"} if found else {}


class FineTuning(Training):
    """A model being made from another model."""

    kind = "FineTuningRun"
