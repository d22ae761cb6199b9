"""Answers between lakegraph and lakegraph: nothing of them is lost on the way, so that they are equal on both sides."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lakegraph import questions
from lakegraph.errors import LakegraphError

EXACT = "application/vnd.lakegraph+json"
"""The media type of this form; it follows the classes, so both ends should be of one version."""

_ANSWERS = frozenset(
    {"Card", "Result", "Lineage", "Paths", "Impact", "Comparison", "LineageDifference", "History", "Gaps", "Recipe"}
)
_REPORTS = ("Coverage",)


def dump(answer: object) -> bytes:
    """An answer, written by its fields.

    Args:
        answer: An instance of one of the answer classes of :mod:`lakegraph.questions`.
    """
    name = type(answer).__name__
    if isinstance(answer, questions.LineageDifference):
        answer = replace(answer, first=_made(answer.first), second=_made(answer.second))
    elif isinstance(answer, questions.Lineage):
        answer = _made(answer)
    members = _adapter(name).dump_python(answer, mode="json")
    return json.dumps({"class": name, "fields": members}, ensure_ascii=False).encode()


def _made(lineage: questions.Lineage) -> questions.Lineage:
    """The lineage with its nodes and edges made, which otherwise waits until they are looked at."""
    return replace(lineage, nodes=dict(lineage.nodes), edges=tuple(lineage.edges))


def load(body: bytes) -> Any:
    """The answer that *body* was written from.

    Raises:
        LakegraphError: It is not in this form; the server may be of another version.
    """
    try:
        said = json.loads(body)
        return _adapter(said["class"]).validate_python(said["fields"])
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise LakegraphError(
            "The lake's answer cannot be read.", hint="Use the same version of lakegraph on both sides."
        ) from error


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    if name in _REPORTS:
        from lakegraph import exchange

        return TypeAdapter(getattr(exchange, name))
    if name not in _ANSWERS:
        raise KeyError(name)
    return TypeAdapter(getattr(questions, name))
