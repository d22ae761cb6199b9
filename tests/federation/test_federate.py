"""Questions put to seven catalogs at once are answered as if all that they say stood in one store, in our words."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

import lakegraph
from lakegraph.cli import main
from lakegraph.errors import ForbiddenError, NotFoundError, QueryError, UsageError
from tests.federation.catalogs import HEAD, World, comparable, served, world

QUESTIONS = {
    "titles of all data sets": "SELECT ?d ?t { ?d a lake:Dataset ; dct:title ?t }",
    "of a topic, with licence": "SELECT ?d ?l { ?d a dcat:Dataset ; dcat:keyword 'health' ; dct:license ?l }",
    "who publishes most": (
        "SELECT ?name (COUNT(DISTINCT ?d) AS ?n) { ?d a lake:Dataset ; dct:publisher/foaf:name ?name } GROUP BY ?name"
        " HAVING (COUNT(DISTINCT ?d) > 1) ORDER BY DESC(?n) ?name"
    ),
    "without a licence": "SELECT ?d { ?d a lake:Dataset FILTER NOT EXISTS { ?d dct:license ?l } }",
    "files of what changed lately": (
        "SELECT ?d ?m ?u { ?d dct:modified ?m . FILTER(?m > '2024-05-01'^^xsd:date) "
        "OPTIONAL { ?d dcat:distribution [ dcat:downloadURL ?u ] } }"
    ),
    "models and the data behind them": (
        "SELECT ?model ?data ?title { ?run lake:hasOutputModel ?model ; lake:trainingData ?data . "
        "?data dct:title ?title }"
    ),
    "models on data under a licence": (
        "SELECT DISTINCT ?m ?l { ?m a lake:Model . ?run lake:hasOutputModel ?m ; lake:hasInputData ?d . "
        "?d dct:license ?l }"
    ),
    "what rests on the data of a site": (
        "SELECT ?d ?origin { ?d lake:derivedFrom+ ?origin . ?origin dct:title ?t FILTER(STRSTARTS(?t, 'Site')) }"
    ),
    "everything in a topic, data or models": (
        "SELECT ?x ?kind { { ?x a lake:Model BIND('model' AS ?kind) } UNION "
        "{ ?x a lake:Dataset BIND('data' AS ?kind) } ?x dcat:keyword 'water' }"
    ),
    "keywords by licence, few only": (
        "SELECT ?l ?k (COUNT(?d) AS ?n) { ?d dct:license ?l ; dcat:keyword ?k MINUS { ?d dcat:keyword 'soil' } } "
        "GROUP BY ?l ?k ORDER BY ?l DESC(?n) ?k LIMIT 7"
    ),
    "the newest for each licence": (
        "SELECT ?d ?l ?m { { SELECT ?l (MAX(?x) AS ?m) { ?y dct:license ?l ; dct:modified ?x } GROUP BY ?l } "
        "?d dct:license ?l ; dct:modified ?m }"
    ),
    "chosen data, by VALUES": (
        "SELECT ?t ?k { VALUES ?t { 'City 1' 'Point 2' 'Endpoint 3' 'Clinic 1' 'none' } "
        "?d dct:title ?t ; dcat:keyword ?k }"
    ),
    "anything about one thing": "SELECT ?p ?o { ?d dct:title 'Point 3' ; ?p ?o . FILTER(isLiteral(?o)) }",
    "alike in licence and topic": (
        "SELECT ?a ?b { ?a dct:license ?l ; dcat:keyword 'soil' . ?b dct:license ?l ; dcat:keyword 'soil' . "
        "FILTER(STR(?a) < STR(?b)) }"
    ),
}


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Six catalogs and a lake, which tests only read."""
    with world(tmp_path_factory.mktemp("world")) as made:
        yield made


@pytest.mark.parametrize("name", QUESTIONS)
def test_answers_are_those_of_one_store(catalogs: World, name: str) -> None:
    """Row by row."""
    expected = catalogs.expected(QUESTIONS[name])
    assert expected, "a question without an answer proves nothing"
    found = catalogs.lake.federate(HEAD + QUESTIONS[name])
    assert not found.partial, found.failing
    assert comparable(found.rows) == expected


def test_rows_and_sources_are_accounted_for(catalogs: World) -> None:
    """A row that joins two catalogs names both; the report tells what each was asked, by which mappings."""
    found = catalogs.lake.federate(HEAD + QUESTIONS["models and the data behind them"])
    by_title = {source.title: source for source in found.sources}
    names = {source.source: source.title for source in found.sources}
    for row, origin in zip(found.rows, found.origins, strict=True):
        titles = {names[each] for each in origin}
        if "Endpoint" in row["title"]:
            assert titles == {"Hub", "End"}
        elif "City" in row["title"]:
            assert titles == {"Hub", "City"}
        else:
            assert titles == {"this lake"}
    hub = by_title["Hub"]
    assert hub.status == "ok"
    assert hub.rows == sum("City" in row["title"] or "Endpoint" in row["title"] for row in found.rows)
    assert any("fair4ml:trainedOn" in mapping["mapping"] for mapping in hub.mappings)
    assert not any(mapping["lossy"] for mapping in hub.mappings)
    assert any("dct:title" in mapping["mapping"] for mapping in hub.mappings)
    assert all(source.requests and source.seconds >= 0 for source in found.sources)
    assert any("VALUES" in query for query in by_title["End"].queries)
    assert by_title["Site"].rows == 0


