"""The worked example, from documents through the real mapper and inference into the index."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from lakegraph import resources
from lakegraph.index import Fragment, Index
from lakegraph.model import parse
from lakegraph.rdf.identify import Identifier
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.mapper import mapper
from lakegraph.rdf.namespaces import DCAT
from lakegraph.rdf.terms import Triple
from tests.index.records import iri, names


class _Names:
    """Names as the example needs them: the last version, and columns below the data sets that are given."""

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}

    def current(self, hub: str) -> str | None:
        return self.versions.get(hub)

    def agent(self, slug: str) -> str | None:
        return iri(f"user/{slug}") if slug in ("tim", "bob") else None

    def attribute(self, datasets: Sequence[str], name: str) -> str | None:
        return f"{datasets[0]}/attribute/{name}"


@pytest.fixture(scope="module")
def index() -> Index:
    """The index of the seven records of the worked example."""
    known, made = _Names(), Index.open(None)
    identifier = Identifier("https://lake.example.org/", known)
    said: list[Triple] = []
    for seq, file in enumerate(resources.files("ontology/examples/diabetes", ".json"), 1):
        tree = identifier.tree(parse(json.loads(file.read_text(encoding="utf-8"))))
        triples = mapper().triples(tree)
        said += triples
        inferred = reasoner().infer(triples)
        made.apply([Fragment(seq, f"2024-05-0{seq}T00:00:00Z", tree["id"], f"{tree['id']}/bundle", triples + inferred)])
        known.versions.update({o[1:-1]: s[1:-1] for s, p, o in triples if p == DCAT.isVersionOf})
    return made


def test_every_record_is_a_run_of_its_kind(index: Index) -> None:
    """The newest first by the time at which it happened, not by the time of recording."""
    assert [hit.kind for hit in index.latest("run")] == [
        "monitoring", "deployment-run", "stage-change", "review", "training", "process", "ingest"
    ]  # fmt: skip


def test_the_model_is_found_by_everything_that_is_known_of_it(index: Index) -> None:
    """Title, parts of its file's name, algorithm, tag, owner, stage after the change, checksum."""
    model = "model/diabet-predictor/1"
    for text in ("Diabet Predictor", "modelDP.pkl", "svm", "trained prediction"):
        assert model in names(index.search(text, kind="model").hits)
    (hit,) = index.search(kind="model", owner="tim", stage="production", algorithm="svm", level="internal").hits
    assert names([hit]) == [model]
    assert hit.paths == ("usr/cf/diabetesPrediction/modelDP.pkl",)
    assert names(index.lookup(hit.checksums[0])) == [model]
    assert names(index.lookup("Diabet Predictor")) == [model]


def test_the_data_sets_versions_and_source_stand_apart(index: Index) -> None:
    """Both versions under one hub, and the source of the same title as a source."""
    assert [hit.version for hit in index.versions(iri("dataset/diabetes"))] == ["1", "0"]
    assert {hit.kind for hit in index.lookup("diabetes")} == {"source", "dataset"}
    assert names(index.lookup("Diabetes@0")) == ["dataset/diabetes/0"]
    assert names(index.search("archive.ics.uci.edu").hits) == ["source/diabetes"]


def test_what_was_measured_is_on_the_board(index: Index) -> None:
    """The evaluation of the training run, and not the observation of the monitoring run."""
    (score,) = index.leaderboard("accuracy", dataset=iri("dataset/diabetes/1")).scores
    assert (score.title, score.value) == ("Diabet Predictor", 0.9354)
    assert [(m.label, m.count) for m in index.mean_by("accuracy")] == [("svm", 1)]


def test_people_are_no_things_of_the_index(index: Index) -> None:
    """Records name them by IRI, and only the directory makes them known."""
    assert index.exists(iri("user/tim")) is None
    assert "user" not in index.counts()
