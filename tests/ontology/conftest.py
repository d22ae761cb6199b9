"""Where the ontology's files are, and other people's vocabularies to test against."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Graph

from lakegraph import resources
from tests.suites import SUITES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def folder() -> Path:
    """The folder ontology/."""
    return resources.path("ontology")


@pytest.fixture(scope="session")
def ontology_graph(folder: Path) -> Graph:
    """lakegraph.ttl by itself."""
    return Graph().parse(folder / "lakegraph.ttl")


@pytest.fixture(scope="session")
def vocabulary_graph(folder: Path) -> Graph:
    """All vocabularies together."""
    graph = Graph()
    for file in sorted((folder / "vocabularies").glob("*.ttl")):
        graph.parse(file)
    return graph


@pytest.fixture(scope="session")
def alignment_graph(folder: Path) -> Graph:
    """All alignments together."""
    graph = Graph()
    for file in sorted((folder / "alignments").glob("*.ttl")):
        graph.parse(file)
    return graph


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder that holds suites/, ontologies/ and profiles/ of other people; skips where it is absent."""
    if not (SUITES.parent / "ontologies").is_dir():
        pytest.skip("other people's vocabularies are not here: set LAKEGRAPH_SUITES")
    return SUITES.parent


@pytest.fixture(scope="session")
def others(shared: Path) -> Path:
    """The folder of other people's vocabularies."""
    return shared / "ontologies"
