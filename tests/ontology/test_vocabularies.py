"""Every concept of the vocabularies is complete, in its scheme, of its class, and matched with what exists."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import DCTERMS, RDF, SKOS, XSD

LAKE = "https://w3id.org/lakegraph/ns#"
VOC = "https://w3id.org/lakegraph/voc/"
DQV = "http://www.w3.org/ns/dqv#"
SCHEMES = {
    "tag": "Tag", "job-title": "JobTitle", "security-level": "SecurityLevel", "lifecycle-stage": "LifecycleStage",
    "ingestion-mode": "IngestionMode", "operation-type": "OperationType", "task-type": "TaskType",
    "analysis-type": "AnalysisType", "run-status": "RunStatus", "decision": "Decision", "dataset-type": "DatasetType",
    "split-role": "SplitRole", "peer-kind": "PeerKind", "measure": "EvaluationMeasure",
    "procedure": "EvaluationProcedure",
    "algorithm": "Algorithm", "metafeature": "Metafeature", "attribute-metafeature": "Metafeature",
    "quality-dimension": "QualityDimension", "quality-metric": "QualityMetric",
    "relationship-metric": "RelationshipMetric",
}  # fmt: skip
GROUPING = URIRef(VOC + "operation-type/selectsOrImputes")


def concepts(graph: Graph, scheme: str) -> list[URIRef]:
    return sorted(s for s in graph.subjects(SKOS.inScheme, URIRef(VOC + scheme)) if isinstance(s, URIRef))


def test_one_file_for_each_scheme(folder: Path) -> None:
    """The file of a scheme has the scheme's name."""
    assert {f.stem for f in (folder / "vocabularies").glob("*.ttl")} == set(SCHEMES)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_concepts_are_complete(vocabulary_graph: Graph, scheme: str) -> None:
    """Typed as a concept and as its class, with notation, label, definition and place in the scheme."""
    graph, mine = vocabulary_graph, URIRef(VOC + scheme)
    assert (mine, RDF.type, SKOS.ConceptScheme) in graph
    assert graph.value(mine, DCTERMS.title)
    assert graph.value(mine, DCTERMS.source)
    found = concepts(graph, scheme)
    assert len(found) >= 3
    for concept in found:
        types = set(graph.objects(concept, RDF.type))
        definition = str(graph.value(concept, SKOS.definition))
        assert concept.startswith(f"{mine}/")
        assert re.fullmatch(r"[A-Z].*\.", definition), concept
        assert len(list(graph.objects(concept, SKOS.prefLabel))) == 1
        if concept == GROUPING:
            assert types == {SKOS.Concept}
            assert graph.value(concept, SKOS.notation) is None
            continue
        assert types == {SKOS.Concept, URIRef(LAKE + SCHEMES[scheme])}, concept
        assert str(graph.value(concept, SKOS.notation)) == concept.removeprefix(f"{mine}/")
        top, broader = graph.value(concept, SKOS.topConceptOf), graph.value(concept, SKOS.broader)
        assert top == mine or broader is not None, concept


def test_nothing_stands_outside_a_scheme(vocabulary_graph: Graph) -> None:
    """Every concept is in exactly one of the schemes above."""
    for concept in set(vocabulary_graph.subjects(RDF.type, SKOS.Concept)):
        schemes = list(vocabulary_graph.objects(concept, SKOS.inScheme))
        assert [s.removeprefix(VOC) in SCHEMES for s in schemes] == [True], concept


def test_a_notation_means_one_thing(vocabulary_graph: Graph) -> None:
    """Within a class, documents write each concept differently, whatever the case of the letters."""
    for name in set(SCHEMES.values()):
        members = vocabulary_graph.subjects(RDF.type, URIRef(LAKE + name))
        notations = [str(vocabulary_graph.value(m, SKOS.notation)).lower() for m in members]
        assert len(notations) == len(set(notations)), name


def test_broader_leads_to_the_top(vocabulary_graph: Graph) -> None:
    """Broader concepts exist, are of the same scheme, and never lead back."""
    pairs = list(vocabulary_graph.subject_objects(SKOS.broader))
    assert len(pairs) >= 60
    for concept, parent in pairs:
        assert vocabulary_graph.value(concept, SKOS.inScheme) == vocabulary_graph.value(parent, SKOS.inScheme)
        assert concept not in set(vocabulary_graph.transitive_objects(parent, SKOS.broader))


@pytest.mark.parametrize(
    ("scheme", "order"),
    [
        ("security-level", ["public", "internal", "confidential", "secret"]),
        ("lifecycle-stage", [
            "draft", "trained", "validated", "approved", "staging", "production", "deprecated", "archived",
        ]),
    ],
)  # fmt: skip
def test_ordered_schemes(vocabulary_graph: Graph, scheme: str, order: list[str]) -> None:
    """Levels and stages have ranks from 0 in the order of the metamodel."""
    ranks = {int(str(vocabulary_graph.value(c, URIRef(LAKE + "rank")))): c for c in concepts(vocabulary_graph, scheme)}
    assert [ranks[n].rpartition("/")[2] for n in range(len(ranks))] == order


