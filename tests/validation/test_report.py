"""What a report says: whether it refuses, and to people, to programs and in RDF."""

from __future__ import annotations

import json

import pyoxigraph as ox
import pytest

from lakegraph import resources
from lakegraph.rdf.namespaces import DQV, LAKE, RDF, SH
from lakegraph.rdf.terms import XSD, iri, literal
from lakegraph.rdf.vocabulary import ontology
from lakegraph.validation import Gate, MemoryStatements, Report, ShapeSet
from lakegraph.validation.paths import parse_path
from lakegraph.validation.report import as_rows, report_triples
from lakegraph.validation.shapes_graph import ShapesGraph
from lakegraph.validation.view import NOTHING

SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix lakesh: <https://w3id.org/lakegraph/shapes#> .
@prefix ex: <urn:ex:> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property %s .
"""
FOCUS = iri("urn:ex:thing")
IN_C = (FOCUS, RDF.type, iri("urn:ex:C"))
P = iri("urn:ex:p")


def gate_for(folder, parts: dict[str, str]) -> Gate:
    for name, text in parts.items():
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "x.ttl").write_text(SHAPES.replace("ex:S", f"ex:{name}") % text)
    return Gate(ShapeSet.load([folder]), ontology(), folders=tuple(parts))


def check(folder, text: str, *values: str) -> Report:
    gate = gate_for(folder, {"integrity": text})
    return gate.check([IN_C, *((FOCUS, P, v) for v in values)], MemoryStatements())


ONE = "[ sh:path ex:p ; sh:minCount 1 ; sh:severity sh:%s ]"


@pytest.mark.parametrize(
    ("folder", "severity", "captured", "conforms"),
    [
        ("integrity", "Violation", False, False),
        ("integrity", "Violation", True, False),
        ("integrity", "Warning", False, True),
        ("completeness", "Violation", False, False),
        ("completeness", "Violation", True, True),
        ("policy", "Violation", False, False),
        ("policy", "Violation", True, False),
        ("policy", "Info", False, True),
        ("swamp", "Violation", False, True),
    ],
)
def test_what_refuses(tmp_path, folder, severity, captured, conforms):
    """Integrity and policy violations refuse; completeness ones refuse unless captured; nothing else does."""
    gate = gate_for(tmp_path, {folder: ONE % severity})
    report = gate.check([IN_C], MemoryStatements(), captured=captured)
    assert report.conforms is conforms
    assert len(report.violations) == (not conforms)
    assert len(report.warnings) == conforms
    if captured and folder == "completeness":
        assert report.results[0].severity == SH.Warning


def test_a_gate_can_be_kept_to_some_folders(tmp_path):
    """Without a choice, every shape that was loaded judges."""
    gate_for(tmp_path, {"swamp": ONE % "Warning", "integrity": ONE % "Warning"})
    shapes = ShapeSet.load([tmp_path])
    some = Gate(shapes, ontology(), folders=("integrity",)).check([IN_C], MemoryStatements())
    everything = Gate(shapes, ontology()).check([IN_C], MemoryStatements())
    assert (len(some.results), len(everything.results)) == (1, 2)


def test_refusing_results_come_first(tmp_path):
    """Whoever reads only the first line reads what matters most."""
    gate = gate_for(tmp_path, {"integrity": ONE % "Warning", "policy": ONE % "Violation"})
    assert [r.folder for r in gate.check([IN_C], MemoryStatements()).results] == ["policy", "integrity"]


def number(text: str, kind: str = "integer") -> str:
    return literal(text, XSD + kind)


SAID = {
    "[ sh:path ex:p ; sh:minCount 1 ]": ([], "There are fewer than 1 values of ex:p.", "add ex:p"),
    "[ sh:path ex:p ; sh:minCount 2 ]": (["1"], "There are fewer than 2 values of ex:p.", "give ex:p at least 2"),
    "[ sh:path ex:p ; sh:maxCount 1 ]": (["1", "2"], "There are more than 1 values of ex:p.", "keep one value of ex:p"),
    "[ sh:path ex:p ; sh:maxCount 0 ]": (["1"], "There are more than 0 values of ex:p.", "remove ex:p"),
    "[ sh:path ex:p ; sh:class ex:D ]": (
        [iri("urn:ex:o")], "ex:o is not a ex:D.", "refer to a ex:D that the lake knows, or describe it in the record",
    ),
    "[ sh:path ex:p ; sh:datatype xsd:decimal ]": (
        [literal("0.5")], "0.5 is not a well-formed xsd:decimal.", 'write "0.5" as xsd:decimal',
    ),
    "[ sh:path ex:p ; sh:datatype xsd:dateTime ]": (
        [literal("today")], "today is not a well-formed xsd:dateTime.",
        "write it as xsd:dateTime, such as 2024-02-25T09:00:00Z",
    ),
    "[ sh:path ex:p ; sh:nodeKind sh:IRI ]": (["1"], "1 is not of the kind sh:IRI.", "give an IRI"),
    '[ sh:path ex:p ; sh:in ( "batch" "real-time" ) ]': (
        [literal("realtime")], "realtime is not one of batch, real-time.", "did you mean real-time?",
    ),
    '[ sh:path ex:p ; sh:in ( "a" ) ]': ([literal("zzz")], "zzz is not one of a.", "use one of a"),
    "[ sh:path ex:p ; sh:hasValue 3 ]": (["1"], "The value 3 is missing for ex:p.", "add 3"),
    "[ sh:path ex:p ; sh:maxInclusive 1 ]": (
        [number("93.54", "decimal")], "93.54 is greater than 1.", "at most 1; did you mean 0.9354?",
    ),
    "[ sh:path ex:p ; sh:minInclusive 2 ]": (["1"], "1 is less than 2.", "at least 2"),
    "[ sh:path ex:p ; sh:minExclusive 1 ]": (["1"], "1 is not greater than 1.", "more than 1"),
    "[ sh:path ex:p ; sh:maxExclusive 1 ]": (["1000"], "1000 is not less than 1.", "less than 1"),
    "[ sh:path ex:p ; sh:minLength 3 ]": ([literal("ab")], "ab is shorter than 3 characters.", "write at least 3"),
    "[ sh:path ex:p ; sh:maxLength 1 ]": ([literal("ab")], "ab is longer than 1 characters.", "write at most 1"),
    '[ sh:path ex:p ; sh:pattern "^a" ]': ([literal("b")], "b does not match ^a.", "write it in the form ^a"),
    '[ sh:path ex:p ; sh:languageIn ( "en" "de" ) ]': (
        [literal("b")], "b is not in one of the languages en, de.", "tag it with one of en, de",
    ),
    "[ sh:path ex:p ; sh:uniqueLang true ]": (
        [literal("a", lang="en"), literal("b", lang="en")], "There is more than one value of ex:p in one language.",
        "keep one value of ex:p in each language",
    ),
    "[ sh:path ex:p ; sh:equals ex:q ]": (
        ["1"], "1 is not a value of both ex:p and ex:q.", "give ex:p and ex:q the same values",
    ),
    "[ sh:path ex:p ; sh:disjoint ex:p ]": (
        ["1"], "1 is a value of both ex:p and ex:p.", "remove the value from ex:p or from ex:p",
    ),
    "[ sh:path ex:p ; sh:lessThan ex:p ]": (["1"], "1 is not less than 1, the value", "before 1; did you mean"),
    "[ sh:path ex:p ; sh:node [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ] ]": (
        [iri("urn:ex:o")], "ex:o does not conform to", "add ex:q",
    ),
    "[ sh:path ex:p ; sh:or ( [ sh:datatype xsd:date ] [ sh:nodeKind sh:IRI ] ) ]": (
        [literal("x")], "x conforms to none of its alternatives.", "write it as xsd:date, such as 2024-02-25, or give",
    ),
    "[ sh:path ex:p ; sh:not [ sh:nodeKind sh:IRI ] ]": ([iri("urn:ex:o")], "ex:o conforms to", ""),
    "[ sh:path ex:p ; sh:qualifiedMinCount 1 ; sh:qualifiedValueShape [ sh:nodeKind sh:IRI ] ]": (
        ["1"], "There are fewer than 1 values of ex:p of the kind", "give ex:p another value of the kind",
    ),
    "[ sh:path ex:p ; sh:node [ sh:closed true ] ]": ([iri("urn:ex:thing")], "ex:thing does not conform", "remove"),
}  # fmt: skip


@pytest.mark.parametrize("shape", SAID)
def test_message_and_smallest_change(tmp_path, shape):
    """Without a message of the shape's own, each constraint says what is wrong and what would mend it."""
    values, message, suggestion = SAID[shape]
    (result, *_) = check(tmp_path, shape, *(v if v[0] in '<"' else number(v) for v in values)).results
    assert result.message.startswith(message)
    assert result.suggestion.startswith(suggestion)
    assert bool(result.suggestion) is bool(suggestion)


