"""The 5W1H card: the worked example's answers, their records, the gaps, and every form that the card takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from lakes import BASE, TestLake, diabetes, example, thing

import lakegraph
from lakegraph import resources
from lakegraph.errors import NotFoundError
from lakegraph.questions import WS, Card, answers, card, card_text
from lakegraph.rdf.namespaces import DCT, RDF
from lakegraph.rdf.terms import literal
from lakegraph.rdf.vocabulary import ontology
from lakegraph.validation import Gate, Result, ShapeSet
from tests.conftest import examples

MODEL = thing("model/diabet-predictor/1")

KINDS = {
    "model/diabet-predictor/1": "model",
    "dataset/diabetes/0": "structured dataset",
    "dataset/diabetes/1": "structured dataset",
    "source/diabetes": "dataset source",
    "program/modeldp.py-f675030b": "implementation",
    "run/ing-1": "ingest",
    "run/prc-1": "process",
    "run/trn-1": "training run",
    "run/rev-1": "review",
    "run/stg-1": "stage change",
    "run/dep-1": "deployment run",
    "run/mon-1": "monitoring run",
    "study/diabetes-prediction": "study",
    "task/binary-classification-of-outcome": "task",
    "deployment/diabetes-api": "deployment",
    "user/bob": "user",
    "organization/uci": "organization",
    "software-agent/scheduler": "software agent",
    "environment/python-3.11-linux-339973b3": "environment",
}


@pytest.fixture(scope="module")
def gate() -> Gate:
    """The shapes that say what a lake asks of its things."""
    folders = ("completeness", "swamp")
    return Gate(ShapeSet.load([resources.path(f"shapes/{f}") for f in folders]), ontology(), folders)


@pytest.fixture(scope="module")
def model(worked: TestLake, gate: Gate) -> Card:
    """The card of the worked example's model."""
    return card(worked.graph, MODEL, lambda nodes, _: gate.validate(worked.graph, nodes))


def said(found: Card, w: str) -> list[str]:
    """What one W reads."""
    return [a.label for a in found.answers(w)]


def test_the_model_answers_all_six(model: Card) -> None:
    """Data, code, parameters, environment, people, files, times, reasons, review, deployment and operations."""
    assert (model.kind, model.title, model.version, model.stage) == ("model", "Diabet Predictor", "1", "production")
    assert said(model, "what") == [
        "support vector machine",
        " for “binary classification of outcome”",
        "accuracy 0.9354",
        " (5-fold cross validation)",
        " on Diabetes v1",
        "This is a trained model for diabetes prediction based on….",
        "internal",
    ]
    assert said(model, "who") == [
        "Tim trained it",
        "Bob reviewed it",
        "Tim deployed it",
        "data owned by UCI Machine Learning Repository",
        "Tim looks after it",
    ]
    assert said(model, "where") == [
        "usr/cf/diabetesPrediction/modelDP.pkl",
        " (sha256 60303ae2…)",
        "code usr/Tim/diabetesPrediction/modelDP.py",
        "serves at https://api.example.org/diabetes",
    ]
    assert said(model, "when") == [
        "17 Apr 2024 08:00–08:31 UTC",
        "reviewed 18 Apr 2024",
        "production since 18 Apr 2024",
        "deployed 19 Apr 2024",
    ]
    assert said(model, "why") == [
        "Predict diabetes from patient records. (study)",
        "Baseline classifier for the clinic. (run)",
    ]
    assert said(model, "how") == [
        "C 2.3",
        "kernel rbf",
        "Python 3.11 / Linux",
        "impute missing values",
        "scale numeric attributes",
    ]


def test_each_answer_names_its_record(model: Card) -> None:
    """The record that says so, and when and as which entry it came into the journal."""
    trained = model.who[0]
    assert trained.value == thing("user/tim")
    assert trained.on == thing("run/trn-1")
    assert trained.record == f"<{BASE}id/run/trn-1/bundle>"
    assert (trained.recorded, trained.seq) == ("2024-04-17T08:31:00Z", 3)
    assert model.who[1].record == f"<{BASE}id/run/rev-1/bundle>"
    assert model.seq == 3


@pytest.mark.parametrize("path", KINDS)
def test_answers_are_statements_of_the_graph(worked: TestLake, path: str) -> None:
    """Whatever a card says of any kind of thing, the graph says, in the record that the card names."""
    found = card(worked.graph, thing(path))
    for w, given in found:
        for answer in given:
            if not answer.on or not answer.via:
                assert answer.record is None, (w, answer)
                continue
            assert list(worked.graph.match(answer.on, answer.via, answer.value)), (w, answer)
            if answer.via != thing("") and answer.record:
                assert any(worked.graph.match(graph=answer.record)), (w, answer)
            assert answer.record or "/user/" in answer.on, (w, answer)


