"""The main path: a document in, a receipt or reasons out, and what holds after each."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import (
    ConflictError,
    DocumentError,
    LakeBusyError,
    LakeFormatError,
    LakegraphError,
    NotFoundError,
    RdfSyntaxError,
    SettingsError,
    UsageError,
)
from lakegraph.receipts import Receipt, Refusal
from tests.conftest import BASE, example, examples, quads


def state(lake: LocalLake, directory: Path) -> tuple[int, list[bytes]]:
    return lake.journal.last_seq, quads(lake, directory)


def test_a_receipt_says_where_the_record_is(lake: LocalLake) -> None:
    """IRI, graph, sequence number, count, outputs and warnings."""
    receipt = lake.record(example("01-ingest"))
    assert receipt.graph == f"{receipt.iri}/bundle"
    assert receipt.seq == 1
    assert receipt.outputs == (f"{BASE}id/dataset/diabetes/0",)
    assert receipt.quads > 40
    assert all(w["message"] for w in receipt.warnings)


def test_the_worked_example_is_accepted_whole(diabetes: LocalLake) -> None:
    """Section 5 of the metamodel, as documents."""
    assert diabetes.journal.last_seq == len(examples()) >= 7


def test_a_refusal_gives_every_reason_and_changes_nothing(diabetes: LocalLake, tmp_path: Path) -> None:
    """A training run without why, model or algorithm: each named, with field and place; the lake stays as it was."""
    before = state(diabetes, tmp_path)
    document = {
        "type": "TrainingRun",
        "title": "Train forest",
        "startedAt": "2024-05-01T10:00:00Z",
        "analyzedBy": "tim",
    }
    with pytest.raises(Refusal) as caught:
        diabetes.record(document)
    report = caught.value.report
    assert {"why", "how", "what"} <= {r.answers for r in report.violations}
    assert all(r.message and r.file for r in report.violations)
    assert "Nothing was written" in caught.value.message
    assert caught.value.as_dict()["report"]
    assert state(diabetes, tmp_path) == before


def test_a_malformed_document_changes_nothing(lake: LocalLake, tmp_path: Path) -> None:
    """Unknown fields are refused, not dropped."""
    before = state(lake, tmp_path)
    with pytest.raises(DocumentError, match="unknown field"):
        lake.record({**example("01-ingest"), "ingestform": "x"})
    assert state(lake, tmp_path) == before


def test_the_same_key_again_returns_the_first_receipt(lake: LocalLake) -> None:
    """Retries write once."""
    first = lake.record(example("01-ingest"), key="k1")
    again = lake.record({"type": "Study", "title": "something else"}, key="k1")
    assert (again.iri, again.seq, again.repeated) == (first.iri, first.seq, True)
    assert lake.journal.last_seq == 1


def test_the_same_run_again_is_a_conflict(lake: LocalLake) -> None:
    """A run is recorded once; the error says how to correct it."""
    document = {**example("01-ingest"), "id": "ing-1"}
    lake.record(document)
    with pytest.raises(ConflictError, match="supersede"):
        lake.record(document)


def test_the_same_run_twice_in_one_group_is_a_conflict(lake: LocalLake) -> None:
    """Records of a group see each other."""
    document = {**example("01-ingest"), "id": "ing-1"}
    first, second = lake.record_many([document, document])
    assert isinstance(first, Receipt)
    assert isinstance(second, ConflictError)


def test_records_of_one_group_build_on_each_other(lake: LocalLake) -> None:
    """An output of the first is the input of the second, in one transaction; a bad one between does no harm."""
    documents = examples()
    documents.insert(2, {"type": "Process", "title": "broken"})
    documents.insert(3, {"type": "Nonsense"})
    answers = list(lake.record_many(documents))
    assert [type(a).__name__ for a in answers[2:4]] == ["Refusal", "DocumentError"]
    assert all(isinstance(a, Receipt) for a in answers[:2] + answers[4:])


def test_a_group_and_single_records_give_the_same_graph(tmp_path: Path) -> None:
    """Grouping changes cost, never content."""
    dumps = []
    for name in ("one", "many"):
        with lakegraph.init(tmp_path / name, base=BASE) as lake:
            documents = [{**d, "id": d.get("id", f"r{n}")} for n, d in enumerate(examples())]
            if name == "one":
                for document in documents:
                    lake.record(document)
            else:
                assert all(isinstance(a, Receipt) for a in lake.record_many(documents))
            dumps.append([q for q in quads(lake, tmp_path) if b"generatedAtTime" not in q])
    assert dumps[0] == dumps[1]


def test_four_threads_write_and_nothing_is_lost(lake: LocalLake) -> None:
    """Callers that wait are written together; each gets its own receipt."""
    receipts: list[Receipt] = []

    def work(name: int) -> None:
        for n in range(10):
            receipts.append(
                lake.record({"type": "Study", "title": f"study {name} {n}", "description": "Long enough why."})
            )

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r.seq for r in receipts) == list(range(1, 41))
    assert len({r.iri for r in receipts}) == 40


def test_lineage_is_there_at_once(diabetes: LocalLake) -> None:
    """The model derives from the source, over three steps, in the default graph."""
    model, up = f"<{BASE}id/model/diabet-predictor/1>", f"<{BASE}id/dataset/diabetes/1>"
    graph = diabetes._projector.graph
    from lakegraph.rdf.namespaces import LAKE

    assert list(graph.objects(model, LAKE.derivedFrom)) == [up]


def test_deleting_the_projections_and_opening_gives_the_same_quads(tmp_path: Path) -> None:
    """The journal is the record; graph and index are made again from it."""
    import shutil

    where = tmp_path / "lake"
    with lakegraph.init(where, base=BASE) as lake:
        for document in examples():
            lake.record(document)
        lake.tombstone(lake.journal.read(7).record, by="bob", why="A test of withdrawal.")
        before = quads(lake, tmp_path)
    shutil.rmtree(where / "views" / "all" / "graph")
    with lakegraph.open(where) as lake:
        assert quads(lake, tmp_path) == before
    shutil.rmtree(where / "views")
    with lakegraph.open(where) as lake:
        assert quads(lake, tmp_path) == before
        assert lake.search("diabetes")["hits"]


def test_a_withdrawn_record_leaves_the_graph_and_stays_in_the_journal(diabetes: LocalLake, tmp_path: Path) -> None:
    """Its statements go, and what followed from them alone; the withdrawal says who and why."""
    receipt = diabetes.record(
        {"type": "ReviewRun", "id": "rev-9", "reviewed": "model/diabet-predictor/1", "reviewedBy": "bob",
         "decision": "rejected", "startedAt": "2024-05-01T10:00:00Z", "endedAt": "2024-05-01T10:05:00Z",
         "description": "A second look at the model."}
    )  # fmt: skip
    gone = diabetes.tombstone(receipt.iri, by="bob", why="Reviewed the wrong model.")
    dump = b"\n".join(quads(diabetes, tmp_path))
    assert receipt.graph.encode() + b"> ." not in dump.replace(gone.graph.encode(), b"")
    assert diabetes.journal.read(receipt.seq).added
    assert diabetes.journal.read(gone.seq).kind == "tombstone"
    with pytest.raises(NotFoundError, match="no current record"):
        diabetes.tombstone(receipt.iri, by="bob", why="Again.")


def test_what_others_rely_on_cannot_be_withdrawn(diabetes: LocalLake, tmp_path: Path) -> None:
    """The ingest made the data that the process read."""
    before = state(diabetes, tmp_path)
    with pytest.raises(ConflictError, match="cannot be taken back") as caught:
        diabetes.tombstone(diabetes.journal.read(1).record, by="bob", why="No reason.")
    assert caught.value.where
    assert state(diabetes, tmp_path) == before


def test_a_correction_takes_the_place_of_the_record(diabetes: LocalLake, tmp_path: Path) -> None:
    """Same run, same outputs, a graph of its own; what only the old one said is gone."""
    old = diabetes.journal.read(2)
    document = {**example("02-process"), "description": "Make the records usable, said better."}
    receipt = diabetes.supersede(old.record, document)
    assert receipt.iri == old.record
    assert receipt.graph == f"{old.record}/bundle/2"
    assert receipt.outputs == (f"{BASE}id/dataset/diabetes/1",)
    dump = b"\n".join(quads(diabetes, tmp_path))
    assert b"said better" in dump
    assert example("02-process")["description"].encode() not in dump
    assert diabetes.journal.current(receipt.graph) is not None


def test_a_correction_of_a_correction_replays_to_the_same_graph(tmp_path: Path) -> None:
    """Rebuilding follows every supersession in order."""
    where = tmp_path / "lake"
    with lakegraph.init(where, base=BASE) as lake:
        for document in examples():
            lake.record(document)
        run = lake.journal.read(2).record
        for text in ("First correction of it.", "Second correction of it."):
            lake.supersede(run, {**example("02-process"), "description": text})
        before = quads(lake, tmp_path)
    from lakegraph import bootstrap

    assert bootstrap.rebuild(where) == 9
    with lakegraph.open(where) as lake:
        assert quads(lake, tmp_path) == before


TWO_GRAPHS = b"<urn:a> <urn:b> <urn:c> <urn:g> .\n<urn:a> <urn:b> <urn:c> <urn:h> .\n"
TURTLE = b"""
@prefix lake: <https://w3id.org/lakegraph/ns#> . @prefix prov: <http://www.w3.org/ns/prov#> .
@prefix dct: <http://purl.org/dc/terms/> . @prefix voc: <https://w3id.org/lakegraph/voc/> .
_:r a lake:ReviewRun ; lake:reviewed <https://lake.example.org/id/model/diabet-predictor/1> ;
  lake:reviewedBy <https://lake.example.org/id/user/bob> ;
  lake:decision <https://w3id.org/lakegraph/voc/decision/approved> ;
  lake:runStatus <https://w3id.org/lakegraph/voc/run-status/succeeded> ;
  prov:startedAtTime "2024-05-01T10:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> ;
  prov:endedAtTime "2024-05-01T10:05:00.0Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> ;
  dct:description "Looked at it again, with care." .
