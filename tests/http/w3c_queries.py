"""The W3C tests of SPARQL 1.1 queries over HTTP: each data file is a graph of the lake under its own address."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pyoxigraph as ox
import rdflib
from rdflib.collection import Collection
from rdflib.plugins.sparql.results.rdfresults import RDFResultParser

MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
FOLDER = "rdf-tests/sparql/sparql11"
MANIFESTS = ("manifest-sparql11-query.ttl", "manifest-sparql11-results.ttl")
_BASE = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
_JSON, _TRIPLES = "application/sparql-results+json", "application/n-triples"
_ANYTHING = f"{_JSON}, {_TRIPLES}"
_NO_DATA = "urn:x:nothing"

Term = tuple[object, ...] | None
Row = tuple[Term, ...]


@dataclass(frozen=True)
class Query:
    """One test."""

    iri: str
    name: str
    kind: str
    file: Path
    data: tuple[Path, ...]
    named: tuple[Path, ...]
    result: Path | None
    folder: Path

    @property
    def area(self) -> str:
        """The folder that it stands in."""
        return self.file.parent.name

    def address(self, file: Path) -> str:
        """The IRI of one of the suite's files."""
        return _BASE + file.relative_to(self.folder).as_posix()


def cases(suites: Path) -> list[Query]:
    """Every query test but those of federation and entailment, in the order of the manifests."""
    folder = suites / FOLDER
    return [case for name in MANIFESTS for case in _included(folder / name, folder)]


def _included(manifest: Path, folder: Path) -> Iterator[Query]:
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


def _case(graph: rdflib.Graph, node: rdflib.term.Node, folder: Path) -> Query:
    action, result = graph.value(node, MF.action), graph.value(node, MF.result)
    query = graph.value(action, QT.query)
    return Query(
        iri=str(node)
        if str(node).startswith("http")
        else _BASE + _path(node).relative_to(folder).as_posix() + f"#{str(node).rpartition('#')[2]}",
        name=str(graph.value(node, MF.name)),
        kind=str(graph.value(node, rdflib.RDF.type)).rpartition("#")[2],
        file=_path(query if query is not None else action),
        data=tuple(sorted(_path(data) for data in graph.objects(action, QT.data))),
        named=tuple(sorted(_path(data) for data in graph.objects(action, QT.graphData))),
        result=None if result is None else _path(result),
        folder=folder,
    )


def quads(cases: Sequence[Query]) -> dict[str, bytes]:
    """Every data file that stands beside the queries, as a graph under its address, in N-Quads."""
    found = {}
    for folder in sorted({case.file.parent for case in cases}):
        for file in sorted((*folder.glob("*.ttl"), *folder.glob("*.nt"), *folder.glob("*.rdf"))):
            if not file.name.startswith("manifest"):
                name = cases[0].address(file)
                found[name] = _as_graph(file, name)
    return found


def _as_graph(file: Path, name: str) -> bytes:
    syntax = ox.RdfFormat.from_extension(file.suffix[1:])
    parsed = ox.parse(path=str(file), format=syntax, base_iri=name, rename_blank_nodes=True)
    stated = [ox.Quad(q.subject, q.predicate, q.object, ox.NamedNode(name)) for q in parsed]
    return ox.serialize(stated, format=ox.RdfFormat.N_QUADS) or b""


def run(case: Query, url: str) -> str:
    """Ask the query of *case* at the service at *url*; what went wrong, or nothing."""
    text = f"BASE <{case.address(case.file)}>\n{case.file.read_text(encoding='utf-8')}"
    if case.kind.startswith(("Positive", "Negative")):
        return _syntax(case, *_ask(url, text, [], _ANYTHING))
    graphs = [("default-graph-uri", case.address(file)) for file in case.data]
    graphs += [("named-graph-uri", case.address(file)) for file in case.named]
    if re.search(r"^\s*FROM\b", text, re.IGNORECASE | re.MULTILINE):
        graphs = []  # the query says itself what it is asked of
    elif not graphs:
        graphs = [("default-graph-uri", _NO_DATA)]
    accept = "text/csv" if case.kind.startswith("CSV") else _ANYTHING
    status, body, media_type = _ask(url, text, graphs, accept)
    if status != 200:
        return f"{status} {_reason(body)}"
    assert case.result is not None
    if accept == "text/csv":
        return "" if _csv(body) == _csv(case.result.read_bytes()) else "other rows"
    if media_type == _TRIPLES:
        return "" if _statements(body, ox.RdfFormat.N_TRIPLES) == _expected_statements(case) else "other statements"
    return "" if _same(_results(body, ox.QueryResultsFormat.JSON), _expected(case)) else "other results"


def _syntax(case: Query, status: int, body: bytes, _: str) -> str:
    """What is wrong with an answer that is about syntax alone: a query that was read may still fail."""
    malformed = status == 400 and not _reason(body).startswith("The query failed")
    return "" if malformed == case.kind.startswith("Negative") else f"{status} {_reason(body)}"


