"""What differs between runs, models or datasets, in groups, and which differences come with the change of a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lakegraph.errors import UsageError
from lakegraph.questions.asking import check_known, plain, rows_of, select, text_of
from lakegraph.questions.causes import Cause, causes
from lakegraph.questions.labels import Labels
from lakegraph.questions.protocols import Graph
from lakegraph.questions.text import WIDTH, Style, undressed
from lakegraph.rdf.terms import lexical, value

GROUPS = ("data", "split", "parameters", "code", "environment", "metrics", "content", "governance", "people")
"""The groups of a comparison, in the order in which they are shown."""
METRICS = "metrics"
_INPUTS = frozenset(GROUPS[:5])
_MOST = 50
_COLUMN = 30


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same everywhere.

    Attributes:
        group: What it belongs to: ``data``, ``parameters`` and so on.
        key: What differs, in words.
        values: For each of the compared things its values (tokens), sorted; empty where it has none.
        labels: The same as people read them.
    """

    group: str
    key: str
    values: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The difference for JSON."""
        values = [[plain(token) for token in each] for each in self.values]
        return {"group": self.group, "key": self.key, "values": values, "labels": list(self.labels)}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two or more things.

    Attributes:
        things: What was compared (tokens).
        labels: What they are called.
        differences: Only what differs, by group.
        same: How many facts are the same everywhere.
        causes: For each metric that differs, the differences of what went in, the likeliest cause first.
    """

    things: tuple[str, ...]
    labels: tuple[str, ...]
    differences: tuple[Difference, ...]
    same: int
    causes: Mapping[str, tuple[Cause, ...]]

    def __len__(self) -> int:
        return len(self.differences)

    def group(self, name: str) -> tuple[Difference, ...]:
        """The differences of one group."""
        return tuple(d for d in self.differences if d.group == name)

    def as_dict(self) -> dict[str, object]:
        """The comparison for JSON."""
        return {
            "things": [value(token) for token in self.things],
            "labels": list(self.labels),
            "differences": [d.as_dict() for d in self.differences],
            "same": self.same,
            "causes": {metric: [c.as_dict() for c in found] for metric, found in self.causes.items()},
        }

    def text(self, style: Style = undressed, width: int = WIDTH) -> str:
        """The comparison as a table for a terminal."""
        column = min(_COLUMN, max((width - 38) // len(self.things), 12))
        head = " " * 38 + "".join(style(_cut(label, column), "title") for label in self.labels)
        lines = [head.rstrip()]
        last = ""
        for each in self.differences:
            word = each.group.capitalize() if each.group != last else ""
            last = each.group
            cells = "".join(_cut(label or "–", column) for label in each.labels)
            lines.append(f"  {style(word.ljust(13), 'word')}{_cut(each.key, 23)}{cells}".rstrip())
        if not self.differences:
            lines.append("  Nothing differs.")
        lines.append(style(f"  {self.same} more are the same.", "quiet"))
        for metric, found in self.causes.items():
            names = ", ".join(f"{cause.key}" for cause in found[:5])
            lines.append(f"  What comes with the change of {metric}: {names or 'nothing that is recorded'}.")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from lakegraph.questions.html import text_html

        return text_html(self.text())


def _cut(text: str, width: int) -> str:
    shown = text if len(text) < width else text[: width - 2] + "…"
    return shown.ljust(width)


def compare(graph: Graph, things: Sequence[str]) -> Comparison:
    """What differs between *things*: runs, models or datasets; a model answers with the run that made it.

    Args:
        graph: The graph.
        things: Two to fifty of them (tokens).

    Raises:
        UsageError: There are fewer than two, or too many.
        NotFoundError: The graph says nothing of one of them.
    """
    distinct = tuple(dict.fromkeys(things))
    if not 2 <= len(distinct) <= _MOST:
        raise UsageError(f"{len(distinct)} things cannot be compared.", where="things", hint=f"Name 2 to {_MOST}.")
    labels = Labels(graph)
    facts = [_facts(graph, labels, token) for token in distinct]
    keys = sorted({key for each in facts for key in each}, key=lambda k: (GROUPS.index(k[0]), k[1]))
    differences, same = [], 0
    for group, key in keys:
        values = tuple(tuple(sorted(each.get((group, key), ()))) for each in facts)
        if len(set(values)) == 1:
            same += 1
        else:
            shown = tuple(", ".join(labels.of(token) for token in each) for each in values)
            differences.append(Difference(group, key, values, shown))
    metrics = [d for d in differences if d.group == METRICS]
    inputs = [(d.group, d.key, d.values) for d in differences if d.group in _INPUTS]
    return Comparison(
        things=distinct,
        labels=tuple(labels.of(token) for token in distinct),
        differences=tuple(differences),
        same=same,
        causes={d.key: causes(d.values, inputs) for d in metrics},
    )


def _facts(graph: Graph, labels: Labels, thing: str) -> dict[tuple[str, str], set[str]]:
    """What is said of a thing and of the run that made it, by group and key."""
    check_known(graph, thing)
    runs = [row[1] for row in select(graph, "lineage/parts/up-step", about=thing) if row[1]]
    facts: dict[tuple[str, str], set[str]] = {}
    for about in dict.fromkeys([thing, *runs]):
        for row in rows_of(graph, text_of("compare/parts/facts"), {"about": about}):
            if row["group"] and row["value"]:
                key = lexical(row["key"]) if row["key"] else labels.of(row["of"] or "")
                facts.setdefault((lexical(row["group"]), key), set()).add(row["value"])
    return facts
