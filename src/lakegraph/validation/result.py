"""One validation result: what is wrong with which node, by which shape, and the smallest change that would mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lakegraph.rdf.namespaces import SH, Namespace
from lakegraph.rdf.terms import lang, lexical, local_name, value
from lakegraph.validation.paths import Path, Predicate, path_text
from lakegraph.validation.shape import Constraint, Finding, Judge, Shape
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

    What people read of it is written when it is asked for, because most records are accepted with warnings that nobody
    reads.

    Attributes:
        focus: The node that was judged.
        value: The value at fault, when there is one.
        path: The path from the focus node to the value, when there is one.
        severity: The severity.
        shape: The shape.
        constraint: The constraint.
        details: The results of the shapes that explain this one.
        other: The value that *value* was compared with.
        said: The message, where the engine has written it.
        shorten: Writes a token for people.
    """

    focus: str
    value: str | None
    path: Path | None
    severity: str
    shape: Shape
    constraint: Constraint
    details: tuple[Result, ...] = ()
    other: str | None = None
    said: str = ""
    shorten: Callable[[str], str] = str

    @property
    def component(self) -> str:
        """The constraint component."""
        return self.constraint.component

    @property
    def source_shape(self) -> str:
        """The shape's token."""
        return self.shape.node

    @property
    def source_constraint(self) -> str | None:
        """The node of a SPARQL constraint."""
        return self.constraint.source

    @property
    def origin(self) -> Origin:
        """Folder, file and line of the shape."""
        return self.shape.origin

    @property
    def folder(self) -> str:
        """The folder of the shape: ``integrity``, ``completeness``, ``swamp`` or ``policy``."""
        return self.shape.origin.folder

    @property
    def file(self) -> str:
        """The file of the shape."""
        return self.shape.origin.file

    @property
    def line(self) -> int:
        """The line of the shape in its file."""
        return self.shape.origin.line

    @property
    def answers(self) -> str:
        """The W that stays unanswered; empty when the shape names none."""
        return self.note("answers")

    @property
    def field(self) -> str:
        """The document field to fill or correct; empty when the shape names none."""
        return self.note("field")

    def note(self, name: str) -> str:
        """What the shape says of itself with ``lakesh:name``; empty when it says nothing."""
        found = self.shape.notes.get(_LAKESH[name])
        return value(found[0]) if found else ""

    @property
    def path_text(self) -> str:
        """The path as people read it; empty without one."""
        return path_text(self.path, self.shorten) if self.path is not None else ""

    @property
    def message(self) -> str:
        """The message, placeholders filled."""
        return self.said or _message(self)

    @property
    def suggestion(self) -> str:
        """The smallest change that would satisfy the shape; empty where only a person can tell."""
        finding = Finding(self.value, self.path, self.other)
        return suggestion(self.constraint, finding, self.path_text, self._near(), self.shorten)

    def _near(self) -> Sequence[Result]:
        """The details that tell what to change: of alternatives, those about the field that the shape names.

        Other alternatives are ways out that only the message can weigh, such as calling the run a failure.
        """
        field = self.field.rpartition(".")[2]
        own = [d for d in self.details if isinstance(d.path, Predicate)]
        if not any(local_name(d.path.iri) == field for d in own if isinstance(d.path, Predicate)):
            return self.details
        return [d for d in own if d.component == SH.MinCountConstraintComponent or d.path_text.endswith(f":{field}")]

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
            "shape": str(self.origin),
            "sourceShape": value(self.source_shape),
            "details": [d.as_dict() for d in self.details],
        }
        return {name: member for name, member in members.items() if member not in (None, "", [])}


class Reporter:
    """Makes results of what one constraint of one shape finds.

    Args:
        shape: The shape.
        constraint: The constraint.
        inner: The shapes that explain a finding.
        shorten: Writes a token for people.
    """

    __slots__ = ("_constraint", "_inner", "_shape", "_shorten")

    def __init__(
        self, shape: Shape, constraint: Constraint, inner: Sequence[Judge], shorten: Callable[[str], str]
    ) -> None:
        self._shape = shape
        self._constraint = constraint
        self._inner = inner
        self._shorten = shorten

    def __call__(self, view: View, focus: str, found: Sequence[Finding], results: list[Result]) -> None:
        """Add a result for each of *found* to *results*."""
        for finding in found:
            details: list[Result] = []
            if finding.value is not None:
                for judge in self._inner:
                    judge.collect(view, finding.value, details)
            results.append(self.result(focus, finding, tuple(details)))

    def result(self, focus: str, finding: Finding, details: tuple[Result, ...] = (), said: str = "") -> Result:
        """The result of one finding."""
        return Result(
            focus,
            finding.value,
            finding.path or self._shape.path,
            self._shape.severity,
            self._shape,
            self._constraint,
            details,
            finding.other,
            said,
            self._shorten,
        )


def _message(result: Result) -> str:
    messages = result.constraint.messages or result.shape.messages
    kind = local_name(result.component).removesuffix("ConstraintComponent")
    template = preferred(messages) if messages else _SAYS.get(kind, "The value breaks {$path}.")
    shorten, path = result.shorten, result.path_text
    names = {name: ", ".join(map(shorten, tokens)) for name, tokens in result.constraint.parameters.items()}
    names |= {"this": shorten(result.focus), "path": path, "PATH": path}
    bound = {"value": result.value, "other": result.other}
    return fill(template, names | {name: shorten(token) for name, token in bound.items() if token is not None})


def fill(template: str, names: Mapping[str, str]) -> str:
    """*template* with ``{$name}`` and ``{?name}`` replaced; a name that is not bound stays as it is written."""
    return _PLACEHOLDER.sub(lambda match: names.get(match[1], match[0]), template)


def preferred(messages: Sequence[str]) -> str:
    """The message to show of several in different languages: English, then untagged, then the first."""
    ranked = sorted(messages, key=lambda m: (not lang(m).startswith("en"), bool(lang(m))))
    return lexical(ranked[0])
