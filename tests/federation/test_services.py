"""SERVICE to a registered peer goes through the broker; to anybody else it does not go."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pyoxigraph as ox
import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import ForbiddenError, PeerError
from tests.federation.catalogs import HEAD, served
from tests.federation.conftest import LOCAL
from tests.federation.hosts import Host, Page, Seen, endpoint, host

DATA = """
<https://e.example/1> <http://purl.org/dc/terms/title> "One" ; <http://purl.org/dc/terms/extent> 1.5 .
<https://e.example/2> <http://purl.org/dc/terms/title> "Zwei"@de .
<https://e.example/3> <http://purl.org/dc/terms/title> "Three \\"}\\"" ; <http://purl.org/dc/terms/publisher> [] .
"""


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalLake, Host]]:
    """A lake with one SPARQL peer."""
    store = ox.Store()
    store.load(DATA.encode(), ox.RdfFormat.TURTLE)
    place = tmp_path_factory.mktemp("services") / "lake"
    lakegraph.init(place, base="https://lake.example.org/").close()
    pages = {"/q": endpoint(store), "/down": Page("", status=500), "/cut": endpoint(store, most=2, says=True)}
    with host(pages) as made, lakegraph.open(place, federation=LOCAL) as lake:
        for name in ("q", "down", "cut"):
            lake.add_peer(name, f"{made.url}/{name}", kind="sparql", license="https://spdx.org/licenses/CC0-1.0")
        yield lake, made


def rows(lake: LocalLake, query: str) -> list[dict[str, str]]:
    found = json.loads(lake.query(HEAD + query))["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in found]


def test_rows_of_a_peer_are_joined(called: tuple[LocalLake, Host]) -> None:
    """By its address or its IRI; with its literals, its gaps and its blank nodes; the rest is the lake's own."""
    lake, made = called
    peer = lake.peer("q").iri
    for name in (f"{made.url}/q", peer):
        found = rows(lake, f"SELECT ?d ?t {{ SERVICE <{name}> {{ ?d dct:title ?t }} }}")
        assert sorted(row["t"] for row in found) == ["One", 'Three "}"', "Zwei"]
    found = rows(lake, f"SELECT ?d ?x ?p {{ SERVICE <{peer}> {{ ?d dct:title ?t OPTIONAL {{ ?d dct:extent ?x }} "
                       "OPTIONAL { ?d dct:publisher ?p } } FILTER(LANG(?t) != 'de') }")  # fmt: skip
    by_name = {row.pop("d"): row for row in found}
    assert by_name["https://e.example/1"] == {"x": "1.5"}
    assert by_name["https://e.example/3"]["p"].startswith("urn:lakegraph:blank:")
    query = f"?peer a lake:Peer SERVICE <{peer}> {{ <https://e.example/1> dct:title ?t }}"
    joined = rows(lake, f"SELECT ?peer ?t {{ {query} }}")
    assert len(joined) == 3
    assert {row["t"] for row in joined} == {"One"}
    assert json.loads(lake.query(f"ASK {{ SERVICE <{peer}> {{ <https://e.example/1> ?p 1.5 }} }}"))["boolean"]
    assert not json.loads(lake.query(f"ASK {{ SERVICE <{peer}> {{ <https://e.example/1> ?p 2.5 }} }}"))["boolean"]


def test_over_http_each_time_anew(called: tuple[LocalLake, Host]) -> None:
    """The endpoint remembers the query, never the rows of a peer."""
    lake, made = called
    query = HEAD + f"SELECT ?t {{ SERVICE <{made.url}/q> {{ ?d dct:title ?t }} }}"
    with served(lake) as url, lakegraph.connect(url) as remote:
        assert len(json.loads(remote.query(query))["results"]["bindings"]) == 3
        sent = len(made.seen)
        assert len(json.loads(remote.query(query))["results"]["bindings"]) == 3
        assert len(made.seen) == sent + 1


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { SERVICE <https://data.example/> { ?s ?p ?o } }",
        "SELECT * { SERVICE SILENT <http://169.254.169.254/> { ?s ?p ?o } }",
        "SELECT * { ?s ?p ?x SERVICE ?x { ?s ?p ?o } }",
    ],
)
def test_anybody_else_is_not_asked(called: tuple[LocalLake, Host], query: str) -> None:
    """Whether silent or not."""
    lake, made = called
    sent = len(made.seen)
    with pytest.raises(lakegraph.LakegraphError, match=r"not registered here|needs an IRI in full"):
        lake.query(query)
    assert len(made.seen) == sent


def test_a_peer_is_not_sent_to_a_third(called: tuple[LocalLake, Host]) -> None:
    """A call inside a call would be the peer's to make."""
    lake, made = called
    query = f"SELECT * {{ SERVICE <{made.url}/q> {{ SERVICE <{made.url}/down> {{ ?s ?p ?o }} }} }}"
    sent = len(made.seen)
    with pytest.raises(ForbiddenError, match="stands in another"):
        lake.query(query)
    assert len(made.seen) == sent


def test_a_failing_peer_is_named_or_silent(called: tuple[LocalLake, Host]) -> None:
    """As the standard says of SILENT: one solution without bindings."""
    lake, made = called
    with pytest.raises(PeerError, match="answered 500"):
        lake.query(f"SELECT * {{ SERVICE <{made.url}/down> {{ ?s ?p ?o }} }}")
    found = json.loads(lake.query(f"SELECT ?s {{ SERVICE SILENT <{made.url}/down> {{ ?s ?p ?o }} }}"))
    assert found["results"]["bindings"] == [{}]
    with pytest.raises(PeerError, match="only a part of its rows"):
        lake.query(f"SELECT * {{ SERVICE <{made.url}/cut> {{ ?s ?p ?o }} }}")


def test_a_thousand_rows_are_taken(called: tuple[LocalLake, Host]) -> None:
    """Large answers stand in the query, and are neither too long for it nor taken for one long expression."""
    lake, made = called

    def many(seen: Seen) -> Page:
        typed = {"type": "literal", "value": "1", "datatype": "http://www.w3.org/2001/XMLSchema#integer"}
        bindings = [{"s": {"type": "uri", "value": f"https://e.example/{n}"}, "n": typed} for n in range(6000)]
        said = {"head": {"vars": ["s", "n"]}, "results": {"bindings": bindings}}
        return Page(json.dumps(said), "application/sparql-results+json")

    made.pages["/q"], kept = many, made.pages["/q"]
    try:
        [row] = rows(lake, f"SELECT (SUM(?n) AS ?sum) {{ SERVICE <{made.url}/q> {{ ?s ?p ?n }} }}")
        assert row["sum"] == "6000"
    finally:
        made.pages["/q"] = kept
