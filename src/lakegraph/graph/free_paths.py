"""Finds paths that start and end anywhere: ``?a (p/q)+ ?b`` where nothing says what ``?a`` or ``?b`` is.

The engine answers such a pattern by walking from every node of the lake (measured: 20 s at 10M quads even with LIMIT).
What counts is a statement that consists of a variable, a path with ``+`` or ``*``, and a variable, where neither
variable occurs in any other pattern, in VALUES, in BIND, or as the name of a graph. FILTER does not count as binding:
``FILTER(?a = <iri>)`` leaves the walk as it is (measured: 30 s). Inside ``GRAPH <iri>`` the walk is one record's, and
nothing is refused there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from lakegraph.graph.lexer import Token

_PATH: Final = frozenset("/|^!()*+?")
_EXPRESSION: Final = "e"


class FreePath(NamedTuple):
    """A path between two unbound variables, and where it starts in the text."""

    start: str
    path: str
    end: str
    at: int


class _Place(NamedTuple):
    """Where a token stands: in an expression, inside one named graph, in patterns at all."""

    expression: bool
    one_graph: bool
    patterns: bool


def free_path(found: Sequence[Token]) -> FreePath | None:
    """The first such path, or ``None``."""
    if not any(t.text in ("+", "*") for t in found):
        return None
    places = _places(found)
    used = Counter(
        t.text[1:]
        for t, place in zip(found, places, strict=True)
        if t.kind == "var" and place.patterns and not place.expression
    )
    for index, token in enumerate(found):
        if token.kind != "var" or not _starts_statement(found, index) or not places[index].patterns:
            continue
        end = _end_of_path(found, index + 1)
        if end is None or places[index].one_graph:
            continue
        first, last = token.text[1:], found[end].text[1:]
        here = Counter((first, last))
        if used[first] == here[first] and used[last] == here[last]:
            path = "".join(t.text for t in found[index + 1 : end])
            return FreePath(token.text, path, found[end].text, token.start)
    return None


def _starts_statement(found: Sequence[Token], index: int) -> bool:
    return index > 0 and found[index - 1].text in ("{", ".", "}")


def _end_of_path(found: Sequence[Token], index: int) -> int | None:
    """The index of the variable that ends the statement which goes on at *index* with an unbounded path."""
    unbounded = False
    for end in range(index, len(found)):
        token = found[end]
        if token.kind == "var":
            closed = end + 1 < len(found) and found[end + 1].text not in (";", ",")
            return end if unbounded and closed else None
        if token.text in _PATH:
            unbounded = unbounded or token.text in ("+", "*")
        elif token.kind not in ("iri", "name") and token.text != "a":
            return None
    return None


def _places(found: Sequence[Token]) -> list[_Place]:
    """Where each token stands. A bracket stands inside itself."""
    places: list[_Place] = []
    stack = [_Place(expression=False, one_graph=False, patterns=False)]
    projecting = False
    for index, token in enumerate(found):
        here = stack[-1]
        projecting = _word(token, "SELECT") or (projecting and token.text != "{")
        if token.text == "(" and token.kind == "punct":
            called = index > 0 and found[index - 1].kind == "word" and found[index - 1].text.upper() not in _BINDING
            stack.append(here._replace(expression=here.expression or called))
        elif token.text == "{" and token.kind == "punct":
            template = index > 0 and _word(found[index - 1], "CONSTRUCT")
            one_graph = here.one_graph or _one_graph(found, index)
            stack.append(_Place(expression=False, one_graph=one_graph, patterns=not template))
        elif token.text == "[" and token.kind == "punct":
            stack.append(here)
        places.append(stack[-1]._replace(patterns=False) if projecting else stack[-1])
        if token.text in ("}", ")", "]") and token.kind == "punct":
            stack.pop()
    return places


def _word(token: Token, word: str) -> bool:
    return token.kind == "word" and token.text.upper() == word


_BINDING: Final = ("BIND", "VALUES", "A")


def _one_graph(found: Sequence[Token], brace: int) -> bool:
    """Whether the brace opens ``GRAPH <iri> {`` or the group of a SERVICE, which is not this lake's to walk."""
    before = [t for t in found[max(0, brace - 3) : brace] if t.text.upper() != "SILENT"]
    if len(before) < 2 or before[-1].kind not in ("iri", "name"):
        return False
    return before[-2].kind == "word" and before[-2].text.upper() in ("GRAPH", "SERVICE")
