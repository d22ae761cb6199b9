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


def publish_vocabularies(graph: Graph, base: str) -> None:
    """Put concepts, and the labels of the ontology's terms, into ``{base}graph/vocabulary`` if they changed."""
    name = f"{base}graph/vocabulary"
    known = ontology()
    labels = [t for t in known.triples if t[1] in (RDFS.label, RDFS.subClassOf) and not t[2].startswith("_:")]
    text = nquads(sorted({*known.concept_triples, *labels}), name)
    version = literal("sha256:" + hashlib.sha256(text).hexdigest())
    if version in graph.objects(f"<{name}>", OWL.versionInfo):
        return
    add = text + nquads([(f"<{name}>", OWL.versionInfo, version)], name)
    graph.apply([Change(seq=0, add=add, drop=(name,))])


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
    name = f"{base}graph/agents"
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
    if said or any(graph.match(graph=name)):
        graph.apply([Change(seq=0, add=nquads(sorted(said), name), drop=(name,))])
    return {s for s, _, _ in said}
