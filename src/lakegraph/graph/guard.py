"""The gate for SPARQL that people send: what a text is, and a refusal of what must not reach an engine.

It fails closed. What is refused, and no more:

- a text above 64 KiB, nested more than 64 deep, with more than 100 steps in a path or 4,000 operators in an expression
  (beyond, planning takes seconds or the parser overflows its stack: measured at 400 steps 3 s, 20,000 sums a crash);
- a character, string or escape that SPARQL does not know, and a text with two readings (see :mod:`.lexer`);
- SERVICE, except with a constant IRI from the allowed set; LOAD, always; an update where a query is due;
- a path with ``+`` or ``*`` between two variables that nothing binds (see :mod:`.free_paths`).

What passes may still be wrong or costly: the engine reports the one, a worker's deadline ends the other.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from lakegraph.errors import ForbiddenError, LakegraphError, QueryError
from lakegraph.graph.free_paths import free_path
from lakegraph.graph.lexer import Token, refused, tokens
from lakegraph.graph.plain import plain_form

Form = Literal["select", "ask", "construct", "update"]

_FORMS: Final[dict[str, Form]] = {
    "SELECT": "select", "ASK": "ask", "CONSTRUCT": "construct", "DESCRIBE": "construct",
    "INSERT": "update", "DELETE": "update", "LOAD": "update", "CLEAR": "update", "CREATE": "update", "DROP": "update",
    "COPY": "update", "MOVE": "update", "ADD": "update", "WITH": "update",
}  # fmt: skip
_PROLOGUE: Final = ("PREFIX", "BASE", "VERSION")
_BREAKS: Final = frozenset(".;,{}")


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a text may be.

    Args:
        size: Bytes of UTF-8.
        depth: Nested brackets.
        steps: ``/`` in one path.
        operators: Operators in one expression.
        free_paths: Whether paths between two unbound variables are let through.
    """

    size: int = 64 * 1024
    depth: int = 64
    steps: int = 100
    operators: int = 4000
    free_paths: bool = False


@dataclass(frozen=True, slots=True)
class Inspected:
    """What a text was found to be.

    Args:
        form: ``select``, ``ask``, ``construct`` (DESCRIBE too) or ``update``.
        dataset: Whether it names its dataset (FROM; USING or WITH in an update).
        services: The IRIs that it calls by SERVICE, all of them allowed.
    """

    form: Form
    dataset: bool
    services: tuple[str, ...]


def inspect_query(text: str, *, services: Collection[str] = (), limits: Limits | None = None) -> Inspected:
    """What the query *text* is, once it was found harmless.

    Args:
        text: SPARQL, as it was sent.
        services: IRIs that SERVICE may name.
        limits: How large it may be.

    Raises:
        QueryError: It is malformed, beyond the limits, or an update; ``where`` gives line and column.
        ForbiddenError: It names a service that is not allowed.
    """
    limits = limits or _DEFAULT
    if len(text) <= min(limits.size, limits.operators):
        plain = plain_form(text, depth=limits.depth, steps=limits.steps)
        if plain is not None:
            return _PLAIN[plain]
    return _read(text, frozenset(services), limits)


def inspect_update(text: str, *, services: Collection[str] = (), limits: Limits | None = None) -> Inspected:
    """What the update *text* is, once it was found harmless; an empty one is an update too.

    Raises:
        QueryError: It is malformed, beyond the limits, or a query; ``where`` gives line and column.
        ForbiddenError: It names a service that is not allowed, or loads a document.
    """
    found = _tokens(text, limits or _DEFAULT)
    form, _ = _form(found)
    if form not in ("update", ""):
        raise QueryError("This is a query, and only updates are taken here.", hint="Send queries to /sparql.")
    _check_load(text, found)
    dataset = any(t.kind == "word" and t.text.upper() in ("USING", "WITH") for t in found)
    return Inspected("update", dataset, _services(text, found, frozenset(services)))


_DEFAULT: Final = Limits()
_PLAIN: Final = {form: Inspected(form, dataset=False, services=()) for form in get_args(Form)}


def _read(text: str, services: frozenset[str], limits: Limits) -> Inspected:
    """What the query is, token by token."""
    found = _tokens(text, limits)
    form, head = _form(found)
    if form == "":
        raise QueryError("This is not a SPARQL query: it begins with none of SELECT, ASK, CONSTRUCT and DESCRIBE.")
    if form == "update":
        raise QueryError("This is an update, and only queries are answered here.", hint="Send updates to /update.")
    lowered = text.lower()
    called = _services(text, found, services) if "service" in lowered else ()
    dataset = "from" in lowered and _names_dataset(found[head:])
    unbounded = "+" in text or "*" in text
    if unbounded and not (limits.free_paths or dataset) and (free := free_path(found)):
        raise refused(
            text,
            free.at,
            f"The path from {free.start} to {free.end} starts and ends at nothing that is known, which visits the"
            " whole lake",
            f"Say where it starts: VALUES {free.start} {{ <…> }} {free.start} {free.path} {free.end} .",
        )
    return Inspected(form, dataset, called)


