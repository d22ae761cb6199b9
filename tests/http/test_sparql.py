"""/sparql: forms, media types, conditional requests, limits and errors."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any
from xml.etree import ElementTree as ET

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from lakegraph.bootstrap import LocalLake
from lakegraph.errors import DeadlineError, LakeBusyError
from lakegraph.http import create_app
from tests.http.conftest import MODEL, assert_problem, for_browsers

SELECT = f"SELECT ?p ?o WHERE {{ <{MODEL}> ?p ?o }} ORDER BY ?p ?o"
CONSTRUCT = f"CONSTRUCT WHERE {{ <{MODEL}> ?p ?o }}"
RESULTS = "application/sparql-results+json"


def query(get: FlaskClient, text: str, accept: str = "", **headers: str) -> Any:
    return get.get("/sparql", query_string={"query": text}, headers={"Accept": accept, **headers})


def test_rows_in_every_form(get: FlaskClient) -> None:
    """A SELECT gives the same rows in JSON, XML, CSV and TSV."""
    as_json = query(get, SELECT, RESULTS)
    bindings = json.loads(as_json.data)["results"]["bindings"]
    assert len(bindings) > 3
    as_csv = query(get, SELECT, "text/csv")
    assert as_csv.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(as_csv.text)))
    assert rows == [["p", "o"], *([row["p"]["value"], row["o"]["value"]] for row in bindings)]
    as_xml = ET.fromstring(query(get, SELECT, "application/sparql-results+xml").data)
    assert len(as_xml.findall(".//{*}result")) == len(bindings)
    as_tsv = query(get, SELECT, "text/tab-separated-values")
    assert as_tsv.headers["Content-Type"] == "text/tab-separated-values; charset=utf-8"
    assert len(as_tsv.text.splitlines()) == len(bindings) + 1


@pytest.mark.parametrize(
    ("accept", "syntax"),
    [
        ("text/turtle", ox.RdfFormat.TURTLE),
        ("application/n-triples", ox.RdfFormat.N_TRIPLES),
        ("application/n-quads", ox.RdfFormat.N_QUADS),
        ("application/trig", ox.RdfFormat.TRIG),
        ("application/ld+json", ox.RdfFormat.JSON_LD),
        ("application/rdf+xml", ox.RdfFormat.RDF_XML),
        ("application/xml", ox.RdfFormat.RDF_XML),
        ("application/json", ox.RdfFormat.JSON_LD),
        ("text/plain", ox.RdfFormat.N_TRIPLES),
    ],
)
def test_statements_in_every_form(get: FlaskClient, accept: str, syntax: ox.RdfFormat) -> None:
    """A CONSTRUCT gives the same statements in every syntax, under the type that was asked for."""
    plain = query(get, CONSTRUCT, "application/n-triples")
    answer = query(get, CONSTRUCT, accept)
    assert answer.headers["Content-Type"].partition(";")[0] == accept
    expected = {str(q.triple) for q in ox.parse(plain.data, format=ox.RdfFormat.N_TRIPLES)}
    assert {str(q.triple) for q in ox.parse(answer.data, format=syntax)} == expected
    assert expected


@pytest.mark.parametrize(
    ("text", "accept", "given"),
    [
        (SELECT, "", RESULTS),
        (SELECT, "*/*", RESULTS),
        (SELECT, "application/json", "application/json"),
        (SELECT, "application/xml", "application/xml"),
        (SELECT, "application/rdf+xml, application/sparql-results+xml;q=0.5", "application/sparql-results+xml"),
        ("ASK {}", "text/csv, application/sparql-results+json;q=0.9", "text/csv; charset=utf-8"),
        (CONSTRUCT, "*/*", "text/turtle"),
        (f"DESCRIBE <{MODEL}>", f"{RESULTS}, application/n-triples;q=0.1", "application/n-triples"),
    ],
)
def test_media_type_follows_the_form(get: FlaskClient, text: str, accept: str, given: str) -> None:
    """Which types are offered depends on the form of the query; general names are answered under themselves."""
    answer = query(get, text, accept)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == given


def test_three_forms_of_one_query(get: FlaskClient) -> None:
    """GET, form and direct POST give the same bytes; parameters of other products change nothing."""
    by_get = get.get("/sparql", query_string={"query": SELECT, "format": "json", "output": "xml", "maxrows": "1"})
    by_form = get.post("/sparql", data={"query": SELECT, "timeout": "0"})
    direct = get.post("/sparql/", data=SELECT, content_type="application/sparql-query")
    assert by_get.data == by_form.data == direct.data
    assert by_get.status_code == 200


def test_dataset(get: FlaskClient) -> None:
    """The default graph is the union; the protocol's graphs and FROM name another one; the protocol wins."""
    count = "SELECT (COUNT(*) AS ?n) %s WHERE { ?s ?p ?o }"

    def rows(text: str, **parameters: str) -> int:
        said = get.get("/sparql", query_string={"query": text, **parameters})
        return int(json.loads(said.data)["results"]["bindings"][0]["n"]["value"])

    bundle = "https://lake.example.org/id/run/trn-1/bundle"
    other = "https://lake.example.org/id/run/ing-1/bundle"
    union, one, two = rows(count % ""), rows(count % f"FROM <{bundle}>"), rows(count % f"FROM <{other}>")
    assert union > one + two
    assert one != two
    assert rows(count % "", **{"default-graph-uri": bundle}) == one
    assert rows(count % f"FROM <{other}>", **{"default-graph-uri": bundle}) == one
    named = "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }"
    assert rows(named, **{"named-graph-uri": other}) == two
    assert rows(count % "", **{"named-graph-uri": other}) == 0


