"""The gate over a lake: what it asks of a record, how much it reads, and when pySHACL is called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lakegraph.errors import DataFileError
from lakegraph.rdf.namespaces import RDF, SH
from lakegraph.rdf.terms import XSD, iri, literal
from lakegraph.validation import Gate, MemoryStatements, ShapeSet

PREFIXES = """@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <urn:ex:> .
"""


class Hierarchy:
    """A student is a person."""

    superclasses = {iri("urn:ex:Student"): (iri("urn:ex:Person"),)}  # noqa: RUF012 - as the ontology has it


class Counting(MemoryStatements):
    """Counts how many statements are handed out."""

    def __init__(self, triples=()):
        super().__init__(triples)
        self.read = 0

    def _counted(self, found):
        for each in found:
            self.read += 1
            yield each

    def outgoing(self, subject):
        return self._counted(super().outgoing(subject))

    def objects(self, subject, predicate):
        return self._counted(super().objects(subject, predicate))

    def subjects(self, predicate, object):  # noqa: A002 - the RDF word
        return self._counted(super().subjects(predicate, object))


def ex(name: str) -> str:
    return iri(f"urn:ex:{name}")


def gate_of(folder: Path, text: str, engine="compiled") -> Gate:
    (folder / "x.ttl").write_text(PREFIXES + text)
    return Gate(ShapeSet.load([folder]), Hierarchy(), folders=(folder.name,), engine=engine)


def found(report) -> set[tuple[str, str]]:
    return {(r.focus, r.component.partition("#")[2].removesuffix("ConstraintComponent>")) for r in report.results}


STUDY = """ex:S a sh:NodeShape ; sh:targetClass ex:Study ;
  sh:property [ sh:path ex:run ; sh:minCount 1 ; sh:class ex:Run ] , [ sh:path ex:title ; sh:maxCount 1 ] ,
              [ sh:path [ sh:inversePath ex:partOf ] ; sh:nodeKind sh:IRI ] ."""


def test_a_study_with_many_runs_is_not_read_for_one_more(tmp_path):
    """The cost of a record does not grow with what the things it names hold already."""
    gate = gate_of(tmp_path, STUDY)
    triples = [(ex("study"), RDF.type, ex("Study"))]
    for n in range(5000):
        triples += [(ex("study"), ex("run"), ex(f"r{n}")), (ex(f"r{n}"), RDF.type, ex("Run"))]
        triples += [(ex(f"r{n}"), ex("partOf"), ex("study"))]
    lake = Counting(triples)
    delta = [
        (ex("new"), RDF.type, ex("Run")),
        (ex("study"), ex("run"), ex("new")),
        (ex("new"), ex("partOf"), ex("study")),
    ]
    assert gate.check(delta, lake).conforms
    assert lake.read < 20
    bad = [(ex("study"), ex("run"), ex("new")), (ex("new"), ex("title"), literal("x"))]
    assert found(gate.check(bad, lake)) == {(ex("study"), "Class")}


def test_old_faults_are_not_held_against_a_record(tmp_path):
    """A record that adds a run to a study without a proper one is asked about the run, not about the study's past."""
    gate = gate_of(tmp_path, STUDY)
    lake = MemoryStatements([
        (ex("study"), RDF.type, ex("Study")), (ex("study"), ex("run"), ex("lost")),
        (ex("study"), ex("title"), literal("a")), (ex("study"), ex("title"), literal("b")),
    ])  # fmt: skip
    assert gate.check([(ex("r"), RDF.type, ex("Run")), (ex("study"), ex("run"), ex("r"))], lake).conforms
    assert gate.check([(ex("study"), RDF.type, ex("Study"))], lake).conforms
    assert found(gate.check([(ex("study"), ex("run"), literal("r"))], lake)) == {(ex("study"), "Class")}


def test_what_a_record_says_again_is_no_change(tmp_path):
    """Statements that the lake holds already are not asked about."""
    gate = gate_of(
        tmp_path, "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:path ex:p ; sh:maxCount 0 ] ."
    )
    old = [(ex("a"), RDF.type, ex("C")), (ex("a"), ex("p"), literal("1"))]
    assert gate.check(old, MemoryStatements(old)).conforms
    assert not gate.check(old, MemoryStatements()).conforms


def test_a_new_class_brings_its_shapes(tmp_path):
    """A known thing that gets a type, or becomes an object, answers to the shapes that come with it."""
    gate = gate_of(
        tmp_path,
        "ex:S a sh:NodeShape ; sh:targetClass ex:Person ; sh:property [ sh:path ex:name ; sh:minCount 1 ] .\n"
        "ex:T a sh:NodeShape ; sh:targetObjectsOf ex:knows ; sh:class ex:Person .",
    )
    lake = MemoryStatements([(ex("bob"), ex("age"), literal("5"))])
    assert found(gate.check([(ex("bob"), RDF.type, ex("Student"))], lake)) == {(ex("bob"), "MinCount")}
    assert found(gate.check([(ex("x"), ex("knows"), ex("bob"))], lake)) == {(ex("bob"), "Class")}
    assert gate.check(
        [(ex("x"), ex("knows"), ex("bob"))], MemoryStatements([(ex("bob"), RDF.type, ex("Student"))])
    ).conforms


