"""The scoreboard of the W3C suites over HTTP: ``python -m tests.http.conformance`` runs them and writes the page."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

import lakegraph
from lakegraph.graph import Change
from tests.conftest import BASE
from tests.http import w3c_graph_store, w3c_protocol, w3c_queries, w3c_updates
from tests.http.conftest import suites
from tests.http.serving import running
from tests.http.w3c_writing import GraphStore

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "reference" / "conformance.md"
_SD = "http://www.w3.org/ns/sparql-service-description#"
_SERVICE = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/service-description/manifest#"
_TESTS = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/"
_PATHS = "http://www.w3.org/2009/sparql/docs/tests/data-sparql11/property-path/manifest#"
_ABSENT = "Oxigraph: a path of length zero from a constant that no graph holds"
_GROUP_CONCAT = "Oxigraph: GROUP_CONCAT of terms that are no strings"
_SCOPE = "Oxigraph: the scope of a GRAPH variable"

EXPECTED: dict[str, str] = {
    **{
        f"{_PATHS}{name}": _ABSENT
        for name in ("zero_or_more_set_start", "zero_or_more_set_end", "zero_or_one_set_start", "zero_or_one_set_end")
    },
    f"{_TESTS}aggregates/manifest#agg-groupconcat-04": _GROUP_CONCAT,
    f"{_TESTS}aggregates/manifest#agg-groupconcat-06": _GROUP_CONCAT,
    f"{_TESTS}aggregates/manifest#agg-empty-group-count-graph": _SCOPE,
    f"{_TESTS}bindings/manifest#graph": _SCOPE,
    f"{_TESTS}negation/manifest#graph-minus": _SCOPE,
    f"{_TESTS}functions/manifest#bnode01": "Oxigraph: BNODE of equal strings is one node in the whole answer",
}
"""Tests that are known to fail, by IRI, with the reason."""


@dataclass(frozen=True)
class Outcome:
    """How one test went; nothing is wrong with one that passed."""

    suite: str
    iri: str
    name: str
    wrong: str


@dataclass(frozen=True)
class Suites:
    """The tests that are run."""

    protocol: list[w3c_protocol.Case]
    queries: list[w3c_queries.Query]
    graph_store: list[w3c_graph_store.Case]
    updates: list[w3c_updates.Case]

    @classmethod
    def read(cls) -> Suites:
        """The tests of the suites' manifests."""
        where = suites()
        return cls(
            w3c_protocol.cases(where), w3c_queries.cases(where), w3c_graph_store.cases(where), w3c_updates.cases(where)
        )


def outcomes(folder: Path, tests: Suites) -> list[Outcome]:
    """The outcome of every test, each against a running server; the lakes that are served are made in *folder*."""
    token = make_lake(folder / "read", tests)
    with running(folder / "read") as (url, _):
        protocol = [_protocol(case, url, token) for case in tests.protocol if not case.writes]
        described = _service_description(url)
        queries = [Outcome(_kind(case), case.iri, case.name, w3c_queries.run(case, url)) for case in tests.queries]
    token = make_lake(folder / "written")
    with running(folder / "written") as (url, _):
        store = GraphStore(url, BASE, token)
        protocol += [_protocol(case, url, token) for case in tests.protocol if case.writes]
        graphs = [
            Outcome("Graph Store Protocol", c.iri, c.name, w3c_graph_store.run(c, store)) for c in tests.graph_store
        ]
        updates = [
            Outcome("Update evaluation" if c.evaluates else "Update syntax", c.iri, c.name, w3c_updates.run(c, store))
            for c in tests.updates
        ]
    asked = sorted([*queries, *updates], key=lambda outcome: outcome.suite)
    return [*protocol, *graphs, *described, *asked]


def _protocol(case: w3c_protocol.Case, url: str, token: str) -> Outcome:
    return Outcome("Protocol", case.iri, case.name, w3c_protocol.run(case, url, token))


def _kind(case: w3c_queries.Query) -> str:
    if case.kind.startswith(("Positive", "Negative")):
        return "Query syntax"
    return "Result formats" if case.area.endswith("-res") else "Query evaluation"


