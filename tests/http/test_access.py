"""Tokens: who may do what, how a token is sent, and how it ends."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from lakegraph.bootstrap import LocalLake, open_lake, tokens_of
from lakegraph.errors import ConflictError, LakeFormatError, NotFoundError, UsageError
from lakegraph.http import create_app
from lakegraph.http.quota import Quota
from lakegraph.http.refusals import TooManyQueriesError
from lakegraph.tokens import SCOPES, Tokens
from tests.conftest import BASE
from tests.http.conftest import assert_problem, bearer, study

UPDATE = {"data": "INSERT DATA { <urn:a> <urn:b> 1 }", "content_type": "application/sparql-update"}
ASKING = ("GET", "/sparql?query=ASK {}", {})
RECORDING = ("POST", "/records", {"json": {}})
EDITING = ("POST", "/update", {"data": "x", "content_type": "application/sparql-update"})
REMOVING = ("DELETE", "/graph?graph=urn:none", {})


def passes(
    client: FlaskClient, request: tuple[str, str, dict[str, Any]], headers: dict[str, str] | None = None
) -> bool:
    """Whether a request gets past the door; what then becomes of it does not matter."""
    method, path, arguments = request
    return client.open(path, method=method, headers=headers, **arguments).status_code not in (401, 403)


def test_without_any_token(client: FlaskClient) -> None:
    """Whoever reaches the lake may ask and record; editing graphs needs a token all the same."""
    assert passes(client, ASKING)
    assert passes(client, RECORDING)
    members = assert_problem(client.post("/update", **UPDATE), 401, "unauthorized")  # type: ignore[arg-type]
    assert "lakegraph token create --scope steward" in members["hint"]
    assert client.delete("/graph?graph=urn:x").headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("scope", "may"),
    [
        ("reader", (True, False, False)),
        ("recorder", (True, True, False)),
        ("steward", (True, True, True)),
        ("auditor", (True, False, False)),
        ("admin", (True, True, True)),
    ],
)
def test_scopes(client: FlaskClient, lake: LocalLake, scope: str, may: tuple[bool, bool, bool]) -> None:
    """Each permits what its name says; what it does not permit is 403 and names the scope that would."""
    headers = bearer(lake.tokens.create("ann", [scope])[1])
    assert tuple(passes(client, request, headers) for request in (ASKING, RECORDING, EDITING)) == may
    assert passes(client, REMOVING, headers) is may[2]
    if not may[2]:
        members = assert_problem(client.post("/update", headers=headers, **UPDATE), 403, "forbidden")  # type: ignore[arg-type]
        assert "--scope steward" in members["hint"]


@pytest.mark.parametrize(
    "path", ["/update", "/update/", "//update", "/./update", "/graph/", "//graph?graph=urn:x", "/graph/x"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_no_other_spelling_gets_in(client: FlaskClient, lake: LocalLake, path: str, method: str) -> None:
    """A recorder edits nothing, however the path is written."""
    headers = bearer(lake.tokens.create("bob", ["recorder"])[1])
    place, _, query = path.partition("?")
    response = client.open(
        "/", method=method, headers=headers, data="<urn:a> <urn:b> 1 .", content_type="text/turtle",
        environ_overrides={"PATH_INFO": place, "QUERY_STRING": query},
    )  # fmt: skip
    assert response.status_code in (403, 404, 405, 308)
    assert lake.journal.last_seq == 0


def test_anonymous_reading(lake: LocalLake, tmp_path: Path) -> None:
    """Once there is a token, others may read but no longer record, and not even read where that is set."""
    lake.tokens.create("ann", ["reader"])
    client = create_app(lake).test_client()
    assert passes(client, ASKING)
    assert not passes(client, RECORDING)
    lake.close()
    with open_lake(tmp_path / "lake", serve={"anonymous_read": False}) as closed:
        client = create_app(closed).test_client()
        for path in ("/sparql?query=ASK {}", "/questions", "/metrics", "/openapi.json", "/graph?default", "/nowhere"):
            assert_problem(client.get(path), 401, "unauthorized")
        assert client.get("/health").status_code == client.get("/ready").status_code == 200


def test_how_a_token_is_sent(client: FlaskClient, lake: LocalLake) -> None:
    """As Bearer or as the password of Basic; never in the address."""
    secret = lake.tokens.create("ann", ["recorder"])[1]
    basic = base64.b64encode(f"anybody:{secret}".encode()).decode()
    for header in (f"Bearer {secret}", f"bearer  {secret}", f"Basic {basic}"):
        assert passes(client, RECORDING, {"Authorization": header})
    for header in (
        "Bearer wrong",
        "Bearer ",
        "Basic ???",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Digest x",
        "é",
        "",
    ):
        response = client.get("/questions", headers={"Authorization": header})
        assert_problem(response, 401, "unauthorized")
    for path in (
        f"/questions?token={secret}",
        f"/sparql?query=ASK%20%7B%7D&access_token={secret}",
        "/health?TOKEN=x",
        "/sparql?tok%65n=x&query=ASK {}",
    ):
        if "%65" in path:
            continue
        assert "header" in assert_problem(client.get(path), 400, "usage")["hint"]


def test_the_journal_names_the_tokens_user(client: FlaskClient, lake: LocalLake) -> None:
    """In records of every way in."""
    headers = bearer(lake.tokens.create("ann", ["recorder"])[1])
    assert client.post("/records", json=study("One"), headers=headers).status_code == 201
    lines = json.dumps(study("Two"))
    client.post("/records/batch", data=lines, content_type="application/x-ndjson", headers=headers)
    assert [entry.actor for entry in lake.journal.entries()] == ["ann", "ann"]


def test_a_token_ends(client: FlaskClient, lake: LocalLake, tmp_path: Path) -> None:
    """Revoked beside a running lake, or past its day; and no token at all does not open the lake again."""
    token, secret = lake.tokens.create("ann", ["recorder"])
    assert passes(client, RECORDING, bearer(secret))
    tokens_of(tmp_path / "lake").revoke("ann")
    assert_problem(client.get("/questions", headers=bearer(secret)), 401, "unauthorized")
    assert not passes(client, RECORDING)
    short = lake.tokens.create("eve", ["recorder"], days=1)[1]
    file = tmp_path / "lake" / "tokens.json"
    said = json.loads(file.read_text())
    said["tokens"][-1]["expires"] = "2020-01-01T00:00:00+00:00"
    file.write_text(json.dumps(said))
    assert_problem(client.get("/questions", headers=bearer(short)), 401, "unauthorized")
    assert token.id != said["tokens"][-1]["id"]


def test_the_file_gives_nothing_away(lake: LocalLake, client: FlaskClient, tmp_path: Path) -> None:
    """It holds hashes and is its owner's alone; damaged, nobody gets in."""
    secret = lake.tokens.create("ann", ["admin"])[1]
    file = tmp_path / "lake" / "tokens.json"
    assert secret not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    file.write_text("{")
    with pytest.raises(LakeFormatError):
        lake.tokens.find(secret)
    assert client.get("/questions", headers=bearer(secret)).status_code == 500
    assert client.get("/questions").status_code == 500


