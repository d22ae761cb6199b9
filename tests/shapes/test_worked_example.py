"""The worked example conforms, with the warnings that are wanted, and what breaks it is caught."""

from __future__ import annotations

import pytest
from rdflib import Graph

from lakegraph import resources
from tests.shapes.support import as_the_gate_sees_it, judge, patched, read, shapes, violations


@pytest.fixture(scope="module")
def example() -> Graph:
    """The Diabetes project of Figure 4, as asserted."""
    return read(resources.text("ontology/examples/diabetes.ttl"))


def _found(example: Graph, folder: str, patch: str = "") -> list[tuple[str, str, str]]:
    """Shape, focus and severity of what *folder* finds in the patched example."""
    graph = as_the_gate_sees_it(patched(example, patch))
    return [(f.shape, f.focus, f.severity) for f in judge(graph, shapes(folder))]


def test_it_has_integrity(example: Graph) -> None:
    """Nothing in the worked example is malformed."""
    assert _found(example, "integrity") == []


def test_it_is_complete_but_for_what_is_wanted(example: Graph) -> None:
    """The 5W1H are answered; the cleaned dataset lacks an entity class and a checksum, the task a description."""
    assert sorted(_found(example, "completeness")) == [
        ("DistributionAnswers-checksum", "dataset/diabetes/1/distribution/1", "Warning"),
        ("StructuredDatasetAnswers-hasEntityClass", "dataset/diabetes/1", "Warning"),
        ("TaskAnswers-description", "task/binary-classification-of-outcome", "Warning"),
    ]


def test_policy_sees_personal_data(example: Graph) -> None:
    """Pseudonymised patient records without a legal basis are warned of; nothing else in the example breaks policy."""
    assert sorted(_found(example, "policy")) == [
        ("PersonalData", "dataset/diabetes/0", "Warning"),
        ("PersonalData", "dataset/diabetes/1", "Warning"),
        ("PersonalDataUse-inputs", "model/diabet-predictor/1", "Warning"),
    ]


def test_the_swamp_only_warns(example: Graph) -> None:
    """The example is no swamp, yet not without gaps, and none of them refuses it."""
    found = _found(example, "swamp")
    assert ("ModelSwamp-seed", "model/diabet-predictor/1", "Info") in found
    assert {severity for _, _, severity in found} == {"Warning", "Info"}


def test_the_ontology_as_data_changes_nothing(example: Graph) -> None:
    """Judged with the ontology mixed in, as pySHACL's ont_graph, the findings are the same."""
    graph = as_the_gate_sees_it(example)
    known = Graph().parse(resources.path("ontology/lakegraph.ttl"))
    for folder in ("integrity", "completeness"):
        assert judge(graph, shapes(folder), ont_graph=known) == judge(graph, shapes(folder))


