"""POST /records, /records/batch and /withdrawals: every status, and nothing written where it says so."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from lakegraph.bootstrap import LocalLake
from lakegraph.http import create_app
from tests.conftest import BASE
from tests.http.conftest import assert_problem, for_browsers, study

TURTLE = """@prefix lake: <https://w3id.org/lakegraph/ns#> . @prefix dct: <http://purl.org/dc/terms/> .
<https://lake.example.org/id/study/{slug}> a lake:Study ;
    dct:title "{slug}" ; dct:description "Why this study is made." ; lake:studyType "research" ."""


def test_created(post: FlaskClient, written_lake: LocalLake) -> None:
    """201 says where the record is, as which entry, and where its provenance is told."""
    response = post.post("/records", json=study("Created"))
    assert response.status_code == 201
    receipt = response.get_json()
    assert receipt["iri"] == response.headers["Location"] == f"{BASE}id/study/created"
    assert receipt["seq"] == written_lake.journal.last_seq == int(response.headers["Lake-Seq"])
    links = response.headers.getlist("Link")
    assert f'<{receipt["graph"]}>; rel="http://www.w3.org/ns/prov#has_provenance"; anchor="{receipt["iri"]}"' in links
    assert any('rel="http://www.w3.org/ns/prov#has_query_service"' in link for link in links)
    for_browsers(response)
    assert post.get("/id/study/created", headers={"Accept": "text/turtle"}).status_code == 200


def test_location_of_an_iri_beyond_ascii(post: FlaskClient) -> None:
    """An IRI with letters beyond ASCII stands percent-encoded in headers, and leads to the thing."""
    body = TURTLE.replace("{slug}", "größe-模型").encode()
    response = post.post("/records", data=body, content_type="text/turtle")
    assert response.status_code == 201, response.text
    assert response.get_json()["iri"] == f"{BASE}id/study/größe-模型"
    assert response.headers["Location"] == f"{BASE}id/study/{quote('größe-模型')}"
    there = response.headers["Location"].removeprefix(BASE.rstrip("/"))
    assert "größe-模型" in post.get(there, headers={"Accept": "application/n-triples"}).text


@pytest.mark.parametrize(
    ("media_type", "syntax"),
    [
        ("text/turtle", ox.RdfFormat.TURTLE),
        ("application/n-triples", ox.RdfFormat.N_TRIPLES),
        ("application/n-quads", ox.RdfFormat.N_QUADS),
        ("application/trig", ox.RdfFormat.TRIG),
        ("application/ld+json", ox.RdfFormat.JSON_LD),
        ("application/rdf+xml", ox.RdfFormat.RDF_XML),
    ],
)
def test_rdf_is_recorded(post: FlaskClient, media_type: str, syntax: ox.RdfFormat) -> None:
    """A record is taken in every RDF syntax, with charset or without."""
    slug = f"in-{syntax.file_extension}"
    triples = [q.triple for q in ox.parse(TURTLE.format(slug=slug).encode(), format=ox.RdfFormat.TURTLE)]
    response = post.post(
        "/records", data=ox.serialize(triples, format=syntax), content_type=f"{media_type}; charset=utf-8"
    )
    assert response.status_code == 201, response.text
    assert response.get_json()["iri"].endswith(slug)


def test_idempotency_key(post: FlaskClient, written_lake: LocalLake) -> None:
    """The same key, percent-encoded, gives the first receipt again and writes nothing."""
    first = post.post("/records", json=study("Keyed"), headers={"Idempotency-Key": quote("schlüssel 1%", safe="")})
    again = post.post("/records", json=study("Keyed"), headers={"Idempotency-Key": quote("schlüssel 1%", safe="")})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() | {"repeated": False, "warnings": []} == first.get_json() | {"warnings": []}
    assert again.get_json()["repeated"] is True
    entry = written_lake.journal.by_key("schlüssel 1%")
    assert entry is not None
    assert entry.seq == first.get_json()["seq"]


@pytest.mark.parametrize("key", ["%FF", "x" * 256, "a%0Ab", "%00"])
def test_impossible_key(post: FlaskClient, key: str) -> None:
    """A key that is no text is refused."""
    response = post.post("/records", json=study("Key"), headers={"Idempotency-Key": key})
    assert assert_problem(response, 400, "usage")["where"] == "Idempotency-Key"


def test_conflict(post: FlaskClient) -> None:
    """What is recorded already is 409, and says what to do."""
    assert post.post("/records", json=study("Twice")).status_code == 201
    members = assert_problem(post.post("/records", json=study("Twice")), 409, "conflict")
    assert "supersede" in members["hint"]


def test_refusal_carries_the_report(post: FlaskClient, written_lake: LocalLake) -> None:
    """A record that breaks shapes is 422 with each reason; nothing is written."""
    before = written_lake.journal.last_seq
    response = post.post("/records", json={"type": "Study", "title": "Refused"})
    members = assert_problem(response, 422, "record-refused")
    assert members["record"] == "Refused"
    first = members["report"]["results"][0]
    assert members["report"]["conforms"] is False
    for name in ("focus", "path", "message", "suggestion", "field", "shape", "answers"):
        assert first[name]
    assert written_lake.journal.last_seq == before
    assert int(response.headers["Lake-Seq"]) == before


def test_report_as_turtle(post: FlaskClient) -> None:
    """Who prefers Turtle gets the SHACL report itself."""
    response = post.post("/records", json={"type": "Study", "title": "Refused"}, headers={"Accept": "text/turtle"})
    assert response.status_code == 422
    assert response.headers["Content-Type"].startswith("text/turtle")
    said = {str(q.object) for q in ox.parse(response.data, format=ox.RdfFormat.TURTLE)}
    assert "<http://www.w3.org/ns/shacl#ValidationReport>" in said


def test_captured_only_warns(post: FlaskClient) -> None:
    """What another tool recorded may leave questions open: they come back as warnings."""
    document = {"type": "Study", "title": "Captured", "studyType": "research"}
    assert_problem(post.post("/records", json=document), 422, "record-refused")
    response = post.post("/records?captured=true", json=document)
    assert response.status_code == 201
    assert any("description" in warning["message"] for warning in response.get_json()["warnings"])
    assert_problem(post.post("/records?captured=perhaps", json=document), 400, "usage")


@pytest.mark.parametrize(
    ("body", "where", "says"),
    [
        (b'{"type": "Study",\n "title": }', "line 2, column 11", "not JSON"),
        (b"", "line 1, column 1", "not JSON"),
        (b'{"a": 1, "a": 2}', None, "'a' stands twice"),
        (b'{"a": NaN}', None, "NaN is not a number"),
        (b'{"a": "\\ud800"}', None, "cannot be read"),
        (b'{"a": "\xc3("}', None, "cannot be read"),
        (b"[" * 100_000, None, "cannot be read"),
        (b"9" * 10_000, None, "cannot be read"),
        (b"[]", None, "is a JSON object"),
        (b'"x"', None, "is a JSON object"),
        (b"null", None, "is a JSON object"),
        (b'{"title": "x"}', "type", "does not say what it is"),
        (b'{"type": "Nonsense"}', "type", "not a type"),
        (b'{"type": "Study", "titel": "x"}', "titel", "titel"),
        (b'{"type": "Study", "title": 7}', "title", "title"),
        (b'{"type": "User", "title": "x"}', "type", "A person is not a record"),
    ],
)
def test_malformed_document(post: FlaskClient, body: bytes, where: str | None, says: str) -> None:
    """A document that is no document is 400, naming line and column, or the field."""
    members = assert_problem(
        post.post("/records", data=body, content_type="application/json"), 400, "document-malformed"
    )
    assert says in members["detail"]
    assert members.get("where") == where
    assert members["hint"]


@pytest.mark.parametrize(
    ("media_type", "body", "says"),
    [
        ("text/turtle", b"<a:b>\n<a:c> ,", "line 2 column"),
        ("application/rdf+xml", b'<!DOCTYPE x [<!ENTITY a "a">]><x/>', "DOCTYPE"),
        ("application/ld+json", b'{"@context": "http://127.0.0.1:1/", "@id": "a:b"}', "context"),
        ("text/turtle", b"<a:b> <a:c> <a:d> .", "no run"),
        ("application/n-quads", b"<a:b> <a:c> <a:d> <a:g> .\n<a:b> <a:c> <a:d> <a:h> .", "one graph"),
    ],
)
def test_malformed_rdf(post: FlaskClient, media_type: str, body: bytes, says: str) -> None:
    """RDF that does not parse, or holds what is refused, is 400 with the reason."""
    response = post.post("/records", data=body, content_type=media_type)
    members = json.loads(response.data)
    assert_problem(response, 400, members["code"])
    assert says in members["detail"]


def test_media_types(post: FlaskClient) -> None:
    """A body of another type is 415, and so is one without a type, which any page could send."""
    body = json.dumps(study("Typed"))
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None):
        members = assert_problem(
            post.post("/records", data=body, content_type=media_type), 415, "unsupported-media-type"
        )
        assert "application/json" in members["hint"]
        assert "text/turtle" in members["hint"]
    packed = post.post("/records", data=body, content_type="application/json", headers={"Content-Encoding": "gzip"})
    assert_problem(packed, 415, "unsupported-media-type")


def test_not_acceptable_is_said_before_anything_is_written(post: FlaskClient, written_lake: LocalLake) -> None:
    """Who accepts no form of a receipt is refused first."""
    before = written_lake.journal.last_seq
    assert_problem(post.post("/records", json=study("Picture"), headers={"Accept": "image/png"}), 406, "not-acceptable")
    assert written_lake.journal.last_seq == before


def test_too_large(written_lake: LocalLake) -> None:
    """A body beyond the limit is 413, whether its length is told or not."""
    limits = written_lake.settings.limits.model_copy(update={"body_bytes": 1000})

    class Small:
        settings = written_lake.settings.model_copy(update={"limits": limits})

        def __getattr__(self, name: str) -> Any:
            return getattr(written_lake, name)

    client = create_app(Small()).test_client()  # type: ignore[arg-type]
    large = json.dumps(study("Large", comment="x" * 1000))
    assert_problem(client.post("/records", data=large, content_type="application/json"), 413, "too-large")
    assert_problem(client.post("/records/batch", data=large, content_type="application/x-ndjson"), 413, "too-large")
    assert client.post("/records", json=study("Not large")).status_code == 201


def test_method_and_unknown_parameters(post: FlaskClient) -> None:
    """GET /records is 405 and says what works; a misspelt parameter is named, not passed over."""
    response = post.get("/records")
    assert_problem(response, 405, "method-not-allowed")
    assert "POST" in response.headers["Allow"]
    members = assert_problem(post.post("/records?capturd=1", json=study("X")), 400, "usage")
    assert members["hint"] == "Did you mean captured?"
    assert_problem(post.post("/records?captured=1&captured=0", json=study("X")), 400, "usage")


def test_supersede_and_withdraw(post: FlaskClient) -> None:
    """A correction takes the place of what it corrects; a withdrawal takes it away."""
    first = post.post("/records", json=study("Corrected")).get_json()
    corrected = study("Corrected", description="Why it is made, said better.")
    second = post.post("/records", query_string={"supersedes": first["iri"]}, json=corrected)
    assert second.status_code == 201
    assert second.get_json()["graph"].endswith("/bundle/2")
    page = post.get("/id/study/corrected.nt")
    assert "said better" in page.text
    assert "Why this study" not in page.text
    assert_problem(post.post("/records?supersedes=http://a/b", json=corrected), 404, "not-found")
    rdf = post.post("/records?supersedes=http://a/b", data=b"<a:b> <a:c> <a:d> .", content_type="text/turtle")
    assert_problem(rdf, 400, "usage")
    done = post.post("/withdrawals", json={"record": first["iri"], "by": "bob", "why": "It was never begun."})
    assert done.status_code == 201, done.text
    assert_problem(post.get("/id/study/corrected"), 404, "not-found")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"by": "bob", "why": "x"}, "record"),
        ({"record": "http://a/b", "by": "bob", "why": " "}, "why"),
        ({"record": "http://a/b", "by": 7, "why": "x"}, "by"),
        ({"record": "http://a/b", "by": "bob", "why": "x", "when": "now"}, "when"),
    ],
)
def test_malformed_withdrawal(post: FlaskClient, body: dict[str, Any], where: str) -> None:
    """A withdrawal names the record, who takes it back and why, and nothing else."""
    assert assert_problem(post.post("/withdrawals", json=body), 400, "document-malformed")["where"] == where


def test_withdrawal_of_nothing(post: FlaskClient) -> None:
    """What is no record cannot be withdrawn."""
    body = {"record": "http://a/b", "by": "bob", "why": "It was never begun."}
    assert_problem(post.post("/withdrawals", json=body), 404, "not-found")


def test_batch(post: FlaskClient, written_lake: LocalLake) -> None:
    """Each line gets its own answer, in order: receipts and problems."""
    documents = [study("Batch 1"), {"type": "Study", "title": "Batch 2"}, {"type": "Nonsense"}, study("Batch 3")]
    body = "\n".join(json.dumps(document) for document in documents) + "\n\n"
    response = post.post("/records/batch", data=body, content_type="application/x-ndjson")
    assert response.status_code == 200
    answers = [json.loads(line) for line in response.text.splitlines()]
    assert [answer.get("status") for answer in answers] == [None, 422, 400, None]
    assert [answer.get("seq") for answer in answers][3] == written_lake.journal.last_seq
    assert answers[1]["report"]["results"]


def test_malformed_batch_writes_nothing(post: FlaskClient, written_lake: LocalLake) -> None:
    """A line that is no JSON refuses the whole, and is named."""
    before = written_lake.journal.last_seq
    body = json.dumps(study("Batch 4")) + '\n{"type" "Study"}\n'
    members = assert_problem(
        post.post("/records/batch", data=body, content_type="application/x-ndjson"), 400, "document-malformed"
    )
    assert members["where"] == "line 2, column 9"
    assert written_lake.journal.last_seq == before


def test_schema(post: FlaskClient) -> None:
    """The JSON Schema of the documents is served."""
    response = post.get("/schema")
    assert response.headers["Content-Type"] == "application/schema+json"
    assert "Ingest" in json.loads(response.data)["$defs"]
