"""Documents become triples: names resolved, and the compiled context equal to the engine's JSON-LD parser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from lakegraph import resources
from lakegraph.errors import DataFileError, DocumentError, NotFoundError
from lakegraph.model import parse
from lakegraph.rdf.identify import Identifier
from lakegraph.rdf.mapper import load, mapper
from lakegraph.rdf.namespaces import DCAT, DCT, LAKE, MLS, Namespace
from lakegraph.rdf.terms import Triple
from lakegraph.rdf.vocabulary import TYPE

BASE = "https://lake.example.org/"


class Names:
    """What a lake with these versions, people and columns knows."""

    def __init__(self, **versions: str) -> None:
        self.versions = {f"{BASE}id/{k.replace('__', '/')}": v for k, v in versions.items()}

    def current(self, hub: str) -> str | None:
        return f"{hub}/{self.versions[hub]}" if hub in self.versions else None

    def agent(self, slug: str) -> str | None:
        return f"{BASE}id/user/x7f" if slug == "pseudonym" else None

    def attribute(self, datasets: list[str], name: str) -> str | None:
        return f"{datasets[0]}/entity/e/attribute/{name}" if datasets and name in ("glucose", "outcome") else None


def tree_of(document: dict[str, Any], **versions: str) -> dict[str, Any]:
    return Identifier(BASE, Names(**versions)).tree(parse(document))


def triples_of(document: dict[str, Any], **versions: str) -> set[Triple]:
    return set(mapper().triples(tree_of(document, **versions)))


def examples() -> list[Path]:
    return resources.files("ontology/examples", ".json")


def by_engine(tree: dict[str, Any]) -> set[Triple]:
    """The same tree through the engine's own JSON-LD parser."""
    store = ox.Store()
    store.load(json.dumps(mapper().jsonld(tree)).encode(), format=ox.RdfFormat.JSON_LD)
    return {(str(q.subject), str(q.predicate), str(q.object)) for q in store}


EVERYTHING = {
    "type": "TrainingRun", "title": 'Train "quoted" \\ IRI <x>\n', "startedAt": "2024-04-17T10:00:00+02:00",
    "endedAt": "2024-04-17T08:31:00.250Z", "analysisType": "supervised", "analyzedBy": "tim", "randomSeed": 42,
    "trainingData": ["diabetes@1"], "testData": [{"title": "Held out", "type": "DataSplit", "splitRole": "test"}],
    "study": {"title": "Diabetes prediction", "description": "Predict onset."}, "hasTask": [{"title": "onset"}],
    "hasImplementation": {"title": "fit.py", "usesAlgorithm": "SVM", "programLanguage": "Python",
                          "uncommittedChanges": True, "created": "2024-04-01"},
    "hasParameterSetting": {"C": 2.3, "kernel": "rbf", "probability": False, "degree": 3, "tol": 1e-20},
    "hasEvaluation": {"accuracy": 0.9354, "auc": 1},
    "hasOutputModel": {"title": "Diabet Predictor", "administrator": "tim", "hasTag": ["healthcare", "my own"],
                       "hasArtifact": {"storagePath": "m.pkl", "byteSize": 12, "checksum": "sha256:" + "ab" * 32}},
    "annotations": {"dct:spatial": {"id": "http://example.org/fr"}, "dct:language": ["en", "fr"],
                    "http://example.org/note": {"value": "Notiz", "language": "de"},
                    "http://example.org/n": {"value": "5", "datatype": "xsd:integer"}, "http://example.org/b": True},
}  # fmt: skip


@pytest.mark.parametrize("path", [None, *examples()], ids=lambda p: p.name if p else "everything")
def test_the_compiled_context_equals_the_engines_json_ld(path: Path | None) -> None:
    """The context is the statement; the compiled mapper only follows it faster."""
    document = json.loads(path.read_text()) if path else EVERYTHING
    tree = tree_of(document, dataset__diabetes="1", **{"model__diabet-predictor": "1"})
    assert by_engine(tree) == set(mapper().triples(tree))


def test_there_are_examples() -> None:
    """The oracle above is asked about real documents."""
    assert len(examples()) >= 7


def test_every_node_has_an_iri() -> None:
    """No blank nodes, so sorted N-Quads are the canonical form."""
    assert not any(
        token.startswith("_:") for triple in triples_of(EVERYTHING, dataset__diabetes="1") for token in triple
    )


def test_an_asset_is_what_the_lake_has_under_that_name() -> None:
    """``Diabetes@1`` is the data set where there is no such model."""
    said = tree_of({"type": "AccessEvent", "accessTo": "Diabetes@1"}, dataset__diabetes="2")
    assert said["accessTo"] == f"{BASE}id/dataset/diabetes/1"


