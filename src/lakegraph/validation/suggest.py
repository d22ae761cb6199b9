"""The smallest change that would satisfy a constraint, said in a few words."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from lakegraph.rdf.terms import XSD, datatype, is_literal, lexical, literal, local_name, value
from lakegraph.validation.shape import Constraint, Finding
from lakegraph.validation.values import is_valid, key, less_or_equal

_EXAMPLES = {
    "dateTime": "2024-02-25T09:00:00Z",
    "date": "2024-02-25",
    "integer": "5",
    "nonNegativeInteger": "1024",
    "decimal": "0.9354",
    "double": "0.9354",
    "boolean": "true",
    "hexBinary": "60303ae2",
    "anyURI": "https://example.org/",
}
_KINDS = {
    "IRI": "an IRI",
    "Literal": "a literal",
    "BlankNode": "a blank node",
    "BlankNodeOrIRI": "an IRI",
    "BlankNodeOrLiteral": "a literal",
    "IRIOrLiteral": "an IRI or a literal",
}


class Suggests(Protocol):
    """A result that carries a suggestion of its own."""

    @property
    def suggestion(self) -> str:
        """The smallest change."""
        ...


class _Case:
    """What a suggestion is made of."""

    def __init__(self, constraint: Constraint, finding: Finding, path: str, shorten: Callable[[str], str]) -> None:
        self.constraint = constraint
        self.finding = finding
        self.path = path or "this"
        self.shorten = shorten
        self.kind = local_name(constraint.component).removesuffix("ConstraintComponent")

    def parameter(self) -> str:
        """The token of the constraint's own parameter."""
        return self.tokens()[0]

    def tokens(self) -> Sequence[str]:
        """The tokens of the constraint's own parameter."""
        return next(iter(self.constraint.parameters.values()))

    def shown(self) -> str:
        """The constraint's own parameter, for people."""
        return self.shorten(self.parameter())


def suggestion(
    constraint: Constraint, finding: Finding, path: str, details: Sequence[Suggests], shorten: Callable[[str], str]
) -> str:
    """The smallest change that mends *finding*; empty where only a person can tell.

    Args:
        constraint: The constraint that is broken.
        finding: How it is broken.
        path: The path, as people read it.
        details: The results of the shapes that the constraint names.
        shorten: Writes a token for people.
    """
    case = _Case(constraint, finding, path, shorten)
    inner = list(dict.fromkeys(d.suggestion for d in details if d.suggestion))
    if case.kind in ("Node", "And") and inner:
        return "; ".join(inner)
    if case.kind in ("Or", "Xone") and inner:
        return ", or ".join(inner)
    write = _WRITERS.get(case.kind)
    return write(case) if write else ""


def _more(case: _Case) -> str:
    least = int(lexical(case.parameter()))
    return f"add {case.path}" if least == 1 else f"give {case.path} at least {least} values"


def _fewer(case: _Case) -> str:
    most = int(lexical(case.parameter()))
    if most == 0:
        return f"remove {case.path}"
    return f"keep one value of {case.path}" if most == 1 else f"keep {most} values of {case.path}"


def _class(case: _Case) -> str:
    if case.finding.value is not None and is_literal(case.finding.value):
        return f"refer to a {case.shown()}, not to a text"
    return f"refer to a {case.shown()} that the lake knows, or describe it in the record"


def _datatype(case: _Case) -> str:
    wanted, found = value(case.parameter()), case.finding.value
    if found is not None and is_literal(found) and datatype(found) != wanted and is_valid(lexical(found), wanted):
        return f"write {literal(lexical(found), wanted).partition('^^')[0]} as {case.shown()}"
    example = _EXAMPLES.get(wanted.removeprefix(XSD))
    return f"write it as {case.shown()}" + (f", such as {example}" if example else "")


def _member(case: _Case) -> str:
    names = [case.shorten(token) for token in case.tokens()]
    found = case.shorten(case.finding.value) if case.finding.value else ""
    near = difflib.get_close_matches(found, names, n=1)
    return f"did you mean {near[0]}?" if near else f"use one of {', '.join(names)}"


def _at_most(case: _Case) -> str:
    return f"at most {case.shown()}{_percent(case.finding.value, case.parameter())}"


def _ordered(case: _Case) -> str:
    other = case.finding.other
    if other is None:
        return ""
    word = "before" if case.kind == "LessThan" else "at most"
    return f"{word} {case.shorten(other)}{_percent(case.finding.value, other)}"


def _percent(found: str | None, bound: str) -> str:
    """A hint for the commonest wrong number, a share written as a percentage."""
    own = key(found) if found else None
    if found is None or own is None or not isinstance(own.value, int | Decimal | float) or own.kind != "number":
        return ""
    try:
        share = Decimal(lexical(found)) / 100
    except ArithmeticError:
        return ""
    token = literal(format(share, "f"), XSD + "decimal")
    return f"; did you mean {lexical(token)}?" if less_or_equal(token, bound) and share > 0 else ""


_WRITERS: dict[str, Callable[[_Case], str]] = {
    "MinCount": _more,
    "MaxCount": _fewer,
    "QualifiedMinCount": lambda case: f"give {case.path} another value of the kind wanted",
    "QualifiedMaxCount": lambda case: f"remove a value of {case.path}",
    "Class": _class,
    "Datatype": _datatype,
    "NodeKind": lambda case: f"give {_KINDS[local_name(case.parameter())]}",
    "In": _member,
    "HasValue": lambda case: f"add {case.shown()}",
    "MinInclusive": lambda case: f"at least {case.shown()}",
    "MinExclusive": lambda case: f"more than {case.shown()}",
    "MaxInclusive": _at_most,
    "MaxExclusive": lambda case: f"less than {case.shown()}{_percent(case.finding.value, case.parameter())}",
    "MinLength": lambda case: f"write at least {case.shown()} characters",
    "MaxLength": lambda case: f"write at most {case.shown()} characters",
    "Pattern": lambda case: f"write it in the form {case.shown()}",
    "LanguageIn": lambda case: f"tag it with one of {', '.join(map(lexical, case.tokens()))}",
    "UniqueLang": lambda case: f"keep one value of {case.path} in each language",
    "Equals": lambda case: f"give {case.path} and {case.shown()} the same values",
    "Disjoint": lambda case: f"remove the value from {case.path} or from {case.shown()}",
    "LessThan": _ordered,
    "LessThanOrEquals": _ordered,
    "Closed": lambda case: f"remove {case.path}",
}
