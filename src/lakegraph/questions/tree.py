"""A lineage as a tree in a terminal: each node once in full, and marked where a path comes back to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lakegraph.questions.lineage import Lineage
from lakegraph.questions.text import WIDTH, Style, undressed

MAX_LINES = 400
_INDENT = 60
"""Deeper than this many columns the branches are no longer indented: a chain of a thousand steps stays readable."""


def tree_text(found: Lineage, style: Style = undressed, width: int = WIDTH, max_lines: int = MAX_LINES) -> str:
    """A lineage for a terminal: what the start came from, and below it what came of it.

    Args:
        found: The lineage.
        style: Dresses words by their role: ``title``, ``run``, ``quiet``.
        width: The columns to keep to.
        max_lines: Where to stop; what is left out is counted.
    """
    into, out = _adjacent(found)
    lines: list[str] = []
    up, down = bool(into(found.start)), bool(out(found.start))
    if up or not down:
        lines += _branches(found, into, style, max_lines)
    if down:
        if up:
            lines += ["", style("made from it:", "quiet")]
        lines += _branches(found, out, style, max_lines)
    note = _note(found)
    last = found.nodes[found.start].line if len(lines) == 1 else lines[-1]
    space = max(width - len(last) - len(note), 2)
    return "\n".join([*lines[:-1], lines[-1] + " " * space + style(note, "quiet")])


def _note(found: Lineage) -> str:
    steps = f"{found.steps} step" + ("" if found.steps == 1 else "s")
    hidden = sum(found.hidden.values())
    if found.complete:
        return f"complete, {steps}"
    return f"not complete: {steps}, {hidden} neighbour{'' if hidden == 1 else 's'} left out"


def _adjacent(found: Lineage) -> tuple[Callable[[str], list[str]], Callable[[str], list[str]]]:
    into: dict[str, list[str]] = {}
    out: dict[str, list[str]] = {}
    for edge in found.edges:
        into.setdefault(edge.target, []).append(edge.source)
        out.setdefault(edge.source, []).append(edge.target)
    # Only edges that lead away from the start belong to its side: a product's other inputs are not its own origin.
    side = {token: node.distance for token, node in found.nodes.items()}

    def upward(token: str) -> list[str]:
        return [t for t in into.get(token, ()) if side[t] <= 0 and side[token] <= 0]

    def downward(token: str) -> list[str]:
        return [t for t in out.get(token, ()) if side[t] >= 0 and side[token] >= 0]

    return upward, downward


def _branches(found: Lineage, further: Callable[[str], list[str]], style: Style, max_lines: int) -> list[str]:
    lines: list[str] = []
    shown: set[str] = set()
    for token, prefix, is_repeat in _walk(found.start, further, shown):
        if len(lines) == max_lines:
            left = len(found.nodes) - len(shown)
            return [*lines, style(f"… and {left} more", "quiet")] if left > 0 else lines
        node = found.nodes[token]
        text = style(node.line, "run" if node.run else "title")
        hidden = found.hidden.get(token)
        if is_repeat:
            text += style(" (see above)", "quiet")
        elif hidden:
            text += style(f" … {hidden} more", "quiet")
        lines.append(prefix + text)
    return lines


def _walk(start: str, further: Callable[[str], list[str]], shown: set[str]) -> Iterator[tuple[str, str, bool]]:
    """Nodes depth first with the lines before them, by a stack of its own: a chain may be deeper than Python's."""
    stack: list[tuple[str, str, str]] = [(start, "", "")]
    while stack:
        token, prefix, below = stack.pop()
        repeated = token in shown and bool(further(token))
        yield token, prefix, repeated
        if token in shown:
            continue
        shown.add(token)
        children = list(dict.fromkeys(further(token)))
        indent = below if len(below) < _INDENT else below[:_INDENT]
        for number, child in reversed(list(enumerate(children))):
            last = number == len(children) - 1
            stack.append((child, indent + ("└─ " if last else "├─ "), indent + ("   " if last else "│  ")))
