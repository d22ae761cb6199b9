"""The parts of the six questions' queries that concern one thing, put together to one query.

A query over all kinds is parsed and planned in full for each thing that it is asked of, which is most of what a card
costs (measured: 90 µs a branch). Its branches stand under comments that name the classes they are for; the others are
left out, and so are those that begin with a property which the thing has not: looking for that costs a tenth. Most of
those that are left are read without the engine, see :mod:`lakegraph.questions.direct`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cache, lru_cache
from typing import NamedTuple

from lakegraph.questions.asking import rows_of, text_of
from lakegraph.questions.branch_text import Unreadable
from lakegraph.questions.direct import Direct, Row, direct
from lakegraph.questions.protocols import Graph
from lakegraph.questions.told import Told
from lakegraph.rdf.vocabulary import ontology

_SECTION = re.compile(r"  # ((?:[a-z]+:\w+(?:, )?)+): ")
_UNION = "  UNION\n"
_ASIDE = re.compile(r"#[^\n]*|\"[^\"]*\"|OPTIONAL \{[^{}]*\}|FILTER (?:NOT )?EXISTS \{[^{}]*\}|(?:BIND|FILTER)\(")
"""What a branch can do without, and what would be read as a pattern and is none."""
_OUT = re.compile(r"\?about ([a-z]+:\w+)(?![\w*|?])")
_INTO = re.compile(r"[ ;]([a-z]+:\w+) \?about\b")


WS = ("what", "who", "where", "when", "why", "how")
"""The six questions, in the order of a card."""


class Branch(NamedTuple):
    """One branch of a W's query.

    Attributes:
        w: The W.
        classes: The classes (tokens) that it is for.
        out: The properties (tokens) that the thing must have for it to match.
        into: The properties of which it must be the value.
        text: The branch itself.
        direct: How to read it without the engine, where that can be.
    """

    w: str
    classes: frozenset[str]
    out: frozenset[str]
    into: frozenset[str]
    text: str
    direct: Direct | None


def narrowed(w: str, classes: Collection[str]) -> str | None:
    """The query of one W with the branches for a thing of these classes.

    Args:
        w: ``what``, ``who`` and so on.
        classes: The thing's classes (tokens); superclasses need not be among them.

    Returns:
        A query; ``None``, where there is nothing to ask of such a thing; the whole query for a thing of no kind that
        the six know.
    """
    return _together(tuple(number for number in _for_classes(_all_classes(classes)) if _branches()[number].w == w))


def rows_about(graph: Graph, told: Told, classes: Collection[str], ws: Iterable[str] = WS) -> list[Row]:
    """The rows of several W about a thing, each with its W: read, or asked for in one query of what may match.

    Args:
        graph: The graph.
        told: What is told of the thing.
        classes: Its classes (tokens); superclasses need not be among them.
        ws: The W.

    Returns:
        The rows, by column; ``?w`` is among the columns.
    """
    wanted, branches = frozenset(ws), _branches()
    mine = [number for number in _for_classes(_all_classes(classes)) if branches[number].w in wanted]
    rows: list[Row] = []
    left = []
    for number in mine:
        if all(map(told.has, branches[number].out)):
            way = branches[number].direct
            try:
                if way:
                    rows += way.rows(told)
                    continue
            except Unreadable:
                pass
            left.append(number)
    # Of what is read, looking for what points to the thing is the first step anyway.
    text = _together(tuple(number for number in left if all(map(told.serves, branches[number].into))))
    return rows + (rows_of(graph, text, {"about": told.about}) if text else [])


def _all_classes(classes: Collection[str]) -> frozenset[str]:
    known = ontology().superclasses
    return frozenset(each for cls in classes for each in (cls, *known.get(cls, ())))


@lru_cache(maxsize=1024)
def _for_classes(classes: frozenset[str]) -> tuple[int, ...]:
    """The numbers of the branches for a thing of these classes: all, where the six know no such thing."""
    chosen = tuple(number for number, branch in enumerate(_branches()) if branch.classes & classes)
    return chosen or tuple(range(len(_branches())))


@lru_cache(maxsize=2048)
def _together(numbers: tuple[int, ...]) -> str | None:
    if not numbers:
        return None
    frame = text_of("5w1h/parts/six")
    start, end = _body(frame)
    return frame[:start] + _UNION.join(_branches()[number].text for number in numbers) + frame[end:]


def _body(text: str) -> tuple[int, int]:
    """Where the branches of a query stand."""
    return text.index("WHERE {\n") + len("WHERE {\n"), text.rindex("}")


@cache
def _branches() -> tuple[Branch, ...]:
    """Every branch of the six queries."""
    return tuple(branch for w in WS for branch in _branches_of(w))


def _branches_of(w: str) -> Iterable[Branch]:
    text = text_of(f"5w1h/{w}")
    start, end = _body(text)
    classes: frozenset[str] = frozenset()
    for part in text[start:end].split(_UNION):
        section = _SECTION.match(part)
        if section:
            classes = frozenset(_expanded(cls) for cls in section[1].split(", "))
        needed = _ASIDE.sub(" ", part)
        out, into = (frozenset(map(_expanded, pattern.findall(needed))) for pattern in (_OUT, _INTO))
        body = part.rstrip()
        text = f'{body[:-1]} BIND("{w}" AS ?w) }}\n'
        yield Branch(w, classes, out, into, text, direct(text))


def _expanded(name: str) -> str:
    return f"<{ontology().expand(name)}>"
