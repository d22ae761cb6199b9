"""From journal entries to the projections: the graph and the index, live, at opening, and when they are made again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from lakegraph import resources
from lakegraph.change_effects import CHANGE, ChangeEffects
from lakegraph.errors import LakeDamagedError
from lakegraph.graph import Change, FollowingGraph, Rows
from lakegraph.index import FollowingIndex, Fragment, Index
from lakegraph.journal import Entry
from lakegraph.marking import markers
from lakegraph.met import Met, nodes_of
from lakegraph.preparing import Retraction, nquads
from lakegraph.rdf.inference import Reasoner
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import Triple, value
from lakegraph.view import View

log = logging.getLogger("lakegraph.projecting")
Progress = Callable[[int, int], None]
"""Called with how many of how many are done."""

_GROUP = 600


class Records(Protocol):
    """The journal, or a part of it, as projections read it."""

    @property
    def last_seq(self) -> int:
        """The last entry."""
        ...

    def entries(self, after: int = 0) -> Iterator[Entry]:
        """The entries after one, in order."""
        ...


class Projector:
    """Applies journal entries to the graph and the index.

    Graph and index follow the journal: whoever asks one of them lets it catch up first, so that nobody sees it behind,
    and the records of many single calls are applied together.

    Args:
        journal: The record.
        graph: The projection that answers.
        index: The projection that finds.
        reasoner: What follows from a record.
        view: The lake as the entries of a group see it.
    """

    def __init__(self, journal: Records, graph: FollowingGraph, index: Index, reasoner: Reasoner, view: View) -> None:
        self._journal = journal
        self.graph = graph
        self._index = FollowingIndex(index)
        self._reasoner = reasoner
        self._view = view
        self.effects = ChangeEffects(graph, reasoner, view)
        self._asserted_query = asserted_query()
        self._dependents_query = resources.text("queries/internal/dependents.rq")

    def apply(
        self, entries: Sequence[Entry], known: Sequence[tuple[Sequence[Triple], Sequence[Triple]] | None]
    ) -> None:
        """Hand a group of entries to the graph, then to the index.

        Args:
            entries: Consecutive entries.
            known: For each, its asserted and inferred triples where the caller has them.
        """
        changes: list[Change] = []
        fragments: list[Fragment] = []
        for entry, triples in zip(entries, known, strict=True):
            if entry.kind == CHANGE:
                self._write(changes, fragments)
                changes, fragments = [], []
                self._apply_change(entry)
                continue
            retraction = None
            if entry.supersedes:
                # What is taken back must be in the graph before it is looked at, and out of sight before what comes.
                self._write(changes, fragments)
                changes, fragments = [], []
                retraction = self.retraction(entry.supersedes)
                if triples is None:
                    self._view.begin()
                    self._view.without(retraction.gone)
            asserted, inferred = triples or self._triples(entry)
            changes.append(_change(entry, inferred, retraction))
            fragments.append(_fragment(entry, asserted, inferred))
            if retraction:
                self._write(changes, fragments, at_once=True)
                changes, fragments = [], []
                if triples is None:
                    self._view.begin()
        self._write(changes, fragments)

    def _apply_change(self, entry: Entry) -> None:
        """Show a change-set. The index takes things from records alone, and only learns how far it is."""
        effects = self.effects.of(entry.added, entry.removed)
        change = _change(entry, effects.inferred, None)
        lost = nquads(sorted(effects.unsupported))
        self._view.meet({*nodes_of(effects.added), f"<{entry.graph}>"})
        self._write([replace(change, remove=change.remove + lost)], [_fragment(entry, (), ())], at_once=True)
        self._view.begin()

    def _write(self, changes: Sequence[Change], fragments: Sequence[Fragment], *, at_once: bool = False) -> None:
        if changes:
            (self.graph.apply if at_once else self.graph.hand)(changes)
            self._index.hand(fragments)

    @property
    def index(self) -> Index:
        """The projection that finds, with every record that the graph shows.

        Raises:
            StorageError: The disk refused what it had yet to learn; the journal has it.
        """
        return self._index.caught_up()

    def close(self) -> None:
        """Write out what waits, and let go of both projections."""
        self._index.close()
        self.graph.close()

    def _triples(self, entry: Entry) -> tuple[Sequence[Triple], Sequence[Triple]]:
        asserted = parse_nquads(entry.added)
        view = self._view
        inferred = self._reasoner.infer(asserted, view.objects, lambda o, p: view.subjects(p, o))
        view.add(asserted, inferred)
        return asserted, inferred

    def outputs(self, entry: Entry) -> tuple[str, ...]:
        """The IRIs of what the run that *entry* records made."""
        asserted = parse_nquads(entry.added)
        said = [*asserted, *self._reasoner.infer(asserted)]
        return tuple(dict.fromkeys(value(o) for s, p, o in said if p == LAKE.hasOutput and value(s) == entry.record))

    def retraction(self, graph: str) -> Retraction:
        """What disappears with *graph* (a bare IRI): its own statements, and what followed from them alone."""
        asserted = frozenset(self.graph.match(graph=graph))
        bundle = f"<{graph}>"
        record = next((value(o) for s, p, o in asserted if s == bundle and p == LAKE.describesRun), graph)
        match = self._elsewhere(graph)
        kept = frozenset(t for t in asserted if t in set(match(*t)))
        inferred = self._reasoner.infer(asserted, self.graph.objects, lambda o, p: self.graph.subjects(p, o))
        lost = frozenset(t for t in inferred if not self._reasoner.supports(t, match))
        gone = asserted - kept
        made = _made_by(f"<{record}>", bundle, {*asserted, *inferred})
        return Retraction(
            graph,
            record,
            gone,
            lost,
            lambda still: self._dependents(graph, made, still),
            lambda still: self._carried(graph, gone, made, still),
        )

    def _elsewhere(self, graph: str) -> Callable[[str | None, str | None, str | None], Iterator[Triple]]:
        """Asserted statements by pattern, in every record but *graph*."""

        def match(s: str | None, p: str | None, o: str | None) -> Iterator[Triple]:
            bound = {name: token for name, token in (("s", s), ("p", p), ("o", o)) if token is not None}
            rows = self.graph.query(self._asserted_query, {**bound, "dropped": f"<{graph}>"})
            assert isinstance(rows, Rows)  # noqa: S101 - the query is a SELECT
            for row in rows.rows:
                a, b, c = row[0], row[1], row[2]
                if a and b and c:
                    yield a, b, c

        return match

    def _dependents(self, graph: str, made: Collection[str], still: Collection[str]) -> list[str]:
        """The graphs of other records that refer to what *graph*'s record made and its successor does not describe."""
        found: dict[str, None] = {}
        for node in made:
            if node not in still:
                found.update(dict.fromkeys(self.referring(node, graph)))
        return list(found)

    def _carried(
        self, graph: str, gone: Iterable[Triple], made: Collection[str], still: Collection[str]
    ) -> list[Triple]:
        """What *graph* says of things that other records refer to and that it was only the first to describe."""
        shared = dict.fromkeys(s for s, _, _ in gone if s not in made and s not in still and s != f"<{graph}>")
        carried: dict[Triple, None] = {}
        queue = [node for node in shared if self.referring(node, graph)]
        needed = set(queue)
        # What is carried may refer to further things that nobody else describes, as a source to its owner.
        for node in queue:
            for triple in gone:
                if triple[0] == node and triple[2] not in made:
                    carried[triple] = None
                    if triple[2] in shared and triple[2] not in needed:
                        needed.add(triple[2])
                        queue.append(triple[2])
        return list(carried)

    def referring(self, node: str, graph: str) -> list[str]:
        """The graphs beside *graph* (a bare IRI) that refer to *node*."""
        rows = self.graph.query(self._dependents_query, {"node": node, "dropped": f"<{graph}>"})
        assert isinstance(rows, Rows)  # noqa: S101 - the query is a SELECT
        return [value(row[2]) for row in rows.rows if row[2]]

    def meet(self, met: Met, progress: Progress | None = None) -> None:
        """Let *met* know every node of the journal; after a crash, or in a lake made without it, that takes a while."""
        last, start = self._journal.last_seq, met.seq
        for entry in self._journal.entries(after=start):
            met.add({*nodes_of(parse_nquads(entry.added)), f"<{entry.graph}>"})
            met.reach(entry.seq, entry.seq)
            if progress and entry.seq % _GROUP == 0:
                progress(entry.seq - start, last - start)

    def catch_up(self, progress: Progress | None = None) -> int:
        """Apply what the projections have not seen, and say how many entries that was.

        Raises:
            LakeDamagedError: A projection has seen more than the journal holds.
        """
        self._index.forget()  # what waits is in the journal, which is what counts from here on
        self.graph.forget()
        last = self._journal.last_seq
        done = self._graph_position(last)
        if done > last or self._index.last_seq > last:
            raise LakeDamagedError(
                f"A projection has seen entry {max(done, self._index.last_seq)}, but the journal ends at {last}.",
                hint="The journal was replaced by an older one. If that is meant: lakegraph rebuild.",
            )
        count = self._replay(done, last, progress)
        self.graph.settle()
        return max(count, self._replay_index(last))

    def _graph_position(self, last: int) -> int:
        """The last entry up to which the graph misses nothing."""
        if not last:
            return 0
        marked = self.graph.applied(LAKE.journalSequence)
        if marked.count >= last and marked.highest == last:
            return last
        if marked.highest > last:
            return marked.highest
        seen = marked.sequences()
        return next((n - 1 for n in range(1, last + 1) if n not in seen), last)

    def _replay(self, done: int, last: int, progress: Progress | None) -> int:
        if done == last:
            return 0
        log.info("replaying entries %d to %d into the graph", done + 1, last)
        start = min(done, self._index.last_seq)
        for group in _groups(self._journal.entries(after=start), _GROUP):
            self._view.begin()
            self.apply(group, [None] * len(group))
            self._view.show(group)
            if progress:
                progress(group[-1].seq - done, last - done)
        self._index.caught_up()
        return last - done

    def _replay_index(self, last: int) -> int:
        missing = last - self._index.last_seq
        for group in _groups(self._journal.entries(after=self._index.last_seq), _GROUP):
            self._view.begin()
            fragments = []
            for entry in group:
                asserted, inferred = ((), ()) if entry.kind == CHANGE else self._triples(entry)
                fragments.append(_fragment(entry, asserted, inferred))
            self._index.hand(fragments)
        self._index.caught_up()
        return missing


