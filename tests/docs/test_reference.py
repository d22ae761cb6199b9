"""The reference pages say what is true now."""

from __future__ import annotations

from pathlib import Path

import pytest

from lakegraph.cli.reference import pages

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", list(pages()))
def test_pages_are_as_the_code_would_write_them_now(name: str) -> None:
    """Changed a command, question, setting or error? `make docs` writes its page again."""
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name](), f"{name} is out of date: make docs"
