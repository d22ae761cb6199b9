"""Recorders change what is theirs: nobody else's runs and versions are taken back, or said more of."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lakegraph.bootstrap import LocalLake
from lakegraph.ownership import Recorder
from lakegraph.testing import generate
from tests.conftest import BASE, examples
from tests.http.conftest import assert_problem, bearer

INGEST, PROCESS, *_ = examples()
VERSION = f"{BASE}id/dataset/diabetes/0"
PREFIXES = (
    "@prefix lake: <https://w3id.org/lakegraph/ns#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    "@prefix prov: <http://www.w3.org/ns/prov#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
    "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n"
)


@pytest.fixture
def who(lake: LocalLake) -> dict[str, dict[str, str]]:
    """Headers of two recorders and a steward."""
    scopes = {"ann": "recorder", "bob": "recorder", "sam": "steward"}
    return {name: bearer(lake.tokens.create(name, [scope])[1]) for name, scope in scopes.items()}


def about(thing: str, said: str) -> str:
    """A run in Turtle that says something of a thing besides."""
    return (
        f'{PREFIXES}[] a lake:AccessEvent ; dct:title "Look" ; lake:accessTo <{VERSION}> ;'
        f" prov:wasAssociatedWith <{BASE}id/user/bob> ;"
        ' prov:startedAtTime "2024-05-01T08:00:00Z"^^xsd:dateTime .\n'
        f"<{BASE}id/user/bob> a lake:User .\n<{thing}> {said} .\n"
    )


def send(client: FlaskClient, body: str, headers: dict[str, str]) -> TestResponse:
    return client.post("/records?captured=true", data=body, content_type="text/turtle", headers=headers)


def test_nobody_says_more_of_what_others_recorded(
    client: FlaskClient, lake: LocalLake, who: dict[str, dict[str, str]]
) -> None:
    """A further description, keyword or owner of another's version is 403; its own recorder and stewards may."""
    receipt = client.post("/records", json=INGEST, headers=who["ann"]).get_json()
    assert receipt["outputs"] == [VERSION]
    column = next(s for s, _, _ in lake._projector.graph.match(o='"glucose"') if "/id/" in s)[1:-1]
    before = lake.journal.last_seq
    for thing, said in (
        (VERSION, 'dcat:keyword "mine"'),
        (receipt["iri"], 'dct:description "It was I."'),
        (column, 'dct:description "In gallons."'),
    ):
        members = assert_problem(send(client, about(thing, said), who["bob"]), 403, "forbidden")
        assert members["detail"] == f"{thing} was recorded by ann, not by bob."
        assert members["where"] == thing
        assert "steward" in members["hint"]
    assert lake.journal.last_seq == before
    for name in ("ann", "sam"):
        assert send(client, about(VERSION, f'dcat:keyword "by {name}"'), who[name]).status_code == 201
    assert lake.journal.last_seq == before + 2


def test_what_is_shared_and_what_is_new_belongs_to_everybody(
    client: FlaskClient, who: dict[str, dict[str, str]], lake: LocalLake
) -> None:
    """A new version of another's data set, its use, and a tag that both name need nobody's leave."""
    client.post("/records", json=INGEST, headers=who["ann"])
    said = client.post("/records", json=PROCESS, headers=who["bob"])
    assert said.status_code == 201, said.get_json()
    assert said.get_json()["outputs"][0].endswith("/diabetes/1")
    tag = send(client, about(f"{BASE}id/tag/health", 'a lake:Tag ; dct:title "Health"'), who["bob"])
    assert tag.status_code == 201, tag.get_json()


def test_nobody_takes_back_what_others_recorded(
    client: FlaskClient, lake: LocalLake, who: dict[str, dict[str, str]]
) -> None:
    """Neither by a correction nor by a withdrawal; their own recorder and stewards may."""
    record = client.post("/records", json=INGEST, headers=who["ann"]).get_json()["iri"]
    gone = {"record": record, "by": "bob", "why": "I do not like it."}
    members = assert_problem(client.post("/withdrawals", json=gone, headers=who["bob"]), 403, "forbidden")
    assert members["detail"].endswith(" was recorded by ann, not by bob.")
    other = client.post(f"/records?supersedes={record}", json=INGEST, headers=who["bob"])
    assert_problem(other, 403, "forbidden")
    assert lake.journal.current_of(record) is not None
    mine = client.post(f"/records?supersedes={record}", json=INGEST, headers=who["ann"])
    assert mine.status_code == 201, mine.get_json()
    assert client.post("/withdrawals", json={**gone, "by": "sam"}, headers=who["sam"]).status_code == 201


def test_in_one_group(client: FlaskClient, who: dict[str, dict[str, str]], lake: LocalLake) -> None:
    """What is written together is judged as if one came after the other: the own run before may be added to."""
    known = {"type": "StructuredDataset", "title": "Diabetes", "version": "0", "keyword": ["clinical"]}
    more = {**PROCESS, "sourceData": known}
    assert batch(client, [INGEST, more], who["ann"]) == [201, 201]
    output = {k: v for k, v in PROCESS["targetData"][0].items() if k != "previousVersion"} | {"title": "Cleaned"}
    other = {**PROCESS, "id": "prc-2", "sourceData": {**known, "keyword": ["mine"]}, "targetData": [output]}
    assert batch(client, [other], who["bob"]) == [403]
    assert batch(client, [{**other, "sourceData": known}], who["bob"]) == [201]


def batch(client: FlaskClient, documents: list[dict[str, Any]], headers: dict[str, str]) -> list[int]:
    """What became of each document."""
    lines = "\n".join(map(json.dumps, documents))
    kind = "application/x-ndjson"
    said = client.post("/records/batch?captured=true", data=lines, content_type=kind, headers=headers)
    return [json.loads(line).get("status", 201) for line in said.get_data(as_text=True).splitlines()]


def test_what_people_do_every_day_needs_no_leave(lake: LocalLake) -> None:
    """Two recorders by turns over hundreds of made-up records: no run, review, evaluation or deployment is refused."""
    names = [Recorder("ann"), Recorder("bob")]
    for number, document in enumerate(generate(250, 5)):
        lake.record(document, actor=names[number % 2])
    assert {entry.actor for entry in lake.journal.entries()} == {"ann", "bob"}
