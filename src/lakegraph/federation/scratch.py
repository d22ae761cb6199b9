"""The scratch store: what was fetched for one query, a graph for each source, in our words."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox

from lakegraph.federation.patterns import Known, Pattern, Rows
from lakegraph.federation.rewriting import filled
from lakegraph.rdf.terms import Triple, from_ox, is_blank, is_iri, to_ox
from lakegraph.rdf.vocabulary import ontology

_NONE = "UNDEF"


class Scratch:
    """Holds and joins what was fetched; threads may add to it at once."""

    def __init__(self) -> None:
        self._store = ox.Store()
        self._blank: dict[tuple[str, str, str], set[str]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._store)

    def add(self, source: str, triples: Iterable[Triple]) -> None:
        """Put what *source* (a bare IRI) says into its graph."""
        graph = ox.NamedNode(source)
        quads = []
        for s, p, o in triples:
            try:
                quads.append(ox.Quad(to_ox(s), ox.NamedNode(p[1:-1]), to_ox(o), graph))  # type: ignore[arg-type]
            except ValueError:
                continue  # the engine takes no such term, so no query finds it
        self._store.extend(quads)

    def knows_blank(self, source: str, triple: Triple, answer: str) -> bool:
        """Whether the blank node in *triple* was told before, by another answer, under another name."""
        s, p, o = triple
        if not is_blank(o):
            return False
        told = self._blank[source, s, p]
        if not told or told == {answer}:
            told.add(answer)
            return False
        return answer not in told

    def holds(self, pattern: Pattern, source: str) -> bool:
        """Whether the graph of *source* has anything for *pattern*."""
        return any(True for _ in self._match(pattern, {}, source))

    def sources_of(self, pattern: Pattern, row: dict[str, str]) -> set[str]:
        """The sources that say *pattern* with the variables that *row* binds."""
        return {quad.graph_name.value for quad in self._match(pattern, row, None)}  # type: ignore[union-attr]

    def sources_of_path(self, pattern: Pattern, row: dict[str, str]) -> set[str]:
        """The sources that say the statements by which a path of one property leads from one thing to another."""
        start, end = row.get(pattern.s, pattern.s), row.get(pattern.o, pattern.o)
        if start[0] == "?" or end[0] == "?":
            return {q.graph_name.value for q in self._match(Pattern("?s", pattern.p, "?o"), {}, None)}  # type: ignore[union-attr]
        ahead, edges = {start}, []
        frontier = [start]
        while frontier:
            token = frontier.pop()
            for quad in self._match(Pattern(token, pattern.p, "?o"), {}, None):
                target = from_ox(quad.object)
                edges.append((token, target, quad.graph_name.value))  # type: ignore[union-attr]
                if target not in ahead:
                    ahead.add(target)
                    frontier.append(target)
        before: dict[str, list[str]] = defaultdict(list)
        for source, target, _ in edges:
            before[target].append(source)
        leading, frontier = {end}, [end]
        while frontier:
            for token in before[frontier.pop()]:
                if token not in leading:
                    leading.add(token)
                    frontier.append(token)
        return {graph for _, target, graph in edges if target in leading}

    def _match(self, pattern: Pattern, row: dict[str, str], source: str | None) -> Iterator[ox.Quad]:
        s, p, o = (None if term[0] == "?" else to_ox(term) for term in (row.get(t, t) for t in pattern))
        if isinstance(s, ox.Literal) or not (p is None or isinstance(p, ox.NamedNode)):
            return iter(())
        return self._store.quads_for_pattern(s, p, o, ox.NamedNode(source) if source else None)

    def objects(self, subject: str, predicate: str) -> set[str]:
        """What stands in any graph behind *subject* and *predicate*."""
        return {from_ox(q.object) for q in self._match(Pattern(subject, predicate, "?o"), {}, None)}

    def subjects(self, predicate: str, target: str) -> set[str]:
        """What stands in any graph before *predicate* and *target*."""
        return {from_ox(q.subject) for q in self._match(Pattern("?s", predicate, target), {}, None)}

    def values(self, variable: str, known: Sequence[Known], most: int) -> list[str] | None:
        """What *variable* is bound to by *known*, where that is no more than *most* and can be sent to a source.

        Literals cannot: sources write them differently. Blank nodes need not: no other source knows them.
        """
        linked = _linked(variable, known)
        if not linked:
            return None
        text = filled(
            "known-values",
            variable=variable[1:],
            patterns="\n".join(map(_text, linked)),
            limit=str(most + 1),
        )
        solutions = self._store.query(text, use_default_graph_as_union=True)
        assert isinstance(solutions, ox.QuerySolutions)  # noqa: S101 - the text says so
        found = [from_ox(term) for row in solutions if (term := row[0]) is not None]
        if len(found) > most or any(not is_iri(token) and not is_blank(token) for token in found):
            return None
        return [token for token in found if is_iri(token)]

    def chain(self) -> None:
        """Draw the conclusions that need two statements, which two sources may have made: each is then said by both."""
        known = ontology()
        for chain in known.chains:
            firsts: dict[str, list[ox.Quad]] = defaultdict(list)
            for quad in self._match(Pattern("?s", chain.first, "?o"), {}, None):
                firsts[from_ox(quad.object)].append(quad)
            if not firsts:
                continue
            above = ((chain.result, False), *known.superproperties.get(chain.result, ()))
            for quad in self._match(Pattern("?s", chain.second, "?o"), {}, None):
                for first in firsts.get(from_ox(quad.subject), ()):
                    s, o = from_ox(first.subject), from_ox(quad.object)
                    said = [(o, p, s) if turned else (s, p, o) for p, turned in above]
                    for graph in {first.graph_name.value, quad.graph_name.value}:  # type: ignore[union-attr]
                        self.add(graph, said)

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """The store in a directory, for a worker that only reads; its default graph has what all sources say."""
        with tempfile.TemporaryDirectory(prefix="lakegraph-federate-") as folder:
            place = Path(folder) / "store"
            copy = ox.Store(str(place))
            copy.bulk_extend(self._store)
            # The engine counts a triple of two graphs twice in their union; what two sources say is said once.
            copy.bulk_extend(ox.Quad(*triple) for triple in {(q.subject, q.predicate, q.object) for q in self._store})
            copy.flush()
            del copy
            yield place


def _linked(variable: str, known: Sequence[Known]) -> list[Known]:
    """The part of *known* that hangs together with *variable*; nothing where it does not bind it."""
    reached = {variable}
    chosen: list[Known] = []
    left = list(known)
    while True:
        near = [each for each in left if each.variables & reached]
        if not near:
            break
        for each in near:
            reached |= each.variables
            chosen.append(each)
            left.remove(each)
    return chosen if any(variable in each.variables for each in chosen) else []


def _text(known: Known) -> str:
    if isinstance(known, Rows):
        names = sorted(known.variables)
        rows = " ".join(f"({' '.join(row.get(name, _NONE) for name in names)})" for row in known.rows)
        return f"  VALUES ({' '.join(names)}) {{ {rows} }}"
    return f"  {known} ."
