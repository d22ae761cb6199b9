"""Thousands of steps in a small lake: the gate refuses whatever validating all of it by the project's shapes shows.

``LAKEGRAPH_STEPS`` says how many steps are taken; each is judged by the gate and by validating everything, before and
after.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lakegraph import resources
from lakegraph.layer import Layer
from lakegraph.rdf.terms import Triple
from lakegraph.rdf.vocabulary import ontology
from lakegraph.testing import FAULTS, Draws, damaged
from lakegraph.validation import Gate, MemoryStatements, Result, ShapeSet, Statements
from lakegraph.validation.record_check import identity
from tests.validation.made_records import recorded

STEPS = int(os.environ.get("LAKEGRAPH_STEPS", "120"))
_RECORDS, _MOST = 14, 9


class Layers:
    """A lake over the vocabularies, which no record changes."""

    vocabularies = Layer(ontology().concept_triples)

    def __init__(self, triples: set[Triple]) -> None:
        self.lake = MemoryStatements(sorted(triples))

    def _of(self, subject: str) -> Statements:
        return self.vocabularies if subject in self.vocabularies else self.lake

    def outgoing(self, subject: str) -> list[tuple[str, str]]:
        return list(self._of(subject).outgoing(subject))

    def objects(self, subject: str, predicate: str) -> list[str]:
        return list(self._of(subject).objects(subject, predicate))

    def subjects(self, predicate: str, object: str) -> list[str]:  # noqa: A002 - the RDF word
        return list(self.lake.subjects(predicate, object))


@dataclass
class Lake:
    """Which records are in the lake, and what a step does to it."""

    chance: random.Random
    sound: Sequence[list[Triple]]
    held: dict[int, set[Triple]] = field(default_factory=dict)
    extra: set[Triple] = field(default_factory=set)
    taken: Counter[str] = field(default_factory=Counter)

    @property
    def triples(self) -> set[Triple]:
        return set().union(self.extra, *self.held.values())

    def step(self) -> tuple[list[Triple], set[Triple], dict[int, set[Triple]], set[Triple]]:
        """What a step adds, what it takes away, and which records and other statements are held then."""
        kinds = ["add", "add", "damage", "damage", "correct", "withdraw", "meddle", "meddle"]
        kind = self.chance.choice(kinds)
        absent = [n for n in range(len(self.sound)) if n not in self.held]
        if kind in ("add", "damage") and absent and len(self.held) < _MOST:
            self.taken[kind] += 1
            number = min(absent) if self.chance.random() < 0.7 else self.chance.choice(absent)
            said = self._said(number, damage=kind == "damage")
            return list(said), set(), {**self.held, number: said}, self.extra
        if kind in ("correct", "withdraw", "add", "damage") and self.held:
            kind = "correct" if kind == "correct" else "withdraw"
            self.taken[kind] += 1
            number = self.chance.choice(list(self.held))
            held = {n: said for n, said in self.held.items() if n != number}
            if kind == "correct":
                held[number] = self._said(number, damage=self.chance.random() < 0.5)
            added = held.get(number, set())
            kept = set().union(self.extra, *(said for n, said in held.items() if n != number))
            return list(added), self.held[number] - kept, held, self.extra
        self.taken["meddle"] += 1
        return self._meddle()

    def _said(self, number: int, *, damage: bool) -> set[Triple]:
        said = self.sound[number]
        if damage:
            done = damaged(said, self.chance.choice(FAULTS), Draws(str(self.chance.random())))
            said = done[0] if done else said
        return set(said)

    def _meddle(self) -> tuple[list[Triple], set[Triple], dict[int, set[Triple]], set[Triple]]:
        """Any statements go, and others come that take subject, predicate and object from anywhere."""
        everything = sorted(self.triples)
        if not everything:
            return [], set(), self.held, self.extra
        gone = set(self.chance.sample(everything, min(len(everything), self.chance.randint(0, 2))))
        pick = self.chance.choice
        new = {(pick(everything)[0], p, o) for _, p, o in (pick(everything) for _ in range(self.chance.randint(0, 2)))}
        new -= gone
        return list(new), gone, {n: said - gone for n, said in self.held.items()}, (self.extra - gone) | new


def everything_wrong(gate: Gate, triples: set[Triple]) -> dict[tuple[object, ...], Result]:
    nodes = sorted({n for s, _, o in triples for n in (s, o) if n not in Layers.vocabularies})
    found: dict[tuple[object, ...], Result] = {}
    for result in gate.validate(Layers(triples), nodes):
        found[identity(result)] = result
    return found


def differences(gate: Gate, lake: set[Triple], delta: list[Triple], gone: set[Triple]) -> Iterator[str]:
    """Where the gate and the validation of the whole lake disagree about a step."""
    kept = lake - gone
    before, after = everything_wrong(gate, lake), everything_wrong(gate, kept | set(delta))
    results = gate.check(delta, Layers(kept), removed=gone).results
    found = {identity(r) for r in results}
    # The bounded forms find a cycle at the record's own nodes and not again at the others (see the shapes' comments).
    cyclic = {r.source_shape for r in results if r.constraint.engine == "bounded"}
    for key in after.keys() - before.keys() - found:
        if after[key].constraint.engine != "bounded" or after[key].source_shape not in cyclic:
            yield f"missed {key}"
    yield from (f"made up {key}" for key in found - after.keys())


def test_the_gate_finds_whatever_the_whole_lake_would_show() -> None:
    """Records come sound and damaged, are corrected and withdrawn, and statements are meddled with at random."""
    gate = Gate(ShapeSet.load([resources.path("shapes")]), ontology(), ("integrity", "completeness", "policy"))
    refused = 0
    for seed in range(-(-STEPS // 60)):
        lake = Lake(random.Random(seed), recorded(_RECORDS, seed))
        for number in range(60):
            before = lake.triples
            delta, gone, held, extra = lake.step()
            found = list(differences(gate, before, delta, gone))
            assert not found, (seed, number, lake.taken, found[:3])
            conforms = gate.check(delta, Layers(before - gone), removed=gone).conforms
            refused += not conforms
            # What is refused does not come in, but now and then: lakes with old faults are judged as well.
            if conforms or lake.chance.random() < 0.15:
                lake.held, lake.extra = held, extra
    assert refused > STEPS / 10
    assert refused < STEPS