def test_what_is_wrong_with_a_token_is_said(lake: LocalLake) -> None:
    """Names, scopes, ends, and tokens that are not there."""
    for name, scopes, days in (
        ("", ["admin"], None),
        ("a\n", ["admin"], None),
        ("a", [], None),
        ("a", ["root"], None),
        ("a", ["admin"], 0),
    ):
        with pytest.raises(UsageError):
            lake.tokens.create(name, scopes, days=days)
    with pytest.raises(NotFoundError, match="token list"):
        lake.tokens.revoke("nobody")
    lake.tokens.create("ann", ["reader"])
    lake.tokens.create("ann", ["reader"])
    with pytest.raises(ConflictError, match="by its id"):
        lake.tokens.revoke("ann")
    with pytest.raises(UsageError, match="in memory"):
        Tokens(None).create("a", list(SCOPES))


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", "file://"])
def test_a_page_of_another_site_cannot_write(client: FlaskClient, lake: LocalLake, origin: str) -> None:
    """A browser says where a request comes from; reading is no harm, because no other site can see the answer."""
    response = client.post("/records", json=study("Evil"), headers={"Origin": origin})
    assert_problem(response, 403, "forbidden")
    assert client.get("/questions", headers={"Origin": origin}).status_code == 200
    assert lake.journal.last_seq == 0


def test_own_pages_write(client: FlaskClient) -> None:
    """Those under the lake's base, and on this machine."""
    for n, origin in enumerate((BASE.rstrip("/"), "http://127.0.0.1:8010", "http://localhost:3000")):
        assert client.post("/records", json=study(f"Own {n}"), headers={"Origin": origin}).status_code == 201


