"""Runs of the data zone and what all runs share: what is found, what is asked for, what happens to those that fail."""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from lakegraph.capture import Handle
from lakegraph.capture.hints import naming_arguments
from lakegraph.errors import LakegraphError, RefusedError, UsageError
from lakegraph.rdf.namespaces import LAKE
from tests.capture.support import BASE, GateLake, PaperLake

SOURCE = "https://archive.ics.uci.edu/"
WHAT = "Diabetes patient records were obtained from two sources."


def ingested(lake: GateLake | PaperLake, file: Path, title: str = "Diabetes") -> Handle:
    with lake.ingest(
        title, source=SOURCE, owner="UCI Machine Learning Repository", by="bob", why="First copy of the records.",
        description=WHAT, created="1994-01-01",
    ) as run:  # fmt: skip
        return run.write(file, tags=["healthcare"], level="confidential", entity="patient")


def test_an_ingest_says_what_nobody_typed(paper: PaperLake, patients: Path) -> None:
    """Times, status, code, environment, size, type, checksum, columns and metafeatures are found."""
    ingested(paper, patients)
    document = paper.last
    made = document["ingestTo"][0]
    assert (document["type"], document["title"], document["runStatus"]) == ("Ingest", "Ingest Diabetes", "succeeded")
    assert datetime.fromisoformat(document["startedAt"]) <= datetime.fromisoformat(document["endedAt"])
    assert document["executes"]["title"] == "test_recording.py"
    assert document["executes"]["sourceCodeURL"].endswith("tests/capture/test_recording.py")
    assert document["environment"]["title"].startswith(f"Python {platform.python_version()[:4]}")
    assert (made["title"], made["type"], made["hasTag"]) == ("Diabetes", "StructuredDataset", ["healthcare"])
    assert made["distribution"] == {
        "storagePath": patients.as_posix(),
        "mediaType": "text/csv",
        "byteSize": patients.stat().st_size,
        "checksum": f"sha256:{hashlib.sha256(patients.read_bytes()).hexdigest()}",
    }
    assert [(a["title"], a["type"]) for a in made["hasEntityClass"]["hasAttribute"]] == [
        ("age", "NumericAttribute"), ("sex", "NominalAttribute"),
        ("glucose", "NumericAttribute"), ("outcome", "NumericAttribute"),
    ]  # fmt: skip
    assert made["metafeatures"]["numberOfInstances"] == 4
    assert made["metafeatures"]["numberOfMissingValues"] == 1


def test_a_source_is_described_by_what_was_said(paper: PaperLake, patients: Path) -> None:
    """The address becomes the landing page; owner, description and day are the caller's; the type is the file's."""
    ingested(paper, patients)
    assert paper.last["accessURL"] == SOURCE
    assert paper.last["ingestFrom"] == {
        "title": "Diabetes",
        "landingPage": SOURCE,
        "owner": "UCI Machine Learning Repository",
        "description": WHAT,
        "created": "1994-01-01",
        "datasetType": "structured",
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("exports/today.csv", {"title": "Diabetes", "storagePath": "exports/today.csv"}),
        (Path("today.csv"), {"title": "Diabetes", "storagePath": "today.csv"}),
        ("Hospital register", {"title": "Hospital register"}),
        ({"title": "Register", "landingPage": SOURCE}, {"title": "Register", "landingPage": SOURCE}),
    ],
)
def test_a_source_may_be_a_path_a_name_or_a_description(
    paper: PaperLake, patients: Path, source: str, expected: dict[str, str]
) -> None:
    """What is no address is a path when it looks like one, else the name of a known source."""
    with paper.ingest("Diabetes", source=source, by="bob") as run:
        run.write(patients)
    assert paper.last["ingestFrom"] == {**expected, "datasetType": "structured"}
    assert "accessURL" not in paper.last


def test_a_process_makes_the_next_version_of_its_input(lake: GateLake, patients: Path) -> None:
    """Title, level and administrator come from the input and the person; columns from those named."""
    raw = ingested(lake, patients)
    with lake.process("Clean Diabetes", inputs=[raw], by="bob", why="Make the records usable.") as run:
        run.operation("cleaning", "impute missing values")
        run.operation("scaling", "scale numeric attributes")
        clean = run.write(patients, columns_from={"glucose": ["glucose"]})
    document = lake.documents[-1]
    assert document["hasOperation"] == [
        {"sequenceNumber": 1, "operationType": "cleaning", "description": "impute missing values"},
        {"sequenceNumber": 2, "operationType": "calculation", "description": "scale numeric attributes"},
    ]
    assert (document["targetData"][0]["securityLevel"], document["targetData"][0]["administrator"]) == (
        "confidential",
        "bob",
    )
    assert raw.iri == f"{BASE}id/dataset/diabetes/0"
    assert (clean.iri, clean.title, clean.version) == (f"{BASE}id/dataset/diabetes/1", "Diabetes", "1")
    assert lake.objects(clean.iri, LAKE.derivedFrom) == {f"<{raw.iri}>"}
    assert lake.objects(f"{clean.iri}/entity/diabetes-record/attribute/glucose", LAKE.derivedFromAttribute) == {
        f"<{raw.iri}/entity/patient/attribute/glucose>"
    }


