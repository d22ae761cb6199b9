"""What is read without the engine is what the engine answers, in made-up lakes and at the borders of that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lakes import BASE, TestLake, thing

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.index.kinds import CODES
from lakegraph.questions import WS
from lakegraph.questions.asking import rows_of, text_of
from lakegraph.questions.branch_text import Unreadable
from lakegraph.questions.branches import _branches, _together, rows_about
from lakegraph.questions.direct import COLUMNS, direct
from lakegraph.questions.protocols import Graph
from lakegraph.questions.told import Told
from lakegraph.rdf.namespaces import DCT, DQV, LAKE, MLS, RDF, SKOS
from lakegraph.rdf.terms import XSD, literal
from lakegraph.testing import generate

MODEL, RUN = thing("model/m/1"), thing("run/r")
DECIMAL, DOUBLE = XSD + "decimal", XSD + "double"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLake]:
    """Some hundred made-up records of every kind."""
    directory: Path = tmp_path_factory.mktemp("direct")
    with lakegraph.init(directory / "lake", base="https://lake.example.org/") as made:
        assert len(list(made.record_many(generate(120, 5)))) > 120
        yield made


def asked(graph: Graph, about: str) -> list[str]:
    """The rows of all six, from the engine."""
    rows = []
    for w in WS:
        for row in rows_of(graph, text_of(f"5w1h/{w}"), {"about": about}):
            rows.append(str([row.get(column) if column != "w" else f'"{w}"' for column in COLUMNS]))
    return sorted(rows)


def read(graph: Graph, about: str) -> list[str]:
    """The same, as far as possible without it."""
    rows = rows_about(graph, Told(graph, about), list(graph.objects(about, RDF.type)))
    return sorted(str([row[column] for column in COLUMNS]) for row in rows)


def test_every_branch_agrees(lake: LocalLake) -> None:
    """Of every kind of thing, several: what is read of each is what is asked of it; and most branches had something."""
    graph, index = lake._projector.graph, lake._projector.index
    things = [f"<{hit.iri}>" for kind in CODES for hit in index.search(kind=kind, limit=6).hits]
    assert len(things) > 50
    found = set()
    for about in things:
        assert read(graph, about) == asked(graph, about), about
        told = Told(graph, about)
        for number, branch in enumerate(_branches()):
            if branch.direct and list(branch.direct.rows(told)):
                found.add(number)
    assert len(found) > 50


def of_one(branch: str, told: Told, graph: Graph) -> tuple[list[str], list[str]]:
    """The rows of one branch of the model's, read and asked."""
    way = direct(branch)
    assert way is not None
    frame = _together((0,)) or ""
    text = frame[: frame.index("WHERE {\n") + 8] + branch + frame[frame.rindex("}") :]
    rows = rows_of(graph, text, {"about": told.about})
    return sorted(map(str, way.rows(told))), sorted(map(str, rows))


NUMBERS = ["0.93545", "1.0", "-0.00005", "5", "0.00004", "0.00005", "-1.23455", "123456789.123456789", "0", "100"]
SCORE = """{ GRAPH ?record { ?about lake:hasEvaluation ?value .
    ?value dqv:isMeasurementOf ?measure ; dqv:value ?number }
    ?measure skos:prefLabel ?name BIND(3.0 + ?number / 1000.0 AS ?order)
    BIND(CONCAT(STR(?name), " ", STR(ROUND(?number * 10000) / 10000)) AS ?text) }"""


def scored(kind: str) -> TestLake:
    """A run with a score for each number."""
    lake, measure = TestLake(), "<https://x.example/accuracy>"
    said = [(RUN, RDF.type, LAKE.TrainingRun), (measure, SKOS.prefLabel, literal("Genauigkeit", lang="de"))]
    for number, text in enumerate(NUMBERS):
        score = thing(f"x/{number}")
        said += [(RUN, LAKE.hasEvaluation, score), (score, DQV.isMeasurementOf, measure)]
        said.append((score, DQV.value, literal(text, kind)))
    lake.state(said, f"{BASE}id/run/1")
    return lake


def test_numbers_are_written_as_the_engine_writes_them() -> None:
    """Decimals are rounded half up; of doubles only the engine knows how they are written."""
    lake = scored(DECIMAL)
    found, wanted = of_one(SCORE, Told(lake.graph, RUN), lake.graph)
    assert found == wanted
    assert len(found) == len(NUMBERS)
    lake = scored(DOUBLE)
    way = direct(SCORE)
    assert way is not None
    with pytest.raises(Unreadable):
        way.rows(Told(lake.graph, RUN))
    assert len(read(lake.graph, RUN)) >= len(NUMBERS)
    assert read(lake.graph, RUN) == asked(lake.graph, RUN)


