"""The steward's questions: each on data where it fires, and on data where it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from lakes import BASE, TestLake
from test_competency import CASES as COMPETENCY
from test_competency import short

from lakegraph.questions import WS, ask, bind, library

Document = dict[str, Any]
WHEN = {"startedAt": "2024-03-01T10:00:00Z", "endedAt": "2024-03-01T10:30:00Z", "runStatus": "succeeded"}
FILE = {"storagePath": "d.csv", "checksum": "sha256:" + "a" * 64}
ENV, CODE = {"title": "Python"}, {"title": "run.py", "sourceCodeURL": "run.py", "codeVersion": "abc"}
COLUMNS = {"title": "r", "hasAttribute": [{"type": "NumericAttribute", "title": "x"}, {"title": "y"}]}
DATA: Document = {
    "type": "StructuredDataset",
    "title": "d",
    "version": "0",
    "description": "What it holds.",
    "administrator": "bob",
    "securityLevel": "internal",
    "hasTag": ["healthcare"],
    "distribution": FILE,
    "hasEntityClass": COLUMNS,
    "metafeatures": {"numberOfInstances": 5},
}
MODEL: Document = {
    "title": "m",
    "version": "1",
    "description": "What it does.",
    "administrator": "tim",
    "securityLevel": "internal",
    "hasTag": ["healthcare"],
    "hasArtifact": {"storagePath": "m.pkl", "checksum": "sha256:" + "b" * 64},
}
SOURCE = {"title": "s", "owner": {"type": "Organization", "id": "uci"}, "license": "https://example.org/licence"}
SPLIT = {"title": "cv", "hasProcedure": "cross-validation", "folds": 5}


def run(kind: str, name: str, **said: Any) -> Document:
    """A run with what every run says; ``None`` leaves a field out."""
    document = {"id": name, "type": kind, "title": name, "description": "For a reason.", **WHEN, **said}
    return {key: value for key, value in document.items() if value is not None}


def ingest(data: Document | None = None, name: str = "i", **said: Any) -> Document:
    """A data set brought in from a source; *data* changes it."""
    made = {key: value for key, value in (DATA | (data or {})).items() if value is not None}
    source = said.pop("ingestFrom", SOURCE)
    base = {"ingestedBy": "bob", "executes": CODE, "environment": ENV, "ingestFrom": source, "ingestTo": [made]}
    return run("Ingest", name, **base | said)


def process(name: str, source: Any, made: Document, **said: Any) -> Document:
    """A data set made from another."""
    base = {"processedBy": "bob", "executes": CODE, "environment": ENV, "sourceData": source}
    return run("Process", name, **base | {"targetData": [DATA | made]} | said)


def train(model: Document | None = None, name: str = "t", score: Any = 0.9, **said: Any) -> Document:
    """A model trained on ``d@0``; *model* changes it."""
    made = {key: value for key, value in (MODEL | (model or {})).items() if value is not None}
    base = {
        "analyzedBy": "tim",
        "study": {"title": "a study", "description": "For a reason."},
        "analyzes": "d@0",
        "environment": ENV,
        "randomSeed": 1,
        "hasImplementation": CODE | {"usesAlgorithm": "svm"},
        "hasParameterSetting": {"C": 1},
        "hasEvaluation": [{"isMeasurementOf": "accuracy", "value": score, "hasSpecification": SPLIT}],
        "hasOutputModel": [made],
    }
    return run("TrainingRun", name, **base | said)


def evaluate(score: float) -> Document:
    """The model measured again."""
    return run("EvaluationRun", "e", evaluatesModel="m@1", analyzes="d@0", hasEvaluation={"accuracy": score})


def columns(**said: Any) -> Document:
    """The columns of a data set: one, called z."""
    return {"title": "r", "hasAttribute": [{"title": "z", **said}]}


def review(decision: str = "approved", when: str = "2024-03-02T00:00:00Z", name: str = "r") -> Document:
    """A review of the model."""
    return run("ReviewRun", name, reviewed="m@1", reviewedBy="bob", decision=decision, startedAt=when, endedAt=when)


def stage(to: str, when: str = "2024-03-03T00:00:00Z") -> Document:
    """The model moved to another stage."""
    return run("StageChange", "c", changesStageOf="m@1", toStage=to, changedBy="tim", startedAt=when, endedAt=when)


def deploy(when: str = "2024-03-04T00:00:00Z") -> Document:
    """The model put to work."""
    service = {"title": "api", "servesModel": "m@1", "endpointURL": "https://example.org/api"}
    return run("DeploymentRun", "p", deploysModel="m@1", createsDeployment=service, startedAt=when, endedAt=when)


def monitor(end: str = "2024-04-01T00:00:00Z", value: float = 0.9) -> Document:
    """The service looked at."""
    seen = {"isMeasurementOf": "accuracy", "value": value, "windowStart": "2024-03-05T00:00:00Z", "windowEnd": end}
    return run("MonitoringRun", "o", monitors={"title": "api"}, hasObservation=[seen])


def access(**said: Any) -> Document:
    """Somebody reads the data."""
    return run("AccessEvent", "x", accessTo=f"{BASE}id/dataset/d/0", accessBy="bob", **said)


@dataclass(frozen=True)
class Case:
    """One question: documents with which it fires, what it says of them, and documents with which it does not."""

    fires: list[Document]
    says: Document
    silent: list[Document]
    asked: dict[str, str] = field(default_factory=dict)


D, M, API, X = "dataset/d/0", "model/m/1", "deployment/api", "dataset/d/0/entity/r/attribute/x"
PERSONAL = {"hasData": "PersonalData"}
FULL = [ingest(), train(), review(), deploy(), monitor()]
SECRET_COLUMNS = {"title": "r", "hasAttribute": [{"title": "y", "securityLevel": "secret"}]}

CASES: dict[str, Case] = {
    # governance
    "models-without-purpose": Case(
        [ingest(), train(study=None, description=None)], {"model": M}, [ingest(), train()]
    ),
    "unreviewed-production": Case(
        [ingest(), train(), stage("production"), review(when="2024-04-01T00:00:00Z")],
        {"model": M, "approved": "2024-04-01T00:00:00Z"},
        [ingest(), train(), review(), stage("production")],
    ),
    "without-administrator": Case([ingest({"administrator": None})], {"thing": D, "title": "d"}, FULL),
    "without-level": Case([ingest({"securityLevel": None})], {"thing": D}, FULL),
    "things-by-owner": Case(FULL, {"who": "user/bob", "things": "1"}, [run("Process", "q")]),
    "past-retention": Case(
        [ingest({"retentionUntil": "2025-01-01"})],
        {"dataset": D, "until": "2025-01-01"},
        [ingest({"retentionUntil": "2035-01-01"})],
        {"on": "2026-01-01"},
    ),
    "stale-models": Case(
        FULL, {"model": M, "deployment": API}, [ingest(), train()], {"before": "2025-01-01T00:00:00Z"}
    ),
    "rejected-in-use": Case([ingest(), train(), review("rejected"), deploy()], {"model": M}, FULL),
    "open-reviews": Case(
        [ingest(), train(), review("changes-requested")],
        {"thing": M, "review": "run/r"},
        [ingest(), train(), review("changes-requested"), review(when="2024-03-05T00:00:00Z", name="r2")],
    ),
    "deprecated-in-use": Case(
        [*FULL, stage("deprecated")], {"model": M, "deployment": API}, [*FULL, stage("production")]
    ),
    "stages": Case([*FULL, stage("archived")], {"change": "run/c", "who": "user/tim"}, FULL, {"about": M}),
    "accesses-without-objective": Case(
        [ingest(), access()], {"access": "run/x", "about": D}, [ingest(), access(objective="A yearly report")]
    ),
    "withdrawals": Case(
        [ingest(), run("Withdrawal", "w", withdraws=f"{BASE}id/run/i/bundle", withdrawnBy="bob")],
        {"record": "run/i/bundle", "who": "user/bob", "why": "For a reason."},
        FULL,
    ),
    # quality
    "duplicates": Case([ingest(), ingest({"title": "e"}, "i2")], {"checksum": "a" * 64, "files": "2"}, FULL),
    "without-checksum": Case([ingest({"distribution": {"storagePath": "d.csv"}})], {"thing": D, "path": "d.csv"}, FULL),
    "without-metafeatures": Case([ingest({"metafeatures": None})], {"dataset": D}, FULL),
    "without-columns": Case([ingest({"hasEntityClass": None})], {"dataset": D}, FULL),
    "without-description": Case([ingest(), train({"description": None})], {"thing": M, "title": "m"}, FULL),
    "empty-data": Case([ingest({"metafeatures": {"numberOfInstances": 0}})], {"dataset": D, "rows": "0"}, FULL),
    "impossible-scores": Case([ingest(), train(score=93.5)], {"value": "93.5", "bound": "1"}, FULL),
    "claimed-against-recomputed": Case(
        [ingest(), train(), evaluate(0.8)],
        {"model": M, "claimed": "0.9", "found": "0.8", "loss": "0.1"},
        [ingest(), train(), evaluate(0.95)],
    ),
    "low-quality": Case(
        [ingest({"quality": {"completeness-ratio": 0.4}})],
        {"thing": D, "value": "0.4"},
        [ingest({"quality": {"completeness-ratio": 0.9}})],
        {"metric": "completeness-ratio", "bound": "0.5"},
    ),
    # reproducibility
    "without-seed": Case([ingest(), train(randomSeed=None)], {"run": "run/t", "model": M}, [ingest(), train()]),
    "without-environment": Case([ingest(environment=None)], {"run": "run/i"}, [ingest(), train()]),
    "without-code": Case([ingest(executes=None)], {"run": "run/i", "thing": D}, FULL),
    "programs-without-source": Case([ingest(executes={"title": "lost.py"})], {}, FULL),
    "programs-without-version": Case([ingest(executes={"title": "a.py", "sourceCodeURL": "a.py"})], {}, FULL),
    "uncommitted-code": Case(
        [ingest(executes=CODE | {"uncommittedChanges": True})], {"run": "run/i", "thing": D}, FULL
    ),
    "reruns-that-disagree": Case(
        [ingest(), train(), train({"version": "2"}, "t2", 0.8)],
        {"runs": "2", "least": "0.8", "most": "0.9", "parameters": "C=1"},
        [ingest(), train(), train({"version": "2"}, "t2", 0.8, hasParameterSetting={"C": 2})],
    ),
    # compliance
    "personal-data-users": Case(
        [ingest(PERSONAL), train()],
        {"who": "user/tim", "run": "run/t", "dataset": D},
        FULL,
        {"since": "2024-01-01T00:00:00Z"},
    ),
    "personal-data-without-purpose": Case(
        [ingest(PERSONAL)],
        {"dataset": D, "category": "https://w3id.org/dpv#PersonalData"},
        [ingest(PERSONAL | {"hasPurpose": "ScientificResearch"})],
    ),
    "personal-data-without-retention": Case(
        [ingest(PERSONAL)], {"dataset": D}, [ingest(PERSONAL | {"retentionUntil": "2030-01-01"})]
    ),
    "licence-changed": Case(
        [ingest({"license": "https://example.org/a"}), train({"license": "https://example.org/b"})],
        {"thing": M, "licence": "https://example.org/b", "source": D},
        [ingest({"license": "https://example.org/licence"}), train({"license": "https://example.org/licence"})],
    ),
    "sources-without-licence": Case([ingest(ingestFrom={"title": "s"})], {"source": "source/s"}, FULL),
    "readers-of-level": Case(
        [ingest({"securityLevel": "secret"}), access(objective="A report")],
        {"who": "user/bob", "dataset": D, "objective": "A report"},
        [ingest(), access()],
    ),
    "exposed-services": Case(
        [ingest({"securityLevel": "confidential"}), train(), deploy()], {"deployment": API, "dataset": D}, FULL
    ),
    # bias
    "train-test-leak": Case(
        [ingest(), train(analyzes=None, trainingData="d@0", testData="d@0")],
        {"run": "run/t", "training": D, "test": D},
        [ingest(), ingest({"title": "e"}, "i2"), train(analyzes=None, trainingData="d@0", testData="e@0")],
    ),
    "scored-on-training-data": Case(
        [ingest(), train(hasEvaluation={"accuracy": 0.99})], {"run": "run/t", "dataset": D, "value": "0.99"}, FULL
    ),
    "sensitive-targets": Case(
        [ingest({"hasEntityClass": SECRET_COLUMNS}), train(targetAttribute="y")],
        {"model": M, "title": "y"},
        [ingest(), train(targetAttribute="y")],
    ),
    "models-on-one-source": Case(
        FULL,
        {"model": M, "sources": "1", "only": "source/s"},
        [ingest(), ingest({"title": "e"}, "i2", ingestFrom={"title": "z"}), train(analyzes=["d@0", "e@0"]), deploy()],
    ),
    # discovery
    "with-algorithm": Case(FULL, {"model": M, "title": "m"}, [ingest()], {"algorithm": "svm"}),
    "with-tag": Case(FULL, {"thing": D}, [ingest({"hasTag": None})], {"tag": "healthcare"}),
    "with-column": Case(FULL, {"dataset": D}, [ingest({"hasEntityClass": None})], {"column": "y"}),
    "models-of-dataset": Case(FULL, {"model": M, "value": "0.9"}, [ingest()], {"dataset": D}),
    "work-of": Case(FULL, {"run": "run/i"}, [ingest(ingestedBy="tim")], {"who": "user/bob"}),
    "orphan-tags": Case([ingest()], {"tag": "voc/tag/healthcare", "uses": "1"}, FULL),
    "unused-data": Case([ingest()], {"dataset": D}, FULL),
    "untagged": Case([ingest({"hasTag": None})], {"thing": D}, FULL),
    # operations
    "unmonitored": Case([ingest(), train(), deploy()], {"deployment": API, "title": "api"}, FULL),
    "not-watched-since": Case(
        FULL, {"deployment": API}, [*FULL[:-1], monitor("2026-01-01T00:00:00Z")], {"since": "2025-01-01T00:00:00Z"}
    ),
    "approved-not-deployed": Case([ingest(), train(), review()], {"model": M}, FULL),
    "with-status": Case(
        [ingest(runStatus="failed", errorMessage="disk full")], {"run": "run/i", "message": "disk full"}, FULL
    ),
    "failing-programs": Case([ingest(runStatus="failed")], {"failures": "1"}, FULL),
    # lineage
    "from-nowhere": Case(
        [process("p", {"title": "n", "version": "0", "description": "Found on a disk."}, {"title": "e"})],
        {"thing": "dataset/n/0", "title": "n"},
        FULL,
    ),
    "made-twice": Case([ingest(), ingest(name="i2")], {"thing": D, "runs": "2"}, FULL),
    "column-origins": Case(
        [
            ingest(),
            process("p", "d@0", {"title": "e", "hasEntityClass": columns(derivedFromAttribute=[f"{BASE}id/{X}"])}),
        ],
        {"origin": X, "title": "x", "dataset": D},
        [ingest(), process("p", "d@0", {"title": "e", "hasEntityClass": columns()})],
        {"attribute": "dataset/e/0/entity/r/attribute/z"},
    ),
    "common-origin": Case(
        [ingest(), process("p", "d@0", {"title": "e"}), train()],
        {"origin": D, "title": "d"},
        [ingest(), ingest({"title": "e"}, "i2", ingestFrom={"title": "z"}), train()],
        {"a": M, "b": "dataset/e/0"},
    ),
}  # fmt: skip


def answer(name: str, documents: list[Document], asked: dict[str, str]) -> list[Document]:
    """What a lake with these documents answers."""
    lake = TestLake()
    for document in documents:
        lake.record(document)
    question = library().get(name)
    iris = {p.name for p in question.parameters if p.type == "iri"}
    bindings = bind(question, {k: f"{BASE}id/{v}" if k in iris else v for k, v in asked.items()})
    return [{n: short(t) for n, t in row.items() if t is not None} for row in ask(lake.graph, question, bindings)]


def test_every_question_has_a_case() -> None:
    """Each question of the library is a W, a competency question, the panels, or here; and there are forty here."""
    tested = {*WS, *COMPETENCY, *CASES, "panels"}
    assert {q.name for q in library()} == tested
    assert len(CASES) >= 40


@pytest.mark.parametrize("name", CASES)
def test_fires(name: str) -> None:
    """On data that deserve it, the question names the thing and says what it is about."""
    case = CASES[name]
    rows = answer(name, case.fires, case.asked)
    assert rows
    assert any(case.says.items() <= row.items() for row in rows), rows


@pytest.mark.parametrize("name", CASES)
def test_falls_silent(name: str) -> None:
    """On data that do not deserve it, the question has nothing to say."""
    case = CASES[name]
    assert answer(name, case.silent, case.asked) == []


def test_times_narrow_the_answer() -> None:
    """What happened before the time that is asked for is not told."""
    lake = [ingest(PERSONAL), train()]
    assert answer("personal-data-users", lake, {"since": "2030-01-01T00:00:00Z"}) == []
    assert answer("work-of", lake, {"who": "user/tim", "since": "2030-01-01T00:00:00Z"}) == []
    assert len(answer("work-of", lake, {"who": "user/tim"})) == 1
