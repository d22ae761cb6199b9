"""One bad source costs its own part and its own time, is named with its fault, and fails the query only if asked to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.federation.answer import PartialAnswerError
from tests.conftest import BASE
from tests.federation.catalogs import HEAD
from tests.federation.conftest import LOCAL
from tests.federation.hosts import (
    Page,
    Seen,
    bomb,
    dripping,
    dropped,
    endless,
    endpoint,
    host,
    slow,
)

LICENCE = "https://spdx.org/licenses/CC0-1.0"
QUERY = HEAD + "SELECT ?d ?t { ?d a lake:Dataset ; dct:title ?t }"
GOOD = '<https://good.example/1> a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/title> "Good" .'


def store_of(data: str) -> ox.Store:
    store = ox.Store()
    store.load(data.encode(), ox.RdfFormat.TURTLE)
    return store


def many(count: int) -> ox.Store:
    """An endpoint's store with *count* data sets."""
    kind, title = "http://www.w3.org/ns/dcat#Dataset", "http://purl.org/dc/terms/title"
    return store_of("".join(f'<https://m.example/{n}> a <{kind}> ; <{title}> "{n}" .\n' for n in range(count)))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLake]:
    """One lake for every fault: each brings peers of its own and asks them by name."""
    place = tmp_path_factory.mktemp("faults") / "lake"
    lakegraph.init(place, base=BASE).close()
    with lakegraph.open(place, federation=LOCAL) as lake:
        yield lake


