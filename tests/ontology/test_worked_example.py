"""The worked example, the Diabetes project of Figure 4: its documents become exactly its Turtle."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import DCTERMS, RDF, SKOS

from lakegraph.model import parse
from lakegraph.rdf.identify import Identifier
from lakegraph.rdf.mapper import mapper
from lakegraph.rdf.terms import Triple

BASE = "https://lake.example.org/"
LAKE = "https://w3id.org/lakegraph/ns#"
DCAT = "http://www.w3.org/ns/dcat#"
DQV = "http://www.w3.org/ns/dqv#"
DIGEST = re.compile(r"-[0-9a-f]{8}>")


class Growing:
    """What a lake knows while the example is recorded: versions and columns, added by each record."""

    def __init__(self) -> None:
        self.versions: dict[str, str] = {}
        self.columns: dict[str, str] = {}

    def current(self, hub: str) -> str | None:
        return self.versions.get(hub)

    def agent(self, slug: str) -> str | None:
        return None

    def attribute(self, datasets: list[str], name: str) -> str | None:
        return self.columns.get(name)

    def learn(self, triples: list[Triple]) -> None:
        for s, p, o in triples:
            if p == f"<{DCAT}isVersionOf>":
                self.versions[o[1:-1]] = s[1:-1]
            if p == f"<{LAKE}hasAttribute>":
                self.columns[o[1:-1].rpartition("/")[2]] = o[1:-1]


def documents(folder: Path) -> list[Path]:
    return sorted((folder / "examples" / "diabetes").glob("*.json"))


def normal(triples: set[Triple]) -> set[Triple]:
    """Without the digests in IRIs, which change with every field that a document gains."""
    return {(DIGEST.sub(">", s), p, DIGEST.sub(">", o)) for s, p, o in triples}


@pytest.fixture(scope="module")
def recorded(folder: Path) -> set[Triple]:
    """What the seven documents say, recorded one after the other."""
    names, found = Growing(), set[Triple]()
    for file in documents(folder):
        tree = Identifier(BASE, names).tree(parse(json.loads(file.read_text(encoding="utf-8"))))
        triples = mapper().triples(tree)
        names.learn(triples)
        found.update(triples)
    return found


@pytest.fixture(scope="module")
def example(folder: Path) -> Graph:
    """diabetes.ttl."""
    return Graph().parse(folder / "examples" / "diabetes.ttl")


def test_seven_documents(folder: Path) -> None:
    """From the ingest to the monitoring, in the order in which things happened."""
    found = [json.loads(f.read_text(encoding="utf-8")) for f in documents(folder)]
    assert [d["type"] for d in found] == [
        "Ingest", "Process", "TrainingRun", "ReviewRun", "StageChange", "DeploymentRun", "MonitoringRun",
    ]  # fmt: skip
    times = [d["startedAt"] for d in found]
    assert times == sorted(times)


def test_documents_become_the_turtle(folder: Path, recorded: set[Triple]) -> None:
    """The Turtle holds every statement of the records; what it has besides is the ledger's and the directory's."""
    store = ox.Store()  # folds numbers as the lake does
    store.load(path=str(folder / "examples" / "diabetes.ttl"), format=ox.RdfFormat.TURTLE)
    in_turtle = normal({(str(q.subject), str(q.predicate), str(q.object)) for q in store})
    from_documents = normal(recorded)
    assert not from_documents - in_turtle
    besides = {s.removeprefix(f"<{BASE}id/").rstrip(">") for s, _, _ in in_turtle - from_documents}
    runs = {"ing-1", "prc-1", "trn-1", "rev-1", "stg-1", "dep-1", "mon-1"}
    hubs = {"dataset/diabetes", "model/diabet-predictor"}
    assert besides == {"user/bob", "user/tim"} | hubs | {f"run/{r}/bundle" for r in runs}


def test_no_blank_nodes(example: Graph) -> None:
    """Every node has an IRI."""
    assert all(isinstance(s, URIRef) for s in example.subjects())


def test_concepts_exist(example: Graph, vocabulary_graph: Graph) -> None:
    """Every concept that the example names is in a vocabulary."""
    named = {o for o in example.objects() if o.startswith("https://w3id.org/lakegraph/voc/")}
    assert len(named) >= 20
    assert all((o, RDF.type, SKOS.Concept) in vocabulary_graph for o in named)


def test_the_panels_of_figure_4(example: Graph) -> None:
    """Every value of the four Properties and Meta-data panels is stated."""
    texts = {str(o) for o in example.objects()}
    for shown in (
        "Diabetes", "https://archive.ics.uci.edu/", "usr/Bob/data/medicine/diabetesV0.csv", "2024-02-25",
        "Diabetes patient records were obtained from two sources…", "1.3GB", "healthcare", "Time-Series",
        "Diabet Predictor", "usr/cf/diabetesPrediction/modelDP.pkl",
        "This is a trained model for diabetes prediction based on….", "2024-04-17", "0.9354", "rbf", "2.3",
        "usr/Tim/diabetesPrediction/modelDP.py",
    ):  # fmt: skip
        assert shown in texts, shown
    measured = {
        str(o).rpartition("/")[2]: str(example.value(s, URIRef(DQV + "value")))
        for s, o in example.subject_objects(URIRef(DQV + "isMeasurementOf"))
        if "/metafeature/" in o
    }
    assert measured == {
        "numberOfInstances": "2358", "numberOfAttributes": "45", "meanMeansOfNumericFeas": "0.4124",
        "meanStdDevOfNumericFeas": "5.3582",
    }  # fmt: skip
    titles = {str(example.value(s, DCTERMS.title)) for s in example.subjects(URIRef(LAKE + "administrator"))}
    assert titles == {"Diabetes", "Diabet Predictor"}
