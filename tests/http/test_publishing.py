"""Being a good source: the catalog in pages, the FAIR Data Point, signposts, schema.org, maps, and their readers."""

from __future__ import annotations

import json
import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from flask.testing import FlaskClient
from werkzeug.serving import make_server

import lakegraph
from lakegraph import resources
from lakegraph.bootstrap import LocalLake
from lakegraph.http import create_app
from lakegraph.testing import generate
from tests.benchmarks.serving import free_port
from tests.conftest import BASE, examples
from tests.federation.catalogs import SOURCE
from tests.http.conftest import MODEL, assert_problem, suites

DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
LDP = rdflib.Namespace("http://www.w3.org/ns/ldp#")
FDP = rdflib.Namespace("https://w3id.org/fdp/fdp-o#")
ROOT, CATALOG = rdflib.URIRef(BASE), rdflib.URIRef(f"{BASE}catalog")
KINDS = ("source", "dataset", "model")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLake]:
    """A made-up lake of 60 runs."""
    with lakegraph.init(tmp_path_factory.mktemp("full") / "lake", base=BASE) as lake:
        assert all(not isinstance(answer, lakegraph.LakegraphError) for answer in lake.record_many(generate(60, 4)))
        yield lake


@pytest.fixture
def browse(full: LocalLake) -> FlaskClient:
    return create_app(full).test_client()


def graph_of(client: FlaskClient, path: str) -> rdflib.Graph:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/turtle")  # what a FAIR Data Point gives unasked
    return rdflib.Graph().parse(data=answer.data, format="turtle")


def pages(client: FlaskClient, path: str) -> Iterator[rdflib.Graph]:
    """The pages of a catalog, each found from the one before by Hydra."""
    following: str | None = path
    while following:
        page = graph_of(client, following)
        onward = next(page.objects(None, HYDRA.next), None)
        following = str(onward).replace(BASE, "/") if onward else None
        yield page


def listed(page: rdflib.Graph) -> list[str]:
    return [str(o) for p in (DCAT.dataset, DCAT.resource) for o in page.objects(CATALOG, p)]


def accepted(graph: rdflib.Graph, shapes: Path) -> tuple[bool, str]:
    pyshacl = pytest.importorskip("pyshacl")
    judge = rdflib.Graph().parse(shapes, format="turtle")
    for shape, prop in list(judge.subject_objects(rdflib.SH.property)):
        if (prop, rdflib.SH.path, None) not in judge:  # DCAT-AP 3.0.1 refers to a shape that its file does not hold
            judge.remove((shape, rdflib.SH.property, prop))
    ok, _, text = pyshacl.validate(graph, shacl_graph=judge, advanced=True)
    return ok, text


