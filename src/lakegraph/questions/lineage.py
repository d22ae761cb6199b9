"""The lineage of a thing: what it came from and what came of it, exact to the version, on every path."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lakegraph.errors import UsageError
from lakegraph.garbage import uncollected
from lakegraph.questions.asking import check_known, frame
from lakegraph.questions.labels import Labels, name_in
from lakegraph.questions.nodes import SOURCE, Edge, Edges, Node, Nodes, deeds, describe_node
from lakegraph.questions.protocols import Called, Direction, FlowIndex, Flows, Graph
from lakegraph.questions.text import Style, undressed
from lakegraph.questions.walking import Found, GraphReader, IndexReader, N, Steps, Walker, sweep
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import lexical, value

if TYPE_CHECKING:
    import pandas as pd

MAX_NODES = 50_000
DESCRIBED = 250
"""How many nodes, the nearest first, are described in full, with what each run did."""


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
    edges: Sequence[Edge]
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

    def to_csv(self) -> str:
        """The lineage as a table of its nodes: what people read of each, and how far it is away."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(("distance", "type", "kind", "title", "version", "who", "when", "detail", "hidden", "iri"))
        for node in self:
            when = lexical(node.when) if node.when else ""
            said = (node.kind, node.title, node.version or "", ", ".join(node.who), when, node.detail)
            hidden = self.hidden.get(node.iri, 0)
            writer.writerow((node.distance, "run" if node.run else "thing", *said, hidden, value(node.iri)))
        return out.getvalue()

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
    index: FlowIndex | None = None,
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
        index: The index of that graph: walking there costs a tenth. Without one, the graph itself is walked.
        max_nodes: How many nodes to gather at most.
        deadline: Seconds after which the walk ends where it is; the answer is not complete then.
        describe: How many nodes to describe in full, nearest first; the others have what the index says of them.

    Raises:
        NotFoundError: The graph says nothing of *start*.
        UsageError: A limit is negative.
    """
    for name, limit in (("up", up), ("down", down), ("max_nodes", max_nodes)):
        if limit != "all" and limit < 0:
            raise UsageError(f"{limit} is no number of steps or nodes.", where=name, hint="0, 1, 2 … or all.")
    limits = _Limits(up, down, max(max_nodes, 1), deadline, describe)
    with uncollected():
        found = _over_index(graph, index, start, limits) if index else _over_graph(graph, start, limits)
    if len(found.nodes) == 1:
        check_known(graph, start)
    return found


class _Limits(NamedTuple):
    up: Steps
    down: Steps
    max_nodes: int
    deadline: float | None
    describe: int

    @property
    def sides(self) -> Iterator[tuple[Direction, Steps]]:
        """The sides that are asked for, with how far."""
        if self.up:
            yield "up", self.up
        if self.down:
            yield "down", self.down

    def clock(self) -> Iterator[bool]:
        """Says whether there is time left."""
        end = None if self.deadline is None else time.monotonic() + self.deadline
        while True:
            yield end is None or time.monotonic() < end


def _over_graph(graph: Graph, start: str, limits: _Limits) -> Lineage:
    found = Found(distance={start: 0})
    walker = Walker(found, limits.max_nodes, limits.clock())
    for direction, steps in limits.sides:
        walker.walk(start, direction, steps, GraphReader(graph, direction, whole=steps == "all"))
    labels = Labels(graph)
    nodes = {}
    for number, (token, distance) in enumerate(found.distance.items()):
        run = token in found.runs
        if number < limits.describe:
            nodes[token] = describe_node(graph, labels, token, distance, run=run)
        else:
            nodes[token] = Node(token, run, distance, *name_in(token))
    return _lineage(start, found, nodes, tuple(Edge(*edge) for edge in found.edges), found.hidden)


def _over_index(graph: Graph, index: FlowIndex, start: str, limits: _Limits) -> Lineage:
    with index.flowing() as flows:
        number = flows.number(value(start))
        if number is None:
            return _lineage(start, Found(distance={start: 0}), {start: _alone(graph, start)}, (), {})
        found = Found(distance={number: 0})
        for direction, steps in limits.sides:
            _gather(flows, found, number, direction, steps, limits)
        rows = flows.called(found.distance)
        kinds = {kind: flows.word(kind) for kind in {row[2] for row in rows}}
        people = flows.iris({row[5] for row in rows if row[5] is not None and row[0] in found.runs})
    labels = Labels(graph)
    words = {kind: labels.kind([LAKE[name]]) if name[:1].isupper() else name for kind, name in kinds.items()}
    names = {key: labels.of(f"<{iri}>") for key, iri in people.items()}
    said = _described(graph, labels, found, rows, {k for k, name in kinds.items() if name == SOURCE})
    near = {key for key, _ in zip(found.distance, range(limits.describe), strict=False) if key in found.runs}
    done = {row[0]: deeds(graph, labels, f"<{row[1]}>") for row in rows if row[0] in near and row[0] != number}
    edges = Edges(found.edges, rows)
    iris = {row[0]: row[1] for row in rows if row[0] in found.hidden}
    hidden = {f"<{iris[key]}>": count for key, count in found.hidden.items()}
    return _lineage(start, found, Nodes(rows, found.distance, found.runs, said, done, words, names), edges, hidden)


def _gather(flows: Flows, found: Found[int], start: int, direction: Direction, steps: Steps, limits: _Limits) -> None:
    """Walk one side: in one sweep, where all of it fits within the limits."""
    around = flows.reach(start, direction, limits.max_nodes + 1) if steps == "all" else None
    if around and around.whole and limits.deadline is None and len(found.distance) + around.nodes <= limits.max_nodes:
        sweep(found, start, direction, around)
    else:
        Walker(found, limits.max_nodes, limits.clock()).walk(
            start, direction, steps, IndexReader(flows, direction, around)
        )


def _described(
    graph: Graph, labels: Labels, found: Found[int], rows: Iterable[Called], sources: Collection[int]
) -> dict[int, Node]:
    """The start and every source in full: the index does not hold who owns what comes from outside."""
    start = next(iter(found.distance))
    return {
        row[0]: describe_node(graph, labels, f"<{row[1]}>", found.distance[row[0]], run=row[0] in found.runs)
        for row in rows
        if row[0] == start or row[2] in sources
    }


def _alone(graph: Graph, start: str) -> Node:
    return describe_node(graph, Labels(graph), start, 0, run=False)


def _lineage(
    start: str, found: Found[N], nodes: Mapping[str, Node], edges: Sequence[Edge], hidden: Mapping[str, int]
) -> Lineage:
    return Lineage(
        start=start,
        nodes=nodes,
        edges=edges,
        complete=not hidden and not found.stopped,
        hidden=hidden,
        depth=max(map(abs, found.distance.values())),
    )
