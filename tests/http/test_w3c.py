"""The W3C suites against a running server: protocols, service description, queries, updates, result formats."""

from __future__ import annotations

from pathlib import Path

from tests.http.conformance import EXPECTED, PAGE, Suites, outcomes, page, surprises


def test_the_suites_and_the_page(tmp_path: Path) -> None:
    """Every test goes as expected, each that fails is named with its reason, and the page tells just that."""
    tests = Suites.read()
    found = outcomes(tmp_path, tests)
    assert surprises(found) == []
    assert set(EXPECTED) <= {outcome.iri for outcome in found}
    assert PAGE.read_text(encoding="utf-8") == page(found), "run: python -m tests.http.conformance"
