"""Statements as Turtle, with the prefixes that a lake knows."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox

from lakegraph.rdf.terms import Triple, to_ox
from lakegraph.rdf.vocabulary import ontology


def turtle(triples: Iterable[Triple]) -> str:
    """Turtle of *triples*, each once; only the prefixes that are used are declared."""
    distinct = sorted(set(triples))
    text = " ".join(term for triple in distinct for term in triple)
    prefixes = {name: space for name, space in ontology().prefixes.items() if f"<{space}" in text}
    made = [ox.Triple(to_ox(s), to_ox(p), to_ox(o)) for s, p, o in distinct]  # type: ignore[arg-type] # IRIs by position
    return (ox.serialize(made, format=ox.RdfFormat.TURTLE, prefixes=prefixes) or b"").decode()
