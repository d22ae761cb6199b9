"""Views: a story put into a store of its own, and what the CONSTRUCT queries of ``queries/views`` make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

import pyoxigraph as ox

from lakegraph import resources
from lakegraph.exchange.closure import Story
from lakegraph.exchange.parts import LakeParts
from lakegraph.preparing import nquads
from lakegraph.rdf.namespaces import DCAT, DCT, FOAF, XSD
from lakegraph.rdf.terms import Triple, lexical, literal
from lakegraph.rdf.vocabulary import ontology


class StoryStore:
    """What a lake says of the nodes of one story, what follows from it, and the concepts that it names.

    Args:
        lake: The lake.
        story: The story.
    """

    def __init__(self, lake: LakeParts, story: Story) -> None:
        self._store = ox.Store()
        self._load(ontology().concept_triples)
        self._load(_catalog(lake.base))
        for node in sorted(story.nodes):
            self._load((node, p, o) for p, o in lake.graph.outgoing(node))

    def _load(self, triples: Iterable[Triple]) -> None:
        self._store.load(nquads(triples), ox.RdfFormat.N_QUADS)

    def construct(self, view: str) -> list[Triple]:
        """The statements of a view, sorted.

        Args:
            view: The name of a CONSTRUCT query in ``queries/views``.
        """
        found = self._store.query(_text(view))
        assert isinstance(found, ox.QueryTriples)  # noqa: S101 - these views construct
        return sorted({_narrowed((str(s), str(p), str(o))) for s, p, o in found})

    def rows(self, view: str) -> Iterator[dict[str, str]]:
        """The rows of a view that selects: what is bound, as tokens."""
        found = self._store.query(_text(view))
        assert isinstance(found, ox.QuerySolutions)  # noqa: S101 - this view selects
        names = [variable.value for variable in found.variables]
        for row in found:
            yield {name: str(term) for name, term in zip(names, row, strict=True) if term is not None}


def _narrowed(triple: Triple) -> Triple:
    """A size with the datatype that DCAT asks for, which the engine has widened to xsd:integer (decision 2)."""
    s, p, o = triple
    return (s, p, f'"{lexical(o)}"^^{XSD.nonNegativeInteger}') if p == DCAT.byteSize else triple


def _catalog(base: str) -> list[Triple]:
    """What the lake, as a catalog, says of itself."""
    host = base.split("//", 1)[1].strip("/")
    catalog, publisher = f"<{base}>", f"<{base}#operator>"
    return [
        (catalog, DCT.title, literal(f"Model lake {host}")),
        (catalog, DCT.description, literal(f"Data sets and models that are recorded in the model lake {host}.")),
        (catalog, DCT.publisher, publisher),
        (publisher, FOAF.name, literal(f"Operator of {host}")),
    ]


@lru_cache
def _text(view: str) -> str:
    return resources.text(f"queries/views/{view}.rq")
