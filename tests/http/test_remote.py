"""A lake over HTTP takes, gives and raises what the same lake in process does."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import (
    AmbiguousError,
    ConflictError,
    DocumentError,
    LakeBusyError,
    LakegraphError,
    NotFoundError,
    QueryError,
    RdfSyntaxError,
    UsageError,
)
from lakegraph.model import parse
from lakegraph.questions import ParameterError
from lakegraph.receipts import Receipt, Refusal
from lakegraph.remote import RemoteError, RemoteLake
from lakegraph.remote.problem import error_of
from tests.conftest import examples
from tests.http.conftest import study

ABOUT = "Diabet Predictor"


@pytest.fixture(scope="module", autouse=True)
def example_recorded_over_http(served: str) -> None:
    """The worked example, recorded through the client."""
    with lakegraph.connect(served) as lake:
        for document in examples():
            assert lake.record(document).seq > 0


def test_record_ask_and_lineage_round_trip(remote: RemoteLake, written_lake: LocalLake) -> None:
    """What was recorded over HTTP is asked over HTTP, and the answers are those of the lake itself."""
    card = remote.ask("5w1h", about=ABOUT)
    assert card == written_lake.ask("5w1h", about=ABOUT)
    assert remote.ask("who", about=ABOUT).as_dict() == written_lake.ask("who", about=ABOUT).as_dict()
    assert remote.lineage(ABOUT, up="all", down=1) == written_lake.lineage(ABOUT, up="all", down=1)
    assert remote.why(ABOUT, "Diabetes@0") == written_lake.why(ABOUT, "Diabetes@0")
    assert remote.impact("Diabetes@0") == written_lake.impact("Diabetes@0")


def test_questions_as_methods(remote: RemoteLake, written_lake: LocalLake) -> None:
    """Typed calls answer alike on both sides."""
    assert remote.answers.card(ABOUT) == written_lake.answers.card(ABOUT) == written_lake.ask("5w1h", about=ABOUT)
    ours, theirs = written_lake.answers.untagged(limit=3), remote.answers.untagged(limit=3)
    assert ours.as_dict() == theirs.as_dict()
    assert "trained_by" in dir(remote.answers)


def test_the_past_over_http(remote: RemoteLake, written_lake: LocalLake) -> None:
    """A served lake answers for a moment as the lake in process does, by keyword or as a past."""
    assert remote.lineage("Diabetes@1", down="all", as_of=2) == written_lake.at(2).lineage("Diabetes@1", down="all")
    assert remote.at(2).ask("5w1h", about="Diabetes@1") == written_lake.ask("5w1h", about="Diabetes@1", as_of=2)
    assert remote.at("2").search("", limit=3) == written_lake.search("", limit=3, as_of=2)
    assert remote.at(datetime.now(UTC)).impact("Diabetes@0") == written_lake.impact("Diabetes@0")
    with pytest.raises(UsageError, match="has no zone"):
        remote.at("2024-05-01T10:00:00").ask("who", about=ABOUT)
    with pytest.raises(UsageError, match="no call 'record'"):
        remote.at(2).record({})
    with pytest.raises(AttributeError):
        remote.at(2).nothing  # noqa: B018


def test_comparing_over_http(remote: RemoteLake, written_lake: LocalLake) -> None:
    """Differences, versions, gaps and recipes are those of the lake itself."""
    assert remote.diff(ABOUT, "Diabetes@1") == written_lake.diff(ABOUT, "Diabetes@1")
    assert remote.diff(ABOUT, "Diabetes@1", lineage=True) == written_lake.diff(ABOUT, "Diabetes@1", lineage=True)
    assert remote.diff(ABOUT, "Diabetes@1", "Diabetes@0") == written_lake.diff(ABOUT, "Diabetes@1", "Diabetes@0")
    assert remote.at(2).history("Diabetes@1") == written_lake.history("Diabetes@1", as_of=2)
    assert remote.gaps(ABOUT) == written_lake.gaps(ABOUT)
    assert remote.gaps(limit=5) == written_lake.gaps(limit=5)
    assert remote.reproduce(ABOUT) == written_lake.reproduce(ABOUT)
    assert remote.log(ABOUT) == written_lake.log(ABOUT)
    with pytest.raises(UsageError, match="cannot be compared over HTTP"):
        remote.diff(*(f"Diabetes@{n}" for n in range(9)))
    done = remote.rollback("Diabetes@0", by="bob", why="The scaling was wrong.", key="once")
    assert remote.rollback("Diabetes@0", by="bob", why="The scaling was wrong.", key="once").seq == done.seq
    with pytest.raises(ConflictError, match="current version already"):
        remote.rollback("Diabetes@0", by="bob", why="Again.")
    assert remote.rollback("Diabetes@1", by="bob", why="It was right.").seq == done.seq + 1


def test_the_other_calls_agree(remote: RemoteLake, written_lake: LocalLake) -> None:
    """Base, names, descriptions, questions, journal, status and search are the lake's own."""
    iri = written_lake.resolve(ABOUT)
    assert remote.base == written_lake.base
    assert remote.resolve(ABOUT) == iri
    assert remote.describe(iri) == written_lake.describe(iri)
    assert remote.questions() == json.loads(json.dumps(written_lake.questions()))
    assert remote.log(limit=3) == json.loads(json.dumps(written_lake.log(limit=3)))
    assert remote.log(iri) == json.loads(json.dumps(written_lake.log(iri)))
    assert remote.status() == written_lake.status() | {"directory": None}
    found = remote.search("diabet", kind="model", limit=2, owner=None)
    assert found == json.loads(json.dumps(written_lake.search("diabet", kind="model", limit=2)))


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_rows(remote: RemoteLake, written_lake: LocalLake, form: str) -> None:
    """Rows come in every form as they come in process."""
    text = "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c ORDER BY ?c"
    assert remote.query(text, form=form) == written_lake.query(text, form=form)


