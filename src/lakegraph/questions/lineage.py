"""The lineage of a thing: what it came from and what came of it, exact to the version, on every path."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakegraph.errors import UsageError
from lakegraph.questions.asking import check_known, frame, select
from lakegraph.questions.labels import Labels, day_of, name_in, with_version
from lakegraph.questions.protocols import Graph
from lakegraph.questions.text import Style, undressed
from lakegraph.questions.walking import Direction, Found, Steps, Walker
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import is_literal, lexical, value

if TYPE_CHECKING:
    import pandas as pd

MAX_NODES = 10_000
DESCRIBED = 250
"""How many nodes, the nearest first, are given their titles; the others are called what their IRIs suggest."""


@dataclass(frozen=True, slots=True)
class Node:
    """One run or thing of a lineage.

    Attributes:
        iri: Its token.
        run: Whether it is a step rather than a thing.
        distance: How many steps from the start; negative upstream.
        title: What it is called.
        version: Its version, for a data set or model.
        kind: What it is, in words; empty where it was not described.
        who: Who did it, or owns it.
        when: When it began (ISO 8601), for a run.
        detail: What a run did, in words: its operations, scores or mode.
    """

    iri: str
    run: bool
    distance: int
    title: str
    version: str | None = None
    kind: str = ""
    who: tuple[str, ...] = ()
    when: str | None = None
    detail: str = ""

    @property
    def label(self) -> str:
        """The title and the version: ``Diabetes v1``."""
        return with_version(self.title, self.version)

    @property
    def line(self) -> str:
        """All of it in one line: ``Train SVM · Tim · 17 Apr 2024 · accuracy 0.9354``."""
        if not self.run:
            return f"{self.label} ({', '.join(self.who)})" if self.who else self.label
        day = day_of(self.when)
        return " · ".join(part for part in (self.label, ", ".join(self.who), day, self.detail) if part)

    def as_dict(self) -> dict[str, object]:
        """The node for JSON."""
        members: dict[str, object] = {
            "iri": value(self.iri),
            "type": "run" if self.run else "thing",
            "kind": self.kind,
            "title": self.title,
            "version": self.version,
            "distance": self.distance,
            "who": list(self.who),
            "when": lexical(self.when) if self.when else None,
            "detail": self.detail,
        }
        return {name: said for name, said in members.items() if said not in (None, "", [])}


@dataclass(frozen=True, slots=True)
class Edge:
    """Data flow from ``source`` to ``target``: from a thing into a run, or from a run into what it made."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """A lineage, whole or cut at its limits.

    Attributes:
        start: The thing or run that it is of (token).
        nodes: Runs and things by token, nearest first.
        edges: Every edge between them, in the direction in which data flow.
        complete: Whether nothing was left out on the sides that were asked for.
        hidden: How many neighbours were left out at each node of the border.
        depth: How many steps the farthest node is away.
    """

    start: str
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    complete: bool
    hidden: Mapping[str, int]
    depth: int

    @property
    def steps(self) -> int:
        """How many runs there are, the start not counted."""
        return sum(node.run for token, node in self.nodes.items() if token != self.start)

    def before(self, token: str) -> list[str]:
        """What flows directly into a node."""
        return [e.source for e in self.edges if e.target == token]

    def after(self, token: str) -> list[str]:
        """What a node flows directly into."""
        return [e.target for e in self.edges if e.source == token]

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def text(self, style: Style = undressed) -> str:
        """The lineage as a tree for a terminal."""
        from lakegraph.questions.tree import tree_text

        return tree_text(self, style)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.to_svg()

    def as_dict(self) -> dict[str, object]:
        """The lineage for JSON."""
        return {
            "of": value(self.start),
            "complete": self.complete,
            "depth": self.depth,
            "steps": self.steps,
            "nodes": [node.as_dict() for node in self],
            "edges": [{"source": value(e.source), "target": value(e.target)} for e in self.edges],
            "hidden": {value(token): count for token, count in self.hidden.items()},
        }

    def to_dot(self) -> str:
        """The lineage in Graphviz' language."""
        from lakegraph.questions.drawing import dot

        return dot(self)

    def to_mermaid(self) -> str:
        """The lineage as a Mermaid flow chart."""
        from lakegraph.questions.drawing import mermaid

        return mermaid(self)

    def to_svg(self) -> str:
        """The lineage as a drawing, from left to right, each node a link."""
        from lakegraph.questions.svg import svg

        return svg(self)

    def to_turtle(self) -> str:
        """The lineage as statements: which run read and made what, and what is derived without a run."""
        from lakegraph.questions.turtle import turtle

        said = []
        for edge in self.edges:
            if self.nodes[edge.target].run:
                said.append((edge.target, LAKE.hasInputData, edge.source))
            elif self.nodes[edge.source].run:
                said.append((edge.target, LAKE.wasOutputOf, edge.source))
            else:
                said.append((edge.target, LAKE.derivedFrom, edge.source))
        return turtle(said)

    def to_pandas(self) -> pd.DataFrame:
        """The edges as a data frame, each end with its title and kind.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        columns = ("source", "source_title", "source_kind", "target", "target_title", "target_kind")
        rows = []
        for edge in self.edges:
            a, b = self.nodes[edge.source], self.nodes[edge.target]
            rows.append([value(a.iri), a.label, a.kind, value(b.iri), b.label, b.kind])
        return frame(rows, columns)


def lineage(
    graph: Graph,
    start: str,
    up: Steps = "all",
    down: Steps = 0,
    *,
    max_nodes: int = MAX_NODES,
    deadline: float | None = None,
    describe: int = DESCRIBED,
) -> Lineage:
    """The lineage of *start*.

    Args:
        graph: The graph.
        start: A thing or a run (token).
        up: How many steps back, or ``"all"``.
        down: How many steps on, or ``"all"``.
        max_nodes: How many nodes to gather at most.
        deadline: Seconds after which the walk ends where it is; the answer is not complete then.
        describe: How many nodes to give titles, nearest first.

    Raises:
        NotFoundError: The graph says nothing of *start*.
        UsageError: A limit is negative.
    """
    for name, limit in (("up", up), ("down", down), ("max_nodes", max_nodes)):
        if limit != "all" and limit < 0:
            raise UsageError(f"{limit} is no number of steps or nodes.", where=name, hint="0, 1, 2 … or all.")
    found = Found(distance={start: 0})
    walker = Walker(graph, found, max(max_nodes, 1), _clock(deadline))
    sides: tuple[tuple[Direction, Steps], ...] = (("up", up), ("down", down))
    for direction, steps in sides:
        if steps:
            walker.walk(start, direction, steps)
    nodes = _described(graph, found, describe)
    if len(nodes) == 1:
        check_known(graph, start)
    return Lineage(
        start=start,
        nodes=nodes,
        edges=tuple(Edge(source, target) for source, target in found.edges),
        complete=not found.hidden and not found.stopped,
        hidden=found.hidden,
        depth=max(abs(d) for d in found.distance.values()),
    )


def _clock(deadline: float | None) -> Iterator[bool]:
    end = None if deadline is None else time.monotonic() + deadline
    while True:
        yield end is None or time.monotonic() < end


def _described(graph: Graph, found: Found, describe: int) -> dict[str, Node]:
    labels = Labels(graph)
    nodes = {}
    for number, (token, distance) in enumerate(found.distance.items()):
        run = token in found.runs
        if number < describe:
            nodes[token] = describe_node(graph, labels, token, distance, run=run)
        else:
            title, version = name_in(token)
            nodes[token] = Node(token, run, distance, title, version)
    return nodes


def describe_node(graph: Graph, labels: Labels, token: str, distance: int, *, run: bool) -> Node:
    """A node with what people want to read of it."""
    rows = select(graph, "lineage/parts/step" if run else "lineage/parts/node", about=token)
    said: dict[str, list[str]] = {}
    for row in sorted(rows, key=lambda r: (r[1] or "", _order(r[3] if run else None), r[2] or "")):
        if row[1] and row[2]:
            said.setdefault(lexical(row[1]), []).append(row[2])
    title, version = name_in(token)
    if "title" in said:
        title, version = lexical(said["title"][0]), lexical(said["version"][0]) if "version" in said else None
    details = [labels.of(token) for key in ("operation", "detail") for token in dict.fromkeys(said.get(key, ()))]
    return Node(
        token,
        run,
        distance,
        title,
        version,
        kind=labels.kind(said["class"]) if "class" in said else "",
        who=tuple(labels.of(agent) for agent in dict.fromkeys(said.get("agent" if run else "owner", ()))),
        when=next(iter(said.get("start", ())), None),
        detail=", ".join(details),
    )


def _order(number: str | None) -> int:
    return int(lexical(number)) if number and is_literal(number) and lexical(number).isdigit() else 0
