"""Cards as HTML and as Markdown; everything that a record says is escaped."""

from __future__ import annotations

from html import escape

from lakegraph.questions.card import Answer, Card, is_link
from lakegraph.questions.labels import with_version
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