def test_statements(remote: RemoteLake) -> None:
    """Statements come in the form that was asked for, and as Turtle when none is; one that does not fit is named."""
    text = "CONSTRUCT { <a:b> <a:c> <a:d> } {}"
    assert remote.query(text, form="ntriples") == b"<a:b> <a:c> <a:d> .\n"
    assert b"a:b" in remote.query(text)
    for form, query in (("gif", text), ("csv", text), ("turtle", "ASK {}")):
        with pytest.raises(QueryError, match=form):
            remote.query(query, form=form)


def test_a_query_sees_what_this_client_wrote(remote: RemoteLake) -> None:
    """A record is in the answer to the next query, however young the snapshot is."""
    for n in range(5):
        receipt = remote.record(study(f"Seen at once {n}"))
        assert json.loads(remote.query(f"ASK {{ <{receipt.iri}> ?p ?o }}"))["boolean"] is True


def test_documents_as_python_holds_them(remote: RemoteLake) -> None:
    """Times, paths and models are sent as documents have them; what cannot be sent is named."""
    made = parse(study("From a model"))
    assert remote.record(made).iri.endswith("from-a-model")
    run = {
        "type": "AccessEvent",
        "title": "Read",
        "startedAt": datetime(2024, 5, 1, tzinfo=UTC),
        "annotations": {"dct:source": Path("a") / "b"},
        "accessBy": "bob",
        "accessTo": "https://lake.example.org/id/dataset/diabetes/0",
        "objective": "To see what is in there.",
    }
    assert remote.record(run, captured=True).seq
    for wrong in (object(), float("nan")):
        with pytest.raises(UsageError, match="cannot be sent"):
            remote.record(study("Wrong", comment=wrong))


def test_keys_rdf_corrections_and_withdrawals(remote: RemoteLake, written_lake: LocalLake) -> None:
    """Idempotency, RDF, supersede and tombstone work as in process."""
    first = remote.record(study("Kept"), key="küche/1 %")
    again = remote.record(study("Kept"), key="küche/1 %")
    assert again.repeated
    assert (again.iri, again.seq) == (first.iri, first.seq)
    body = (
        b"<https://lake.example.org/id/study/rdf> a <https://w3id.org/lakegraph/ns#Study> ; "
        b'<http://purl.org/dc/terms/title> "RDF" ; <http://purl.org/dc/terms/description> "Why this study is made." ; '
        b'<https://w3id.org/lakegraph/ns#studyType> "research" .'
    )
    assert remote.record_rdf(body, "text/turtle").iri == "https://lake.example.org/id/study/rdf"
    corrected = remote.supersede(first.iri, study("Kept", description="Said better than before."))
    assert corrected.graph != first.graph
    gone = remote.tombstone(first.iri, by="bob", why="It was never begun.")
    assert isinstance(gone, Receipt)
    assert not written_lake.knows(first.iri)


def test_record_many(remote: RemoteLake) -> None:
    """Many are recorded in groups, each with its receipt or the error that it raises alone."""
    documents = [study("Many 1"), {"type": "Study", "title": "Many 2"}, {"type": "Nonsense"}]
    documents += [study(f"Many {n}") for n in range(3, 300)]
    answers = list(remote.record_many(documents))
    assert [type(answer) for answer in answers[:4]] == [Receipt, Refusal, DocumentError, Receipt]
    assert len(answers) == len(documents)
    assert sum(isinstance(answer, Receipt) for answer in answers) == 298


