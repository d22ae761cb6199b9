"""Each kind of catalog is read into RDF in its own words, over all of its pages; what is wrong is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lakegraph.errors import LakegraphError, PeerError, UsageError
from lakegraph.federation.addresses import Rules
from lakegraph.federation.broker import Broker, Caps
from lakegraph.federation.cache import Cache
from lakegraph.federation.line import Line
from lakegraph.federation.peers import Peer
from lakegraph.federation.sources import Document, reader_of
from lakegraph.rdf.terms import Triple
from tests.federation.hosts import Page, Seen, ckan, host

DCT, DCAT, SCHEMA = "http://purl.org/dc/terms/", "http://www.w3.org/ns/dcat#", "https://schema.org/"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"


def line(url: str, kind: str, cache: Cache | None = None, fresh: float = 0) -> Line:
    """A line to a peer on loopback."""
    peer = Peer("https://lake.example/id/peer/p", "P", kind, url, Caps(5))
    return Line(Broker(Rules(("127.0.0.0/8",))), peer, cache, fresh)


def documents(url: str, kind: str, since: datetime | None = None) -> list[Document]:
    return list(reader_of(kind)(line(url, kind), since))


def said(url: str, kind: str) -> set[Triple]:
    return {triple for document in documents(url, kind) for triple in document.triples}


def titles(triples: set[Triple], predicate: str = f"<{DCT}title>") -> set[str]:
    return {o for _, p, o in triples if p == predicate}


TURTLE = '@prefix dct: <http://purl.org/dc/terms/> . <a:1> dct:title "One" ; dct:publisher [ dct:title "P" ] .'


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("text/turtle; charset=utf-8", TURTLE),
        ("application/octet-stream", TURTLE),
        ("application/n-triples", f'<https://a.example/1> <{DCT}title> "One" .'),
        ("application/trig", f'<https://g.example/> {{ <https://a.example/1> <{DCT}title> "One" }}'),
        ("application/ld+json", json.dumps({"@id": "https://a.example/1", f"{DCT}title": "One"})),
        ("application/json", json.dumps({"@id": "https://a.example/1", f"{DCT}title": "One"})),
        (
            "application/rdf+xml",
            (
                '<d:R xmlns:d="http://purl.org/dc/terms/" r:about="a:1" d:title="One" '
                'xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>'
            ),
        ),
    ],
)
def test_rdf_in_any_syntax(media: str, body: str) -> None:
    """By what the host says, or by the name of the file where it says nothing of use."""
    with host({"/data.ttl": Page(body, media)}) as made:
        assert '"One"' in titles(said(made.url + "/data.ttl", "rdf"))


def test_pages_are_followed() -> None:
    """By Hydra and by the Link header, each page once; blank nodes of two pages are not one."""

    def link(n: int) -> str:
        return f'<https://a.example/{n}> <{DCT}title> "{n}" ; <{DCT}publisher> _:b . _:b <{DCT}title> "P{n}" .'

    hydra = "<> <http://www.w3.org/ns/hydra/core#next> </2> ."
    pages = {
        "/1": Page(link(1) + hydra),
        "/2": Page(link(2), headers={"Link": '</x>; rel="up", </3>; rel="next last"'}),
        "/3": Page(link(3), headers={"Link": "</1>; rel=next"}),
    }
    with host(pages) as made:
        found = said(made.url + "/1", "rdf")
        assert titles(found) == {'"1"', '"2"', '"3"', '"P1"', '"P2"', '"P3"'}
        assert len({o for _, p, o in found if p == f"<{DCT}publisher>"}) == 3
        assert len(made.seen) == 3


def test_a_page_on_another_host_is_refused() -> None:
    """A document cannot send the lake elsewhere."""
    elsewhere = Page("<> <http://www.w3.org/ns/hydra/core#next> <http://127.0.0.1:9/> .")
    refused = pytest.raises(LakegraphError, match="not the host that is registered")
    with host({"/1": elsewhere}) as made, refused:
        documents(made.url + "/1", "rdf")


DATASET = {
    "@context": "https://schema.org/",
    "@type": "Dataset",
    "@id": "https://site.example/d/1",
    "name": "Births",
    "license": "https://spdx.org/licenses/CC0-1.0",
    "distribution": {"@type": "DataDownload", "contentUrl": "https://site.example/d/1.csv"},
}


def html(*parts: Any) -> str:
    scripts = "".join(f'<script type="application/ld+json">{json.dumps(part)}</script>' for part in parts)
    return f"<!doctype html><title>x</title>{scripts}<script>var a = '<b>';</script><p>&amp;</p>"


def test_pages_with_json_ld() -> None:
    """One page, or those of a sitemap of sitemaps; ``http`` and ``https`` schema.org are one vocabulary."""
    old = DATASET | {"@context": {"@vocab": "http://schema.org/"}, "@id": "https://site.example/d/2", "name": "Deaths"}

    def sitemap(seen: Seen) -> Page:
        url = f"http://{seen.headers['Host']}"
        return Page(
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{url}/d/1</loc></url>'
            f"<url><loc>{url}/d/2</loc><lastmod>2020-01-01</lastmod></url></urlset>",
            "application/xml",
        )

    def index(seen: Seen) -> Page:
        loc = f"http://{seen.headers['Host']}/map.xml"
        return Page(f"<sitemapindex><sitemap><loc>{loc}</loc></sitemap></sitemapindex>", "text/xml")

    pages = {
        "/d/1": Page(html(DATASET), "text/html; charset=utf-8"),
        "/d/2": Page(json.dumps(old), "application/ld+json"),
        "/map.xml": sitemap,
        "/index.xml": index,
    }
    with host(pages) as made:
        assert titles(said(made.url + "/d/1", "jsonld"), f"<{SCHEMA}name>") == {'"Births"'}
        found = said(made.url + "/index.xml", "jsonld")
        assert titles(found, f"<{SCHEMA}name>") == {'"Births"', '"Deaths"'}
        assert ("<https://site.example/d/1>", f"<{SCHEMA}license>", "<https://spdx.org/licenses/CC0-1.0>") in found
        later = documents(made.url + "/map.xml", "jsonld", datetime(2024, 1, 1, tzinfo=UTC))
        assert [d.url for d in later] == [made.url + "/d/1"]


PACKAGES = [
    {
        "id": f"uuid-{n}",
        "name": f"set-{n}",
        "title": f"Set {n}",
        "notes": "Of a city.",
        "license_url": "https://spdx.org/licenses/CC-BY-4.0",
        "metadata_modified": f"2024-01-{n % 28 + 1:02}T00:00:00",
        "organization": {"name": "city", "title": "City"},
        "tags": [{"name": "traffic", "id": "t"}],
        "resources": [
            {"id": f"r-{n}", "name": "CSV", "url": f"https://files.example/{n}.csv", "size": 10, "format": "CSV"}
        ],
        "some_extension": {"deep": [1, 2]},
    }
    for n in range(250)
]


def test_ckan() -> None:
    """All pages of the action API, as DCAT."""
    with host({"/api/3/action/package_search": ckan(PACKAGES)}) as made:
        found = said(made.url, "ckan")
        assert len(made.seen) == 3
        assert len({s for s, p, o in found if p == TYPE and o == f"<{DCAT}Dataset>"}) == 250
        one = f"<{made.url}/dataset/set-7>"
        assert (one, f"<{DCT}title>", '"Set 7"') in found
        assert (one, f"<{DCAT}keyword>", '"traffic"') in found
        assert (one, f"<{DCT}publisher>", f"<{made.url}/organization/city>") in found
        assert (f"<{made.url}/resource/r-7>", f"<{DCAT}downloadURL>", "<https://files.example/7.csv>") in found
        recent = documents(made.url, "ckan", datetime(2024, 1, 28, tzinfo=UTC))
        assert len({s for d in recent for s, p, o in d.triples if o == f"<{DCAT}Dataset>"}) < 10


def test_openml() -> None:
    """The listing of data sets, with qualities as measurements by the lake's own metafeatures."""
    sets = [
        {"did": n, "name": f"iris{n}", "version": 1, "quality": [{"name": "NumberOfInstances", "value": "150.0"}]}
        for n in range(3)
    ]
    path = "/api/v1/json/data/list/limit/1000/offset/0"
    with host({path: Page(json.dumps({"data": {"dataset": sets}}), "application/json")}) as made:
        found = said(made.url, "openml")
        assert (f"<{made.url}/d/2>", f"<{DCT}title>", '"iris2"') in found
        measured = "<https://w3id.org/lakegraph/voc/metafeature/numberOfInstances>"
        assert len({s for s, p, o in found if o == measured}) == 3


