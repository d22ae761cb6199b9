"""Fixtures of the questions' tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from lakes import TestLake, diabetes


@pytest.fixture(scope="session")
def worked() -> TestLake:
    """The worked example; tests only read it."""
    return diabetes()
