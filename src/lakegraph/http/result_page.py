"""Query results as a page for people: rows as a table, statements as text; nothing is loaded from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

_ROWS = 1000
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}table{border-collapse:collapse}"
    "td,th{padding:.2rem .8rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
    "tr+tr td,th{border-top:1px solid #8884}textarea{width:100%;font:14px ui-monospace,monospace}"
)


def page(title: str, body: str, linked_data: Mapping[str, Any] | None = None) -> str:
    """A whole page.

    Args:
        title: Text.
        body: HTML.
        linked_data: JSON-LD that stands in it for machines (JSON-LD 1.1, section 7); nothing when empty.
    """
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>{_script(linked_data)}</head>"
        f"<body><h1>{escape(title)}</h1>{body}</body></html>"
    )


def _script(linked_data: Mapping[str, Any] | None) -> str:
    """JSON-LD as a block of data, in which no text can end the block."""
    if not linked_data:
        return ""
    text = json.dumps(linked_data, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/ld+json">{text}</script>'


def form_page(endpoint: str) -> str:
    """The page on which a query is typed."""
    field = '<textarea name="query" rows="12" spellcheck="false" aria-label="SPARQL query" autofocus></textarea>'
    return page("SPARQL", f'<form action="{escape(endpoint)}" method="get">{field}<p><button>Ask</button></p></form>')


def rows_page(tsv: bytes, *, whole: bool) -> str:
    """The page of SELECT results that came as tab-separated values (SPARQL 1.1 Query Results CSV and TSV Formats).

    Args:
        tsv: The results, or the beginning of them.
        whole: Whether these are all.
    """
    head, *lines = _text(tsv, whole=whole).removesuffix("\n").split("\n")
    shown = "".join(f"<tr>{_cells(line, 'td')}</tr>" for line in lines[:_ROWS])
    table = f"<table><thead><tr>{_cells(head, 'th')}</tr></thead><tbody>{shown}</tbody></table>"
    return page("Results", table + _note(whole=whole and len(lines) <= _ROWS))


def text_page(text: bytes, *, whole: bool) -> str:
    """The page of statements, or of a truth value."""
    return page("Results", f"<pre>{escape(_text(text, whole=whole))}</pre>{_note(whole=whole)}")


def _text(data: bytes, *, whole: bool) -> str:
    """*data* as text, without the last line where that may be half a line."""
    return (data if whole else data[: data.rfind(b"\n") + 1]).decode("utf-8", "replace")


def _cells(line: str, element: str) -> str:
    return "".join(f"<{element}>{escape(cell)}</{element}>" for cell in line.split("\t"))


def _note(*, whole: bool) -> str:
    return "" if whole else "<p>This is the beginning. Ask for CSV, JSON or Turtle to have all of it.</p>"
