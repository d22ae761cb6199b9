"""Documents of the governance zone (Figure 1, section 3.2): deploying, monitoring, reviewing, staging, withdrawing."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from lakegraph.model.agents import UserRef
from lakegraph.model.base import ConceptOf, Identity, IriValue, Many, Moment, RefTo, Thing, reference
from lakegraph.model.data import Measured
from lakegraph.model.run import Run


class Deployment(Thing):
    """A running service that answers with a model (dcat:DataService)."""

    identity: ClassVar[Identity] = "titled"
    type: Literal["Deployment"] = "Deployment"
    serves_model: Annotated[str | None, RefTo("Model")] = None
    endpoint_url: Annotated[str | None, IriValue()] = None


class DeploymentRun(Run):
    """A model put to work."""

    type: Literal["DeploymentRun"] = "DeploymentRun"
    deploys_model: Annotated[str | None, RefTo("Model")] = None
    creates_deployment: Annotated[Any, reference(Deployment)] | None = None
    deployed_by: UserRef | None = None


class MonitoringObservation(Measured):
    """One score of a deployment in a window of time, against its baseline."""

    type: Literal["MonitoringObservation"] = "MonitoringObservation"
    is_measurement_of: Annotated[str, ConceptOf("EvaluationMeasure")]
    computed_on: Annotated[str | None, RefTo("Deployment")] = None
    baseline: Annotated[str | None, RefTo("ModelEvaluation")] = None
    window_start: Moment | None = None
    window_end: Moment | None = None


class MonitoringRun(Run):
    """A deployment looked after (paper, section 3.2: "continuous monitoring and feedback loops")."""

    type: Literal["MonitoringRun"] = "MonitoringRun"
    monitors: Annotated[Any, reference(Deployment)] | None = None
    has_observation: Many[Annotated[Any, reference(MonitoringObservation)]] = ()


class ReviewRun(Run):
    """A thing judged by a person."""

    type: Literal["ReviewRun"] = "ReviewRun"
    reviewed: Annotated[str | None, RefTo("Asset")] = None
    reviewed_by: UserRef | None = None
    decision: Annotated[str | None, ConceptOf("Decision")] = None


class StageChange(Run):
    """A thing moved to another stage of its life."""

    type: Literal["StageChange"] = "StageChange"
    changes_stage_of: Annotated[str | None, RefTo("Asset")] = None
    from_stage: Annotated[str | None, ConceptOf("LifecycleStage")] = None
    to_stage: Annotated[str | None, ConceptOf("LifecycleStage")] = None
    changed_by: UserRef | None = None


class AccessEvent(Run):
    """A data set read by somebody, and what for (Fig. 2, class Access)."""

    type: Literal["AccessEvent"] = "AccessEvent"
    access_to: Annotated[str | None, RefTo("Asset")] = None
    access_by: UserRef | None = None
    objective: str | None = None


class Withdrawal(Run):
    """A record taken back; what it said is no longer true, that it was said stays in the journal."""

    identity: ClassVar[Identity] = "run"
    type: Literal["Withdrawal"] = "Withdrawal"
    withdraws: Annotated[str, IriValue()]
    withdrawn_by: UserRef | None = None


class Catalog(Thing):
    """A catalog of this lake's assets (Fig. 2: "general knowledge about the data catalog")."""

    identity: ClassVar[Identity] = "titled"
    type: Literal["Catalog"] = "Catalog"
    publisher: Annotated[str | None, RefTo("Agent")] = None
