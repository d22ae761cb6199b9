"""The history of a dataset or model over its versions, and the difference between two lineages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lakegraph.errors import NotFoundError
from lakegraph.questions.asking import select
from lakegraph.questions.compare import Comparison, compare
from lakegraph.questions.labels import Labels, day_of
from lakegraph.questions.lineage import Lineage, lineage
from lakegraph.questions.nodes import Node
from lakegraph.questions.protocols import FlowIndex, Graph
from lakegraph.questions.text import Style, undressed
from lakegraph.rdf.terms import XSD, lexical, literal, value

MOST_COMPARED = 50
"""How many of the newest versions are compared with the one before."""
_VERSION = re.compile(r"^(.*)/([^/>]+)>$")


@dataclass(frozen=True, slots=True)
class Version:
    """One version in a history.

    Attributes:
        iri: The version (token).
        version: Its number or name.
        label: What it is called.
        created: When it was made (ISO 8601).
        by: The run that made it, in words.
        changes: What differs from the version before; ``None`` for the first and for those too long ago.
    """

    iri: str
    version: str
    label: str
    created: str | None
    by: str
    changes: Comparison | None

    def as_dict(self) -> dict[str, object]:
        """The version for JSON."""
        return {
            "iri": value(self.iri),
            "version": self.version,
            "created": self.created,
            "by": self.by,
            "changes": [d.as_dict() for d in self.changes.differences] if self.changes else [],
        }


@dataclass(frozen=True, slots=True)
class History:
    """The versions of one thing, the first one first."""

    versions: tuple[Version, ...]

    def __len__(self) -> int:
        return len(self.versions)

    def __iter__(self) -> Iterator[Version]:
        return iter(self.versions)

    def as_dict(self) -> dict[str, object]:
        """The history for JSON."""
        return {"versions": [version.as_dict() for version in self.versions]}

    def text(self, style: Style = undressed) -> str:
        """The history for a terminal, the newest version first."""
        lines = []
        for each in reversed(self.versions):
            parts = (day_of(literal(each.created, XSD + "date")) if each.created else "", each.by)
            lines.append(" · ".join((style(each.label, "title"), *(part for part in parts if part))))
            if each.changes:
                for d in each.changes.differences:
                    before, after = (label or "–" for label in d.labels)
                    lines.append(f"   {d.key}: {before} → {after}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from lakegraph.questions.html import text_html

        return text_html(self.text())


def history(graph: Graph, about: str) -> History:
    """The history of a dataset or model.

    Args:
        graph: The graph.
        about: Any version of it, or what they are versions of (token).

    Raises:
        NotFoundError: It has no versions.
    """
    labels = Labels(graph)
    found: dict[str, tuple[str, str | None, str]] = {}
    for _, each, version, created, run in select(graph, "compare/parts/versions", about=about):
        if each:
            by = labels.of(run) if run else ""
            found[each] = (lexical(version) if version else "", lexical(created) if created else None, by)
    if not found:
        raise NotFoundError(f"{labels.of(about)} has no versions.", where=value(about))
    ordered = sorted(found, key=lambda token: _order(found[token][0]))
    compared = set(ordered[-MOST_COMPARED:])
    versions = []
    for before, token in zip([None, *ordered], ordered, strict=False):
        changes = compare(graph, (before, token)) if before and token in compared else None
        version, created, by = found[token]
        versions.append(Version(token, version, labels.of(token), created, by, changes))
    return History(tuple(versions))


def _order(version: str) -> tuple[int, int, str]:
    return (0, int(version), "") if version.isdigit() else (1, 0, version)


@dataclass(frozen=True, slots=True)
class LineageDifference:
    """What two lineages do not share.

    Attributes:
        first: The lineage of the one thing.
        second: The lineage of the other.
        only_first: What stands only in the first, nearest first.
        only_second: What stands only in the second.
        changed: Pairs of versions of the same thing, one on each side.
        shared: How many runs and things both have.
    """

    first: Lineage
    second: Lineage
    only_first: tuple[Node, ...]
    only_second: tuple[Node, ...]
    changed: tuple[tuple[Node, Node], ...]
    shared: int

    def as_dict(self) -> dict[str, object]:
        """The difference for JSON."""
        return {
            "only_first": [value(n.iri) for n in self.only_first],
            "only_second": [value(n.iri) for n in self.only_second],
            "changed": [[value(a.iri), value(b.iri)] for a, b in self.changed],
            "shared": self.shared,
            "complete": self.first.complete and self.second.complete,
        }

    def text(self, style: Style = undressed) -> str:
        """The difference for a terminal."""
        a, b = (each.nodes[each.start].label for each in (self.first, self.second))
        lines = [f"  {old.label} → {new.label}" for old, new in self.changed]
        lines += [f"  only {style(a, 'title')}: {node.line}" for node in self.only_first]
        lines += [f"  only {style(b, 'title')}: {node.line}" for node in self.only_second]
        return "\n".join([*lines, style(f"  {self.shared} more in both", "quiet")])

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from lakegraph.questions.html import text_html

        return text_html(self.text())


def lineage_difference(graph: Graph, a: str, b: str, index: FlowIndex | None = None) -> LineageDifference:
    """What differs in where two things come from; the two things themselves are not counted.

    Args:
        graph: The graph.
        a: A thing or run (token).
        b: Another.
        index: The index of that graph.

    Raises:
        NotFoundError: The graph says nothing of one of them.
    """
    first, second = (lineage(graph, each, index=index) for each in (a, b))
    mine = {t: n for t, n in first.nodes.items() if t not in second.nodes and t != a}
    theirs = {t: n for t, n in second.nodes.items() if t not in first.nodes and t != b}
    changed = []
    by_hub = {hub: token for token in theirs if (hub := _hub(token))}
    for token in list(mine):
        other = by_hub.get(_hub(token) or "")
        if other and other in theirs:
            changed.append((mine.pop(token), theirs.pop(other)))
    shared = len(first.nodes.keys() & second.nodes.keys())
    return LineageDifference(first, second, tuple(mine.values()), tuple(theirs.values()), tuple(changed), shared)


def _hub(token: str) -> str | None:
    match = _VERSION.match(token)
    return match[1] if match and ("/id/dataset/" in token or "/id/model/" in token) else None
