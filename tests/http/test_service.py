"""What the service says of itself: descriptions, health, metrics, OpenAPI, and the doors it keeps."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.bootstrap import LocalLake
from lakegraph.errors import LakeBusyError, LakegraphError
from lakegraph.http import create_app
from lakegraph.http.metrics import Metrics
from tests.conftest import BASE
from tests.http.conftest import PROBLEM, assert_problem, for_browsers

SD, VOID = "http://www.w3.org/ns/sparql-service-description#", "http://rdfs.org/ns/void#"


def triples(data: bytes) -> set[tuple[str, str, str]]:
    return {(str(q.subject), str(q.predicate), str(q.object)) for q in ox.parse(data, format=ox.RdfFormat.TURTLE)}


def test_service_description(get: FlaskClient) -> None:
    """The endpoint describes itself, under the lake's address and the one that was asked."""
    said = triples(get.get("/sparql").data)
    service = f"<{BASE}sparql>"
    assert (service, f"<{SD}endpoint>", service) in said
    assert (service, f"<{SD}endpoint>", "<http://localhost/sparql>") in said
    assert (service, f"<{SD}feature>", f"<{SD}UnionDefaultGraph>") in said
    assert (service, f"<{SD}supportedLanguage>", f"<{SD}SPARQL11Query>") in said
    assert get.get("/sparql", headers={"Accept": "application/json"}).get_json()
    assert_problem(get.get("/sparql", headers={"Accept": "image/png"}), 406, "not-acceptable")


def test_void_counts_are_true(get: FlaskClient) -> None:
    """VoID's counts are those that a query gives."""
    lake = f"<{BASE}.well-known/void#lake>"
    said = triples(get.get("/.well-known/void").data)
    total = next(o for s, p, o in said if s == lake and p == f"<{VOID}triples>")
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    counted = get.get("/sparql", query_string={"query": query}).get_json()
    assert total.split('"')[1] == counted["results"]["bindings"][0]["n"]["value"]
    parts = [o for s, p, o in said if s == lake and p == f"<{VOID}classPartition>"]
    assert (lake, f"<{VOID}classes>", f'"{len(parts)}"^^<http://www.w3.org/2001/XMLSchema#integer>') in said
    training = next(s for s, p, o in said if p == f"<{VOID}class>" and o.endswith("ns#TrainingRun>"))
    assert any(s == training and p == f"<{VOID}entities>" and o.startswith('"1"') for s, p, o in said)


class Uncounted:
    """A lake whose workers are all busy."""

    def __init__(self, lake: LocalLake) -> None:
        self._lake = lake

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lake, name)

    def sparql(self, *_: Any, **__: Any) -> Any:
        raise LakeBusyError("All are busy.")


def test_void_without_counts(read_lake: LocalLake) -> None:
    """Where counting fails, the rest of the description is given."""
    client = create_app(Uncounted(read_lake)).test_client()  # type: ignore[arg-type]
    said = triples(client.get("/.well-known/void").data)
    assert any(p == f"<{VOID}sparqlEndpoint>" for _, p, _ in said)
    assert not any(p == f"<{VOID}triples>" for _, p, _ in said)


def test_health_and_ready(get: FlaskClient, read_lake: LocalLake) -> None:
    """Health says how far the journal is and whether workers are confined; neither is ever cached."""
    health = get.get("/health")
    assert health.get_json()["status"] == "ok"
    assert health.get_json()["seq"] == read_lake.journal.last_seq
    assert isinstance(health.get_json()["sandboxed"], bool)
    ready = get.get("/ready")
    assert ready.get_json()["status"] == "ready"
    for response in (health, ready):
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers


def test_metrics(get: FlaskClient) -> None:
    """Requests are counted by route, queries by outcome; nothing that a client makes up becomes a label."""
    get.get("/id/none")
    get.get("/nowhere")
    get.get("/sparql", query_string={"query": "ASK {}"})
    get.get("/sparql", query_string={"query": "nonsense"})
    get.open("/status", method="BREW")
    text = get.get("/metrics").text
    lines = dict(re.fullmatch(r"(.*) (\S+)", line).groups() for line in text.splitlines() if line[0] != "#")  # type: ignore[union-attr]
    assert lines['lakegraph_http_requests_total{method="GET",route="/id/<path:path>",status="404"}'] == "1"
    assert lines['lakegraph_http_requests_total{method="GET",route="none",status="404"}'] == "1"
    assert lines['lakegraph_http_requests_total{method="GET",route="/sparql",status="200"}'] == "1"
    assert lines['lakegraph_queries_total{outcome="ok"}'] == "1"
    assert lines['lakegraph_queries_total{outcome="query-malformed"}'] == "1"
    assert lines['lakegraph_http_seconds_bucket{route="/sparql",le="+Inf"}'] == "2"
    assert "BREW" not in text
    assert float(lines["lakegraph_journal_seq"]) > 0


def test_histograms_add_up() -> None:
    """Buckets are cumulative, and labels cannot leave their quotes."""
    metrics = Metrics()
    for seconds in (0.0005, 0.003, 0.2, 100):
        metrics.request("GET", 'a"\\\n', 200, seconds)
    text = metrics.text({})
    counts = [int(line.rsplit(" ", 1)[1]) for line in text.splitlines() if "_bucket" in line]
    assert counts == sorted(counts)
    assert counts[-1] == 4
    assert 'route="a\\"\\\\\\n"' in text
    assert "lakegraph_http_seconds_sum" in text