def test_a_handle_stands_for_its_file(lake: GateLake, patients: Path) -> None:
    """A handle can be opened, and knows version, level and columns of what it stands for."""
    raw = ingested(lake, patients)
    assert Path(raw).read_text(encoding="utf-8").startswith("age,sex")
    assert (raw.version, raw.level, raw.columns) == ("0", "confidential", ("age", "sex", "glucose", "outcome"))


def test_a_handle_has_no_iri_before_its_run_is_recorded(paper: PaperLake, patients: Path) -> None:
    """Inside the block the lake has not given a version yet, and the message says when it will have."""
    with paper.ingest("Diabetes", source=SOURCE, by="bob") as run:
        raw = run.write(patients)
        with pytest.raises(UsageError, match=r"'Diabetes' is not recorded(.|\n)*after the with block"):
            _ = raw.iri
        with pytest.raises(UsageError, match=r"'Ingest Diabetes' is not recorded"):
            _ = run.receipt
    assert raw.recorded
    assert run.receipt.seq == 1


def test_a_failed_run_is_recorded_and_the_error_goes_on(lake: GateLake, patients: Path) -> None:
    """A failed run keeps its error, and what it wrote is named but is no version."""
    raw = ingested(lake, patients)
    run = lake.process("Clean Diabetes", inputs=[raw], by="bob", why="Make the records usable.")
    half: list[Handle] = []

    def fail() -> None:
        with run:
            half.append(run.write(patients))
            _ = 1 / 0

    with pytest.raises(ZeroDivisionError):
        fail()
    document = lake.documents[-1]
    assert (document["runStatus"], document["errorMessage"]) == ("failed", "ZeroDivisionError: division by zero")
    assert "targetData" not in document
    assert document["comment"] == f"Files written before the error, which are no versions: {patients}"
    assert run.receipt.iri.startswith(f"{BASE}id/run/")
    with pytest.raises(UsageError):
        lake.process("Use it", inputs=half, by="bob", why="It failed.").document()


def test_an_interrupted_run_is_aborted(paper: PaperLake) -> None:
    """Ctrl-C is not a failure of the run."""
    with pytest.raises(KeyboardInterrupt), paper.process("Clean", inputs=["Diabetes"], by="bob"):
        raise KeyboardInterrupt
    assert paper.last["runStatus"] == "aborted"


def test_a_failed_run_that_is_refused_does_not_hide_the_error(lake: GateLake) -> None:
    """The caller's own error comes out, with a note of why the lake does not know of it."""
    with pytest.raises(OSError, match="disk full") as caught, lake.ingest("Diabetes", source=SOURCE):
        raise OSError("disk full")
    assert "could not record this failed run" in "".join(caught.value.__notes__)
    assert lake.documents == []


def test_a_refusal_names_the_arguments_to_add(lake: GateLake, patients: Path) -> None:
    """Each answer that only a person can give is asked for by the name of its argument; giving it mends the run."""
    with pytest.raises(RefusedError) as caught, lake.ingest("Diabetes", source=SOURCE) as run:
        raw = run.write(patients)
    hint = str(caught.value.hint)
    for argument in ('by="…"', 'owner="…"', 'description="…"', 'level="…"'):
        assert f"Add {argument}: " in hint
    assert "run.record(…)" in hint
    run.record(by="bob", owner="UCI", description=WHAT, level="internal", why="First copy of the records.")
    assert raw.iri == f"{BASE}id/dataset/diabetes/0"
    assert lake.documents[-1]["ingestTo"][0]["administrator"] == "bob"


def test_the_argument_for_why(lake: GateLake, patients: Path) -> None:
    """A process without an objective is told to add why."""
    raw = ingested(lake, patients)
    with pytest.raises(RefusedError) as caught, lake.process("Clean Diabetes", inputs=[raw], by="bob") as run:
        run.write(patients)
    assert str(caught.value.hint).startswith('Add why="…": Say what the process is for')


def test_a_run_is_recorded_once(paper: PaperLake, patients: Path) -> None:
    """Neither a second block nor a second record makes two runs of one."""
    with paper.ingest("Diabetes", source=SOURCE, by="bob") as run:
        run.write(patients)
        with pytest.raises(UsageError, match="still under way"):
            run.record()
    with pytest.raises(UsageError, match="recorded already"):
        run.record()
    with pytest.raises(UsageError, match="has begun already"):
        run.__enter__()
    assert len(paper.documents) == 1


