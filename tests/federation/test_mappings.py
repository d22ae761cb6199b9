"""Mappings: what is used of the tables, what is proposed for a peer, and what a person accepts."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.cli import main
from lakegraph.errors import ConflictError, UsageError
from lakegraph.federation.mappings import Mappings, shipped
from lakegraph.federation.patterns import Pattern, needs_of
from lakegraph.federation.rewriting import Rewriter, written
from lakegraph.federation.translating import Translator
from lakegraph.rdf.terms import literal
from lakegraph.rdf.vocabulary import TYPE
from tests.federation.catalogs import HEAD, served, term
from tests.federation.hosts import Page, host

EX = "https://zoo.example/ns#"
ZOO = f"""@prefix z: <{EX}> . @prefix dct: <http://purl.org/dc/terms/> .
<a:1> a z:Dataset ; z:storage_path "a/b.csv" ; z:sector "healthcare" ; z:zebra 7 ; dct:title "Stripes" .
<a:2> a z:Dataset ; z:sector "finance" . <a:3> a z:Dataset ; z:sector "education" .
<a:4> a z:Beast ; z:sector "retail" .
"""


def test_levels_are_kept_apart() -> None:
    """Exact and narrower matches, then close ones, then broader ones; unsure and related ones never."""
    exact, close, broad = (Mappings(shipped(), reach) for reach in ("exact", "close", "broad"))
    used = term("prov:used")
    assert used not in close.properties
    assert any(rule.lossy for rule in broad.properties[used])
    schema = "<https://schema.org/Dataset>"
    assert schema not in exact.classes
    assert [rule.level for rule in close.classes[schema]] == ["close"]
    assert "<https://schema.org/description>" in exact.properties
    # lake:owner is close to schema:publisher with 0.6 only, dct:publisher is it exactly.
    assert [rule.ours for rule in close.properties["<https://schema.org/publisher>"]] == [term("dct:publisher")]


def test_what_follows_is_found_by_the_words_of_others() -> None:
    """A property is also said by every property below it, turned where it is an inverse, and over paths."""
    rewriter = Rewriter(Mappings(shipped()))
    text = written([rewriter.branches(Pattern("?r", term("lake:hasInputData"), "?d"), 0, {}, str)]).patterns
    assert "https://w3id.org/fair4ml#trainedOn" in text
    assert term("lake:trainingData") in text
    assert "?vr <https://w3id.org/fair4ml#trainedOn>" not in text, "the run is implied, it is not the model"
    assert "<https://w3id.org/fair4ml#trainedOn> ?vd" in text
    inverse = written([rewriter.branches(Pattern("?m", term("lake:wasOutputOf"), "?r"), 0, {}, str)]).patterns
    assert f"?vr {term('lake:hasOutputModel')} ?vm" in inverse


def test_statements_are_translated_with_what_follows() -> None:
    """Over a path the run that nobody names is one for all that is said of it; values take the form of ours."""
    translator = Translator(Mappings(shipped()), "https://peer.example/")
    fair = "https://w3id.org/fair4ml#"
    said = translator.translate(
        [
            ("<a:m>", f"<{fair}trainedOn>", "<a:d>"),
            ("<a:m>", f"<{fair}testedOn>", "<a:t>"),
            ("<a:d>", "<https://schema.org/dateModified>", literal("2024-05-01")),
            ("<a:m>", f"<{fair}mlTask>", literal("translation")),
            ("<a:x>", "<https://schema.org/name>", literal("Ann")),
            ("<a:x>", TYPE, "<https://schema.org/Person>"),
        ]
    )
    runs = {s for s, p, o in said if p == term("lake:hasOutputModel")}
    assert len(runs) == 1
    [run] = runs
    assert (run, term("lake:trainingData"), "<a:d>") in said
    assert (run, term("lake:testData"), "<a:t>") in said
    assert (run, TYPE, term("lake:Analysis")) in said
    assert ("<a:m>", term("lake:wasOutputOf"), run) in said
    assert ("<a:d>", term("dct:modified"), '"2024-05-01"^^<http://www.w3.org/2001/XMLSchema#date>') in said
    assert translator.dropped == 1, "a task is a thing, and a word is none"
    assert ("<a:x>", term("foaf:name"), '"Ann"') in said
    assert not any(p == term("dct:title") for _, p, _ in said), "a person has a name and no title"


def test_rewriting_costs_little() -> None:
    """What is added for each source stays below 5 ms of processor time, at the median of ten queries."""
    needs = needs_of(
        HEAD + "SELECT * { ?d a lake:Dataset ; dct:title ?t ; dct:license ?l . ?r lake:hasInputData ?d }", ""
    )
    mappings = Mappings(shipped())
    rewriter = Rewriter(mappings)
    rewriter.terms(needs.patterns[0])
    spent = []
    for _ in range(10):
        began = time.process_time()
        for pattern in needs.patterns:
            written([rewriter.branches(pattern, 0, {"?d": ["<a:1>"] * 100}, str)]).fetch(100)
        spent.append(time.process_time() - began)
    assert sorted(spent)[5] < 0.005


def test_proposals_have_reasons(asking: LocalLake) -> None:
    """By a like name, by an alignment that is too weak to be used, by shared values; what is mapped is left out."""
    for sector in ("healthcare", "finance", "education"):
        asking.record(
            {
                "type": "DatasetSource", "title": f"Of {sector}", "keyword": [sector], "owner": "ann",
                "description": "Data that somebody else gives away.", "landingPage": "https://a.example/",
                "datasetType": "structured", "license": "https://spdx.org/licenses/CC0-1.0",
            }
        )  # fmt: skip
    weak = ZOO + "<a:1> <https://schema.org/contentUrl2> <a:f> ; <http://www.w3.org/ns/dcat#byteSize> 1 ."
    with host({"/z": Page(weak)}) as made:
        asking.add_peer("Zoo", made.url + "/z", kind="rdf", license="https://spdx.org/licenses/CC0-1.0")
        found = {(p.theirs, p.ours.rpartition("#")[2]): p for p in asking.propose_mappings("zoo")}
        kind = found[f"{EX}Dataset", "Dataset"]
        assert (kind.relation, "both are called") == ("skos:exactMatch", kind.reason[:15])
        assert found[f"{EX}storage_path", "storagePath"].confidence >= 0.5
        shared = next(p for (theirs, _), p in found.items() if theirs == f"{EX}sector")
        assert "3 values are shared, such as education, finance, healthcare" in shared.reason
        assert shared.ours == "http://www.w3.org/ns/dcat#keyword"
        assert not any(theirs == f"{EX}zebra" for theirs, _ in found)
        assert not any("purl.org/dc/terms" in theirs for theirs, _ in found)


def test_what_a_person_accepts_is_used(asking: LocalLake) -> None:
    """From then on, until it is withdrawn; who, why and how sure stand in the record."""
    query = HEAD + "SELECT ?d ?k { ?d a lake:Dataset ; dcat:keyword ?k }"
    with host({"/z": Page(ZOO)}) as made:
        asking.add_peer("Zoo", made.url + "/z", kind="rdf", license="https://spdx.org/licenses/CC0-1.0")
        assert not asking.federate(query).rows
        said = {"by": "bob", "why": "The definitions agree, word by word."}
        asking.accept_mapping("lake:Dataset", "skos:closeMatch", f"{EX}Dataset", **said)
        receipt = asking.accept_mapping("dcat:keyword", "skos:closeMatch", f"{EX}sector", **said, confidence=0.85)
        found = asking.federate(query)
        assert len(found.rows) == 3
        assert any(m["theirs"] == f"{EX}sector" and m["confidence"] == 0.85 for m in found.sources[1].mappings)
        own = [m for m in asking.list_mappings() if m["origin"] == "lake"]
        assert [(m["ours"], m["comment"], m["used"]) for m in own] == [
            ("dcat:keyword", said["why"], True),
            ("lake:Dataset", said["why"], True),
        ]
        with pytest.raises(ConflictError):
            asking.accept_mapping("dcat:keyword", "skos:closeMatch", f"{EX}sector", **said, confidence=0.85)
        asking.tombstone(receipt.iri, by="bob", why="It misled people.")
        assert not asking.federate(query).rows


@pytest.mark.parametrize(
    ("ours", "relation", "theirs", "says"),
    [
        ("lake:Nothing", "skos:exactMatch", f"{EX}b", "no term of the ontology"),
        ("lake:Model", "rdfs:seeAlso", f"{EX}b", "does not map"),
        ("Model", "skos:exactMatch", f"{EX}b", "is not a term"),
        ("lake:Model", "skos:exactMatch", "lake:Dataset", "a term of ours"),
    ],
)
def test_what_maps_nothing_is_refused(asking: LocalLake, ours: str, relation: str, theirs: str, says: str) -> None:
    """Nothing is recorded."""
    with pytest.raises(UsageError, match=says):
        asking.accept_mapping(ours, relation, theirs, by="bob", why="Because it seems so.")
    assert not asking.accepted()


@pytest.mark.skipif(shutil.which("java") is None, reason="HermiT needs Java")
def test_a_mapping_that_contradicts_the_ontology_is_refused(asking: LocalLake) -> None:
    """A class cannot be both a data set and a model, for these exclude each other."""
    pytest.importorskip("owlready2")
    why = "They looked alike to me."
    asking.accept_mapping("lake:Model", "skos:exactMatch", f"{EX}Thing", by="bob", why=why)
    with pytest.raises(ConflictError, match=r"contradicts itself: nothing can be a .*lake:Model"):
        asking.accept_mapping("lake:Dataset", "skos:exactMatch", f"{EX}Thing", by="bob", why=why)
    assert len(asking.accepted()) == 1


def test_over_http_and_on_the_command_line(asking: LocalLake, tmp_path: Path) -> None:
    """The same calls."""
    with host({"/z": Page(ZOO)}) as made, served(asking) as url, lakegraph.connect(url) as remote:
        asking.add_peer("Zoo", made.url + "/z", kind="rdf", license="https://spdx.org/licenses/CC0-1.0")
        assert remote.propose_mappings("zoo") == asking.propose_mappings("zoo")

        def run(*words: str) -> str:
            done = CliRunner().invoke(main, ["--lake", url, "mappings", *words])
            assert done.exit_code == 0, done.output
            return done.output

        assert "both are called" in run("propose", "zoo")
        why = "The definitions agree, word by word."
        run("accept", "lake:Dataset", "skos:closeMatch", f"{EX}Dataset", "--by", "bob", "--why", why)
        [own] = json.loads(run("list", "--own", "--format", "json"))
        assert own["ours"] == "lake:Dataset"
        assert f"lake:Dataset\tskos:closeMatch\t{EX}Dataset\t" in run("list", "--own", "--format", "sssom")
        assert len(remote.list_mappings()) > 400
        assert "schema:Dataset" in run("list")


def test_a_query_is_recorded_as_provenance(asking: LocalLake) -> None:
    """What was asked of whom, in which words, by which mappings, and how it ended."""
    with host({"/z": Page(ZOO), "/bad": Page("no", "text/plain", 500)}) as made:
        for name in ("z", "bad"):
            asking.add_peer(name, f"{made.url}/{name}", kind="rdf", license="https://spdx.org/licenses/CC0-1.0")
        query = HEAD + "SELECT ?t { ?d dct:title ?t }"
        found = asking.federate(query, record=True, by="bob")
        assert found.record is not None
        said = asking.query(
            HEAD
            + f"SELECT ?text ?who ?peer ?status ?sent {{ <{found.record}> a lake:FederatedQuery, prov:Activity ; "
            + "lake:queryText ?text ; prov:wasAssociatedWith ?who ; lake:hasPeerAnswer ?a . "
            + "?a lake:answeringPeer ?peer ; lake:answerStatus ?status "
            + "OPTIONAL { ?a lake:sentQuery ?sent } } ORDER BY ?status"
        )
        asked = json.loads(said)["results"]["bindings"]
        assert [row["status"]["value"] for row in asked] == ["failed", "ok"]
        assert asked[0]["text"]["value"] == query
        assert asked[0]["who"]["value"].endswith("/id/user/bob")
        assert asked[1]["sent"]["value"] == f"{made.url}/z"
        assert asking.federate(query, record=True).record != found.record
