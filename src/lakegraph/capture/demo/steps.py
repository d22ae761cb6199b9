"""The steps of the demo, each a recorded run."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources as package_files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from lakegraph import resources
from lakegraph.capture import estimators
from lakegraph.capture.demo import patients
from lakegraph.capture.demo.result import Candidate, DemoResult
from lakegraph.capture.estimators import Estimator, sklearn
from lakegraph.capture.handles import Handle
from lakegraph.errors import ConflictError

if TYPE_CHECKING:
    from lakegraph.capture.recording import Recorder, Recording
    from lakegraph.receipts import Receipt

    class DemoLake(Recording, Recorder):
        """What is there at run time: recording calls beside the ``record`` that they use."""


Echo = Callable[[str], None]

_STUDY: Final = {
    "title": "Diabetes progression",
    "description": "Tell from ten baseline measurements which patients' diabetes will progress faster than the median.",
}
_TASK: Final = {
    "title": "binary classification of progression",
    "description": "Predict whether progression after one year lies above the median.",
    "taskType": "classification",
    "definedBy": "accuracy",
}
_CLASSIFIERS: Final = (
    ("an SVM", "svm.SVC", {"kernel": "rbf", "C": 1.0}),
    ("a logistic regression", "linear_model.LogisticRegression", {"C": 1.0, "max_iter": 1000}),
    ("a random forest", "ensemble.RandomForestClassifier", {"n_estimators": 100, "random_state": 0}),
)
_STEPS: Final = 6 + 2 * len(_CLASSIFIERS)


def run_demo(lake: Recording, directory: str | Path, echo: Echo) -> DemoResult:
    """Run a small machine learning project for real, record each step, then record the worked example as given.

    Args:
        lake: A lake, here or over HTTP.
        directory: Where the project's files are written.
        echo: Told, before each step, what is done.

    Raises:
        MissingExtraError: scikit-learn or skops is not installed; nothing was done.
    """
    return _Demo(cast("DemoLake", lake), Path(directory), echo).run()


def check_installed() -> None:
    """Make sure that the demo can run, before a lake is made for it.

    Raises:
        MissingExtraError: scikit-learn or skops is not installed.
    """
    estimators.sklearn("datasets")
    estimators.saver("skops.io")


def incomplete_document() -> dict[str, Any]:
    """A training run that leaves questions open, for a lake to refuse; it builds on the worked example."""
    text = package_files.files("lakegraph.capture.demo").joinpath("incomplete.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


class _Demo:
    """The project: its lake, its folder, and what was made so far."""

    def __init__(self, lake: DemoLake, folder: Path, echo: Echo) -> None:
        self._lake = lake
        self._folder = folder
        self._echo = echo
        self._step = 0
        self._receipts: list[Receipt] = []
        self._names: list[str] = []

    def run(self) -> DemoResult:
        self._say("load scikit-learn and the 442 diabetes patients that it carries (Efron et al., 2004)")
        check_installed()
        raw = self.ingest()
        clean = self.clean(raw)
        training, test = self.split(clean)
        candidates = tuple(self.try_out(training, test, *choice) for choice in _CLASSIFIERS)
        best = max(candidates, key=lambda c: c.cross_validated.value)
        deployment = self.put_to_work(best, test)
        examples = self.examples()
        return DemoResult(
            raw, clean, training, test, candidates, best, deployment, tuple(self._receipts), tuple(examples)
        )

    def _say(self, text: str) -> None:
        self._step += 1
        self._echo(f"[{self._step:>2}/{_STEPS}] {text}")

    def ingest(self) -> Handle:
        with self._lake.ingest(
            patients.TITLE,
            source=patients.SOURCE,
            owner="scikit-learn developers",
            created="2004-04-01",
            description="442 diabetes patients: ten measurements at baseline and a measure of disease progression "
            "one year later (Efron, Hastie, Johnstone and Tibshirani, Least Angle Regression, 2004).",
            by="bob",
            why="First copy of the patients' records, values as they were measured.",
        ) as run:
            path = self._folder / "raw" / "diabetes.csv"
            self._names = patients.write_raw(path)
            raw = run.write(
                path, tags=["healthcare", "tabular"], level="internal", entity="patient", nominal=[patients.CODES]
            )
        self._receipts.append(run.receipt)
        return raw

    def clean(self, raw: Handle) -> Handle:
        self._say("clean, scale, and make the outcome binary at the median")
        with self._lake.process(
            f"Clean {patients.TITLE}", inputs=[raw], by="bob", why="Make the records usable to predict progression."
        ) as run:
            rows = patients.read(Path(raw))
            kept = patients.without_faults(rows)
            run.operation("cleaning", f"remove repeated or incomplete patients: {len(rows) - len(kept)} found")
            measured = [name for name in self._names if name != patients.CODES]
            kept = patients.scaled(kept, measured)
            run.operation("scaling", f"scale {', '.join(measured)} to mean 0 and standard deviation 1")
            kept, middle = patients.binarised(kept)
            run.operation("converting", f"make progression binary at its median, {middle:g}")
            path = self._folder / "clean" / "diabetes.csv"
            path.parent.mkdir(parents=True, exist_ok=True)
            patients.write(path, kept)
            clean = run.write(
                path,
                description="Cleaned, scaled, with the outcome as two classes.",
                tags=["healthcare", "tabular"],
                entity="patient",
                nominal=[patients.CODES],
                target=patients.OUTCOME,
                columns_from={name: [name] for name in self._names} | {patients.OUTCOME: [patients.MEASURED]},
            )
        self._receipts.append(run.receipt)
        return clean

    def split(self, clean: Handle) -> tuple[Handle, Handle]:
        self._say("set a quarter of the patients aside for the test")
        with self._lake.process(
            f"Split {patients.TITLE}", inputs=[clean], by="tim", why="Keep patients that no model sees before its test."
        ) as run:
            parts = run.split(
                clean,
                test=0.25,
                stratify=patients.OUTCOME,
                seed=2004,
                directory=self._folder / "split",
                nominal=[patients.CODES],
                entity="patient",
            )
        self._receipts.append(run.receipt)
        return parts.training, parts.test

    def try_out(self, training: Handle, test: Handle, name: str, path: str, settings: dict[str, Any]) -> Candidate:
        """Train one classifier and evaluate it on the patients held out."""
        self._say(f"train {name} with 5-fold cross-validation")
        plain = name.partition(" ")[2]
        module, _, cls = path.partition(".")
        estimator: Estimator = getattr(sklearn(module), cls)(**settings)
        with self._lake.train(
            f"Train {plain}",
            study=_STUDY,
            task=_TASK,
            inputs=[training],
            target=patients.OUTCOME,
            features=self._names,
            by="tim",
            why=f"See how well {name} tells fast from slow progression.",
        ) as run:
            fitted = run.fit(estimator, *patients.features_and_outcome(Path(training), self._names), cv=5)
            model = run.save(
                fitted,
                self._folder / "models" / f"{plain.replace(' ', '-').lower()}.skops",
                title=f"Progression {plain}",
                description=f"Tells fast from slow progression of diabetes, by {name}.",
            )
        self._receipts.append(run.receipt)
        self._say(f"evaluate the {plain} on the patients held out")
        with self._lake.evaluate(
            f"Evaluate {plain}",
            model=model,
            data=[test],
            study=_STUDY,
            task=_TASK,
            by="tim",
            why="Measure the model on patients that it has not seen.",
        ) as trial:
            trial.evaluate(fitted, *patients.features_and_outcome(Path(test), self._names), on=test)
        self._receipts.append(trial.receipt)
        return Candidate(model, run.scores["accuracy"], trial.scores["accuracy"])

    def put_to_work(self, best: Candidate, test: Handle) -> Handle:
        """Register, review, deploy and monitor the best model."""
        model, lake = best.model, self._lake
        self._say(f"register, review and deploy the best: {model.title}")
        self._receipts += [
            lake.change_stage(
                model, "validated", from_stage="trained", by="tim", why="Best accuracy in the cross-validation."
            ),
            lake.review(
                model,
                by="bob",
                decision="approved",
                why="Accuracy on patients held out agrees with the cross-validation.",
            ),
            lake.change_stage(model, "production", from_stage="validated", by="tim", why="Approved for the clinic."),
        ]
        with lake.deploy(
            f"Progression API {model.version}", model=model, endpoint="https://api.example.org/progression", by="tim"
        ) as deploying:
            served = _load(Path(model))
        self._receipts.append(deploying.receipt)
        self._say("monitor the deployment")
        since = datetime.now(UTC)
        with lake.monitor(
            deploying.deployment, agent="nightly monitor", why="See that the service keeps its word."
        ) as run:
            x, y = patients.features_and_outcome(Path(test), self._names)
            half = len(x) // 2
            observed = estimators.scores(served, x[half:], y[half:], ["accuracy"])
            run.observe(
                "accuracy",
                observed["accuracy"],
                since=since,
                baseline=best.held_out,
                comment=f"The deployed file answered for {len(x) - half} of the patients held out.",
            )
        self._receipts.append(run.receipt)
        return deploying.deployment

    def examples(self) -> list[Receipt]:
        """Record the worked example's documents as they are given."""
        self._say("record the paper's worked example, seven documents")
        receipts = []
        for file in resources.files("ontology/examples/diabetes", ".json"):
            try:
                receipts.append(self._lake.record(json.loads(file.read_text(encoding="utf-8"))))
            except ConflictError:
                self._echo(f"        {file.stem} is recorded already")
        return receipts


def _load(path: Path) -> object:
    """The model in a skops file of this demo, whose every type skops trusts by itself."""
    loaded: object = importlib.import_module("skops.io").load(path)
    return loaded
