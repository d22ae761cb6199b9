"""The W3C tests of the Graph Store Protocol: their manifests as requests, and a runner that sends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import rdflib
from rdflib.collection import Collection

from tests.http.w3c_protocol import CNT, FOLDER, HT, MF
from tests.http.w3c_writing import GraphStore, same

_STATUSES = {"OK": 200, "Created": 201, "NoContent": 204, "BadRequest": 400, "NotFound": 404}
_HERE = "http://www.example/"


@dataclass(frozen=True)
class Step:
    """One request and what must come of it."""

    method: str
    path: str
    headers: dict[str, str]
    body: str | None
    statuses: frozenset[int]
    media_type: str | None
    graph: str | None
    remembered: str | None


@dataclass(frozen=True)
class Case:
    """One test: requests in order."""

    iri: str
    name: str
    steps: tuple[Step, ...]


def cases(suites: Path) -> list[Case]:
    """The tests of both manifests, in their order."""
    folder = suites / FOLDER / "graph-store-protocol"
    found = []
    for name in ("manifest-direct.ttl", "manifest-indirect.ttl"):
        graph = rdflib.Graph().parse(folder / name, format="turtle")
        manifest = graph.value(predicate=rdflib.RDF.type, object=MF.Manifest)
        for node in Collection(graph, graph.value(manifest, MF.entries)):
            listed = graph.value(graph.value(node, MF.action), HT.requests)
            steps = tuple(_step(graph, request) for request in Collection(graph, listed))
            found.append(Case(str(node), str(graph.value(node, MF.name)), steps))
    return found


def _step(graph: rdflib.Graph, node: rdflib.term.Node) -> Step:
    response = graph.value(node, HT.resp)
    expected = graph.value(response, HT.body)
    remembered = graph.value(response, MF.expectedLocation)
    content = graph.value(node, HT.body)
    return Step(
        method=str(graph.value(node, HT.methodName)),
        path=str(graph.value(node, HT.absolutePath)),
        headers=_headers(graph, node),
        body=None if content is None else str(graph.value(content, CNT.chars)),
        statuses=frozenset(
            _STATUSES[str(status).rpartition("#")[2]] for status in graph.objects(response, MF.expectedStatus)
        ),
        media_type=_headers(graph, response).get("content-type"),
        graph=None if expected is None else str(graph.value(expected, CNT.chars)),
        remembered=None if remembered is None else str(remembered),
    )


def _headers(graph: rdflib.Graph, node: rdflib.term.Node) -> dict[str, str]:
    said = graph.value(node, HT.headers)
    return {
        str(graph.value(header, HT.fieldName)): str(graph.value(header, HT.fieldValue))
        for header in (Collection(graph, said) if said else ())
    }


def run(case: Case, store: GraphStore) -> str:
    """Send the requests of *case*; what went wrong, or nothing."""
    store.clear()
    return "; ".join(_run(case, store))


def _run(case: Case, store: GraphStore) -> Iterator[str]:
    known: dict[str, str] = {}
    for step in case.steps:
        path, body = "/graph" + step.path.removeprefix("/gsp"), step.body
        for name, value in known.items():
            path, body = path.replace(name, value), body and body.replace(name, value)
        answer = store.send(step.method, path, None if body is None else body.encode(), step.headers)
        if answer.status not in step.statuses:
            yield f"{step.method}: {answer.status} instead of {sorted(step.statuses)} {answer.reason}"
        if step.remembered:
            known[step.remembered] = answer.headers.get("location", "")
        if step.media_type and answer.headers.get("content-type", "") != step.media_type:
            yield f"{step.method}: {answer.headers.get('content-type')}"
        if step.graph is not None and not same(_quads(answer.body), _quads(step.graph.encode())):
            yield f"{step.method}: other statements"


def _quads(turtle: bytes) -> list[ox.Quad]:
    return list(ox.parse(turtle, format=ox.RdfFormat.TURTLE, base_iri=_HERE))