def test_listing_of_models() -> None:
    """By the Link header; what a card says of data and tasks stands in FAIR4ML."""

    def models(seen: Seen) -> Page:
        first = "cursor" not in seen.query
        one = {
            "id": "org/bert" if first else "org/gpt",
            "pipeline_tag": "fill-mask",
            "tags": ["nlp"],
            "cardData": {"license": "mit", "datasets": ["wiki"]},
        }
        link = {"Link": f'<http://{seen.headers["Host"]}/api/models?cursor=2>; rel="next"'} if first else {}
        return Page(json.dumps([one]), "application/json", headers=link)

    with host({"/api/models": models}) as made:
        found = said(made.url, "models-json")
        trained = "<https://w3id.org/fair4ml#trainedOn>"
        wiki = f"<{made.url}/datasets/wiki>"
        assert {s for s, p, o in found if (p, o) == (trained, wiki)} == {
            f"<{made.url}/org/bert>",
            f"<{made.url}/org/gpt>",
        }


def test_fair_data_point() -> None:
    """From the root over catalogs to distributions; links to other hosts are left alone."""
    ldp = "http://www.w3.org/ns/ldp#contains"
    pages = {
        "/": Page(f'<> <{DCT}title> "FDP" ; <https://w3id.org/fdp/fdp-o#metadataCatalog> </c> .'),
        "/c": Page(f'<> <{DCT}title> "C" . <> <{ldp}> </d1> , </d2> , <https://elsewhere.example/d> .'),
        "/d1": Page(f'<> <{DCT}title> "D1" ; <{DCAT}distribution> </f> . <#part> <{ldp}> </c#x> .'),
        "/d2": Page(f'<> <{DCT}title> "D2" .'),
        "/f": Page(f'<> <{DCT}title> "F" .'),
    }
    with host(pages) as made:
        assert titles(said(made.url + "/", "fdp")) == {'"FDP"', '"C"', '"D1"', '"D2"', '"F"'}
        assert len(made.seen) == 5


