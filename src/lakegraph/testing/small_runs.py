"""Made-up small records around the runs: reviews, stage changes, deployments, monitoring and accesses."""

from __future__ import annotations

from collections.abc import Iterator

from lakegraph.testing.training_runs import TrainingRuns
from lakegraph.testing.world import Document, ModelVersion, World, later


class SmallRuns:
    """Makes the records that follow a training.

    Args:
        world: What there is; what the documents make is added.
        trainings: Makes the evaluations among them.
    """

    def __init__(self, world: World, trainings: TrainingRuns) -> None:
        self._world = world
        self._draws = world.draws
        self._trainings = trainings

    def after(self, training: Document) -> Iterator[Document]:
        """What happens to the model of *training*, and elsewhere in the lake meanwhile."""
        draws, world = self._draws, self._world
        if "hasOutputModel" in training:
            yield from self._judged(world.models[-1])
        if world.deployments and draws.chance(0.2):
            yield self._monitored(*draws.recent(world.deployments, 20))
        if draws.chance(0.15):
            yield self._access()
        if world.models and draws.chance(0.15):
            yield self._trainings.evaluation()

    def _judged(self, model: ModelVersion) -> Iterator[Document]:
        draws = self._draws
        if not draws.chance(0.3):
            return
        decision = draws.popular(("approved", "changes-requested", "rejected"))
        yield self._review(model, decision)
        if decision == "approved" and draws.chance(0.7):
            yield self._staged(model)
            if draws.chance(0.7):
                yield self._deployed(model)

    def _review(self, model: ModelVersion, decision: str) -> Document:
        return {
            **self._world.run("ReviewRun", 600),
            "title": f"Review {model.title}",
            "runStatus": "succeeded",
            "reviewed": model.name,
            "reviewedBy": self._world.person(),
            "decision": decision,
        }

    def _staged(self, model: ModelVersion) -> Document:
        return {
            **self._world.run("StageChange", 5),
            "title": f"Move {model.title} to production",
            "runStatus": "succeeded",
            "changesStageOf": model.name,
            "fromStage": "trained",
            "toStage": "production",
            "changedBy": self._world.person(),
        }

    def _deployed(self, model: ModelVersion) -> Document:
        world = self._world
        title = world.title("service for", model.field.subject)
        world.deployments.append((title, model))
        return {
            **world.run("DeploymentRun", 120),
            "title": f"Deploy {model.title}",
            "runStatus": "succeeded",
            "deployedBy": world.person(),
            "deploysModel": model.name,
            "createsDeployment": {
                "title": title,
                "endpointURL": f"https://models.example.org/{title.replace(' ', '-')}",
            },
        }

    def _monitored(self, deployment: str, model: ModelVersion) -> Document:
        run = self._world.run("MonitoringRun", 10)
        return {
            **run,
            "title": f"Monitor {deployment}",
            "runStatus": "succeeded",
            "associatedWith": {"type": "SoftwareAgent", "id": "scheduler", "name": "nightly monitor"},
            "monitors": deployment,
            "hasObservation": [
                {
                    "isMeasurementOf": model.measure,
                    "value": round(max(0.0, model.value - self._draws.between(0, 0.1)), 4),
                    "baseline": f"run/{model.run}/evaluation/{model.measure}",
                    "windowStart": later(run["startedAt"], days=-1),
                    "windowEnd": run["startedAt"],
                }
            ],
        }

    def _access(self) -> Document:
        draws, world = self._draws, self._world
        data = draws.popular(world.datasets)
        return {
            **world.run("AccessEvent", 30),
            "title": f"Read {data.title}",
            "runStatus": "succeeded",
            "accessTo": f"dataset/{data.title.replace(' ', '-')}@{data.number}",
            "accessBy": world.person(),
            "objective": world.sentence(data.field.subject),
        }
