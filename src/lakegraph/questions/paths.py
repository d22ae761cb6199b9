"""Why one thing has to do with another: the paths between them, each as a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lakegraph.questions.labels import Labels, day_of
from lakegraph.questions.lineage import DESCRIBED, Lineage, lineage
from lakegraph.questions.nodes import Node, describe_node
from lakegraph.questions.protocols import FlowIndex, Graph
from lakegraph.questions.text import Style, undressed
from lakegraph.rdf.terms import value

MAX_PATHS = 20
_SHARED = 5
MAX_LOOKS = 100_000
"""How many steps the search for paths may try: a graph of diamonds has more paths than anybody can wait for."""


@dataclass(frozen=True, slots=True)
class Path:
    """One path, from the later thing back to the earlier one: thing, run, thing, run … thing."""

    nodes: tuple[Node, ...]

    @property
    def sentence(self) -> str:
        """The path as people say it."""
        said, link, rest = self.nodes[0].label, " ", list(self.nodes[1:])
        if self.nodes[0].run and rest:
            said, link = f"{said} read {rest.pop(0).label}", ", which "
        while rest:
            node = rest.pop(0)
            if not node.run:
                said += f"{link}is derived from {node.label}"
            else:
                said += f"{link}was made by {_done(node)}" + (f" from {rest.pop(0).label}" if rest else "")
            link = ", which "
        return f"{said}."

    @property
    def steps(self) -> int:
        """How many runs it leads through."""
        return sum(node.run for node in self.nodes)

    def as_dict(self) -> dict[str, object]:
        """The path for JSON."""
        return {"sentence": self.sentence, "nodes": [value(node.iri) for node in self.nodes], "steps": self.steps}


def _done(run: Node) -> str:
    about = ", ".join(part for part in (", ".join(run.who), day_of(run.when)) if part)
    return f"{run.label} ({about})" if about else run.label


@dataclass(frozen=True, slots=True)
class Paths:
    """The paths between two things.

    Attributes:
        later: The thing that came of the other.
        earlier: The thing that it came from.
        paths: The paths, shortest first; none when neither came from the other.
        complete: Whether these are all.
        shared: What both came from, nearest first, when no path joins them.
    """

    later: Node
    earlier: Node
    paths: tuple[Path, ...]
    complete: bool
    shared: tuple[Node, ...] = ()

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Path]:
        return iter(self.paths)

    def text(self, style: Style = undressed) -> str:
        """The paths for a terminal, a sentence each."""
        if not self.paths:
            said = f"{self.later.label} and {self.earlier.label}: neither came from the other."
            if self.shared:
                said += f" Both came from {', '.join(node.label for node in self.shared)}."
            return said
        lines = [path.sentence for path in self.paths]
        if not self.complete:
            lines.append(style("… and more paths", "quiet"))
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        from lakegraph.questions.html import text_html

        return text_html(self.text())

    def as_dict(self) -> dict[str, object]:
        """The paths for JSON."""
        return {
            "from": value(self.later.iri),
            "to": value(self.earlier.iri),
            "complete": self.complete,
            "paths": [path.as_dict() for path in self.paths],
            "shared": [value(node.iri) for node in self.shared],
        }


def why(graph: Graph, a: str, b: str, index: FlowIndex | None = None, *, max_paths: int = MAX_PATHS) -> Paths:
    """The paths between two things, whichever came first.

    Args:
        graph: The graph.
        a: A thing or run (token).
        b: Another.
        index: The index of that graph.
        max_paths: How many paths to give at most.

    Raises:
        NotFoundError: The graph says nothing of one of them.
    """
    before_a = lineage(graph, a, "all", 0, index=index, describe=0)
    if b in before_a.nodes:
        return _between(graph, before_a, a, b, max_paths)
    before_b = lineage(graph, b, "all", 0, index=index, describe=0)
    if a in before_b.nodes:
        return _between(graph, before_b, b, a, max_paths)
    both = [token for token in before_a.nodes if token in before_b.nodes and not before_a.nodes[token].run]
    nodes = _described(graph, before_a, [a, *both[:_SHARED]]) | _described(graph, before_b, [b])
    complete = before_a.complete and before_b.complete
    return Paths(nodes[a], nodes[b], (), complete, tuple(nodes[token] for token in both[:_SHARED]))


def _described(graph: Graph, found: Lineage, tokens: Iterable[str]) -> dict[str, Node]:
    """These nodes with what people want to read of them; beyond a number of them, by what their IRIs suggest."""
    labels = Labels(graph)
    nodes = {}
    for number, token in enumerate(dict.fromkeys(tokens)):
        node = found.nodes[token]
        described = number < DESCRIBED
        nodes[token] = describe_node(graph, labels, token, node.distance, run=node.run) if described else node
    return nodes


def _between(graph: Graph, found: Lineage, later: str, earlier: str, max_paths: int) -> Paths:
    into: dict[str, list[str]] = {}
    for edge in found.edges:
        into.setdefault(edge.target, []).append(edge.source)
    leads = _leading_to(found, earlier)
    paths: list[tuple[str, ...]] = []
    looks = 0
    # Breadth first, so that the shortest come first and the search can stop at any number of them.
    queue: list[tuple[str, ...]] = [(later,)]
    for trail in queue:
        looks += 1
        if len(paths) > max_paths or looks > MAX_LOOKS:
            break
        if trail[-1] == earlier:
            paths.append(trail)
            continue
        queue += [(*trail, token) for token in into.get(trail[-1], ()) if token in leads and token not in trail]
    complete = found.complete and len(paths) <= max_paths and looks <= MAX_LOOKS
    nodes = _described(graph, found, [later, earlier, *(token for trail in paths[:max_paths] for token in trail)])
    made = tuple(Path(tuple(nodes[token] for token in trail)) for trail in paths[:max_paths])
    return Paths(nodes[later], nodes[earlier], made, complete)


def _leading_to(found: Lineage, earlier: str) -> Mapping[str, None]:
    """Everything that came of *earlier*: trails that leave it lead nowhere."""
    out: dict[str, list[str]] = {}
    for edge in found.edges:
        out.setdefault(edge.source, []).append(edge.target)
    reached: dict[str, None] = {earlier: None}
    for token in (queue := [earlier]):
        for target in out.get(token, ()):
            if target not in reached:
                reached[target] = None
                queue.append(target)
    return reached
