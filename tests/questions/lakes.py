"""Lakes in memory for the tests of questions: documents through the real mapper and the real inference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lakegraph import resources
from lakegraph.graph import Change, Oxigraph
from lakegraph.index import Fragment, Index
from lakegraph.model import parse
from lakegraph.rdf.identify import Identifier
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.mapper import mapper
from lakegraph.rdf.namespaces import DCAT, DCT, FOAF, LAKE, PROV, RDF
from lakegraph.rdf.terms import XSD, Triple, lexical, literal
from lakegraph.rdf.vocabulary import ontology

BASE = "https://lake.example.org/"


def thing(path: str) -> str:
    """The token of a thing of the test lakes: ``thing("model/diabet-predictor/1")``."""
    return f"<{BASE}id/{path}>"


class GraphNames:
    """What a record's names mean, read from the graph itself."""

    def __init__(self, graph: Oxigraph) -> None:
        self._graph = graph

    def current(self, hub: str) -> str | None:
        versions = self._graph.subjects(DCAT.isVersionOf, f"<{hub}>")
        return max(versions, key=lambda v: (len(v), v))[1:-1] if versions else None

    def agent(self, slug: str) -> str | None:
        return f"{BASE}id/user/{slug}" if slug in ("ana", "bob", "tim") else None

    def attribute(self, datasets: Sequence[str], name: str) -> str | None:
        queue = [f"<{d}>" for d in datasets]
        for dataset in queue:
            for entity in self._graph.objects(dataset, LAKE.hasEntityClass):
                for attribute in self._graph.objects(entity, LAKE.hasAttribute):
                    if name in (lexical(t) for t in self._graph.objects(attribute, DCT.title)):
                        return attribute[1:-1]
            queue += [d for d in self._graph.objects(dataset, LAKE.derivedFrom) if d not in queue]
        return None


class TestLake:
    """A graph that documents and plain statements can be put into."""

    __test__ = False

    def __init__(self) -> None:
        self.graph = Oxigraph()
        self.index = Index.open(None)
        self.seq = 0
        self.graph.apply([Change(0, _shared_quads())])

    def record(self, document: Mapping[str, Any], at: str | None = None) -> str:
        """Record a document; the IRI of its run."""
        tree = Identifier(BASE, GraphNames(self.graph)).tree(parse(dict(document)))
        iri: str = tree["id"]
        self.state(mapper().triples(tree), iri, at or str(document.get("endedAt", "2024-01-01T00:00:00Z")))
        return iri

    def state(self, triples: Iterable[Triple], iri: str, at: str = "2024-01-01T00:00:00Z") -> None:
        """Record statements as the record of *iri*, with what follows from them."""
        self.seq += 1
        bundle = f"<{iri}/bundle>"
        said = [*triples, (bundle, RDF.type, PROV.Bundle), (bundle, LAKE.describesRun, f"<{iri}>")]
        inferred = reasoner().infer(said, self.graph.objects, lambda o, p: self.graph.subjects(p, o))
        marks = [
            (bundle, LAKE.journalSequence, literal(str(self.seq), XSD + "integer")),
            (bundle, PROV.generatedAtTime, literal(at, XSD + "dateTime")),
        ]
        self.graph.apply([Change(self.seq, quads(said, bundle) + quads([*inferred, *marks]))])
        self.index.apply([Fragment(self.seq, at, iri, bundle[1:-1], [*said, *inferred], asserted=len(said))])


def quads(triples: Iterable[Triple], graph: str = "") -> bytes:
    """N-Quads of *triples* in *graph* (a token), or in the default graph."""
    return "".join(f"{s} {p} {o} {graph} .\n" for s, p, o in triples).encode()


@cache
def _shared_quads() -> bytes:
    people = {"ana": "Ana", "bob": "Bob", "tim": "Tim"}
    named = [(thing(f"user/{slug}"), FOAF.name, literal(name)) for slug, name in people.items()]
    titles = [
        (thing("user/bob"), LAKE.hasJobTitle, "<https://w3id.org/lakegraph/voc/job-title/data-engineer>"),
        (thing("user/tim"), LAKE.hasJobTitle, "<https://w3id.org/lakegraph/voc/job-title/data-scientist>"),
    ]
    vocabulary = quads(ontology().concept_triples, f"<{BASE}graph/vocabulary>")
    return vocabulary + quads(named + titles, f"<{BASE}graph/agents>")


def example() -> list[dict[str, Any]]:
    """The documents of the worked example."""
    files = sorted(Path(resources.path("ontology/examples/diabetes")).glob("*.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def diabetes(change: Mapping[str, Mapping[str, Any] | None] | None = None) -> TestLake:
    """A lake with the worked example.

    Args:
        change: Run id to the top-level fields to replace; ``None`` for a run leaves it out.
    """
    lake = TestLake()
    for document in example():
        said = (change or {}).get(document["id"], {})
        if said is not None:
            lake.record({**document, **said})
    return lake
