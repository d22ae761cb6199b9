"""The ontology explained to people: one term for the terminal, all of it as one HTML page."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lakegraph.errors import NotFoundError
from lakegraph.rdf.mappings import Mapped, mappings
from lakegraph.rdf.namespaces import DCT, DQV, LAKE, OWL, RDFS, SKOS
from lakegraph.rdf.ontology_index import OntologyIndex, Ref, ontology_index
from lakegraph.rdf.terms import lexical, value
from lakegraph.rdf.vocabulary import TYPE

_TEMPLATE = Path(__file__).with_name("ontology.html.j2")
_SECTIONS = {
    "class": "Classes",
    "object property": "Object properties",
    "data property": "Data properties",
    "annotation property": "Annotation properties",
}


@dataclass(frozen=True, slots=True)
class TermDoc:
    """What the ontology says of one term; a tuple is empty where it says nothing.

    Attributes:
        ref: The term itself.
        kind: ``class``, ``object property``, ``data property``, ``annotation property``, ``concept``, ``scheme`` or
            ``individual``.
        definition: One sentence; empty for terms of other vocabularies, which their own documents define.
        note: A remark on its use.
        other_names: Names under which it is known elsewhere.
        source: The figure or section of the Model Lake paper.
        above: Direct superclasses, superproperties or broader concepts.
        below: Direct subclasses, subproperties or narrower concepts.
        same_as: Equivalent terms and inverse properties.
        excludes: Classes that have no instance in common with it.
        domain: What a property is stated of.
        range: What a property leads to.
        follows_from: The chain that implies a property.
        properties: Properties of a class, its own before the inherited ones.
        leads_here: Properties that lead to a class.
        concepts: The concepts of a class or scheme.
        notation: How a concept is written in documents.
        facts: What else is said, as pairs of a name and a text.
        mappings: To terms of other vocabularies, from the SSSOM table.
    """

    ref: Ref
    kind: str
    definition: str
    note: str
    other_names: tuple[str, ...]
    source: str
    above: tuple[Ref, ...]
    below: tuple[Ref, ...]
    same_as: tuple[Ref, ...]
    excludes: tuple[Ref, ...]
    domain: tuple[Ref, ...]
    range: tuple[Ref, ...]
    follows_from: tuple[Ref, ...]
    properties: tuple[Ref, ...]
    leads_here: tuple[Ref, ...]
    concepts: tuple[Ref, ...]
    notation: str
    facts: tuple[tuple[str, str], ...]
    mappings: tuple[Mapped, ...]


def explain(term: str) -> TermDoc:
    """What the ontology says of a term.

    Args:
        term: ``lake:Ingest``, ``Ingest``, ``voc:measure/accuracy`` or a full IRI.

    Raises:
        NotFoundError: The ontology does not declare it; the nearest names are suggested.
    """
    index = ontology_index()
    expanded = index.known.expand(term.strip("<>"))
    tries = [f"<{expanded}>"] if expanded else []
    tries.append(f"<{index.known.prefixes['lake']}{term}>")
    for token in tries:
        if token in index.known.declared:
            return _describe(token, index)
    names = {index.known.shorten(t): t for t in index.known.declared}
    local = {name.rpartition(":")[2].lower(): name for name in sorted(names, reverse=True)}
    near = [local[n] for n in difflib.get_close_matches(term.rpartition(":")[2].lower(), local, n=3)]
    raise NotFoundError(
        f"The ontology declares no term {term!r}.",
        where="ontology/lakegraph.ttl and ontology/vocabularies",
        hint=f"Did you mean {' or '.join(near)}?" if near else "Write it with its prefix, such as lake:Ingest.",
    )


def _describe(token: str, index: OntologyIndex) -> TermDoc:
    supers = (token, *index.known.superclasses.get(token, ()))
    own = index.known.prefixes["lake"]
    inherited = [p for cls in supers for p in index.subjects(RDFS.domain, cls)]
    wider = (RDFS.subClassOf, RDFS.subPropertyOf, SKOS.broader)
    chain = [step for node in index.objects(token, OWL.propertyChainAxiom) for step in index.items(node)]
    return TermDoc(
        ref=index.ref(token),
        kind=_kind(token, index),
        definition=index.text(token, SKOS.definition) or index.text(token, DCT.description),
        note=index.text(token, SKOS.scopeNote),
        other_names=tuple(lexical(o) for o in index.objects(token, SKOS.altLabel)),
        source=index.text(token, DCT.source),
        above=index.refs(o for p in wider for o in index.objects(token, p)),
        below=index.refs(s for p in wider for s in index.subjects(p, token)),
        same_as=index.refs(_same(token, index)),
        excludes=index.refs(_excluded(token, index)),
        domain=index.refs(index.objects(token, RDFS.domain)),
        range=index.refs(index.objects(token, RDFS.range)),
        follows_from=index.refs(chain),
        properties=index.refs(p for p in inherited if p.startswith(f"<{own}")),
        leads_here=index.refs(index.subjects(RDFS.range, token)),
        concepts=index.refs(_concepts(token, index)),
        notation=index.text(token, SKOS.notation),
        facts=tuple(_facts(token, index)),
        mappings=tuple(m for m in mappings() if m.subject == value(token)),
    )


def _kind(token: str, index: OntologyIndex) -> str:
    kinds = {
        SKOS.ConceptScheme: "scheme",
        OWL.Class: "class",
        OWL.ObjectProperty: "object property",
        OWL.DatatypeProperty: "data property",
        OWL.AnnotationProperty: "annotation property",
    }
    types = index.objects(token, TYPE)
    if SKOS.Concept in types:
        return "concept"
    return next((kind for cls, kind in kinds.items() if cls in types), "individual")


def _concepts(token: str, index: OntologyIndex) -> Iterable[str]:
    found = (s for p in (TYPE, SKOS.inScheme) for s in index.subjects(p, token))
    return (s for s in found if SKOS.Concept in index.objects(s, TYPE))


def _same(token: str, index: OntologyIndex) -> Iterable[str]:
    for predicate in (OWL.equivalentClass, OWL.equivalentProperty, OWL.inverseOf):
        yield from index.objects(token, predicate)
        yield from index.subjects(predicate, token)


def _excluded(token: str, index: OntologyIndex) -> Iterable[str]:
    yield from index.objects(token, OWL.disjointWith)
    yield from index.subjects(OWL.disjointWith, token)
    for node in index.subjects(TYPE, OWL.AllDisjointClasses):
        members = [m for start in index.objects(node, OWL.members) for m in index.items(start)]
        if token in members:
            yield from (m for m in members if m != token)


def _facts(token: str, index: OntologyIndex) -> Iterable[tuple[str, str]]:
    if OWL.TransitiveProperty in index.objects(token, TYPE):
        yield "transitive", "yes"
    lowest, highest = index.text(token, LAKE.minValue), index.text(token, LAKE.maxValue)
    if lowest or highest:
        yield "range", f"{lowest or '−∞'} to {highest or '∞'}"
    if better := index.text(token, LAKE.higherIsBetter):
        yield "better", "higher" if better == "true" else "lower"
    named = {
        LAKE.idPath: "path in IRIs",
        LAKE.rank: "rank",
        DQV.expectedDataType: "datatype",
        DQV.inDimension: "dimension",
    }
    for predicate, name in named.items():
        said = index.objects(token, predicate)
        if said:
            yield name, ", ".join(lexical(o) if o[0] == '"' else index.known.shorten(o) for o in said)


def render_html() -> str:
    """The whole ontology as one HTML page that needs nothing from elsewhere.

    Classes, properties and vocabularies with labels, definitions, hierarchy, domains, ranges and sources, and the
    mappings to other vocabularies. Every term of the project has an anchor: its local name, or ``voc/`` and its path.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    index = ontology_index()
    own = index.known.prefixes["lake"]
    terms = [t for t in index.by_subject if t.startswith(f"<{own}")]
    docs = {t: _describe(t, index) for t in terms}
    schemes = [t for t in index.by_subject if SKOS.ConceptScheme in index.objects(t, TYPE)]
    header = next(t for t in index.subjects(TYPE, OWL.Ontology))
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATE.parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template(_TEMPLATE.name).render(
        title=index.text(header, DCT.title),
        description=index.text(header, DCT.description),
        iri=value(header),
        version=index.text(header, OWL.versionInfo),
        license=index.text(header, DCT.license),
        source=index.text(header, DCT.source),
        tree=_tree([t for t in terms if docs[t].kind == "class"], index),
        sections=[(name, kind, [d for d in docs.values() if d.kind == kind]) for kind, name in _SECTIONS.items()],
        schemes=[
            (_describe(s, index), [_describe(c, index) for c in index.subjects(SKOS.inScheme, s)]) for s in schemes
        ],
        mappings=_by_prefix(),
        own=(own, index.known.prefixes["voc"]),
    )


Tree = list[tuple[Ref, "Tree"]]


def _tree(classes: list[str], index: OntologyIndex) -> Tree:
    """The classes below each other; a class with several superclasses of our own stands below each."""
    known = set(classes)

    def below(parent: str) -> Tree:
        return [(index.ref(c), below(c)) for c in index.subjects(RDFS.subClassOf, parent) if c in known]

    roots = [c for c in classes if not known.intersection(index.objects(c, RDFS.subClassOf))]
    return [(index.ref(c), below(c)) for c in roots]


def _by_prefix() -> Mapping[str, list[Mapped]]:
    """The mappings by the prefix of the outside vocabulary."""
    found: dict[str, list[Mapped]] = defaultdict(list)
    for each in mappings():
        found[each.object_name.partition(":")[0]].append(each)
    return found
