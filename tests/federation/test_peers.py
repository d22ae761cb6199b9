"""Peers are records: added, listed, tested and removed, the same in Python, on the command line and over HTTP."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pyoxigraph as ox
import pytest
from click.testing import CliRunner
from werkzeug.serving import make_server

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.cli import main
from lakegraph.errors import ConflictError, ForbiddenError, NotFoundError, UsageError
from lakegraph.http import create_app
from lakegraph.receipts import Refusal
from tests.conftest import BASE
from tests.federation.conftest import LOCAL
from tests.federation.hosts import Page, endpoint, host

LICENCE = "https://spdx.org/licenses/CC0-1.0"
DATA = '<https://a.example/1> a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/title> "One" .'


def test_a_peer_is_a_record(asking: LocalLake) -> None:
    """What was said comes back; it is in the journal; withdrawn, it is no longer asked, and may come again."""
    receipt = asking.add_peer(
        "City data",
        "https://data.example/",
        kind="ckan",
        license=LICENCE,
        seconds=2.5,
        size=1000,
        rows=7,
        credential="c",
    )
    assert receipt.iri == f"{BASE}id/peer/city-data"
    [found] = asking.peers()
    assert found == {
        "iri": receipt.iri, "name": "city-data", "title": "City data", "kind": "ckan", "address": "https://data.example/",
        "license": LICENCE, "timeLimit": 2.5, "byteLimit": 1000, "rowLimit": 7, "credential": "c", "holdings": {},
        "lastHarvest": None,
    }  # fmt: skip
    for name in ("city-data", "City data", receipt.iri, "https://data.example/"):
        assert asking.peer(name).iri == receipt.iri
    assert asking.log(receipt.iri)[0]["record"] == receipt.iri
    asking.remove_peer("City data", by="bob", why="It has closed for good.")
    assert asking.peers() == []
    with pytest.raises(NotFoundError, match="No peer is called 'City data'"):
        asking.peer("City data")
    assert asking.add_peer("City data", "https://new.example/", kind="rdf", license=LICENCE).iri == f"{receipt.iri}-2"
    assert asking.peer("City data").address == "https://new.example/"


def test_what_cannot_be_a_peer_is_refused(asking: LocalLake) -> None:
    """By the broker's rules and by the shapes; nothing is written."""
    with pytest.raises(ForbiddenError, match="does not ask itself"):
        asking.add_peer("Self", BASE, kind="lakegraph")
    with pytest.raises(ForbiddenError, match="plain http"):
        asking.add_peer("Plain", "http://data.example/", kind="rdf")
    with pytest.raises(UsageError, match="name or a password"):
        asking.add_peer("Named", "https://u:p@data.example/", kind="rdf")
    with pytest.raises(Refusal) as caught:
        asking.add_peer("Secret", "https://data.example/", kind="rdf", credential="Bearer abc.def")
    assert "never the secret itself" in str(caught.value.report.violations[0].message)
    with pytest.raises(Refusal):
        asking.add_peer("Fast", "https://data.example/", kind="rdf", seconds=-1)
    with pytest.raises(lakegraph.LakegraphError, match="gopher"):
        asking.add_peer("Kind", "https://data.example/", kind="gopher")
    asking.add_peer("Good", "https://data.example/", kind="rdf", license=LICENCE)
    with pytest.raises(ConflictError, match="recorded already"):
        asking.add_peer("Good", "https://other.example/", kind="rdf", license=LICENCE)
    assert [p["title"] for p in asking.peers()] == ["Good"]
    with pytest.raises(NotFoundError, match="Did you mean good"):
        asking.peer("god")


def test_a_peer_is_probed(asking: LocalLake) -> None:
    """A SPARQL endpoint by counting, documents by reading; what is saved is in the record."""
    store = ox.Store()
    store.load(DATA.encode(), ox.RdfFormat.TURTLE)
    pages = {"/sparql": endpoint(store), "/data.ttl": Page(DATA), "/broken": Page("<a", "text/turtle")}
    with host(pages) as made:
        asking.add_peer("Endpoint", made.url + "/sparql", kind="sparql", license=LICENCE)
        asking.add_peer("Document", made.url + "/data.ttl", kind="rdf", license=LICENCE)
        asking.add_peer("Broken", made.url + "/broken", kind="rdf", license=LICENCE)
        for name in ("Endpoint", "Document"):
            found = asking.test_peer(name, save=True)
            assert found.ok, found.error
            assert found.classes == {"http://www.w3.org/ns/dcat#Dataset": 1}
            assert found.properties["http://purl.org/dc/terms/title"] == 1
            assert asking.peer(name).holdings == found.holdings
        broken = asking.test_peer("Broken", save=True)
        assert not broken.ok
        assert broken.error is not None
        assert "does not parse" in broken.error["detail"]
        assert asking.peer("Broken").holdings == {}
    assert asking.peer("Endpoint").caps.seconds == 20


def test_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """add, list, test and remove."""
    monkeypatch.setenv("LAKEGRAPH_FEDERATION__LOCAL", '["127.0.0.0/8"]')
    place = str(tmp_path / "lake")
    lakegraph.init(place, base=BASE).close()

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["--lake", place, "peers", *words])
        return done.exit_code, done.output

    with host({"/d.ttl": Page(DATA)}) as made:
        assert run("list")[1].endswith("registers one.\n")
        assert run("add", "Docs", made.url + "/d.ttl", "--kind", "rdf", "--license", LICENCE)[0] == 0
        assert made.url in run("list")[1]
        code, text = run("test", "docs", "--save")
        assert code == 0
        assert "dcat#Dataset" in text
        assert json.loads(run("list", "--format", "json")[1])[0]["holdings"]
        made.pages["/d.ttl"] = Page("no", "text/html")
        code, text = run("test", "docs")
        assert code == 4
        assert "not RDF" in text
        code, text = run("test", "docs", "--format", "json")
        assert code == 4
        assert json.loads(text)["error"]["code"] == "peer"
        assert run("remove", "docs", "--by", "bob", "--why", "No longer of use.")[0] == 0
        assert run("test", "docs")[0] == 3


def test_over_http(tmp_path: Path) -> None:
    """The same calls at a distance, and the same errors."""
    lakegraph.init(tmp_path / "served", base=BASE).close()
    with lakegraph.open(tmp_path / "served", federation=LOCAL) as lake, host({"/d.ttl": Page(DATA)}) as made:
        server = make_server("127.0.0.1", 0, create_app(lake), threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            with lakegraph.connect(f"http://127.0.0.1:{server.server_port}") as remote:
                remote.add_peer("Docs", made.url + "/d.ttl", kind="rdf", license=LICENCE, seconds=3)
                assert remote.peers() == lake.peers()
                assert remote.test_peer("docs").classes == {"http://www.w3.org/ns/dcat#Dataset": 1}
                with pytest.raises(ForbiddenError, match="does not ask itself"):
                    remote.add_peer("Self", BASE, kind="lakegraph")
                with pytest.raises(NotFoundError):
                    remote.test_peer("dogs")
                remote.remove_peer("docs", by="bob", why="No longer of use.")
                assert lake.peers() == []
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
