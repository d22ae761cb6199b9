"""The few expressions in which branches of the six questions make words and numbers of what they found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal

from lakegraph.rdf.terms import XSD, datatype, is_iri, is_literal, lexical, literal, value

Bound = dict[str, str]
"""Variables and the tokens that they are bound to."""
Value = str | Decimal | None
"""A token, a computed number, or nothing where an expression has no value."""
Expression = Callable[[Bound], Value]

_NUMBERS = (XSD + "decimal", XSD + "integer")
_HALF = Decimal("0.5")


class Unreadable(Exception):
    """It takes the engine."""


def token_of(made: Value) -> str | None:
    """What an expression gave, as a token."""
    return literal(format(made, "f"), XSD + "decimal") if isinstance(made, Decimal) else made


def constant(token: str) -> Expression:
    """An expression that is always the same."""
    return lambda _: token


def variable(name: str) -> Expression:
    """What a variable is bound to."""
    return lambda bound: bound.get(name)


def computed(operator: str, left: Expression, right: Expression) -> Expression:
    """A sum, product or quotient."""

    def compute(bound: Bound) -> Value:
        a, b = _number(left(bound)), _number(right(bound))
        if a is None or b is None or (operator == "/" and not b):
            return None
        return a + b if operator == "+" else a * b if operator == "*" else a / b

    return compute


def called(name: str, arguments: Sequence[Expression]) -> Expression:
    """A call of a function.

    Raises:
        Unreadable: It is none of those that are known here, or has other arguments.
    """
    if name not in FUNCTIONS:
        raise Unreadable
    counts, function = FUNCTIONS[name]
    if len(arguments) not in counts:
        raise Unreadable
    return lambda bound: function([argument(bound) for argument in arguments])


def _number(made: Value) -> Decimal | None:
    if made is None or isinstance(made, Decimal):
        return made
    if is_literal(made) and datatype(made) in _NUMBERS:
        return Decimal(lexical(made))
    raise Unreadable  # doubles are written in a way of the engine's own


def _plain(made: Value) -> str | None:
    """The text of a plain literal."""
    token = token_of(made)
    if token is None:
        return None
    if not is_literal(token) or token[-1] != '"':
        raise Unreadable
    return lexical(token)


def _str(arguments: Sequence[Value]) -> Value:
    token = token_of(arguments[0])
    if token is None:
        return None
    if not is_iri(token) and not is_literal(token):
        raise Unreadable
    return literal(value(token))


def _concat(arguments: Sequence[Value]) -> Value:
    texts = [text for text in map(_plain, arguments) if text is not None]
    return literal("".join(texts)) if len(texts) == len(arguments) else None


def _coalesce(arguments: Sequence[Value]) -> Value:
    return next((made for made in arguments if made is not None), None)


def _replace(arguments: Sequence[Value]) -> Value:
    """Only what cuts off everything up to the last of some letter: ``REPLACE(…, "^.*/", "")``."""
    text, pattern, by = map(_plain, arguments)
    if pattern is None or by != "" or len(pattern) != 4 or not pattern.startswith("^.*") or pattern[3] in ".*+?$|^()[]":
        raise Unreadable
    if text is None:
        return None
    if "\n" in text:
        raise Unreadable
    return literal(text.rpartition(pattern[3])[2])


def _substr(arguments: Sequence[Value]) -> Value:
    text, first, length = _plain(arguments[0]), _number(arguments[1]), _number(arguments[2])
    if first != 1 or length is None or length < 0:
        raise Unreadable
    return None if text is None else literal(text[: int(length)])


def _round(arguments: Sequence[Value]) -> Value:
    number = _number(arguments[0])
    return None if number is None else (number + _HALF).to_integral_value(ROUND_FLOOR)


FUNCTIONS: Mapping[str, tuple[Sequence[int], Callable[[Sequence[Value]], Value]]] = {
    "STR": ((1,), _str),
    "CONCAT": (range(1, 20), _concat),
    "COALESCE": (range(1, 20), _coalesce),
    "REPLACE": ((3,), _replace),
    "SUBSTR": ((3,), _substr),
    "ROUND": ((1,), _round),
}
"""Each with how many arguments it may have."""