<https://lake.example.org/id/user/bob> a lake:User .
"""


def test_rdf_is_recorded_like_a_document(diabetes: LocalLake) -> None:
    """A run without a name gets one; blank nodes get IRIs."""
    receipt = diabetes.record_rdf(TURTLE, "text/turtle")
    assert receipt.iri.startswith(f"{BASE}id/run/")
    assert b"_:" not in diabetes.journal.read(receipt.seq).added


@pytest.mark.parametrize(
    ("body", "media_type", "error", "text"),
    [
        (b"<a> <b", "text/turtle", RdfSyntaxError, "does not parse"),
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>', "application/rdf+xml", RdfSyntaxError, "DOCTYPE"),
        ('<!DOCTYPE x><x/>'.encode("utf-16"), "application/rdf+xml", RdfSyntaxError, "DOCTYPE"),
        (b'{"@context": "http://127.0.0.1:9/c", "a": 1}', "application/ld+json", RdfSyntaxError, "does not parse"),
        (b"<urn:a> <urn:b> <urn:c> .", "text/turtle", UsageError, "describe no run"),
        (TURTLE.replace(b"_:r", b"<urn:a\xe2\x80\xaeb>"), "text/turtle", RdfSyntaxError, "turn the direction of text"),
        (TURTLE.replace(b"_:r", b"<urn:cafe\xcc\x81>"), "text/turtle", RdfSyntaxError, "normal form C"),
        (TURTLE.replace(b"_:r", b"<urn:a>") + TURTLE.replace(b"_:r", b"<urn:b>"), "text/turtle", UsageError, "several"),
        (TWO_GRAPHS, "application/n-quads", RdfSyntaxError, "one graph"),
        (b"x", "text/plain", RdfSyntaxError, "not RDF"),
    ],
)  # fmt: skip
def test_rdf_that_is_refused_says_why(
    diabetes: LocalLake, tmp_path: Path, body: bytes, media_type: str, error: type[Exception], text: str
) -> None:
    """Entities, remote contexts, several runs: refused with the lake as it was."""
    before = state(diabetes, tmp_path)
    with pytest.raises(error, match=text):
        diabetes.record_rdf(body, media_type)
    assert state(diabetes, tmp_path) == before


def test_rdf_is_judged_by_the_same_shapes(diabetes: LocalLake) -> None:
    """A review without a decision is refused in Turtle too."""
    with pytest.raises(Refusal):
        diabetes.record_rdf(TURTLE.replace(b"lake:decision", b"<urn:x>"), "text/turtle")


def test_captured_records_are_warned_about_instead(diabetes: LocalLake) -> None:
    """Another tool cannot know why; the gap stays visible as a warning."""
    document = {**example("02-process"), "id": "prc-9", "targetData": {"title": "Other", "version": "0"}}
    del document["description"]
    with pytest.raises(Refusal):
        diabetes.record(document)
    receipt = diabetes.record(document, captured=True)
    assert any(w["answers"] == "why" for w in receipt.warnings)


EVIL = 'http://example.org/"><script>alert(1)</script>'


@pytest.mark.parametrize(
    "change",
    [
        {"annotations": {"dct:relation": {"id": EVIL}}},
        {"annotations": {'http://e/"> <urn:p> <urn:o> . <urn:s> <': 1}},
        {"id": 'http://e/"x'},
        {"ingestFrom": {"title": "x", "landingPage": EVIL}},
    ],
)
def test_an_iri_full_of_quotes_never_reaches_the_journal(lake: LocalLake, change: dict[str, Any]) -> None:
    """Refused by name, or made harmless as part of a slug; the journal's lines stay well-formed."""
    try:
        receipt = lake.record({**example("01-ingest"), **change})
    except LakegraphError as error:
        assert (error.status in (400, 422), lake.journal.last_seq) == (True, 0)  # noqa: PT017 - either outcome is right
    else:
        assert '"' not in receipt.iri


