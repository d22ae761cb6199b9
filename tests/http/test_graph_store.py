"""/graph: the Graph Store Protocol beyond what its own suite asks."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.http import create_app
from tests.conftest import BASE
from tests.http.conftest import assert_problem, study

TURTLE = "text/turtle"
MINE = "/graph?graph=urn:mine"
EMPTY = {"data": "", "content_type": TURTLE}
PACKED = {"Content-Encoding": "gzip"}
ENTITIES = '<!DOCTYPE x [<!ENTITY a "b">]><x/>'
FAR_CONTEXT = '{"@context": "http://127.0.0.1:9/c", "x": 1}'


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLake]:
    with lakegraph.init(tmp_path_factory.mktemp("graphs") / "lake", base=BASE) as opened:
        yield opened


@pytest.fixture(scope="module")
def record(lake: LocalLake) -> str:
    """The graph of a record."""
    return lake.record(study("A record")).graph


@pytest.fixture
def client(lake: LocalLake) -> FlaskClient:
    client = create_app(lake).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {lake.tokens.create('ann', ['steward'])[1]}"
    return client


def test_the_life_of_a_graph(client: FlaskClient, lake: LocalLake) -> None:
    """Made, added to, changed, replaced and removed; each step is an entry of the journal by whoever did it."""
    made = client.put(MINE, data="<#a> <urn:p> 1 .", content_type=TURTLE)
    assert (made.status_code, made.headers["Location"]) == (201, "urn:mine")
    assert client.post(MINE, data="<#a> <urn:p> 2 .", content_type=TURTLE).status_code == 200
    patched = client.patch(MINE, data="DELETE WHERE { ?s ?p 1 }", content_type="application/sparql-update")
    assert patched.get_json()["removed"] == 1
    read = client.get(MINE, headers={"Accept": "application/n-triples"})
    assert read.data.strip() == b'<urn:mine#a> <urn:p> "2"^^<http://www.w3.org/2001/XMLSchema#integer> .'
    again = client.get(MINE, headers={"Accept": "application/n-triples", "If-None-Match": read.headers["ETag"]})
    assert again.status_code == 304
    assert client.head(MINE).status_code == 200
    same = client.put(MINE, data="<#a> <urn:p> 2 .", content_type=TURTLE)
    assert same.get_json()["change"] == ""
    assert client.delete(MINE).get_json()["removed"] == 1
    assert client.get(MINE).status_code == client.head(MINE).status_code == client.delete(MINE).status_code == 404
    notes = [lake.journal.read(n) for n in range(lake.journal.last_seq - 3, lake.journal.last_seq + 1)]
    assert [(e.note, e.actor) for e in notes] == [
        ("PUT urn:mine", "ann"), ("POST urn:mine", "ann"), ("SPARQL Update", "ann"), ("DELETE urn:mine", "ann"),
    ]  # fmt: skip


def test_the_default_graph_and_addresses(client: FlaskClient) -> None:
    """The default graph has a name, and a graph of the lake's address is read under it."""
    assert client.put("/graph?default", data="<urn:a> <urn:b> 1 .", content_type=TURTLE).status_code in (200, 201)
    assert client.get("/graph/default", headers={"Accept": TURTLE}).data == client.get("/graph?default").data
    name = f"{BASE}graph/prüfung/1.ttl"
    assert client.put("/graph/prüfung/1.ttl", data="<urn:a> <urn:b> 2 .", content_type=TURTLE).status_code == 201
    assert client.get("/graph", query_string={"graph": name}).status_code == 200
    assert client.delete("/graph/prüfung/1.ttl").status_code == 200


def test_a_graph_without_a_name_gets_one(client: FlaskClient) -> None:
    """POST to the store itself makes a graph, and says where."""
    made = client.post("/graph", data="[] <urn:p> [] .", content_type=TURTLE)
    assert made.status_code == 201
    assert made.headers["Location"].startswith(f"{BASE}graph/")
    (statement,) = ox.parse(
        client.get("/graph", query_string={"graph": made.headers["Location"]}).data, format=ox.RdfFormat.TURTLE
    )
    assert isinstance(statement.subject, ox.BlankNode)