def test_placeholders_and_languages(tmp_path):
    """A shape's message is filled with what was found; English is preferred to other languages."""
    text = (
        '[ sh:path ex:p ; sh:maxCount 1 ; sh:message "höchstens {$maxCount}"@de , '
        '"{$this} has too many of {?path}, at most {$maxCount}; {$other}"@en ]'
    )
    (result,) = check(tmp_path, text, number("1"), number("2")).results
    assert result.message == "ex:thing has too many of ex:p, at most 1; {$other}"


@pytest.fixture
def refused(tmp_path) -> Report:
    text = (
        '[ sh:path ex:p ; sh:maxInclusive 1 ; lakesh:answers "what" ; lakesh:field "evaluation.value" ; '
        'sh:message "Write the score as a share." ] , [ sh:path [ sh:inversePath ex:q ] ; sh:minCount 1 ; '
        'lakesh:answers "why" ; sh:message "Say what it is for." ]'
    )
    return check(tmp_path, text, number("93.54", "decimal"))


def test_text(refused):
    """By thing: the W, the message, what was found, the smallest change, the field, and the shape's file and line."""
    names = {FOCUS: "Train forest", number("93.54", "decimal"): "93.54"}
    assert refused.text(name=lambda token: names[token]).splitlines() == [
        "Train forest",
        "  What      Write the score as a share.",
        "            found 93.54 · at most 1; did you mean 0.9354? · evaluation.value · integrity/x.ttl:5",
        "  Why       Say what it is for.",
        "            add ^ex:q · ^ex:q · integrity/x.ttl:5",
    ]


