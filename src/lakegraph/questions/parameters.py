"""The parameters of a question: their types, and how text that people send becomes a term."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from lakegraph.errors import UsageError
from lakegraph.rdf.terms import XSD, iri, literal, valid_iri
from lakegraph.rdf.vocabulary import Ontology

Resolve = Callable[[str], str]
"""Turns what a person calls a thing into the thing's token."""

_INTEGER = re.compile(r"[+-]?\d{1,18}")
_DECIMAL = re.compile(r"[+-]?(\d{1,18}(\.\d{0,17})?|\.\d{1,17})")


class ParameterError(UsageError):
    """A question was asked with a value that it cannot take."""

    code = "parameter"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a question.

    Attributes:
        name: The variable that it binds.
        type: ``iri``, ``string``, ``integer``, ``decimal``, ``date``, ``dateTime``, ``boolean`` or ``concept``.
        concept: For ``concept``, the class whose notations are taken.
        required: Whether it must be given.
        default: What is taken when it is not given, as text.
    """

    name: str
    type: str
    concept: str | None = None
    required: bool = True
    default: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The parameter for JSON and forms."""
        members: dict[str, object] = {"name": self.name, "type": self.type, "required": self.required}
        if self.concept:
            members["concept"] = self.concept
        if self.default is not None:
            members["default"] = self.default
        return members


def read(parameter: Parameter, text: str, known: Ontology, resolve: Resolve | None = None) -> str:
    """The token that *text* means for *parameter*.

    Args:
        parameter: The parameter.
        text: What a person typed.
        known: The ontology, for prefixes and concepts.
        resolve: For ``iri``: finds things by name.

    Raises:
        ParameterError: The text does not fit the type.
        NotFoundError: Nothing is called so.
        AmbiguousError: More than one thing is called so.
    """
    if parameter.type == "iri":
        return _read_iri(parameter, text, known, resolve)
    if parameter.type == "concept":
        return _read_concept(parameter, text, known)
    return _READERS[parameter.type](parameter, text)


def _refuse(parameter: Parameter, text: str, wanted: str, hint: str | None = None) -> ParameterError:
    return ParameterError(f"{text!r} is not {wanted}.", where=parameter.name, hint=hint)


def _read_iri(parameter: Parameter, text: str, known: Ontology, resolve: Resolve | None) -> str:
    if resolve:
        return resolve(text)
    expanded = known.expand(text)
    if expanded is None or not valid_iri(expanded):
        raise _refuse(parameter, text, "an IRI", "Write it whole, with its scheme; spaces in it are written %20.")
    return iri(expanded)


def _read_concept(parameter: Parameter, text: str, known: Ontology) -> str:
    prefix, _, name = (parameter.concept or "").partition(":")
    concepts = known.concepts.get(f"<{known.prefixes[prefix]}{name}>", {})
    found = concepts.get(text.lower()) or next((c for c in concepts.values() if c == f"<{text}>"), None)
    if found is None:
        raise _refuse(parameter, text, f"a {name}", f"One of: {', '.join(sorted(concepts))}.")
    return found


def _read_integer(parameter: Parameter, text: str) -> str:
    if not _INTEGER.fullmatch(text.strip()):
        raise _refuse(parameter, text, "a whole number")
    return literal(str(int(text)), XSD + "integer")


def _read_decimal(parameter: Parameter, text: str) -> str:
    if not _DECIMAL.fullmatch(text.strip()):
        raise _refuse(parameter, text, "a number", "Write it with a point, such as 0.02.")
    return literal(text.strip(), XSD + "decimal")


def _read_boolean(parameter: Parameter, text: str) -> str:
    said = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}
    if text.strip().lower() not in said:
        raise _refuse(parameter, text, "true or false")
    return literal(said[text.strip().lower()], XSD + "boolean")


def _read_date(parameter: Parameter, text: str) -> str:
    try:
        return literal(date.fromisoformat(text.strip()).isoformat(), XSD + "date")
    except ValueError as error:
        raise _refuse(parameter, text, "a date", "Write year-month-day, such as 2024-04-17.") from error


def _read_datetime(parameter: Parameter, text: str) -> str:
    hint = "Write it with its zone, such as 2024-04-17T08:00:00Z."
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise _refuse(parameter, text, "a time", hint) from error
    if moment.tzinfo is None:
        raise ParameterError(f"The time {text!r} has no zone.", where=parameter.name, hint=hint)
    return literal(moment.isoformat().replace("+00:00", "Z"), XSD + "dateTime")


_READERS: dict[str, Callable[[Parameter, str], str]] = {
    "string": lambda _parameter, text: literal(text),
    "integer": _read_integer,
    "decimal": _read_decimal,
    "boolean": _read_boolean,
    "date": _read_date,
    "dateTime": _read_datetime,
}

TYPES = frozenset({"iri", "concept", *_READERS})
"""The types that a header may name."""
