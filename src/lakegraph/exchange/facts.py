"""Rows of a view that selects, gathered as facts: what is said of each thing, by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from lakegraph.errors import NotFoundError
from lakegraph.rdf.terms import is_literal, python_value, value


class Fact(NamedTuple):
    """One thing that is said.

    Attributes:
        value: The value, as text.
        detail: What belongs to it; empty where there is nothing.
        more: What belongs to it besides.
    """

    value: str
    detail: str = ""
    more: str = ""


Facts = Mapping[str, list[Fact]]
"""Key to what is said, sorted and without doubles."""


def facts_by_thing(rows: Iterable[Mapping[str, str]], about: str) -> dict[str, Facts]:
    """The facts of each thing.

    Args:
        rows: Rows with ``key``, ``value`` and perhaps ``detail`` and ``more`` as tokens.
        about: The column that names the thing.
    """
    found: dict[str, dict[str, set[Fact]]] = {}
    for row in rows:
        if "value" in row:
            said = Fact(*(_plain(row[column]) if column in row else "" for column in Fact._fields))
            found.setdefault(value(row[about]), {}).setdefault(value(row["key"]), set()).add(said)
    return {iri: {key: sorted(said) for key, said in facts.items()} for iri, facts in found.items()}


def the_one(found: Mapping[str, Facts], things: Sequence[str], kind: str) -> str:
    """The thing that was asked for, or the only one in the story.

    Args:
        found: The facts of each thing of the kind.
        things: The IRIs that were asked for.
        kind: What they are called.

    Raises:
        NotFoundError: None of them is of the kind, and there is not just one in their story.
    """
    wanted = [iri for iri in things if iri in found] or (list(found) if len(found) == 1 else [])
    if not wanted:
        hint = f"{kind.capitalize()}s in the story: {', '.join(sorted(found)) or 'none'}."
        raise NotFoundError(f"None of these is a {kind}.", where=", ".join(things), hint=hint)
    return wanted[0]


def _plain(token: str) -> str:
    return str(python_value(token)) if is_literal(token) else value(token)
