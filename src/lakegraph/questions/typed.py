"""The questions as Python methods: typed arguments, a docstring each, and names that a notebook completes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

CARD = "5w1h"
"""The question that is answered by a card instead of a table."""
_CALLED = {CARD: "card"}
"""Questions whose names Python could not say."""


@runtime_checkable
class Named(Protocol):
    """Anything that has an IRI, such as the handle of a recorded model."""

    @property
    def iri(self) -> str:
        """The bare IRI."""


Value = str | Named | bool | int | float | Decimal | date
"""What a parameter takes: text, something with an IRI, a truth value, a number, a day or a time."""
_TYPES: Mapping[str, Any] = {
    "iri": str | Named,
    "string": str,
    "concept": str,
    "integer": int,
    "decimal": Decimal | float,
    "boolean": bool,
    "date": date | str,
    "dateTime": datetime | str,
}


def value_text(value: Value) -> str:
    """A parameter as people would type it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return format(Decimal(str(value)), "f")
    return value.iri


class Calls:
    """Every question of a lake as a method: ``lake.answers.trained_by(model="Diabet Predictor")``.

    Args:
        questions: The questions, as ``lake.questions()`` gives them.
        ask: What answers one, by its name and parameters.
    """

    def __init__(self, questions: Iterable[Mapping[str, Any]], ask: Callable[..., Any]) -> None:
        self._questions = {_called(str(each["name"])): each for each in questions}
        self._ask = ask

    def __dir__(self) -> list[str]:
        return sorted(self._questions)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        question = self._questions.get(name)
        if question is None:
            raise AttributeError(f"There is no question {name!r}; dir() of this lists them all.")
        call = _call(question, self._ask)
        self.__dict__[name] = call
        return call


def _called(name: str) -> str:
    return _CALLED.get(name, name.replace("-", "_"))


def _call(question: Mapping[str, Any], ask: Callable[..., Any]) -> Callable[..., Any]:
    name = str(question["name"])
    parameters = [_parameter(each) for each in question["parameters"]]
    parameters.append(_optional("as_of", int | str | date | None))
    signature = inspect.Signature(parameters)

    def call(*given: Any, **named: Any) -> Any:
        bound = signature.bind(*given, **named).arguments
        return ask(name, **{key: value for key, value in bound.items() if value is not None})

    call.__name__ = call.__qualname__ = _called(name)
    call.__doc__ = str(question["summary"])
    call.__signature__ = signature  # type: ignore[attr-defined] # what inspect reads
    return call


def _parameter(said: Mapping[str, Any]) -> inspect.Parameter:
    kind = _TYPES[str(said["type"])]
    if said["required"]:
        return inspect.Parameter(said["name"], inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=kind)
    return _optional(str(said["name"]), kind | None)


def _optional(name: str, kind: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