def test_unknown_arguments_are_named(paper: PaperLake, patients: Path) -> None:
    """A misspelt argument never vanishes."""
    with pytest.raises(UsageError, match="no argument 'agnet'"):
        paper.ingest("Diabetes", source=SOURCE, agnet="cron")  # type: ignore[call-arg]
    with paper.ingest("Diabetes", source=SOURCE, by="bob") as run:
        run.write(patients)
    run._receipt = None
    with pytest.raises(UsageError, match="no argument 'whi'"):
        run.record(whi="…")


def test_two_outputs_of_one_run_need_two_titles(paper: PaperLake, patients: Path) -> None:
    """They would get the same IRI; only the title's slug counts."""
    with paper.ingest("Diabetes", source=SOURCE, by="bob") as run:
        run.write(patients)
        with pytest.raises(UsageError, match=r"'diabetes!' already(.|\n)*title="):
            run.write(patients, title="diabetes!")
        run.write(patients)
    assert [made["title"] for made in paper.last["ingestTo"]] == ["Diabetes", "patients"]


def test_text_and_bytes_can_be_handed_over(paper: PaperLake, tmp_path: Path) -> None:
    """What is given in data= is written first, folders included; other things are refused with a way out."""
    with paper.ingest("Notes", source=SOURCE, by="bob") as run:
        run.write(tmp_path / "new" / "notes.txt", "héllo")
        run.write(tmp_path / "blob.bin", b"\x00\x01")
        with pytest.raises(UsageError, match=r"object cannot be written(.|\n)*leave data= out"):
            run.write(tmp_path / "x.csv", object())
    assert (tmp_path / "new" / "notes.txt").read_text(encoding="utf-8") == "héllo"
    assert [made["type"] for made in paper.last["ingestTo"]] == ["UnstructuredDataset", "ModellakeDataset"]


def test_a_data_frame_is_written_and_described(paper: PaperLake, tmp_path: Path) -> None:
    """A data frame becomes a CSV file without its index; its own types decide the kinds of columns."""
    pandas = pytest.importorskip("pandas", reason="needs the extra [pandas]")
    frame = pandas.DataFrame({"dose": [1.5, 2.5, None], "arm": [1, 2, 1], "open": [True, False, True]})
    with paper.ingest("Trial", source=SOURCE, by="bob") as run:
        run.write(tmp_path / "trial.csv", frame, nominal=["arm"])
    made = paper.last["ingestTo"][0]
    assert (tmp_path / "trial.csv").read_text(encoding="utf-8").splitlines()[0] == "dose,arm,open"
    assert [a["type"] for a in made["hasEntityClass"]["hasAttribute"]] == [
        "NumericAttribute", "NominalAttribute", "NominalAttribute",
    ]  # fmt: skip
    assert made["metafeatures"]["numberOfMissingValues"] == 1


def test_columns_that_are_not_there_are_refused(paper: PaperLake, patients: Path) -> None:
    """A misspelt column is found at once, with those that exist."""
    with paper.ingest("Diabetes", source=SOURCE, by="bob") as run:
        for said in ({"target": "outcom"}, {"nominal": ["outcom"]}, {"columns_from": {"outcom": ["x"]}}):
            with pytest.raises(UsageError, match=r"no column 'outcom'(.|\n)*age, sex, glucose, outcome"):
                run.write(patients, **said)  # type: ignore[arg-type]
        run.write(patients)


def test_further_fields_and_a_stated_version(paper: PaperLake, patients: Path) -> None:
    """What the arguments do not cover goes through extra, on runs and on what they make."""
    with paper.ingest("Diabetes", source=SOURCE, by="bob", extra={"hasTag": ["nightly"]}) as run:
        raw = run.write(patients, version="2024.1", extra={"hasData": "PseudonymisedData"})
    assert paper.last["hasTag"] == ["nightly"]
    assert paper.last["ingestTo"][0]["hasData"] == "PseudonymisedData"
    assert raw.version == "2024.1"


def test_column_statistics_when_asked_for(paper: PaperLake, patients: Path) -> None:
    """Each column's own metafeatures are recorded only where somebody wants them: they are many statements."""
    with paper.ingest("Diabetes", source=SOURCE, by="bob") as run:
        run.write(patients, column_statistics=True)
    age = paper.last["ingestTo"][0]["hasEntityClass"]["hasAttribute"][0]
    assert (age["metafeatures"]["min"], age["metafeatures"]["max"], age["metafeatures"]["mean"]) == (21, 50, 33.5)


