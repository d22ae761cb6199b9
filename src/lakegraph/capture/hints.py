"""Turns a refusal's hint into the arguments of this API that would mend it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from lakegraph.errors import LakegraphError, RefusedError

_KIND = re.compile(r"/id/([a-z-]+)/[^/]+(/.*)?")

_ARGUMENTS: Final = {
    ("run", "description"): 'why="…"',
    ("run", "associatedWith"): 'by="…"',
    ("run", "ingestedBy"): 'by="…"',
    ("run", "processedBy"): 'by="…"',
    ("run", "analyzedBy"): 'by="…"',
    ("run", "deployedBy"): 'by="…"',
    ("run", "reviewedBy"): 'by="…"',
    ("run", "changedBy"): 'by="…"',
    ("run", "ingestionMode"): 'mode="batch"',
    ("run", "ingestTo"): "run.write(path)",
    ("run", "sourceData"): "inputs=[…]",
    ("run", "targetData"): "run.write(path)",
    ("run", "hasOperation"): 'run.operation("cleaning", "…")',
    ("run", "analyzes"): "inputs=[…]",
    ("run", "analysisType"): 'analysis_type="supervised"',
    ("run", "study"): 'study="…"',
    ("run", "hasTask"): 'task="…"',
    ("run", "targetAttribute"): 'target="…"',
    ("run", "hasImplementation"): 'algorithm="…"',
    ("run", "hasParameterSetting"): "run.params(…)",
    ("run", "hasOutputModel"): "run.save(model, path)",
    ("run", "hasEvaluation"): 'run.metric("accuracy", …)',
    ("run", "baseModel"): "base=…",
    ("run", "evaluatesModel"): "model=…",
    ("run", "deploysModel"): "model=…",
    ("run", "hasObservation"): 'run.observe("accuracy", …, since=…)',
    ("run", "decision"): 'decision="approved"',
    ("source", "description"): 'description="…"',
    ("source", "owner"): 'owner="…"',
    ("source", "landingPage"): 'source="https://…"',
    ("source", "datasetType"): 'format="structured"',
    ("source", "created"): 'created="YYYY-MM-DD"',
    ("study", "description"): 'study={"title": "…", "description": "…"}',
    ("task", "description"): 'task={"title": "…", "description": "…"}',
    ("dataset", "description"): 'description="…" in run.write()',
    ("dataset", "securityLevel"): 'level="…"',
    ("dataset", "administrator"): 'by="…"',
    ("model", "administrator"): 'by="…"',
    ("program", "usesAlgorithm"): 'algorithm="…"',
    ("program", "sourceCodeURL"): 'code="path/of/the/program.py"',
    ("deployment", "endpointURL"): 'endpoint="https://…"',
    ("deployment", "servesModel"): "a title of its own",
}
"""By the kind of thing a shape looked at and the document field it asks for: the argument or call to add."""


@contextmanager
def naming_arguments(mend: str) -> Iterator[None]:
    """Let a refusal raised inside name the arguments to add.

    Args:
        mend: What to say about trying again, at the end of the hint.
    """
    try:
        yield
    except LakegraphError as error:
        # By its code, not its class: a refusal that comes over HTTP is of another class, and says the same.
        if error.code == RefusedError.code:
            error.hint = hint_for(error, mend)
        raise


def hint_for(refusal: LakegraphError, mend: str) -> str | None:
    """What to do about *refusal*: for each problem the argument to add where there is one, and the shape's message."""
    results = refusal.as_dict().get("report", {}).get("results", [])
    lines = dict.fromkeys(_line(result) for result in results if result.get("severity") == "Violation")
    if not lines:
        return refusal.hint
    return " ".join([*lines, mend]).strip()


def _line(result: dict[str, Any]) -> str:
    match = _KIND.search(str(result.get("focus", "")))
    kind = match[1] if match and (match[1] != "run" or not match[2]) else ""
    argument = _ARGUMENTS.get((kind, str(result.get("field", ""))))
    message = str(result.get("message", ""))
    return f"Add {argument}: {message}" if argument else message
