"""Clients that people have, unmodified, against a really running server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
import rdflib
from rdflib.plugins.stores.sparqlstore import SPARQLStore, SPARQLUpdateStore
from SPARQLWrapper import CSV, DIGEST, JSON, POST, TURTLE, XML, SPARQLWrapper

import lakegraph
from lakegraph.errors import LakegraphError, NotFoundError, QueryError
from lakegraph.graph import ProtectedGraphError
from lakegraph.http.address import free_port
from tests.conftest import BASE, examples
from tests.graph.sparql_servers import real_server
from tests.http.conftest import study
from tests.http.serving import COMMAND, running
from tests.http.test_server import certificate

LAKE = "https://w3id.org/lakegraph/ns#"
MODEL = f"{BASE}id/model/diabet-predictor/1"
MODELS = f"SELECT ?m WHERE {{ ?m a <{LAKE}Model> }}"


@dataclass(frozen=True)
class Served:
    """A running server and a steward's token."""

    url: str
    token: str
    directory: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("clients") / "lake"
    with lakegraph.init(directory, base=BASE) as lake:
        for document in examples():
            lake.record(document)
        token = lake.tokens.create("ann", ["steward"])[1]
    with running(directory) as (url, _):
        yield Served(url, token, directory)


def wrapper(server: Served, path: str = "/sparql") -> SPARQLWrapper:
    client = SPARQLWrapper(server.url + path)
    client.addCustomHttpHeader("Authorization", f"Bearer {server.token}")
    return client


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_sparqlwrapper_asks(server: Served, method: str) -> None:
    """Rows in every form, a truth value, and a graph; it sends parameters of its own."""
    client = wrapper(server)
    client.setMethod(method)
    client.setQuery(MODELS)
    client.setReturnFormat(JSON)
    assert [row["m"]["value"] for row in client.queryAndConvert()["results"]["bindings"]] == [MODEL]
    client.setReturnFormat(XML)
    assert MODEL in client.queryAndConvert().toxml()
    client.setReturnFormat(CSV)
    assert MODEL in client.queryAndConvert().decode()
    client.setQuery(f"ASK {{ <{MODEL}> ?p ?o }}")
    client.setReturnFormat(JSON)
    assert client.queryAndConvert()["boolean"] is True
    client.setQuery(f"DESCRIBE <{MODEL}>")
    client.setReturnFormat(TURTLE)
    assert MODEL in client.queryAndConvert().decode()


def test_sparqlwrapper_updates(server: Served) -> None:
    """By form and directly, with the token as a header and as the password of Basic."""
    client = wrapper(server, "/update")
    client.setMethod(POST)
    for number, request_method in enumerate(("urlencoded", "postdirectly")):
        client.setRequestMethod(request_method)
        client.setQuery(f"INSERT DATA {{ <urn:wrapper> <urn:n> {number} }}")
        assert json.loads(client.query().response.read())["added"] == 1
    basic = SPARQLWrapper(server.url + "/update")
    basic.setCredentials("anybody", server.token)
    assert basic.http_auth != DIGEST
    basic.setMethod(POST)
    basic.setQuery("DELETE WHERE { <urn:wrapper> ?p ?o }")
    assert json.loads(basic.query().response.read())["removed"] == 2


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_asks(server: Served, method: str) -> None:
    """As a graph of rdflib, by triple patterns and by queries."""
    graph = rdflib.Graph(SPARQLStore(f"{server.url}/sparql", method=method))
    model = rdflib.URIRef(MODEL)
    assert list(graph.subjects(rdflib.RDF.type, rdflib.URIRef(f"{LAKE}Model"))) == [model]
    assert (model, rdflib.RDF.type, None) in graph
    assert [str(row.m) for row in graph.query(MODELS)] == [MODEL]
    assert graph.query(f"ASK {{ <{MODEL}> ?p ?o }}").askAnswer


