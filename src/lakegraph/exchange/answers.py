"""The forms that an answer of the lake can take, by media type, and as text for a terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

from lakegraph.exchange.media import serialize
from lakegraph.questions import Card, Result, card_text
from lakegraph.rdf.terms import value
from lakegraph.rdf.vocabulary import ontology

Style = Callable[[str, str], str]
"""Dresses a text for a role, such as ``title`` or ``gap``."""

TEXT, CSV, MARKDOWN, HTML, TURTLE = "text/plain", "text/csv", "text/markdown", "text/html", "text/turtle"
DOT, SVG, MERMAID = "text/vnd.graphviz", "image/svg+xml", "text/vnd.mermaid"
NAMES: Mapping[str, str] = {
    "text": TEXT,
    "csv": CSV,
    "markdown": MARKDOWN,
    "html": HTML,
    "turtle": TURTLE,
    "dot": DOT,
    "svg": SVG,
    "mermaid": MERMAID,
}
"""What people type for each form."""

_METHODS = {
    CSV: "to_csv",
    MARKDOWN: "to_markdown",
    HTML: "_repr_html_",
    TURTLE: "to_turtle",
    DOT: "to_dot",
    SVG: "to_svg",
    MERMAID: "to_mermaid",
}


def renderings(answer: Any) -> dict[str, Callable[[], str]]:
    """The forms of *answer* besides JSON: media type to what writes it."""
    forms: dict[str, Callable[[], str]] = {TEXT: lambda: as_text(answer)}
    for media_type, method in _METHODS.items():
        if hasattr(answer, method):
            forms[media_type] = getattr(answer, method)
    if hasattr(answer, "to_csv"):
        forms[CSV] = answer.to_csv
    if isinstance(answer, Result):
        if answer.triples:
            forms[TURTLE] = lambda: serialize(answer.triples, TURTLE, ontology().prefixes).decode()
        else:
            forms[CSV] = lambda: _csv(answer)
    return forms


def as_text(answer: Any, style: Style | None = None) -> str:
    """*answer* for a terminal, dressed by *style* where it has colours."""
    if isinstance(answer, Card):
        return card_text(answer, style) if style else card_text(answer)
    if isinstance(answer, Result):
        return _table(answer)
    if hasattr(answer, "text"):
        return str(answer.text(style) if style else answer.text())
    return str(answer)


def _cells(answer: Result) -> list[list[str]]:
    shorten = ontology().shorten
    return [["" if t is None else shorten(t) if t.startswith("<") else value(t) for t in row] for row in answer.rows]


def _table(answer: Result) -> str:
    """Columns wide enough for what is in them."""
    if answer.truth is not None:
        return "yes" if answer.truth else "no"
    if answer.triples:
        return serialize(answer.triples, TURTLE, ontology().prefixes).decode().rstrip()
    rows = [list(answer.variables), *_cells(answer)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(answer.variables))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if not answer.rows:
        lines.append("(nothing)")
    if answer.more:
        lines.append(f"… more than the {len(answer.rows)} shown")
    return "\n".join(lines)


def _csv(answer: Result) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(answer.variables)
    for row in answer.rows:
        writer.writerow(["" if t is None else value(t) for t in row])
    return out.getvalue()
