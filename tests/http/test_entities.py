"""Things at their addresses: forms, suffixes, spellings of IRIs, and pages that do no harm."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from urllib.parse import quote

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from lakegraph.bootstrap import LocalLake
from lakegraph.exchange import RDF_TYPES
from tests.conftest import BASE
from tests.http.conftest import MODEL, assert_problem, for_browsers

PATH = MODEL.removeprefix(BASE.rstrip("/"))


def statements(data: bytes, media_type: str) -> set[str]:
    return {str(q.triple) for q in ox.parse(data, format=ox.RdfFormat.from_media_type(media_type))}


@pytest.mark.parametrize("media_type", list(RDF_TYPES))
def test_forms_by_accept_and_by_suffix(get: FlaskClient, read_lake: LocalLake, media_type: str) -> None:
    """A thing says the same in every RDF syntax, asked for by header or by suffix."""
    by_header = get.get(PATH, headers={"Accept": media_type})
    by_suffix = get.get(f"{PATH}.{RDF_TYPES[media_type].suffix}", headers={"Accept": "text/html"})
    assert by_header.headers["Content-Type"].partition(";")[0] == media_type
    assert by_header.data == by_suffix.data
    expected = {" ".join(triple) for triple in read_lake.describe(MODEL)}
    assert statements(by_header.data, media_type) == expected
    assert by_header.headers["Content-Location"] == f"{PATH}.{RDF_TYPES[media_type].suffix}"


def test_links(get: FlaskClient) -> None:
    """A thing's page tells its other forms, and where its provenance is told and can be asked for (PROV-AQ)."""
    links = get.get(PATH).headers.getlist("Link")
    assert f'<{PATH}.ttl>; rel="alternate"; type="text/turtle"' in links
    assert f'<{MODEL}>; rel="http://www.w3.org/ns/prov#has_provenance"; anchor="{MODEL}"' in links
    assert f'<{BASE}sparql>; rel="http://www.w3.org/ns/prov#has_query_service"; anchor="{MODEL}"' in links