def test_taking_back_what_others_refer_to(tmp_path):
    """A withdrawal that leaves a reference to nothing is refused."""
    gate = gate_of(tmp_path, STUDY)
    kept = [(ex("study"), RDF.type, ex("Study")), (ex("study"), ex("run"), ex("r"))]
    removed = [(ex("r"), RDF.type, ex("Run"))]
    report = gate.check([], MemoryStatements(kept), removed=removed)
    assert found(report) == {(ex("study"), "Class")}
    assert gate.check(removed, MemoryStatements(kept), removed=removed).conforms


SPARQL = """<urn:ex:> sh:declare [ sh:prefix "ex" ; sh:namespace "urn:ex:"^^xsd:anyURI ] .
ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:sparql [ sh:prefixes <urn:ex:> ;
  sh:message "{?value} is the same as that of {$this}" ;
  sh:select "SELECT $this ?value WHERE { $this ex:p ?value . ?other ex:p ?value FILTER (?other != $this) }" ] .
"""


def test_shapes_with_sparql_are_judged_by_pyshacl(tmp_path):
    """A record with the neighbourhood that its shape mentions is enough; the constraint's message is filled."""
    gate = gate_of(tmp_path, SPARQL)
    lake = MemoryStatements([(ex("a"), RDF.type, ex("C")), (ex("a"), ex("p"), ex("v"))])
    delta = [(ex("b"), RDF.type, ex("C")), (ex("b"), ex("p"), ex("v"))]
    report = gate.check(delta, lake)
    assert found(report) == {(ex("a"), "SPARQL"), (ex("b"), "SPARQL")}
    assert {r.message for r in report.results} == {f"urn:ex:v is the same as that of urn:ex:{n}" for n in "ab"}
    assert {str(r.origin) for r in report.results} == {f"{tmp_path.name}/x.ttl:5"}
    assert gate.check([(ex("b"), RDF.type, ex("C")), (ex("b"), ex("p"), ex("w"))], lake).conforms
    both = MemoryStatements([*lake, *delta])
    assert gate.check([(ex("b"), ex("q"), literal("1"))], both).conforms, "the fault was there before"
    assert len(list(gate.validate(both, [ex("a"), ex("b")]))) == 2


def test_sparql_that_pyshacl_cannot_run_is_told(tmp_path):
    """An error in SPARQL text is an error of the shapes file."""
    gate = gate_of(tmp_path, SPARQL.replace("FILTER", "FLTER"))
    with pytest.raises(DataFileError, match="pySHACL cannot run the shapes"):
        gate.check([(ex("b"), RDF.type, ex("C"))], MemoryStatements())


def test_either_engine_can_judge_a_record(tmp_path):
    """``engine="pyshacl"`` gives the same report."""
    delta = [(ex("study"), RDF.type, ex("Study")), (ex("study"), ex("title"), literal("a"))]
    reports = [gate_of(tmp_path, STUDY, engine).check(delta, MemoryStatements()) for engine in ("compiled", "pyshacl")]
    assert found(reports[0]) == found(reports[1]) == {(ex("study"), "MinCount")}
    assert reports[1].results[0].severity == SH.Violation


def test_severity_for_audits(tmp_path):
    """A shape can be stricter when a lake is validated for an audit."""
    text = (
        "@prefix lakesh: <https://w3id.org/lakegraph/shapes#> . ex:S a sh:NodeShape ; sh:targetClass ex:C ; "
        "sh:severity sh:Warning ; lakesh:auditSeverity sh:Violation ; sh:nodeKind sh:Literal ."
    )
    gate, lake = gate_of(tmp_path, text), MemoryStatements([(ex("a"), RDF.type, ex("C"))])
    assert [r.severity for r in gate.validate(lake, [ex("a")])] == [SH.Warning]
    assert [r.severity for r in gate.validate(lake, [ex("a")], audit=True)] == [SH.Violation]


def test_numbers_are_matched_as_they_are_stored(tmp_path):
    """A shape that writes 0.50 means the value that the engine gives back as 0.5."""
    gate = gate_of(
        tmp_path, "ex:S a sh:NodeShape ; sh:targetNode ex:a ; sh:property [ sh:path ex:p ; sh:in ( 0.50 ) ] ."
    )
    assert gate.check([(ex("a"), ex("p"), literal("0.50", XSD + "decimal"))], MemoryStatements()).conforms
    assert not gate.check([(ex("a"), ex("p"), literal("0.6", XSD + "decimal"))], MemoryStatements()).conforms


