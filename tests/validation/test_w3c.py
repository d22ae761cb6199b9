"""The W3C SHACL test suite, compared by whole reports."""

from __future__ import annotations

import pytest

from lakegraph.validation.gate import Gate
from lakegraph.validation.shape_set import ShapeSet
from lakegraph.validation.statements import MemoryStatements

from tests.validation import w3c_suite as w3c

if not w3c.TESTS.is_dir():
    pytest.skip(f"the W3C SHACL suite is not at {w3c.TESTS} (set LAKEGRAPH_SUITES)", allow_module_level=True)

CORE = w3c.cases("core")
SPARQL = w3c.cases("sparql")


def test_the_suite_is_complete():
    """All 98 core tests and all 23 SPARQL tests are found."""
    assert len(CORE) == 98
    assert len(SPARQL) == 23


@pytest.mark.parametrize("case", CORE, ids=lambda case: case.iri)
def test_core(case):
    """The compiled engine gives exactly the expected report."""
    data = w3c.graph_of(case.data)
    shapes = ShapeSet(w3c.graph_of(case.shapes))
    gate = Gate(shapes, w3c.hierarchy(data))
    results = list(gate.validate(MemoryStatements(data.triples), w3c.nodes_of(list(data.triples))))
    assert w3c.rows_of(results) == w3c.expected_rows(case)
