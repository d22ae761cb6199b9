"""What the engine tests share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from graph_data import Canary, canary, records

from lakegraph.graph import Oxigraph, QueryService, SnapshotKeeper, WorkerLimits

MEMORY = 400 * 2**20
"""Enough for every honest query here, and soon used up by the others."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Oxigraph]:
    """An empty engine on disk."""
    engine = Oxigraph.open(tmp_path / "graph")
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Canary]:
    """A port that counts who connects."""
    with canary() as found:
        yield found


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oxigraph]:
    """An engine on disk with 300 records, for tests that only read."""
    engine = Oxigraph.open(tmp_path_factory.mktemp("lake") / "graph")
    engine.apply(records(1, 300))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def service(lake: Oxigraph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[QueryService]:
    """Two query workers over that engine."""
    keeper = SnapshotKeeper(lake, tmp_path_factory.mktemp("view") / "snapshots")
    running = QueryService(keeper, WorkerLimits(workers=2, memory=MEMORY, patience=10))
    yield running
    running.close()