def test_pyshacl_is_loaded_only_when_it_is_needed():
    """Neither the package nor a gate of compiled shapes loads pyshacl or rdflib's plugins for it."""
    code = (
        "import sys; from lakegraph import resources; from lakegraph.rdf.vocabulary import ontology; "
        "from lakegraph.validation import Gate, MemoryStatements, ShapeSet; "
        "gate = Gate(ShapeSet.load([resources.path('shapes')]), ontology()); gate.check([], MemoryStatements()); "
        "sys.exit('pyshacl' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_memory_statements():
    """Repeated triples count once, and are found from either end."""
    triple = (ex("a"), ex("p"), ex("b"))
    lake = MemoryStatements([triple, triple, (ex("a"), ex("p"), ex("c"))])
    assert len(lake) == 2
    assert list(lake.outgoing(ex("a"))) == [(ex("p"), ex("b")), (ex("p"), ex("c"))]
    assert list(lake.objects(ex("a"), ex("p"))) == [ex("b"), ex("c")]
    assert list(lake.subjects(ex("p"), ex("b"))) == [ex("a")]
    assert not [*lake.outgoing(ex("x")), *lake.objects(ex("x"), ex("p")), *lake.subjects(ex("p"), ex("x"))]


AT_A_DISTANCE = {
    "negation": ("a p b", "sh:not [ sh:property [ sh:path ex:p ; sh:minCount 1 ] ]"),
    "negation of a class": ("b type Student", "sh:property [ sh:path ex:to ; sh:not [ sh:class ex:Person ] ]"),
    "at most so many of a kind": (
        "b p c",
        """sh:property [ sh:path ex:to ; sh:qualifiedMaxCount 0 ;
             sh:qualifiedValueShape [ sh:property [ sh:path ex:p ; sh:minCount 1 ] ] ]""",
    ),
    "at least so many that are of no other kind": (
        "b type Person",
        """sh:property [ sh:path ex:to ; sh:qualifiedMinCount 1 ; sh:qualifiedValueShapesDisjoint true ;
             sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ] ,
           [ sh:path ex:to ; sh:qualifiedMinCount 0 ; sh:qualifiedValueShape [ sh:class ex:Person ] ]""",
    ),
    "exactly one": ("a p b", "sh:xone ( [ sh:nodeKind sh:IRI ] [ sh:path ex:p ; sh:minCount 1 ] )"),
    "a sequence": ("b p c", "sh:property [ sh:path ( ex:to ex:p ) ; sh:maxCount 0 ]"),
    "an inverse": ("c p a", "sh:property [ sh:path [ sh:inversePath ex:p ] ; sh:maxCount 0 ]"),
    "an inverse in a sequence": ("c p b", "sh:property [ sh:path ( ex:to [ sh:inversePath ex:p ] ) ; sh:maxCount 0 ]"),
    "a repeated path": ("c p d", "sh:property [ sh:path ( [ sh:oneOrMorePath ex:to ] ex:p ) ; sh:maxCount 0 ]"),
    "a nested shape": (
        "b p c",
        "sh:property [ sh:path ex:to ; sh:node [ sh:property [ sh:path ex:p ; sh:maxCount 0 ] ] ]",
    ),
    "a property of one": ("b p c", "sh:property [ sh:path ex:to ; sh:property [ sh:path ex:p ; sh:maxCount 0 ] ]"),
    "another property": ("a p b", "sh:property [ sh:path ex:to ; sh:disjoint ex:p ]"),
    "an order": ("a p d", "sh:property [ sh:path ex:to ; sh:lessThan ex:p ]"),
    "closed things": (
        "b p c",
        "sh:property [ sh:path ex:to ; sh:node [ sh:closed true ; sh:ignoredProperties ( ex:to ) ] ]",
    ),
    "one of several": ("a p b", "sh:or ( [ sh:path ex:p ; sh:maxCount 0 ] [ sh:nodeKind sh:Literal ] )"),
}


@pytest.mark.parametrize("name", AT_A_DISTANCE)
def test_a_statement_reaches_the_shapes_that_it_breaks(tmp_path, name):
    """A statement about one known node makes another known node fail, and taking the statement back mends it."""
    said, shape = AT_A_DISTANCE[name]
    gate = gate_of(tmp_path, f"ex:S a sh:NodeShape ; sh:targetClass ex:C ; {shape} .")
    lake = [(ex("a"), RDF.type, ex("C")), (ex("a"), ex("to"), ex("b")), (ex("b"), ex("to"), ex("c"))]
    lake += [(ex(node), ex("title"), literal("known")) for node in "cd"]
    if "closed" in shape:
        lake = lake[:-2]
    s, p, o = said.split()
    delta = [(ex(s), RDF.type if p == "type" else ex(p), ex(o))]
    assert gate.check([(ex("d"), ex("to"), ex("d"))], MemoryStatements(lake)).conforms
    report = gate.check(delta, MemoryStatements(lake))
    assert not report.conforms
    assert gate.check([], MemoryStatements(lake), removed=delta).conforms