@pytest.mark.parametrize(("path", "kind"), KINDS.items())
def test_every_kind_has_a_card(worked: TestLake, path: str, kind: str) -> None:
    """Each kind of thing has its name, and at least one answer except for a bare environment."""
    found = card(worked.graph, thing(path))
    assert found.kind == kind
    assert any(given for _, given in found) or kind == "environment"
    assert card_text(found).startswith(found.title)


WHOLE = ("dataset/diabetes/0", "dataset/diabetes/1", "source/diabetes", "run/ing-1", "run/trn-1")


@pytest.mark.parametrize("path", WHOLE)
def test_data_and_runs_answer_all_six(worked: TestLake, path: str) -> None:
    """Sources, dataset versions and runs with people, places, times, reasons and means leave no W empty."""
    found = card(worked.graph, thing(path))
    empty = [w for w, given in found if not given]
    assert empty == (["how"] if path.startswith("source") else [])


def test_gaps_name_the_field(model: Card) -> None:
    """What nobody said is named with the field that would answer it and the thing that it belongs to."""
    gaps = {gap.label: gap for gap in model.gaps}
    assert {"no random seed", "no test data", "no tag", "no code version of modelDP.py"} <= set(gaps)
    assert (gaps["no random seed"].w, gaps["no random seed"].field) == ("how", "randomSeed")
    assert gaps["no code version of modelDP.py"].on == thing("program/modeldp.py-f675030b")
    assert "no description" not in gaps, "the model has one: too short is not missing"
    assert list(gaps) == list(dict.fromkeys(gaps)), "each gap once"


def test_a_filled_gap_is_gone(gate: Gate) -> None:
    """A seed that is said is an answer to how, and no gap any more."""
    lake = diabetes({"trn-1": {"randomSeed": 42}})
    found = card(lake.graph, MODEL, lambda nodes, _: gate.validate(lake.graph, nodes))
    assert "seed 42" in said(found, "how")
    assert "no random seed" not in {gap.label for gap in found.gaps}


@dataclass(frozen=True)
class Wanted:
    """A stand-in for what a shape finds."""

    focus: str
    answers: str
    field: str
    message: str = "Say it."
    value: str | None = None


def test_gaps_need_a_field_and_a_w(worked: TestLake) -> None:
    """What no field can fill, what answers no W, and what belongs to strangers is no gap."""

    def missing(nodes: Sequence[str], _: object) -> list[Wanted]:
        assert nodes[0] == MODEL
        return [
            Wanted(MODEL, "how", "randomSeed"),
            Wanted(MODEL, "how", "randomSeed"),
            Wanted(MODEL, "", "title"),
            Wanted(MODEL, "what", ""),
            Wanted("<urn:stranger>", "what", "title"),
            Wanted(MODEL, "what", "description", value='"too short"'),
        ]

    assert [g.field for g in card(worked.graph, MODEL, missing).gaps] == ["randomSeed"]


def test_the_last_stage_counts() -> None:
    """A thing stands where its last change of stage led, whatever order the records came in."""
    lake = diabetes()
    change = {"type": "StageChange", "title": "x", "changesStageOf": "Diabet Predictor@1", "changedBy": "tim"}
    lake.record({**change, "id": "s3", "toStage": "archived", "startedAt": "2025-01-01T00:00:00Z"})
    lake.record({**change, "id": "s2", "toStage": "staging", "startedAt": "2024-01-01T00:00:00Z"})
    assert card(lake.graph, MODEL).stage == "archived"
    assert card(diabetes({"stg-1": None}).graph, MODEL).stage == "trained"


def test_titles_are_kept_until_something_is_written(tmp_path: Path) -> None:
    """The next card takes them from there; after any write they are looked up again."""
    dataset = thing("dataset/diabetes/0")

    def who() -> list[str]:
        found = lake.ask("5w1h", about=dataset[1:-1])
        assert isinstance(found, Card)
        return said(found, "who")

    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        ingest, process, *_ = examples()
        lake.record(ingest)
        first = who()
        kept = lake._titles.of(lake._projector.graph.version)
        kept.update({token: ("Somebody else", None) for token in kept if "/user/" in token})
        assert who() != first
        assert any("Somebody else" in label for label in who())
        lake.record(process)
        assert not any("Somebody else" in label for label in who())


def test_unknown_things_are_not_found(worked: TestLake) -> None:
    """An IRI that no record describes has no card."""
    with pytest.raises(NotFoundError, match=r"knows nothing of https://lake.example.org/id/model/nope"):
        card(worked.graph, thing("model/nope"))


def test_a_hub_names_its_versions(worked: TestLake) -> None:
    """What has versions, and no description of its own, has a card that leads to them."""
    found = card(worked.graph, thing("dataset/diabetes"))
    assert found.kind == "dataset"
    assert said(found, "what") == ["version 0", "version 1"]


