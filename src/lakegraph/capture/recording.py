"""The recording API: what a lake offers to the code that does the work, here or over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypedDict, Unpack

from lakegraph.capture.analysis_runs import Evaluating
from lakegraph.capture.data_runs import Ingesting, Processing
from lakegraph.capture.handles import Reference, refer, title_of
from lakegraph.capture.hints import naming_arguments
from lakegraph.capture.runs import without_gaps
from lakegraph.capture.service_runs import Deploying, Monitoring
from lakegraph.capture.training_runs import FineTuning, Training
from lakegraph.errors import UsageError

if TYPE_CHECKING:
    from lakegraph.receipts import Receipt

Described = str | Mapping[str, Any]
"""A title, or the whole description as a document."""
Inputs = Reference | Iterable[Reference]


class Recorder(Protocol):
    """What :class:`Recording` needs of a lake."""

    def record(self, document: Mapping[str, Any]) -> Receipt:
        """Record a document."""


class Options(TypedDict, total=False):
    """What any run may say besides.

    Attributes:
        agent: The program that acts by itself, such as a scheduler.
        code: The program's file or address, where the caller's file is not it.
        extra: Further fields of the run's document, such as ``hasTag`` or ``annotations``.
    """

    agent: str | None
    code: str | Path | None
    extra: Mapping[str, Any] | None


class Making(Options, total=False):
    """What a run that makes something may say besides.

    Attributes:
        level: Who may see what states no level of its own; by default the highest level of the inputs.
        administrator: Who looks after what is made; by default ``by``.
    """

    level: str | None
    administrator: str | None


class TrainingSaid(Making, total=False):
    """What is said of a training; see :meth:`Recording.train`."""

    study: Described | None
    task: Described | None
    by: str | None
    why: str | None
    target: str | None
    features: Sequence[str]
    validation: Inputs
    test: Inputs
    algorithm: Described | None
    analysis_type: str | None
    seed: int | None


class Recording:
    """Adds to a lake a context manager for each kind of run.

    Nothing that only a person can know is guessed: ``by`` is the person, by slug, and ``why`` what the run is for, in a
    sentence. What is left out is asked for by the lake's shapes, and the refusal names the argument to add.
    """

    def ingest(
        self: Recorder,
        title: str,
        *,
        source: Described | Path,
        owner: Described | None = None,
        by: str | None = None,
        mode: str = "batch",
        why: str | None = None,
        description: str | None = None,
        created: str | None = None,
        format: str | None = None,  # noqa: A002 - the word people use
        **options: Unpack[Making],
    ) -> Ingesting:
        """Bring data into the lake.

        Args:
            title: What the data are called; the source and the first data set get this title.
            source: Where they come from: an address, a path, the name of a known source, or its description.
            owner: Who owns the source.
            by: Who ingests.
            mode: ``batch``, ``real-time`` or ``hybrid``.
            why: What the data are for.
            description: What the source holds; by default what the data set is said to hold.
            created: Since when the source exists.
            format: ``structured``, ``semi-structured`` or ``unstructured``, where names of files do not tell.
            options: See :class:`Making`.
        """
        said: dict[str, Any] = {"source": source, "owner": owner, "by": by, "mode": mode, "why": why}
        said |= {"description": description, "created": created, "format": format}
        return Ingesting(self.record, title, said | _all(Making.__optional_keys__, options))

    def process(
        self: Recorder,
        title: str,
        *,
        inputs: Inputs,
        by: str | None = None,
        why: str | None = None,
        models: Inputs = (),
        **options: Unpack[Making],
    ) -> Processing:
        """Make data from data.

        Args:
            title: What was done, such as ``Clean Diabetes``.
            inputs: The data sets: handles, titles, ``Title@version`` or IRIs.
            by: Who processes.
            why: The objective.
            models: The models that are applied.
            options: See :class:`Making`.
        """
        said: dict[str, Any] = {"inputs": inputs, "by": by, "why": why, "models": models}
        return Processing(self.record, title, said | _all(Making.__optional_keys__, options))

    def train(
        self: Recorder,
        title: str,
        *,
        study: Described | None = None,
        task: Described | None = None,
        inputs: Inputs,
        by: str | None = None,
        why: str | None = None,
        target: str | None = None,
        features: Sequence[str] = (),
        validation: Inputs = (),
        test: Inputs = (),
        algorithm: Described | None = None,
        analysis_type: str | None = None,
        seed: int | None = None,
        **options: Unpack[Making],
    ) -> Training:
        """Make a model from data.

        Args:
            title: What was done, such as ``Train SVM``.
            study: The project: its title, or for a new one ``{"title": …, "description": …}``.
            task: What the model shall do, such as ``binary classification``.
            inputs: The data sets that it learns from; parts of a split count by their role.
            by: Who trains.
            why: What this training is for.
            target: The column to predict; found where the target is a named column of an input.
            features: The columns to predict it from; found where they are a data frame of columns of an input.
            validation: Data sets on which settings are chosen.
            test: Data sets on which the model is tested.
            algorithm: Found for estimators of scikit-learn.
            analysis_type: ``supervised``, ``unsupervised`` …; found for estimators and by the task.
            seed: Of the random numbers; found for estimators.
            options: See :class:`Making`.
        """
        said: dict[str, Any] = {"study": study, "task": task, "inputs": inputs, "by": by, "why": why, "target": target}
        said |= {"features": features, "validation": validation, "test": test, "algorithm": algorithm}
        said |= {"analysis_type": analysis_type, "seed": seed} | _all(Making.__optional_keys__, options)
        return Training(self.record, title, said)

    def fine_tune(
        self: Recorder, title: str, *, base: Reference, inputs: Inputs, **said: Unpack[TrainingSaid]
    ) -> FineTuning:
        """Make a model from another model and data.

        Args:
            title: What was done.
            base: The model that is tuned.
            inputs: The data sets that it learns from.
            said: All else as in :meth:`train`.
        """
        answers = _all(TrainingSaid.__optional_keys__, said) | {"base": base, "inputs": inputs}
        return FineTuning(self.record, title, answers)

    def evaluate(
        self: Recorder,
        title: str,
        *,
        model: Reference,
        data: Inputs,
        by: str | None = None,
        why: str | None = None,
        study: Described | None = None,
        task: Described | None = None,
        analysis_type: str | None = None,
        **options: Unpack[Options],
    ) -> Evaluating:
        """Measure a model on data that it was not trained on.

        Args:
            title: What was done.
            model: The model version.
            data: The data sets.
            by: Who evaluates.
            why: What the evaluation is for.
            study: The project: its title, or for a new one ``{"title": …, "description": …}``.
            task: What the model is to do.
            analysis_type: Found for estimators and by the task.
            options: See :class:`Options`.
        """
        said: dict[str, Any] = {"model": model, "data": data, "by": by, "why": why, "study": study, "task": task}
        said |= {"analysis_type": analysis_type}
        return Evaluating(self.record, title, said | _all(Options.__optional_keys__, options))

    def deploy(
        self: Recorder,
        title: str,
        *,
        model: Reference,
        endpoint: str,
        by: str | None = None,
        why: str | None = None,
        **options: Unpack[Options],
    ) -> Deploying:
        """Put a model to work.

        Args:
            title: What the service is called; ``run.deployment`` is its handle. A deployment serves one model version,
                so the service of another version has another title.
            model: The model version.
            endpoint: The address at which it answers.
            by: Who deploys.
            why: What it is for.
            options: See :class:`Options`.
        """
        said: dict[str, Any] = {"model": model, "endpoint": endpoint, "by": by, "why": why}
        return Deploying(self.record, title, said | _all(Options.__optional_keys__, options))

    def monitor(
        self: Recorder,
        deployment: Reference,
        *,
        by: str | None = None,
        why: str | None = None,
        title: str | None = None,
        **options: Unpack[Options],
    ) -> Monitoring:
        """Look after a deployment.

        Args:
            deployment: Its handle, title or IRI.
            by: Who looks after it; or name the program in ``agent``.
            why: What for.
            title: What was done; by default ``Monitor`` and the deployment's title.
            options: See :class:`Options`.
        """
        said: dict[str, Any] = {"deployment": deployment, "by": by, "why": why}
        name = title or f"Monitor {title_of(deployment) or 'deployment'}"
        return Monitoring(self.record, name, said | _all(Options.__optional_keys__, options))

    def review(
        self: Recorder, thing: Reference, *, by: str | None = None, decision: str | None = None, why: str | None = None
    ) -> Receipt:
        """Record a person's judgement of a data set, model, program or deployment, at once.

        Args:
            thing: What is judged.
            by: Who judges.
            decision: ``approved``, ``rejected`` or ``changes-requested``.
            why: The reasons.
        """
        said: dict[str, Any] = {"type": "ReviewRun", "title": f"Review {title_of(thing) or 'it'}"}
        return _at_once(
            self, {**said, "reviewed": refer(thing), "reviewedBy": by, "decision": decision, "description": why}
        )

    def change_stage(
        self: Recorder,
        thing: Reference,
        to: str,
        *,
        by: str | None = None,
        why: str | None = None,
        from_stage: str | None = None,
    ) -> Receipt:
        """Record that a thing moves to another stage of its life, at once.

        Args:
            thing: What moves.
            to: ``draft``, ``trained``, ``validated``, ``approved``, ``staging``, ``production``, ``deprecated`` or
                ``archived``. Production asks for an approving review before it.
            by: Who moves it.
            why: The reason.
            from_stage: The stage that it leaves.
        """
        said: dict[str, Any] = {"type": "StageChange", "title": f"Move {title_of(thing) or 'it'} to {to}"}
        said |= {"changesStageOf": refer(thing), "toStage": to}
        return _at_once(self, {**said, "fromStage": from_stage, "changedBy": by, "description": why})


def _at_once(lake: Recorder, document: Mapping[str, Any]) -> Receipt:
    """Record an act that takes no time."""
    now = datetime.now(UTC).isoformat()
    with naming_arguments(""):
        return lake.record(without_gaps({**document, "startedAt": now, "endedAt": now, "runStatus": "succeeded"}))


def _all(known: frozenset[str], said: Mapping[str, object]) -> dict[str, Any]:
    """What was said, with ``None`` for all that was not.

    Raises:
        UsageError: A name is none of *known*: a misspelt argument must not vanish.
    """
    for name in said:
        if name not in known:
            raise UsageError(f"A run has no argument {name!r}.", hint=f"Further arguments: {', '.join(sorted(known))}.")
    return dict.fromkeys(known) | dict(said)
