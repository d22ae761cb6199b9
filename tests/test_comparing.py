"""Differences, versions, gaps, recipes, the log of a thing, and going back to an earlier version."""

from __future__ import annotations

import json

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import ConflictError, NotFoundError, UsageError
from lakegraph.model import parse
from lakegraph.preparing import Submission
from lakegraph.questions import Comparison, LineageDifference
from lakegraph.rdf.intake import Intake
from lakegraph.receipts import Receipt, Refusal
from tests.conftest import example

MODEL = "Diabet Predictor"


@pytest.fixture
def two(diabetes: LocalLake) -> LocalLake:
    """The worked example with a second version of data and model."""
    process, train = example("02-process"), example("03-train")
    target = {**process["targetData"][0], "version": "2", "previousVersion": "Diabetes@1"}
    diabetes.record({**process, "id": "prc-2", "sourceData": "Diabetes@1", "targetData": [target]})
    output = {**train["hasOutputModel"][0], "version": "2", "hasArtifact": {"storagePath": "m2.pkl"}}
    score = {**train["hasEvaluation"][0], "value": 0.95, "evaluatedOn": "Diabetes@2"}
    diabetes.record({**train, "id": "trn-2", "analyzes": "Diabetes@2", "randomSeed": 7, "hasEvaluation": [score],
                     "hasParameterSetting": {"kernel": "rbf", "C": 10}, "hasOutputModel": [output]})  # fmt: skip
    return diabetes


def test_differences(two: LocalLake) -> None:
    """Of things, of their lineages, and as they were before the second model."""
    found = two.diff(f"{MODEL}@1", f"{MODEL}@2")
    assert isinstance(found, Comparison)
    assert {d.key for d in found.differences} >= {"C", "random seed", "analysed data", "accuracy"}
    assert "Diabetes v1" in found._repr_html_()
    ways = two.diff(f"{MODEL}@1", f"{MODEL}@2", lineage=True)
    assert isinstance(ways, LineageDifference)
    assert "only Diabet Predictor v2" in ways.text()
    assert "<pre" in ways._repr_html_()
    with pytest.raises(NotFoundError):
        two.diff(f"{MODEL}@1", f"{MODEL}@2", as_of=7)
    with pytest.raises(UsageError, match="two at a time"):
        two.diff(f"{MODEL}@1", f"{MODEL}@2", "Diabetes@1", lineage=True)
    with pytest.raises(UsageError, match="1 things cannot be compared"):
        two.diff(MODEL, f"{MODEL}@2")


def test_history(two: LocalLake) -> None:
    """Each version with what changed; fewer of them in the past."""
    assert [v.version for v in two.history("Diabetes@0")] == ["0", "1", "2"]
    assert [v.version for v in two.at(7).history("Diabetes@0")] == ["0", "1"]
    assert "2.3 → 10" in two.history(MODEL).text()
    with pytest.raises(NotFoundError, match="has no versions"):
        two.history("bob")


def test_gaps(two: LocalLake) -> None:
    """Of one thing with what to do, and of the newest things counted by field."""
    one = two.gaps(f"{MODEL}@1")
    assert {g.field for g in one.things[0].gaps} >= {"hasTag", "license"}
    assert one.text().splitlines()[0] == "Diabet Predictor v1"
    assert "swamp" not in one.text()
    every = two.gaps()
    assert every.looked == 11
    assert {name: count for _, name, count in every.fields}["license"] >= 3
    assert "of the 11 newest things leave something open" in every.text()
    assert two.gaps(limit=1).looked == 1
    assert two.gaps(as_of=1).looked < every.looked
    assert json.loads(json.dumps(every.as_dict()))["looked"] == 11
    assert "<table" in every._repr_html_()
    with pytest.raises(UsageError, match="0 things cannot"):
        two.gaps(limit=0)


def test_recipes(two: LocalLake) -> None:
    """What is needed to train again, what is missing for it, and nothing missing when it is all said."""
    recipe = two.reproduce(f"{MODEL}@1")
    assert [i.name for i in recipe.part("parameters")] == ["C", "kernel"]
    assert {(m.part, m.field) for m in recipe.missing} == {
        ("code", "codeVersion"), ("parameters", "randomSeed"), ("data", "checksum"),
    }  # fmt: skip
    assert "no random seed of Train SVM (randomSeed)" in recipe.text()
    assert "- [ ] no random seed of Train SVM (`randomSeed`)" in recipe.to_markdown()
    assert "<table" in recipe._repr_html_()
    assert not any(m.field == "randomSeed" for m in two.reproduce(f"{MODEL}@2").missing)
    assert two.reproduce("Diabetes@1").run.title == "Clean Diabetes"
    assert two.reproduce(two.resolve("run/trn-2")).run.title == "Train SVM"
    with pytest.raises(NotFoundError, match="No run that made"):
        two.reproduce("bob")


def test_a_recipe_without_gaps(lake: LocalLake) -> None:
    """Code with a commit, a seed, a place and a checksum: complete. Changes that no commit holds are a gap."""
    digest = "sha256:" + "ab" * 32
    ingest = example("01-ingest")
    ingest["ingestTo"][0]["distribution"]["checksum"] = digest
    lake.record(ingest)
    train = example("03-train")
    code = {**train["hasImplementation"], "codeVersion": "0123abc"}
    data = {"analyzes": "Diabetes@0", "targetAttribute": None, "usesFeature": None, "randomSeed": 1}
    train = {name: said for name, said in {**train, **data}.items() if said is not None}
    train["hasEvaluation"][0]["evaluatedOn"] = "Diabetes@0"
    lake.record({**train, "hasImplementation": code}, captured=True)
    assert lake.reproduce(MODEL).complete
    dirty = {**code, "title": "other.py", "uncommittedChanges": True}
    lake.record({**train, "id": "trn-2", "hasImplementation": dirty,
                 "hasOutputModel": [{**train["hasOutputModel"][0], "version": "2"}]}, captured=True)  # fmt: skip
    assert [m.label for m in lake.reproduce(f"{MODEL}@2").missing] == ["other.py had changes that no commit holds"]


