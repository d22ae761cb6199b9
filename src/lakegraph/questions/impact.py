"""What rests on a thing, down to deployments: what breaks when it is withdrawn, counted by kind and by owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lakegraph.garbage import uncollected
from lakegraph.questions.asking import check_known, select
from lakegraph.questions.labels import Labels, kind_in
from lakegraph.questions.nodes import Node, describe_node
from lakegraph.questions.protocols import FlowIndex, Graph
from lakegraph.questions.text import Style, undressed
from lakegraph.questions.walking import Found, sweep
from lakegraph.rdf.namespaces import LAKE, RDF
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

    def _repr_html_(self) -> str:
        from lakegraph.questions.html import text_html

        return text_html(self.text())

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


def impact(graph: Graph, about: str, index: FlowIndex | None = None) -> Impact:
    """What rests on *about*.

    Args:
        graph: The graph.
        about: A thing (token).
        index: The index of that graph: walking there costs a tenth. Without one, the graph itself is walked.

    Raises:
        NotFoundError: The graph says nothing of it.
    """
    with uncollected():
        return _impact(graph, about, index)


def _impact(graph: Graph, about: str, index: FlowIndex | None) -> Impact:
    labels = Labels(graph)
    start = describe_node(graph, labels, about, 0, run=False)
    things, complete = _over_index(index, about) if index else _over_graph(graph, about)
    if not things:
        check_known(graph, about)
    # What rests on itself by way of a cycle does not break by it once more.
    things.pop(about, None)
    owners = Counter(who for owners in things.values() for who in owners)
    kind_of = {thing: _kind(graph, labels, thing) for thing in things}
    kinds = Counter(kind_of.values())
    served = [thing for thing, kind in kind_of.items() if kind == ontology().id_paths[LAKE.Deployment]]
    return Impact(
        about=start,
        things=len(things),
        kinds=_ranked(kinds),
        owners=_ranked(Counter({labels.of(who): count for who, count in owners.items()})),
        deployments=tuple(describe_node(graph, labels, thing, 1, run=False) for thing in served[:NAMED]),
        complete=complete,
    )


def _over_graph(graph: Graph, about: str) -> tuple[dict[str, set[str]], bool]:
    """Everything that is derived from *about*, with who answers for it; and whether that is all."""
    rows = select(graph, "lineage/parts/impact", about=about)
    things: dict[str, set[str]] = {}
    for _, thing, who in rows:
        if thing:
            things.setdefault(thing, set()).update([who] if who else ())
    return things, len(rows) <= MAX_ROWS


def _over_index(index: FlowIndex, about: str) -> tuple[dict[str, set[str]], bool]:
    """The same from the index, which knows the one administrator that a thing may have."""
    with index.flowing() as flows:
        start = flows.number(value(about))
        if start is None:
            return {}, True
        around = flows.reach(start, "down", MAX_ROWS)
        found: Found[int] = Found(distance={start: 0})
        sweep(found, start, "down", around)
        rows = flows.called(found.distance.keys() - found.runs)
        owners = {number: {f"<{iri}>"} for number, iri in flows.iris({row[5] for row in rows if row[5]}).items()}
    return {f"<{row[1]}>": owners.get(row[5] or 0, set()) for row in rows}, around.whole


def _ranked(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _kind(graph: Graph, labels: Labels, thing: str) -> str:
    """The kind of a thing: as its IRI says, where the lake has made it, and else as its classes say."""
    said = kind_in(thing)
    if said:
        return said
    paths = ontology().id_paths
    classes = list(graph.objects(thing, RDF.type))
    return next((paths[c] for c in classes if c in paths), None) or labels.kind(classes)
