"""Every term of the ontology is explained, placed and declared, and a mistake in its files is named."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import DCTERMS, OWL, RDF, RDFS, SKOS

from lakegraph.errors import DataFileError
from lakegraph.rdf.vocabulary import load

LAKE = "https://w3id.org/lakegraph/ns#"
VOC = "https://w3id.org/lakegraph/voc/"
PROV = "http://www.w3.org/ns/prov#"
KINDS = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
LAKE_BASE = URIRef(LAKE.rstrip("#"))
# Standard vocabularies that are used whole; everything else has to be declared.
WHOLE = (
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2000/01/rdf-schema#",
    "http://www.w3.org/2002/07/owl#",
)  # fmt: skip


def own_terms(graph: Graph) -> list[URIRef]:
    return sorted({s for s in graph.subjects(RDF.type) if isinstance(s, URIRef) and s.startswith(LAKE)})


def properties(graph: Graph) -> Iterator[URIRef]:
    for kind in (OWL.ObjectProperty, OWL.DatatypeProperty):
        yield from (p for p in graph.subjects(RDF.type, kind) if p.startswith(LAKE))


def test_every_term_is_explained(ontology_graph: Graph) -> None:
    """Label, a definition that is a sentence, where it is defined, and the figure or section it comes from."""
    terms = own_terms(ontology_graph)
    assert len(terms) >= 180
    for term in terms:
        definition = str(ontology_graph.value(term, SKOS.definition))
        assert ontology_graph.value(term, RDFS.label), term
        assert re.fullmatch(r"[A-Z]\S*( \S+){3,}\.", definition), (term, definition)
        assert ontology_graph.value(term, RDFS.isDefinedBy) == LAKE_BASE, term
        assert str(ontology_graph.value(term, DCTERMS.source)).startswith(("Figure", "Section")), term


def test_every_property_is_placed(ontology_graph: Graph) -> None:
    """A range and a domain, or a note that says why there is none."""
    for term in properties(ontology_graph):
        note = str(ontology_graph.value(term, SKOS.scopeNote))
        assert ontology_graph.value(term, RDFS.range) is not None or "no range" in note, term
        assert ontology_graph.value(term, RDFS.domain) is not None or "no domain" in note, term


def test_names_follow_their_kind(ontology_graph: Graph) -> None:
    """Classes begin with a capital letter, properties with a small one."""
    for term in own_terms(ontology_graph):
        is_class = (term, RDF.type, OWL.Class) in ontology_graph
        assert term.removeprefix(LAKE)[0].isupper() == is_class, term


def test_definitions_and_labels_are_unique(ontology_graph: Graph) -> None:
    """No two terms of a kind share a label, and no two terms a definition."""
    definitions = [str(o) for s, o in ontology_graph.subject_objects(SKOS.definition) if s.startswith(LAKE)]
    assert len(definitions) == len(set(definitions))
    for kind in KINDS:
        labels = [str(ontology_graph.value(s, RDFS.label)) for s in ontology_graph.subjects(RDF.type, kind)]
        labels = [label for label in labels if label != "None"]
        assert len(labels) == len(set(labels))


def test_header(ontology_graph: Graph) -> None:
    """Version IRI below the ontology's own, licence, title, and the prefix to use."""
    assert ontology_graph.value(LAKE_BASE, OWL.versionIRI) == URIRef(f"{LAKE_BASE}/0.1.0")
    for predicate in (DCTERMS.license, DCTERMS.title, DCTERMS.description):
        assert ontology_graph.value(LAKE_BASE, predicate)
    assert not list(ontology_graph.objects(predicate=OWL.imports)), "nothing is loaded from the web"


def test_both_parsers_agree(folder: Path) -> None:
    """Every Turtle file parses in both engines to the same number of triples."""
    files = sorted(folder.rglob("*.ttl"))
    assert len(files) >= 30
    for file in files:
        engine = {(q.subject, q.predicate, q.object) for q in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE)}
        assert len(engine) == len(Graph().parse(file)), file