def test_rdflib_updates(server: Served) -> None:
    """Adding, removing and updating through a graph of rdflib ends as change-sets in the journal."""
    headers = {"Authorization": f"Bearer {server.token}", "Lake-Min-Seq": "0"}
    store = SPARQLUpdateStore(f"{server.url}/sparql", f"{server.url}/update", headers=headers)
    name = rdflib.URIRef("https://notes.example/rdflib")
    graph = rdflib.Dataset(store).graph(name)
    said = (rdflib.URIRef("urn:n"), rdflib.URIRef("urn:says"), rdflib.Literal("it's “quoted” \\ \n", lang="en"))
    graph.add(said)
    graph.update("INSERT DATA { <urn:n> <urn:says> 'more' }")
    with lakegraph.connect(server.url, token=server.token) as lake:
        change = lake.log(limit=1)[0]
        assert (change["kind"], change["actor"]) == ("change", "ann")
        headers["Lake-Min-Seq"] = str(change["seq"])
        assert said in graph
        assert len(graph) == 2
        graph.remove((None, None, None))
        assert lake.log(limit=1)[0]["seq"] == change["seq"] + 1


def curl(*arguments: str) -> str:
    return subprocess.run(
        ["curl", "-sS", "--max-time", "60", *arguments], capture_output=True, text=True, check=True
    ).stdout


def test_curl(server: Served) -> None:
    """The life of a graph, an update, and a question, as a shell does it."""
    auth, graph = ("-H", f"Authorization: Bearer {server.token}"), f"{server.url}/graph?graph=urn:curl"
    status = ("-o", "/dev/null", "-w", "%{http_code}")
    turtle = ("-H", "Content-Type: text/turtle", "--data-binary", "<urn:curl> <urn:p> 'x' .")
    assert curl(*auth, *status, "-X", "PUT", *turtle, graph) == "201"
    assert curl(*status, "-X", "PUT", *turtle, graph) == "401"
    assert "urn:curl" in curl("-H", "Accept: text/turtle", graph)
    assert curl("-I", graph).startswith("HTTP/1.1 200")
    form = ("--data-urlencode", "update=INSERT DATA { GRAPH <urn:curl> { <urn:curl> <urn:p> 'y' } }")
    seq = json.loads(curl(*auth, *form, f"{server.url}/update"))["seq"]
    asked = ("--data-urlencode", "query=SELECT ?o { GRAPH <urn:curl> { ?s ?p ?o } } ORDER BY ?o")
    answer = curl(
        "--compressed", "-H", f"Lake-Min-Seq: {seq}", "-H", "Accept: text/csv", *asked, f"{server.url}/sparql"
    )
    assert answer.split() == ["o", "x", "y"]
    assert curl("-u", f":{server.token}", *status, "-X", "DELETE", graph) == "200"
    assert curl(*status, graph) == "404"


def test_another_server_asks_by_service(server: Served) -> None:
    """A federated query of ``oxigraph serve`` joins its own data with the lake's."""
    with real_server() as other:
        url = other._query_url
        update = f"INSERT DATA {{ <{MODEL}> <urn:rated> 5 }}"
        curl("-H", "Content-Type: application/sparql-update", "--data-binary", update, url.replace("/query", "/update"))
        text = (
            f"SELECT ?m ?stars ?type WHERE {{ ?m <urn:rated> ?stars"
            f" SERVICE <{server.url}/sparql> {{ ?m a ?type FILTER(?type = <{LAKE}Model>) }} }}"
        )
        answer = curl("-H", "Accept: text/csv", f"{url}?{urlencode({'query': text})}")
        assert answer.split() == ["m,stars,type", f"{MODEL},5,{LAKE}Model"]


