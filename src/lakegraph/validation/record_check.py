"""One record against one lake: new nodes are asked everything, known ones only what the record can have broken."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from lakegraph.rdf.terms import Triple
from lakegraph.validation.plans import Plans, ask
from lakegraph.validation.reach import Doubt, Reach
from lakegraph.validation.result import Result
from lakegraph.validation.statements import Statements
from lakegraph.validation.view import View


class RecordCheck:
    """The check of one record.

    Args:
        plans: The shapes, by what they target.
        reach: What changed statements put in doubt.
        stored: The lake without the record and without what it takes back.
        delta: The record's triples.
        taken: Statements that the record takes back; it may state some of them again.
    """

    def __init__(
        self, plans: Plans, reach: Reach, stored: Statements, delta: Iterable[Triple], taken: Iterable[Triple] = ()
    ) -> None:
        self.view = View(stored, delta, plans.inverses)
        self._plans = plans
        self._reach = reach
        self._taken = dict.fromkeys(taken)
        self._gone = [triple for triple in self._taken if triple not in self.view.added]
        self._before: View | None = None
        self._whole: set[tuple[int, str]] = set()
        self._named: dict[str, frozenset[int]] = {}

    def results(self) -> list[Result]:
        """Everything that the record breaks."""
        found = self._of_new_nodes()
        changes = self.view.changes()
        if self._taken:
            changes = [triple for triple in changes if triple not in self._taken]
        found += self._of_new_targets(changes)
        return found + self._of_doubts(changes)

    def close(self) -> None:
        """Forget what was read. Nodes know their view: left alone, each check would wait for the garbage collector."""
        self.view.clear()
        if self._before is not None:
            self._before.clear()

    @property
    def before(self) -> View:
        """The lake before the record, with what the record takes back."""
        if self._before is None:
            self._before = View(self.view.stored, self._taken)
        return self._before

    def _of_new_nodes(self) -> list[Result]:
        view, whole = self.view, self._plans.whole
        # All plans are found first: asking reads, and what is read leaves its traces in the nodes.
        plans = [whole(view, node, said) for node, said in view.new.items()]
        results: list[Result] = []
        for (node, said), plan in zip(view.new.items(), plans, strict=True):
            ask(plan, view, node, said, results)
        return results

    def _of_new_targets(self, changes: Sequence[Triple]) -> list[Result]:
        """What is wrong with nodes by shapes that have come to target them."""
        results: list[Result] = []
        for number, node in self._newly_targeted(changes):
            settled = (number, node) in self._whole or self._asked_as_new(number, node)
            if not settled and not self._plans.targets(number, self.before, node):
                self._whole.add((number, node))
                self._plans.compiled[number].collect(self.view, node, results)
        return results

    def _newly_targeted(self, changes: Sequence[Triple]) -> Iterator[tuple[int, str]]:
        plans, new, by_inverse = self._plans, self.view.new, self._plans.by_inverse
        known: dict[str, set[str]] = defaultdict(set)
        for s, p, o in changes:
            if s not in new:
                known[s].add(p)
            if p in by_inverse:
                for number in by_inverse[p]:
                    yield number, o
        for node, predicates in known.items():
            types = frozenset(self.view.said[node].get(plans.type, ()))
            for number in plans.named(types, frozenset(predicates)):
                yield number, node

    def _asked_as_new(self, number: int, node: str) -> bool:
        """Whether *node* is new and the shape was among those that it was asked."""
        said = self.view.new.get(node)
        if said is None:
            return False
        named = self._named.get(node)
        if named is None:
            types = frozenset(said.get(self._plans.type, ()))
            named = self._named[node] = self._plans.named(types, frozenset(p for p, found in said.items() if found))
        return number in named

    def _of_doubts(self, changes: Sequence[Triple]) -> list[Result]:
        """What has gone wrong with nodes that were targets before."""
        doubts = dict.fromkeys(self._reach.after_adding(self.view, changes))
        if self._gone:
            doubts |= dict.fromkeys(self._reach.after_removing(self.view, self._gone))
        results: list[Result] = []
        for doubt in doubts:
            if doubt.value is not None and Doubt(doubt.item, doubt.focus, None) in doubts:
                continue
            found = self._ask(doubt)
            if found:
                results += self._not_before(found, doubt)
        return results

    def _ask(self, doubt: Doubt) -> list[Result]:
        results: list[Result] = []
        number, node = doubt.item.shape, doubt.focus
        settled = (number, node) in self._whole or self._asked_as_new(number, node)
        if not settled and self._plans.targets(number, self.view, node):
            doubt.item.run(self.view, node, doubt.value, results)
        return results

    def _not_before(self, found: Sequence[Result], doubt: Doubt) -> list[Result]:
        """*found* without what was as wrong before the record."""
        old: list[Result] = []
        if self._plans.targets(doubt.item.shape, self.before, doubt.focus):
            doubt.item.run(self.before, doubt.focus, None, old)
        counts = Counter(map(identity, old))
        kept = []
        for result in found:
            if counts[identity(result)] > 0:
                counts[identity(result)] -= 1
            else:
                kept.append(result)
        return kept


def identity(result: Result) -> tuple[object, ...]:
    """What makes two results the same finding."""
    return result.focus, result.path, result.value, result.component, result.source_shape