def test_head(get: FlaskClient) -> None:
    """HEAD gives the headers of GET, and no body; so it does for answers that stream."""
    answer = get.get("/sparql", query_string={"query": SELECT})
    head = get.head("/sparql", query_string={"query": SELECT})
    assert head.data == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Lake-Seq"):
        assert head.headers[name] == answer.headers[name]
    long = get.head("/sparql", query_string={"query": "SELECT * { ?s ?p ?o }"})
    assert (long.status_code, long.data) == (200, b"")
    assert "Content-Length" not in long.headers


def test_conditional(get: FlaskClient) -> None:
    """Who has the answer already is told so; another form has another tag."""
    first = query(get, SELECT, RESULTS)
    tag = first.headers["ETag"]
    assert tag.startswith('W/"')
    again = query(get, SELECT, RESULTS, **{"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == tag
    assert query(get, SELECT, RESULTS, **{"If-None-Match": "*"}).status_code == 304
    assert query(get, SELECT, "text/csv", **{"If-None-Match": tag}).status_code == 200
    posted = get.post("/sparql", data={"query": SELECT}, headers={"If-None-Match": "*"})
    assert posted.status_code == 200


@pytest.mark.parametrize("text", [SELECT, "SELECT * { ?s ?p ?o }"])
def test_gzip(get: FlaskClient, text: str) -> None:
    """Whole and streamed answers are compressed when the request lets them, and are the same."""
    plain = query(get, text)
    packed = query(get, text, **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_every_answer_names_query_entry_and_limit(get: FlaskClient, read_lake: LocalLake) -> None:
    """An answer says which query it was, up to which entry it has everything, and how many rows it may have."""
    answer = query(get, SELECT)
    assert answer.headers["Lake-Seq"] == str(read_lake.journal.last_seq)
    assert answer.headers["Lake-Row-Limit"] == "5000000"
    assert answer.headers["Lake-Query"] != query(get, SELECT).headers["Lake-Query"]
    assert "Lake-Truncated" not in answer.headers
    for_browsers(answer)


def test_pages_for_people(get: FlaskClient) -> None:
    """A browser gets rows as a table, statements as text, and a form to ask with; all of it escaped."""
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    form = get.get("/sparql", headers={"Accept": browser})
    assert form.headers["Content-Type"].startswith("text/html")
    assert '<textarea name="query"' in form.text
    table = query(get, 'SELECT ?x { VALUES ?x { "<script>alert(1)</script>\\tb" <http://a/b> } }', browser)
    assert table.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<script>" not in table.text
    assert table.text.count("<tr>") == 3
    assert "&lt;script&gt;" in table.text
    text = query(get, CONSTRUCT, browser)
    assert "<pre>" in text.text
    assert MODEL in text.text
    many = query(get, "SELECT * { ?s ?p ?o }", browser)
    assert ("This is the beginning" in many.text) == (many.text.count("<tr>") > 1000)
    for_browsers(table)


@pytest.mark.parametrize(
    ("text", "code", "where"),
    [
        ("SELECT * {\n ?s ?p }", "query-malformed", "line 2, column"),
        ("SELECT * { ?s ?p ?o", "query-malformed", "line 1, column"),
        ("nonsense", "query-malformed", ""),
        ("CLEAR ALL", "query-malformed", ""),
        ("SELECT * { ?a (!<a:b>)* ?b }", "query-malformed", "line 1, column"),
        ("ASK { %s }" % ("{" * 100 + "}" * 100), "query-malformed", "line 1, column"),
        ("#" + "x" * 70_000, "query-malformed", ""),
    ],
)
def test_malformed_query(get: FlaskClient, text: str, code: str, where: str) -> None:
    """A query that cannot be run is 400, with line and column where there are any."""
    members = assert_problem(get.post("/sparql", data={"query": text}), 400, code)
    assert where in members.get("where", "")


def test_service_is_refused(get: FlaskClient) -> None:
    """SERVICE to an address that nobody registered is forbidden."""
    members = assert_problem(query(get, "SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }"), 403, "forbidden")
    assert "127.0.0.1:1" in members["detail"]


def test_requests_that_are_no_query(get: FlaskClient) -> None:
    """What the protocol does not allow is refused by status and reason."""
    assert_problem(get.get("/sparql?query=ASK%7B%7D&query=ASK%7B%7D"), 400, "usage")
    assert_problem(get.post("/sparql", data="ASK {}", content_type="text/plain"), 415, "unsupported-media-type")
    assert_problem(get.post("/sparql", data="ASK {}"), 415, "unsupported-media-type")
    assert_problem(get.post("/sparql", data={"update": "CLEAR ALL"}), 400, "usage")
    too_large = get.post("/sparql", data="ASK {}" + " " * 2_000_000, content_type="application/sparql-query")
    assert_problem(too_large, 413, "too-large")
    wrong = get.put("/sparql", data="ASK {}")
    assert_problem(wrong, 405, "method-not-allowed")
    assert {"GET", "POST", "HEAD"} <= set(wrong.headers["Allow"].replace(" ", "").split(","))


def test_not_acceptable(get: FlaskClient) -> None:
    """A form that rows cannot take is refused before the query runs, and names the forms that they can."""
    members = assert_problem(query(get, SELECT, "text/turtle"), 406, "not-acceptable")
    assert "text/csv" in members["hint"]
    assert_problem(query(get, CONSTRUCT, "text/csv"), 406, "not-acceptable")


class Stubborn:
    """A lake whose queries end as told."""

    def __init__(self, lake: LocalLake, error: Exception) -> None:
        self._lake = lake
        self._error = error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lake, name)

    def answer(self, *_: Any, **__: Any) -> Any:
        raise self._error


def test_busy_and_deadline(read_lake: LocalLake) -> None:
    """A lake without a free worker says when to come again; a query out of time is 504; a fault tells nothing."""
    busy = create_app(Stubborn(read_lake, LakeBusyError("All are busy."))).test_client()  # type: ignore[arg-type]
    response = query(busy, SELECT)
    assert_problem(response, 503, "lake-busy")
    assert response.headers["Retry-After"] == "1"
    late = create_app(Stubborn(read_lake, DeadlineError("Too late."))).test_client()  # type: ignore[arg-type]
    assert_problem(query(late, SELECT), 504, "deadline")
    broken = create_app(Stubborn(read_lake, ZeroDivisionError("inside"))).test_client()  # type: ignore[arg-type]
    members = assert_problem(query(broken, SELECT), 500, "internal")
    assert "inside" not in json.dumps(members)


def test_an_entry_that_is_not_there_yet(get: FlaskClient, read_lake: LocalLake) -> None:
    """A read may ask for an entry: one that is there is in the answer, one that is not makes it wait."""
    seq = str(read_lake.journal.last_seq)
    assert query(get, SELECT, **{"Lake-Min-Seq": seq}).status_code == 200
    response = query(get, SELECT, **{"Lake-Min-Seq": "999999"})
    assert_problem(response, 503, "lake-busy")


def test_a_client_that_leaves_frees_its_worker(get: FlaskClient, read_lake: LocalLake) -> None:
    """When a response is closed before its end, its query is ended."""
    response = get.get("/sparql", query_string={"query": "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"}, buffered=False)
    assert next(iter(response.response))
    assert len(read_lake.queries.list()) == 1
    response.close()
    assert read_lake.queries.list() == []
