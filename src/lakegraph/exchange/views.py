"""Views: a story put into a store of its own, and what the CONSTRUCT queries of ``queries/views`` make of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import pyoxigraph as ox

from lakegraph import resources
from lakegraph.exchange.closure import Story
from lakegraph.exchange.parts import LakeParts
from lakegraph.preparing import nquads
from lakegraph.rdf.namespaces import DCAT, DCT, FOAF, LAKE, SKOS, XSD
from lakegraph.rdf.terms import Triple, iri, lexical, literal, to_ox, value
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
        self._load(_catalog(lake, story))
        for node in sorted(story.nodes):
            self._load((node, p, o) for p, o in lake.graph.outgoing(node))
        self._load(_purposes(lake, story))

    def _load(self, triples: Iterable[Triple]) -> None:
        self._store.load(nquads(triples), ox.RdfFormat.N_QUADS)

    def construct(self, view: str, bindings: Mapping[str, str] | None = None) -> list[Triple]:
        """The statements of a view, sorted.

        Args:
            view: The name of a CONSTRUCT query in ``queries/views``.
            bindings: Variables that are bound from outside, to tokens.
        """
        return construct(view, bindings, self._store)

    def rows(self, view: str, bindings: Mapping[str, str] | None = None) -> Iterator[dict[str, str]]:
        """The rows of a view that selects: what is bound, as tokens."""
        found = self._store.query(_text(view), substitutions=_bound(bindings))
        assert isinstance(found, ox.QuerySolutions)  # noqa: S101 - this view selects
        names = [variable.value for variable in found.variables]
        for row in found:
            yield {name: str(term) for name, term in zip(names, row, strict=True) if term is not None}


def construct(view: str, bindings: Mapping[str, str] | None = None, store: ox.Store | None = None) -> list[Triple]:
    """The statements of a view over *store*, or of one that is bound from outside alone, sorted."""
    found = (store or ox.Store()).query(_text(view), substitutions=_bound(bindings))
    assert isinstance(found, ox.QueryTriples)  # noqa: S101 - these views construct
    return sorted({_narrowed((str(s), str(p), str(o))) for s, p, o in found})


def _narrowed(triple: Triple) -> Triple:
    """A size with the datatype that DCAT asks for, which the engine has widened to xsd:integer (decision 2)."""
    s, p, o = triple
    return (s, p, f'"{lexical(o)}"^^{XSD.nonNegativeInteger}') if p == DCAT.byteSize else triple


def _purposes(lake: LakeParts, story: Story) -> Iterator[Triple]:
    """What the studies of a story's runs are for.

    A study is told of here and not in the story, which would otherwise hold all its other analyses.
    """
    for run in sorted(story.runs):
        for study in lake.graph.subjects(LAKE.hasAnalysis, run):
            yield study, LAKE.hasAnalysis, run
            for predicate in (DCT.title, DCT.description):
                yield from ((study, predicate, said) for said in lake.graph.objects(study, predicate))


def _catalog(lake: LakeParts, story: Story) -> list[Triple]:
    """What the lake, as a catalog, says of itself and of this story: what was asked of, and when it last changed."""
    latest = lake.journal.read(story.entries[-1]).recorded if story.entries else ""
    host = lake.base.split("//", 1)[1].strip("/")
    catalog, publisher = f"<{lake.base}catalog>", f"<{lake.base}#operator>"
    asked = [(catalog, SKOS.member, iri(thing)) for thing in story.things[:1]]
    changed = [(catalog, DCT.modified, literal(latest, value(XSD.dateTime)))] if latest else []
    return [
        (catalog, DCT.title, literal(lake.catalog.title or f"Model lake {host}")),
        (catalog, DCT.description, literal(f"Data sets and models that are recorded in the model lake {host}.")),
        (catalog, DCT.publisher, publisher),
        (publisher, FOAF.name, literal(lake.catalog.publisher or f"Operator of {host}")),
        *asked,
        *changed,
    ]


def _bound(
    bindings: Mapping[str, str] | None,
) -> dict[ox.Variable, ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]:
    """*bindings* as the engine takes them."""
    return {ox.Variable(name): to_ox(token) for name, token in (bindings or {}).items()}


@lru_cache
def _text(view: str) -> str:
    return resources.text(f"queries/views/{view}.rq")
