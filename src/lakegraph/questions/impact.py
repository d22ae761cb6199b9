"""What rests on a thing, down to deployments: what breaks when it is withdrawn, counted by kind and by owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lakegraph.questions.asking import check_known, select
from lakegraph.questions.labels import Labels, kind_in
from lakegraph.questions.lineage import Node, describe_node
from lakegraph.questions.protocols import Graph
from lakegraph.questions.text import Style, undressed
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import value
from lakegraph.rdf.vocabulary import ontology

MAX_ROWS = 500_000
NAMED = 100
"""How many deployments are named; the others are counted."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What rests on one thing.

    Attributes:
        about: The thing.
        things: How many things rest on it.
        kinds: How many of each kind, the most first.
        owners: Who answers for how many of them, the most first.
        deployments: The services among them, as far as they are named.
        complete: Whether everything was counted.
    """

    about: Node
    things: int
    kinds: Mapping[str, int]
    owners: Mapping[str, int]
    deployments: tuple[Node, ...]
    complete: bool

    def text(self, style: Style = undressed) -> str:
        """The impact for a terminal."""
        if not self.things:
            return f"{style(self.about.label, 'title')}: nothing rests on it."
        rest = f"{self.things} thing rests" if self.things == 1 else f"{self.things} things rest"
        lines = [f"{style(self.about.label, 'title')}: {rest} on it{'' if self.complete else ', or more'}."]
        for word, counts in (("Kinds", self.kinds), ("Owners", self.owners)):
            if counts:
                said = " · ".join(f"{count} {name}" for name, count in counts.items())
                lines.append(f"  {style(word.ljust(12), 'word')}{said}")
        if self.deployments:
            names = " · ".join(node.label for node in self.deployments)
            lines.append(f"  {style('Deployments'.ljust(12), 'word')}{names}")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    def as_dict(self) -> dict[str, object]:
        """The impact for JSON."""
        return {
            "about": value(self.about.iri),
            "things": self.things,
            "kinds": dict(self.kinds),
            "owners": dict(self.owners),
            "deployments": [node.as_dict() for node in self.deployments],
            "complete": self.complete,
        }


def impact(graph: Graph, about: str) -> Impact:
    """What rests on *about*.

    Args:
        graph: The graph.
        about: A thing (token).

    Raises:
        NotFoundError: The graph says nothing of it.
    """
    labels = Labels(graph)
    start = describe_node(graph, labels, about, 0, run=False)
    rows = select(graph, "lineage/parts/impact", about=about)
    if not rows:
        check_known(graph, about)
    # What rests on itself by way of a cycle does not break by it once more.
    things = {row[1]: None for row in rows if row[1] and row[1] != about}
    owners = Counter(who for thing, who in {(row[1], row[2]) for row in rows} if who and thing in things)
    kind_of = {thing: _kind(graph, labels, thing) for thing in things}
    kinds = Counter(kind_of.values())
    served = [thing for thing, kind in kind_of.items() if kind == ontology().id_paths[LAKE.Deployment]]
    return Impact(
        about=start,
        things=len(things),
        kinds=_ranked(kinds),
        owners=_ranked(Counter({labels.of(who): count for who, count in owners.items()})),
        deployments=tuple(describe_node(graph, labels, thing, 1, run=False) for thing in served[:NAMED]),
        complete=len(rows) <= MAX_ROWS,
    )


def _ranked(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _kind(graph: Graph, labels: Labels, thing: str) -> str:
    """The kind of a thing: as its IRI says, where the lake has made it, and else as its classes say."""
    said = kind_in(thing)
    if said:
        return said
    paths = ontology().id_paths
    classes = [row[1] for row in select(graph, "5w1h/parts/subject", about=thing) if row[1]]
    return next((paths[c] for c in classes if c in paths), None) or labels.kind(classes)
