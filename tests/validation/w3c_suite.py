"""Reads the W3C SHACL test suite: manifests, data, shapes and expected reports."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lakegraph.rdf.namespaces import RDFS, SH
from lakegraph.rdf.terms import Triple, value
from lakegraph.validation.paths import parse_path
from lakegraph.validation.result import Result
from lakegraph.validation.shapes_graph import Origin, ShapesGraph, read_file
from tests.suites import SUITES

ROOT = Path(__file__).resolve().parents[2]
SUITE = SUITES / "data-shapes"
TESTS = SUITE / "data-shapes-test-suite" / "tests"
_MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_SHT = "http://www.w3.org/ns/shacl-test#"
FAILURE = f"<{_SHT}Failure>"

Row = tuple[object, ...]


@dataclass(frozen=True)
class Case:
    """One test of the suite.

    Attributes:
        iri: Its IRI below the suite's folder.
        manifest: The graph that it is written in.
        data: The data file.
        shapes: The shapes file.
        expected: The node of the expected report, or ``FAILURE``.
    """

    iri: str
    manifest: ShapesGraph
    data: Path
    shapes: Path
    expected: str


@cache
def graph_of(file: Path) -> ShapesGraph:
    """A file of the suite, parsed once, so that its blank nodes keep their names."""
    scope = "x" + "".join(c if c.isalnum() else "x" for c in str(file.relative_to(TESTS)))
    triples, lines, prefixes = read_file(file, scope=scope, base=file.as_uri())
    return ShapesGraph(triples, {node: Origin("", file.name, line) for node, line in lines.items()}, prefixes)


def cases(folder: str) -> list[Case]:
    """Every test in the files below *folder* (``core`` or ``sparql``); one of them is in no manifest of manifests."""
    found = []
    for file in sorted((TESTS / folder).rglob("*.ttl")):
        graph = graph_of(file)
        for entries in graph.objects(f"<{file.as_uri()}>", f"<{_MF}entries>"):
            found += [_case(graph, entry) for entry in graph.items(entries, entries)]
    return found


def _path(token: str) -> Path:
    return Path(value(token).removeprefix("file://"))


def _case(graph: ShapesGraph, entry: str) -> Case:
    (action,) = graph.objects(entry, f"<{_MF}action>")
    (data,) = graph.objects(action, f"<{_SHT}dataGraph>")
    (shapes,) = graph.objects(action, f"<{_SHT}shapesGraph>")
    (result,) = graph.objects(entry, f"<{_MF}result>")
    iri = value(entry).removeprefix(TESTS.as_uri() + "/")
    return Case(iri, graph, _path(data), _path(shapes), result)


def expected_rows(case: Case) -> Counter[Row]:
    """The expected results, each as focus, path, value, component, severity and source shape."""
    graph = case.manifest
    rows: Counter[Row] = Counter()
    for node in graph.objects(case.expected, SH.result):
        path = graph.one(node, SH.resultPath)
        rows[
            graph.one(node, SH.focusNode),
            parse_path(graph, node, path) if path else None,
            graph.one(node, SH.value),
            graph.one(node, SH.sourceConstraintComponent),
            graph.one(node, SH.resultSeverity),
            graph.one(node, SH.sourceShape),
        ] += 1
    return rows


def rows_of(results: list[Result]) -> Counter[Row]:
    """Results in the form of ``expected_rows``."""
    return Counter((r.focus, r.path, r.value, r.component, r.severity, r.source_shape) for r in results)


def nodes_of(triples: list[Triple]) -> list[str]:
    """Every subject and object."""
    return list(dict.fromkeys(n for s, _, o in triples for n in (s, o)))


@dataclass(frozen=True)
class Hierarchy:
    """The class hierarchy that some data state."""

    superclasses: dict[str, set[str]]


def hierarchy(graph: ShapesGraph) -> Hierarchy:
    """The class hierarchy of *graph*."""
    step = {s: set(graph.objects(s, RDFS.subClassOf)) for s, p, _ in graph.triples if p == RDFS.subClassOf}
    closed: dict[str, set[str]] = {}
    for start in step:
        queue, seen = [start], set()
        while queue:
            for above in step.get(queue.pop(), set()) - seen:
                seen.add(above)
                queue.append(above)
        closed[start] = seen
    return Hierarchy(closed)
