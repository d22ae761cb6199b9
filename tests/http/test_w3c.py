"""The W3C suites against a running server: protocol, service description, queries and their result formats."""

from __future__ import annotations

from pathlib import Path

from tests.http.conformance import EXPECTED, PAGE, Suites, make_lake, outcomes, page, surprises
from tests.http.serving import running


def test_the_suites_and_the_page(tmp_path: Path) -> None:
    """Every test goes as expected, each that fails is named with its reason, and the page tells just that."""
    tests = Suites.read()
    make_lake(tmp_path / "lake", tests)
    with running(tmp_path / "lake") as (url, _):
        found = outcomes(url, tests)
    assert surprises(found) == []
    assert set(EXPECTED) <= {outcome.iri for outcome in found}
    assert PAGE.read_text(encoding="utf-8") == page(found), "run: python -m tests.http.conformance"
