"""PROV-CONSTRAINTS: each constraint finds the document that breaks it and no other, and sound documents break none."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from lakegraph import resources
from lakegraph.exchange.prov_constraints import broken_constraints

SOUND = """
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix e: <urn:e:> .
e:raw a prov:Entity ; prov:wasGeneratedBy e:ingest .
e:clean a prov:Entity ; prov:wasDerivedFrom e:raw ; prov:wasGeneratedBy e:cleaning ; prov:specializationOf e:hub .
e:hub a prov:Entity . e:bob a prov:Agent, prov:Person .
e:ingest a prov:Activity ;
  prov:startedAtTime "2024-02-01T10:00:00Z"^^xsd:dateTime ; prov:endedAtTime "2024-02-01T10:00:00Z"^^xsd:dateTime .
e:cleaning a prov:Activity ; prov:used e:raw ; prov:wasAssociatedWith e:bob ;
  prov:startedAtTime "2024-03-01T10:00:00Z"^^xsd:dateTime ; prov:endedAtTime "2024-03-01T10:20:00Z"^^xsd:dateTime .
e:late a prov:Activity ;
  prov:startedAtTime "2025-01-01T00:00:00Z"^^xsd:dateTime ; prov:endedAtTime "2025-01-02T00:00:00Z"^^xsd:dateTime .
"""
BREAKS = {
    "start-precedes-end": (
        'e:x a prov:Activity ; prov:startedAtTime "2024-01-02T00:00:00+02:00"^^xsd:dateTime ; '
        'prov:endedAtTime "2024-01-01T21:59:59Z"^^xsd:dateTime .'
    ),
    "generation-precedes-usage": "e:new a prov:Entity ; prov:wasGeneratedBy e:late . e:cleaning prov:used e:new .",
    "generation-generation-ordering": "e:clean prov:wasGeneratedBy e:late .",
    "unique-generation": ("e:twin a prov:Activity . e:two a prov:Entity ; prov:wasGeneratedBy e:cleaning, e:twin ."),
    "derivation-generation-generation-ordering": (
        "e:new a prov:Entity ; prov:wasGeneratedBy e:late . e:clean prov:wasDerivedFrom e:new ."
    ),
    "derivation-cycle": "e:hub prov:wasDerivedFrom e:other . e:other a prov:Entity ; prov:wasRevisionOf e:hub .",
    "usage-generation-cycle": "e:cleaning prov:used e:clean .",
    "wasAssociatedWith-ordering": (
        "e:robot a prov:Agent, prov:Entity ; prov:wasGeneratedBy e:late . e:cleaning prov:wasAssociatedWith e:robot ."
    ),
    "specialization-generation-ordering": (
        "e:whole a prov:Entity ; prov:wasGeneratedBy e:late . e:clean prov:specializationOf e:whole ."
    ),
    "impossible-specialization-reflexive": "e:hub prov:specializationOf e:hub .",
    "entity-activity-disjoint": "e:odd a prov:Entity, prov:Activity .",
    "typing": "e:cleaning prov:wasAssociatedWith e:nobody .",
    "impossible-property-overlap": "e:both a prov:Usage, prov:Generation .",
}
# One wrong statement is often wrong in more than one way.
ALSO = {
    "generation-generation-ordering": {"unique-generation"},
}


def found(more: str = "") -> set[str]:
    triples = ((str(q.subject), str(q.predicate), str(q.object)) for q in ox.parse(SOUND + more, ox.RdfFormat.TURTLE))
    return {broken.constraint for broken in broken_constraints(triples)}


def test_a_sound_document_breaks_nothing() -> None:
    """Equal instants are no contradiction."""
    assert found() == set()


@pytest.mark.parametrize("name", BREAKS)
def test_each_constraint_finds_what_breaks_it(name: str) -> None:
    """And what is sound beside it is left alone."""
    assert found(BREAKS[name]) == {name} | ALSO.get(name, set())


def test_every_constraint_has_a_document_that_breaks_it() -> None:
    """A query that nobody has seen find something may be unable to."""
    assert {file.stem for file in resources.files("queries/views/prov-constraints", ".rq")} == set(BREAKS)
