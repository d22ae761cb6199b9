"""Everything of some classes at a SPARQL endpoint, page by page in the order of names, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cache

from lakegraph import resources
from lakegraph.federation.endpoint import over
from lakegraph.federation.line import Line
from lakegraph.federation.sources.document import Document
from lakegraph.rdf.terms import Triple, is_iri, literal, value

_TOGETHER = 20


def read(line: Line, classes: Collection[str]) -> Iterator[Document]:
    """What the endpoint says of every thing of *classes* (tokens), some things a document.

    Raises:
        PeerError, DeadlineError: The endpoint fails; what came before was given.
    """
    run, after = over(line), ""
    while classes:
        text = _text("harvest-page").replace("<urn:lakegraph:class>", " ".join(sorted(classes)))
        page = run(text.replace('"urn:lakegraph:after"', literal(after)))
        things = [row["thing"] for row in page.rows if is_iri(row.get("thing", ""))]
        for start in range(0, len(things), _TOGETHER):
            some = things[start : start + _TOGETHER]
            said = run(_text("harvest-things").replace("<urn:lakegraph:thing>", " ".join(some)))
            yield Document(line.peer.endpoint, _triples(said.rows))
        if not things:
            return
        after = value(things[-1])


def _triples(rows: Sequence[dict[str, str]]) -> tuple[Triple, ...]:
    return tuple((row["s"], row["p"], row["o"]) for row in rows if len(row) == 3)


@cache
def _text(name: str) -> str:
    lines = resources.text(f"queries/internal/{name}.rq").splitlines()
    return "\n".join(line for line in lines if not line.startswith("#"))
