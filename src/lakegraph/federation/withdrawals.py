"""What a catalog says is no more: by a status of the thing, or by the change type of its record (DCAT-AP)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from lakegraph import resources
from lakegraph.federation.sources import Document
from lakegraph.rdf.namespaces import FOAF
from lakegraph.rdf.terms import Triple, is_iri, value


def without_withdrawn(document: Document) -> Document:
    """The document with what it says is withdrawn told among what is gone, and not described."""
    gone = _withdrawn(document.triples)
    if not gone:
        return document
    kept = tuple(triple for triple in document.triples if triple[0] not in gone)
    return replace(document, triples=kept, gone=(*document.gone, *map(value, gone)))


def _withdrawn(triples: Sequence[Triple]) -> dict[str, None]:
    """The things (tokens) that are said to be withdrawn, in order."""
    marks = _marks()
    marked = dict.fromkeys(s for s, p, o in triples if (p, o) in marks)
    if not marked:
        return {}
    records = {s: o for s, p, o in triples if p == FOAF.primaryTopic and s in marked}
    return dict.fromkeys(thing for s in marked if is_iri(thing := records.get(s, s)))


@cache
def _marks() -> frozenset[tuple[str, str]]:
    """Property and value of every statement that says so, as tokens."""
    lines = resources.text("ontology/readings/withdrawn.txt").splitlines()
    pairs = (line.split() for line in lines if line.strip() and not line.startswith("# "))
    return frozenset((f"<{prop}>", f"<{status}>") for prop, status in pairs)
