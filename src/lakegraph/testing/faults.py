"""Seeded faults: a sound record document with one thing broken, and the shape that has to notice it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lakegraph.testing.draws import Draws
from lakegraph.testing.world import Document, later

FaultKind = Literal["missing", "doubled", "wrong-type", "wrong-range", "wrong-order", "dangling", "cyclic"]
_OUTPUTS = ("ingestTo", "targetData", "hasOutputModel")
_INPUTS = {"Ingest": "ingestFrom", "Process": "sourceData"}


@dataclass(frozen=True, slots=True)
class Fault:
    """What was broken.

    Attributes:
        kind: The kind of fault.
        where: The field that was changed.
        what: What was done to it.
        shape: The local name of the shape that refuses it.
    """

    kind: FaultKind
    where: str
    what: str
    shape: str


Break = Callable[[Document, str, Draws], Fault | None]
"""Changes a document, given the field of its outputs (empty when it has none); ``None`` where it cannot be broken."""


def broken(document: Document, number: int, draws: Draws) -> tuple[Document, Fault]:
    """A copy of *document* with one fault.

    Args:
        document: A sound ingest, process or training.
        number: Which fault: the kinds come in turn, and one that cannot befall this document is passed over.
        draws: What else is random.
    """
    outputs = next((name for name in _OUTPUTS if document.get(name)), "")
    for attempt in range(len(_KINDS)):
        copied = copy.deepcopy(document)
        fault = _KINDS[(number + attempt) % len(_KINDS)](copied, outputs, draws)
        if fault is not None:
            return copied, fault
    raise AssertionError("every run can lack something")


def _missing(document: Document, _outputs: str, draws: Draws) -> Fault:
    field, shape = draws.one((
        ("environment", "WorkAnswers-environment"),
        ("title", "WorkAnswers-title"),
        ("startedAt", "RunStructure-startedAt"),
    ))  # fmt: skip
    del document[field]
    return Fault("missing", field, "left out", shape)


def _doubled(document: Document, outputs: str, _draws: Draws) -> Fault | None:
    if not outputs:
        return None
    first = document[outputs][0]
    other = "secret" if first["securityLevel"] != "secret" else "internal"
    document[outputs] = [*document[outputs], {**first, "securityLevel": other}]
    shape = "SecurityLevelStructure-securityLevel"
    return Fault("doubled", f"{outputs}[0].securityLevel", f"{other!r} said beside it", shape)


def _wrong_type(document: Document, _outputs: str, _draws: Draws) -> Fault:
    document["environment"] = f"run/{document['id']}"
    return Fault("wrong-type", "environment", "a run in place of an environment", "RunStructure-environment")


def _wrong_range(document: Document, outputs: str, draws: Draws) -> Fault | None:
    value = round(draws.between(1.1, 99), 2)
    if "hasEvaluation" in document:
        document["hasEvaluation"][0] = {**document["hasEvaluation"][0], "value": value}
        where = "hasEvaluation[0].value"
    elif outputs:
        document[outputs][0]["quality"] = {"completeness-ratio": value}
        where = f"{outputs}[0].quality"
    else:
        return None
    return Fault("wrong-range", where, f"{value} where 1 is the most", "EvaluationRangeHigh")


def _wrong_order(document: Document, _outputs: str, _draws: Draws) -> Fault:
    document["endedAt"] = later(document["startedAt"], hours=-1)
    return Fault("wrong-order", "endedAt", "an hour before the start", "RunStructure-order")


def _dangling(document: Document, _outputs: str, _draws: Draws) -> Fault:
    kind, nothing = document["type"], "nothing of the kind"
    field = _INPUTS.get(kind, "appliesModel")
    if kind == "Ingest":
        document[field] = nothing
        shape = "IngestStructure-ingestFrom"
    else:
        document[field] = [*document.get(field, ()), f"{nothing}@7"]
        shape = "ProcessStructure-sourceData" if kind == "Process" else "RunStructure-appliesModel"
    return Fault("dangling", field, "a name that nothing has", shape)


def _cyclic(document: Document, outputs: str, _draws: Draws) -> Fault | None:
    if not outputs:
        return None
    made = document[outputs][0]
    name = f"{made['title']}@{made['version']}"
    if outputs == "ingestTo":
        made["previousVersion"] = name
        return Fault("cyclic", "ingestTo[0].previousVersion", "the version itself", "AcyclicVersions")
    field = "sourceData" if outputs == "targetData" else "appliesModel"
    document[field] = [*document.get(field, ()), name]
    return Fault("cyclic", field, "what the run itself made", "Acyclic")


_KINDS: tuple[Break, ...] = (_missing, _doubled, _wrong_type, _wrong_range, _wrong_order, _dangling, _cyclic)
FAULTS: tuple[FaultKind, ...] = (
    "missing", "doubled", "wrong-type", "wrong-range", "wrong-order", "dangling", "cyclic"
)  # fmt: skip
"""The kinds of faults, in the order in which they come."""
