"""Cards and lineage as text for terminals: plain, or with the colours that a style gives."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from lakegraph.questions.card import Answer, Card
from lakegraph.questions.labels import day_of
from lakegraph.rdf.terms import XSD, literal

Style = Callable[[str, str], str]
"""Dresses a text for a role: ``title``, ``word`` (What, Who …), ``gap`` or ``quiet``."""

WIDTH = 100
_MARGIN = 9
_SHOWN = 8
"""How many answers of one group are read out; the rest is counted."""


def undressed(text: str, role: str) -> str:  # noqa: ARG001 - a style that dresses nothing
    """No dress at all."""
    return text


def card_text(card: Card, style: Style = undressed, width: int = WIDTH) -> str:
    """A card for a terminal.

    Args:
        card: The card.
        style: Dresses words by their role.
        width: The columns to keep to.
    """
    lines = [_head(card, style, width)]
    for w, answers in card:
        if answers:
            lines += _row(w.capitalize(), sentence(answers), "word", style, width)
    if card.gaps:
        lines += _gap_rows(card, style, width)
    return "\n".join(lines)


def _head(card: Card, style: Style, width: int) -> str:
    parts = [card.kind]
    if card.version:
        parts.append(f"version {card.version}")
    if card.stage:
        parts.append(f"stage {card.stage}")
    rest = "".join(f" · {part}" for part in parts)
    note = ""
    if card.recorded:
        note = f"recorded {day_of(literal(card.recorded, XSD + 'dateTime'))}, seq {card.seq}"
    space = max(width - len(card.title) - len(rest) - len(note), 3) if note else 0
    return style(card.title, "title") + rest + " " * space + style(note, "quiet")


def sentence(answers: Sequence[Answer]) -> str:
    """The answers to one W as people say them: groups apart, parts of one answer together, repetitions counted."""
    groups: dict[int, list[str]] = {}
    for answer in answers:
        said = groups.setdefault(answer.group, [])
        if answer.label.startswith(" ") and said:
            said[-1] += answer.label
        else:
            said.append(answer.label.strip())
    return " · ".join(_listed(said) for said in groups.values())


def _listed(said: Sequence[str]) -> str:
    counted = [text if n == 1 else f"{text} ({n} times)" for text, n in Counter(said).items()]
    if len(counted) > _SHOWN:
        counted = [*counted[:_SHOWN], f"and {len(counted) - _SHOWN} more"]
    return ", ".join(counted)


def _row(word: str, text: str, role: str, style: Style, width: int) -> Iterator[str]:
    lines = textwrap.wrap(text, max(width - _MARGIN, 20), break_long_words=False, break_on_hyphens=False) or [""]
    yield f"  {style(word.ljust(_MARGIN - 2), role)}{lines[0]}"
    for line in lines[1:]:
        yield " " * _MARGIN + line


def _gap_rows(card: Card, style: Style, width: int) -> Iterator[str]:
    gaps = " · ".join(dict.fromkeys(gap.label for gap in card.gaps))
    fields = "fill: " + ", ".join(dict.fromkeys(gap.field for gap in card.gaps))
    if _MARGIN + len(gaps) + 3 + len(fields) <= width:
        space = " " * (width - _MARGIN - len(gaps) - len(fields))
        yield f"  {style('Gaps'.ljust(_MARGIN - 2), 'gap')}{gaps}{space}{style(fields, 'quiet')}"
        return
    yield from _row("Gaps", gaps, "gap", style, width)
    for line in _row("", fields, "quiet", undressed, width):
        yield style(line, "quiet")
