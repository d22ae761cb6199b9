"""HermiT finds the ontology consistent, refutes real contradictions, and what is missing to ask it is named."""

from __future__ import annotations

import builtins
import shutil
from pathlib import Path
from typing import Any

import pytest

from lakegraph.errors import DataFileError, MissingExtraError, NotFoundError
from lakegraph.rdf.contradictions import Clash, clashes
from lakegraph.rdf.reasoner import check

LAKE = "https://w3id.org/lakegraph/ns#"
BASE = "https://lake.example.org/id/"
PREFIXES = f"@prefix lake: <{LAKE}> .\n@prefix owl: <http://www.w3.org/2002/07/owl#> .\n@base <{BASE}> .\n"


@pytest.fixture(scope="module")
def reasoner() -> None:
    """Skips where HermiT cannot run."""
    pytest.importorskip("owlready2", reason="the extra [reason] is not installed")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")


def extra(tmp_path: Path, text: str, name: str = "extra.ttl") -> Path:
    file = tmp_path / name
    file.write_text(PREFIXES + text, encoding="utf-8")
    return file


@pytest.mark.usefixtures("reasoner")
def test_consistent_alone() -> None:
    """The ontology with its vocabularies is consistent and every class can have an instance."""
    report = check()
    assert report.ok
    assert report.consistent
    assert report.unsatisfiable == ()
    assert report.clashes == ()
    assert report.files[0] == "ontology/lakegraph.ttl"
    assert len(report.files) == 22
    assert report.triples > 4000


@pytest.mark.usefixtures("reasoner")
def test_consistent_with_others_and_the_worked_example(folder: Path, others: Path) -> None:
    """It stays so with PROV-O, DCAT 3, ML-Schema, DQV, the alignment that adds an axiom, and the worked example."""
    report = check(others, [folder / "alignments" / "ml-schema.ttl", folder / "examples" / "diabetes.ttl"])
    assert report.ok
    assert [Path(f).name for f in report.files] == [
        "lakegraph.ttl", "prov-o.ttl", "dcat3.ttl", "mls.ttl", "dqv.ttl", "ml-schema.ttl",
        "diabetes.ttl",
    ]  # fmt: skip


@pytest.mark.usefixtures("reasoner")
@pytest.mark.parametrize(
    ("statement", "clash"),
    [
        ("<run/ing-1> a lake:Dataset .", Clash(f"{BASE}run/ing-1", f"{LAKE}Asset", f"{LAKE}Run")),
        (
            "<model/diabet-predictor/1> a lake:Dataset .",
            Clash(f"{BASE}model/diabet-predictor/1", f"{LAKE}Dataset", f"{LAKE}Model"),
        ),
    ],
    ids=["a run that is a dataset", "a model that is a dataset"],
)
def test_contradictions_are_refuted(folder: Path, tmp_path: Path, statement: str, clash: Clash) -> None:
    """A run is no dataset and a model is no dataset: HermiT says no, and the report says why."""
    report = check(None, [folder / "examples" / "diabetes.ttl", extra(tmp_path, statement)])
    assert not report.consistent
    assert not report.ok
    assert report.clashes == (clash,)


@pytest.mark.usefixtures("reasoner")
def test_an_impossible_class_is_named(tmp_path: Path) -> None:
    """A class below two that exclude each other has no instance; that is no contradiction, but never meant."""
    text = """lake:Chimera a owl:Class ; <http://www.w3.org/2000/01/rdf-schema#subClassOf> lake:Model, lake:Dataset ."""
    report = check(None, [extra(tmp_path, text)])
    assert report.consistent
    assert not report.ok
    assert report.unsatisfiable == (f"{LAKE}Chimera",)


def test_clashes_follow_domains_ranges_and_equivalents() -> None:
    """What a thing is by the properties that it has counts as much as what is stated."""
    rdf, rdfs, owl = (
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "http://www.w3.org/2000/01/rdf-schema#",
        "http://www.w3.org/2002/07/owl#",
    )  # fmt: skip
    triples = [
        ("<u:A>", f"<{owl}disjointWith>", "<u:B>"),
        ("<u:A2>", f"<{owl}equivalentClass>", "<u:A>"),
        ("<u:q>", f"<{rdfs}subPropertyOf>", "<u:p>"),
        ("<u:p>", f"<{rdfs}range>", "<u:B>"),
        ("<u:x>", f"<{rdf}type>", "<u:A2>"),
        ("<u:y>", "<u:q>", "<u:x>"),
    ]
    assert list(clashes(triples)) == [Clash("u:x", "u:A", "u:B")]
    assert list(clashes(triples[:-1])) == []


def test_owlready2_is_named_when_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the message says which one to install."""
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "owlready2":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"owlready2[\s\S]*lakegraph\[reason\]"):
        check()


def test_java_is_named_when_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Java, the message says so."""
    pytest.importorskip("owlready2", reason="the extra [reason] is not installed")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"needs Java[\s\S]*Install a Java runtime"):
        check()


@pytest.mark.usefixtures("reasoner")
def test_a_folder_without_vocabularies_is_named(tmp_path: Path) -> None:
    """Naming the wrong folder is no success."""
    with pytest.raises(NotFoundError, match=r"holds none of the vocabularies[\s\S]*prov-o\.ttl"):
        check(tmp_path)


@pytest.mark.usefixtures("reasoner")
@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("bad.ttl", "<a> <b> .", r"cannot be read as RDF[\s\S]*bad\.ttl:4"),
        ("bad.xml", "", r"not read from a \.xml file[\s\S]*\.ttl, \.nt"),
    ],
)
def test_unreadable_data_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    """A data file that is no RDF, or in a format that is not read, is refused with its name."""
    with pytest.raises(DataFileError, match=message):
        check(None, [extra(tmp_path, text, name)])


@pytest.mark.usefixtures("reasoner")
def test_what_hermit_cannot_read_is_named(tmp_path: Path) -> None:
    """A literal outside its datatype stops HermiT, and its own words are passed on."""
    text = '<run/1> lake:sequenceNumber "first"^^<http://www.w3.org/2001/XMLSchema#integer> .'
    with pytest.raises(DataFileError, match=r"HermiT cannot read this as OWL 2"):
        check(None, [extra(tmp_path, text)])
