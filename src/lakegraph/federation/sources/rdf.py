"""A document or dump of RDF in any syntax, followed over its pages (Hydra, or a Link header with ``rel=next``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache

from lakegraph import resources
from lakegraph.federation.line import Line
from lakegraph.federation.parsing import RDF, statements
from lakegraph.federation.sources.document import Document
from lakegraph.federation.sources.links import next_link
from lakegraph.rdf.terms import Triple, is_iri


def read(line: Line, since: datetime | None) -> Iterator[Document]:  # noqa: ARG001 - a document has no past
    """The document at the peer's address, then the pages that follow it."""
    url: str | None = line.peer.address
    seen: set[str] = set()
    while url and url not in seen:
        seen.add(url)
        answer = line.get(url, RDF)
        triples = statements(answer)
        yield Document(url, triples)
        url = next_link(answer) or _next_page(triples)


def _next_page(triples: Iterable[Triple]) -> str | None:
    return next((o[1:-1] for _, p, o in triples if p in next_properties() and is_iri(o)), None)


@cache
def next_properties() -> frozenset[str]:
    """The properties that lead from a page to the next one, as tokens."""
    lines = resources.text("ontology/readings/next-page.txt").splitlines()
    return frozenset(f"<{line.strip()}>" for line in lines if line.strip() and not line.startswith("# "))
