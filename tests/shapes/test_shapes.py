"""What every shape says about itself, and that it speaks only of what the ontology and its vocabularies declare."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection

from lakegraph import resources
from lakegraph.rdf.vocabulary import ontology
from tests.shapes.support import LAKESH, SH, TARGETS, VOC, constraints, local, named_shapes, shapes, targeted

FOLDERS = ("integrity", "completeness", "policy", "swamp")
LAKE = Namespace("https://w3id.org/lakegraph/ns#")
WS = {"what", "who", "where", "when", "why", "how"}
OPEN = tuple(map(str, (SH, LAKESH, RDF, RDFS, XSD, OWL, "http://www.w3.org/2004/02/skos/core#")))


@pytest.fixture(scope="module")
def everything() -> Graph:
    """All shapes of all folders."""
    graph = Graph()
    for folder in FOLDERS:
        graph += shapes(folder)
    return graph


@pytest.fixture(scope="module")
def vocabulary() -> Graph:
    """The concepts of the lake."""
    graph = Graph()
    for file in resources.files("ontology/vocabularies", ".ttl"):
        graph.parse(file)
    return graph


def _judging(folder: str) -> Iterator[URIRef]:
    """The named shapes that a result can name as its source."""
    graph = shapes(folder)
    for shape in named_shapes(folder):
        if (shape, RDF.type, SH.PropertyShape) in graph or constraints(graph, shape):
            yield shape


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_shape_says_what_to_do(folder: str) -> None:
    """A person who meets a shape learns its name, what to do, how grave it is and which W is open."""
    graph = shapes(folder)
    for shape in _judging(folder):
        name = graph.value(shape, SH.name) or graph.value(shape, RDFS.label)
        assert name, f"{local(shape)} has no name"
        message = graph.value(shape, SH.message)
        assert isinstance(message, Literal), f"{local(shape)} has no message"
        assert message.language == "en"
        assert re.fullmatch(r"(swamp: (invisible|inaccessible|incomprehensible): )?.{15,}[.]", str(message)), message
        assert str(graph.value(shape, LAKESH.answers)) in WS, f"{local(shape)} answers no W"
        assert graph.value(shape, SH.severity) in (SH.Violation, SH.Warning, SH.Info)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_shape_says_each_thing_once(folder: str) -> None:
    """Two names or two severities would leave the report to chance."""
    graph = shapes(folder)
    for shape in named_shapes(folder):
        for said in (SH.name, RDFS.label, SH.message, SH.severity, LAKESH.answers, LAKESH.field, SH.path):
            assert len(list(graph.objects(shape, said))) <= 1, f"{local(shape)} says {local(said)} twice"


def test_names_are_unique_across_files() -> None:
    """A shape is defined in one file: the same name in two would merge into a third shape that nobody wrote."""
    files = resources.files("shapes", ".ttl")
    defined = Counter(name for file in files for name in re.findall(r"(?m)^lakesh:([\w-]+) a sh:", file.read_text()))
    assert [name for name, times in defined.items() if times > 1] == []
    assert len(defined) >= 370


@pytest.mark.parametrize("folder", FOLDERS)
def test_severities_fit_their_folder(folder: str) -> None:
    """The swamp never refuses; integrity always does, but for what clocks that disagree can get wrong."""
    graph = shapes(folder)
    grave = Counter(local(graph.value(s, SH.severity)) for s in _judging(folder))
    if folder == "swamp":
        assert grave["Violation"] == 0
    elif folder == "integrity":
        soft = {local(s) for s in _judging(folder) if graph.value(s, SH.severity) != SH.Violation}
        assert soft == {"CausalTime-inputs"}
    else:
        assert grave["Violation"] > 0


def test_fields_are_fields_of_documents(everything: Graph) -> None:
    """What a shape tells people to fill is a field that documents have."""
    context = json.loads(resources.text("ontology/context.jsonld"))["@context"]
    for shape, field in everything.subject_objects(LAKESH.field):
        for part in str(field).split("."):
            assert part in context, f"{local(shape)} names the field {field}"


def test_terms_are_declared(everything: Graph) -> None:
    """Every term that a shape uses is declared in the ontology; a misspelt one would match nothing, silently."""
    declared = {token[1:-1] for token in ontology().declared}
    used = {str(term) for triple in everything for term in triple if isinstance(term, URIRef)}
    unknown = {u for u in used if u not in declared and not u.startswith((*OPEN, VOC)) and "#" in u}
    unknown |= {u for u in used if u.startswith(str(LAKE)) and u not in declared}
    assert unknown == set()


def test_sparql_uses_declared_terms_and_prefixes(everything: Graph) -> None:
    """The text of SPARQL constraints is held to the same, and declares the prefixes that it uses."""
    prefixes = {
        str(everything.value(d, SH.prefix)): str(everything.value(d, SH.namespace))
        for d in everything.objects(URIRef("https://w3id.org/lakegraph/shapes"), SH.declare)
    }
    declared = {token[1:-1] for token in ontology().declared}
    texts = [str(text) for text in everything.objects(None, SH.select)]
    assert len(texts) == 4
    for text in texts:
        for prefix, name in re.findall(r"\b(\w+):(\w+)", re.sub(r"<[^>]*>", "", text)):
            assert prefixes[prefix] + name in declared


def test_concepts_exist(everything: Graph, vocabulary: Graph) -> None:
    """A concept that a shape compares with is one of the vocabularies."""
    named = {str(o) for o in everything.objects() if str(o).startswith(VOC)}
    named |= {iri for text in everything.objects(None, SH.select) for iri in re.findall(rf"<({VOC}[^>]+)>", str(text))}
    assert len(named) >= 5
    assert {n for n in named if not any(vocabulary.triples((URIRef(n), RDF.type, None)))} == set()


def test_sparql_constraints_are_bounded(everything: Graph) -> None:
    """Each SPARQL constraint names its compiled equal, and states on which stored statements it depends."""
    forms: Counter[str] = Counter()
    for shape in everything.subjects(SH.sparql, None):
        form = everything.value(shape, LAKESH.boundedForm)
        assert form is not None, f"{local(shape)} has no bounded form"
        assert everything.value(shape, LAKESH.boundedPath) is not None
        forms[str(form)] += 1
    assert forms == {"acyclic": 2, "unique-per-parent": 1, "approved-before": 1}


def test_swamp_shapes_have_dimension_and_weight() -> None:
    """A score per thing can be added up."""
    graph = shapes("swamp")
    for shape in _judging("swamp"):
        dimension = str(graph.value(shape, LAKESH.swampDimension))
        assert str(graph.value(shape, SH.message)).startswith(f"swamp: {dimension}: ")
        weight = graph.value(shape, LAKESH.weight)
        assert isinstance(weight, Literal)
        assert weight.toPython() in (1, 2, 3)


def test_audit_severities_are_graver() -> None:
    """The audit profile turns warnings into violations and nothing else."""
    graph = shapes("policy")
    raised = set(graph.subjects(LAKESH.auditSeverity, SH.Violation))
    assert len(raised) >= 5
    assert {graph.value(s, SH.severity) for s in raised} == {SH.Warning}


def test_ranges_cover_the_shipped_measures(vocabulary: Graph) -> None:
    """The thresholds that EvaluationRange compares with are the bounds that the measures of the vocabulary have."""
    graph = shapes("integrity")

    def thresholds(bound: URIRef, parameter: URIRef) -> set[float]:
        return {
            float(str(graph.value(shape, parameter)))
            for shape in graph.subjects(parameter, None)
            if isinstance(path := graph.value(shape, SH.path), BNode)
            and (path, RDF.rest, None) in graph
            and bound in Collection(graph, path)
        }

    def bounds(bound: URIRef) -> set[float]:
        return {float(str(value)) for value in vocabulary.objects(None, bound)}

    assert bounds(LAKE.minValue) <= thresholds(LAKE.minValue, SH.maxExclusive)
    assert bounds(LAKE.maxValue) <= thresholds(LAKE.maxValue, SH.minExclusive)
    assert bounds(LAKE.maxValue)


def test_level_flow_covers_the_ranks(vocabulary: Graph) -> None:
    """LevelFlow compares with every rank above the lowest, so no step down goes unseen."""
    levels = vocabulary.subjects(RDF.type, LAKE.SecurityLevel)
    ranks = {int(str(vocabulary.value(level, LAKE.rank))) for level in levels}
    graph = shapes("policy")
    compared = {int(str(value)) for value in graph.objects(None, SH.maxExclusive)}
    assert compared == ranks - {min(ranks)}


def test_every_kind_of_run_is_kept_apart(everything: Graph) -> None:
    """The list of kinds in RunStructure-kind is the list of the direct subclasses of lake:Run."""
    [listed] = everything.objects(LAKESH["RunStructure-kind"], SH.qualifiedValueShape / SH["in"])
    known = Graph().parse(resources.path("ontology/lakegraph.ttl"))
    assert set(Collection(everything, listed)) == set(known.subjects(RDFS.subClassOf, LAKE.Run))


def test_every_targeted_class_is_a_class_of_the_ontology(everything: Graph) -> None:
    """A target that nothing can have would make a shape that never speaks."""
    known = Graph().parse(resources.path("ontology/lakegraph.ttl"))
    for folder in FOLDERS:
        assert targeted(folder)
    for shape, cls in everything.subject_objects(TARGETS[0]):
        assert (cls, RDF.type, OWL.Class) in known, f"{local(shape)} targets {cls}"


def test_every_file_says_what_it_is_for() -> None:
    """Each file opens with a comment, and its shapes stand in the folder of their purpose."""
    for file in resources.files("shapes", ".ttl"):
        assert file.read_text(encoding="utf-8").startswith("# "), resources.relative(file)
