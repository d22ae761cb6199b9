"""A lineage in the languages of Graphviz and Mermaid; everything that a record says is escaped."""

from __future__ import annotations

from html import escape

from lakegraph.questions.card import is_link
from lakegraph.questions.lineage import Lineage
from lakegraph.questions.nodes import Node
from lakegraph.rdf.terms import value


def dot(found: Lineage) -> str:
    """The lineage in Graphviz' language: things as boxes, runs rounded, the start bold."""
    names = {token: f"n{number}" for number, token in enumerate(found.nodes)}
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for token, node in found.nodes.items():
        style = ["rounded"] if node.run else []
        if token == found.start:
            style.append("bold")
        attributes = [f"label={_quoted(_label(found, token, node))}", "shape=box"]
        if style:
            attributes.append(f'style="{",".join(style)}"')
        if is_link(token):
            attributes.append(f"URL={_quoted(value(token))}")
        lines.append(f"  {names[token]} [{', '.join(attributes)}];")
    lines += [f"  {names[e.source]} -> {names[e.target]};" for e in found.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _label(found: Lineage, token: str, node: Node) -> str:
    hidden = found.hidden.get(token)
    return f"{node.label} (+{hidden})" if hidden else node.label


def _quoted(text: str) -> str:
    clean = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + " ".join(clean.split()) + '"'


def mermaid(found: Lineage) -> str:
    """The lineage as a Mermaid flow chart: things as boxes, runs rounded."""
    names = {token: f"n{number}" for number, token in enumerate(found.nodes)}
    lines = ["flowchart LR"]
    for token, node in found.nodes.items():
        left, right = ("([", "])") if node.run else ("[", "]")
        lines.append(f'  {names[token]}{left}"{_entities(_label(found, token, node))}"{right}')
    lines += [f"  {names[e.source]} --> {names[e.target]}" for e in found.edges]
    lines += [f'  click {names[t]} href "{_entities(value(t))}"' for t in found.nodes if is_link(t)]
    return "\n".join([*lines, f"  style {names[found.start]} stroke-width:3px"]) + "\n"


def _entities(text: str) -> str:
    """Text for a Mermaid string: HTML's entities, and Mermaid's own for what would end a string or a line."""
    return " ".join(escape(text, quote=False).replace("#", "#35;").replace('"', "#quot;").split())
