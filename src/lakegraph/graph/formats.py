"""The syntaxes that answers are written in: their names, media types, and how the engine calls them."""

from __future__ import annotations

from typing import Final, NamedTuple


class Format(NamedTuple):
    """One syntax.

    Args:
        name: What callers say.
        engine: The attribute of ``pyoxigraph.QueryResultsFormat`` or ``pyoxigraph.RdfFormat``.
        media: Its media type.
        rdf: Whether it carries triples (CONSTRUCT, DESCRIBE) rather than rows or a truth.
        also: Other names for it: file extensions, and the name without hyphens.
    """

    name: str
    engine: str
    media: str
    rdf: bool
    also: tuple[str, ...] = ()


FORMATS: Final = (
    Format("json", "JSON", "application/sparql-results+json", rdf=False, also=("srj",)),
    Format("xml", "XML", "application/sparql-results+xml", rdf=False, also=("srx",)),
    Format("csv", "CSV", "text/csv; charset=utf-8", rdf=False),
    Format("tsv", "TSV", "text/tab-separated-values; charset=utf-8", rdf=False),
    Format("turtle", "TURTLE", "text/turtle", rdf=True, also=("ttl",)),
    Format("n-triples", "N_TRIPLES", "application/n-triples", rdf=True, also=("ntriples", "nt")),
    Format("n-quads", "N_QUADS", "application/n-quads", rdf=True, also=("nquads", "nq")),
    Format("trig", "TRIG", "application/trig", rdf=True),
    Format("json-ld", "JSON_LD", "application/ld+json", rdf=True, also=("jsonld",)),
    Format("rdf-xml", "RDF_XML", "application/rdf+xml", rdf=True, also=("rdfxml", "rdf")),
)
INDEX: Final = {name: n for n, f in enumerate(FORMATS) for name in (f.name, f.media.partition(";")[0], *f.also)}
"""The place in ``FORMATS`` of each name and each media type (without parameters)."""