def _tokens(text: str, limits: Limits) -> list[Token]:
    _check_size(text, limits.size)
    found = tokens(text, depth=limits.depth)
    _check_chains(text, found, limits)
    return found


def _check_size(text: str, limit: int) -> None:
    try:
        size = len(text) if text.isascii() else len(text.encode())
        if "\x00" in text:
            raise QueryError("The SPARQL text holds a NUL character.")
    except UnicodeEncodeError as error:
        raise QueryError("The SPARQL text is not valid Unicode.", where=f"character {error.start + 1}") from error
    if size > limit:
        raise QueryError(
            f"The SPARQL text has {size} bytes; {limit} are allowed.", hint="Send data in VALUES in parts."
        )


def _check_chains(text: str, found: Sequence[Token], limits: Limits) -> None:
    if len(found) < min(2 * limits.steps, limits.operators):
        return
    steps = operators = 0
    for token in found:
        if token.kind != "punct":
            continue
        if token.text in _BREAKS:
            steps = operators = 0
        elif token.text not in "()[]":
            operators += 1
            steps += token.text == "/"
            if steps > limits.steps:
                raise refused(text, token.start, f"A path has more than {limits.steps} steps")
            if operators > limits.operators:
                raise refused(text, token.start, f"An expression has more than {limits.operators} operators")


def _form(found: Sequence[Token]) -> tuple[Form | Literal[""], int]:
    """The form of the text and the index of the word that gives it; the engine lets words run into names."""
    declared = False
    for index, token in enumerate(found):
        if token.kind in ("word", "name") and token.depth == 0 and not declared:
            upper = token.text.upper()
            if upper.startswith(_PROLOGUE):
                declared = upper == "PREFIX"
                continue
            for word, form in _FORMS.items():
                if upper.startswith(word):
                    return form, index
            break
        declared = False
    return "", 0


def _names_dataset(found: Sequence[Token]) -> bool:
    """Whether FROM stands before the first brace of a query, also where it runs into a name (``FROMex:g``)."""
    for token in found:
        if token.text == "{":
            return False
        if token.kind == "word" and "FROM" in token.text.upper():
            return True
        if token.kind == "name" and "FROM" in token.text.partition(":")[0].upper():
            return True
    return False


def _services(text: str, found: Sequence[Token], allowed: frozenset[str]) -> tuple[str, ...]:
    """The services that are called; refuses every call that is not in the one plain form, to an allowed IRI.

    A call is looked for in every word and name that holds the letters, because the engine splits them: ``20SERVICE``,
    ``trueSERVICE``, ``SERVICEex:peer {``, and ``ex:SERVICE <…> {`` where ``ex:`` ends in a port, so that the whole name
    is no IRI (each tried, each called).
    """
    called: list[str] = []
    for index, token in enumerate(found):
        if token.kind not in ("word", "name", "lang", "blank") or "service" not in token.text.lower():
            continue
        after = found[index + 1 : index + 4]
        if token.kind != "word" and not _calls(token, after):
            continue
        if token.text.upper() != "SERVICE":
            raise refused(text, token.start, "SERVICE runs into another word here", "Write SERVICE <…> { … }.")
        if after and after[0].kind == "word" and after[0].text.upper() == "SILENT":
            after = after[1:]
        if not after or after[0].kind != "iri":
            raise refused(text, token.start, "SERVICE needs an IRI in full, neither a variable nor a prefixed name")
        iri = after[0].text[1:-1]
        if iri not in allowed:
            raise _forbidden(
                text, token, f"The service <{iri}> is not registered here", "Ask for it to be registered as a peer."
            )
        called.append(iri)
    return tuple(called)


def _calls(token: Token, after: Sequence[Token]) -> bool:
    """Whether a name that holds "service" may be a call: a group follows behind at most SILENT and one term."""
    kinds = [t.kind for t in after]
    braces = [t.text == "{" for t in after]
    if any(braces[:1]):
        return ":" in token.text[token.text.lower().index("service") :]
    if any(braces[1:2]):
        return kinds[0] in ("iri", "var", "name")
    return any(braces[2:3]) and kinds[0] == "word" and after[0].text.upper().startswith("SILENT")


def _check_load(text: str, found: Sequence[Token]) -> None:
    """Refuse LOAD; an operation begins a text or stands behind a mark, an IRI or a string, never behind a word."""
    for before, token in zip((None, *found), found, strict=False):
        begins = before is None or before.kind != "word"
        if begins and token.depth == 0 and token.kind in ("word", "name") and token.text.upper().startswith("LOAD"):
            raise _forbidden(text, token, "LOAD is never allowed", "Send the statements themselves with INSERT DATA.")


def _forbidden(text: str, token: Token, message: str, hint: str) -> LakegraphError:
    place = refused(text, token.start, message)
    return ForbiddenError(place.message, where=place.where, hint=hint)
