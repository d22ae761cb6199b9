"""/export: every form by its name, for things and for the whole lake, in process, over HTTP and on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.cli.app import main
from lakegraph.errors import NotFoundError, UsageError
from lakegraph.exchange import FORMS
from lakegraph.remote import RemoteLake
from tests.conftest import examples
from tests.http.conftest import MODEL, assert_problem, for_browsers


@pytest.mark.parametrize("form", [name for name in FORMS if name != "croissant"])
def test_every_form(get: FlaskClient, read_lake: LocalLake, form: str) -> None:
    """The bytes are those of the call, with the media type of the form and a name for the file."""
    response = get.get("/export", query_string={"of": "Diabet Predictor@1", "as": form})
    assert response.status_code == 200, response.get_data(as_text=True)
    assert response.get_data() == b"".join(read_lake.export("Diabet Predictor@1", form))
    assert response.mimetype == FORMS[form].media_type
    assert FORMS[form].suffix in response.headers["Content-Disposition"]
    for_browsers(response)


def test_several_things_and_the_whole_lake(get: FlaskClient, read_lake: LocalLake) -> None:
    """Several things have one story; without one, every record in force streams as N-Quads."""
    both = get.get("/export", query_string=[("of", "Diabetes@0"), ("of", "Diabetes@1"), ("as", "prov")])
    assert both.get_data() == b"".join(read_lake.export(["Diabetes@0", "Diabetes@1"], "prov"))
    whole = get.get("/export?as=nquads", headers={"Accept-Encoding": "gzip"})
    assert whole.is_streamed
    assert whole.get_data() == b"".join(read_lake.export(None, "nquads"))
    assert whole.headers["Content-Disposition"] == "inline; filename*=UTF-8''lake.nq"


def test_head_and_conditional(get: FlaskClient) -> None:
    """A story is tagged: what has not changed is not sent again."""
    first = get.get("/export", query_string={"of": MODEL, "as": "model-card"})
    again = get.get(
        "/export", query_string={"of": MODEL, "as": "model-card"}, headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304
    assert get.head("/export", query_string={"of": MODEL, "as": "model-card"}).status_code == 200


@pytest.mark.parametrize(
    ("query", "status", "code", "says"),
    [
        ("of=Diabet+Predictor@1", 400, "usage", "as is missing"),
        ("of=Diabet+Predictor@1&as=word", 400, "usage", "no export called 'word'"),
        ("of=Nothing&as=prov", 404, "not-found", "Nothing"),
        ("of=Diabetes@0&as=model-card", 404, "not-found", "None of these is a model"),
        ("as=prov", 400, "usage", "whole lake is exported as nquads"),
        ("of=a&as=prov&form=x", 400, "usage", "no parameter 'form'"),
        ("of=a&as=prov&as=prov-n", 400, "usage", "given 2 times"),
    ],
)
def test_refused(get: FlaskClient, query: str, status: int, code: str, says: str) -> None:
    """Each refusal is a problem document that names what to change."""
    members = assert_problem(get.get(f"/export?{query}"), status, code)
    assert says in members["detail"]


def test_not_acceptable(get: FlaskClient) -> None:
    """The form decides what comes; a client that takes something else only is told so."""
    response = get.get("/export", query_string={"of": MODEL, "as": "prov"}, headers={"Accept": "text/csv"})
    assert_problem(response, 406, "not-acceptable")


def test_over_http(served: str, remote: RemoteLake, written_lake: LocalLake) -> None:
    """The client gives and raises what the lake does."""
    for document in examples():
        if not written_lake.knows(f"{written_lake.base}id/run/{document['id']}"):
            written_lake.record(document)
    assert b"".join(remote.export("Diabet Predictor@1", "spdx")) == b"".join(
        written_lake.export("Diabet Predictor@1", "spdx")
    )
    assert b"".join(remote.export(None, "nquads")) == b"".join(written_lake.export(None, "nquads"))
    with pytest.raises(NotFoundError, match="None of these is a model"):
        remote.export("Diabetes@0", "model-card")
    with pytest.raises(UsageError, match="no export called"):
        remote.export("Diabetes@0", "word")
    ran = CliRunner().invoke(main, ["--lake", served, "export", "Diabet Predictor@1", "--as", "prov-n"])
    assert (ran.exit_code, ran.output[:9]) == (0, "document\n")


def test_on_the_command_line(tmp_path: Path) -> None:
    """To standard output, to a file, and not a byte into the file when it is refused."""
    with lakegraph.init(tmp_path / "lake", base="https://lake.example.org/") as lake:
        for document in examples():
            lake.record(document)
        card = b"".join(lake.export("Diabet Predictor@1", "model-card"))
    run = CliRunner().invoke
    at = ["--lake", str(tmp_path / "lake"), "export"]
    listed = run(main, at)
    assert all(form in listed.output for form in FORMS), listed.output
    assert run(main, [*at, "Diabet Predictor@1", "--as", "model-card"]).stdout_bytes == card
    file = tmp_path / "card.md"
    assert run(main, [*at, "Diabet Predictor@1", "--as", "model-card", "-o", str(file)]).exit_code == 0
    assert file.read_bytes() == card
    other = tmp_path / "other.md"
    refused = run(main, [*at, "Diabetes@0", "--as", "model-card", "-o", str(other)])
    assert refused.exit_code != 0
    assert not other.exists()


@pytest.mark.parametrize(
    ("accept", "begins"),
    [
        ("application/json", b"{"),
        ("text/csv", b"framework,clause"),
        ("text/html", b"<!doctype html>"),
        ("text/markdown", b"### Technical"),
        ("text/plain", b"Technical documentation"),
    ],
)
def test_coverage_by_accept(get: FlaskClient, accept: str, begins: bytes) -> None:
    """One report in every form."""
    asked = {"of": "Diabet Predictor@1", "against": "eu-ai-act-annex-iv"}
    response = get.get("/coverage", query_string=asked, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.mimetype == accept
    assert response.get_data().startswith(begins)
    for_browsers(response)


def test_coverage_over_http(get: FlaskClient, remote: RemoteLake, written_lake: LocalLake) -> None:
    """The client's report is the lake's, and so are its refusals."""
    for document in examples():
        if not written_lake.knows(f"{written_lake.base}id/run/{document['id']}"):
            written_lake.record(document)
    assert remote.coverage("Diabet Predictor@1", "model-card") == written_lake.coverage(
        "Diabet Predictor@1", "model-card"
    )
    with pytest.raises(UsageError, match="no framework called"):
        remote.coverage("Diabet Predictor@1", "law")
    members = assert_problem(get.get("/coverage?of=Diabet+Predictor@1"), 400, "usage")
    assert "against is missing" in members["detail"]
