"""Bundles and the closures that they hold: what belongs to a story, and what leaves the lake with it."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from importlib.resources import files as files_of
from pathlib import Path
from typing import ClassVar

import pyoxigraph as ox
import pytest

from lakegraph.bootstrap import LocalLake
from lakegraph.errors import LakegraphError, NotFoundError, StorageError
from lakegraph.exchange.bundle import Written, write_bundle
from lakegraph.exchange.closure import story_of
from lakegraph.exchange.exports import FORMS
from lakegraph.exchange.parts import LakeParts
from lakegraph.exchange.verify import verify_file
from lakegraph.testing import chain
from tests.conftest import BASE
from tests.exchange.conftest import MODEL, parts_of
from tests.exchange.mutations import unpacked


def test_the_story_of_a_model_is_everything_that_led_to_it_and_came_of_it(parts: LakeParts) -> None:
    """Ingest, processing, training, review, change of stage, deployment and monitoring."""
    story = story_of(parts, ["Diabet Predictor@1"])
    assert story.things == (MODEL,)
    assert story.entries == (1, 2, 3, 4, 5, 6, 7)
    assert {run.rsplit("/", 1)[1][:-1] for run in story.runs} == {
        "ing-1", "prc-1", "trn-1", "rev-1", "stg-1", "dep-1", "mon-1",
    }  # fmt: skip
    assert f"<{BASE}id/organization/uci>" in story.nodes


def test_the_story_of_a_data_set_ends_with_it(parts: LakeParts) -> None:
    """What was made of it later belongs to other stories."""
    assert story_of(parts, [f"{BASE}id/dataset/diabetes/1"]).entries == (1, 2)
    assert story_of(parts, [f"{BASE}id/run/ing-1"]).entries == (1,)


def test_a_study_brings_its_analyses_and_a_hub_its_versions(parts: LakeParts) -> None:
    """Things that stand for many."""
    assert 3 in story_of(parts, [f"{BASE}id/study/diabetes-prediction"]).entries
    assert story_of(parts, [f"{BASE}id/dataset/diabetes"]).entries == (1, 2)


def test_what_described_a_shared_thing_comes_along(lake: LocalLake) -> None:
    """The second data set's program was described by the first record; unrelated records stay away."""
    for document in chain(3, "a").documents():
        lake.record(document)
    for document in chain(2, "b").documents():
        lake.record(document)
    entries = story_of(parts_of(lake), [f"{BASE}id/dataset/b-0/1"]).entries
    assert entries == (1, 4), "record 1 introduced the environment and the person, 4 is the ingest itself"


def test_corrections_and_withdrawals_belong_to_the_story(diabetes: LocalLake) -> None:
    """The monitoring run, corrected and then withdrawn: three entries, found by the name of the run."""
    run = f"{BASE}id/run/mon-1"
    document = {
        "type": "MonitoringRun",
        "title": "Monitor the diabetes API again",
        "startedAt": "2024-06-01T00:00:00Z",
        "endedAt": "2024-06-01T00:01:00Z",
        "runStatus": "succeeded",
        "associatedWith": {"type": "SoftwareAgent", "id": "scheduler"},
        "monitors": {"title": "diabetes API"},
        "hasObservation": [
            {
                "isMeasurementOf": "accuracy",
                "value": 0.91,
                "windowStart": "2024-05-01T00:00:00Z",
                "windowEnd": "2024-06-01T00:00:00Z",
            }
        ],
    }
    diabetes.supersede(run, document)
    diabetes.tombstone(run, by="tim", why="It watched the wrong service.")
    assert {7, 8, 9} <= set(story_of(parts_of(diabetes), [run]).entries)


def test_what_nobody_recorded_has_no_story(parts: LakeParts) -> None:
    """An IRI that no record tells of."""
    with pytest.raises(NotFoundError, match="No record of this lake tells of"):
        story_of(LakeParts(parts.journal, parts.graph, parts.people, parts.directory), [f"{BASE}id/model/none"])


