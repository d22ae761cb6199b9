"""The W3C tests of the SPARQL Protocol: their manifest as requests, and a runner that sends them."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pyoxigraph as ox
import rdflib
from rdflib.collection import Collection

MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
HT = rdflib.Namespace("http://www.w3.org/2011/http#")
CNT = rdflib.Namespace("http://www.w3.org/2011/content#")
UT = rdflib.Namespace("http://www.w3.org/2009/sparql/tests/test-update#")
FOLDER = "rdf-tests/sparql/sparql11"


@dataclass(frozen=True)
class Request:
    """One request and what must come of it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None
    statuses: frozenset[str]
    boolean: bool | None
    format: str | None

    @property
    def writes(self) -> bool:
        """Whether it is meant for the endpoint of updates, which has an address of its own here."""
        said = f"{self.path} {(self.body or b'').decode('latin-1')}"
        media_type = next((v for k, v in self.headers.items() if k.lower() == "content-type"), "")
        return media_type.startswith("application/sparql-update") or re.search(r"[?&\s]update=", said) is not None


@dataclass(frozen=True)
class Case:
    """One test: data that must be there, and requests in order."""

    iri: str
    name: str
    graphs: tuple[tuple[str, Path], ...]
    requests: tuple[Request, ...]

    @property
    def writes(self) -> bool:
        """Whether it is about updates."""
        return "update" in self.short

    @property
    def short(self) -> str:
        """The last part of its IRI."""
        return self.iri.rpartition("#")[2]


def cases(suites: Path) -> list[Case]:
    """The tests of the protocol's manifest, in its order."""
    folder = suites / FOLDER / "protocol"
    graph = rdflib.Graph().parse(folder / "manifest.ttl", format="turtle")
    manifest = graph.value(predicate=rdflib.RDF.type, object=MF.Manifest)
    entries = Collection(graph, graph.value(manifest, MF.entries))
    return [_case(graph, node, folder) for node in entries]


def _case(graph: rdflib.Graph, node: rdflib.term.Node, folder: Path) -> Case:
    graphs = [
        (str(graph.value(data, rdflib.RDFS.label)), folder / str(graph.value(data, UT.graph)).rpartition("/")[2])
        for data in graph.objects(node, UT.graphData)
    ]
    listed = graph.value(graph.value(node, MF.action), HT.requests)
    requests = [_request(graph, request) for request in Collection(graph, listed)]
    return Case(str(node), str(graph.value(node, MF.name)), tuple(sorted(graphs)), tuple(requests))


def _request(graph: rdflib.Graph, node: rdflib.term.Node) -> Request:
    said = graph.value(node, HT.headers)
    headers = {
        str(graph.value(header, HT.fieldName)): str(graph.value(header, HT.fieldValue))
        for header in (Collection(graph, said) if said else ())
    }
    content, response = graph.value(node, HT.body), graph.value(node, HT.resp)
    body = None
    if content is not None:
        body = str(graph.value(content, CNT.chars)).encode(str(graph.value(content, CNT.characterEncoding)))
    boolean, form = graph.value(response, MF.expectedBoolean), graph.value(response, MF.expectedFormat)
    statuses = frozenset(str(status)[-3] for status in graph.objects(response, MF.expectedStatus))
    return Request(
        method=str(graph.value(node, HT.methodName)),
        path=str(graph.value(node, HT.absolutePath)),
        headers=headers,
        body=body,
        statuses=statuses,
        boolean=None if boolean is None else bool(boolean.toPython()),
        format=None if form is None else str(form),
    )


def quads(cases: list[Case]) -> dict[str, bytes]:
    """Every graph that the tests need, by name, as N-Quads."""
    found = {}
    for case in cases:
        for name, file in case.graphs:
            parsed = ox.parse(path=str(file), format=ox.RdfFormat.N_TRIPLES)
            stated = (ox.Quad(q.subject, q.predicate, q.object, ox.NamedNode(name)) for q in parsed)
            found[name] = ox.serialize(stated, format=ox.RdfFormat.N_QUADS) or b""
    return found


def run(case: Case, url: str, token: str) -> str:
    """Send the requests of *case* to the service at *url*; what went wrong, or nothing."""
    return "; ".join(_run(case, url, token))


def _run(case: Case, url: str, token: str) -> Iterator[str]:
    parts = urlsplit(url)
    said, seen = {"Authorization": f"Bearer {token}"}, "0"
    for request in case.requests:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        try:
            path = request.path.replace("/sparql", "/update", 1) if request.writes else request.path
            headers = {**request.headers, **said, "Lake-Min-Seq": seen}
            connection.request(request.method, path, request.body, headers)
            response = connection.getresponse()
            seen = str(max(int(seen), int(response.headers.get("Lake-Seq", "0"))))
            body, media_type = response.read(), (response.headers["Content-Type"] or "").partition(";")[0]
        finally:
            connection.close()
        if str(response.status)[0] not in request.statuses:
            yield f"{response.status} instead of {'/'.join(sorted(request.statuses))}xx"
        elif request.boolean is not None and _boolean(body, media_type) is not request.boolean:
            yield f"not {request.boolean}"
        elif request.format == "RDF" and ox.RdfFormat.from_media_type(media_type) is None:
            yield f"{media_type} is not RDF"
        elif request.format == "tabular" and ox.QueryResultsFormat.from_media_type(media_type) is None:
            yield f"{media_type} is no table"


def _boolean(body: bytes, media_type: str) -> bool | None:
    if media_type.endswith("json"):
        return bool(json.loads(body).get("boolean"))
    if media_type.endswith("xml"):
        return ET.fromstring(body).findtext("{*}boolean") == "true"
    return None
