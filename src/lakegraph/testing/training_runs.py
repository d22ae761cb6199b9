"""Made-up trainings, fine-tunings and evaluations."""

from __future__ import annotations

from lakegraph.testing.words import ALGORITHMS, MEASURES
from lakegraph.testing.world import LEVELS, Document, ModelVersion, Version, World

_PROCEDURES: tuple[Document, ...] = (
    {"title": "holdout", "hasProcedure": "holdout"},
    {"title": "5-fold cross validation", "hasProcedure": "cross-validation", "folds": 5},
    {"title": "10-fold cross validation", "hasProcedure": "stratified-cross-validation", "folds": 10},
)


class TrainingRuns:
    """Makes documents of the analysis zone.

    Args:
        world: What there is; what the documents make is added.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._draws = world.draws

    def training(self) -> Document:
        """A model made from data; every seventh one from another model, and a few fail."""
        draws, world = self._draws, self._world
        data = self._data()
        algorithm = draws.popular(tuple(ALGORITHMS))
        said = self._begun("TrainingRun", data, algorithm)
        base = self._base() if draws.chance(0.15) else None
        if base:
            said |= {"type": "FineTuningRun", "baseModel": base.name, "title": f"Tune {base.title}"}
        if draws.chance(0.04):
            return self._failed(said)
        made = self._made(said, data, base, algorithm)
        world.models.append(made)
        if base:
            world.tuned.append(made)
        return said

    def evaluation(self) -> Document:
        """A model measured again, on other data."""
        draws, world = self._draws, self._world
        model, data = draws.recent(world.models), draws.popular(world.datasets)
        said = self._analysis("EvaluationRun", data, f"Evaluate {model.title}")
        said |= {
            "evaluatesModel": model.name,
            "testData": [data.name],
            "hasEvaluation": self._scores(1)[0],
            "executes": world.program(),
        }
        return said

    def _data(self) -> Version:
        """A split, or a data set as it is."""
        draws, world = self._draws, self._world
        if world.splits and draws.chance(0.6):
            return draws.popular(world.splits) if draws.chance(0.5) else draws.recent(world.splits)
        return draws.popular(world.datasets) if draws.chance(0.5) else draws.recent(world.datasets)

    def _base(self) -> ModelVersion | None:
        """A model to tune: the last tuned one, so that chains grow, or one that many build on."""
        draws, world = self._draws, self._world
        if not world.models:
            return None
        return draws.recent(world.tuned, 3) if world.tuned and draws.chance(0.6) else draws.popular(world.models)

    def _analysis(self, kind: str, data: Version, title: str) -> Document:
        """What every analysis says."""
        world, about = self._world, data.field
        study = f"{about.subject} {self._draws.popular(range(1, 30))}"
        study = f"{world.space} {study}" if world.space else study
        task = f"predict {about.nominal[0]} of {about.row}"
        said = {
            **world.run(kind, 900),
            "title": title,
            "description": world.sentence(about.subject),
            "runStatus": "succeeded",
            "analysisType": "supervised" if data.columns else "semi-supervised",
            "analyzedBy": world.person(),
            "study": study,
            "hasTask": {"title": task, "taskType": "classification", "description": f"Learn to {task}."},
            "environment": world.environment(),
        }
        if world.first_time(f"study {study}"):
            said["study"] = {"title": study, "description": f"All work on {about.subject} by one team."}
        if data.columns:
            said["targetAttribute"] = about.nominal[0]
            said["usesFeature"] = [about.numeric[0]]
        return said

    def _begun(self, kind: str, data: Version, algorithm: str) -> Document:
        """A training with its data and settings, before its outcome."""
        draws = self._draws
        said = self._analysis(kind, data, f"Train {algorithm} on {data.title}")
        said |= {"trainingData": [data.name], "testData": [data.test]} if data.test else {"analyzes": [data.name]}
        settings = ALGORITHMS[algorithm][1]
        said["hasImplementation"] = self._world.implementation(algorithm)
        chosen = draws.some(tuple(settings), 2 + draws.number(2))
        said["hasParameterSetting"] = {name: draws.one(settings[name]) for name in chosen}
        said["randomSeed"] = draws.number(100_000)
        return said

    def _failed(self, said: Document) -> Document:
        message = self._draws.one(("out of memory", "loss is not a number", "worker lost", "disk full"))
        return said | {"runStatus": "failed", "errorMessage": message}

    def _made(self, said: Document, data: Version, base: ModelVersion | None, algorithm: str) -> ModelVersion:
        """Add a model and its scores to *said*."""
        world, draws = self._world, self._draws
        title, number = self._version(data, base, algorithm)
        level = max(data.level, base.level if base else 0)
        model = {
            "title": title,
            "version": str(number),
            "description": world.sentence(data.field.subject),
            "administrator": said["analyzedBy"],
            "securityLevel": LEVELS[level],
            "license": data.license,
            "lifecycleStage": "trained",
            "hasTag": data.field.tag,
            "keyword": algorithm,
            "hasArtifact": world.file(f"models/{title.replace(' ', '-')}/{number}.bin", "application/octet-stream"),
        }
        if number > 1:
            model["previousVersion"] = f"{title}@{number - 1}"
        said["hasOutputModel"] = [model]
        scores, measure, value = self._scores(1 + draws.number(2))
        said["hasEvaluation"] = scores
        tested = data.test or data.name
        return ModelVersion(title, number, data.field, level, data.license, said["id"], measure, value, tested)

    def _version(self, data: Version, base: ModelVersion | None, algorithm: str) -> tuple[str, int]:
        """The model's title and version: the next version of a known model, or a new model."""
        draws, world = self._draws, self._world
        old = base or (draws.recent(world.models) if world.models else None)
        if old is not None and draws.chance(0.5):
            title = old.title
        else:
            title = world.title(algorithm, "for", data.field.subject)
        return title, world.next_version(title)

    def _scores(self, count: int) -> tuple[list[Document], str, float]:
        """Some scores of one evaluation, and the first of them."""
        draws = self._draws
        how = draws.popular(_PROCEDURES)
        scores = [
            {"isMeasurementOf": m, "value": round(0.5 + 0.5 * draws.between(0, 1) ** 0.5, 4), "hasSpecification": how}
            for m in draws.some(MEASURES, count)
        ]
        return scores, scores[0]["isMeasurementOf"], scores[0]["value"]