def test_a_refusal_is_a_refusal(remote: RemoteLake, written_lake: LocalLake) -> None:
    """A refused record raises what it raises in process, with a report that reads the same."""
    document = {
        "type": "TrainingRun",
        "title": "Train forest",
        "startedAt": "2024-05-01T10:00:00Z",
        "analyzedBy": "tim",
    }
    with pytest.raises(Refusal) as there:
        remote.record(document)
    with pytest.raises(Refusal) as here:
        written_lake.record(document)
    said, expected = there.value, here.value
    assert said.title == expected.title == "Train forest"
    assert said.message == expected.message
    assert said.exit_code == 1
    assert not said.report.conforms
    assert len(said.report.violations) == len(expected.report.violations) > 2
    assert len(said.report.warnings) == len(expected.report.warnings)
    # The run gets a new IRI with each attempt.
    for ours, theirs in zip(said.report.results, expected.report.results, strict=True):
        for name in (
            "message",
            "suggestion",
            "field",
            "answers",
            "file",
            "line",
            "folder",
            "severity",
            "component",
            "path_text",
        ):
            assert getattr(ours, name) == getattr(theirs, name), name
        assert len(ours.details) == len(theirs.details)
    assert said.report.text().count("\n") == expected.report.text().count("\n")
    assert "sh:ValidationReport" in said.report.to_turtle({"sh": "http://www.w3.org/ns/shacl#"})


def test_errors_are_of_the_same_classes(remote: RemoteLake, served: str) -> None:
    """Each error arrives as the class that callers catch."""
    wrong: list[tuple[type[LakegraphError], Any]] = [
        (DocumentError, lambda: remote.record({"type": "Nonsense"})),
        (ConflictError, lambda: [remote.record(study("Again")), remote.record(study("Again"))]),
        (RdfSyntaxError, lambda: remote.record_rdf(b"<a:b", "text/turtle")),
        (NotFoundError, lambda: remote.lineage("nothing is called so")),
        (NotFoundError, lambda: remote.ask("none")),
        (NotFoundError, lambda: remote.describe("http://a/b")),
        (NotFoundError, lambda: remote.tombstone("http://a/b", by="bob", why="It was never begun.")),
        (AmbiguousError, lambda: remote.resolve("Diabetes")),
        (ParameterError, lambda: remote.ask("who", about=ABOUT, colour="red")),
        (QueryError, lambda: remote.query("nonsense")),
        (UsageError, lambda: remote.search("x", colour="red")),
        (UsageError, lambda: lakegraph.connect("ftp://a/")),
        (UsageError, lambda: lakegraph.connect("lake")),
    ]
    for kind, call in wrong:
        with pytest.raises(kind) as caught:
            call()
        assert type(caught.value) is kind
        assert caught.value.message


def test_an_error_of_another_version() -> None:
    """An error that this version has no class for keeps its code, status and words."""
    error = error_of({"code": "new-in-version-9", "detail": "What.", "where": "x", "hint": "Do."}, 418)
    assert isinstance(error, RemoteError)
    assert (error.code, error.status, error.exit_code) == ("new-in-version-9", 418, 2)
    assert (error.message, error.where, error.hint) == ("What.", "x", "Do.")
    assert error_of({}, 500).exit_code == 4


class Elsewhere(BaseHTTPRequestHandler):
    """A server that is no lake."""

    def do_GET(self) -> None:
        status, body = (302, b"") if self.path.startswith("/status") else (404, b"<html>nothing</html>")
        body = b'{"class": "os.system", "fields": []}' if self.path.startswith("/impact") else body
        self.send_response(200 if self.path.startswith("/impact") else status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_what_is_no_lake(elsewhere: str) -> None:
    """An address that is no lake is named as such; redirects are not followed, and nothing it sends is trusted."""
    with lakegraph.connect(elsewhere) as lake:
        with pytest.raises(RemoteError, match="not as a lake does"):
            lake.resolve("x")
        with pytest.raises(RemoteError, match="answered 302"):
            lake.status()
        with pytest.raises(LakegraphError, match="cannot be read"):
            lake.impact("x")


def test_nobody_there() -> None:
    """A lake that cannot be reached is busy, as one that another process holds."""
    with lakegraph.connect("http://127.0.0.1:9") as lake, pytest.raises(LakeBusyError, match="cannot be reached"):
        lake.status()
