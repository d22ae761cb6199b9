"""Fetching what a query needs: sources chosen, patterns ordered, bound joins in batches, exclusive groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import blake2b
from typing import TypeVar

from lakegraph.federation.asked import DocumentSource, QueriedSource, Source
from lakegraph.federation.blanks import Blanks
from lakegraph.federation.patterns import Known, Needs, Pattern, Step, joined_variables
from lakegraph.federation.rewriting import Values
from lakegraph.federation.scratch import Scratch
from lakegraph.rdf.vocabulary import TYPE, ontology

T = TypeVar("T")

BATCH = 100
"""So many values of a variable go into one query."""
MOST = 1000
"""A variable that is bound to more is not sent: all that matches is fetched."""
_ROUNDS = 100
"""So far a path is followed."""


class Fetcher:
    """Fetches what one query needs into the scratch store.

    Args:
        needs: What it needs.
        scratch: Where it goes.
        queried: The sources that answer SPARQL.
        documents: The sources whose documents are read.
    """

    def __init__(
        self,
        needs: Needs,
        scratch: Scratch,
        queried: Sequence[QueriedSource],
        documents: Sequence[DocumentSource],
    ) -> None:
        self._needs = needs
        self._scratch = scratch
        self._queried = queried
        self._documents = documents
        self._chains = {pattern: list(_chains(pattern)) for pattern in needs.patterns}
        self._blanks = {source: Blanks(source, needs) for source in queried}

    def run(self) -> None:
        """Fetch; what is wrong with a source is in its report."""
        sources: list[Source] = [*self._queried, *self._documents]
        with ThreadPoolExecutor(max_workers=max(1, len(sources)), thread_name_prefix="lakegraph-federate") as pool:
            self._submit = pool.submit
            asked = self.patterns()
            joined = joined_variables(self._needs.patterns)
            waiting: list[Future[None]] = [pool.submit(source.load) for source in self._documents]
            waiting += [pool.submit(source.select, asked, joined) for source in self._queried]
            _wait(waiting)
            for step in self._needs.steps:
                if step.repeat:
                    self._follow(step)
                else:
                    self._together(step)

    def patterns(self) -> list[Pattern]:
        """Every pattern for which sources are chosen: those of the query, and the links of chains that imply them."""
        links = (link for chains in self._chains.values() for chain in chains for link in chain)
        return list(dict.fromkeys((*self._needs.patterns, *links)))

    # -- patterns of one group ----------------------------------------------------------------------------------------

    def _together(self, step: Step) -> None:
        known: tuple[Known, ...] = step.known
        left = list(step.patterns)
        late: set[Pattern] = set()
        while left:
            group = self._group([pattern for pattern in left if pattern not in late] or left, known)
            others = [pattern for pattern in left if pattern not in group]
            # What is more than a source gives is left until the others have bound it: then less is asked for.
            whole = not late.intersection(group) and _meet(group, others)
            fetched = self._joined(group, known, whole) if len(group) > 1 else self._fetch(group[0], known, whole)
            if not fetched:
                late.update(group)
                continue
            known = (*known, *group)
            left = others

    def _group(self, left: Sequence[Pattern], known: Sequence[Known]) -> list[Pattern]:
        """The next pattern, with those that hang together with it and that only the same source can match."""
        bound = frozenset(name for each in known for name in each.variables)
        first = min(left, key=lambda pattern: _cost(pattern, bound))
        group = [first]
        only = self._only(first)
        if only is None:
            return group
        variables = set(first.variables)
        grown = True
        while grown:
            grown = False
            for pattern in left:
                if pattern not in group and pattern.variables & variables and self._only(pattern) is only:
                    group.append(pattern)
                    variables |= pattern.variables
                    grown = True
        return group

    def _only(self, pattern: Pattern) -> QueriedSource | None:
        """The one source that can match *pattern*, where it is one, answers SPARQL, and names all that it means."""
        able = [source for source in self._queried if pattern in source.relevant]
        if len(able) != 1 or self._chains.get(pattern):
            return None
        source = able[0]
        if source.rewriter.implies(pattern) or pattern in self._blanks[source].patterns:
            return None
        if any(self._scratch.holds(pattern, each.report.source) for each in self._documents):
            return None
        return source

    def _joined(self, group: Sequence[Pattern], known: Sequence[Known], whole: bool) -> bool:
        source = self._only(group[0])
        assert source is not None  # noqa: S101 - the group was made by it
        variables = frozenset(name for pattern in group for name in pattern.variables)
        values = self._values(variables, known)
        return all(
            source.query([source.branches(pattern, number, part) for number, pattern in enumerate(group)], whole=whole)
            for part in _batches(values)
        )

    # -- one pattern --------------------------------------------------------------------------------------------------

    def _fetch(self, pattern: Pattern, known: Sequence[Known], whole: bool = False) -> bool:
        """Fetch a pattern; whether that was done: an answer that is not *whole* may have been let go."""
        chains = self._chains.get(pattern, ())
        if not self._from_all(pattern, self._values(pattern.variables, known), whole and not chains):
            return False
        for first, second in chains:
            here, there = (first, second) if self._leads(first, known) else (second, first)
            self._from_all(here, self._values(here.variables, known))
            self._from_all(there, self._values(there.variables, (*known, here)))
        if chains:
            self._scratch.chain()
        return True

    def _leads(self, pattern: Pattern, known: Sequence[Known]) -> bool:
        """Whether *pattern* begins at something known."""
        ends = [term for term in (pattern.s, pattern.o) if not term.startswith("?_c")]
        return any(term[0] != "?" or any(term in each.variables for each in known) for term in ends)

    def _from_all(self, pattern: Pattern, values: Values, whole: bool = False) -> bool:
        """Fetch *pattern* from every source that may match it."""
        able = [source for source in self._queried if pattern in source.relevant and not source.is_out]
        if len(able) == 1:
            return self._from(able[0], pattern, values, whole)
        return all(_wait([self._submit(self._from, source, pattern, values, whole) for source in able]))

    def _from(self, source: QueriedSource, pattern: Pattern, values: Values, whole: bool) -> bool:
        named = self._blanks[source].fetch(pattern, values)
        whole = whole and not named
        return all(source.query([source.branches(pattern, 0, part)], named, whole=whole) for part in _batches(values))

    def _values(self, variables: Iterable[str], known: Sequence[Known]) -> Values:
        """What the variables are bound to by what is known, where that is worth sending: of several the fewest."""
        found = {name: tokens for name in variables if (tokens := self._scratch.values(name, known, MOST)) is not None}
        if len(found) > 1:
            fewest = min(found, key=lambda name: len(found[name]))
            found = {name: tokens for name, tokens in found.items() if name == fewest or len(tokens) <= BATCH}
        return found

    # -- paths --------------------------------------------------------------------------------------------------------

    def _follow(self, step: Step) -> None:
        """Follow one property from what is known at either end, until nothing new is found."""
        pattern, general = step.patterns[0], step.general
        for term, end, turned in ((pattern.s, general.s, False), (pattern.o, general.o, True)):
            start = [term] if term[0] != "?" else self._scratch.values(term, step.known, MOST)
            if start is not None:
                self._walk(general, end, start, turned=turned)
                return
        self._fetch(general, ())

    def _walk(self, general: Pattern, end: str, start: list[str], *, turned: bool) -> None:
        seen: set[str] = set()
        frontier = start
        for _ in range(_ROUNDS):
            seen.update(frontier)
            for part in _batches({end: frontier}):
                self._from_all(general, part)
            for first, second in self._chains.get(general, ()):
                here, there = (first, second) if end in first.variables else (second, first)
                for part in _batches({end: frontier}):
                    self._from_all(here, part)
                between = self._between(here, end, frontier)
                self._from_all(there, between)
                self._scratch.chain()
            step = self._scratch.subjects if turned else None
            found: set[str] = set()
            for token in frontier:
                found |= step(general.p, token) if step else self._scratch.objects(token, general.p)
            frontier = sorted(token for token in found - seen if token[0] == "<")
            if not frontier:
                return

    def _between(self, link: Pattern, end: str, frontier: Sequence[str]) -> Values:
        """What the other end of a link of a chain was found to be, from where the walk is."""
        middle = next(name for name in link.variables if name != end)
        found: set[str] = set()
        for token in frontier:
            found |= self._scratch.objects(token, link.p) if link.s == end else self._scratch.subjects(link.p, token)
        return {middle: sorted(token for token in found if token[0] == "<")}


def _chains(pattern: Pattern) -> Iterator[tuple[Pattern, Pattern]]:
    """The pairs of links from which *pattern* follows by a property chain of the ontology."""
    known = ontology()
    for number, chain in enumerate(known.chains):
        for above, turned in ((chain.result, False), *known.superproperties.get(chain.result, ())):
            if above == pattern.p:
                s, o = (pattern.o, pattern.s) if turned else (pattern.s, pattern.o)
                between = f"?_c{number}{blake2b(str(pattern).encode(), digest_size=6).hexdigest()}"
                yield Pattern(s, chain.first, between), Pattern(between, chain.second, o)
                break


def _cost(pattern: Pattern, bound: frozenset[str]) -> tuple[float, bool]:
    """How much a pattern may match: fewer free places are better, and a class is the worst of constants."""
    free = sum(1.0 for term in (pattern.s, pattern.o) if term[0] == "?" and term not in bound)
    joins = bool(pattern.variables & bound) or not bound
    return free + (0.5 if pattern.p == TYPE and free else 0) + (1 if pattern.p[0] == "?" else 0), not joins


def _batches(values: Values) -> Iterator[Values]:
    """The values in portions of which each goes into one query; the longest list is cut."""
    if not values:
        yield {}
        return
    longest = max(values, key=lambda name: len(values[name]))
    tokens = list(values[longest])
    for start in range(0, len(tokens), BATCH):
        yield {**values, longest: tokens[start : start + BATCH]}


def _meet(group: Sequence[Pattern], others: Sequence[Pattern]) -> bool:
    """Whether *others* may bind a variable of *group*."""
    return any(pattern.variables & other.variables for pattern in group for other in others)


def _wait(futures: Iterable[Future[T]]) -> list[T]:
    return [future.result() for future in list(futures)]