def test_a_bundle_describes_itself(bundle: Written) -> None:
    """RO-Crate metadata that names what is there, a page for people, shapes and their report, a readable checkpoint."""
    files, _ = unpacked(bundle.path)
    crate = json.loads(files["ro-crate-metadata.json"])
    by_id = {part["@id"]: part for part in crate["@graph"]}
    assert by_id["ro-crate-metadata.json"]["about"] == {"@id": "./"}
    for part in by_id["./"]["hasPart"]:
        assert part["@id"] in by_id
        assert any(name.startswith(part["@id"]) for name in files)
    page = files["index.html"].decode()
    assert all(f"records/{number:08d}.nq" in page for number in range(1, 8))
    assert bundle.key in page
    assert "Train SVM" in page
    assert "training run" in page
    assert page.count("✓") == 8, "seven records were judged by the shapes of now, and the sentence says what ✓ means"
    assert json.loads(files["report.json"])["conforms"] is True
    assert any(name.startswith("shapes/integrity/") for name in files)
    assert files["exports/story.txt"] == MODEL.encode() + b"\n"
    assert "records/00000008.nq" not in files


def test_artifacts_are_compared_with_the_records(diabetes: LocalLake, tmp_path: Path) -> None:
    """A file is carried along; of a folder only what a record knows by checksum. The crate says which thing it is."""
    folder = tmp_path / "files"
    (folder / "deep down").mkdir(parents=True)
    model = folder / "deep down" / "ünnamed model.bin"
    model.write_bytes(b"weights " * 500_000)
    (folder / "other.txt").write_text("not recorded")
    run = {
        "type": "Ingest",
        "title": "Ingest weights",
        "description": "Weights that somebody else trained.",
        "startedAt": "2024-04-01T08:00:00Z",
        "endedAt": "2024-04-01T08:01:00Z",
        "runStatus": "succeeded",
        "executes": {"title": "fetch.py"},
        "associatedWith": "bob",
        "ingestFrom": {"title": "Archive", "landingPage": "https://archive.example.org/", "owner": "UCI"},
        "ingestTo": {
            "type": "UnstructuredDataset",
            "title": "Weights",
            "description": "Weights.",
            "distribution": [
                {
                    "storagePath": "weights.bin",
                    "checksum": {
                        "algorithm": "sha256",
                        "checksumValue": hashlib.sha256(model.read_bytes()).hexdigest(),
                    },
                }
            ],
        },
    }
    receipt = diabetes.record(run, captured=True)
    made = diabetes.bundle([receipt.outputs[0]], tmp_path / "e.zip", artifacts=[folder, folder / "other.txt"])
    verdict = verify_file(made.path)
    assert verdict.exit_code == 0, verdict.text()
    files, _ = unpacked(made.path)
    carried = {name for name in files if name.startswith("artifacts/")}
    assert carried == {"artifacts/deep_down/nnamed_model.bin", "artifacts/other.txt"}
    by_id = {part["@id"]: part for part in json.loads(files["ro-crate-metadata.json"])["@graph"]}
    known = by_id["artifacts/deep_down/nnamed_model.bin"]
    assert known["name"] == model.name
    assert known["about"]["@id"].startswith(receipt.outputs[0])
    assert "No record" in by_id["artifacts/other.txt"]["description"]
    (folder / "again").mkdir()
    (folder / "again" / "other.txt").write_text("x")
    for artifacts, error in (
        ([folder / "again"], "No file in this folder"),
        ([folder / "other.txt", folder / "again" / "other.txt"], "Two artifacts are called 'other.txt'"),
        ([folder / "none"], "There is no file 'none'"),
    ):
        with pytest.raises(LakegraphError, match=error):
            diabetes.bundle([MODEL], tmp_path / "none.zip", artifacts=artifacts)
    with pytest.raises(LakegraphError, match="people in them cannot be replaced"):
        diabetes.bundle([MODEL], tmp_path / "none.zip", artifacts=[folder / "other.txt"], redact_persons=True)