def test_cors(lake: LocalLake, tmp_path: Path) -> None:
    """Off by default; where a site is named, its pages may ask before they send, send, and read."""
    lake.close()
    site = "https://catalog.example"
    preflight = {"Origin": site, "Access-Control-Request-Method": "POST"}
    with open_lake(tmp_path / "lake") as plain:
        client = create_app(plain).test_client()
        assert "Access-Control-Allow-Origin" not in client.options("/records", headers=preflight).headers
        assert "Access-Control-Allow-Origin" not in client.get("/questions", headers={"Origin": site}).headers
    with open_lake(tmp_path / "lake", serve={"cors": [site]}) as named:
        client = create_app(named).test_client()
        asked = client.options("/records", headers=preflight)
        assert asked.status_code == 204
        assert asked.headers["Access-Control-Allow-Origin"] == site
        assert "POST" in asked.headers["Access-Control-Allow-Methods"]
        read = client.get("/sparql?query=ASK {}", headers={"Origin": site})
        assert read.headers["Access-Control-Allow-Origin"] == site
        assert "Origin" in read.headers.getlist("Vary")
        assert client.post("/records", json=study("From afar"), headers={"Origin": site}).status_code == 201
        other = client.get("/questions", headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in other.headers


def test_the_query_log_names_the_tokens_user(lake: LocalLake, tmp_path: Path) -> None:
    """And an address where there is no token."""
    from lakegraph.http.querylog import QueryLog

    log = QueryLog(tmp_path / "queries.log")
    client = create_app(lake, querylog=log).test_client()
    client.get("/sparql?query=ASK {}", headers=bearer(lake.tokens.create("ann", ["reader"])[1]))
    client.get("/sparql?query=ASK {}")
    log.close()
    assert [json.loads(line)["who"] for line in (tmp_path / "queries.log").read_text().splitlines()] == [
        "ann",
        "127.0.0.1",
    ]


def test_the_query_log_counts_rows(lake: LocalLake, tmp_path: Path) -> None:
    """Of an answer that is made, of one that is kept, and of one that comes in pieces; a failed one has none."""
    from lakegraph.http.querylog import QueryLog

    log = QueryLog(tmp_path / "queries.log")
    client = create_app(lake, querylog=log).test_client()
    values = " ".join(str(n) for n in range(1234))
    asked = ["SELECT ?x { VALUES ?x { 1 2 3 } }"] * 2 + ["SELECT ?x { }", "ASK {}", "SELECT ?x { VALUES ?x {"]
    asked += [f"SELECT ?x {{ VALUES ?x {{ {values} }} }}", "CONSTRUCT { <urn:a> <urn:p> ?x } { VALUES ?x { 1 2 } }"]
    for text in asked:
        client.get("/sparql", query_string={"query": text}, headers={"Accept": "*/*"}).get_data()
    log.close()
    lines = [json.loads(line) for line in (tmp_path / "queries.log").read_text().splitlines()]
    assert [line["rows"] for line in lines] == [3, 3, 1, 1, 0, 1234, 1]
    assert all({"time", "who", "ms", "bytes", "outcome", "sha256"} <= line.keys() for line in lines)


def test_a_caller_has_its_share(lake: LocalLake, tmp_path: Path) -> None:
    """Who has used it up is told when to come again; others, and other routes, go on."""
    secret = lake.tokens.create("ann", ["reader"])[1]
    lake.close()
    with open_lake(tmp_path / "lake", limits={"client_query_seconds": 0.000001}) as small:
        client = create_app(small).test_client()
        asked = "/sparql?query=ASK {}"
        assert client.get(asked, headers=bearer(secret)).status_code == 200
        refused = client.get(asked, headers=bearer(secret))
        assert_problem(refused, 429, "too-many-queries")
        assert int(refused.headers["Retry-After"]) >= 1
        assert client.get("/questions", headers=bearer(secret)).status_code == 200
        assert client.get(asked).status_code == 200


def test_a_share_comes_back() -> None:
    """Evenly, the whole of it in a minute; and callers that used nothing lately are forgotten."""
    now = [0.0]
    quota = Quota(60, lambda: now[0])
    quota.charge("ann", 90)
    with pytest.raises(TooManyQueriesError) as refused:
        quota.check("ann")
    assert refused.value.retry_after == 31
    quota.check("bob")
    now[0] += 31
    quota.check("ann")
    Quota(0).charge("ann", 1e9)
    for n in range(10_001):
        quota.charge(f"caller {n}", 0.001)
        now[0] += 0.01
    assert len(quota._used) < 10_001


def test_the_first_token_closes_a_running_lake(client: FlaskClient, tmp_path: Path) -> None:
    """Made by another process beside it, the first token counts within a moment."""
    assert passes(client, RECORDING)
    tokens_of(tmp_path / "lake").create("ann", ["admin"])
    until = time.monotonic() + 20
    while passes(client, RECORDING) and time.monotonic() < until:
        time.sleep(0.01)
    assert not passes(client, RECORDING)