def test_our_own_clients_send_the_token(server: Served) -> None:
    """From Python, and from the command line by option and by environment."""
    with lakegraph.connect(server.url, token=server.token) as lake:
        receipt = lake.record(study("Recorded with a token"))
        assert lake.log(receipt.iri)[0]["actor"] == "ann"
    with lakegraph.connect(server.url) as nobody, pytest.raises(LakegraphError) as refused:
        nobody.record(study("Recorded without a token"))
    assert refused.value.code == "unauthorized"
    file = server.directory.parent / "study.json"
    command = [COMMAND, "--lake", server.url]
    for n, (options, environment) in enumerate(
        (([], {"LAKEGRAPH_TOKEN": server.token}), (["--token", server.token], {}))
    ):
        file.write_text(json.dumps(study(f"From the shell {n}")))
        done = subprocess.run(
            [*command, *options, "record", str(file)], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    done = subprocess.run([*command, "record", str(file)], env={}, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "token" in done.stderr


def test_https_beyond_loopback(tmp_path: Path) -> None:
    """Without a token a server there does not start; with one it does, by TLS, under the names that were given."""
    lake = tmp_path / "lake"
    serve = [COMMAND, "--lake", str(lake), "serve", "--host", "0.0.0.0", "--port", "0", "--name", "lake.test"]
    with lakegraph.init(lake, base=BASE) as made:
        refused = subprocess.run(serve, capture_output=True, text=True, check=False, timeout=120)
        token = made.tokens
    assert refused.returncode != 0
    refused = subprocess.run(serve, capture_output=True, text=True, check=False, timeout=120)
    assert refused.returncode == 1
    assert "lakegraph token create" in refused.stderr
    secret = token.create("ann", ["reader"])[1]
    cert, key = certificate(tmp_path)
    port = free_port("127.0.0.1")
    serve[serve.index("0")] = str(port)
    options = ["--tls-certificate", str(cert), "--tls-key", str(key), "--no-anonymous-read"]
    process = subprocess.Popen([*serve, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        at, auth = ("--cacert", str(cert)), ("-H", f"Authorization: Bearer {secret}")
        url, status = f"https://localhost:{port}", ("-o", "/dev/null", "-w", "%{http_code}")
        patience = ("--fail", "--retry", "60", "--retry-all-errors", "--retry-delay", "1", "--retry-max-time", "90")
        assert json.loads(curl(*at, *patience, f"{url}/ready"))["status"] == "ready"
        for name, answer in (("localhost", "200"), ("lake.test", "200"), ("evil.example", "421"), ("0.0.0.0", "421")):
            assert curl(*at, *auth, *status, "-H", f"Host: {name}:{port}", f"{url}/questions") == answer
        assert curl(*at, *status, f"{url}/questions") == "401"
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_our_own_client_edits_graphs(server: Served) -> None:
    """As a lake in a directory does, and it reads at once what it has written."""
    with lakegraph.connect(server.url, token=server.token) as lake:
        made = lake.put_graph("urn:own", [(b"<urn:a> <urn:b> 1 .", "text/turtle")])
        assert (made.created, made.added) == (True, 1)
        assert lake.put_graph("urn:own", [(b"<urn:a> <urn:b> 2 .", "text/turtle")], merge=True).added == 1
        assert lake.update("DELETE WHERE { GRAPH <urn:own> { ?s ?p 1 } }").removed == 1
        assert b"true" in lake.query(
            "ASK { GRAPH <urn:own> { ?s ?p 2 } FILTER NOT EXISTS { GRAPH <urn:own> { ?s ?p 1 } } }"
        )
        assert lake.update_graph("urn:own", "INSERT { ?o <urn:c> ?s } WHERE { ?s <urn:none> ?o }").change == ""
        assert lake.update("INSERT { ?s <urn:d> ?o } WHERE { ?s <urn:b> ?o }", using=["urn:own"]).added == 1
        assert [p for _, p, _ in lake.read_graph("urn:own")] == ["<urn:b>"]
        assert lake.delete_graph("urn:own").removed == 1
        with pytest.raises(NotFoundError):
            lake.read_graph("urn:own")
        with pytest.raises(ProtectedGraphError):
            lake.delete_graph(f"{BASE}graph/vocabulary")
        with pytest.raises(QueryError, match="never closed"):
            lake.update("INSERT DATA { <urn:a")
        assert lake.delete_graph(None).removed >= 1
