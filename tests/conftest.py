"""Fixtures: a lake in an empty directory, and the documents of the worked example."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lakegraph
from lakegraph import resources
from lakegraph.bootstrap import LocalLake

BASE = "https://lake.example.org/"


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[LocalLake]:
    """An empty lake."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as opened:
        yield opened


def example(name: str) -> dict[str, Any]:
    """One document of the worked example, such as ``"03-train"``."""
    found: dict[str, Any] = json.loads(resources.text(f"ontology/examples/diabetes/{name}.json"))
    return found


def examples() -> list[dict[str, Any]]:
    """The documents of the worked example, in order."""
    return [json.loads(path.read_text()) for path in resources.files("ontology/examples/diabetes", ".json")]


@pytest.fixture
def diabetes(lake: LocalLake) -> LocalLake:
    """A lake that holds the worked example."""
    for document in examples():
        lake.record(document)
    return lake


def quads(lake: LocalLake, directory: Path) -> list[bytes]:
    """Every quad of the lake's graph, sorted."""
    file = directory / "dump.nq"
    with file.open("wb") as out:
        lake.dump(out)
    return sorted(file.read_bytes().splitlines())
