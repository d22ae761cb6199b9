"""The graphs that are not records: the vocabularies and the directory of people, projected for queries."""

from __future__ import annotations

import hashlib

from lakegraph.graph import Change, Graph
from lakegraph.index import Index
from lakegraph.index import Person as Indexed
from lakegraph.people import People
from lakegraph.preparing import nquads
from lakegraph.rdf.namespaces import FOAF, LAKE, OWL, PROV, RDFS
from lakegraph.rdf.terms import Triple, literal
from lakegraph.rdf.vocabulary import TYPE, ontology


def vocabularies_text(base: str) -> tuple[str, str, bytes]:
    """The graph of the vocabularies: its name, a token of its version, and what it says as N-Quads."""
    name = f"{base}graph/vocabulary"
    known = ontology()
    labels = [t for t in known.triples if t[1] in (RDFS.label, RDFS.subClassOf) and not t[2].startswith("_:")]
    text = nquads(sorted({*known.concept_triples, *labels}), name)
    version = literal("sha256:" + hashlib.sha256(text).hexdigest())
    return name, version, text + nquads([(f"<{name}>", OWL.versionInfo, version)], name)


def publish_vocabularies(graph: Graph, base: str) -> None:
    """Put concepts, and the labels of the ontology's terms, into ``{base}graph/vocabulary`` if they changed."""
    name, version, text = vocabularies_text(base)
    if version not in graph.objects(f"<{name}>", OWL.versionInfo):
        graph.apply([Change(seq=0, add=text, drop=(name,))])


def publish_people(graph: Graph, index: Index, base: str, people: People) -> set[str]:
    """Put what the directory says of people into ``{base}graph/agents`` and the index, in place of what stood there.

    Returns:
        Those of whom the graph says something now, as tokens.
    """
    known = [p for p in people.list() if p.name]
    index.put_people(
        Indexed(f"{base}id/{p.kind}/{p.slug}", p.name or "", p.job_title or "", p.kind.removeprefix("software-"))
        for p in known
    )
    name, said = agents_of(base, people)
    if said or any(graph.match(graph=name)):
        graph.apply([Change(seq=0, add=nquads(sorted(said), name), drop=(name,))])
    return {s for s, _, _ in said}


def agents_of(base: str, people: People) -> tuple[str, list[Triple]]:
    """The graph of people: its name, and what it says."""
    concepts = ontology().concepts.get(LAKE.JobTitle, {})
    kinds = {"user": LAKE.User, "organization": PROV.Organization, "software-agent": PROV.SoftwareAgent}
    said: list[Triple] = []
    for person in people.list():
        iri = f"<{base}id/{person.kind}/{person.slug}>"
        said.append((iri, TYPE, kinds[person.kind]))
        said += [(iri, TYPE, c) for c in ontology().superclasses.get(kinds[person.kind], ())]
        if person.name:
            said.append((iri, FOAF.name, literal(person.name)))
        if person.job_title and person.job_title in concepts:
            said.append((iri, LAKE.hasJobTitle, concepts[person.job_title]))
    return f"{base}graph/agents", said
