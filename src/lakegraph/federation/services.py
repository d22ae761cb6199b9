"""SERVICE (SPARQL 1.1 Federated Query): each call is put to its peer by the broker, and its rows stand in its place.

The group of a call is sent as it is, in the words of the query: nothing is translated here. What comes back becomes
VALUES in the query, which then needs no connection, so that the worker that evaluates it has none. A call with SILENT
that fails is an empty group, as the standard says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from lakegraph.errors import ForbiddenError, LakegraphError
from lakegraph.federation.endpoint import Answer
from lakegraph.federation.rewriting import filled
from lakegraph.graph import Token, tokens
from lakegraph.rdf.terms import is_blank

Call = Callable[[str, Callable[[int], str]], Answer]
"""The IRI of a service, and what gives the query for a number of rows, to all of the rows."""
_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
_BLANK = "urn:lakegraph:blank:"


def answered(text: str, call: Call) -> str:
    """The query with the rows of each call in its place.

    Args:
        text: A query that the guard let through, whose services are allowed.
        call: Calls a service.

    Raises:
        ForbiddenError: A call stands in another: a peer is not sent to a third host.
        LakegraphError: A call failed that was not silent.
    """
    found = tokens(text, depth=64)
    prologue = text[: next(t.start for t in found if t.kind == "word" and t.depth == 0 and t.text.upper() in _FORMS)]
    parts, done = [], 0
    for index, token in enumerate(found):
        if token.start < done or token.kind != "word" or token.text.upper() != "SERVICE":
            continue
        silent = found[index + 1].text.upper() == "SILENT"
        name, brace = found[index + 1 + silent : index + 3 + silent]
        closing = _closing(found[index + 2 + silent :])
        group = text[brace.start : closing.start + 1]
        if any(t.kind == "word" and t.text.upper() == "SERVICE" for t in tokens(group, depth=64)):
            raise ForbiddenError("A SERVICE stands in another.", hint="Call each of them from here.")
        parts += [text[done : token.start], _called(call, name.text[1:-1], prologue, group, silent=silent)]
        done = closing.start + 1
    return "".join(parts) + text[done:]


def _closing(found: Sequence[Token]) -> Token:
    depth = 0
    for token in found:
        if token.kind == "punct":
            depth += (token.text == "{") - (token.text == "}")
            if depth == 0:
                return token
    raise AssertionError("the guard lets no unbalanced text through")


def _called(call: Call, service: str, prologue: str, group: str, *, silent: bool) -> str:
    try:
        answer = call(service, lambda rows: prologue + filled("peer-service", group=group, limit=str(rows + 1)))
    except LakegraphError:
        if silent:
            return "{ }"
        raise
    return f"{{ {_values(answer)} }}"


def _values(answer: Answer) -> str:
    if not answer.variables:
        return "" if answer.rows else "FILTER(false)"
    names = " ".join(f"?{name}" for name in answer.variables)
    rows = " ".join(f"({' '.join(_cell(row.get(name)) for name in answer.variables)})" for row in answer.rows)
    return f"VALUES ({names}) {{ {rows} }}"


def _cell(token: str | None) -> str:
    """A term for VALUES, which takes no blank nodes: they get a name that means nothing elsewhere."""
    if token is None:
        return "UNDEF"
    if is_blank(token):
        return f"<{_BLANK}{hashlib.blake2b(token.encode(), digest_size=10).hexdigest()}>"
    return token