BROKEN = {
    "a lineage cycle": (
        "integrity",
        "#- <run/prc-1> lake:sourceData\n<run/prc-1> lake:sourceData <dataset/diabetes/1> .",
        [("Acyclic", "dataset/diabetes/1")],
    ),
    "an orphan dataset": (
        "integrity",
        "#- <run/ing-1> lake:ingestTo",
        [("NoOrphan-producer", "dataset/diabetes/0")],
    ),
    "an orphan model": (
        "integrity",
        "#- <run/trn-1> lake:hasOutputModel",
        [("NoOrphan-producer", "model/diabet-predictor/1")],
    ),
    "a monitoring without an agent": (
        "completeness",
        "#- <run/mon-1> prov:wasAssociatedWith",
        [("RunAnswers-who", "run/mon-1")],
    ),
    "a training without an agent": (
        "completeness",
        "#- <run/trn-1> lake:analyzedBy",
        [("AnalysisAnswers-analyzedBy", "run/trn-1")],
    ),
    "a run that ended before it started": (
        "integrity",
        '#- <run/prc-1> prov:endedAtTime\n<run/prc-1> prov:endedAtTime "2024-03-01T09:00:00Z"^^xsd:dateTime .',
        [("RunStructure-order", "run/prc-1")],
    ),
    "a repeated step": (
        "integrity",
        """
#- <run/prc-1/operation/2> lake:sequenceNumber
#- <run/prc-1/operation/2> lake:follows
<run/prc-1/operation/2> lake:sequenceNumber 1 .""",
        [("UniqueSteps", "run/prc-1")],
    ),
    "production without a review": (
        "policy",
        "#- <run/rev-1> lake:decision\n<run/rev-1> lake:decision decision:rejected .",
        [("ProductionReview", "run/stg-1")],
    ),
    "production reviewed too late": (
        "policy",
        '#- <run/rev-1> prov:endedAtTime\n<run/rev-1> prov:endedAtTime "2024-04-20T00:00:00Z"^^xsd:dateTime .',
        [("ProductionReview", "run/stg-1")],
    ),
    "a model born in production": (
        "policy",
        """
#- <run/rev-1> lake:reviewed
#- <run/stg-1> lake:toStage
#- <model/diabet-predictor/1> lake:lifecycleStage
<model/diabet-predictor/1> lake:lifecycleStage lifecycle-stage:production .""",
        [("ProductionStage", "model/diabet-predictor/1")],
    ),
    "an accuracy in percent": (
        "integrity",
        "#- <run/trn-1/evaluation/accuracy> dqv:value\n<run/trn-1/evaluation/accuracy> dqv:value 93.54 .",
        [("EvaluationRangeHigh", "run/trn-1/evaluation/accuracy")],
    ),
    "a study that is for nothing": (
        "completeness",
        "#- <study/diabetes-prediction> dct:description",
        [("StudyAnswers-description", "study/diabetes-prediction")],
    ),
    "an input that nobody recorded": (
        "integrity",
        "<run/prc-1> lake:sourceData <dataset/other/1> .",
        [("ProcessStructure-sourceData", "run/prc-1")],
    ),
}


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_what_breaks_it_is_caught(example: Graph, case: str) -> None:
    """Each broken variant is refused for its own reason and for no other."""
    folder, patch, refused = BROKEN[case]
    graph = as_the_gate_sees_it(patched(example, patch))
    assert [(f.shape, f.focus) for f in violations(judge(graph, shapes(folder)))] == refused


def test_a_failed_training_is_a_record(example: Graph) -> None:
    """A training that failed has no model, no score and no parameters, and is accepted once it says how it failed."""
    patch = (
        "#- <run/trn-1> lake:runStatus\n#- <run/trn-1> lake:hasOutputModel\n#- <run/trn-1> lake:hasEvaluation\n"
        "#- <run/trn-1> lake:hasImplementation\n#- <run/trn-1> lake:hasParameterSetting\n"
        "#- <run/trn-1> lake:targetAttribute\n"
        "<run/trn-1> lake:runStatus run-status:failed ; lake:executes <program/clean.py-2178fdc7> "
    )
    said = f'{patch}; lake:errorMessage "Out of memory." .'
    graph = as_the_gate_sees_it(patched(example, said))
    assert violations(judge(graph, shapes("completeness"))) == []
    silent = as_the_gate_sees_it(patched(example, f"{patch}."))
    assert [f.shape for f in violations(judge(silent, shapes("completeness")))] == ["RunAnswers-error"]


def test_a_running_run_is_a_record(example: Graph) -> None:
    """A process that still runs has neither an end nor an output yet."""
    patch = (
        "#- <run/prc-1> lake:runStatus\n#- <run/prc-1> prov:endedAtTime\n#- <run/prc-1> lake:targetData\n"
        "#- <run/prc-1> lake:hasOperation\n<run/prc-1> lake:runStatus run-status:running ."
    )
    graph = as_the_gate_sees_it(patched(example, patch))
    found = [f for f in violations(judge(graph, shapes("completeness"))) if f.focus == "run/prc-1"]
    assert found == []
