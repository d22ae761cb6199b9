"""Fixtures of the tests of capture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture.support import GateLake, PaperLake

PATIENTS = """age,sex,glucose,outcome
50,f,148,1
31,m,85,0
32,f,,1
21,m,89,0
"""


@pytest.fixture
def paper() -> PaperLake:
    """A lake that keeps every document that parses."""
    return PaperLake()


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[GateLake]:
    """A lake in memory that refuses what a real one refuses."""
    made = GateLake(tmp_path)
    yield made
    made.close()


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    """A small table with a missing value."""
    file = tmp_path / "patients.csv"
    file.write_text(PATIENTS, encoding="utf-8")
    return file
