"""What a document leaves unsaid because its own structure says it."""

from __future__ import annotations

from typing import Any

from lakegraph.model import Thing
from lakegraph.rdf.names import slug_of_key

Node = dict[str, Any]
"""A node of a tree: ``id``, ``type`` and fields."""


def complete(node: Node, document: Thing, parameters: str) -> None:
    """Say what follows from a document's own structure: step numbers, what was measured, what is served.

    Args:
        node: The tree of the whole document; changed in place.
        document: The document that it was made from.
        parameters: The IRI below which hyperparameters have theirs.
    """
    models = [_id(m) for m in node.get("hasOutputModel", ())]
    subject = models[0] if len(models) == 1 else node.get("evaluatesModel")
    data = [_id(d) for f in ("testData", "analyzes") for d in node.get(f, ())]
    for evaluation in node.get("hasEvaluation", ()):
        if subject and "computedOn" not in evaluation:
            evaluation["computedOn"] = subject
        if len(data) == 1 and "evaluatedOn" not in evaluation:
            evaluation["evaluatedOn"] = data[0]
    for observation in node.get("hasObservation", ()):
        if "monitors" in node and isinstance(observation, dict):
            observation.setdefault("computedOn", _id(node["monitors"]))
    deployment = node.get("createsDeployment")
    if isinstance(deployment, dict) and "deploysModel" in node:
        deployment.setdefault("servesModel", node["deploysModel"])
    previous = None
    for number, step in enumerate(node.get("hasOperation", ()), 1):
        if isinstance(step, dict):
            step.setdefault("sequenceNumber", number)
            if previous and "follows" not in step:
                step["follows"] = previous
            previous = step["id"]
    stated = document.__dict__
    when = stated.get("ended_at") or stated.get("started_at")
    for output in (*node.get("ingestTo", ()), *node.get("targetData", ()), *node.get("hasOutputModel", ())):
        if when and isinstance(output, dict):
            output.setdefault("created", when.date())
    _parameters(node, parameters)


def _parameters(node: Node, below: str) -> None:
    """Give the hyperparameters of a run their IRIs, below the algorithm or program that has them."""
    settings = [s for s in node.get("hasParameterSetting", ()) if isinstance(s.get("ofParameter"), dict)]
    implementation = node.get("hasImplementation")
    algorithm = implementation.get("usesAlgorithm") if isinstance(implementation, dict) else None
    holder = _id(algorithm) if algorithm else _id(implementation) if implementation else node["id"]
    for setting in settings:
        parameter = setting["ofParameter"]
        parameter["id"] = f"{below}/{holder.rpartition('/')[2]}/{slug_of_key(parameter['title'])}"
    if settings and isinstance(implementation, dict):
        known = list(implementation.get("hasParameter", ()))
        implementation["hasParameter"] = [*known, *(s["ofParameter"]["id"] for s in settings)]


def _id(value: Node | str) -> str:
    return value["id"] if isinstance(value, dict) else value