def _made_by(record: str, bundle: str, said: Collection[Triple]) -> set[str]:
    """The record's thing, what its run made, and the parts of both: what nobody else can be the first to describe."""
    own = {record} | {o for s, p, o in said if s == record and p == LAKE.hasOutput}
    roots = tuple(f"{node[:-1]}/" for node in own)
    return own | {s for s, _, _ in said if s.startswith(roots) and s != bundle}


def asserted_query() -> str:
    """The query for asserted statements by pattern, in every graph but one."""
    return resources.text("queries/internal/asserted.rq")


def _change(entry: Entry, inferred: Sequence[Triple], retraction: Retraction | None) -> Change:
    return Change(
        seq=entry.seq,
        add=entry.added + nquads(inferred) + nquads(markers(entry)),
        remove=entry.removed + (nquads(sorted(retraction.unsupported)) if retraction else b""),
        drop=(retraction.graph,) if retraction else (),
    )


def _fragment(entry: Entry, asserted: Sequence[Triple], inferred: Sequence[Triple]) -> Fragment:
    dropped = (entry.supersedes,) if entry.supersedes else ()
    triples = [*asserted, *inferred]
    return Fragment(entry.seq, entry.recorded, entry.record, entry.graph, triples, dropped, len(asserted))


def parse_nquads(text: bytes) -> list[Triple]:
    """The triples of canonical N-Quads as the journal keeps them (one graph; its name is left out)."""
    triples = []
    for line in text.decode().split("\n"):
        if line:
            s, p, rest = line.split(" ", 2)
            o = rest[: rest.rindex(" <")] if rest.endswith("> .") else rest[:-2]
            triples.append((s, p, o))
    return triples


def _groups(entries: Iterable[Entry], size: int) -> Iterator[list[Entry]]:
    group: list[Entry] = []
    for entry in entries:
        group.append(entry)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
