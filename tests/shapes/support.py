"""Reads shapes and fixtures for the tests of shapes/, and runs pySHACL as the judge.

A fixture folder is named after a shape. ``valid.ttl`` conforms to it. ``invalid-*.ttl`` is a patch of ``valid.ttl``:
each line ``#- subject predicate`` (with an object, if only that one is meant) takes statements away, what follows is
added. ``invalid-*.expected.json`` beside it is the whole report that the shape must give. The prefixes are those of the
ontology and one for each scheme of its vocabularies, so that a fixture holds nothing but its point.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import pyoxigraph as ox
import pyshacl
from rdflib import RDF, BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Identifier, Node

from lakegraph import resources
from lakegraph.rdf.inference import Reasoner
from lakegraph.rdf.terms import Triple, from_rdflib, to_rdflib
from lakegraph.rdf.vocabulary import ontology
from lakegraph.validation import Gate, MemoryStatements, ShapeSet

SH = Namespace("http://www.w3.org/ns/shacl#")
LAKESH = Namespace("https://w3id.org/lakegraph/shapes#")
BASE = "https://lake.example.org/id/"
VOC = "https://w3id.org/lakegraph/voc/"
HERE = Path(__file__).parent
TARGETS = (SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.targetNode)
CONSTRAINTS = re.findall(
    r"\w+",
    "and class datatype disjoint equals hasValue in lessThan lessThanOrEquals maxCount maxExclusive maxInclusive "
    "maxLength minCount minExclusive minInclusive minLength node nodeKind not or pattern qualifiedMaxCount "
    "qualifiedMinCount sparql uniqueLang xone",
)


@dataclass(frozen=True, order=True)
class Finding:
    """One validation result, as the expected reports spell it; names are shortened by the prefixes of the ontology."""

    focus: str
    path: str
    shape: str
    component: str
    severity: str
    value: str

    def as_dict(self) -> dict[str, str]:
        """The members that are not empty."""
        return {name: text for name, text in vars(self).items() if text}


# ---- shapes ----------------------------------------------------------------------------------------------------------


@cache
def shapes(folder: str) -> Graph:
    """All shapes of one folder, with the vocabulary that they use about themselves."""
    graph = Graph()
    for file in (resources.path("shapes/vocabulary.ttl"), *resources.files(f"shapes/{folder}", ".ttl")):
        graph.parse(file)
    return graph


@cache
def folder_of(shape: str) -> str:
    """The folder whose files define the shape with this local name."""
    for folder in ("integrity", "completeness", "policy", "swamp"):
        if (LAKESH[shape], RDF.type, SH.NodeShape) in shapes(folder):
            return folder
    raise LookupError(f"no shape lakesh:{shape} in shapes/")


def targeted(folder: str) -> list[str]:
    """The local names of the shapes of *folder* that have a target."""
    graph = shapes(folder)
    return sorted({local(s) for target in TARGETS for s in graph.subjects(target, None)})


def named_shapes(folder: str) -> list[URIRef]:
    """Every node or property shape of *folder* that has an IRI."""
    graph = shapes(folder)
    found = {s for kind in (SH.NodeShape, SH.PropertyShape) for s in graph.subjects(RDF.type, kind)}
    return sorted(s for s in found if isinstance(s, URIRef))


def constraints(graph: Graph, shape: Node) -> list[str]:
    """The constraint parameters that *shape* states itself, such as ``minCount``."""
    return [name for name in CONSTRAINTS for _ in graph.objects(shape, SH[name])]


@cache
def alone(shape: str) -> Graph:
    """The shape with this local name and all that it refers to: what pySHACL is given to judge its fixtures by."""
    everything, found = shapes(folder_of(shape)), Graph()
    waiting: list[Node] = [LAKESH[shape]]
    seen: set[Node] = set()
    while waiting:
        node = waiting.pop()
        if node in seen or isinstance(node, Literal):
            continue
        seen.add(node)
        for triple in everything.triples((node, None, None)):
            found.add(triple)
            waiting.append(triple[2])
    return found


def local(node: Node | None) -> str:
    """The part of an IRI after ``#``; nothing of nothing."""
    return str(node or "").rpartition("#")[2]


# ---- data ------------------------------------------------------------------------------------------------------------


@cache
def _prefixes() -> dict[str, str]:
    schemes = [file.stem for file in resources.files("ontology/vocabularies", ".ttl")]
    return {**{scheme: f"{VOC}{scheme}/" for scheme in schemes}, **ontology().prefixes}


@cache
def _header() -> str:
    return f"@base <{BASE}> .\n" + "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in _prefixes().items())


def read(turtle: str) -> Graph:
    """A graph from Turtle in the prefixes of the ontology and of its vocabularies, and the base of the example lake."""
    graph = Graph()
    for said in ox.parse((_header() + turtle).encode(), format=ox.RdfFormat.TURTLE):
        graph.add((to_rdflib(str(said.subject)), to_rdflib(str(said.predicate)), to_rdflib(str(said.object))))
    return graph


def patched(valid: Graph, patch: str) -> Graph:
    """*valid* without what the ``#-`` lines of *patch* name, with the statements of its body."""
    graph = Graph()
    for triple in valid:
        graph.add(triple)
    for line in re.findall(r"^#- (.+)$", patch, re.MULTILINE):
        named = len(line.split()) > 2
        [(subject, predicate, value)] = read(f"{line} ." if named else f"{line} <> .")
        matching = (subject, predicate, value if named else None)
        if matching not in graph:
            raise LookupError(f"nothing to take away: {line}")
        graph.remove(matching)
    for triple in read(patch):
        graph.add(triple)
    return graph