def test_only_some_peers_are_asked(catalogs: World) -> None:
    """By name; the lake itself always is."""
    seen = len(catalogs.hosts["site"].seen)
    found = catalogs.lake.federate(HEAD + QUESTIONS["titles of all data sets"], peers=["city"])
    assert [source.title for source in found.sources] == ["this lake", "City"]
    assert len(catalogs.hosts["site"].seen) == seen
    with pytest.raises(NotFoundError, match="No peer is called 'town'"):
        catalogs.lake.federate(HEAD + QUESTIONS["titles of all data sets"], peers=["town"])


def test_explaining_sends_nothing(catalogs: World) -> None:
    """It shows each source's query in its own words."""
    before = {name: len(made.seen) for name, made in catalogs.hosts.items()}
    plan = catalogs.lake.explain_federation(HEAD + QUESTIONS["models and the data behind them"])
    assert {name: len(made.seen) for name, made in catalogs.hosts.items()} == before
    by_title = {source["title"]: source for source in plan["sources"]}
    written = json.dumps(by_title["End"]["queries"])
    assert "https://w3id.org/fair4ml#trainedOn" in written
    assert "https://schema.org/name" in written
    assert by_title["City"]["reads"] == catalogs.hosts["city"].url
    assert "fair4ml" not in json.dumps(by_title["Second"]["queries"])


def test_other_forms(catalogs: World) -> None:
    """ASK, CONSTRUCT and DESCRIBE are answered from everywhere as well."""
    lake = catalogs.lake
    assert lake.federate(HEAD + "ASK { ?d dct:title 'Site 3' }").truth is True
    assert lake.federate(HEAD + "ASK { ?d dct:title 'Site 3000' }").truth is False
    made = lake.federate(HEAD + "CONSTRUCT { ?d dct:source ?t } { ?d dct:title ?t FILTER(STRSTARTS(?t, 'City ')) }")
    assert len(made.triples) == 12
    told = lake.federate(HEAD + "DESCRIBE ?d { ?d dct:title 'Point 3' }")
    assert any("Office" not in o and "Point 3" in o for _, _, o in told.triples)


@pytest.mark.parametrize(
    ("query", "error", "says"),
    [
        ("SELECT * { SERVICE <https://x.example/> { ?s ?p ?o } }", ForbiddenError, "is not registered here|no SERVICE"),
        ("SELECT * FROM <https://x.example/> { ?s ?p ?o }", ForbiddenError, "does not name its dataset"),
        ("SELECT * { ?s ?p }", QueryError, "cannot be put to several catalogs"),
        ("INSERT DATA { <a:a> <a:a> <a:a> }", QueryError, "only queries"),
        ("no-such-question", NotFoundError, "no-such-question"),
        ("5w1h", UsageError, "asks this lake alone"),
    ],
)
def test_what_cannot_be_federated_is_refused(catalogs: World, query: str, error: type[Exception], says: str) -> None:
    """Before anything is sent."""
    before = sum(len(made.seen) for made in catalogs.hosts.values())
    with pytest.raises(error, match=says):
        catalogs.lake.federate(query)
    with pytest.raises(UsageError, match="which matches"):
        catalogs.lake.federate("ASK { ?s ?p ?o }", matches="all")  # type: ignore[arg-type]
    assert sum(len(made.seen) for made in catalogs.hosts.values()) == before


def test_questions_of_the_library(catalogs: World) -> None:
    """A question of the library is put to all catalogs by its name."""
    found = catalogs.lake.federate("models-of-dataset", dataset="https://end.example/2")
    assert {row["model"] for row in found.rows} == {f"<{catalogs.hosts['hub'].url}/org/m2>"}


def test_the_same_over_http_and_on_the_command_line(catalogs: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows, origins and sources; a plan; a table."""
    query = HEAD + QUESTIONS["of a topic, with licence"]
    here = catalogs.lake.federate(query)
    with served(catalogs.lake) as url, lakegraph.connect(url) as remote:
        there = remote.federate(query)
        assert comparable(there.rows) == comparable(here.rows)
        assert sorted(there.origins) == sorted(here.origins)
        assert [s.title for s in there.sources] == [s.title for s in here.sources]
        assert remote.explain_federation(query)["patterns"] == catalogs.lake.explain_federation(query)["patterns"]
        with pytest.raises(NotFoundError):
            remote.federate(query, peers=["town"])
        run = CliRunner()
        shown = run.invoke(main, ["--lake", url, "federate", query])
        assert shown.exit_code == 0, shown.output
        assert "Endpoint" in shown.output or "https://end.example/" in shown.output
        assert "this lake" in shown.output
        listed = run.invoke(main, ["--lake", url, "federate", query, "--format", "csv"]).output
        rows = list(csv.reader(io.StringIO(listed)))
        assert rows[0] == ["d", "l", "origins"]
        assert len(rows) == len(here.rows) + 1
        plan = run.invoke(main, ["--lake", url, "federate", query, "--explain"])
        assert "Nothing was sent." in plan.output
        said = json.loads(run.invoke(main, ["--lake", url, "federate", query, "--format", "json"]).output)
        assert len(said["results"]["bindings"]) == len(said["origins"]) == len(here.rows)
