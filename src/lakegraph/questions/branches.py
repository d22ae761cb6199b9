"""The part of a W's query that concerns one kind of thing.

A query over all kinds is parsed and planned in full for each thing that it is asked of, which is most of what a card
costs (measured: 55 µs a branch). Its branches stand under comments that name the classes they are for; the others are
left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache, lru_cache

from lakegraph.questions.asking import text_of
from lakegraph.rdf.vocabulary import ontology

_SECTION = re.compile(r"  # ((?:[a-z]+:\w+(?:, )?)+): ")
_UNION = "  UNION\n"


WS = ("what", "who", "where", "when", "why", "how")
"""The six questions, in the order of a card."""


def narrowed(w: str, classes: Collection[str]) -> str | None:
    """The query of one W with the branches for a thing of these classes.

    Args:
        w: ``what``, ``who`` and so on.
        classes: The thing's classes (tokens); superclasses need not be among them.

    Returns:
        A query; ``None``, where there is nothing to ask of such a thing; the whole query for a thing of no kind that
        the six know.
    """
    known = ontology().superclasses
    return _narrowed(w, frozenset(each for cls in classes for each in (cls, *known.get(cls, ()))))


@lru_cache(maxsize=1024)
def _narrowed(w: str, classes: frozenset[str]) -> str | None:
    if not classes & _kinds():
        return text_of(f"5w1h/{w}")
    head, branches, tail = _branches(w)
    chosen = [text for wanted, text in branches if wanted & classes]
    return head + _UNION.join(chosen) + tail if chosen else None


@cache
def _kinds() -> frozenset[str]:
    """Every class that one of the six queries has a branch for."""
    return frozenset(cls for w in WS for wanted, _ in _branches(w)[1] for cls in wanted)


@cache
def _branches(w: str) -> tuple[str, list[tuple[frozenset[str], str]], str]:
    """What stands before the branches of a query, each branch with the classes it is for, and what stands after."""
    text = text_of(f"5w1h/{w}")
    start, end = text.index("WHERE {\n") + len("WHERE {\n"), text.rindex("}")
    wanted: frozenset[str] = frozenset()
    branches = []
    for branch in text[start:end].split(_UNION):
        section = _SECTION.match(branch)
        if section:
            wanted = frozenset(f"<{ontology().expand(cls)}>" for cls in section[1].split(", "))
        branches.append((wanted, branch))
    return text[:start], branches, text[end:]