def test_defaults(get: FlaskClient) -> None:
    """Who says nothing gets Turtle with the prefixes that it uses; a browser gets a page; other types are 406."""
    plain = get.get(PATH)
    assert plain.headers["Content-Type"] == "text/turtle; charset=utf-8"
    assert "@prefix lake:" in plain.text
    assert "@prefix owl:" not in plain.text
    page = get.get(PATH, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert get.get(f"{PATH}.html").data == page.data
    assert "Accept" in page.headers["Vary"]
    assert_problem(get.get(PATH, headers={"Accept": "image/png"}), 406, "not-acceptable")
    for_browsers(page)


def test_head_and_conditional(get: FlaskClient) -> None:
    """HEAD gives GET's headers without a body; who has the page is told so."""
    page, head = get.get(PATH), get.head(PATH)
    assert head.data == b""
    assert head.headers["ETag"] == page.headers["ETag"]
    assert head.headers["Content-Length"] == page.headers["Content-Length"] == str(len(page.data))
    again = get.get(PATH, headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Length" not in again.headers or again.headers["Content-Length"] == "0"
    other = get.get(PATH, headers={"If-None-Match": page.headers["ETag"], "Accept": "application/n-triples"})
    assert other.status_code == 200


def test_unknown_things(get: FlaskClient) -> None:
    """What the lake knows nothing of is 404, whatever is asked of it."""
    for path in ("/id/model/none", "/id/model/none.ttl", "/id/", "/nowhere", "/id/%3Cscript%3E", "/id/a%20b"):
        assert_problem(get.get(path), 404, "no-such-page" if path in ("/id/", "/nowhere") else "not-found")
    for path in ("/id/%00", "/id/a%0D%0AX-Evil:%201", "/%FF"):
        response = get.get(path)
        assert response.status_code == 404
        assert "X-Evil" not in response.headers
    assert_problem(get.get("/resource?iri=nonsense"), 404, "not-found")
    assert_problem(get.get("/resource"), 400, "usage")
    assert_problem(get.get(f"{PATH}?asOf=2024"), 400, "usage")


def test_things_elsewhere(get: FlaskClient) -> None:
    """A thing whose IRI is no address of this lake is had by its IRI."""
    iri = "https://w3id.org/lakegraph/voc/lifecycle-stage/production"
    response = get.get("/resource", query_string={"iri": iri}, headers={"Accept": "application/n-triples"})
    assert response.status_code == 200
    assert f"<{iri}> " in response.text


def test_the_lakes_own_graphs(get: FlaskClient) -> None:
    """A graph that is no record has its address too."""
    assert get.get("/graph/vocabulary", headers={"Accept": "text/turtle"}).status_code == 200


@pytest.mark.parametrize(
    "slug", ["a%20b", "caf%C3%A9", "café", "100%25", "模型", "it's-(1)", "a.ttl", "semi;colon,comma", "a+b", "a~b@c"]
)
def test_spellings(post: FlaskClient, slug: str) -> None:
    """Whatever may stand in an IRI leads to its thing: as it is, percent-encoded once more, with a suffix."""
    iri = f"{BASE}id/study/{slug}-x"
    body = (
        f"<{iri}> a <https://w3id.org/lakegraph/ns#Study> ; <http://purl.org/dc/terms/title> {slug!r} ;"
        " <http://purl.org/dc/terms/description> 'Why this study is made.' ;"
        " <https://w3id.org/lakegraph/ns#studyType> 'research' ."
    )
    body = body.replace(repr(slug), f'"{slug}"')
    made = post.post("/records", data=body.encode(), content_type="text/turtle")
    assert made.status_code == 201, made.text
    for path in (f"/id/study/{slug}-x", quote(f"/id/study/{slug}-x", safe="/%")):
        response = post.get(path, headers={"Accept": "application/n-triples"})
        assert response.status_code == 200, path
        assert f"<{iri}> " in response.text
        assert post.get(f"{path}.nt").data == response.data
        assert response.headers["Content-Location"].isascii()
        followed = post.get(response.headers["Content-Location"])
        assert followed.data == response.data


class Links(HTMLParser):
    """The tags and the addresses in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.data: list[str] = []
        self._in_data = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_data = (tag, attrs) == ("script", [("type", "application/ld+json")])
        self.tags.add("a block of data" if self._in_data else tag)
        self.addresses += [text or "" for name, text in attrs if name in ("href", "src", "action")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self._in_data:
            self.data.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._in_data = False


PARTS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title><script>x</script>",
    "<svg/onload=alert(1)>",
    "&lt;b&gt;<b>",
    "<!--<x>",
    "]]><x>",
    "<iframe src=//evil.example>",
    "\u202e<b>",
]
HREFS = [
    "javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "about:blank#x",
    "http://a/'onclick='alert(1)",
    "JaVaScRiPt:alert(1)",
    "file:///etc/passwd",
    "https://lake.example.org/id/'x",
    "https://lake.example.org/id//evil.example",
    "https://lake.example.org/id/..%2F..%2Fx",
]


def test_hostile_records_make_harmless_pages(post: FlaskClient) -> None:
    """A hundred payloads in literals and IRIs: every page of them holds text and links into this lake, and no more."""
    lines = []
    for n, part in enumerate(PARTS):
        for m, href in enumerate(HREFS):
            text = part.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(
                f'<https://lake.example.org/id/study/hostile> <https://lake.example.org/p/{n}-{m}> "{text}{m}" .'
            )
            lines.append(f"<https://lake.example.org/id/study/hostile> <https://lake.example.org/q/{n}-{m}> <{href}> .")
    iri = "<https://lake.example.org/id/study/hostile>"
    lines.append(f'{iri} <http://purl.org/dc/terms/title> "<h1>x</h1>" ; a <https://w3id.org/lakegraph/ns#Study> ;')
    lines.append('<http://purl.org/dc/terms/description> "Why <b>this</b> study is made." ;')
    lines.append('<https://w3id.org/lakegraph/ns#studyType> "research" .')
    made = post.post("/records", data="\n".join(lines).encode(), content_type="text/turtle")
    assert made.status_code == 201, made.text
    query = f"SELECT * {{ {iri} ?p ?o }}"
    browser = {"Accept": "text/html"}
    for page in (
        post.get("/id/study/hostile", headers=browser),
        post.get("/sparql", query_string={"query": query}, headers=browser),
        post.get("/sparql", query_string={"query": f"DESCRIBE {iri}"}, headers=browser),
        post.get("/questions/5w1h", query_string={"about": iri.strip("<>")}, headers=browser),
        post.get("/lineage", query_string={"of": iri.strip("<>")}, headers=browser),
    ):
        assert page.status_code == 200, page.text
        assert page.headers["Content-Type"].startswith("text/html")
        for_browsers(page)
        found = Links()
        found.feed(page.text)
        assert not found.handlers
        assert not found.tags & {"script", "img", "iframe", "h2", "b", "x", "object"}
        assert all("<" not in text and json.loads(text)["@id"] == iri.strip("<>") for text in found.data)
        assert all(address.startswith(("/id/", "/sparql", "https://", "http://", "#")) for address in found.addresses)
