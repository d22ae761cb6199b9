"""The SPARQL Update that does to a store what changes say, made from their N-Quads without parsing terms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lakegraph.graph.protocol import Change

# What separates subject, predicate, object and graph of a canonical N-Quads line, which is what the journal keeps:
# the graph is there exactly when the line ends in an IRI that stands behind another whole term.
_LINE = re.compile(
    r"""(?P<triple>(?:<[^<>]*>|_:\S+)[ ]<[^<>]*>[ ]
        (?:<[^<>]*>|_:\S+|"(?:[^"\\]|\\.)*"(?:\^\^<[^<>]*>|@[\w-]+)?|<<\(.*\)>>))
        (?:[ ](?P<graph><[^<>]*>|_:\S+))?[ ]\.""",
    re.VERBOSE,
)


def update_text(changes: Sequence[Change], default_graph: str | None = None) -> str:
    """One SPARQL 1.1 Update request that applies *changes* in order; servers apply a request atomically.

    Args:
        changes: Their texts must be canonical N-Quads (one quad a line, single spaces).
        default_graph: Where what is meant for the default graph goes instead (bare IRI), for servers whose default
            graph shows the union of the named ones.

    Raises:
        ValueError: A line is not canonical N-Quads.

    Source: https://www.w3.org/TR/sparql11-update/#updateLanguage
    """
    home = f"<{default_graph}>" if default_graph else None
    operations: list[str] = []
    for change in changes:
        if change.remove:
            operations.append("DELETE DATA {\n" + _quads(change.remove, home) + "}")
        operations += [f"DROP SILENT GRAPH <{name}>" for name in change.drop]
        if change.add:
            operations.append("INSERT DATA {\n" + _quads(change.add, home) + "}")
    return " ;\n".join(operations)


def _quads(text: bytes, home: str | None) -> str:
    """The quad data block of SPARQL Update: the triples of each run of equal graph names under one ``GRAPH``."""
    lines: list[str] = []
    current: str | None = None
    for triple, graph in _split(text.decode()):
        name = graph or home
        if name != current:
            if current:
                lines.append("}")
            if name:
                lines.append(f"GRAPH {name} {{")
            current = name
        lines.append(f"{triple} .")
    if current:
        lines.append("}")
    return "\n".join(lines) + "\n"


def _split(text: str) -> Iterator[tuple[str, str | None]]:
    for line in text.split("\n"):
        if line:
            match = _LINE.fullmatch(line)
            if match is None:
                raise ValueError(f"not canonical N-Quads: {line[:200]}")
            yield match["triple"], match["graph"]