@pytest.mark.parametrize("text", ["a/b/c", "plain", "", "ends/", "two\nlines/here"])
def test_texts_are_cut_as_the_engine_cuts_them(text: str) -> None:
    """The end of a text, its beginning, and what is not there."""
    lake, setting = TestLake(), thing("x/1")
    said = [(MODEL, LAKE.hasParameterSetting, setting), (setting, MLS.hasValue, literal(text))]
    said += [
        (MODEL, DCT.title, literal("tagged", lang="en")),
        (setting, LAKE.ofParameter, "<https://x.example/p/deep>"),
    ]
    lake.state(said, f"{BASE}id/run/1")
    branch = """{ GRAPH ?record { ?about lake:hasParameterSetting ?value .
        ?value mls:hasValue ?set ; lake:ofParameter ?p OPTIONAL { ?p dct:title ?name } }
        OPTIONAL { ?about dct:title ?shown }
        BIND(COALESCE(?name, REPLACE(STR(?p), "^.*/", "")) AS ?rank) BIND(SUBSTR(STR(?set), 1, 3) AS ?before)
        BIND(CONCAT("x", STR(?name)) AS ?after) BIND(REPLACE(?set, "^.*/", "") AS ?text) }"""
    if "\n" in text:
        way = direct(branch)
        assert way is not None
        with pytest.raises(Unreadable):
            way.rows(Told(lake.graph, MODEL))
        return
    found, wanted = of_one(branch, Told(lake.graph, MODEL), lake.graph)
    assert found == wanted
    assert len(found) == 1


@pytest.mark.parametrize("count", [5, 150, 450, 700])
def test_much_is_left_to_the_engine(count: int) -> None:
    """Many values, many beginnings of a branch, a long way back: the answer stays the same."""
    lake = TestLake()
    said = [(MODEL, RDF.type, LAKE.Model), (MODEL, RDF.type, LAKE.Asset)]
    for number in range(count):
        before, setting = thing(f"dataset/d{number}/1"), thing(f"x/{number}")
        said += [(thing("run/r"), LAKE.hasOutputModel, MODEL), (thing("run/r"), LAKE.hasParameterSetting, setting)]
        said += [(setting, LAKE.ofParameter, thing(f"p/{number}")), (setting, MLS.hasValue, literal(str(number)))]
        said.append((thing(f"dataset/d{number - 1}/1") if number else MODEL, LAKE.derivedFrom, before))
        said.append((before, LAKE.owner, thing("user/ada")))
        said.append((MODEL, LAKE.hasTag, thing(f"tag/{number}")))
    lake.state(said, f"{BASE}id/run/1")
    assert read(lake.graph, MODEL) == asked(lake.graph, MODEL)


@pytest.mark.parametrize(
    "branch",
    [
        "{ ?about lake:owner ?value FILTER(?value = 1) }",
        "{ ?about lake:derivedFrom* ?value }",
        "{ GRAPH ?record { ?about lake:derivedFrom+ ?value } }",
        "{ ?about lake:owner/lake:owner ?value }",
        "{ ?x lake:owner ?value }",
        "{ ?about lake:owner ?on OPTIONAL { ?on lake:owner ?value } ?value lake:owner ?on }",
        "{ ?about lake:owner ?on OPTIONAL { ?on lake:owner ?value . ?value lake:owner ?x } }",
        "{ { SELECT DISTINCT ?about ?value WHERE { ?about lake:owner ?value } LIMIT 3 } }",
        "{ { SELECT ?about ?value WHERE { ?about lake:owner ?value } ORDER BY ?value LIMIT 3 } }",
        "{ { SELECT ?about ?on WHERE { GRAPH ?record { ?on lake:owner ?about } } LIMIT 3 } }",
        "{ ?about lake:owner ?value BIND(UCASE(STR(?value)) AS ?text) }",
        "{ ?about lake:owner ?value BIND(SUBSTR(STR(?value)) AS ?text) }",
        "{ ?about lake:owner ?value } UNION { ?about lake:hasTag ?value }",
        "{ ?about lake:owner ?value ",
    ],
)
def test_what_is_not_simple_is_not_read(branch: str) -> None:
    """Whatever is not known for certain is left to the engine."""
    assert direct(branch) is None


def test_a_limit_leaves_what_is_there() -> None:
    """Of more than a limit, as many as it says; the engine takes the same number."""
    lake = TestLake()
    lake.state([(MODEL, DCT.description, literal(str(n))) for n in range(9)], f"{BASE}id/run/1")
    branch = """{ { SELECT ?about ?value ?record WHERE { GRAPH ?record { ?about dct:description ?value } } LIMIT 3 }
        FILTER NOT EXISTS { ?about a lake:Asset } BIND(?about AS ?on) }"""
    found, wanted = of_one(branch, Told(lake.graph, MODEL), lake.graph)
    assert len(found) == len(wanted) == 3
    lake.state([(MODEL, RDF.type, LAKE.Asset)], f"{BASE}id/run/2")
    assert of_one(branch, Told(lake.graph, MODEL), lake.graph) == ([], [])