def _service_description(url: str) -> list[Outcome]:
    """The three tests of the service description, which their manifest states in words only."""
    import urllib.request

    with urllib.request.urlopen(f"{url}/sparql", timeout=30) as response:
        media_type, body = response.headers["Content-Type"].partition(";")[0], response.read()
    syntax = ox.RdfFormat.from_media_type(media_type)
    said = (
        {(str(q.subject), str(q.predicate), str(q.object)) for q in ox.parse(body, format=syntax)} if syntax else set()
    )
    types = {(s, o) for s, p, o in said if p.endswith("#type>")}
    services = {s for s, o in types if o == f"<{_SD}Service>"}
    results = [
        ("returns-rdf", "GET on endpoint returns RDF", "" if said else f"{media_type} is not RDF"),
        ("has-endpoint-triple", "Service description contains a matching sd:endpoint triple",
         "" if any(p == f"<{_SD}endpoint>" and o == f"<{url}/sparql>" for _, p, o in said) else "no such triple"),
        ("conforms-to-schema", "Service description conforms to schema",
         "; ".join(_breaks_schema(said, types)) if services else "no sd:Service"),
    ]  # fmt: skip
    return [Outcome("Service description", _SERVICE + name, title, wrong) for name, title, wrong in results]


_SCHEMA = {
    "endpoint": ("Service", None),
    "defaultDataset": ("Service", "Dataset"),
    "defaultGraph": ("Dataset", "Graph"),
    "feature": ("Service", None),
    "resultFormat": ("Service", None),
    "supportedLanguage": ("Service", None),
}
"""Domain and range of the properties that a description may use (SPARQL 1.1 Service Description, section 3)."""


def _breaks_schema(said: set[tuple[str, str, str]], types: set[tuple[str, str]]) -> list[str]:
    wrong = []
    for s, p, o in said:
        name = p[1:-1].removeprefix(_SD)
        if not p.startswith(f"<{_SD}"):
            continue
        if name not in _SCHEMA:
            wrong.append(f"sd:{name} is not known")
            continue
        domain, range_ = _SCHEMA[name]
        if (s, f"<{_SD}{domain}>") not in types:
            wrong.append(f"{s} is no sd:{domain}")
        if range_ and (o, f"<{_SD}{range_}>") not in types:
            wrong.append(f"{o} is no sd:{range_}")
    return wrong


def page(found: list[Outcome]) -> str:
    """The page of the scoreboard."""
    lines = [
        "# Conformance over HTTP",
        "",
        "Written by `python -m tests.http.conformance`, which runs the W3C suites against a running server; a test",
        "holds this page to what a run gives. Every test that fails is named with the reason. Updates that do not say",
        "their dataset are given that of the test by `using-graph-uri`, as queries by `default-graph-uri`: without it,",
        "WHERE is asked of the whole lake.",
        "",
        "| suite | passed | of |",
        "|---|---:|---:|",
    ]
    for suite in dict.fromkeys(outcome.suite for outcome in found):
        mine = [outcome for outcome in found if outcome.suite == suite]
        lines.append(f"| {suite} | {sum(not outcome.wrong for outcome in mine)} | {len(mine)} |")
    lines += ["", "## What fails", "", "| test | reason | what was seen |", "|---|---|---|"]
    lines += [
        f"| <{outcome.iri}> | {EXPECTED.get(outcome.iri, 'not expected')} | {outcome.wrong} |"
        for outcome in found
        if outcome.wrong
    ]
    return "\n".join(lines) + "\n"


def make_lake(directory: Path, tests: Suites | None = None) -> str:
    """Make a lake in *directory* whose graph holds the data of *tests* besides; a token for stewards."""
    with lakegraph.init(directory, base=BASE) as lake:
        if tests:
            graphs = w3c_protocol.quads(tests.protocol) | w3c_queries.quads(tests.queries)
            lake._projector.graph.apply([Change(0, add) for add in graphs.values()])
        return lake.tokens.create("w3c", ["steward"])[1]


def main() -> None:
    """Run everything and write the page."""
    tests = Suites.read()
    with tempfile.TemporaryDirectory() as folder:
        found = outcomes(Path(folder), tests)
    PAGE.write_text(page(found), encoding="utf-8")
    wrong = surprises(found)
    sys.stderr.write("\n".join(wrong))
    sys.exit(bool(wrong))


def surprises(found: list[Outcome]) -> list[str]:
    """Tests that went otherwise than is expected of them."""
    return [
        f"{outcome.iri}: {outcome.wrong or 'passes, and is not expected to'}"
        for outcome in found
        if bool(outcome.wrong) != (outcome.iri in EXPECTED)
    ]


if __name__ == "__main__":
    main()
