"""The W3C tests of SPARQL 1.1 Update over HTTP: a graph store is filled, updated, and read again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox
import rdflib
from rdflib.collection import Collection

from tests.http.w3c_protocol import FOLDER, MF, UT
from tests.http.w3c_writing import DEFAULT, GraphStore, same

_BASE = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
_PREFIX = re.compile(r"PREFIX\s+(\w*):\s*<([^>]*)>", re.IGNORECASE)
_NAMED = re.compile(r"GRAPH\s+(\w*):(\w+)", re.IGNORECASE)
_GRAPH = re.compile(r"GRAPH\s+<([^>]+:[^>]*)>", re.IGNORECASE)
_DATASET = re.compile(r"\b(?:USING|WITH)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """One test: the update, what is there before it, and what must be there after it (graph name to files)."""

    iri: str
    name: str
    kind: str
    file: Path
    before: dict[str, tuple[Path, ...]]
    after: dict[str, tuple[Path, ...]]
    folder: Path

    @property
    def evaluates(self) -> bool:
        """Whether it is about what an update does, and not about syntax alone."""
        return self.kind == "UpdateEvaluationTest"


def cases(suites: Path) -> list[Case]:
    """Every update test, in the order of the manifests."""
    folder = suites / FOLDER
    return list(_included(folder / "manifest-sparql11-update.ttl", folder))


def _included(manifest: Path, folder: Path) -> Iterator[Case]:
    graph = rdflib.Graph().parse(manifest, format="turtle", publicID=manifest.as_uri())
    node = graph.value(predicate=rdflib.RDF.type, object=MF.Manifest)
    for listed in graph.objects(node, MF.include):
        for included in Collection(graph, listed):
            yield from _included(_path(included), folder)
    for listed in graph.objects(node, MF.entries):
        for entry in Collection(graph, listed):
            yield _case(graph, entry, folder)


def _path(node: rdflib.term.Node) -> Path:
    return Path(urlsplit(str(node)).path)


def _case(graph: rdflib.Graph, node: rdflib.term.Node, folder: Path) -> Case:
    action, result = graph.value(node, MF.action), graph.value(node, MF.result)
    request = graph.value(action, UT.request)
    iri = str(node)
    return Case(
        iri=iri
        if iri.startswith("http")
        else _BASE + _path(node).relative_to(folder).as_posix() + f"#{iri.rpartition('#')[2]}",
        name=str(graph.value(node, MF.name)),
        kind=str(graph.value(node, rdflib.RDF.type)).rpartition("#")[2],
        file=_path(request if request is not None else action),
        before=_graphs(graph, action),
        after=_graphs(graph, result) if result is not None else {},
        folder=folder,
    )


def _graphs(graph: rdflib.Graph, node: rdflib.term.Node) -> dict[str, tuple[Path, ...]]:
    found = {DEFAULT: tuple(_path(data) for data in graph.objects(node, UT.data))}
    for data in graph.objects(node, UT.graphData):
        found[str(graph.value(data, rdflib.RDFS.label))] = (_path(graph.value(data, UT.graph)),)
    return found


def run(case: Case, store: GraphStore) -> str:
    """Send the update of *case*; what went wrong, or nothing."""
    text = f"BASE <{_BASE}{case.file.relative_to(case.folder).as_posix()}>\n{case.file.read_text(encoding='utf-8')}"
    if not case.evaluates:
        answer = store.send("POST", "/update", text.encode(), {"Content-Type": "application/sparql-update"})
        malformed = answer.status == 400 and not answer.reason.startswith("The update failed")
        # LOAD is refused before anything else is looked at; then a wrong one is refused as well.
        wrong = answer.status not in (400, 403) if case.kind.startswith("Negative") else malformed
        return f"{answer.status} {answer.reason}" if wrong else ""
    store.clear()
    for graph, files in case.before.items():
        store.put(graph, _quads(case, files))
    answer = store.send(
        "POST",
        f"/update?{urlencode(_dataset(case, text, store))}",
        text.encode(),
        {"Content-Type": "application/sparql-update"},
    )
    if answer.status != 200:
        return f"{answer.status} {answer.reason}"
    expected = {graph: _quads(case, files) for graph, files in case.after.items()}
    names = {DEFAULT if name == store.default else name for name in store.graphs()}
    found = [_in(t, graph) for graph in names | expected.keys() for t in store.read(graph)]
    return (
        ""
        if same(found, [_in(q.triple, graph) for graph, quads in expected.items() for q in quads])
        else "other statements"
    )


def _dataset(case: Case, text: str, store: GraphStore) -> list[tuple[str, str]]:
    """What WHERE is asked of: the test's own graphs, unless the update says so itself; else it were the whole lake."""
    if _DATASET.search(text):
        return []
    prefixes = dict(_PREFIX.findall(text))
    # An update of several operations may ask of a graph that it made itself.
    mentioned = {prefixes.get(prefix, "") + local for prefix, local in _NAMED.findall(text)} | set(_GRAPH.findall(text))
    named = sorted(mentioned | case.before.keys() - {DEFAULT})
    return [("using-graph-uri", store.default), *(("using-named-graph-uri", graph) for graph in named)]


def _quads(case: Case, files: tuple[Path, ...]) -> list[ox.Quad]:
    return [
        quad
        for file in files
        for quad in ox.parse(
            path=str(file),
            format=ox.RdfFormat.from_extension(file.suffix[1:]),
            base_iri=_BASE + file.relative_to(case.folder).as_posix(),
        )
    ]


def _in(triple: ox.Triple, graph: str) -> ox.Quad:
    return ox.Quad(triple.subject, triple.predicate, triple.object, ox.NamedNode(graph) if graph else ox.DefaultGraph())
