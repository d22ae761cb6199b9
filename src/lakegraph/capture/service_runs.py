"""Runs of the governance zone that take time: deploying a model, and monitoring a deployment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from lakegraph.capture import labels
from lakegraph.capture.handles import Handle, Score, measured, refer
from lakegraph.capture.metafeatures import rounded
from lakegraph.capture.runs import Record, Run, without_gaps
from lakegraph.errors import UsageError


class Deploying(Run):
    """A model being put to work.

    Attributes:
        deployment: The handle of the service, for :meth:`Recording.monitor`.
    """

    kind = "DeploymentRun"
    person = "deployedBy"

    def __init__(self, record: Record, title: str, said: dict[str, Any]) -> None:
        super().__init__(record, f"Deploy {title}", said)
        self.deployment = Handle("deployment", title)

    def _made(self) -> Iterable[Handle]:
        return [self.deployment]

    def _body(self) -> dict[str, Any]:
        service = {"title": self.deployment.title, "endpointURL": self._said["endpoint"]}
        return {
            "deploysModel": refer(self._said["model"]),
            "createsDeployment": without_gaps(service) if self.succeeded else None,
        }


class Monitoring(Run):
    """A deployment being looked after."""

    kind = "MonitoringRun"

    def __init__(self, record: Record, title: str, said: dict[str, Any]) -> None:
        super().__init__(record, title, said)
        self._observations: list[dict[str, Any]] = []

    def observe(
        self,
        measure: str,
        value: float,
        *,
        since: datetime | str,
        until: datetime | str | None = None,
        baseline: Score | str | None = None,
        comment: str | None = None,
    ) -> None:
        """Record how the deployment did in a window of time.

        Args:
            measure: The measure, by any name in the vocabulary or in scikit-learn.
            value: What was measured; a share as a fraction.
            since: Start of the window; a time without zone is local.
            until: Its end; now by default.
            baseline: The score to compare with: one of a run made here, or the IRI of an evaluation.
            comment: Anything else.

        Raises:
            UsageError: There is no such measure, the value is no number, or the window is no time.
        """
        said = {
            "isMeasurementOf": labels.need("EvaluationMeasure", measure),
            "value": rounded(measured(measure, value)),
            "windowStart": _moment(since),
            "windowEnd": _moment(until or datetime.now(UTC)),
            "baseline": refer(baseline) if baseline is not None else None,
            "comment": comment,
        }
        self._observations.append(without_gaps(said))

    def _who(self) -> dict[str, Any]:
        said = self._said
        person = {"type": "User", "id": said["by"]} if said.get("by") else None
        program = {"type": "SoftwareAgent", "name": said["agent"]} if said.get("agent") else None
        return {"associatedWith": [who for who in (person, program) if who]}

    def _body(self) -> dict[str, Any]:
        return {"monitors": refer(self._said["deployment"]), "hasObservation": list(self._observations)}


def _moment(time: datetime | str) -> str:
    try:
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    except ValueError as error:
        raise UsageError(f"{time!r} is no time.", hint="Write times like 2024-02-25T09:00:00Z.") from error
    return (moment if moment.tzinfo else moment.astimezone()).isoformat()