def test_closed(folder: Path, ontology_graph: Graph, vocabulary_graph: Graph) -> None:
    """Every class, property and concept that a file of ontology/ uses is declared."""
    declared = set(ontology_graph.subjects(RDF.type)) | set(vocabulary_graph.subjects(RDF.type))
    for file in sorted(folder.rglob("*.ttl")):
        graph = Graph().parse(file)
        used = set(graph.predicates()) | set(graph.objects(predicate=RDF.type))
        used |= {t for triple in graph for t in triple if isinstance(t, URIRef) and str(t).startswith((LAKE, VOC))}
        missing = {t for t in used if not str(t).startswith(WHOLE)} - declared
        assert not missing, (file, missing)


@pytest.mark.parametrize(
    ("sub", "super_"),
    [
        ("Run", "prov:Activity"), ("Analysis", "mls:Run"), ("Study", "mls:Study"), ("Asset", "prov:Entity"),
        ("Asset", "dcat:Resource"), ("Dataset", "dcat:Dataset"), ("Dataset", "mls:Dataset"), ("Model", "mls:Model"),
        ("Program", "prov:Plan"), ("Implementation", "mls:Implementation"), ("Deployment", "dcat:DataService"),
        ("Attribute", "mls:Feature"), ("Measurement", "dqv:QualityMeasurement"), ("Metafeature", "dqv:Metric"),
        ("EvaluationMeasure", "dqv:Metric"), ("User", "prov:Person"), ("User", "foaf:Person"), ("Tag", "skos:Concept"),
    ],
)  # fmt: skip
def test_classes_are_aligned(ontology_graph: Graph, sub: str, super_: str) -> None:
    """The superclasses of the metamodel, in PROV-O, DCAT 3, ML-Schema, DQV, FOAF and SKOS."""
    wanted = ontology_graph.namespace_manager.expand_curie(super_)
    assert wanted in set(ontology_graph.transitive_objects(URIRef(LAKE + sub), RDFS.subClassOf))


@pytest.mark.parametrize(
    ("name", "namesake"),
    [
        ("EvaluationMeasure", "EvaluationMeasure"), ("EvaluationSpecification", "EvaluationSpecification"),
        ("EvaluationProcedure", "EvaluationProcedure"), ("Task", "Task"), ("Algorithm", "Algorithm"),
        ("Software", "Software"), ("Parameter", "HyperParameter"), ("ParameterSetting", "HyperParameterSetting"),
    ],
)  # fmt: skip
def test_namesakes_of_ml_schema_are_equivalent(ontology_graph: Graph, name: str, namesake: str) -> None:
    """What means the same as a class of ML-Schema is declared to be the same."""
    assert ontology_graph.value(URIRef(LAKE + name), OWL.equivalentClass) == URIRef(
        f"http://www.w3.org/ns/mls#{namesake}"
    )


def test_lineage_is_never_built_on_use(ontology_graph: Graph) -> None:
    """The chain runs over hasInputData: over prov:used, code and parameters would become ancestors."""
    chains = list(ontology_graph.subject_objects(OWL.propertyChainAxiom))
    assert [(s, list(ontology_graph.items(o))) for s, o in chains] == [
        (URIRef(LAKE + "derivedFrom"), [URIRef(LAKE + "wasOutputOf"), URIRef(LAKE + "hasInputData")])
    ]
    below = set(ontology_graph.transitive_subjects(RDFS.subPropertyOf, URIRef(LAKE + "hasInputData")))
    kept_out = (
        "executes",
        "environment",
        "hasParameterSetting",
        "usesFeature",
        "targetAttribute",
        "reviewed",
        "monitors",
    )
    assert not below & {URIRef(LAKE + name) for name in kept_out}
    kept_in = (
        "ingestFrom", "sourceData", "analyzes", "trainingData", "validationData", "testData", "baseModel",
        "deploysModel", "appliesModel", "evaluatesModel",
    )  # fmt: skip
    assert {URIRef(LAKE + name) for name in kept_in} <= below


def test_every_responsible_person_is_an_agent_of_the_run(ontology_graph: Graph) -> None:
    """Each of the …By properties implies prov:wasAssociatedWith, so that 'who' has one answer."""
    for name in ("ingested", "processed", "analyzed", "deployed", "reviewed", "access", "changed", "withdrawn"):
        term = URIRef(f"{LAKE}{name}By")
        assert URIRef(PROV + "wasAssociatedWith") in set(ontology_graph.objects(term, RDFS.subPropertyOf)), name


