"""The W3C SHACL test suite, compared by whole reports."""

from __future__ import annotations

import pytest

from lakegraph.errors import DataFileError
from lakegraph.validation import Gate, MemoryStatements, ShapeSet
from tests.validation import w3c_suite as w3c

if not w3c.TESTS.is_dir():
    pytest.skip(f"the W3C SHACL suite is not at {w3c.TESTS} (set LAKEGRAPH_SUITES)", allow_module_level=True)

CORE = w3c.cases("core")
SPARQL = w3c.cases("sparql")


def test_the_suite_is_complete():
    """All 98 core tests and all 23 SPARQL tests are found."""
    assert len(CORE) == 98
    assert len(SPARQL) == 23


EXPECTED_FAILURES = {
    "sparql/pre-binding/shapesGraph-001": "pySHACL does not support $shapesGraph, which SHACL makes optional",
}
"""Tests that fail, by IRI, with the reason."""
PYSHACL_FAILURES = {
    "core/property/uniqueLang-002": 'pySHACL takes "1"^^xsd:boolean for true; the standard names only true',
}


def report_of(case, engine="compiled"):
    data = w3c.graph_of(case.data)
    gate = Gate(ShapeSet(w3c.graph_of(case.shapes)), w3c.hierarchy(data), engine=engine)
    return w3c.rows_of(list(gate.validate(MemoryStatements(data.triples), w3c.nodes_of(data.triples))))


@pytest.mark.parametrize("case", CORE, ids=lambda case: case.iri)
def test_core(case):
    """The compiled engine gives exactly the expected report."""
    assert report_of(case) == w3c.expected_rows(case)


@pytest.mark.parametrize("case", [c for c in CORE if "/complex/" not in c.iri], ids=lambda case: case.iri)
def test_core_by_the_judge(case):
    """pySHACL, as it is called here, gives the expected report too: the judge of the compiled engine is fit for it."""
    assert (report_of(case, "pyshacl") == w3c.expected_rows(case)) is (case.iri not in PYSHACL_FAILURES)


@pytest.mark.parametrize("case", SPARQL, ids=lambda case: case.iri)
def test_sparql(case, request):
    """Shapes with SPARQL find their way to pySHACL, and its report or its refusal is the expected one."""
    if case.iri in EXPECTED_FAILURES:
        request.applymarker(pytest.mark.xfail(reason=EXPECTED_FAILURES[case.iri]))
    if case.expected == w3c.FAILURE:
        with pytest.raises(DataFileError, match="pySHACL cannot run"):
            report_of(case)
    else:
        assert report_of(case) == w3c.expected_rows(case)
