"""The header of a question file: the ``#+`` lines that say what it answers and what it takes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lakegraph.errors import DataFileError
from lakegraph.questions.parameters import TYPES, Parameter

KEYS = ("summary", "answers", "params", "about", "name", "narrowed")
LISTS = ("gaps", "best")
"""What an index can list, to narrow a question that the graph could only answer by looking at everything."""
_LINE = re.compile(r"#\+\s*(\w+)\s*:\s*(.*?)\s*")
_PARAMETER = re.compile(
    r"(?P<name>[A-Za-z_]\w*)\s*:\s*(?P<type>\w+)(?:\((?P<concept>[\w:-]+)\))?(?P<optional>\?)?(?:\s*=\s*(?P<default>.+))?"
)


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of one file says.

    Attributes:
        summary: The question, as a person would ask it.
        answers: The W, or the area, that it answers.
        parameters: What it takes, in order.
        about: The classes, prefixed, that its subject may have; empty for any.
        name: The name, where it is not the file's.
        narrowed: A variable, and the list of the index outside of which it has no answer.
    """

    summary: str
    answers: str
    parameters: tuple[Parameter, ...] = ()
    about: tuple[str, ...] = ()
    name: str | None = None
    narrowed: tuple[str, str] | None = None


def read_header(text: str, where: str) -> Header:
    """The header of a question's *text*.

    Args:
        text: The whole file.
        where: The file, as messages name it.

    Raises:
        DataFileError: A line is malformed, unknown or missing; file and line are named.
    """
    said: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("#+"):
            if line.strip() and not line.startswith("#"):
                break
            continue
        key, value = _split(line, f"{where}:{number}")
        if key in said:
            raise DataFileError(f"The header says {key!r} twice.", where=f"{where}:{number}")
        said[key] = (value, number)
    for key in ("summary", "answers"):
        if not said.get(key, ("", 0))[0]:
            raise DataFileError(
                f"The question has no {key}.", where=f"{where}:1", hint=f"Add a line such as: #+ {key}: …"
            )
    params, line_number = said.get("params", ("", 0))
    return Header(
        summary=said["summary"][0],
        answers=said["answers"][0],
        parameters=_parameters(params, f"{where}:{line_number}"),
        about=tuple(name.strip() for name in said.get("about", ("", 0))[0].split(",") if name.strip()),
        name=said.get("name", (None, 0))[0] or None,
        narrowed=_narrowed(*said["narrowed"], where) if "narrowed" in said else None,
    )


def _narrowed(text: str, number: int, where: str) -> tuple[str, str]:
    variable, by, listed = (*text.split(), "", "", "")[:3]
    if by != "by" or listed not in LISTS:
        raise DataFileError(
            f"Not a way to narrow a question: {text!r}.",
            where=f"{where}:{number}",
            hint=f"#+ narrowed: thing by gaps; the index lists {', '.join(LISTS)}.",
        )
    return variable, listed


def _split(line: str, where: str) -> tuple[str, str]:
    match = _LINE.fullmatch(line)
    if not match or match[1] not in KEYS:
        raise DataFileError(
            f"Not a line of a question's header: {line.strip()!r}.", where=where, hint=f"It may say: {', '.join(KEYS)}."
        )
    return match[1], match[2]


def _parameters(text: str, where: str) -> tuple[Parameter, ...]:
    inner = text.strip()
    if not inner:
        return ()
    if inner[0] != "{" or inner[-1] != "}":
        raise DataFileError("Parameters stand in braces.", where=where, hint="#+ params: {model: iri, n: integer?}")
    found: dict[str, Parameter] = {}
    for part in inner[1:-1].split(","):
        if part.strip():
            parameter = _parameter(part.strip(), where)
            if parameter.name in found:
                raise DataFileError(f"The parameter {parameter.name!r} is declared twice.", where=where)
            found[parameter.name] = parameter
    return tuple(found.values())


def _parameter(text: str, where: str) -> Parameter:
    match = _PARAMETER.fullmatch(text)
    if not match:
        raise DataFileError(
            f"Not a parameter: {text!r}.", where=where, hint="name: type, name: type?, or name: type = default"
        )
    if match["type"] not in TYPES:
        raise DataFileError(
            f"The parameter {match['name']!r} has the unknown type {match['type']!r}.",
            where=where,
            hint=f"One of: {', '.join(sorted(TYPES))}.",
        )
    concept = match["concept"]
    if (match["type"] == "concept") != bool(concept):
        raise DataFileError(
            f"The parameter {match['name']!r} must name its class, and only a concept has one.",
            where=where,
            hint="level: concept(lake:SecurityLevel)",
        )
    if concept and ":" not in concept:
        concept = f"lake:{concept}"
    default = match["default"]
    return Parameter(match["name"], match["type"], concept, not match["optional"] and default is None, default)
