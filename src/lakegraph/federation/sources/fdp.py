"""A FAIR Data Point, navigated as a Linked Data Platform from its root to what its containers hold.

Source: https://specs.fairdatapoint.org/ (LDP membership, and the links that the metadata themselves state).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache

from lakegraph import resources
from lakegraph.federation.addresses import origin_of
from lakegraph.federation.line import Line
from lakegraph.federation.parsing import RDF, statements
from lakegraph.federation.sources.document import Document
from lakegraph.rdf.terms import is_iri


def read(line: Line, since: datetime | None) -> Iterator[Document]:  # noqa: ARG001 - containers do not tell
    """The root, then everything on the same host that a member link leads to, breadth first."""
    waiting = [line.peer.address]
    seen = {_plain(line.peer.address)}
    while waiting:
        url = waiting.pop(0)
        triples = statements(line.get(url, RDF))
        yield Document(url, triples)
        for _, p, o in triples:
            if p in member_links() and is_iri(o) and o.startswith("<http"):
                target = _plain(o[1:-1])
                if target not in seen and origin_of(target) == line.peer.origin:
                    seen.add(target)
                    waiting.append(target)


def _plain(url: str) -> str:
    return url.partition("#")[0]


@cache
def member_links() -> frozenset[str]:
    """The properties that lead from a resource to its members, as tokens."""
    lines = resources.text("ontology/readings/member-links.txt").splitlines()
    return frozenset(f"<{line.strip()}>" for line in lines if line.strip() and not line.startswith("# "))
