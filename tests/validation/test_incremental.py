"""A record is refused exactly when validating the whole lake with it would find something new."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from lakegraph.rdf.terms import Triple
from lakegraph.validation import Gate, MemoryStatements, ShapeSet
from lakegraph.validation.record_check import identity
from tests.validation import small_lakes as small

QUICK = settings(
    max_examples=70, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def whole(gate: Gate, triples: set[Triple]) -> Counter[object]:
    nodes = sorted({n for s, _, o in triples for n in (s, o)})
    return Counter(map(identity, gate.validate(MemoryStatements(sorted(triples)), nodes)))


def compare(gate: Gate, delta: list[Triple], stored: set[Triple], removed: set[Triple] = frozenset()) -> list[str]:
    """Where the gate and the validation of the whole lake disagree about a record."""
    before, after = whole(gate, stored | removed), whole(gate, stored | set(delta))
    found = Counter(map(identity, gate.check(delta, MemoryStatements(sorted(stored)), removed=removed).results))
    differences = [f"missed {key}" for key in (after - before) - found]
    differences += [f"made up {key}" for key in found - after]
    if {s for s, _, _ in delta} <= {s for s, _, _ in stored}:
        # Nodes that are described for the first time answer for everything; the others for what is new.
        differences += [f"blamed for what was wrong before {key}" for key in found - (after - before)]
    return differences


@QUICK
@given(small.shapes(), small.records())
def test_accepted_records_keep_a_lake_that_conforms(graph, records):
    """Record by record, the gate finds what the whole lake would show, and lets through what breaks nothing."""
    gate = Gate(ShapeSet(graph), small.Hierarchy())
    stored: set[Triple] = set()
    for delta in records:
        assert not compare(gate, delta, stored), note([graph.triples, stored, delta])
        if gate.check(delta, MemoryStatements(stored)).conforms:
            stored |= set(delta)


@QUICK
@given(small.shapes(), small.records())
def test_a_lake_with_old_faults(graph, records):
    """In a lake that holds faults already, the gate still finds everything that a record adds to them."""
    gate = Gate(ShapeSet(graph), small.Hierarchy())
    stored: set[Triple] = set()
    for delta in records:
        assert not compare(gate, delta, stored), note([graph.triples, stored, delta])
        stored |= set(delta)


@QUICK
@given(small.shapes(), st.sets(small.triples(), min_size=5, max_size=14), st.data())
def test_taking_statements_back(graph, lake, data):
    """What a record takes away is looked at as closely as what it adds, one record after the other."""
    gate = Gate(ShapeSet(graph), small.Hierarchy())
    for _ in range(4):
        if not lake:
            return
        removed = data.draw(st.sets(st.sampled_from(sorted(lake)), min_size=1, max_size=3))
        delta = data.draw(st.lists(small.triples(), max_size=3))
        kept = lake - removed
        assert not compare(gate, delta, kept, removed), note([graph.triples, lake, removed, delta])
        lake = kept | set(delta)
