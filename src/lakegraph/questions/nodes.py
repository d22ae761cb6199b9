"""The nodes and edges of a lineage, and what people want to read of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cached_property
from typing import NamedTuple, overload

from lakegraph.garbage import uncollected
from lakegraph.questions.asking import select
from lakegraph.questions.labels import Labels, day_of, name_in, with_version
from lakegraph.questions.protocols import Called, Graph
from lakegraph.rdf.namespaces import DCT, DQV, LAKE, PROV, RDF
from lakegraph.rdf.terms import XSD, is_literal, lexical, local_name, value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_TIME = f"^^<{XSD}dateTime>"
_DIGITS = Decimal("0.0001")
SOURCE = "DatasetSource"
SUCCEEDED = "succeeded"


class Node(NamedTuple):
    """One run or thing of a lineage.

    Attributes:
        iri: Its token.
        run: Whether it is a step rather than a thing.
        distance: How many steps from the start; negative upstream.
        title: What it is called.
        version: Its version, for a data set or model.
        kind: What it is, in words; empty where nothing is known of it.
        who: Who did it, or owns it.
        when: When it began (token), for a run.
        detail: What a run did, in words: its operations, scores or mode; of a large lineage, only of the nearest.
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


class Edge(NamedTuple):
    """Data flow from ``source`` to ``target``: from a thing into a run, or from a run into what it made."""

    source: str
    target: str


def describe_node(graph: Graph, labels: Labels, token: str, distance: int, *, run: bool) -> Node:
    """A node with what people want to read of it, from the graph."""
    return _run(graph, labels, token, distance) if run else _thing(graph, labels, token, distance)


def _thing(graph: Graph, labels: Labels, token: str, distance: int) -> Node:
    said: dict[str, list[str]] = {}
    for _, key, what in sorted(
        select(graph, "lineage/parts/node", about=token), key=lambda r: (r[1] or "", r[2] or "")
    ):
        if key and what:
            said.setdefault(lexical(key), []).append(what)
    title, version = name_in(token)
    if "title" in said:
        title, version = lexical(said["title"][0]), lexical(said["version"][0]) if "version" in said else None
    who = tuple(labels.of(agent) for agent in dict.fromkeys(said.get("owner", ())))
    return Node(token, False, distance, title, version, labels.kind(said["class"]) if "class" in said else "", who)


def _run(graph: Graph, labels: Labels, token: str, distance: int) -> Node:
    titles, started = (sorted(graph.objects(token, p)) for p in (DCT.title, PROV.startedAtTime))
    classes = sorted(graph.objects(token, RDF.type))
    who, detail = deeds(graph, labels, token)
    title = lexical(titles[0]) if titles else name_in(token)[0]
    kind = labels.kind(classes) if classes else ""
    return Node(token, True, distance, title, None, kind, who, started[0] if started else None, detail)


def deeds(graph: Graph, labels: Labels, run: str) -> tuple[tuple[str, ...], str]:
    """Who did a run, and in words what it did: its operations in their order, its scores, its mode, a bad end.

    What is needed is read property by property: 8 µs each, where all that is said of a run takes 100, a query 600.
    """
    operations = [(_order(graph, each), text) for each in graph.objects(run, LAKE.hasOperation)
                  if (text := _operation(graph, labels, each))]  # fmt: skip
    scores = sorted(filter(None, (_score(graph, labels, each) for each in graph.objects(run, LAKE.hasEvaluation))))
    modes = sorted(labels.of(mode) for mode in graph.objects(run, LAKE.ingestionMode))
    ends = [labels.of(s) for s in graph.objects(run, LAKE.runStatus) if local_name(s) != SUCCEEDED]
    said = dict.fromkeys([*(text for _, text in sorted(operations)), *scores, *modes, *ends])
    return tuple(labels.of(who) for who in sorted(graph.objects(run, PROV.wasAssociatedWith))), ", ".join(said)


def _operation(graph: Graph, labels: Labels, operation: str) -> str:
    found = sorted(graph.objects(operation, DCT.description)) or sorted(graph.objects(operation, LAKE.operationType))
    return labels.of(found[0]) if found else ""


def _order(graph: Graph, operation: str) -> int:
    numbers = [lexical(n) for n in graph.objects(operation, LAKE.sequenceNumber) if is_literal(n)]
    return min((int(n) for n in numbers if n.isdigit()), default=0)


