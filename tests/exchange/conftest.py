"""Fixtures: the worked example as parts of a lake, and one bundle of it that many tests damage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.exchange.bundle import Written, write_bundle
from lakegraph.exchange.parts import LakeParts
from tests.conftest import BASE, examples

MODEL = f"{BASE}id/model/diabet-predictor/1"


def parts_of(lake: LocalLake) -> LakeParts:
    assert lake.directory is not None
    return LakeParts(lake.journal, lake._projector.graph, lake.people, lake.directory, lake.resolve)


@pytest.fixture(scope="session")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalLake]:
    """A lake that holds the worked example, for tests that record nothing."""
    with lakegraph.init(tmp_path_factory.mktemp("worked") / "lake", base=BASE) as lake:
        for document in examples():
            lake.record(document)
        yield lake


@pytest.fixture(scope="session")
def parts(worked: LocalLake) -> LakeParts:
    """The parts of this lake."""
    return parts_of(worked)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A bundle of the model of the worked example, in a lake with one more record and an older checkpoint."""
    where = tmp_path_factory.mktemp("bundle")
    with lakegraph.init(where / "lake", base=BASE) as lake:
        parts = parts_of(lake)
        for number, document in enumerate(examples()):
            lake.record(document)
            if number == 3:
                ring = parts.keys()
                (where / "older.txt").write_text(parts.checkpointer(ring).sign().note)
        lake.record({"type": "Study", "title": "Something else", "description": "It has nothing to do with the model."})
        exports = {"story.txt": lambda story: iter([b"\n".join(t.encode() for t in story.things), b"\n"])}
        return write_bundle(parts, ["Diabet Predictor@1"], where / "evidence.zip", exports=exports)
