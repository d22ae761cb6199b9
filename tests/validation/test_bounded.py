"""Each bounded form gives what its SPARQL text gives to pySHACL, and sees from the record what a lake would show."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakegraph import resources
from lakegraph.errors import DataFileError
from lakegraph.rdf.namespaces import DCAT, LAKE, PROV, RDF, Namespace
from lakegraph.rdf.terms import XSD, Triple, iri, literal
from lakegraph.rdf.vocabulary import ontology
from lakegraph.validation import Gate, MemoryStatements, ShapeSet
from lakegraph.validation.record_check import identity
from tests.validation.oracle import differences

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NODES = [iri(f"urn:n{n}") for n in range(6)]
STEPS = [literal(str(n), XSD + "integer") for n in range(1, 4)]
TIMES = [literal(f"2024-01-0{n}T00:00:00Z", XSD + "dateTime") for n in range(1, 5)]
LAKESH = Namespace("lakesh")


def concept(cls: str, name: str) -> str:
    return ontology().concepts[LAKE[cls]][name]


def edges(predicate: str, objects: list[str]) -> st.SearchStrategy[Triple]:
    return st.tuples(st.sampled_from(NODES), st.just(predicate), st.sampled_from(objects))


STAGES = [concept("LifecycleStage", name) for name in ("production", "staging")]
DECISIONS = [concept("Decision", name) for name in ("approved", "rejected")]
WORLDS = {
    "Acyclic": edges(LAKE.derivedFrom, NODES),
    "AcyclicVersions": edges(DCAT.previousVersion, NODES),
    "UniqueSteps": edges(LAKE.hasOperation, NODES) | edges(LAKE.sequenceNumber, STEPS),
    "ProductionReview": edges(RDF.type, [LAKE.StageChange])
    | edges(LAKE.toStage, STAGES)
    | edges(LAKE.changesStageOf, NODES[:2])
    | edges(PROV.startedAtTime, TIMES)
    | edges(LAKE.reviewed, NODES[:2])
    | edges(LAKE.decision, DECISIONS)
    | edges(PROV.endedAtTime, TIMES),
}
"""Statements that each shape with a bounded form looks at."""


@pytest.fixture(scope="module")
def shapes() -> ShapeSet:
    return ShapeSet.load([resources.path("shapes")])


def only(shapes: ShapeSet, name: str) -> ShapeSet:
    """The one shape *name*, its file and text kept."""
    chosen = ShapeSet(shapes.graph)
    chosen.shapes = tuple(s for s in shapes.shapes if s.node == LAKESH[name])
    return chosen


def test_every_bounded_form_has_a_test(shapes):
    """A shape that names a bounded form is among the worlds below."""
    named = {LAKESH[name] for name in WORLDS}
    assert named == {s.node for s in shapes.shapes if shapes.engine(s) == "bounded"}


@pytest.mark.parametrize("name", WORLDS)
def test_a_bounded_form_equals_its_sparql(shapes, name):
    """Over random lakes, the compiled form and pySHACL's reading of the SPARQL text give the same report."""
    chosen = only(shapes, name)
    compiled, judge = Gate(chosen, ontology()), Gate(chosen, ontology(), engine="pyshacl")

    @QUICK
    @given(st.sets(WORLDS[name], max_size=14))
    def compare(lake):
        statements = MemoryStatements(sorted(lake))
        assert not differences(compiled.validate(statements, NODES), judge.validate(statements, NODES))

    compare()


@pytest.mark.parametrize("approved", [0, 1, 2])
def test_a_change_that_lacks_several_approvals_is_told_once(shapes, approved):
    """Two starts, by a doubled statement, and two things whose stage changes: of four pairs some are not approved."""
    change, first, second, review = NODES[:4]
    lake = [
        (change, RDF.type, LAKE.StageChange),
        (change, LAKE.toStage, STAGES[0]),
        *((change, LAKE.changesStageOf, asset) for asset in (first, second)),
        *((change, PROV.startedAtTime, start) for start in TIMES[1:3]),
        *((review, LAKE.reviewed, asset) for asset in (first, second)[:approved]),
        (review, LAKE.decision, DECISIONS[0]),
        (review, PROV.endedAtTime, TIMES[0]),
    ]
    chosen, statements = only(shapes, "ProductionReview"), MemoryStatements(sorted(lake))
    compiled, judge = Gate(chosen, ontology()), Gate(chosen, ontology(), engine="pyshacl")
    found = list(compiled.validate(statements, NODES))
    assert len(found) == (approved < 2)
    assert not differences(found, judge.validate(statements, NODES))


@pytest.mark.parametrize("name", WORLDS)
def test_a_bounded_form_sees_what_a_record_breaks(shapes, name):
    """A record is refused exactly when the lake with it shows something that the lake before did not."""
    gate = Gate(only(shapes, name), ontology())

    def whole(lake):
        return Counter(map(identity, gate.validate(MemoryStatements(sorted(lake)), NODES)))

    @QUICK
    @given(st.sets(WORLDS[name], max_size=10), st.lists(WORLDS[name], max_size=4), st.data())
    def compare(lake, delta, data):
        removed = data.draw(st.sets(st.sampled_from(sorted(lake)), max_size=2)) if lake else set()
        before, after = whole(lake), whole((lake - removed) | set(delta))
        found = gate.check(delta, MemoryStatements(sorted(lake - removed)), removed=removed).results
        assert set(map(identity, found)) <= set(after)
        if not before:
            assert bool(found) == bool(after)

    compare()


def test_long_lineage_is_not_walked_for_a_new_output(shapes):
    """Nothing derives from a new output, so its lineage above is not read."""
    chain = [(iri(f"urn:d{n}"), LAKE.derivedFrom, iri(f"urn:d{n + 1}")) for n in range(1000)]

    class Counting(MemoryStatements):
        reads = 0

        def objects(self, subject, predicate):
            self.reads += 1
            return super().objects(subject, predicate)

    lake = Counting(chain)
    gate = Gate(only(shapes, "Acyclic"), ontology())
    assert gate.check([(iri("urn:new"), LAKE.derivedFrom, iri("urn:d0"))], lake).conforms
    assert lake.reads < 10
    assert not gate.check([(iri("urn:d1000"), LAKE.derivedFrom, iri("urn:d0"))], lake).conforms


def test_an_unknown_form_is_refused(tmp_path):
    """A bounded form that does not exist is named with those that do."""
    (tmp_path / "x.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "@prefix lakesh: <https://w3id.org/lakegraph/shapes#> .\n"
        '<urn:S> a sh:NodeShape ; sh:targetNode <urn:a> ; lakesh:boundedForm "acyclyc" ;\n'
        '  sh:sparql [ sh:select "SELECT $this WHERE { $this <urn:p>+ $this }" ] .\n'
    )
    with pytest.raises(DataFileError, match="names the bounded form 'acyclyc'") as raised:
        ShapeSet.load([tmp_path])
    assert "acyclic, unique-per-parent, approved-before" in str(raised.value)