def test_cors_is_off(get: FlaskClient) -> None:
    """No other site may read answers or send records, and a preflight gives it nothing."""
    origin = {"Origin": "https://evil.example"}
    for_browsers(get.get("/status", headers=origin))
    for_browsers(get.get("/sparql", query_string={"query": "ASK {}"}, headers=origin))
    asked = origin | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    for_browsers(get.options("/records", headers=asked))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8010", "[::1]:8010", "LAKE.example.org", "lake.example.org."])
def test_hosts_that_are_answered_for(get: FlaskClient, host: str) -> None:
    """Loopback's names and the base's host are answered for."""
    assert get.get("/status", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[::2]", "a<b>"]
)
def test_hosts_that_are_not(get: FlaskClient, host: str) -> None:
    """A name that somebody points at this machine does not count as this site."""
    for path in ("/status", "/sparql?query=ASK%7B%7D"):
        response = get.get(path, headers={"Host": host})
        assert response.status_code == 421
        assert json.loads(response.data)["code"] == "misdirected"
        assert response.headers["Content-Type"] == PROBLEM


def test_further_hosts(read_lake: LocalLake) -> None:
    """Further names can be allowed."""
    client = create_app(read_lake, hosts=["Alias.example"]).test_client()
    assert client.get("/status", headers={"Host": "alias.example:80"}).status_code == 200


class Below:
    """A lake whose base has a path."""

    base = "https://lake.example.org/lakes/one/"

    def __init__(self, lake: LocalLake) -> None:
        self._lake = lake

    def __getattr__(self, name: str) -> Any:
        return getattr(self._lake, name)


def test_a_base_with_a_path(read_lake: LocalLake) -> None:
    """Where the base has a path, addresses with it and without it lead to the same."""
    client = create_app(Below(read_lake)).test_client()  # type: ignore[arg-type]
    assert client.get("/lakes/one/status").data == client.get("/status").data
    asked = client.get("/lakes/one/sparql?query=ASK%7B%7D")
    assert asked.get_json()["boolean"] is True
    form = client.get("/lakes/one/sparql", headers={"Accept": "text/html"})
    assert 'action="/lakes/one/sparql"' in form.text
    assert client.get("/lakes/oneself/status").status_code == 404


def openapi(get: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = get.get("/openapi.json").get_json()
    return found


def test_openapi_describes_every_route(get: FlaskClient, read_lake: LocalLake) -> None:
    """Each route and each question stands in the description, and nothing else does."""
    said = openapi(get)
    app = create_app(read_lake)
    routes = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    questions = {f"/questions/{question['name']}" for question in read_lake.questions()}
    assert set(said["paths"]) == routes | questions
    ids = [operation["operationId"] for path in said["paths"].values() for operation in path.values()]
    assert len(ids) == len(set(ids))
    card = said["paths"]["/questions/5w1h"]["get"]
    assert card["parameters"][0] == {"name": "about", "in": "query", "required": True, "schema": {"type": "string"}}


def test_openapi_is_whole(get: FlaskClient) -> None:
    """Every reference leads somewhere, path parameters are declared, and each operation has answers and a summary."""
    said = openapi(get)
    text = json.dumps(said)
    for name in set(re.findall(r'"#/components/schemas/([^"]+)"', text)):
        assert name in said["components"]["schemas"], name
    assert "#/$defs/" not in text
    for path, operations in said["paths"].items():
        for operation in operations.values():
            declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))
            assert operation["summary"]
            assert {"200", "201", "204"} & set(operation["responses"])


ODD = st.text(alphabet="aZ0 /%<>\"'{}\\^`|é模\u202e\n\t.:@#?&=+-_", max_size=20)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_request_is_a_fault(read_lake: LocalLake, data: st.DataObject) -> None:
    """Whatever is put into the parameters of any described GET, the answer is one that is described, and no fault."""
    client = create_app(read_lake).test_client()
    paths = {path: said["get"] for path, said in _described(client).items() if "get" in said}
    path, operation = data.draw(st.sampled_from(sorted(paths.items(), key=lambda item: item[0])))
    given_query, filled = {}, path
    for parameter in operation.get("parameters", ()):
        text = data.draw(ODD)
        if parameter["in"] == "path":
            filled = filled.replace(
                f"{{{parameter['name']}}}", text.replace("%", "%25").replace("?", "%3F").replace("#", "%23")
            )
        elif parameter["in"] == "query":
            given_query[parameter["name"]] = text
    response = client.get(filled, query_string=given_query)
    if response.status_code != 308:
        assert response.status_code < 500, (filled, given_query, response.text)
        assert str(response.status_code) in operation["responses"] or response.status_code == 404


_DESCRIBED: dict[str, Any] = {}


def _described(client: FlaskClient) -> dict[str, Any]:
    if not _DESCRIBED:
        _DESCRIBED.update(openapi(client)["paths"])
    return _DESCRIBED


def test_the_reference_page_names_every_route(read_lake: LocalLake) -> None:
    """docs/reference/http.md knows each route, and each code that HTTP adds."""
    page = Path(__file__).resolve().parent.parent.parent.joinpath("docs/reference/http.md").read_text(encoding="utf-8")
    for rule in create_app(read_lake).url_map.iter_rules():
        assert re.sub(r"<.*>", "", rule.rule).rstrip("/") in page, rule.rule
    for code in ("no-such-page", "method-not-allowed", *(kind.code for kind in refusals()), "internal"):
        assert f"`{code}`" in page


def refusals() -> list[type[LakegraphError]]:
    from lakegraph.http import refusals as module

    return [kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