def oai(seen: Seen) -> Page:
    first = "resumptionToken" not in seen.query
    name = "1" if first else "2"
    status = "" if first else ' status="deleted"'
    metadata = (
        '<metadata><oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Soil &amp; water</dc:title>'
        "<dc:subject>soil</dc:subject></oai_dc:dc></metadata>"
    )
    token = "<resumptionToken>next</resumptionToken>" if first else "<resumptionToken/>"
    return Page(
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record>'
        f"<header{status}><identifier>oai:z.example:{name}</identifier></header>{metadata if first else ''}"
        f"</record>{token}</ListRecords></OAI-PMH>",
        "text/xml",
    )


def test_oai_pmh() -> None:
    """Records over resumption tokens; deleted ones are told."""
    with host({"/oai": oai}) as made:
        found = documents(made.url + "/oai", "oai-pmh", datetime(2024, 1, 1, tzinfo=UTC))
        assert titles({t for d in found for t in d.triples}) == {'"Soil & water"'}
        assert [d.gone for d in found] == [(), ("oai:z.example:2",)]
        assert made.seen[0].query["from"] == "2024-01-01T00:00:00Z"
        assert made.seen[1].query == {"verb": "ListRecords", "resumptionToken": "next"}


DOCTYPE = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'


@pytest.mark.parametrize(
    ("kind", "page", "says"),
    [
        ("rdf", Page("<a> <b", "text/turtle"), "does not parse"),
        ("rdf", Page("<html>", "text/html"), "text/html, which is not RDF"),
        ("rdf", Page("x", "text/turtle", 500), "answered 500: x"),
        ("rdf", Page("x", "text/turtle", 404), "answered 404: x"),
        ("rdf", Page('{"@context": "https://other.example/c.jsonld"}', "application/ld+json"), "(?i)context"),
        ("rdf", Page("[" * 5000 + "]" * 5000, "application/ld+json"), "nested more|did not send JSON"),
        ("rdf", Page(f"{DOCTYPE}<x/>", "application/rdf+xml"), "DOCTYPE"),
        ("jsonld", Page("x", "image/png"), "sent image/png, not a page"),
        ("jsonld", Page("{", "application/ld+json"), "did not send JSON"),
        ("jsonld", Page(f"{DOCTYPE}<x/>", "application/xml"), "DOCTYPE"),
        ("jsonld", Page("<x", "application/xml"), "cannot be read"),
        ("ckan", Page("{}", "application/json"), "has no 'result.results'"),
        ("openml", Page("<html>", "text/html"), "did not send JSON"),
        ("oai-pmh", Page(f"{DOCTYPE}<x/>", "text/xml"), "can be read: .*DOCTYPE"),
        (
            "oai-pmh",
            Page('<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><error code="badVerb">no</error></OAI-PMH>'),
            "says badVerb: no",
        ),
    ],
)
def test_what_is_wrong_is_named(kind: str, page: Page, says: str) -> None:
    """With the address; nothing of it is taken."""
    paths = ("/", "/api/3/action/package_search", "/api/v1/json/data/list/limit/1000/offset/0")
    with host(dict.fromkeys(paths, page)) as made:
        with pytest.raises(PeerError, match=says) as caught:
            documents(made.url + "/" * (kind not in ("ckan", "openml")), kind)
        assert made.url in str(caught.value)


