"""Media types: which ones RDF and query results are offered in, and RDF written as one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from lakegraph.rdf.terms import Triple, to_ox


@dataclass(frozen=True, slots=True)
class Media:
    """One form that an answer can take.

    Attributes:
        type: The media type.
        suffix: The file suffix that asks for it.
        name: The short name that people type.
    """

    type: str
    suffix: str
    name: str


_RDF: dict[str, tuple[Media, ox.RdfFormat]] = {
    media.type: (media, syntax)
    for media, syntax in (
        (Media("text/turtle", "ttl", "turtle"), ox.RdfFormat.TURTLE),
        (Media("application/ld+json", "jsonld", "jsonld"), ox.RdfFormat.JSON_LD),
        (Media("application/n-triples", "nt", "ntriples"), ox.RdfFormat.N_TRIPLES),
        (Media("application/n-quads", "nq", "nquads"), ox.RdfFormat.N_QUADS),
        (Media("application/trig", "trig", "trig"), ox.RdfFormat.TRIG),
        (Media("application/rdf+xml", "rdf", "rdfxml"), ox.RdfFormat.RDF_XML),
    )
}
RDF_TYPES: Mapping[str, Media] = {name: media for name, (media, _) in _RDF.items()}
"""The forms of RDF, the preferred one first."""

RESULT_TYPES: Mapping[str, Media] = {
    media.type: media
    for media in (
        Media("application/sparql-results+json", "srj", "json"),
        Media("application/sparql-results+xml", "srx", "xml"),
        Media("text/csv", "csv", "csv"),
        Media("text/tab-separated-values", "tsv", "tsv"),
    )
}
"""The forms of SELECT and ASK results, the preferred one first."""

SUFFIXES: Mapping[str, str] = {media.suffix: name for name, media in RDF_TYPES.items()}
"""File suffix to RDF media type."""


def serialize(triples: Iterable[Triple], media_type: str, prefixes: Mapping[str, str] | None = None) -> bytes:
    """*triples* in the RDF syntax *media_type*, one of :data:`RDF_TYPES`."""
    statements = (ox.Triple(to_ox(s), to_ox(p), to_ox(o)) for s, p, o in triples)  # type: ignore[arg-type]
    _, syntax = _RDF[media_type]
    return ox.serialize(statements, format=syntax, prefixes=dict(prefixes or {})) or b""
