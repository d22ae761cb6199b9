"""The content of a made-up run as other tools hold it: parameters, metrics, tags, data and a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
_SAID = ("description", "startedAt", "endedAt", "runStatus", "ingestionMode")


@dataclass(frozen=True)
class Content:
    """A run in the terms of a tracking tool.

    Attributes:
        run: Its identifier.
        title: Its name.
        parameters: Hyperparameters and what else is set once.
        metrics: Scores.
        tags: What else is said of it: who, when, where, why.
        inputs: The data sets that it read.
        outputs: The data sets or models that it made.
    """

    run: str
    title: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def content(said: Document) -> Content:
    """The content of a record document."""
    outputs = [o for f in ("ingestTo", "targetData", "hasOutputModel") for o in said.get(f, ())]
    tags = {name: str(said[name]) for name in _SAID if name in said}
    who = said.get("ingestedBy") or said.get("processedBy") or said.get("analyzedBy")
    program = said.get("hasImplementation") or said.get("executes") or {}
    tags |= {
        "who": str(who),
        "code": str(program.get("sourceCodeURL")),
        "environment": said["environment"]["title"],
    }
    for number, step in enumerate(said.get("hasOperation", ())):
        tags[f"step.{number}"] = f"{step['operationType']}: {step['description']}"
    for output in outputs:
        file = (output.get("distribution") or output.get("hasArtifact") or {}) | {}
        tags[f"{output['title']}.path"] = str(file.get("storagePath"))
        tags[f"{output['title']}.checksum"] = str(file.get("checksum"))
        tags[f"{output['title']}.description"] = str(output.get("description"))
        tags[f"{output['title']}.level"] = str(output.get("securityLevel"))
    return Content(
        run=said["id"],
        title=said["title"],
        parameters={n: str(v) for n, v in said.get("hasParameterSetting", {}).items()},
        metrics={e["isMeasurementOf"]: float(e["value"]) for e in said.get("hasEvaluation", ())},
        tags=tags,
        inputs=tuple(_names(said, ("ingestFrom", "sourceData", "analyzes", "trainingData", "testData"))),
        outputs=tuple(f"{o['title']}@{o['version']}" for o in outputs),
    )


def _names(said: Document, fields: tuple[str, ...]) -> Iterator[str]:
    for field in fields:
        value = said.get(field, ())
        for each in value if isinstance(value, list) else [value] if value else []:
            yield each["title"] if isinstance(each, dict) else str(each)
