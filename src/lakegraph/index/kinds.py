"""The kinds of thing that the index tells apart, each with the number under which it is stored."""

from __future__ import annotations

from lakegraph.errors import UsageError

# The number is also the rank: of the kinds that a thing's classes give, the highest holds. So a subclass stands after
# its superclass, and what is stated of a hub's versions cannot make it one of them. A change here raises RULES.
_NAMES = (
    "environment",
    "tag",
    "algorithm",
    "organization",
    "agent",
    "task",
    "study",
    "program",
    "source",
    "dataset",
    "model",
    "deployment",
    "run",
    "ingest",
    "process",
    "analysis",
    "exploration",
    "realtime-analysis",
    "evaluation",
    "training",
    "fine-tuning",
    "deployment-run",
    "monitoring",
    "review",
    "stage-change",
    "access",
    "withdrawal",
    "hub",
)
CODES = {name: code for code, name in enumerate(_NAMES, 1)}
NAMES = {code: name for name, code in CODES.items()}

LAST_REPEATED = CODES["source"]
"""Up to here are the kinds that record after record describes in the same words."""
FIRST_RUN = CODES["run"]
LAST_RUN = CODES["withdrawal"]
HUB = CODES["hub"]
USER = "user"
"""People are a kind in answers only: they live in the directory of people, never in the index file."""

CLASSES = {
    "Environment": "environment",
    "Tag": "tag",
    "Algorithm": "algorithm",
    "Task": "task",
    "Study": "study",
    "Program": "program",
    "Implementation": "program",
    "DatasetSource": "source",
    "ModelSource": "source",
    "ModellakeDataset": "dataset",
    "Model": "model",
    "Deployment": "deployment",
    "Run": "run",
    "Ingest": "ingest",
    "Process": "process",
    "Analysis": "analysis",
    "ExplorationRun": "exploration",
    "RealtimeAnalysis": "realtime-analysis",
    "EvaluationRun": "evaluation",
    "TrainingRun": "training",
    "FineTuningRun": "fine-tuning",
    "DeploymentRun": "deployment-run",
    "MonitoringRun": "monitoring",
    "ReviewRun": "review",
    "StageChange": "stage-change",
    "AccessEvent": "access",
    "Withdrawal": "withdrawal",
}
"""Class of the ontology (``lake:``) to kind; other subclasses are known by the superclass that is inferred."""


def is_run(code: int) -> bool:
    """Whether things of this kind happened, rather than are."""
    return FIRST_RUN <= code <= LAST_RUN


def codes_of(kind: str) -> tuple[int, ...]:
    """The stored numbers that *kind* covers: its own, or those of every kind of run for ``run``.

    Raises:
        UsageError: There is no such kind.
    """
    if kind == "run":
        return tuple(range(FIRST_RUN, LAST_RUN + 1))
    if kind == USER:
        return ()
    if kind not in CODES:
        raise UsageError(
            f"{kind!r} is not a kind of thing.", where="kind", hint=f"One of: {', '.join((*CODES, USER))}."
        )
    return (CODES[kind],)