@pytest.mark.parametrize(
    ("scheme", "notations"),
    [
        ("run-status", {"succeeded", "failed", "running", "aborted"}),
        ("decision", {"approved", "rejected", "changes-requested"}),
        ("ingestion-mode", {"batch", "real-time", "hybrid"}),
        ("dataset-type", {"structured", "semi-structured", "unstructured"}),
        ("split-role", {"training", "validation", "test"}),
        ("analysis-type", {"supervised", "unsupervised", "semi-supervised", "reinforcement", "descriptive"}),
        ("measure", {"accuracy", "error-rate", "auc", "kappa", "f1", "precision", "recall", "log-loss", "rmse", "mae"}),
        (
            "algorithm",
            {"svm", "random-forest", "logistic-regression", "decision-tree", "naive-bayes", "neural-network"},
        ),
    ],
)
def test_concepts_of_the_paper_are_there(vocabulary_graph: Graph, scheme: str, notations: set[str]) -> None:
    """What the paper, its slides and their earlier data name has a concept."""
    assert notations <= {str(vocabulary_graph.value(c, SKOS.notation)) for c in concepts(vocabulary_graph, scheme)}


def test_operation_types(vocabulary_graph: Graph) -> None:
    """Four kinds, twelve operations below them; cleaning and reduction select or impute, the others do not."""
    mine = URIRef(VOC + "operation-type")
    kinds = set(vocabulary_graph.subjects(SKOS.topConceptOf, mine))
    assert {k.rpartition("/")[2] for k in kinds} == {"integration", "cleaning", "transformation", "reduction"}
    operations = set(concepts(vocabulary_graph, "operation-type")) - kinds - {GROUPING}
    assert len(operations) == 12
    assert all(vocabulary_graph.value(o, SKOS.broader) in kinds for o in operations)
    marked = set(vocabulary_graph.transitive_subjects(SKOS.broader, GROUPING)) - {GROUPING}
    assert {m.rpartition("/")[2] for m in marked} == {
        "cleaning", "missing-values", "incorrect-data", "reduction", "filtering", "instance-selection",
        "feature-selection",
    }  # fmt: skip


def test_measures_have_a_direction_and_a_range(vocabulary_graph: Graph) -> None:
    """Each says whether higher is better; bounds are decimals and in order."""
    for name in ("measure", "quality-metric"):
        for concept in concepts(vocabulary_graph, name):
            better = vocabulary_graph.value(concept, URIRef(LAKE + "higherIsBetter"))
            assert better is not None, concept
            assert better.datatype == XSD.boolean, concept
            low, high = (vocabulary_graph.value(concept, URIRef(LAKE + n)) for n in ("minValue", "maxValue"))
            assert low is not None or high is not None, concept
            for bound in (low, high):
                assert bound is None or bound.datatype == XSD.decimal
            assert low is None or high is None or Decimal(str(low)) < Decimal(str(high)), concept


def test_metafeatures(vocabulary_graph: Graph) -> None:
    """49 of them, in the spelling of the slides, each with its datatype; counts are integers."""
    found = concepts(vocabulary_graph, "metafeature")
    assert len(found) == 49
    names = {c.rpartition("/")[2] for c in found}
    assert {"numberOfInstances", "numberOfAttributes", "meanMeansOfNumericFeas", "meanStdDevOfNumericFeas"} <= names
    statistics = ("mean", "min", "max", "quartile1", "quartile2", "quartile3")
    families = ("Means", "StdDev", "Kurtosis", "Skewness")
    assert {f"{s}{f}OfNumericFeas" for s in statistics for f in families} <= names
    for concept in found:
        kind = vocabulary_graph.value(concept, URIRef(DQV + "expectedDataType"))
        name = concept.rpartition("/")[2]
        wanted = XSD.integer if name.startswith("numberOf") else None
        assert kind in (XSD.integer, XSD.decimal), name
        assert wanted in (None, kind), name
        assert len(list(vocabulary_graph.objects(concept, SKOS.exactMatch))) == 1, name


def test_quality_metrics_are_in_a_dimension(vocabulary_graph: Graph) -> None:
    """Every quality metric names a dimension that exists."""
    dimensions = set(concepts(vocabulary_graph, "quality-dimension"))
    for concept in concepts(vocabulary_graph, "quality-metric"):
        assert vocabulary_graph.value(concept, URIRef(DQV + "inDimension")) in dimensions


def test_hidden_labels_are_unambiguous(vocabulary_graph: Graph) -> None:
    """The name of a library's class, of an OpenML quality or of a scorer leads to one concept of a scheme."""
    for name in SCHEMES:
        labels = [
            str(o) for c in concepts(vocabulary_graph, name) for o in vocabulary_graph.objects(c, SKOS.hiddenLabel)
        ]
        assert len(labels) == len(set(labels)), name


def test_matches_exist_in_mlso(vocabulary_graph: Graph, others: Path) -> None:
    """Every match leads to a concept that MLSO really has, and no two of ours are exactly the same one of theirs."""
    theirs = Graph()
    for file in sorted(others.glob("mlso_*.ttl")):
        theirs.parse(file)
    known = {str(s) for s in theirs.subjects()}
    matched = [
        (s, o)
        for p in (SKOS.exactMatch, SKOS.closeMatch, SKOS.narrowMatch)
        for s, o in vocabulary_graph.subject_objects(p)
    ]
    assert len(matched) >= 130
    for ours, match in matched:
        assert str(match) in known, (ours, match)
    exact = list(vocabulary_graph.objects(predicate=SKOS.exactMatch))
    assert len(exact) == len(set(exact))
