"""Exports, each judged by the validator of those who defined its form."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

from lakegraph.bootstrap import LocalLake
from lakegraph.errors import NotFoundError, UsageError
from lakegraph.exchange.documents import Document, text, to_html, to_markdown
from lakegraph.exchange.evidencing import Evidencing
from lakegraph.exchange.exports import FORMS, export
from lakegraph.exchange.parts import LakeParts
from lakegraph.exchange.prov_documents import ProvDocument
from lakegraph.exchange.redact import Redactor
from lakegraph.exchange.verify import verify_file
from lakegraph.people import Person
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.vocabulary import TYPE
from tests.conftest import BASE, examples
from tests.exchange import judges
from tests.exchange.conftest import MODEL, parts_of
from tests.exchange.mutations import unpacked
from tests.suites import SUITES

PROFILES = SUITES.parent / "profiles"


def exported(parts: LakeParts, form: str, thing: str = MODEL) -> bytes:
    return b"".join(export(parts, thing, form))


def conforms(data: bytes, shapes: str) -> tuple[bool, str]:
    """What pySHACL says of *data* by the shapes of a profile."""
    pyshacl = pytest.importorskip("pyshacl")
    file = PROFILES / shapes
    if not file.is_file():
        pytest.skip(f"the profile {shapes} is not here")
    graph, judge = rdflib.Graph().parse(data=data, format="turtle"), rdflib.Graph().parse(file, format="turtle")
    ok, _, text = pyshacl.validate(graph, shacl_graph=judge, advanced=True)
    return ok, text


def test_dcat_ap_is_accepted(parts: LakeParts) -> None:
    """A catalog with both versions of the data set and their source, by the shapes of DCAT-AP 3.0.1."""
    data = exported(parts, "dcat-ap")
    ok, text = conforms(data, "dcat-ap-3.0.1/dcat-ap-SHACL.ttl")
    assert ok, text
    graph = rdflib.Graph().parse(data=data, format="turtle")
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    assert len(set(graph.objects(rdflib.URIRef(f"{BASE}catalog"), dcat.dataset))) == 3
    (size,) = graph.objects(None, dcat.byteSize)
    assert size == rdflib.Literal("1300000000", datatype=rdflib.XSD.nonNegativeInteger)


def test_mldcat_ap_is_accepted(parts: LakeParts) -> None:
    """A model with its file and training data, by the shapes of MLDCAT-AP 3.0.0."""
    data = exported(parts, "mldcat-ap")
    ok, text = conforms(data, "mldcat-ap-3.0.0/shacl/mldcat-ap-SHACL.ttl")
    assert ok, text
    graph = rdflib.Graph().parse(data=data, format="turtle")
    it6 = rdflib.Namespace("http://data.europa.eu/it6/")
    assert list(graph.objects(rdflib.URIRef(MODEL), it6.trainedOn)) == [rdflib.URIRef(f"{BASE}id/dataset/diabetes/1")]


def test_prov_says_the_same_in_every_syntax(parts: LakeParts) -> None:
    """Turtle and JSON-LD hold the same statements; TriG holds them in the bundles of the records."""
    turtle = {q.triple for q in ox.parse(exported(parts, "prov"), ox.RdfFormat.TURTLE)}
    assert {q.triple for q in ox.parse(exported(parts, "prov-jsonld"), ox.RdfFormat.JSON_LD)} == turtle
    quads = list(ox.parse(exported(parts, "prov-trig"), ox.RdfFormat.TRIG))
    assert {q.triple for q in quads} == turtle
    bundles = {str(q.graph_name) for q in quads if isinstance(q.graph_name, ox.NamedNode)}
    assert f"<{BASE}id/run/trn-1/bundle>" in bundles
    assert len(bundles) == 7


def test_names_that_prov_n_cannot_write_get_a_prefix() -> None:
    """An IRI outside of the lake, and one whose end is no local name."""
    prov, rdf = "http://www.w3.org/ns/prov#", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    odd = ["<https://other.example/a/b>", "<https://other.example/a/x,y>", "<urn:x:1>", f"<{BASE}id/a'b>"]
    document = ProvDocument.of(BASE, [(iri, f"<{rdf}type>", f"<{prov}Entity>") for iri in odd])
    names = document.things["entity"]
    expanded = {document.prefixes[name.split(":")[0]] + name.split(":")[1].removesuffix("_") for name in names}
    assert expanded == {iri[1:-1] for iri in odd}


def test_nquads_are_the_records_in_force(diabetes: LocalLake) -> None:
    """Byte for byte what the journal holds; of the whole lake too, one record at a time, without what was withdrawn."""
    parts = parts_of(diabetes)
    expected = [diabetes.journal.read(seq).added for seq in range(1, 8)]
    assert list(export(parts, MODEL, "nquads")) == expected
    diabetes.tombstone(f"{BASE}id/run/mon-1", by="tim", why="It watched the wrong service.")
    assert list(export(parts, None, "nquads")) == [*expected[:6], diabetes.journal.read(8).added]


def test_a_model_card_says_what_is_known_and_what_is_not(parts: LakeParts) -> None:
    """Front matter, data, scores, the stage of now, and each gap named."""
    card = exported(parts, "model-card").decode()
    assert card.startswith('---\nmodel_name: "Diabet Predictor"\n')
    for said in ("- [Diabetes, version 1](", "| accuracy | 0.9354 |", "- Stage: production", "approved", "`C` = `2.3`"):
        assert said in card
    assert "Predict diabetes from patient records." in card
    assert card.count("*Not recorded.*") == 6


def test_croissant_says_what_is_in_a_data_set(parts: LakeParts) -> None:
    """Its file with hash and size, and its columns."""
    said = json.loads(exported(parts, "croissant", f"{BASE}id/dataset/diabetes/0"))
    (listed,) = said["distribution"]
    later = json.loads(exported(parts, "croissant", f"{BASE}id/dataset/diabetes/1"))
    assert later["description"].endswith("Not listed, because the lake has no SHA-256 of it: diabetesV1.csv.")
    assert "distribution" not in later
    assert (listed["sha256"][:8], listed["contentSize"]) == ("9f86d081", "1300000000 B")
    assert [f["name"] for f in said["recordSet"][0]["field"]] == ["glucose", "outcome"]


def test_what_cannot_be_exported_is_said(parts: LakeParts) -> None:
    """An unknown form, a whole lake as a card, and a story without a model."""
    with pytest.raises(UsageError, match="no export called 'word'"):
        export(parts, MODEL, "word")
    with pytest.raises(UsageError, match="whole lake is exported as nquads"):
        export(parts, None, "prov")
    for form in ("mldcat-ap", "model-card"):
        with pytest.raises(NotFoundError):
            exported(parts, form, f"{BASE}id/dataset/diabetes/0")
    with pytest.raises(NotFoundError, match="None of these is a data set"):
        exported(parts, "croissant", MODEL)
    assert set(FORMS) >= {"prov", "prov-json", "prov-n", "dcat-ap", "mldcat-ap", "nquads", "model-card"}


def test_a_lake_that_gives_evidence(diabetes: LocalLake, tmp_path: Path) -> None:
    """The calls of a lake: a bundle with exports in it, a checkpoint, an audit."""

    class Both(LocalLake, Evidencing):
        """A lake with these calls."""

    diabetes.__class__ = Both
    assert isinstance(diabetes, Both)
    made = diabetes.bundle([MODEL], tmp_path / "e.zip", forms=["prov", "model-card"])
    files, _ = unpacked(made.path)
    assert {"exports/prov.prov.ttl", "exports/model-card.md"} <= set(files)
    assert verify_file(made.path, keys=[made.key]).exit_code == 0
    assert diabetes.checkpoint().size == 7
    assert list(diabetes.audit()) == []
    assert b"".join(diabetes.export("Diabet Predictor@1", "model-card")) == files["exports/model-card.md"]


def test_the_makers_view_of_a_model(parts: LakeParts) -> None:
    """FAIR4ML, CycloneDX and SPDX say of the same model what it learnt from, how well, and why."""
    graph = json.loads(exported(parts, "fair4ml"))["@graph"]
    (model,) = [node for node in graph if node.get("@type") == "fair4ml:MLModel"]
    assert model["fair4ml:trainedOn"] == {"@id": f"{BASE}id/dataset/diabetes/1"}
    assert model["fair4ml:intendedUse"] == "Predict diabetes from patient records."
    bom = json.loads(exported(parts, "cyclonedx"))
    card = bom["metadata"]["component"]["modelCard"]
    assert card["quantitativeAnalysis"]["performanceMetrics"] == [{"type": "accuracy", "value": "0.9354"}]
    assert card["modelParameters"]["approach"] == {"type": "supervised"}
    (needed,) = [each["dependsOn"] for each in bom["dependencies"] if each["ref"] == MODEL]
    assert f"{BASE}id/dataset/diabetes/1" in needed
    document = json.loads(exported(parts, "spdx"))["@graph"]
    (package,) = [node for node in document if node["type"] == "ai_AIPackage"]
    assert {entry["key"]: entry["value"] for entry in package["ai_hyperparameter"]} == {"C": "2.3", "kernel": "rbf"}
    relations = {
        (n["relationshipType"], *n["to"]) for n in document if n["type"] == "Relationship" and n["from"] == MODEL
    }
    assert ("trainedOn", f"{BASE}id/dataset/diabetes/1") in relations
    assert package["ai_useSensitivePersonalInformation"] == "yes"


def test_what_people_say_of_a_model_is_in_every_form(lake: LocalLake) -> None:
    """Risks, users and instructions are annotations; they fill the gaps of cards and the fields of others."""
    space = "https://w3id.org/fair4ml#"
    for document in examples():
        for model in document.get("hasOutputModel", ()):
            model["annotations"] = {
                f"{space}modelRisksBiasLimitations": "Not tested on children.",
                f"{space}usageInstructions": "A physician confirms.",
                "dct:audience": "Clinics",
                "skos:scopeNote": "Not for screening.",
            }
        lake.record(document)
    parts = parts_of(lake)
    card = exported(parts, "model-card").decode()
    for heading, said in (
        ("Bias, risks and limitations", "Not tested on children."),
        ("How to use it", "A physician confirms."),
        ("Out-of-scope use", "Not for screening."),
    ):
        assert f"## {heading}\n\n{said}" in card
    assert b'"fair4ml:modelRisksBiasLimitations": "Not tested on children."' in exported(parts, "fair4ml")
    assert b'"ai_limitation": "Not tested on children."' in exported(parts, "spdx")
    considered = json.loads(exported(parts, "cyclonedx"))["metadata"]["component"]["modelCard"]["considerations"]
    assert (considered["technicalLimitations"], considered["users"]) == (["Not tested on children."], ["Clinics"])
    for form in ("model-card", "fair4ml", "spdx", "cyclonedx"):
        assert judges.JUDGES[form](exported(parts, form)) == []


def test_a_crate_tells_the_runs_in_order(parts: LakeParts) -> None:
    """Three actions with tool, person, input and output; the workflow has them as steps one to three."""
    nodes = {node["@id"]: node for node in json.loads(exported(parts, "provenance-run-crate"))["@graph"]}
    action = nodes[f"{BASE}id/run/trn-1"]
    assert (action["@type"], action["agent"]) == ("CreateAction", {"@id": f"{BASE}id/user/tim"})
    assert {"@id": f"{BASE}id/dataset/diabetes/1"} in action["object"]
    assert action["result"] == {"@id": MODEL}
    steps = [node for node in nodes.values() if node.get("@type") == "HowToStep"]
    assert {s["position"]: s["name"] for s in steps} == {
        "1": "Ingest Diabetes",
        "2": "Clean Diabetes",
        "3": "Train SVM",
    }
    assert nodes["./"]["name"] == "Provenance of Diabet Predictor, version 1"


def test_an_export_is_the_same_each_time(parts: LakeParts) -> None:
    """Two exports can be compared byte by byte, the time of writing is in none."""
    for form in FORMS:
        thing = f"{BASE}id/dataset/diabetes/1" if form == "croissant" else MODEL
        assert exported(parts, form, thing) == exported(parts, form, thing), form


def test_what_records_say_stays_text(lake: LocalLake) -> None:
    """Markup, quotes, newlines and table bars in titles and descriptions change nothing of a card or a page."""
    nasty = 'a"b\n---\n<script>alert(1)</script> | *x* `y` [z](javascript:1)\u2028 \U0001f600'
    for document in examples():
        text = json.dumps(document).replace("Diabet Predictor", json.dumps(nasty)[1:-1])
        lake.record(json.loads(text))
    parts = parts_of(lake)
    (model,) = {s[1:-1] for s in parts.graph.subjects(TYPE, LAKE.Model)}
    page = exported(parts, "model-card-html", model).decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert 'href="javascript' not in page
    for form in ("model-card", "cyclonedx", "spdx"):
        data = exported(parts, form, model)
        assert judges.JUDGES[form](data) == [], form
    card = exported(parts, "model-card", model).decode()
    assert card.count("\n---\n") == 1
    assert "\\<script\\>" in card


def test_people_are_redacted_in_pages_and_markdown() -> None:
    """Escaped for HTML or Markdown, a name is still found."""
    person = Person("tim", "user", 'Tim "T." O\'Brien_Smith', None, None, "2024-01-01T00:00:00Z")
    redactor = Redactor(BASE, [person])
    document = Document("x", [(text(f"Trained by {person.name}, and nobody else."),)])
    for written in (to_html(document), to_markdown(document), json.dumps({"name": person.name})):
        cleaned = redactor.text(written)
        assert "redacted-1" in cleaned
        assert not re.search(r"Brien|Tim|Smith", cleaned), cleaned