def test_versions_follow_each_other() -> None:
    """An output without a version gets the next one, and says which came before."""
    said = triples_of({"type": "Process", "targetData": {"title": "Diabetes"}}, dataset__diabetes="1")
    made = f"<{BASE}id/dataset/diabetes/2>"
    assert (made, DCAT.previousVersion, f"<{BASE}id/dataset/diabetes/1>") in said
    assert (made, DCAT.isVersionOf, f"<{BASE}id/dataset/diabetes>") in said
    assert (made, DCAT.version, '"2"') in said


def test_an_input_by_title_is_the_newest_version_and_says_nothing_again() -> None:
    """Keys alone refer; nothing is asserted of a thing that is only named."""
    said = triples_of({"type": "Process", "sourceData": {"title": "Diabetes"}}, dataset__diabetes="3")
    data = f"<{BASE}id/dataset/diabetes/3>"
    assert any(p == LAKE.sourceData and o == data for _, p, o in said)
    assert not any(s == data for s, _, _ in said)


def test_the_same_program_has_the_same_iri_and_another_has_another() -> None:
    """Programs and environments are known by what is said of them."""

    def program(**said: str) -> str:
        return str(tree_of({"type": "Ingest", "executes": {"title": "a.py", **said}})["executes"][0]["id"])

    assert program() == program()
    assert program(codeVersion="1") != program(codeVersion="2")


def test_scores_are_of_the_model_and_steps_are_numbered() -> None:
    """What a document's own structure says need not be written."""
    run = tree_of(EVERYTHING, dataset__diabetes="1")
    assert run["hasEvaluation"][0]["computedOn"] == run["hasOutputModel"][0]["id"]
    steps = tree_of({"type": "Process", "hasOperation": [{"description": "a"}, {"description": "b"}]})["hasOperation"]
    assert [s["sequenceNumber"] for s in steps] == [1, 2]
    assert steps[1]["follows"] == steps[0]["id"]


def test_hyperparameters_belong_to_the_algorithm() -> None:
    """Two runs of one algorithm share the parameter, not the setting."""
    said = triples_of(EVERYTHING, dataset__diabetes="1")
    parameter = f"<{BASE}id/parameter/svm/C>"
    setting = next(s for s, p, o in said if p == LAKE.ofParameter and o == parameter)
    assert (setting, MLS.hasValue, '"2.3"^^<http://www.w3.org/2001/XMLSchema#decimal>') in said
    assert (parameter, DCT.title, '"C"') in said


def test_a_person_is_named_by_iri_alone() -> None:
    """A pseudonymous slug is taken from the directory."""
    said = triples_of({"type": "Ingest", "ingestedBy": "pseudonym"})
    assert (f"<{BASE}id/user/x7f>", TYPE, LAKE.User) in said


def test_a_column_is_found_by_name_in_the_inputs() -> None:
    """``usesFeature: glucose`` means that column of the data that is analysed."""
    document = {"type": "TrainingRun", "usesFeature": ["glucose"], "analyzes": ["diabetes@1"]}
    assert tree_of(document)["usesFeature"] == [f"{BASE}id/dataset/diabetes/1/entity/e/attribute/glucose"]


@pytest.mark.parametrize(
    ("document", "error", "text"),
    [
        ({"type": "Ingest", "ingestionMode": "weekly"}, DocumentError, "One of: batch"),
        ({"type": "DatasetSource", "landingPage": "not an iri"}, DocumentError, "not an IRI"),
        ({"type": "Ingest", "annotations": {"nope": 1}}, DocumentError, "Prefixes:"),
        ({"type": "Process", "sourceData": "unheard"}, NotFoundError, "no version of 'unheard'"),
        ({"type": "TrainingRun", "usesFeature": ["age"]}, NotFoundError, "hasEntityClass"),
        ({"type": "Ingest", "annotations": {"dct:x": {"id": "no"}}}, DocumentError, "not an IRI"),
    ],
)
def test_names_that_lead_nowhere_say_so(document: dict[str, Any], error: type[Exception], text: str) -> None:
    """Wrong concepts list the right ones; unknown things say where to look."""
    with pytest.raises(error, match=text):
        triples_of(document)


def test_a_misspelt_term_in_python_raises() -> None:
    """Namespaces are closed by the ontology."""
    with pytest.raises(DataFileError, match="Did you mean ingestFrom"):
        Namespace("lake").ingestFrm  # noqa: B018 - the access is what raises


def test_a_broken_context_names_file_and_line(tmp_path: Path) -> None:
    """A syntax error in a data file is found at load."""
    file = tmp_path / "context.jsonld"
    file.write_text('{"@context": {\n "a": }')
    with pytest.raises(DataFileError) as caught:
        load(file)
    assert str(caught.value.where).endswith("context.jsonld:2")


def test_a_term_that_is_no_iri_is_refused(tmp_path: Path) -> None:
    """A typo in a prefix would otherwise make a wrong predicate."""
    file = tmp_path / "context.jsonld"
    file.write_text('{"@context": {"lake": "http://l#", "a": "lkae:a"}}')
    with pytest.raises(DataFileError, match="no IRI"):
        load(file)
