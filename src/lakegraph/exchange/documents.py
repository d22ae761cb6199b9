"""Documents for people, made of facts: sections of paragraphs, lists and tables, as Markdown and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from lakegraph.questions import markdown_text

if TYPE_CHECKING:
    import jinja2

_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text.

    Attributes:
        text: The text.
        kind: ``text``, ``code``, ``strong``, ``gap`` or ``quiet``.
        url: Where it leads; nowhere when empty.
    """

    text: str
    kind: str = "text"
    url: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a document.

    Attributes:
        title: Its heading.
        lines: Its lines, or the items of its list.
        listed: Whether the lines are a list.
        head: The headings of its table; empty where there is none.
        rows: The rows of the table.
        level: 2 for a heading below the title, 3 for one below that.
        note: What is said of it in small print.
    """

    title: str
    lines: Sequence[Line] = ()
    listed: bool = False
    head: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    level: int = 2
    note: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """A document.

    Attributes:
        title: Its title.
        lead: Lines below the title.
        sections: Its parts.
        front: What stands before it in Markdown, such as YAML front matter.
    """

    title: str
    lead: Sequence[Line] = ()
    sections: Sequence[Section] = field(default_factory=tuple)
    front: str = ""


def text(said: str, kind: str = "text", url: str = "") -> Span:
    """A span; addresses that are not of the web lead nowhere, so that no record can plant a script."""
    return Span(said, kind, url if url.startswith(("http://", "https://", "#")) else "")


def gap(said: str = "Not recorded.") -> Line:
    """The line for what nobody recorded."""
    return (Span(said, "gap"),)


def to_markdown(document: Document) -> str:
    """The document as CommonMark with tables; whatever a record says is escaped."""
    lines = [document.front, ""] if document.front else []
    lines += [f"# {markdown_text(document.title)}", ""]
    for line in document.lead:
        lines += [_markdown(line), ""]
    for section in document.sections:
        lines += [f"{'#' * section.level} {markdown_text(section.title)}", ""]
        if section.note:
            lines += [f"*{markdown_text(section.note)}*", ""]
        for line in section.lines:
            lines += [f"- {_markdown(line)}"] if section.listed else [_markdown(line), ""]
        if section.rows:
            lines += [_row(section.head), "|" + "---|" * len(section.head), *map(_row, section.rows)]
        if lines[-1]:
            lines.append("")
    return "\n".join(lines)


def to_html(document: Document) -> str:
    """The document as a whole page that loads nothing; whatever a record says is escaped."""
    return environment().get_template("document.html.j2").render(document=document)


@cache
def environment() -> jinja2.Environment:
    """The templates of this package; everything that is put into them is escaped."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(markdown_text(cell) for cell in cells)} |"


def _markdown(line: Line) -> str:
    return "".join(map(_span, line))


def _span(span: Span) -> str:
    if span.kind == "code":
        ticks = "``" if "`" in span.text else "`"
        return f"{ticks}{' '.join(span.text.split())}{ticks}"
    if not span.text.strip():
        return span.text and " "
    # What is escaped loses the blanks at its ends, which here part one span from the next.
    lead, tail = span.text[: len(span.text) - len(span.text.lstrip())], span.text[len(span.text.rstrip()) :]
    said = markdown_text(span.text)
    if span.url:
        said = f"<{span.url}>" if span.text == span.url else f"[{said}](<{span.url}>)"
    said = {"strong": f"**{said}**", "gap": f"*{said}*", "quiet": f"*{said}*"}.get(span.kind, said)
    return f"{lead and ' '}{said}{tail and ' '}"