def context_of(folder: Path) -> dict[str, object]:
    context: dict[str, object] = json.loads((folder / "context.jsonld").read_text(encoding="utf-8"))["@context"]
    return context


def test_context_maps_declared_terms_by_their_range(folder: Path, ontology_graph: Graph) -> None:
    """Each field leads to a declared term; relations are coerced to IRIs, values to the range of their property."""
    context = context_of(folder)
    assert "@vocab" not in context
    prefixes = {k: v for k, v in context.items() if isinstance(v, str) and v.endswith(("#", "/"))}
    for name, said in context.items():
        if name in prefixes or name[0] == "@" or (isinstance(said, str) and said[0] == "@"):
            continue
        definition = said if isinstance(said, dict) else {"@id": said}
        short = definition.get("@reverse") or definition["@id"]
        prefix, _, local = str(short).partition(":")
        term = URIRef(prefixes[prefix] + local)
        kinds = set(ontology_graph.objects(term, RDF.type))
        assert kinds or term == RDFS.comment, (name, term)
        if OWL.ObjectProperty in kinds:
            assert definition["@type"] == "@id", name
        if OWL.DatatypeProperty in kinds and term.startswith(LAKE) and name != "retentionUntil":
            wanted = ontology_graph.value(term, RDFS.range)
            stated = definition.get("@type", "xsd:string")
            assert str(wanted) == prefixes["xsd"] + str(stated).partition(":")[2], name


def test_context_has_every_term_of_ours(folder: Path, ontology_graph: Graph) -> None:
    """Whatever the ontology lets a record say has a field; what is only inferred or said of concepts has none."""
    context = context_of(folder)
    inferred = {"hasInputData", "hasOutput", "wasOutputOf", "derivedFrom", "hasUpstream"}
    names = {t.removeprefix(LAKE) for t in own_terms(ontology_graph)} - inferred - {"idPath"}
    assert names <= set(context), names - set(context)
    assert not inferred & set(context)


def broken_copy(folder: Path, into: Path, file: str, text: str) -> Path:
    copy = into / "ontology"
    shutil.copytree(folder, copy)
    with (copy / file).open("a", encoding="utf-8") as out:
        out.write(text)
    return copy


@pytest.mark.parametrize("file", ["lakegraph.ttl", "vocabularies/tag.ttl"])
def test_a_syntax_error_is_named(folder: Path, tmp_path: Path, file: str) -> None:
    """A file that is not Turtle is refused with its name and line."""
    line = (folder / file).read_text(encoding="utf-8").count("\n") + 2
    copy = broken_copy(folder, tmp_path, file, "\nlake:Run a ; .\n")
    with pytest.raises(DataFileError) as caught:
        load(copy)
    assert f"{Path(file).name}:{line}" in str(caught.value)


@pytest.mark.parametrize(
    ("file", "statement"),
    [("lakegraph.ttl", "lake:Run rdfs:subClassOf lake:Activty ."), ("vocabularies/tag.ttl", "<tag/x> a lake:Tagg .")],
)
def test_an_undeclared_term_is_named(folder: Path, tmp_path: Path, file: str, statement: str) -> None:
    """A term of ours that is not declared is refused with file, line and term."""
    line = (folder / file).read_text(encoding="utf-8").count("\n") + 2
    copy = broken_copy(folder, tmp_path, file, f"\n{statement}\n")
    with pytest.raises(DataFileError) as caught:
        load(copy)
    assert f"{Path(file).name}:{line}" in str(caught.value)
    assert ("lakegraph/ns#Activty" if "Activty" in statement else "lakegraph/ns#Tagg") in str(caught.value)


def test_a_broken_context_is_named(folder: Path, tmp_path: Path) -> None:
    """A context that is not JSON is refused with its name and line."""
    copy = broken_copy(folder, tmp_path, "context.jsonld", "}")
    with pytest.raises(DataFileError, match=r"Not JSON[\s\S]*context\.jsonld:\d+"):
        load(copy)