def test_text_keeps_to_the_width(refused):
    """Long lines are broken between words."""
    lines = refused.text(width=40).splitlines()
    assert len(lines) > 5
    assert max(map(len, lines)) <= 40


def test_as_dict(refused):
    """The report is plain data, without empty members."""
    data = json.loads(json.dumps(refused.as_dict()))
    assert data["conforms"] is False
    first = data["results"][0]
    assert first == {
        "focus": "urn:ex:thing",
        "path": "ex:p",
        "value": "93.54",
        "message": "Write the score as a share.",
        "suggestion": "at most 1; did you mean 0.9354?",
        "severity": "Violation",
        "component": "MaxInclusive",
        "answers": "what",
        "field": "evaluation.value",
        "folder": "integrity",
        "shape": "integrity/x.ttl:5",
        "sourceShape": first["sourceShape"],
    }
    assert [set(row) >= {"focus", "message"} for row in as_rows(refused.results)] == [True, True]


def test_rdf(refused):
    """The report in SHACL's vocabulary says the same, paths with their structure, and parses as Turtle."""
    graph = ShapesGraph(refused.to_rdf())
    (report,) = graph.subjects(RDF.type, SH.ValidationReport)
    assert graph.objects(report, SH.conforms) == [literal("false", XSD + "boolean")]
    found = graph.objects(report, SH.result)
    paths = [parse_path(graph, node, graph.objects(node, SH.resultPath)[0]) for node in found]
    assert paths == [r.path for r in refused.results]
    assert [graph.objects(n, SH.focusNode)[0] for n in found] == [FOCUS, FOCUS]
    text = refused.to_turtle({"sh": "http://www.w3.org/ns/shacl#"})
    assert len(list(ox.parse(text, format=ox.RdfFormat.TURTLE))) == len(refused.to_rdf())
    assert "sh:resultMessage" in text


def test_details_are_in_rdf(tmp_path):
    """What explains a result stands below it."""
    report = check(tmp_path, "[ sh:path ex:p ; sh:node [ sh:nodeKind sh:IRI ] ]", number("1"))
    graph = ShapesGraph(report.to_rdf())
    (outer,) = [n for n in graph.nodes() if graph.objects(n, SH.detail)]
    (inner,) = graph.objects(outer, SH.detail)
    assert graph.objects(inner, SH.sourceConstraintComponent) == [SH.NodeKindConstraintComponent]
    assert report.as_dict()["results"][0]["details"][0]["component"] == "NodeKind"


def test_a_report_without_results_conforms():
    """``sh:conforms`` is true only when nothing at all was found."""
    assert list(report_triples([]))[-1][2] == literal("true", XSD + "boolean")


def test_of_alternatives_the_smallest_is_that_of_the_field():
    """A training without an implementation is told to add it, not to call itself a failure instead."""
    gate = Gate(ShapeSet.load([resources.path("shapes")]), ontology(), ("integrity", "completeness"))
    run, score = iri("urn:run"), iri("urn:score")
    metric = (iri("urn:metric"), LAKE.maxValue, number("1", "decimal"))
    status = ontology().concepts[LAKE.RunStatus]["succeeded"]
    said = [
        (run, RDF.type, LAKE.TrainingRun),
        (run, LAKE.runStatus, status),
        (score, RDF.type, LAKE.Measurement),
        metric,
    ]
    said += [(score, DQV.value, number("1.7", "decimal")), (score, DQV.isMeasurementOf, metric[0])]
    found = {r.shape.node.rpartition("#")[2][:-1]: r.suggestion for r in gate.check(said, NOTHING).results}
    assert found["TrainingRunAnswers-hasImplementation"] == "add lake:hasImplementation"
    assert found["EvaluationRangeHigh"] == "at most 1; did you mean 0.017?"
