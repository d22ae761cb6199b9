"""The whole story of things: what they came from, who judged and used them, and every journal entry that says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lakegraph import resources
from lakegraph.errors import NotFoundError
from lakegraph.exchange.parts import LakeParts
from lakegraph.graph import Rows
from lakegraph.rdf.namespaces import LAKE, PROV
from lakegraph.rdf.terms import iri, value
from lakegraph.rdf.vocabulary import TYPE

_RECORDS = 2048  # parsed records kept at once; a story reads each again and again while it is near


@dataclass(frozen=True, slots=True)
class Story:
    """What belongs to a story.

    Attributes:
        things: The things that it was asked of (bare IRIs).
        runs: The runs in it (tokens): those that made things upstream, and those that judged, deployed or watched.
        nodes: Everything that is told of (tokens): runs, things, their parts, and all that these refer to.
        entries: Sequence numbers of the journal entries, ascending: those in force and those before them.
    """

    things: tuple[str, ...]
    runs: frozenset[str]
    nodes: frozenset[str]
    entries: tuple[int, ...]


def story_of(lake: LakeParts, things: Iterable[str]) -> Story:
    """Gather the story of *things*.

    It holds every run upstream of them to the sources; reviews, changes of stage, evaluations and accesses of
    everything on the way; deployments of the things themselves and what watched these; of a study its analyses. Each
    fact is stored once, so the records that were the first to describe what all this refers to belong to it, too, and
    so do revisions that were superseded, withdrawals and erasures.

    Args:
        lake: The lake.
        things: IRIs or names of things, runs or studies.

    Raises:
        NotFoundError: The lake has no record of one of them.
    """
    # What was withdrawn or erased is only in the journal, where no name leads but its own.
    starts = tuple(dict.fromkeys(t if lake.journal.history(t) else lake.resolve(t) for t in things))
    walk = _Walk(lake)
    tokens = [iri(start) for start in starts]
    for token in tokens:
        walk.check_known(token)
    told = walk.told(tokens)
    nodes = walk.described(told)
    runs = frozenset(node for node in told if walk.is_run(node))
    return Story(starts, runs, frozenset(nodes), tuple(sorted(walk.entries)))


class _Walk:
    """One gathering of a story.

    Attributes:
        entries: Sequence numbers found so far.
    """

    def __init__(self, lake: LakeParts) -> None:
        self._lake = lake
        self._graph = lake.graph
        self._below = f"<{lake.base}id/"
        self._seen_records: set[str] = set()
        self._graphs: dict[str, bool] = {}
        self._references = lru_cache(maxsize=_RECORDS)(self._read_references)
        self.entries: set[int] = set()

    # -- who plays a part ---------------------------------------------------------------------------------------------

    def told(self, starts: Sequence[str]) -> dict[str, None]:
        """The runs and things of the story: upstream of *starts*, about them, and in service of them."""
        found: dict[str, None] = {}
        served = set(starts)
        queue = list(starts)
        for start in starts:
            for member, *_ in self._ask("closure-members", start):
                queue += [member, *self._graph.objects(member, LAKE.hasOutput)]
        while queue:
            node = queue.pop()
            if node in found:
                continue
            found[node] = None
            queue += self._beside(node)
            if node in served:
                for row in self._ask("closure-service", node):
                    queue += row
                    served.update(row[1:])
        return found

    def _beside(self, node: str) -> Iterator[str]:
        for predicate in (LAKE.hasInputData, LAKE.wasOutputOf, LAKE.derivedFrom):
            yield from self._graph.objects(node, predicate)
        for run, *_ in self._ask("closure-about", node):
            yield run

    def check_known(self, node: str) -> None:
        """Refuse what no entry of the journal tells of."""
        if list(self.records(node)) or self._lake.journal.history(value(node)):
            return
        if not list(self._ask("closure-members", node)):  # a hub of versions is in no record of its own
            name = value(node)
            hint = "lakegraph search finds what the lake knows."
            raise NotFoundError(f"No record of this lake tells of {name}.", where=name, hint=hint)

    def is_run(self, node: str) -> bool:
        """Whether *node* is something that was done."""
        return PROV.Activity in self._graph.objects(node, TYPE)

    # -- what says what they are --------------------------------------------------------------------------------------

    def described(self, told: Iterable[str]) -> set[str]:
        """Everything that the story refers to; gathers the entries that describe it."""
        queue = list(told)
        nodes: set[str] = set(queue)
        while queue:
            node = queue.pop()
            below = f"{node[:-1]}/"
            for entry_graph in self.records(node):
                for subject, targets in self._references(entry_graph).items():
                    if subject == node or subject.startswith(below):
                        nodes.add(subject)
                        fresh = [t for t in targets if t not in nodes and not self.is_run(t)]
                        nodes.update(fresh)
                        # What stands below a thing is described where the thing is.
                        queue += [t for t in fresh if not t.startswith(below)]
        return nodes

    def records(self, node: str) -> Iterator[str]:
        """The graphs in force that describe *node*; gathers their entries and the histories of their records."""
        found = False
        for graph, *_ in self._ask("closure-describing", node):
            if graph.startswith(self._below) and self._is_record(value(graph)):
                found = True
                yield value(graph)
        if not found:
            # What was withdrawn or erased is in no graph; the journal still knows it by its name.
            self._keep(value(node))

    def _is_record(self, graph: str) -> bool:
        """Whether *graph* is one that an entry wrote; gathers the entries of its record."""
        known = self._graphs.get(graph)
        if known is None:
            # The graph says what it is about, which is cheaper to ask than the journal.
            about = self._graph.objects(f"<{graph}>", LAKE.describesRun)
            entry = None if about else self._lake.journal.current(graph)
            for record in [*map(value, about), *([entry.record] if entry else ())]:
                self._keep(record)
                known = True
            self._graphs[graph] = known = bool(known)
        return known

    def _keep(self, record: str) -> None:
        if record not in self._seen_records:
            self._seen_records.add(record)
            self.entries.update(entry.seq for entry in self._lake.journal.history(record))

    def _read_references(self, graph: str) -> dict[str, list[str]]:
        """Of each subject in *graph*, what else of this lake it refers to."""
        found: dict[str, list[str]] = {}
        for s, _, o in self._graph.match(graph=graph):
            targets = found.setdefault(s, [])
            if o.startswith(self._below) and o != s:
                targets.append(o)
        return found

    def _ask(self, name: str, node: str) -> Iterator[list[str]]:
        answer = self._graph.query(_text(name), {"node": node})
        assert isinstance(answer, Rows)  # noqa: S101 - these queries are SELECTs
        for row in answer:
            yield [term for term in row[1:] if term]


@lru_cache
def _text(name: str) -> str:
    return resources.text(f"queries/internal/{name}.rq")