@pytest.mark.parametrize(
    "document",
    [
        {"type": "DatasetSource", "title": "x", "landingPage": "http://a/%zz"},
        {"type": "Study", "title": "x", "annotations": {"dct:title": {"value": "y", "language": "not a tag"}}},
        {"type": "Study", "title": "x", "annotations": {"http://a/%zz": "y"}},
        {"type": "Study", "title": "x", "annotations": {"dct:title": {"value": "y", "datatype": "http://a/%zz"}}},
        {"type": "TrainingRun", "title": "x", "hasParameterSetting": {"C": {"value": "1", "datatype": "no iri"}}},
        {"type": "Study", "id": "http://a/%zz", "title": "x"},
        {"type": "DatasetSource", "title": "x", "landingPage": "http://a/\u202ex"},
        {"type": "DatasetSource", "title": "x", "landingPage": "http://a/cafe\u0301"},
    ],
)
def test_what_the_engine_would_refuse_never_reaches_the_journal(lake: LocalLake, document: dict[str, Any]) -> None:
    """The journal must hold nothing that the graph cannot show; the lake goes on."""
    with pytest.raises(DocumentError):
        lake.record(document)
    assert lake.journal.last_seq == 0
    assert lake.record({"type": "Study", "title": "x", "description": "Long enough to say why."}).seq == 1


