"""Questions, lineage, search and the journal over HTTP."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from lakegraph.bootstrap import LocalLake
from lakegraph.exchange import renderings
from lakegraph.questions import Result
from lakegraph.remote.wire import EXACT, load
from tests.http.conftest import MODEL, assert_problem, for_browsers

ABOUT = "Diabet Predictor"


def test_questions(get: FlaskClient, read_lake: LocalLake) -> None:
    """Every question is listed with its parameters."""
    listed = get.get("/questions")
    assert listed.get_json() == json.loads(json.dumps(read_lake.questions()))
    assert "5w1h" in {question["name"] for question in listed.get_json()}


@pytest.mark.parametrize("about", [ABOUT, MODEL, "Diabet Predictor@1"])
def test_card(get: FlaskClient, read_lake: LocalLake, about: str) -> None:
    """The card of a thing, by title, IRI or version, is the one that the lake gives."""
    response = get.get("/questions/5w1h", query_string={"about": about})
    assert response.get_json() == json.loads(json.dumps(read_lake.ask("5w1h", about=about).as_dict()))


@pytest.mark.parametrize(
    ("path", "media_type", "holds"),
    [
        ("/questions/5w1h?about=Diabet+Predictor", "text/markdown", "### Diabet Predictor"),
        ("/questions/5w1h?about=Diabet+Predictor", "text/turtle", "@prefix"),
        ("/questions/5w1h?about=Diabet+Predictor", "text/html", "<table>"),
        ("/questions/5w1h?about=Diabet+Predictor", "text/plain", "What"),
        ("/questions/who?about=Diabet+Predictor", "text/csv", "answer,"),
        ("/questions/who?about=Diabet+Predictor", "text/html", "<table"),
        ("/lineage?of=Diabet+Predictor", "image/svg+xml", "<svg"),
        ("/lineage?of=Diabet+Predictor", "text/vnd.graphviz", "digraph"),
        ("/lineage?of=Diabet+Predictor", "text/vnd.mermaid", "flowchart"),
        ("/lineage?of=Diabet+Predictor", "text/plain", "└─"),
        ("/why?from=Diabet+Predictor&to=Diabetes%400", "text/plain", "was made by"),
        ("/impact?of=Diabetes%400", "text/plain", "rest on it"),
    ],
)
def test_forms(get: FlaskClient, path: str, media_type: str, holds: str) -> None:
    """An answer comes in the form that was asked for."""
    response = get.get(path, headers={"Accept": media_type})
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].partition(";")[0] == media_type
    assert holds in response.text
    for_browsers(response)


def test_csv_is_a_table(get: FlaskClient, read_lake: LocalLake) -> None:
    """A table in CSV has the rows of the answer."""
    response = get.get("/questions/who", query_string={"about": ABOUT}, headers={"Accept": "text/csv"})
    rows = list(csv.reader(io.StringIO(response.text)))
    assert len(rows) == 1 + len(read_lake.ask("who", about=ABOUT))


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        ("/questions/5w1h?about=Diabet+Predictor", lambda lake: lake.ask("5w1h", about=ABOUT)),
        ("/questions/who?about=Diabet+Predictor", lambda lake: lake.ask("who", about=ABOUT)),
        ("/lineage?of=Diabet+Predictor&up=1&down=all", lambda lake: lake.lineage(ABOUT, up=1, down="all")),
        ("/why?from=Diabet+Predictor&to=Diabetes%400", lambda lake: lake.why(ABOUT, "Diabetes@0")),
        ("/impact?of=Diabetes%400", lambda lake: lake.impact("Diabetes@0")),
    ],
)
def test_exact_form(get: FlaskClient, read_lake: LocalLake, path: str, ask: Any) -> None:
    """In the exact form an answer arrives as an object of its class that says the same."""
    said, expected = load(get.get(path, headers={"Accept": EXACT}).data), ask(read_lake)
    assert type(said) is type(expected)
    assert said.as_dict() == expected.as_dict()
    assert renderings(said)["text/plain"]() == renderings(expected)["text/plain"]()
    # A table holds its rows in whatever sequence; all else is equal member by member.
    assert said == expected or isinstance(said, Result)


@pytest.mark.parametrize("path", ["/lineage?of=Diabetes%401", "/impact?of=Diabetes%401", "/search?q=diabetes"])
def test_the_past(get: FlaskClient, read_lake: LocalLake, path: str) -> None:
    """A response says up to which entry of the journal it knows."""
    assert get.get(path).headers["Lake-Seq"] == str(read_lake.seq)
    then = get.get(f"{path}&as_of=2")
    assert (then.status_code, then.headers["Lake-Seq"]) == (200, "2")
    assert_problem(get.get(f"{path}&as_of=tomorrow"), 400, "usage")
    assert get.get("/questions/what?about=Diabetes%401&as_of=2").headers["Lake-Seq"] == "2"


def test_questions_are_forms(get: FlaskClient, read_lake: LocalLake) -> None:
    """For a browser each question is a form with a field for each parameter, and what is left empty says nothing."""
    html = get.get("/questions", headers={"Accept": "text/html"}).text
    assert html.count("<form ") == len(read_lake.questions())
    assert 'action="/questions/best-models"' in html
    assert '<select name="measure"' in html
    assert get.get("/questions/who?about=Diabet+Predictor&as_of=").status_code == 200
    assert_problem(get.get("/questions/who?about="), 400, "parameter")


def test_lineage_steps(get: FlaskClient) -> None:
    """Up and down take numbers of steps, or all; anything else is refused."""
    whole = get.get("/lineage", query_string={"of": ABOUT}).get_json()
    one = get.get("/lineage", query_string={"of": ABOUT, "up": "1"}).get_json()
    assert len(one["nodes"]) < len(whole["nodes"])
    assert whole["complete"] is True
    for steps in ("-1", "some", "1.5", "99999999999", "²"):
        members = assert_problem(get.get("/lineage", query_string={"of": ABOUT, "up": steps}), 400, "usage")
        assert members["where"] == "up"
        assert "or all" in members["hint"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/questions/none", 404, "not-found"),
        ("/questions/5w1h?about=nothing+is+called+so", 404, "not-found"),
        ("/questions/5w1h", 400, "usage"),
        ("/questions/5w1h?about=a&about=b", 400, "usage"),
        ("/questions/who?about=Diabet+Predictor&colour=red", 400, "parameter"),
        ("/lineage", 400, "usage"),
        ("/lineage?of=", 400, "usage"),
        ("/lineage?of=nothing+is+called+so", 404, "not-found"),
        ("/lineage?of=Diabet+Predictor&upp=1", 400, "usage"),
        ("/why?from=Diabet+Predictor", 400, "usage"),
        ("/impact?of=nothing+is+called+so", 404, "not-found"),
        ("/resolve?name=nothing+is+called+so", 404, "not-found"),
        ("/resolve?name=Diabetes", 409, "ambiguous"),
        ("/log?limit=many", 400, "usage"),
        ("/search?q=x&limit=many", 400, "usage"),
        ("/search?q=x&colour=red", 400, "usage"),
        ("/status?x=1", 400, "usage"),
    ],
)
def test_refused(get: FlaskClient, path: str, status: int, code: str) -> None:
    """What cannot be answered says why."""
    assert_problem(get.get(path), status, code)


@pytest.mark.parametrize(
    "path",
    ["/questions", "/log", "/status", "/search?q=x", "/resolve?name=Diabet+Predictor", "/impact?of=Diabetes%400"],
)
def test_not_acceptable(get: FlaskClient, path: str) -> None:
    """An answer is not forced on who accepts none of its forms."""
    assert_problem(get.get(path, headers={"Accept": "image/png"}), 406, "not-acceptable")


def test_search_resolve_log_and_status(get: FlaskClient, read_lake: LocalLake) -> None:
    """Search, names, journal and status are the lake's own; where it lies on disk is not told."""
    found = get.get("/search", query_string={"q": "diabet", "kind": "model", "limit": "5"}).get_json()
    assert [hit["iri"] for hit in found["hits"]] == [MODEL]
    assert get.get("/resolve", query_string={"name": ABOUT}).get_json() == {"iri": MODEL}
    entries = get.get("/log", query_string={"limit": "2"}).get_json()
    assert entries == json.loads(json.dumps(read_lake.log(limit=2)))
    one = get.get("/log", query_string={"of": entries[0]["record"]}).get_json()
    assert [entry["seq"] for entry in one] == [entries[0]["seq"]]
    status = get.get("/status").get_json()
    assert status["records"] == read_lake.journal.last_seq
    assert str(read_lake.directory) not in json.dumps(status)


def test_conditional(get: FlaskClient) -> None:
    """An unchanged answer is not sent twice."""
    first = get.get("/lineage", query_string={"of": ABOUT})
    again = get.get("/lineage", query_string={"of": ABOUT}, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