def test_every_form(client: FlaskClient) -> None:
    """What can be sent, and what can be had."""
    bodies = {
        TURTLE: "<urn:a> <urn:b> 'x' .",
        "application/n-triples": '<urn:a> <urn:b> "x" .',
        "application/ld+json": '{"@id": "urn:a", "urn:b": "x"}',
        "application/rdf+xml": '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:u="urn:">'
        '<r:Description r:about="urn:a"><u:b>x</u:b></r:Description></r:RDF>',
    }
    for media_type, body in bodies.items():
        assert client.put("/graph?graph=urn:form", data=body, content_type=media_type).status_code in (200, 201)
        read = client.get("/graph?graph=urn:form", headers={"Accept": media_type})
        assert read.mimetype == media_type
        assert b"urn:a" in read.data
    page = client.get("/graph?graph=urn:form", headers={"Accept": "text/html"})
    assert page.mimetype == "text/html"
    assert client.get("/graph?graph=urn:form", headers={"Accept": "image/png"}).status_code == 406


def test_records_are_read_and_not_written(client: FlaskClient, lake: LocalLake, record: str) -> None:
    """409, saying to supersede; whatever the method."""
    where = {"graph": record}
    assert client.get("/graph", query_string=where).status_code == 200
    last = lake.journal.last_seq
    for method, body, media_type in (
        ("PUT", "<urn:a> <urn:b> 1 .", TURTLE),
        ("POST", "<urn:a> <urn:b> 1 .", TURTLE),
        ("PATCH", "DELETE WHERE { ?s ?p ?o }", "application/sparql-update"),
        ("DELETE", None, None),
    ):
        response = client.open("/graph", method=method, query_string=where, data=body, content_type=media_type)
        assert "Supersede" in assert_problem(response, 409, "graph-protected")["hint"]
    assert lake.journal.last_seq == last


@pytest.mark.parametrize(
    ("path", "arguments", "status", "code"),
    [
        (MINE, {"data": "<urn:a <urn:b> 1 .", "content_type": TURTLE}, 400, "rdf-malformed"),
        (MINE, {"data": "x", "content_type": "text/csv"}, 415, "unsupported-media-type"),
        (MINE, {"data": "x"}, 415, "unsupported-media-type"),
        (MINE, {"data": "x", "content_type": TURTLE, "headers": PACKED}, 415, "unsupported-media-type"),
        ("/graph", EMPTY, 400, "usage"),
        ("/graph?graph=urn:a&default", EMPTY, 400, "usage"),
        ("/graph?graph=urn:a&graph=urn:b", EMPTY, 400, "usage"),
        ("/graph?graph=urn:a&x=1", EMPTY, 400, "usage"),
        ("/graph?graph=relative", EMPTY, 400, "usage"),
        ("/graph?graph=urn:a%20b", EMPTY, 400, "usage"),
        ("/graph/x?default", EMPTY, 400, "usage"),
        (MINE, {"data": ENTITIES, "content_type": "application/rdf+xml"}, 400, "rdf-malformed"),
        (MINE, {"data": FAR_CONTEXT, "content_type": "application/ld+json"}, 400, "rdf-malformed"),
        (MINE, {"data": "<urn:a> <urn:b> '" + "x" * 70_000 + "' .", "content_type": TURTLE}, 400, "usage"),
        (MINE, {"data": "<urn:m> a lake:Model .", "content_type": TURTLE}, 422, "record-refused"),
    ],
)  # fmt: skip
def test_what_is_refused(
    client: FlaskClient, lake: LocalLake, path: str, arguments: dict[str, object], status: int, code: str
) -> None:
    """Each with its code, and nothing is written."""
    last = lake.journal.last_seq
    assert_problem(client.put(path, **arguments), status, code)  # type: ignore[arg-type]
    assert lake.journal.last_seq == last


def test_names_full_of_syntax(client: FlaskClient, lake: LocalLake) -> None:
    """Literals and IRIs that look like N-Quads or SPARQL come back as they were, and stay where they belong."""
    hard = '<urn:a> <urn:b> "> <urn:evil> .\\n} ; DROP ALL # \\\\ \\"" , "x"@en-GB , "<urn:x>"^^<urn:t\'> .'
    assert client.put("/graph?graph=urn:hard'%23", data=hard, content_type=TURTLE).status_code == 201
    read = client.get("/graph?graph=urn:hard'%23", headers={"Accept": "application/n-triples"})
    expected = {str(q.triple) for q in ox.parse(hard, format=ox.RdfFormat.TURTLE)}
    assert {str(q.triple) for q in ox.parse(read.data, format=ox.RdfFormat.N_TRIPLES)} == expected
    assert client.delete("/graph?graph=urn:hard'%23").get_json()["removed"] == 3
