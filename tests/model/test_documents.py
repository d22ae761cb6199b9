"""Documents: what is accepted, and what each refusal says."""

from __future__ import annotations

from typing import Any

import pytest

from lakegraph.errors import DocumentError
from lakegraph.model import document_class, field_kinds, json_schema, parse
from lakegraph.model.documents import TOP_LEVEL
from lakegraph.rdf.mapper import mapper
from lakegraph.rdf.namespaces import LAKE, PROV
from lakegraph.rdf.vocabulary import ontology


def refusal(document: Any) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse(document)
    return caught.value


def test_one_value_stands_for_a_list_of_one() -> None:
    """A field that holds many takes one without brackets."""
    assert parse({"type": "Process", "sourceData": "diabetes/0"}).source_data == ("diabetes/0",)  # type: ignore[attr-defined]


def test_mappings_stand_for_lists_of_settings_and_scores() -> None:
    """Parameters, scores and metafeatures may be written as name and value."""
    run: Any = parse({"type": "TrainingRun", "hasParameterSetting": {"C": 2.3}, "hasEvaluation": {"accuracy": 0.9}})
    assert (run.has_parameter_setting[0].of_parameter, run.has_parameter_setting[0].has_value) == ("C", 2.3)
    assert (run.has_evaluation[0].is_measurement_of, run.has_evaluation[0].value) == ("accuracy", 0.9)


def test_sizes_and_days_are_read_as_people_write_them() -> None:
    """Figure 4 writes 1.3GB and 17/04/2024; the label is kept beside the number."""
    run: Any = parse(
        {"type": "Ingest", "ingestTo": {"created": "17/04/2024", "distribution": {"byteSize": "1.3GB"}}},
    )
    file = run.ingest_to[0].distribution[0]
    assert (file.byte_size, file.size_label) == (1_300_000_000, "1.3GB")
    assert run.ingest_to[0].created.isoformat() == "2024-04-17"


def test_a_day_that_could_be_two_is_refused() -> None:
    """03/04 is not guessed."""
    error = refusal({"type": "DatasetSource", "created": "03/04/2024"})
    assert error.where == "created"
    assert "could be two days" in str(error)


@pytest.mark.parametrize(
    ("document", "where", "hint"),
    [
        ({"type": "Ingst"}, "type", "Did you mean Ingest"),
        ({}, "type", "One of: Ingest"),
        ({"type": "Ingest", "ingestform": 1}, "ingestform", "Did you mean ingestFrom"),
        ({"type": "Ingest", "ingestTo": [{"titel": "x"}]}, "ingestTo[0].titel", "Did you mean title"),
        ({"type": "Ingest", "startedAt": "2024-02-25T09:00:00"}, "startedAt", None),
        ({"type": "Model"}, "type", "Known here"),
        ({"type": "User", "id": "bob"}, "type", "lakegraph people add"),
        ({"type": "TrainingRun", "hasParameterSetting": {"C": [1]}}, "hasParameterSetting[0].hasValue", None),
        ({"type": "Process", "hasOperation": [{"sequenceNumber": 0}]}, "hasOperation[0].sequenceNumber", None),
    ],
)
def test_a_malformed_document_names_the_field_and_the_mend(document: Any, where: str, hint: str | None) -> None:
    """Every fault is named with its path; misspellings with the nearest field."""
    error = refusal(document)
    assert error.code == "document-malformed"
    assert error.where == where
    if hint:
        assert hint in str(error)


def test_every_fault_is_listed_not_only_the_first() -> None:
    """Two faults, two paths in one message."""
    error = refusal({"type": "Ingest", "titel": "x", "startedAt": "yesterday"})
    assert "titel" in error.message
    assert "startedAt" in error.message


def test_not_an_object_is_refused() -> None:
    """A list is no record."""
    assert "JSON object" in str(refusal([1, 2]))


def every_class() -> list[str]:
    return sorted(json_schema()["$defs"])


@pytest.mark.parametrize("name", every_class())
def test_every_field_is_mapped_by_the_context(name: str) -> None:
    """An unmapped field would vanish silently on its way to RDF."""
    if name in ("Typed", "Link"):
        return
    fields = set(field_kinds(document_class(name))) - {"id", "type", "annotations"}
    assert fields <= mapper().fields
    assert name in mapper().classes


@pytest.mark.parametrize("cls", TOP_LEVEL)
def test_every_reference_and_concept_leads_to_a_class_of_the_ontology(cls: type) -> None:
    """Field targets are names of declared classes, and concepts have a vocabulary."""
    for name, kind in field_kinds(cls).items():
        if kind.kind == "concept":
            assert ontology().concepts.get(LAKE[kind.target]), f"{name}: no concepts of {kind.target}"
        elif kind.kind == "reference" and kind.target not in ("Agent", "Distribution", "Checksum"):
            assert LAKE[kind.target]
    assert PROV.Agent


def test_the_json_schema_has_one_choice_for_each_record() -> None:
    """The schema that is served names every kind of record."""
    assert len(json_schema()["oneOf"]) == len(TOP_LEVEL)
