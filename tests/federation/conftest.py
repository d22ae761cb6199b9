"""Fixtures: a lake that may ask loopback, and catalogs of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from tests.conftest import BASE

LOCAL = {"local": ["127.0.0.0/8"], "fresh_seconds": 0, "seconds": 20}


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[LocalLake]:
    """An empty lake whose operator lists loopback."""
    lakegraph.init(tmp_path / "lake", base=BASE).close()
    with lakegraph.open(tmp_path / "lake", federation=LOCAL) as lake:
        yield lake