def test_an_unreadable_table_is_recorded_with_the_reason(paper: PaperLake, tmp_path: Path) -> None:
    """A file in another encoding still has its checksum; why its columns are missing is said."""
    file = tmp_path / "latin.csv"
    file.write_bytes("größe\n1\n".encode("latin-1"))
    with paper.ingest("Sizes", source=SOURCE, by="bob") as run:
        run.write(file)
    made = paper.last["ingestTo"][0]
    assert made["comment"] == "The columns are not described: it is not UTF-8 text."
    assert "hasEntityClass" not in made
    assert made["distribution"]["checksum"].startswith("sha256:")


def test_a_split_has_roles_and_even_parts(lake: GateLake, tmp_path: Path) -> None:
    """The parts are files of their own, with their roles, titles, and the columns of the whole."""
    file = tmp_path / "many.csv"
    file.write_text("x,outcome\n" + "".join(f"{n},{n % 2}\n" for n in range(40)), encoding="utf-8")
    whole = ingested(lake, file)
    with lake.process("Split Diabetes", inputs=[whole], by="tim", why="Keep some patients apart.") as run:
        parts = run.split(whole, test=0.25, validation=0.1, stratify="outcome", seed=7, directory=tmp_path / "parts")
    documents = {made["splitRole"]: made for made in lake.documents[-1]["targetData"]}
    counts = {role: made["metafeatures"]["numberOfInstances"] for role, made in documents.items()}
    assert counts == {"training": 26, "test": 10, "validation": 4}
    assert documents["test"]["metafeatures"]["classEntropy"] == 1
    assert parts.test.iri == f"{BASE}id/dataset/diabetes-test/0"
    assert (parts.test.role, parts.test.level) == ("test", "confidential")
    assert lake.documents[-1]["hasOperation"][0]["operationType"] == "splitting"
    assert "seed 7" in lake.documents[-1]["hasOperation"][0]["description"]


@pytest.mark.parametrize(("test", "validation"), [(0, 0), (1, 0), (0.6, 0.4), (0.5, -0.1)])
def test_impossible_shares_are_refused(paper: PaperLake, patients: Path, test: float, validation: float) -> None:
    """Something must be left to train on."""
    run = paper.process("Split", inputs=["Diabetes"], by="tim")
    with pytest.raises(UsageError, match="leave nothing to train on"):
        run.split(patients, test=test, validation=validation)


def test_several_inputs_give_no_title(paper: PaperLake, patients: Path) -> None:
    """With two inputs the file's name is the title; with one named by text, its title."""
    with paper.process("Join", inputs=["Diabetes@0", "Insulin"], by="bob") as run:
        run.write(patients, level="internal")
    assert paper.last["targetData"][0]["title"] == "patients"
    with paper.process("Clean", inputs="Diabetes@0", by="bob") as run:
        run.write(patients, level="internal")
    assert paper.last["targetData"][0]["title"] == "Diabetes"


def test_what_has_no_file_cannot_be_opened() -> None:
    """A deployment stands for no file."""
    with pytest.raises(UsageError, match="'API' has no file"):
        Path(Handle("deployment", "API"))


def test_a_refusal_over_http_reads_the_same() -> None:
    """A server's problem document carries the same report; only real problems become advice."""
    members = {
        "code": "record-refused",
        "report": {
            "results": [
                {"focus": f"{BASE}id/run/1", "field": "description", "message": "Say why.", "severity": "Violation"},
                {"focus": f"{BASE}id/run/1/setting/C", "field": "hasValue", "message": "No.", "severity": "Violation"},
                {"focus": f"{BASE}id/run/1", "field": "study", "message": "Which study?", "severity": "Warning"},
            ]
        },
    }

    class Remote(LakegraphError):
        code = "record-refused"

        def as_dict(self) -> dict[str, Any]:
            return members

    with pytest.raises(Remote) as caught, naming_arguments("Then again."):
        raise Remote("Refused.")
    assert caught.value.hint == 'Add why="…": Say why. No. Then again.'


def test_other_errors_keep_their_hints() -> None:
    """Only refusals are about arguments."""
    with pytest.raises(UsageError) as caught, naming_arguments("Then again."):
        raise UsageError("Wrong.", hint="Do it right.")
    assert caught.value.hint == "Do it right."


def test_what_names_nothing_is_refused(paper: PaperLake) -> None:
    """An input that is no reference is found before anything is sent."""
    with pytest.raises(UsageError, match="does not name anything"):
        paper.process("Clean", inputs=[42], by="bob").document()  # type: ignore[list-item]


def test_documents_are_plain_json(paper: PaperLake, patients: Path) -> None:
    """A document goes over HTTP as it is; nothing in it needs Python."""
    ingested(paper, patients)
    assert json.loads(json.dumps(paper.last)) == paper.last