def test_text_full_of_quotes_survives(lake: LocalLake) -> None:
    """Quotes, backslashes, line ends and all of Unicode come back as they were."""
    title = 'a "b" \\ \n\t <urn:x> . \u0000 \uffff 😀 العربية'
    receipt = lake.record({"type": "Study", "title": title, "description": "Long enough to say why."})
    from lakegraph.rdf.namespaces import DCT
    from lakegraph.rdf.terms import lexical

    (token,) = lake._projector.graph.objects(f"<{receipt.iri}>", DCT.title)
    assert lexical(token) == title


def test_a_second_process_is_told_who_holds_the_lake(lake: LocalLake) -> None:
    """Clear refusal, with the process id."""
    import os

    with pytest.raises(LakeBusyError, match=str(os.getpid())):
        lakegraph.open(lake.directory or "")


def test_a_lake_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    """It is not half read."""
    import sqlite3

    where = tmp_path / "lake"
    lakegraph.init(where, base=BASE).close()
    with sqlite3.connect(where / "journal.db") as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(LakeFormatError, match="newer"):
        lakegraph.open(where)


def test_what_is_no_lake(tmp_path: Path) -> None:
    """Opening nothing, and making one where something lies."""
    with pytest.raises(NotFoundError, match="lakegraph init"):
        lakegraph.open(tmp_path / "nothing")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(ConflictError, match="empty directory"):
        lakegraph.init(tmp_path / "full", base=BASE)


