"""Inference: what follows from a record, by the rules of OWL 2 RL that the lake materialises."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph import resources
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.namespaces import DCAT, LAKE, OWL, PROV, RDFS
from lakegraph.rdf.terms import Triple, from_rdflib, to_rdflib
from lakegraph.rdf.vocabulary import TYPE, ontology
from tests.rdf.test_mapper import triples_of

RUN, IN, OUT = "<urn:run>", "<urn:in>", "<urn:out>"


def test_the_chain_gives_lineage_and_nothing_runs_over_used() -> None:
    """Outputs derive from input data, never from code or environment (metamodel, 3e)."""
    found = reasoner().infer(
        [(RUN, LAKE.sourceData, IN), (RUN, LAKE.targetData, OUT), (RUN, LAKE.executes, "<urn:code>")]
    )
    assert (OUT, LAKE.derivedFrom, IN) in found
    assert (OUT, PROV.wasDerivedFrom, IN) in found
    assert (RUN, PROV.used, "<urn:code>") in found
    assert not any(p == LAKE.derivedFrom and o == "<urn:code>" for _, p, o in found)


def test_the_chain_crosses_records() -> None:
    """An input that is stated later still gives lineage, through a look-up of what is stored."""
    stored = {(RUN, LAKE.hasOutput): [OUT]}
    found = reasoner().infer(
        [(RUN, LAKE.sourceData, IN)],
        subjects=lambda node, p: stored.get((node, LAKE.hasOutput), []) if p == LAKE.wasOutputOf else [],
    )
    assert (OUT, LAKE.derivedFrom, IN) in found


def test_superclasses_and_inverses() -> None:
    """Types climb, inverses turn, and what was asserted is not said again."""
    asserted = [(RUN, TYPE, LAKE.TrainingRun), (RUN, LAKE.hasOutputModel, OUT)]
    found = reasoner().infer(asserted)
    assert {(RUN, TYPE, LAKE.Run), (RUN, TYPE, PROV.Activity), (OUT, PROV.wasGeneratedBy, RUN)} <= set(found)
    assert not set(found) & set(asserted)


def worked_example() -> list[Triple]:
    asserted: set[Triple] = set()
    for path in resources.files("ontology/examples/diabetes", ".json"):
        asserted |= triples_of(json.loads(path.read_text()), dataset__diabetes="1", **{"model__diabet-predictor": "1"})
    return sorted(asserted)


def by_owlrl(asserted: list[Triple]) -> set[Triple]:
    """What an OWL 2 RL reasoner derives from the same hierarchies, inverses and chains."""
    owlrl = pytest.importorskip("owlrl", reason="owlrl is not installed")
    import rdflib

    axioms = {RDFS.subClassOf, RDFS.subPropertyOf, OWL.inverseOf, OWL.equivalentClass, OWL.equivalentProperty,
              OWL.propertyChainAxiom, TYPE[:-5] + "first>", TYPE[:-5] + "rest>"}  # fmt: skip
    graph = rdflib.Graph()
    for s, p, o in [*(t for t in ontology().triples if t[1] in axioms), *asserted]:
        graph.add((to_rdflib(s), to_rdflib(p), to_rdflib(o)))
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    return {(from_rdflib(s), from_rdflib(p), from_rdflib(o)) for s, p, o in graph}


def test_equal_to_an_owl_rl_reasoner_on_the_worked_example() -> None:
    """Nothing more than OWL 2 RL derives, and all that it derives about the record's own nodes by these axioms."""
    asserted = worked_example()
    nodes = {s for s, _, _ in asserted} | {o for _, p, o in asserted if o.startswith("<") and p != TYPE}
    ours = set(reasoner().infer(asserted)) | set(asserted)
    theirs = by_owlrl(asserted)
    assert ours <= theirs
    trivial = {OWL.sameAs, OWL.differentFrom}
    missing = {
        (s, p, o)
        for s, p, o in theirs - ours
        if s in nodes and p not in trivial and o not in (OWL.Thing, RDFS.Resource) and not s.startswith('"')
    }
    # hasUpstream is transitive; its closure is a property path at query time, never materialised.
    assert {t for t in missing if t[1] != LAKE.hasUpstream} == set()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_support_says_what_a_fresh_inference_would(data: st.DataObject) -> None:
    """A triple is supported exactly when it follows from the statements that remain."""
    nodes = [f"<urn:{c}>" for c in "abcd"]
    predicates = [
        LAKE.sourceData,
        LAKE.targetData,
        LAKE.hasOutput,
        LAKE.trainingData,
        LAKE.hasInputData,
        LAKE.wasOutputOf,
    ]
    node = st.sampled_from(nodes)
    triple = st.tuples(node, st.sampled_from(predicates), node) | st.tuples(
        node, st.just(TYPE), st.sampled_from([LAKE.Run, LAKE.TrainingRun, DCAT.Dataset, LAKE.StructuredDataset])
    )
    everything = data.draw(st.lists(triple, min_size=1, max_size=12, unique=True))
    dropped = data.draw(st.integers(0, len(everything)))
    kept = everything[dropped:]

    def match(s: str | None, p: str | None, o: str | None) -> list[Triple]:
        return [t for t in kept if s in (None, t[0]) and p in (None, t[1]) and o in (None, t[2])]

    fresh = set(reasoner().infer(kept)) | set(kept)
    for inferred in reasoner().infer(everything):
        assert reasoner().supports(inferred, match) == (inferred in fresh), inferred