REDIRECT = Page("", status=302, headers={"Location": "http://169.254.169.254/latest/"})
FAULTS: dict[str, tuple[str, Any, str]] = {
    "slow": ("sparql", slow(5), "deadline"),
    "dripping": ("sparql", dripping, "deadline"),
    "500": ("sparql", Page("broken", "text/plain", 500), "answered 500: broken"),
    "drops the line": ("sparql", dropped, "cannot be read"),
    "wrong media type": ("sparql", Page("<html>", "text/html"), "sent text/html where SPARQL JSON is due"),
    "malformed JSON": ("sparql", Page("{", "application/sparql-results+json"), "is not SPARQL JSON"),
    "hostile IRI": (
        "sparql",
        Page(
            json.dumps(
                {
                    "head": {"vars": ["number", "blank"]},
                    "results": {"bindings": [{"number": {"type": "uri", "value": "a> <b:c> <d"}}]},
                }
            ),
            "application/sparql-results+json",
        ),
        "is not SPARQL JSON",
    ),
    "redirects inside": ("sparql", REDIRECT, "redirects to http://169.254.169.254"),
    "endless": ("sparql", endless, "more than 1000000 bytes"),
    "bomb": ("rdf", bomb(), "more than 1000000 bytes"),
    "malformed RDF": ("rdf", Page("<a:a> <a:b", "text/turtle"), "does not parse"),
    "not RDF": ("rdf", Page("x", "image/png"), "which is not RDF"),
    "page of another host": (
        "rdf",
        Page("<a:a> <http://www.w3.org/ns/hydra/core#next> <http://127.0.0.1:1/> ."),
        "not the host that is registered",
    ),
    "gone": ("ckan", Page("gone", "text/plain", 404), "answered 404"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_costs_its_own_time(shared: LocalLake, fault: str) -> None:
    """The other source's rows come; the answer is partial; strict makes it an error that carries what there is."""
    kind, page, says = FAULTS[fault]
    path = {"ckan": "", "rdf": "/bad", "sparql": "/bad"}[kind]
    pages = {"/bad": page, "/api/3/action/package_search": page, "/good": endpoint(store_of(GOOD))}
    with host(pages) as made:
        good, bad_one = f"Good beside {fault}", f"Bad: {fault}"
        shared.add_peer(good, f"{made.url}/good", kind="sparql", license=LICENCE)
        shared.add_peer(bad_one, made.url + path, kind=kind, license=LICENCE, seconds=1, size=1_000_000)
        began = time.monotonic()
        found = shared.federate(QUERY, peers=[good, bad_one])
        spent = time.monotonic() - began
        assert [row["t"] for row in found.rows] == ['"Good"']
        assert found.partial
        [bad] = found.failing
        assert bad.title == bad_one
        assert bad.status == "failed"
        assert bad.error is not None
        assert says in bad.error["detail"] or says == bad.error["code"]
        assert bad.seconds < 3
        assert spent < 8
        with pytest.raises(PartialAnswerError, match=r"The answer is not whole\. Bad: ") as caught:
            shared.federate(QUERY, peers=[good, bad_one], strict=True)
        assert caught.value.answer is not None
        assert len(caught.value.answer.rows) == 1


def test_an_endpoint_that_is_down_is_asked_once(asking: LocalLake) -> None:
    """After its first failure nothing more is sent to it, however many patterns there are."""
    with host({"/bad": slow(5), "/good": endpoint(store_of(GOOD))}) as made:
        asking.add_peer("Bad", f"{made.url}/bad", kind="sparql", license=LICENCE, seconds=0.5)
        asking.add_peer("Good", f"{made.url}/good", kind="sparql", license=LICENCE)
        found = asking.federate(
            HEAD
            + "SELECT * { ?d a lake:Dataset ; dct:title ?t OPTIONAL { ?d dct:license ?l } OPTIONAL { ?d dct:x ?y } }"
        )
        assert sum(seen.path == "/bad" for seen in made.seen) == 1
        assert len(found.rows) == 1


@pytest.mark.parametrize("says", [True, False], ids=["says so", "in silence"])
def test_a_cut_answer_is_noticed(asking: LocalLake, says: bool) -> None:
    """An endpoint that gives 10,000 rows of 10,050, with or without a word, makes the answer partial."""
    with host({"/cut": endpoint(many(10_050), most=10_000, says=says)}) as made:
        asking.add_peer("Cut", f"{made.url}/cut", kind="sparql", license=LICENCE, rows=20_000, seconds=60)
        found = asking.federate(HEAD + "SELECT (COUNT(*) AS ?n) { ?d a lake:Dataset }")
        [cut] = found.failing
        assert cut.status == "truncated"
        assert cut.error is not None
        assert ("says that it cut" if says else "has 10050") in cut.error["detail"]
        with pytest.raises(PartialAnswerError):
            asking.federate(HEAD + "SELECT ?d { ?d a lake:Dataset }", strict=True)


def test_a_round_number_alone_is_no_fault(asking: LocalLake) -> None:
    """2,000 rows of 2,000 are all of them."""
    with host({"/round": endpoint(many(2000), most=2000)}) as made:
        asking.add_peer("Round", f"{made.url}/round", kind="sparql", license=LICENCE, seconds=60)
        found = asking.federate(HEAD + "SELECT (COUNT(*) AS ?n) { ?d a lake:Dataset }")
        assert not found.partial
        assert found.rows[0]["n"].startswith('"2000"')


def test_our_own_limit_is_told(asking: LocalLake) -> None:
    """A peer with more rows than are taken is not called whole."""
    with host({"/big": endpoint(many(50))}) as made:
        asking.add_peer("Big", f"{made.url}/big", kind="sparql", license=LICENCE, rows=20)
        [cut] = asking.federate(HEAD + "SELECT ?d { ?d a lake:Dataset }").failing
        assert cut.error is not None
        assert "more than the 20 rows" in cut.error["detail"]


def test_more_documents_than_are_read_are_told(asking: LocalLake, tmp_path: Path) -> None:
    """A listing without an end is cut at the number of documents that the settings give."""

    def page(seen: Seen) -> Page:
        number = int(seen.query.get("n", 0))
        following = f"<{seen.path.partition('?')[0]}?n={number + 1}>"
        return Page(f"<a:a> <http://www.w3.org/ns/hydra/core#next> {following} .")

    lakegraph.init(tmp_path / "few", base=BASE).close()
    settings = {"local": ["127.0.0.0/8"], "pages": 5}
    with lakegraph.open(tmp_path / "few", federation=settings) as lake, host({"/p": page}) as made:
        lake.add_peer("Endless", f"{made.url}/p", kind="rdf", license=LICENCE)
        [cut] = lake.federate(QUERY).failing
        assert cut.status == "truncated"
        assert len(made.seen) == 6


def test_counted_peers_are_left_alone(asking: LocalLake) -> None:
    """What was counted in a peer decides whether it is asked at all."""
    with host({"/good": endpoint(store_of(GOOD)), "/doc": Page(GOOD)}) as made:
        asking.add_peer("Good", f"{made.url}/good", kind="sparql", license=LICENCE)
        asking.add_peer("Doc", f"{made.url}/doc", kind="rdf", license=LICENCE)
        asking.test_peer("good", save=True)
        asking.test_peer("doc", save=True)
        sent = len(made.seen)
        found = asking.federate(HEAD + "SELECT ?m { ?m a lake:Model }")
        assert len(made.seen) == sent
        assert [source.status for source in found.sources] == ["unused"] * 3
        assert not found.partial
        assert len(asking.federate(QUERY)) == 1
        assert len(made.seen) > sent


def test_broader_mappings_are_on_request_and_marked(asking: LocalLake) -> None:
    """prov:used says less than lake:hasInputData: it answers only where lossy mappings are asked for."""
    data = "<a:run> <http://www.w3.org/ns/prov#used> <a:data> ."
    with host({"/d": Page(data)}) as made:
        asking.add_peer("Prov", f"{made.url}/d", kind="rdf", license=LICENCE)
        query = HEAD + "SELECT ?r ?d { ?r lake:hasInputData ?d }"
        assert not asking.federate(query).rows
        broad = asking.federate(query, matches="broad")
        assert [row["d"] for row in broad.rows] == ["<a:data>"]
        assert any(m["lossy"] and "prov:used" in m["mapping"] for m in broad.sources[1].mappings)
        exact = HEAD + "SELECT ?d { ?d a lake:Dataset }"
        schema = Page(
            json.dumps({"@context": "https://schema.org", "@id": "a:s", "@type": "Dataset"}), "application/json"
        )
        made.pages["/s"] = schema
        asking.add_peer("Schema", f"{made.url}/s", kind="jsonld", license=LICENCE)
        assert asking.federate(exact).rows
        assert not asking.federate(exact, matches="exact").rows


def test_a_conclusion_from_two_catalogs_names_both(asking: LocalLake) -> None:
    """One says which run put a thing out, the other what the run took: lineage follows, and both are its sources."""
    lake = "https://w3id.org/lakegraph/ns#"
    pages = {
        "/out": endpoint(store_of(f"<a:model> <{lake}wasOutputOf> <a:run> .")),
        "/in": Page(f"<a:run> <{lake}hasInputData> <a:data> . <a:data> <{lake}derivedFrom> <a:raw> ."),
    }
    with host(pages) as made:
        asking.add_peer("Out", f"{made.url}/out", kind="sparql", license=LICENCE)
        asking.add_peer("In", f"{made.url}/in", kind="rdf", license=LICENCE)
        found = asking.federate(HEAD + "SELECT ?x { <a:model> lake:derivedFrom+ ?x }")
        assert sorted(row["x"] for row in found.rows) == ["<a:data>", "<a:raw>"]
        both = tuple(sorted(asking.peer(name).iri for name in ("in", "out")))
        assert set(found.origins) == {both}