def test_the_crate_is_one(bundle: Written, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RO-Crate's validator has nothing to say against an unpacked bundle, not even what it only recommends."""
    pytest.importorskip("rocrate_validator")
    pytest.importorskip("rocrate")
    from rocrate_validator import models, services
    from rocrate_validator.utils.http import HttpRequester

    class Answer:
        """The context, where the validator would ask the web for it."""

        status_code, text = 200, ""
        headers: ClassVar = {"Content-Type": "application/ld+json"}

        def json(self) -> object:
            return json.loads((files_of("rocrate") / "data/ro-crate.jsonld").read_text(encoding="utf-8"))

    for method in ("get", "head"):
        monkeypatch.setattr(HttpRequester, method, lambda *_, **__: Answer(), raising=False)
    with zipfile.ZipFile(bundle.path) as archive:
        archive.extractall(tmp_path / "crate")
    settings = models.ValidationSettings(
        rocrate_uri=tmp_path / "crate",
        profile_identifier="ro-crate-1.1",
        requirement_severity=models.Severity.RECOMMENDED,
        no_cache=True,
    )
    result = services.validate(settings)
    assert [f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()] == []
    assert result.passed()


def test_the_same_evidence_makes_the_same_files(parts: LakeParts, tmp_path: Path) -> None:
    """Packed twice, byte for byte."""
    once, twice = (write_bundle(parts, [MODEL], tmp_path / name).path.read_bytes() for name in ("a.zip", "b.zip"))
    assert once == twice


def test_people_are_replaced_and_proofs_still_hold(diabetes: LocalLake, tmp_path: Path) -> None:
    """No name, slug, address or IRI of a person is left, in texts, paths and exports; the rest is still proved."""
    diabetes.add_person("Tim Tester", slug="tim", mail="tim@example.org")
    diabetes.add_person("Zoë Müller", slug="zoe", mail="zoe@example.org")
    said = "Write to tim@example.org, ZOË MÜLLER, bob or eve@mail.example.com; see /home/tim_2/x, git@host.org:a/b."
    diabetes.record({"type": "Study", "title": "Asked for by Tim Tester", "description": said})
    things = [MODEL, "Asked for by Tim Tester"]
    forms = [name for name in FORMS if name != "croissant"]
    made = diabetes.bundle(things, tmp_path / "e.zip", redact_persons=True, forms=forms)
    files, _ = unpacked(made.path)
    secrets = re.compile(
        rb"(?i)(?<![a-z])(tim|bob|zoe|zo\\u00eb|zo\xc3\xab|m\xc3\xbcller|tester|eve)(?![a-z])|@(example|mail)"
    )
    for name, content in files.items():
        if not name.startswith("shapes/") and name != "verify.py":
            found = secrets.search(content)
            assert found is None, (name, content[found.start() - 60 : found.end() + 20])
    study = files["records/00000008.nq"].decode()
    assert "usr/redacted-" in files["records/00000001.nq"].decode(), "Bob's folder"
    assert "redacted-mail" in study
    assert "git@host.org:a/b" in study
    for name, content in files.items():
        if name.startswith("records/"):
            assert sum(1 for _ in ox.parse(content, ox.RdfFormat.N_QUADS)) == content.count(b"\n")
    verdict = verify_file(made.path, keys=[made.key])
    assert verdict.exit_code == 0, verdict.text()
    assert 0 < made.redacted <= made.records == 8
    assert f"people were replaced in {made.redacted} records" in verdict.text()


def test_an_erased_record_keeps_its_place(diabetes: LocalLake, tmp_path: Path) -> None:
    """Its leaf and proof are there, its content is not, and the entry that erased it says why."""
    diabetes.journal.erase([7], actor="local", level="internal", reason="Article 17")
    diabetes.catch_up()
    made = write_bundle(parts_of(diabetes), [f"{BASE}id/run/mon-1"], tmp_path / "e.zip")
    files, _ = unpacked(made.path)
    assert "records/00000007.nq" not in files
    verdict = verify_file(made.path)
    assert verdict.exit_code == 0, verdict.text()
    said = f"the content of record 7 ({BASE}id/run/mon-1) was lawfully erased on "
    (note,) = [note for note in verdict.notes if note.startswith(said)]
    assert note.endswith(", as entry 8 says: Article 17")
    assert "lawfully erased: see 8" in files["index.html"].decode()


def test_a_bundle_that_cannot_be_written_leaves_nothing(parts: LakeParts, tmp_path: Path) -> None:
    """Neither half an archive nor another error than ours."""

    def fails(_: object) -> object:
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left"):
        write_bundle(parts, [MODEL], tmp_path / "e.zip", exports={"x": fails})  # type: ignore[dict-item]
    assert not list(tmp_path.glob("e.zip*"))
    with pytest.raises(LakegraphError):
        write_bundle(parts, [MODEL], tmp_path / "no" / "e.zip")