def test_pages_list_everything_once(browse: FlaskClient, full: LocalLake) -> None:
    """Whatever the size of the pages: each source, data set and model stands in one of them, and there are so many."""
    there = {row[0].value for kind in ("DatasetSource", "ModellakeDataset", "Model") for row in ox.parse_query_results(
        full.query(f"SELECT ?x {{ ?x a <https://w3id.org/lakegraph/ns#{kind}> }}"), format=ox.QueryResultsFormat.JSON
    )}  # fmt: skip
    for limit in (1000, 7):
        found = [iri for page in pages(browse, f"/catalog?limit={limit}") for iri in listed(page)]
        assert len(found) == len(set(found))
        assert set(found) == there
        totals = {
            int(o) for page in pages(browse, f"/catalog?limit={limit}") for o in page.objects(CATALOG, HYDRA.totalItems)
        }
        assert totals == {len(there)}
    first = browse.get("/catalog?limit=7")
    assert re.search(r'</catalog\?limit=7&after=\d+>; rel="next"', first.headers["Link"])
    assert 'rel="next"' not in browse.get("/catalog?limit=1000").headers.get("Link", "")
    assert browse.get("/catalog?limit=7", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_every_page_is_dcat_ap(browse: FlaskClient) -> None:
    """Each page by itself is accepted by SEMIC's shapes."""
    shapes = suites().parent / "profiles" / "dcat-ap-3.0.1" / "dcat-ap-SHACL.ttl"
    if not shapes.is_file():
        pytest.skip("the profile DCAT-AP 3.0.1 is not here")
    for page in pages(browse, "/catalog?limit=40"):
        ok, text = accepted(page, shapes)
        assert ok, text


def test_only_what_changed_since(tmp_path: Path) -> None:
    """A harvester that comes again is given what is new, and what something new is said of."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        client = create_app(lake).test_client()
        assert graph_of(client, "/catalog").value(CATALOG, HYDRA.totalItems) == rdflib.Literal(0)
        for document in examples()[:2]:
            last = lake.record(document)
        between = datetime.fromisoformat(lake.journal.read(last.seq).recorded) + timedelta(microseconds=1)
        since = between.isoformat().replace("+", "%2B")
        assert listed(graph_of(client, f"/catalog?since={since}")) == []
        lake.record(examples()[2])
        assert listed(graph_of(client, f"/catalog?since={since}")) == [MODEL]
        assert len(listed(graph_of(client, "/catalog"))) == 4
    assert_problem(client.get("/catalog?since=2026-01-01T00:00:00"), 400, "usage")
    assert_problem(client.get("/catalog?after=-1"), 400, "usage")
    assert_problem(client.get("/catalog?page=2"), 400, "usage")


def test_what_was_withdrawn_since(tmp_path: Path) -> None:
    """After what changed come the records of what is no more; what came back or never was listed is not among them."""
    shapes = suites().parent / "profiles" / "dcat-ap-3.0.1" / "dcat-ap-SHACL.ttl"
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        client = create_app(lake).test_client()
        made = [lake.record(SOURCE | {"title": f"Clinic {n}"}) for n in range(6)]
        study = lake.record(
            {"type": "Study", "title": "None", "description": "Listed nowhere.", "studyType": "research"}
        )
        since = lake.journal.read(lake.journal.last_seq).recorded
        for receipt in (study, *made[:4]):
            lake.tombstone(receipt.iri, by="bob", why="The clinic gave it up.")
        back = lake.record(SOURCE | {"title": "Clinic 9"})
        for limit in (100, 2):
            found = list(pages(client, f"/catalog?since={since}&limit={limit}"))
            assert {iri for page in found for iri in listed(page)} == {back.iri}
            told = [gone(page) for page in found]
            assert sorted(iri for each in told for iri in each) == sorted(receipt.iri for receipt in made[:4])
            assert len(found) == (1 if limit == 100 else 3)
            for page in found:
                for file in (shapes, resources.path("shapes/profiles/catalog.ttl")):
                    if file.is_file():
                        ok, text = accepted(page, file)
                        assert ok, text
        assert [gone(page) for page in pages(client, "/catalog")] == [[]]
        assert "withdrawn" in client.get(f"/catalog?since={since}", headers={"Accept": "text/html"}).text
        later = lake.journal.read(lake.journal.last_seq).recorded
        assert [gone(page) for page in pages(client, f"/catalog?since={later}")] == [[]]


def gone(page: rdflib.Graph) -> list[str]:
    """What a page says is deleted from the catalog, and no more a data set."""
    deleted = rdflib.URIRef("http://purl.org/adms/changetype/deleted")
    records = list(page.subjects(rdflib.URIRef("http://www.w3.org/ns/adms#status"), deleted))
    things = [page.value(record, rdflib.FOAF.primaryTopic) for record in records]
    for record, thing in zip(records, things, strict=True):
        assert (CATALOG, DCAT.record, record) in page
        assert page.value(record, rdflib.DCTERMS.modified) == page.value(thing, rdflib.PROV.invalidatedAtTime)
        assert (thing, rdflib.RDF.type, DCAT.Dataset) not in page
    return [str(thing) for thing in things]


def test_fair_data_point(browse: FlaskClient, get: FlaskClient) -> None:
    """The specification's rules of compliance: the root, the syntaxes, profiles that lead to SHACL, and navigation."""
    root = graph_of(browse, "/")
    assert (ROOT, rdflib.RDF.type, FDP.MetadataService) in root
    assert (ROOT, FDP.metadataCatalog, CATALOG) in root
    again = rdflib.Graph().parse(data=browse.get("/", headers={"Accept": "application/ld+json"}).data, format="json-ld")
    assert len(again) == len(root)
    described = {"/": root, "/catalog": graph_of(browse, "/catalog?limit=1000")}
    for name, graph in described.items():
        subject = ROOT if name == "/" else CATALOG
        (container, *_) = graph.subjects(LDP.membershipResource, subject)
        relation = graph.value(container, LDP.hasMemberRelation)
        assert set(graph.objects(container, LDP.contains)) == set(graph.objects(subject, relation)) != set()
        profile = str(graph.value(subject, rdflib.DCTERMS.conformsTo)).replace(BASE, "/")
        about = graph_of(browse, profile)
        artifact = str(next(about.objects(None, rdflib.URIRef("http://www.w3.org/ns/dx/prof/hasArtifact"))))
        shapes = graph_of(browse, artifact.replace(BASE, "/"))
        for target in shapes.objects(None, rdflib.SH.targetClass):
            above = set(shapes.transitive_objects(target, rdflib.RDFS.subClassOf))
            assert DCAT.Resource in above or target == DCAT.CatalogRecord
        file = resources.path(f"shapes/profiles/{profile.rpartition('/')[2]}.ttl")
        ok, text = accepted(graph, file)
        assert ok, text
        graph.remove((subject, rdflib.DCTERMS.license, None))
        assert not accepted(graph, file)[0]
    assert_problem(browse.get("/profiles/nope"), 404, "not-found")
    page = get.get("/", headers={"Accept": "text/html"})
    assert "2 data sets" in page.text
    assert 'action="/search"' in page.text


def test_the_operator_says_who_publishes(tmp_path: Path) -> None:
    """Title, publisher and licence are settings."""
    said = {
        "title": "Clinic lake",
        "publisher": "The clinic",
        "license": "https://creativecommons.org/licenses/by/4.0/",
    }
    lakegraph.init(tmp_path / "lake", base=BASE).close()
    with lakegraph.open(tmp_path / "lake", catalog=said) as lake:
        graph = graph_of(create_app(lake).test_client(), "/catalog")
    assert {str(o) for o in graph.objects(CATALOG)} >= {"Clinic lake", said["license"]}
    assert rdflib.Literal("The clinic") in set(graph.objects(None, rdflib.FOAF.name))


def test_signposts(get: FlaskClient) -> None:
    """A landing page says how to cite the thing, who made it, where it is described, and what it is part of."""
    links = get.get("/id/model/diabet-predictor/1", headers={"Accept": "text/html"}).headers.getlist("Link")
    assert f'<{MODEL}>; rel="cite-as"' in links
    assert f'<{BASE}id/user/tim>; rel="author"' in links
    assert f'<{BASE}catalog>; rel="collection"' in links
    assert '</id/model/diabet-predictor/1.ttl>; rel="describedby"; type="text/turtle"' in links
    assert '<http://www.w3.org/ns/mls#Model>; rel="type"' in links


def test_schema_org_in_the_page(get: FlaskClient) -> None:
    """A data set's page tells search engines what it is; a page of what schema.org has no word for tells nothing."""

    def block(path: str) -> dict[str, object] | None:
        text = get.get(path, headers={"Accept": "text/html"}).text
        found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
        return json.loads(found[1]) if found else None

    dataset = block("/id/dataset/diabetes/1")
    assert dataset is not None
    assert dataset["@context"] == "https://schema.org/"
    assert (dataset["@type"], dataset["name"], dataset["version"]) == ("Dataset", "Diabetes", "1")
    assert dataset["isBasedOn"] == [f"{BASE}id/dataset/diabetes/0"]
    assert block("/id/dataset/diabetes/1/distribution/1") is None


def test_sitemaps(browse: FlaskClient, full: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every address of the catalog is in one of the sitemaps that the index names, with the time of its change."""
    monkeypatch.setattr("lakegraph.http.publishing._STEP", 9)
    index = ET.fromstring(browse.get("/sitemap.xml").data)
    maps = [ET.fromstring(browse.get(f"/{loc.text.removeprefix(BASE)}").data) for loc in index.iter() if loc.text]
    found = [(url[0].text, url[1].text) for each in maps for url in each]
    assert len(maps) > 3
    assert max(len(each) for each in maps) == 9
    assert [iri for iri, _ in found] == [a.iri for a in full.addresses()]
    assert all(datetime.fromisoformat(changed).tzinfo for _, changed in found)
    assert f"Sitemap: {BASE}sitemap.xml" in browse.get("/robots.txt").text


@pytest.mark.parametrize(
    ("kind", "path"), [("fdp", ""), ("jsonld", "sitemap.xml"), ("rdf", "catalog"), ("lakegraph", "")]
)
def test_another_lake_reads_it(tmp_path: Path, kind: str, path: str) -> None:
    """A second lake registers this one as a FAIR Data Point, as a site with JSON-LD, and as a catalog in RDF."""
    port = free_port()
    base = f"http://127.0.0.1:{port}/"
    lakegraph.init(tmp_path / "asking", base=BASE).close()
    local = {"local": ["127.0.0.0/8"], "fresh_seconds": 0}
    with (
        lakegraph.init(tmp_path / "lake", base=base) as lake,
        lakegraph.open(tmp_path / "asking", federation=local) as asking,
    ):
        for document in examples():
            lake.record(document)
        server = make_server("127.0.0.1", port, create_app(lake), threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            asking.add_peer("First lake", base + path, kind=kind)
            found = asking.test_peer("First lake")
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
    assert found.ok, found
    assert found.classes
