"""POST /update, as the SPARQL 1.1 Protocol has it: both forms, the dataset of the request, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.http import create_app
from lakegraph.http.querylog import QueryLog
from tests.conftest import BASE
from tests.http.conftest import assert_problem, study

DIRECT = "application/sparql-update"
ONE = "INSERT DATA { <urn:a> <urn:b> 1 }"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLake]:
    with lakegraph.init(tmp_path_factory.mktemp("update") / "lake", base=BASE) as opened:
        opened.record(study("A record"))
        yield opened


@pytest.fixture(scope="module")
def steward(lake: LocalLake) -> dict[str, str]:
    return {"Authorization": f"Bearer {lake.tokens.create('ann', ['steward'])[1]}"}


@pytest.fixture
def client(lake: LocalLake) -> FlaskClient:
    return create_app(lake).test_client()


def test_an_update_is_told_where_it_stands(client: FlaskClient, lake: LocalLake, steward: dict[str, str]) -> None:
    """The answer names the entry, the entry names the token's user, and a query that waits for it sees it."""
    response = client.post("/update", data=ONE, content_type=DIRECT, headers=steward)
    assert response.status_code == 200, response.text
    said = response.get_json()
    assert (said["added"], said["removed"]) == (1, 0)
    entry = lake.journal.read(said["seq"])
    assert (entry.actor, entry.kind, entry.record) == ("ann", "change", said["change"])
    seen = {"Lake-Min-Seq": response.headers["Lake-Seq"], "Accept": "text/csv"}
    assert b"1" in client.get("/sparql?query=SELECT ?o { <urn:a> <urn:b> ?o }", headers=seen).data


def test_the_form_and_its_dataset(client: FlaskClient, lake: LocalLake, steward: dict[str, str]) -> None:
    """Parameters that the protocol does not know are passed over."""
    lake.put_graph("urn:g1", [(b"<urn:s> <urn:p> 1 .", "text/turtle")])
    form = {"update": "INSERT { ?s <urn:q> ?o } WHERE { ?s <urn:p> ?o }", "using-graph-uri": "urn:g1", "format": "x"}
    assert client.post("/update", data=form, headers=steward).get_json()["added"] == 1
    query = "/update?using-graph-uri=urn:none"
    text = "INSERT { ?s <urn:r> ?o } WHERE { ?s <urn:p> ?o }"
    assert client.post(query, data=text, content_type=DIRECT, headers=steward).get_json()["added"] == 0


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        ({"data": "INSERT DATA { <urn:a <urn:b> 1 }", "content_type": DIRECT}, 400, "query-malformed"),
        ({"data": "SELECT * { ?s ?p ?o }", "content_type": DIRECT}, 400, "query-malformed"),
        ({"data": b"INSERT DATA { <urn:a> <urn:b> '\xff' }", "content_type": DIRECT}, 400, "query-malformed"),
        ({"data": {"query": "ASK {}"}}, 400, "usage"),
        ({"data": {"update": [ONE, ONE]}}, 400, "usage"),
        ({"data": {}}, 415, "unsupported-media-type"),
        ({"data": ONE, "content_type": "text/plain"}, 415, "unsupported-media-type"),
        ({"data": ONE, "content_type": f"{DIRECT}; charset=latin-1"}, 415, "unsupported-media-type"),
        ({"data": "LOAD <http://127.0.0.1:9/>", "content_type": DIRECT}, 403, "forbidden"),
        ({"data": "CLEAR ALL", "content_type": DIRECT}, 409, "graph-protected"),
        ({"data": "DROP GRAPH <urn:none>", "content_type": DIRECT}, 404, "not-found"),
        ({"data": ONE + " " * 2**20, "content_type": DIRECT}, 413, "too-large"),
        ({"data": f"{ONE} ; " * 3 + "WITH <urn:g> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", "content_type": DIRECT,
          "query_string": {"using-graph-uri": "urn:g"}}, 400, "query-malformed"),
    ],
)  # fmt: skip
def test_what_is_refused(
    client: FlaskClient, lake: LocalLake, steward: dict[str, str], arguments: dict[str, object], status: int, code: str
) -> None:
    """Each with its code, and nothing is written."""
    last = lake.journal.last_seq
    members = assert_problem(client.post("/update", headers=steward, **arguments), status, code)  # type: ignore[arg-type]
    if code == "query-malformed" and b"<urn:a <" in str(arguments["data"]).encode():
        assert members["where"].startswith("line 1, column")
    assert lake.journal.last_seq == last


def test_a_refusal_of_the_shapes_has_its_report(client: FlaskClient, lake: LocalLake, steward: dict[str, str]) -> None:
    """422, as for records."""
    bad = "INSERT DATA { <urn:m> a <https://w3id.org/lakegraph/ns#Model> }"
    members = assert_problem(
        client.post("/update", data=bad, content_type=DIRECT, headers=steward), 422, "record-refused"
    )
    assert members["report"]["results"]


def test_load_silent_does_nothing(client: FlaskClient, steward: dict[str, str]) -> None:
    """A failure is passed over, as SILENT says; what follows is done, and nothing is fetched."""
    text = "LOAD SILENT <http://127.0.0.1:9/x> INTO GRAPH <urn:x> ; INSERT DATA { <urn:silent> <urn:b> 1 }"
    assert client.post("/update", data=text, content_type=DIRECT, headers=steward).get_json()["added"] == 1


def test_get_is_no_update(client: FlaskClient, steward: dict[str, str]) -> None:
    """An address that is followed changes nothing."""
    assert client.get(f"/update?update={ONE}", headers=steward).status_code == 405


def test_updates_are_logged(lake: LocalLake, steward: dict[str, str], tmp_path: Path) -> None:
    """With who sent them, their hash, how long they took and how they ended."""
    log = QueryLog(tmp_path / "queries.log")
    client = create_app(lake, querylog=log).test_client()
    for text in ("INSERT DATA { <urn:logged> <urn:b> 1 }", "CLEAR ALL"):
        client.post("/update", data=text, content_type=DIRECT, headers=steward)
    log.close()
    lines = [json.loads(line) for line in (tmp_path / "queries.log").read_text().splitlines()]
    assert [(line["who"], line["outcome"]) for line in lines] == [("ann", "ok"), ("ann", "graph-protected")]
    assert all(line["ms"] > 0 and len(line["sha256"]) == 64 for line in lines)
