"""Evaluating a query over what was fetched, in a worker, and finding the sources of each row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from lakegraph.federation.answer import FederatedAnswer
from lakegraph.federation.endpoint import token_of
from lakegraph.federation.patterns import Needs, Pattern
from lakegraph.federation.scratch import Scratch
from lakegraph.graph import Token, tokens
from lakegraph.rdf.intake import parse
from lakegraph.rdf.terms import Triple

Evaluate = Callable[[str, Path, str], bytes]
"""A query, the directory of a store, and the syntax of the answer, to the answer."""
_MOST = 100_000
"""So many solutions are looked at for the sources of rows."""
_N_TRIPLES = "application/n-triples"


def evaluated(text: str, needs: Needs, scratch: Scratch, evaluate: Evaluate) -> FederatedAnswer:
    """The answer to *text* over the scratch store."""
    with scratch.on_disk() as place:
        if needs.form == "construct":
            body = evaluate(text, place, "ntriples")
            triples: Sequence[Triple] = parse(body, _N_TRIPLES)
            return FederatedAnswer(text, triples=tuple(triples))
        said = json.loads(evaluate(text, place, "json"))
        if "boolean" in said:
            return FederatedAnswer(text, truth=bool(said["boolean"]))
        columns = tuple(said["head"]["vars"])
        rows = [_row(row) for row in said["results"]["bindings"]]
        solutions = json.loads(evaluate(solutions_text(text), place, "json"))
    origins = _origins(columns, rows, solutions, needs, scratch)
    return FederatedAnswer(text, columns, rows, origins)


def _row(said: Mapping[str, Any]) -> dict[str, str]:
    return {name: token_of(term, "_:") for name, term in said.items()}


def _origins(
    columns: Sequence[str], rows: Sequence[Mapping[str, str]], said: Any, needs: Needs, scratch: Scratch
) -> list[tuple[str, ...]]:
    """For each row the sources of the solutions that it stands for: those that agree with it where both are bound."""
    shared = [name for name in columns if name in said["head"]["vars"]]
    visible = {f"?{name}" for name in said["head"]["vars"]}
    found: dict[tuple[str | None, ...], set[str]] = {}
    looked: dict[tuple[Pattern, tuple[str | None, ...]], set[str]] = {}
    for each in said["results"]["bindings"][:_MOST]:
        solution = _row(each)
        bound = {f"?{name}": token for name, token in solution.items()}
        sources = found.setdefault(tuple(solution.get(name) for name in shared), set())
        for step in needs.steps:
            # A group whose visible variables are not all bound did not match: it stands in an OPTIONAL or a UNION.
            if not step.positive or any(v in visible and v not in bound for p in step.patterns for v in p.variables):
                continue
            for pattern in step.patterns:
                key = pattern, tuple(bound.get(term) for term in pattern)
                if key not in looked:
                    looked[key] = (
                        scratch.sources_of_path(pattern, bound) if step.repeat else scratch.sources_of(pattern, bound)
                    )
                sources |= looked[key]
    return [tuple(sorted(found.get(tuple(row.get(name) for name in shared), ()))) for row in rows]


def solutions_text(text: str) -> str:
    """The query for every solution of a SELECT, before it is grouped, sorted and cut.

    Its outermost group is kept as it stands, and the VALUES behind it.
    """
    found = tokens(text, depth=64)
    select = next(t for t in found if t.kind == "word" and t.text.upper() == "SELECT")
    opening = next(t for t in found if t.start > select.start and t.text == "{" and t.depth == 1)
    closing = _closing(found, opening)
    behind = [t for t in found if t.start > closing.start]
    values = next((t for t in behind if t.kind == "word" and t.text.upper() == "VALUES" and t.depth == 0), None)
    star = "SELECT" + " * WHERE "
    tail = text[values.start :] if values else ""
    return f"{text[: select.start]}{star}{text[opening.start : closing.start + 1]} {tail}"


def _closing(found: Sequence[Token], opening: Token) -> Token:
    depth = 0
    for token in found:
        if token.start < opening.start or token.kind != "punct":
            continue
        depth += (token.text == "{") - (token.text == "}")
        if depth == 0:
            return token
    raise AssertionError("the guard lets no unbalanced text through")