def _score(graph: Graph, labels: Labels, evaluation: str) -> str:
    measures = sorted(graph.objects(evaluation, DQV.isMeasurementOf))
    numbers = [n for n in sorted(graph.objects(evaluation, DQV.value)) if is_literal(n)]
    return f"{labels.of(measures[0])} {rounded(lexical(numbers[0]))}" if measures and numbers else ""


def rounded(text: str) -> str:
    """A number to four digits, as people write it."""
    try:
        exact = Decimal(text).quantize(_DIGITS, rounding=ROUND_HALF_UP)
    except InvalidOperation:
        return text
    written = format(exact, "f")
    return written.rstrip("0").rstrip(".")


class Nodes(Mapping[str, Node]):
    """The nodes of a lineage that was walked in an index, each made when it is first looked at.

    Args:
        rows: What the index calls them.
        distance: Numbers in the order in which they were found, with their steps from the start.
        runs: Which of them are runs.
        said: Those that are described in full, by number.
        done: Of the nearest runs, who did them and what they did.
        kinds: Words for the kinds of the rows.
        people: Names of the owners in the rows, by number.
    """

    def __init__(
        self,
        rows: Iterable[Called],
        distance: Mapping[int, int],
        runs: Collection[int],
        said: Mapping[int, Node],
        done: Mapping[int, tuple[tuple[str, ...], str]],
        kinds: Mapping[int, str],
        people: Mapping[int, str],
    ) -> None:
        self._rows = rows
        self._distance = distance
        self._runs = runs
        self._said = said
        self._done = done
        self._kinds = kinds
        self._people = people

    @cached_property
    def _made(self) -> dict[str, Node]:
        rows, runs, said = {row[0]: row for row in self._rows}, self._runs, self._said
        made = {}
        with uncollected():
            for number, distance in self._distance.items():
                node = said.get(number) or self._node(rows[number], distance, run=number in runs)
                if number in self._done:
                    who, detail = self._done[number]
                    node = node._replace(who=who, detail=detail)
                made[node.iri] = node
        return made

    def _node(self, called: Called, distance: int, *, run: bool) -> Node:
        _, iri, kind, title, version, owner, time = called
        token = f"<{iri}>"
        if title is None:
            title, version = name_in(token)
        if not run:
            return Node(token, False, distance, title, version, self._kinds[kind])
        who = (self._people[owner],) if owner is not None else ()
        return Node(token, True, distance, title, version, self._kinds[kind], who, _moment(time))

    def __getitem__(self, token: str) -> Node:
        return self._made[token]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._distance)

    def __eq__(self, other: object) -> bool:
        return self._made == (other._made if isinstance(other, Nodes) else other)

    def __repr__(self) -> str:
        return repr(self._made)

    __hash__ = None  # type: ignore[assignment] # as of any mapping


class Edges(Sequence[Edge]):
    """The edges of a lineage that was walked in an index, each made when it is first looked at.

    Args:
        pairs: Numbers of source and target.
        rows: What the index calls the nodes.
    """

    def __init__(self, pairs: Collection[tuple[int, int]], rows: Iterable[Called]) -> None:
        self._pairs = pairs
        self._rows = rows

    @cached_property
    def _made(self) -> tuple[Edge, ...]:
        tokens = {row[0]: f"<{row[1]}>" for row in self._rows}
        with uncollected():
            return tuple([Edge(tokens[source], tokens[target]) for source, target in self._pairs])

    @overload
    def __getitem__(self, index: int) -> Edge: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Edge]: ...

    def __getitem__(self, index: int | slice) -> Edge | Sequence[Edge]:
        return self._made[index]

    def __iter__(self) -> Iterator[Edge]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._pairs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._made == tuple(other)

    def __repr__(self) -> str:
        return repr(self._made)

    def __hash__(self) -> int:
        return hash(self._made)


def _moment(microseconds: int | None) -> str | None:
    """The token of a moment, given in microseconds since 1970."""
    if microseconds is None:
        return None
    text = (_EPOCH + timedelta(microseconds=microseconds)).isoformat().replace("+00:00", "Z")
    return f'"{text}"{_DATE_TIME}'