def _ask(url: str, text: str, graphs: Sequence[tuple[str, str]], accept: str) -> tuple[int, bytes, str]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    try:
        headers = {"Accept": accept, "Content-Type": "application/sparql-query; charset=utf-8"}
        connection.request("POST", f"/sparql?{urlencode(graphs)}", text.encode(), headers)
        response = connection.getresponse()
        return response.status, response.read(), (response.headers["Content-Type"] or "").partition(";")[0]
    finally:
        connection.close()


def _reason(body: bytes) -> str:
    return str(json.loads(body).get("detail", "")) if body.startswith(b"{") else ""


@cache
def _number(datatype: str) -> bool:
    return datatype.rpartition("#")[2] in (
        "integer", "decimal", "double", "float", "int", "long", "nonNegativeInteger", "negativeInteger",
    )  # fmt: skip


def _term(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None) -> Term:
    """A term such that equal ones are equal; numbers by value, blank nodes by a name of their own."""
    if term is None:
        return None
    if isinstance(term, ox.BlankNode):
        return ("blank", term.value)
    if isinstance(term, ox.Literal):
        datatype, said = term.datatype.value, term.value
        if _number(datatype):
            try:
                exact = datatype.endswith(("double", "float"))
                # The engine keeps the value of a derived integer type, and not its name.
                kind = "float" if exact else "decimal" if datatype.endswith("decimal") else "integer"
                return ("number", kind, float(said) if exact else Decimal(said).normalize())
            except ArithmeticError:
                pass
        if datatype.endswith("#boolean"):
            said = {"0": "false", "1": "true"}.get(said, said)
        return ("literal", said, datatype, (term.language or "").lower())
    return ("iri", str(term))


def _results(body: bytes, syntax: ox.QueryResultsFormat) -> bool | list[Row]:
    parsed = ox.parse_query_results(body, format=syntax)
    if isinstance(parsed, ox.QueryBoolean):
        return bool(parsed)
    names = sorted(variable.value for variable in parsed.variables)
    return [tuple(_term(row[name]) for name in names) for row in parsed]


def _expected(case: Query) -> bool | list[Row]:
    assert case.result is not None
    syntax = ox.QueryResultsFormat.from_extension(case.result.suffix[1:])
    if syntax is not None:
        return _results(case.result.read_bytes(), syntax)
    form = "turtle" if case.result.suffix == ".ttl" else "xml"
    with case.result.open("rb") as source:
        parsed = RDFResultParser().parse(source, format=form)
    if parsed.type == "ASK":
        return bool(parsed.askAnswer)
    variables = sorted(parsed.vars or (), key=str)
    return [tuple(_from_rdflib(row.get(variable)) for variable in variables) for row in parsed.bindings]


def _from_rdflib(term: rdflib.term.Node | None) -> Term:
    if term is None:
        return None
    if isinstance(term, rdflib.Literal):
        kind = ox.NamedNode(str(term.datatype)) if term.datatype else None
        return _term(ox.Literal(str(term), datatype=kind, language=term.language))
    if isinstance(term, rdflib.BNode):
        return ("blank", str(term))
    return ("iri", f"<{term}>")


def _same(found: bool | list[Row], expected: bool | list[Row]) -> bool:
    """Whether two answers are the same, in whatever order, under some renaming of blank nodes."""
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if Counter(map(_shape, found)) != Counter(map(_shape, expected)):
        return False
    return _match(sorted(found, key=lambda row: str(_shape(row))), list(expected), {})


def _shape(row: Row) -> Row:
    return tuple(("blank",) if term and term[0] == "blank" else term for term in row)


def _match(found: list[Row], expected: list[Row], names: Mapping[str, str]) -> bool:
    if not found:
        return True
    first, *rest = found
    for index, row in enumerate(expected):
        renamed = _rename(first, row, names)
        if renamed is not None and _match(rest, expected[:index] + expected[index + 1 :], renamed):
            return True
    return False


def _rename(row: Row, other: Row, names: Mapping[str, str]) -> Mapping[str, str] | None:
    """*names* with what makes *row* equal *other*; nothing where that cannot be."""
    if _shape(row) != _shape(other):
        return None
    found = dict(names)
    for term, target in zip(row, other, strict=True):
        if term and target and term[0] == "blank":
            a, b = str(term[1]), str(target[1])
            if found.setdefault(a, b) != b or list(found.values()).count(b) > 1:
                return None
    return found


def _statements(body: bytes, syntax: ox.RdfFormat, base: str | None = None) -> set[str]:
    dataset = ox.Dataset(ox.parse(body, format=syntax, base_iri=base))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in dataset}


def _expected_statements(case: Query) -> set[str]:
    assert case.result is not None
    syntax = ox.RdfFormat.from_extension(case.result.suffix[1:])
    assert syntax is not None
    return _statements(case.result.read_bytes(), syntax, case.address(case.result))


def _csv(body: bytes) -> list[list[object]]:
    """The rows of a table, its columns by name; blank nodes are alike, and numbers count by value."""
    head, *rows = csv.reader(io.StringIO(body.decode()))
    order = sorted(range(len(head)), key=head.__getitem__)
    return [[head[n] for n in order], *sorted([_cell(row[n]) for n in order] for row in rows)]


def _cell(text: str) -> str:
    if text.startswith("_:"):
        return "_:"
    try:
        return str(Decimal(text).normalize())
    except ArithmeticError:
        return text