def test_rolling_back(two: LocalLake) -> None:
    """A title means the earlier version from then on, in questions and in records, until a newer one is recorded."""
    assert two.resolve(MODEL).endswith("/2")
    receipt = two.rollback(f"{MODEL}@1", by="bob", why="The second one fails on the clinic's data.", key="back")
    assert two.resolve(MODEL).endswith("/1")
    assert two.at(receipt.seq - 1).resolve(MODEL).endswith("/2")
    assert two.rollback(f"{MODEL}@1", by="bob", why="Again.", key="back").repeated
    review = example("04-review")
    reviewed = two.record({**review, "id": "rev-2", "reviewed": MODEL})
    assert any(o.endswith("/1>") for _, p, o in two.describe(reviewed.iri) if p.endswith("#reviewed>"))
    again = two.rollback(f"{MODEL}@2", by="bob", why="It was the data that was wrong.")
    assert two.resolve(MODEL).endswith("/2")
    assert two.journal.read(again.seq).supersedes == receipt.graph
    assert two.log(f"{MODEL}@2")[0]["seq"] == again.seq
    for wrong, error, message in (
        (f"{MODEL}@2", ConflictError, "current version already"),
        ("bob", UsageError, "is no version"),
    ):
        with pytest.raises(error, match=message):
            two.rollback(wrong, by="bob", why="For a test.")
    with pytest.raises(UsageError, match="needs a reason"):
        two.rollback(f"{MODEL}@1", by="bob", why=" ")
    with pytest.raises(Refusal):
        two.rollback(f"{MODEL}@1", by=two.resolve(MODEL), why="A model is nobody.")
    assert two.directory
    seq, where = two.seq, two.directory
    two.close()
    lakegraph.bootstrap.rebuild(where)
    with lakegraph.open(where) as lake:
        assert (lake.seq, lake.resolve(MODEL)[-1]) == (seq, "2")


@pytest.mark.parametrize("together", [False, True])
def test_what_comes_next_knows_of_a_rollback(two: LocalLake, *, together: bool) -> None:
    """The very next record, before anybody has asked for anything, means the version that was gone back to."""
    process, hub = example("02-process"), f"<{two.base}id/dataset/diabetes>"
    target = {**process["targetData"][0], "version": "3"}
    told = {**process, "id": "prc-3", "sourceData": "Diabetes", "targetData": [target]}
    back = Intake(tuple(two._rollback(f"{hub[:-1]}/0>", hub, "bob", "The scaling was wrong.")))
    sent = [Submission(rdf=back), Submission(document=parse(told))]
    answers = two._writer.many(sent) if together else [two._submit(one) for one in sent]
    assert [type(answer) for answer in answers] == [Receipt, Receipt]
    assert two.lineage("Diabetes@3", up=1).before(f"<{two.base}id/run/prc-3>") == [f"{hub[:-1]}/0>"]


def test_a_newer_version_ends_a_rollback(two: LocalLake) -> None:
    """What is recorded after a rollback is current again."""
    two.rollback("Diabetes@0", by="bob", why="The scaling was wrong.")
    assert two.resolve("Diabetes", ["dataset"]).endswith("/0")
    process = example("02-process")
    target = {**process["targetData"][0], "version": "3"}
    two.record({**process, "id": "prc-3", "sourceData": "Diabetes", "targetData": [target]})
    assert two.lineage("Diabetes@3", up=1).before(f"<{two.base}id/run/prc-3>") == [f"<{two.base}id/dataset/diabetes/0>"]
    assert two.resolve("Diabetes", ["dataset"]).endswith("/3")


def test_columns_by_name(two: LocalLake) -> None:
    """A column is named after its data set; where it came from is a question like any other."""
    assert two.resolve("Diabetes@0#Glucose").endswith("/attribute/glucose")
    assert two.answers.column_origins("Diabetes@0#glucose").rows == []
    with pytest.raises(NotFoundError, match="has no column 'glucos'") as caught:
        two.resolve("Diabetes@0#glucos")
    assert "glucose" in (caught.value.hint or "")
    with pytest.raises(NotFoundError, match="knows nothing called"):
        two.resolve("Nothing@0#glucose")


def test_the_log_of_a_thing(two: LocalLake) -> None:
    """By any name: the records that describe it or refer to it, and their earlier revisions."""
    model = two.log(f"{MODEL}@1")
    assert {e["record"].rpartition("/")[2] for e in model} >= {"trn-1", "rev-1", "dep-1"}
    two.supersede(two.resolve("run/rev-1"), {**example("04-review"), "description": "Corrected once more."})
    kinds = [e["kind"] for e in two.log(f"{MODEL}@1") if e["record"].endswith("rev-1")]
    assert kinds == ["supersede", "record"]
    assert len(two.log(f"{MODEL}@1", limit=2)) == 2
    assert two.log(two.journal.read(1).record)[0]["seq"] == 1
    with pytest.raises(NotFoundError):
        two.log("no such thing")