def test_one_w_alone(worked: TestLake, model: Card) -> None:
    """A single W gives the same answers as the card."""
    for w in WS:
        assert answers(worked.graph, w, MODEL) == model.answers(w)


def test_card_as_text(model: Card) -> None:
    """The card that people see in a terminal, within its width, and dressed by roles."""
    text = card_text(model)
    lines = text.splitlines()
    assert lines[0].startswith("Diabet Predictor · model · version 1 · stage production  ")
    assert lines[0].endswith("recorded 17 Apr 2024, seq 3")
    assert lines[1].startswith("  What   support vector machine for “binary classification of outcome” · accuracy")
    why = "Predict diabetes from patient records. (study) · Baseline classifier for the clinic. (run)"
    assert f"  Why    {why}" in lines
    assert "  How    C 2.3, kernel rbf · Python 3.11 / Linux · impute missing values, scale numeric attributes" in lines
    assert max(map(len, lines)) <= 100
    assert str(model) == text
    dressed = card_text(model, lambda text, role: f"<{role}>{text}</{role}>")
    assert "<word>What   </word>support" in dressed
    assert "<gap>Gaps   </gap>" in dressed
    narrow = card_text(model, width=60).splitlines()
    assert max(map(len, narrow)) <= 90, "only the head may be wider, because nothing in it can be left out"


def test_repetitions_are_counted() -> None:
    """The same operation in several upstream processes is read once, with how often."""
    process, train = (next(d for d in example() if d["id"] == name) for name in ("prc-1", "trn-1"))
    lake = diabetes(dict.fromkeys(("trn-1", "rev-1", "stg-1", "dep-1", "mon-1")))
    target = {**process["targetData"][0], "version": "2"}
    lake.record({**process, "id": "prc-2", "sourceData": "Diabetes@1", "targetData": [target]})
    lake.record({**train, "analyzes": "Diabetes@2"})
    text = card_text(card(lake.graph, MODEL), width=200)
    assert "impute missing values (2 times), scale numeric attributes (2 times)" in text


def test_card_as_json(model: Card) -> None:
    """JSON carries the exact values: IRIs, numbers, records, times."""
    data = json.loads(json.dumps(model.as_dict()))
    assert data["about"] == MODEL[1:-1]
    assert data["stage"] == "production"
    assert data["who"][0] == {
        "value": thing("user/tim")[1:-1],
        "text": "Tim trained it",
        "on": thing("run/trn-1")[1:-1],
        "via": "https://w3id.org/lakegraph/ns#analyzedBy",
        "record": f"{BASE}id/run/trn-1/bundle",
        "recorded": "2024-04-17T08:31:00Z",
        "seq": 3,
    }
    assert {g["field"] for g in data["gaps"]} >= {"randomSeed"}


def test_card_as_turtle(worked: TestLake, model: Card) -> None:
    """The Turtle holds statements of the graph and nothing else."""
    import pyoxigraph as ox

    parsed = list(ox.parse(model.to_turtle(), format=ox.RdfFormat.TURTLE))
    assert len(parsed) > 15
    for quad in parsed:
        assert list(worked.graph.match(str(quad.subject), str(quad.predicate), str(quad.object)))


def test_html_and_markdown_escape() -> None:
    """Markup in a record's text is shown, not obeyed; scripts are no links."""
    lake = TestLake()
    about = thing("source/evil")
    lake.state(
        [
            (about, RDF.type, ontology_class("DatasetSource")),
            (about, DCT.title, literal('<script>alert("1")</script> & | [x](y)')),
            (about, DCT.description, literal("*bold* <b>x</b>")),
        ],
        about[1:-1],
    )
    found = card(lake.graph, about)
    html = found._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp;" in html
    markdown = found.to_markdown()
    assert "\\<script\\>" in markdown
    assert "\\*bold\\*" in markdown
    assert "\\|" in markdown


def test_html_links_answers_and_records(model: Card) -> None:
    """Every answer that is a thing is a link, with a link to the record that says so."""
    html = model._repr_html_()
    assert f'<a href="{thing("user/tim")[1:-1]}">Tim trained it</a>' in html
    assert f'href="{BASE}id/run/trn-1/bundle"' in html
    assert "| **Who** | Tim trained it · Bob reviewed it" in model.to_markdown()


def ontology_class(name: str) -> str:
    """The token of a class of the ontology."""
    return f"<{ontology().prefixes['lake']}{name}>"


def test_result_of_validation_is_what_gaps_need() -> None:
    """What the gate finds has the members that gaps are read from."""
    for member in ("focus", "answers", "field", "message", "value"):
        assert hasattr(Result, member)
