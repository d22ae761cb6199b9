"""Cards as HTML and as Markdown; everything that a record says is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from lakegraph.questions.card import Answer, Card, is_link
from lakegraph.questions.labels import with_version
from lakegraph.questions.recipe import PARTS, Recipe
from lakegraph.questions.text import sentence
from lakegraph.rdf.terms import value


def card_html(card: Card) -> str:
    """A card as a fragment of HTML, without styles or scripts of its own."""
    head = " · ".join(part for part in (card.kind, f"stage {card.stage}" if card.stage else "") if part)
    name = escape(with_version(card.title, card.version))
    lines = [
        '<div class="lakegraph-card">',
        f'<p><a href="{escape(value(card.about))}"><strong>{name}</strong></a> {escape(head)}</p>',
        "<table>",
    ]
    for w, answers in card:
        if answers:
            # An answer whose words begin with a space runs on from the one before.
            items = "".join((" " if a.label.startswith(" ") else "<br>") + _answer_html(a) for a in answers)
            items = items.removeprefix("<br>").lstrip()
            lines.append(f'<tr><th scope="row">{w.capitalize()}</th><td>{items}</td></tr>')
    if card.gaps:
        gaps = "<br>".join(f'<span title="{escape(g.hint)}">{escape(g.label)}</span>' for g in card.gaps)
        lines.append(f'<tr><th scope="row">Gaps</th><td>{gaps}</td></tr>')
    return "\n".join([*lines, "</table>", "</div>"])


def _answer_html(answer: Answer) -> str:
    text = escape(answer.label.strip())
    if is_link(answer.value):
        text = f'<a href="{escape(value(answer.value))}">{text}</a>'
    if answer.record and is_link(answer.record):
        when = f" recorded {escape(answer.recorded)}" if answer.recorded else ""
        text += f' <a class="record" href="{escape(value(answer.record))}" title="the record that says so{when}">§</a>'
    return text


def table_html(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    """Rows as an HTML table; addresses are links."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<table class="lakegraph-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def _cell(text: str | None) -> str:
    shown = escape(text or "")
    return f'<a href="{shown}">{shown}</a>' if text and text.startswith(("https://", "http://")) else shown


def text_html(text: str) -> str:
    """What a terminal shows, in a notebook."""
    return f'<pre class="lakegraph-text">{escape(text)}</pre>'


def recipe_html(recipe: Recipe) -> str:
    """A recipe as a table: part, name, what is known; and what is missing."""
    rows = [(part, i.name, i.line.removeprefix(f"{i.name}: ")) for part in PARTS for i in recipe.part(part)]
    rows += [("missing", lack.of, f"{lack.label} ({lack.field})") for lack in recipe.missing]
    return f"<p><strong>{escape(recipe.about.label)}</strong> {escape(recipe.run.line)}</p>" + table_html(
        ("part", "name", "what is known"), rows
    )


_MARKS = str.maketrans({c: f"\\{c}" for c in "\\`*_{}[]<>#|"})


def markdown_text(text: str) -> str:
    """*text* with everything escaped that Markdown would act on."""
    return " ".join(text.translate(_MARKS).split())


def card_markdown(card: Card) -> str:
    """A card as Markdown."""
    lines = [
        f"### {markdown_text(with_version(card.title, card.version))}",
        "",
        f"{markdown_text(card.kind)}" + (f", stage {markdown_text(card.stage)}" if card.stage else ""),
        "",
        "| | |",
        "|---|---|",
    ]
    lines += [f"| **{w.capitalize()}** | {markdown_text(sentence(answers))} |" for w, answers in card if answers]
    if card.gaps:
        lines.append(f"| **Gaps** | {markdown_text(' · '.join(dict.fromkeys(g.label for g in card.gaps)))} |")
    return "\n".join(lines) + "\n"
