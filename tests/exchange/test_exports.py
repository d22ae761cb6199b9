"""Exports, each judged by the validator of those who defined its form."""

from __future__ import annotations

import os
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

from lakegraph import resources
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import NotFoundError, UsageError
from lakegraph.exchange.evidencing import Evidencing
from lakegraph.exchange.exports import FORMS, export
from lakegraph.exchange.parts import LakeParts
from lakegraph.exchange.prov_documents import ProvDocument
from lakegraph.exchange.verify import verify_file
from lakegraph.testing import records
from tests.conftest import BASE
from tests.exchange.conftest import MODEL, parts_of
from tests.exchange.mutations import unpacked

PROFILES = Path(os.environ.get("LAKEGRAPH_SUITES", resources.root().parent / "shared" / "suites")).parent / "profiles"


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
    assert len(set(graph.objects(rdflib.URIRef(BASE), dcat.dataset))) == 3
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


def test_the_prov_package_reads_prov_json_and_writes_our_prov_n(parts: LakeParts) -> None:
    """Read by the reference implementation, the document is the one that our PROV-N states."""
    model = pytest.importorskip("prov.model")
    document = model.ProvDocument.deserialize(content=exported(parts, "prov-json").decode(), format="json")
    theirs = {line.strip().replace("+00:00", "Z") for line in document.get_provn().splitlines() if line.strip()}
    ours = {line.strip() for line in exported(parts, "prov-n").decode().splitlines() if line.strip()}
    assert theirs == ours
    assert any(line.startswith("wasAssociatedWith(") and "program/" in line for line in ours)


def test_the_prov_package_reads_prov_o(parts: LakeParts) -> None:
    """The same activities, entities and agents as in PROV-JSON."""
    model = pytest.importorskip("prov.model")
    names = []
    for form, kind in (("prov", "rdf"), ("prov-json", "json")):
        more = {"rdf_format": "turtle"} if kind == "rdf" else {}
        # The package names things below the prefixes that it meets.
        prefix = f"@prefix data: <{BASE}> .\n" if kind == "rdf" else ""
        read = model.ProvDocument.deserialize(content=prefix + exported(parts, form).decode(), format=kind, **more)
        names.append({(type(r).__name__, r.identifier.uri) for r in read.get_records(model.ProvElement)})
    assert names[0] == names[1]
    assert ("ProvActivity", f"{BASE}id/run/trn-1") in names[0]


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
    for said in ("- Diabetes, version 1", "| accuracy | 0.9354 |", "- Stage: production", "approved", "`C` = `2.3`"):
        assert said in card
    assert card.count("*Not recorded.*") == 4


def test_croissant_is_accepted(parts: LakeParts, tmp_path: Path) -> None:
    """A data set with its file, hash and columns, read by MLCommons' own package without an error."""
    mlcroissant = pytest.importorskip("mlcroissant")
    file = tmp_path / "croissant.json"
    file.write_bytes(exported(parts, "croissant", f"{BASE}id/dataset/diabetes/0"))
    read = mlcroissant.Dataset(jsonld=str(file)).metadata
    assert list(read.ctx.issues.errors) == []
    (listed,) = read.distribution
    assert (listed.sha256[:8], listed.content_size) == ("9f86d081", "1300000000 B")
    assert [f.name for f in read.record_sets[0].fields] == ["glucose", "outcome"]


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


def test_exports_of_a_made_up_lake_are_accepted(lake: LocalLake) -> None:
    """Fine-tuned, re-trained and split, with versions of versions: both profiles and the prov package take them."""
    outputs = [lake.record(made.document).outputs for made in records(25, 3)]
    parts = parts_of(lake)
    model = [thing for made in outputs for thing in made if "/model/" in thing][-1]
    for form, shapes in (
        ("dcat-ap", "dcat-ap-3.0.1/dcat-ap-SHACL.ttl"),
        ("mldcat-ap", "mldcat-ap-3.0.0/shacl/mldcat-ap-SHACL.ttl"),
    ):
        ok, text = conforms(exported(parts, form, model), shapes)
        assert ok, text
    assert exported(parts, "prov-n", model).startswith(b"document\n")