@pytest.mark.parametrize("base", ["lake", "ftp://x/", "https://x y/", 'https://x/"', "https://x/?q", "https://a@b/"])
def test_an_impossible_base_is_refused(tmp_path: Path, base: str) -> None:
    """The base can never change, so it is looked at well."""
    with pytest.raises(SettingsError, match="cannot be the base"):
        lakegraph.init(tmp_path / "lake", base=base)


def test_limits_hold(tmp_path: Path) -> None:
    """Too long a value and too many statements are named, and nothing is written."""
    limits = {"record_quads": 200, "literal_bytes": 2000}
    from lakegraph import bootstrap

    with bootstrap.create(tmp_path / "lake", BASE, limits=limits) as lake:
        with pytest.raises(UsageError, match="too long"):
            lake.record({"type": "Study", "title": "x", "description": "y" * 3000})
        keywords = [f"k{n}" for n in range(300)]
        with pytest.raises(UsageError, match="too many"):
            lake.record({"type": "Study", "title": "x", "description": "Long enough why.", "keyword": keywords})
        assert lake.journal.last_seq == 0


def test_people_are_kept_apart(tmp_path: Path) -> None:
    """Names stand in the graph and never in the journal; erased, they are nowhere."""
    where = tmp_path / "lake"
    with lakegraph.init(where, base=BASE) as lake:
        lake.add_person("Roberta Nordstrom", slug="bob", mail="roberta@example.org")
        for document in examples():
            lake.record(document)
        assert any(b"Roberta Nordstrom" in q for q in quads(lake, tmp_path))
        lake.erase_person("bob", "Asked for it.")
        assert not any(b"Roberta" in q for q in quads(lake, tmp_path))
    assert b"Roberta" not in (where / "journal.db").read_bytes()
    assert b"Roberta" not in (where / "people.db").read_bytes()


def test_each_fact_is_stored_once(lake: LocalLake) -> None:
    """A source, program and person that the lake knows are not described again by the next record."""
    from tests.generated import ingest

    first, second = lake.record(ingest(1)), lake.record(ingest(2))
    assert second.quads < first.quads
    text = lake.journal.read(second.seq).added
    assert b"Patient records from two sources" not in text
    assert b"id/source/diabetes" in text


def test_what_a_withdrawn_record_described_first_is_carried_over(lake: LocalLake, tmp_path: Path) -> None:
    """The second ingest still has its source, program and person when the first is withdrawn."""
    from tests.generated import ingest

    first, second = lake.record(ingest(1)), lake.record(ingest(2))
    gone = lake.tombstone(first.iri, by="bob", why="The wrong file was taken.")
    dump = b"\n".join(quads(lake, tmp_path))
    assert b"Patient records from two sources" in dump
    assert b"data/1.csv" not in dump
    assert b"Patient records from two sources" in lake.journal.read(gone.seq).added
    assert lake.describe(f"{BASE}id/source/diabetes")
    report = lake.validate(["integrity", "completeness"])
    assert not report.violations, report.text()
    assert second.outputs[0] in {o[1:-1] for _, _, o in lake.describe(second.iri)}


def test_a_thing_with_many_statements_is_read_in_part(lake: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study's hundreds of analyses are not read for each further one."""
    monkeypatch.setattr("lakegraph.view._LARGE", 5)
    study = {"type": "Study", "title": "Big", "description": "Many analyses share it.", "keyword": list("abcdefgh")}
    lake.record(study)
    again = lake.record({**study, "id": "big-2", "title": "Big two"})
    assert again.seq == 2
    more = lake.record({"type": "Study", "id": "other", "title": "Other", "description": "Another study.",
                        "hasSubStudy": [f"{BASE}id/study/big"]})  # fmt: skip
    assert more.seq == 3


def test_people_are_found_by_name(lake: LocalLake) -> None:
    """Added people are found at once, erased ones no more; a wrong time is named."""
    lake.add_person("Ada Lovelace", slug="ada")
    assert lake.search("lovelace", kind="user")["hits"][0]["iri"] == f"{BASE}id/user/ada"
    lake.erase_person("ada", "Asked for it.")
    assert not lake.search("lovelace", kind="user")["hits"]
    with pytest.raises(UsageError, match="not a time with its zone"):
        lake.search("x", since="2024-01-01T00:00:00")
