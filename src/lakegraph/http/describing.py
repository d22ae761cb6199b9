"""What a route takes and answers, said once: it reads the request by it, and OpenAPI is made of it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from flask import current_app, request

from lakegraph.errors import UsageError
from lakegraph.http.negotiation import JSON

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a route.

    Attributes:
        name: What it is called.
        says: What it means, in a sentence.
        required: Whether it must be given.
        kind: The JSON type of its value.
        place: Where it stands.
        many: Whether it may be given several times.
    """

    name: str
    says: str
    required: bool = False
    kind: Literal["string", "integer", "boolean"] = "string"
    place: Literal["query", "path", "header"] = "query"
    many: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the service does.

    Attributes:
        parameters: What it takes.
        answers: Status to the media types of its answer, or to none where it has no body.
        schema: The name of the schema of its JSON answer, where there is one.
        body: Media type to the name of the schema of the request's body (empty for text).
        refuses: Statuses of the problems that it may answer.
        free: Whether it takes query parameters that are not named here.
    """

    parameters: tuple[Parameter, ...] = ()
    answers: Mapping[int, tuple[str, ...]] = field(default_factory=lambda: {200: (JSON,)})
    schema: str = ""
    body: Mapping[str, str] = field(default_factory=dict)
    refuses: tuple[int, ...] = ()
    free: bool = False


_OPERATIONS: dict[Callable[..., Any], Operation] = {}


def describes(operation: Operation) -> Callable[[View], View]:
    """Say what a view takes and answers; its docstring says what it is for."""

    def note(view: View) -> View:
        _OPERATIONS[view] = operation
        return view

    return note


def operation_of(view: Callable[..., Any]) -> Operation:
    """What was said of *view*."""
    return _OPERATIONS[view]


def parameters() -> dict[str, str]:
    """The query parameters of the current request, by name; of one that may be given several times, the first value.

    Raises:
        UsageError: One is unknown, missing, or given twice.
    """
    operation = operation_of(current_app.view_functions[request.endpoint or ""])
    known = [p.name for p in operation.parameters if p.place == "query"]
    several = {p.name for p in operation.parameters if p.many}
    said: dict[str, str] = {}
    for name, values in request.args.lists():
        if name not in known and not operation.free:
            raise _unknown(name, known)
        if len(values) > 1 and name not in several:
            raise UsageError(f"The parameter {name} is given {len(values)} times.", where=name, hint="Give it once.")
        said[name] = values[0]
    for parameter in operation.parameters:
        if parameter.required and parameter.place == "query" and not said.get(parameter.name):
            raise UsageError(f"The parameter {parameter.name} is missing.", where=parameter.name, hint=parameter.says)
    return said


def flag(said: Mapping[str, str], name: str) -> bool:
    """A parameter that is true or false, and false when it is left out.

    Raises:
        UsageError: It is neither.
    """
    text = said.get(name, "false").lower()
    if text not in ("1", "true", "0", "false"):
        raise UsageError(f"{text!r} is neither true nor false.", where=name, hint="Say true or false.")
    return text in ("1", "true")


def number(said: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    """A parameter that is a whole number from 0 to *most*.

    Raises:
        UsageError: It is none.
    """
    text = said.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most):
        raise UsageError(f"{text!r} is not a number from 0 to {most}.", where=name, hint=f"Such as {default}.")
    return int(text)


def _unknown(name: str, known: list[str]) -> UsageError:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"It takes {', '.join(known) or 'no parameters'}."
    return UsageError(f"There is no parameter {name!r} here.", where=name[:100], hint=hint)
