"""The content of a made-up run as other tools hold it: parameters, metrics, tags, data and a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
_INPUTS = ("ingestFrom", "sourceData", "analyzes", "trainingData", "testData")
_OUTPUTS = ("ingestTo", "targetData", "hasOutputModel")
_ELSEWHERE = ("id", "title", "hasParameterSetting", "hasEvaluation", *_INPUTS)


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
    """The content of a record document, all of it: what has no place of its own becomes a tag named by its path."""
    outputs = [o for field in _OUTPUTS for o in said.get(field, ())]
    rest = {name: value for name, value in said.items() if name not in _ELSEWHERE}
    for field in _OUTPUTS:
        if field in rest:
            rest[field] = [{k: v for k, v in o.items() if k not in ("title", "version")} for o in rest[field]]
    scores = {e["isMeasurementOf"]: float(e["value"]) for e in said.get("hasEvaluation", ())}
    told = ("isMeasurementOf", "value")
    further = [{k: v for k, v in e.items() if k not in told} for e in said.get("hasEvaluation", ())]
    tags = dict(_leaves({**rest, "hasEvaluation": further}, ""))
    for field in _INPUTS:  # what is said of an input besides its name
        for number, each in enumerate(_listed(said.get(field))):
            if isinstance(each, dict):
                tags |= _leaves({k: v for k, v in each.items() if k != "title"}, f"{field}.{number}")
    return Content(
        run=said["id"],
        title=said["title"],
        parameters={n: str(v) for n, v in said.get("hasParameterSetting", {}).items()},
        metrics=scores,
        tags=tags,
        inputs=tuple(_names(said)),
        outputs=tuple(f"{o['title']}@{o['version']}" for o in outputs),
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Every single value below *value*, by its path."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, f"{path}.{number}")
    else:
        yield path, str(value)


def _names(said: Document) -> Iterator[str]:
    for field in _INPUTS:
        for each in _listed(said.get(field)):
            yield each["title"] if isinstance(each, dict) else str(each)
