"""What a change-set does to the graph beyond its own quads: inferences that lose their ground, and new ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lakegraph import resources
from lakegraph.graph import Graph, Rows
from lakegraph.rdf.inference import Reasoner
from lakegraph.rdf.terms import Triple
from lakegraph.view import View

CHANGE = "change"
"""The kind of journal entry that holds a change-set: quads added to and removed from graphs that are no records."""
Quad = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Effects:
    """What a change-set does.

    Attributes:
        added: The triples that it states, each once.
        inferred: What follows from them.
        gone: The statements that nothing states any more.
        unsupported: What followed from what goes, and follows from nothing else.
    """

    added: Sequence[Triple]
    inferred: Sequence[Triple]
    gone: frozenset[Triple]
    unsupported: frozenset[Triple]

    @property
    def disappearing(self) -> frozenset[Triple]:
        """Every triple that disappears."""
        return self.gone | self.unsupported


class ChangeEffects:
    """Works out what change-sets do. Only whoever writes may ask, before the change is applied.

    Args:
        graph: The graph, as it is before the change.
        reasoner: What follows from statements.
        view: The lake as the writer sees it; a question leaves it showing the lake without what disappears.
    """

    def __init__(self, graph: Graph, reasoner: Reasoner, view: View) -> None:
        self._graph = graph
        self._reasoner = reasoner
        self._view = view
        self._query = resources.text("queries/internal/asserted-in.rq")

    def of(self, added: bytes, removed: bytes) -> Effects:
        """The effects of a change-set.

        Args:
            added: Canonical N-Quads, each in a named graph.
            removed: The same.
        """
        coming, going = parse_quads(added), frozenset(parse_quads(removed))
        new = dict.fromkeys((s, p, o) for s, p, o, _ in coming)
        old = dict.fromkeys((s, p, o) for s, p, o, _ in going)

        def match(s: str | None, p: str | None, o: str | None) -> Iterator[Triple]:
            """What is asserted after the change, by pattern."""
            bound = {name: token for name, token in (("s", s), ("p", p), ("o", o)) if token is not None}
            rows = self._graph.query(self._query, bound)
            assert isinstance(rows, Rows)  # noqa: S101 - the query is a SELECT
            for a, b, c, g in rows:
                if a and b and c and (a, b, c, g) not in going:
                    yield a, b, c
            for triple in new:
                if s in (None, triple[0]) and p in (None, triple[1]) and o in (None, triple[2]):
                    yield triple

        gone = frozenset(t for t in old if next(match(*t), None) is None)
        followed = self._reasoner.infer(old, self._graph.objects, lambda o, p: self._graph.subjects(p, o))
        lost = frozenset(t for t in followed if not self._reasoner.supports(t, match))
        self._view.begin()
        self._view.without(gone | lost)
        inferred = self._reasoner.infer(new, self._view.objects, lambda o, p: self._view.subjects(p, o))
        return Effects(list(new), inferred, gone, lost - set(inferred))


def parse_quads(text: bytes) -> list[Quad]:
    """The quads of canonical N-Quads that each name a graph (a token)."""
    quads = []
    for line in text.decode().split("\n"):
        if line:
            s, p, rest = line.split(" ", 2)
            cut = rest.rindex(" <")
            quads.append((s, p, rest[:cut], rest[cut + 1 : -2]))
    return quads


def graph_of(line: bytes) -> bytes:
    """The graph (a bare IRI) of a canonical N-Quads line that names one."""
    return line[line.rindex(b" <") + 2 : line.rindex(b"> .")]