@cache
def _vocabulary() -> Graph:
    graph = Graph()
    for file in resources.files("ontology/vocabularies", ".ttl"):
        graph.parse(file)
    return graph


def as_the_gate_sees_it(graph: Graph) -> Graph:
    """*graph* with the concepts that it mentions and all that follows from both."""
    complete = Graph()
    for triple in graph:
        complete.add(triple)
    for concept in {o for o in graph.objects() if str(o).startswith(VOC)}:
        for triple in _vocabulary().triples((concept, None, None)):
            complete.add(triple)
    for s, p, o in Reasoner(ontology()).infer(tokens(complete)):
        complete.add((to_rdflib(s), to_rdflib(p), to_rdflib(o)))
    return complete


def tokens(graph: Graph) -> list[Triple]:
    """*graph* as triples of tokens."""
    return [cast("Triple", tuple(from_rdflib(cast("Identifier", term)) for term in triple)) for triple in graph]


# ---- judgement -------------------------------------------------------------------------------------------------------


def judge(graph: Graph, by: Graph, ont_graph: Graph | None = None) -> list[Finding]:
    """What pySHACL finds wrong in *graph*, sorted."""
    _, report, _ = pyshacl.validate(graph, shacl_graph=by, ont_graph=ont_graph, inference="none")
    return sorted(_finding(report, by, r) for r in report.subjects(RDF.type, SH.ValidationResult))


def violations(findings: Iterable[Finding]) -> list[Finding]:
    """Those that refuse a record."""
    return [f for f in findings if f.severity == "Violation"]


def _finding(report: Graph, by: Graph, result: Node) -> Finding:
    path, shape = report.value(result, SH.resultPath), report.value(result, SH.sourceShape)
    value = report.value(result, SH.value)
    return Finding(
        focus=short(report.value(result, SH.focusNode)),
        path=path_text(by, by.value(shape, SH.path)) if path is not None and shape is not None else "",
        shape=local(shape) if isinstance(shape, URIRef) else "",
        component=local(report.value(result, SH.sourceConstraintComponent)),
        severity=local(report.value(result, SH.resultSeverity)),
        value=short(value),
    )


def short(node: Node | None) -> str:
    """A node as people write it: ``run/1``, ``lake:Run``, ``text``."""
    if node is None or isinstance(node, BNode):
        return ""
    if isinstance(node, Literal):
        return str(node)
    text = str(node)
    if text.startswith(BASE):
        return text.removeprefix(BASE)
    for prefix, iri in _prefixes().items():
        if text.startswith(iri):
            return f"{prefix}:{text.removeprefix(iri)}"
    return text


def path_text(graph: Graph, path: Node | None) -> str:
    """A SHACL path in the notation of SPARQL."""
    if path is None or isinstance(path, URIRef):
        return short(path)
    for predicate, form in (
        (SH.inversePath, "^{}"),
        (SH.oneOrMorePath, "{}+"),
        (SH.zeroOrMorePath, "{}*"),
        (SH.zeroOrOnePath, "{}?"),
    ):
        if inner := graph.value(path, predicate):
            return form.format(path_text(graph, inner))
    choices = graph.value(path, SH.alternativePath)
    parts = [path_text(graph, part) for part in Collection(graph, choices or path)]
    return "(" + ("|" if choices else "/").join(parts) + ")"


# ---- fixtures --------------------------------------------------------------------------------------------------------


def valid_fixtures() -> list[Path]:
    """Every ``valid.ttl``."""
    return sorted(HERE.glob("*/valid.ttl"))


def invalid_fixtures() -> list[Path]:
    """Every ``invalid-*.ttl``."""
    return sorted(HERE.glob("*/invalid-*.ttl"))


def expected(patch: Path) -> list[Finding]:
    """The report that belongs to the fixture *patch*."""
    empty = dict.fromkeys(Finding.__dataclass_fields__, "")
    found: list[dict[str, str]] = json.loads(patch.with_suffix(".expected.json").read_text(encoding="utf-8"))
    return sorted(Finding(**(empty | members)) for members in found)


@cache
def data(file: Path) -> Graph:
    """What a fixture says, as the gate sees it."""
    text = file.read_text(encoding="utf-8")
    if file.name == "valid.ttl":
        return as_the_gate_sees_it(read(text))
    return as_the_gate_sees_it(patched(read((file.parent / "valid.ttl").read_text(encoding="utf-8")), text))


def findings(file: Path) -> list[Finding]:
    """What the shape after which the folder of *file* is named finds in *file*, by pySHACL."""
    return judge(data(file), alone(file.parent.name))


@cache
def _gate(folder: str) -> Gate:
    return Gate(ShapeSet.load([resources.path(f"shapes/{folder}")]), ontology(), folders=(folder,))


def compiled_findings(file: Path) -> list[Finding]:
    """The same by the compiled shapes of the whole folder, those of other shapes left out; paths are not compared."""
    own = {local(s) for s in alone(file.parent.name).subjects()}
    triples = tokens(data(file))
    nodes = dict.fromkeys(node for s, _, o in triples for node in (s, o))
    results = _gate(folder_of(file.parent.name)).validate(MemoryStatements(triples), nodes)
    found = [
        Finding(
            focus=short(to_rdflib(r.focus)),
            path="",
            shape=local(to_rdflib(r.source_shape)),
            component=local(to_rdflib(r.component)),
            severity=local(to_rdflib(r.severity)),
            value=short(to_rdflib(r.value)) if r.value else "",
        )
        for r in results
    ]
    return sorted(f for f in found if f.shape in own)


def covered() -> Iterator[tuple[str, str]]:
    """The shapes and constraint components that some fixture makes fail."""
    for file in invalid_fixtures():
        for finding in expected(file):
            yield finding.shape, finding.component
