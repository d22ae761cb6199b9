"""One validation result: what is wrong with which node, by which shape, and the smallest change that would mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lakegraph.rdf.namespaces import Namespace
from lakegraph.rdf.terms import lang, lexical, local_name, value
from lakegraph.validation.paths import Path, path_text
from lakegraph.validation.shape import Built, Constraint, Finding, Shape
from lakegraph.validation.shapes_graph import Origin
from lakegraph.validation.suggest import suggestion
from lakegraph.validation.view import View

_PLACEHOLDER = re.compile(r"\{[$?](\w+)\}")
_LAKESH = Namespace("lakesh")
_SAYS = {
    "Class": "{$value} is not a {$class}.",
    "Datatype": "{$value} is not a well-formed {$datatype}.",
    "NodeKind": "{$value} is not of the kind {$nodeKind}.",
    "In": "{$value} is not one of {$in}.",
    "HasValue": "The value {$hasValue} is missing for {$path}.",
    "MinExclusive": "{$value} is not greater than {$minExclusive}.",
    "MinInclusive": "{$value} is less than {$minInclusive}.",
    "MaxExclusive": "{$value} is not less than {$maxExclusive}.",
    "MaxInclusive": "{$value} is greater than {$maxInclusive}.",
    "MinLength": "{$value} is shorter than {$minLength} characters.",
    "MaxLength": "{$value} is longer than {$maxLength} characters.",
    "Pattern": "{$value} does not match {$pattern}.",
    "LanguageIn": "{$value} is not in one of the languages {$languageIn}.",
    "UniqueLang": "There is more than one value of {$path} in one language.",
    "MinCount": "There are fewer than {$minCount} values of {$path}.",
    "MaxCount": "There are more than {$maxCount} values of {$path}.",
    "Equals": "{$value} is not a value of both {$path} and {$equals}.",
    "Disjoint": "{$value} is a value of both {$path} and {$disjoint}.",
    "LessThan": "{$value} is not less than {$other}, the value of {$lessThan}.",
    "LessThanOrEquals": "{$value} is not less than or equal to {$other}, the value of {$lessThanOrEquals}.",
    "Closed": "The property {$path} is not allowed here.",
    "Node": "{$value} does not conform to {$node}.",
    "Not": "{$value} conforms to {$not}, which it must not.",
    "And": "{$value} does not conform to all of its shapes.",
    "Or": "{$value} conforms to none of its alternatives.",
    "Xone": "{$value} does not conform to exactly one of its alternatives.",
    "QualifiedMinCount": "There are fewer than {$qualifiedMinCount} values of {$path} of the kind wanted.",
    "QualifiedMaxCount": "There are more than {$qualifiedMaxCount} values of {$path} of the kind limited.",
}
"""What is said where a shape has no message of its own, by constraint component."""


@dataclass(frozen=True, slots=True)
class Result:
    """One way in which a node does not conform (``sh:ValidationResult``).

    Attributes:
        focus: The node that was judged.
        path: The path from it to the value, when there is one.
        path_text: The path as people read it; empty without one.
        value: The value at fault, when there is one.
        component: The constraint component.
        severity: The severity.
        source_shape: The shape.
        message: The message, placeholders filled.
        origin: The shape's folder, file and line.
        answers: The W that stays unanswered; empty when the shape names none.
        field: The document field to fill or correct; empty when the shape names none.
        suggestion: The smallest change that would satisfy the shape.
        details: The results of the shapes that explain this one.
        source_constraint: The node of a SPARQL constraint.
    """

    focus: str
    path: Path | None
    path_text: str
    value: str | None
    component: str
    severity: str
    source_shape: str
    message: str
    origin: Origin
    answers: str = ""
    field: str = ""
    suggestion: str = ""
    details: tuple[Result, ...] = ()
    source_constraint: str | None = None

    @property
    def folder(self) -> str:
        """The folder of the shape: ``integrity``, ``completeness``, ``swamp`` or ``policy``."""
        return self.origin.folder

    @property
    def file(self) -> str:
        """The file of the shape."""
        return self.origin.file

    @property
    def line(self) -> int:
        """The line of the shape in its file."""
        return self.origin.line

    def as_dict(self) -> dict[str, object]:
        """The result for JSON: IRIs bare, names as people read them, empty members left out."""
        members: dict[str, object] = {
            "focus": value(self.focus),
            "path": self.path_text,
            "value": None if self.value is None else value(self.value),
            "message": self.message,
            "suggestion": self.suggestion,
            "severity": local_name(self.severity),
            "component": local_name(self.component).removesuffix("ConstraintComponent"),
            "answers": self.answers,
            "field": self.field,
            "folder": self.folder,
            "shape": f"{self.origin}",
            "sourceShape": value(self.source_shape),
            "details": [d.as_dict() for d in self.details],
        }
        return {name: member for name, member in members.items() if member not in (None, "", [])}


class Reporter:
    """Makes results of what one constraint of one shape finds.

    Args:
        shape: The shape.
        constraint: The constraint.
        built: Its compiled form.
        shorten: Writes a token for people.
    """

    __slots__ = ("_built", "_constraint", "_shape", "_shorten")

    def __init__(self, shape: Shape, constraint: Constraint, built: Built | None, shorten: Callable[[str], str]) -> None:
        self._shape = shape
        self._constraint = constraint
        self._built = built
        self._shorten = shorten

    def __call__(self, view: View, focus: str, found: Sequence[Finding], results: list[Result]) -> None:
        """Add a result for each of *found* to *results*."""
        for finding in found:
            details: list[Result] = []
            if finding.value is not None and self._built is not None:
                for judge in self._built.inner:
                    judge.collect(view, finding.value, details)
            results.append(self.result(focus, finding, tuple(details)))

    def result(self, focus: str, finding: Finding, details: tuple[Result, ...] = (), message: str = "") -> Result:
        """The result of one finding."""
        shape, constraint = self._shape, self._constraint
        path = finding.path or shape.path
        text = path_text(path, self._shorten) if path is not None else ""
        return Result(
            focus=focus,
            path=path,
            path_text=text,
            value=finding.value,
            component=constraint.component,
            severity=shape.severity,
            source_shape=shape.node,
            message=message or self._message(focus, text, finding),
            origin=shape.origin,
            answers=_note(shape, _LAKESH.answers),
            field=_note(shape, _LAKESH.field),
            suggestion=suggestion(constraint, finding, text, details, self._shorten),
            details=details,
            source_constraint=constraint.source,
        )

    def _message(self, focus: str, path: str, finding: Finding) -> str:
        messages = self._constraint.messages or self._shape.messages
        kind = local_name(self._constraint.component).removesuffix("ConstraintComponent")
        template = preferred(messages) if messages else _SAYS.get(kind, "The value breaks {$path}.")
        names: dict[str, str] = {
            name: ", ".join(map(self._shorten, tokens)) for name, tokens in self._constraint.parameters.items()
        }
        names |= {"this": self._shorten(focus), "path": path, "PATH": path}
        bound = {"value": finding.value, "other": finding.other}
        names |= {name: self._shorten(token) for name, token in bound.items() if token is not None}
        return fill(template, names)


def fill(template: str, names: Mapping[str, str]) -> str:
    """*template* with ``{$name}`` and ``{?name}`` replaced; a name that is not bound stays as it is written."""
    return _PLACEHOLDER.sub(lambda match: names.get(match[1], match[0]), template)


def preferred(messages: Sequence[str]) -> str:
    """The message to show of several in different languages: English, then untagged, then the first."""
    ranked = sorted(messages, key=lambda m: (not lang(m).startswith("en"), bool(lang(m))))
    return lexical(ranked[0])


def _note(shape: Shape, predicate: str) -> str:
    found = shape.notes.get(predicate)
    return value(found[0]) if found else ""
