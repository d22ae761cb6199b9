"""The ontology by itself is in OWL 2 RL and OWL 2 DL, as far as its constructs can be checked by rules."""

from __future__ import annotations

import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.namespace import OWL, RDF, RDFS, XSD

LAKE = "https://w3id.org/lakegraph/ns#"
PROPERTY_KINDS = (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
# https://www.w3.org/TR/owl2-profiles/#Entities_3: the datatypes of OWL 2 RL, as far as one could want them.
DATATYPES = {
    XSD.string, XSD.integer, XSD.decimal, XSD.boolean, XSD.anyURI, XSD.dateTime, XSD.nonNegativeInteger, XSD.hexBinary,
    RDFS.Literal,
}  # fmt: skip
AXIOMS = {
    RDF.type, RDF.first, RDF.rest, RDFS.subClassOf, RDFS.subPropertyOf, RDFS.domain, RDFS.range, OWL.equivalentClass,
    OWL.inverseOf, OWL.disjointWith, OWL.members, OWL.propertyChainAxiom, OWL.versionIRI, OWL.versionInfo,
    OWL.priorVersion, RDFS.label, RDFS.isDefinedBy,
}  # fmt: skip
OF_SIMPLE_PROPERTIES_ONLY = (
    OWL.FunctionalProperty, OWL.InverseFunctionalProperty, OWL.IrreflexiveProperty, OWL.AsymmetricProperty,
)  # fmt: skip


def test_only_constructs_of_the_profile(ontology_graph: Graph) -> None:
    """No restriction, union, cardinality or enumeration: only axioms between named terms, and annotations."""
    annotations = set(ontology_graph.subjects(RDF.type, OWL.AnnotationProperty))
    assert set(ontology_graph.predicates()) <= AXIOMS | annotations


@pytest.mark.parametrize("predicate", [RDFS.subClassOf, OWL.equivalentClass, OWL.disjointWith, RDFS.domain])
def test_classes_are_named_and_not_thing(ontology_graph: Graph, predicate: URIRef) -> None:
    """Profiles, section 4.2.3: superclasses are named classes other than owl:Thing."""
    pairs = list(ontology_graph.subject_objects(predicate))
    assert pairs
    for s, o in pairs:
        for each in (s, o) if predicate != RDFS.domain else (o,):
            assert isinstance(each, URIRef), (s, o)
            assert each != OWL.Thing, (s, o)
            assert (each, RDF.type, OWL.Class) in ontology_graph, each


def test_ranges_fit_their_kind(ontology_graph: Graph) -> None:
    """Relations lead to declared classes, values to datatypes of the profile."""
    for kind in (OWL.ObjectProperty, OWL.DatatypeProperty):
        for term in ontology_graph.subjects(RDF.type, kind):
            for each in ontology_graph.objects(term, RDFS.range):
                fits = (
                    each in DATATYPES if kind == OWL.DatatypeProperty else (each, RDF.type, OWL.Class) in ontology_graph
                )
                assert fits, (term, each)


def test_no_property_is_of_two_kinds(ontology_graph: Graph) -> None:
    """OWL 2 DL: a property is a relation, a value or an annotation, and never a class as well."""
    for term in set(ontology_graph.subjects(RDF.type)):
        kinds = [k for k in (*PROPERTY_KINDS, OWL.Class) if (term, RDF.type, k) in ontology_graph]
        assert len(kinds) <= 1, (term, kinds)


def test_hierarchies_join_like_with_like(ontology_graph: Graph) -> None:
    """A property implies, or is the inverse of, properties of its own kind only, all of them declared."""
    for predicate in (RDFS.subPropertyOf, OWL.inverseOf):
        for s, o in ontology_graph.subject_objects(predicate):
            kinds = {k for k in PROPERTY_KINDS if (s, RDF.type, k) in ontology_graph}
            assert kinds, s
            assert kinds == {k for k in PROPERTY_KINDS if (o, RDF.type, k) in ontology_graph}, (s, o)


def test_compound_properties_are_not_restricted(ontology_graph: Graph) -> None:
    """OWL 2 DL, section 11.2: a property with a chain or transitivity, and what it implies, is not a simple one."""
    compound = set(ontology_graph.subjects(OWL.propertyChainAxiom))
    compound |= set(ontology_graph.subjects(RDF.type, OWL.TransitiveProperty))
    reached = {p for start in compound for p in ontology_graph.transitive_objects(start, RDFS.subPropertyOf)}
    assert {URIRef(LAKE + "derivedFrom"), URIRef(LAKE + "hasUpstream")} <= reached
    for term in reached:
        assert not [k for k in OF_SIMPLE_PROPERTIES_ONLY if (term, RDF.type, k) in ontology_graph], term


def test_the_chain_is_regular(ontology_graph: Graph) -> None:
    """OWL 2 DL, section 11.2: nothing in a chain is implied by what the chain implies."""
    for result, start in ontology_graph.subject_objects(OWL.propertyChainAxiom):
        for step in ontology_graph.items(start):
            assert result not in set(ontology_graph.transitive_subjects(RDFS.subPropertyOf, step))


def test_hierarchies_have_no_cycle(ontology_graph: Graph) -> None:
    """No class or property stands above itself."""
    for predicate in (RDFS.subClassOf, RDFS.subPropertyOf):
        for term in set(ontology_graph.subjects(predicate)):
            for parent in ontology_graph.objects(term, predicate):
                assert term not in set(ontology_graph.transitive_objects(parent, predicate)), term


def test_disjoint_groups_are_lists_of_classes(ontology_graph: Graph) -> None:
    """Every owl:AllDisjointClasses has two or more declared members, none of them twice."""
    groups = list(ontology_graph.subjects(RDF.type, OWL.AllDisjointClasses))
    assert len(groups) >= 3
    for group in groups:
        assert isinstance(group, BNode)
        start = ontology_graph.value(group, OWL.members)
        assert start is not None
        members = list(ontology_graph.items(start))
        assert len(members) == len(set(members)) >= 2
        assert all((m, RDF.type, OWL.Class) in ontology_graph for m in members)


def test_a_model_is_no_dataset(ontology_graph: Graph) -> None:
    """ML-Schema keeps models and data apart; so must we, in every class above lake:Model."""
    above = set(ontology_graph.transitive_objects(URIRef(LAKE + "Model"), RDFS.subClassOf))
    assert not [c for c in above if c.endswith("Dataset")]


def test_literals_are_well_formed(ontology_graph: Graph, vocabulary_graph: Graph) -> None:
    """No literal contradicts its datatype."""
    for graph in (ontology_graph, vocabulary_graph):
        assert not [o for o in graph.objects() if isinstance(o, Literal) and o.ill_typed]
