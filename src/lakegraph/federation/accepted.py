"""The mappings that people of a lake accepted: records, read as rows of an SSSOM table."""

from __future__ import annotations

from lakegraph.federation.peers import Asked, read_rows
from lakegraph.rdf.mappings import Mapped
from lakegraph.rdf.terms import local_name, value
from lakegraph.rdf.vocabulary import ontology

_MANUAL = "semapv:ManualMappingCuration"


def read_accepted(graph: Asked) -> list[Mapped]:
    """The accepted mappings, in the order of their terms."""
    known = ontology()
    found = []
    for _, ours, relation, theirs, confidence, _, why in read_rows(graph, "term-mappings"):
        found.append(
            Mapped(
                subject=value(ours),
                predicate=value(relation),
                object=value(theirs),
                subject_name=known.shorten(ours),
                predicate_name=known.shorten(relation),
                object_name=known.shorten(theirs),
                object_label=local_name(theirs),
                justification=_MANUAL,
                confidence=float(value(confidence)) if confidence else 0.9,
                comment=value(why) if why else "",
            )
        )
    return sorted(found, key=lambda row: (row.subject_name, row.object_name))