def test_queried_kinds_have_no_documents() -> None:
    """They are asked."""
    with pytest.raises(UsageError, match="asked by SPARQL"):
        reader_of("sparql")


def tagged(seen: Seen) -> Page:
    if seen.headers.get("If-None-Match") == '"v1"':
        return Page("", "", 304, {"ETag": '"v1"'})
    return Page(TURTLE, headers={"ETag": '"v1"'})


def test_documents_are_cached_by_age_and_tag() -> None:
    """While it is fresh nothing is asked; then the host may say that nothing has changed; the oldest go first."""
    with host({"/": tagged, "/2": Page(TURTLE)}) as made:
        cache = Cache(None, 400)
        fresh = line(made.url + "/", "rdf", cache, fresh=60)
        first = fresh.get(made.url + "/", "text/turtle")
        assert fresh.get(made.url + "/", "text/turtle").body == first.body
        assert (len(made.seen), fresh.requests) == (1, 1)
        assert fresh.age is not None
        stale = line(made.url + "/", "rdf", cache)
        assert stale.get(made.url + "/", "text/turtle").body == first.body
        assert (len(made.seen), stale.age) == (2, 0.0)
        fresh.get(made.url + "/2", "a")
        for n in range(6):
            fresh.get(made.url + "/2", f"a{n}")
        assert fresh.cache is not None
        assert fresh.cache.get(fresh.peer.iri, made.url + "/", "text/turtle") is None
