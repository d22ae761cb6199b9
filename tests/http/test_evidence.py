"""Checkpoints, proofs and bundles over HTTP, and from the client: the same as of the lake itself."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from lakegraph.bootstrap import LocalLake
from lakegraph.errors import DocumentError, LakeBusyError, NotFoundError, StorageError
from lakegraph.exchange.anchor import anchor, place_of
from lakegraph.exchange.verify import verify_file
from lakegraph.graph import Change
from lakegraph.journal import verify_checkpoint, verify_history
from lakegraph.remote import RemoteLake
from tests.http.conftest import MODEL, assert_problem, study


def test_a_checkpoint_can_be_had(get: FlaskClient, read_lake: LocalLake) -> None:
    """The latest as a signed note, which the key history verifies; POST signs what is there now."""
    statements = get.get("/log/keys").get_json()["statements"]
    for response, status in ((get.post("/log/checkpoint"), 201), (get.get("/log/checkpoint"), 200)):
        assert response.status_code == status
        assert response.headers["Content-Type"].startswith("text/plain")
        assert verify_checkpoint(response.text, verify_history(statements)).size == read_lake.journal.last_seq


def test_proofs_can_be_had(get: FlaskClient, read_lake: LocalLake) -> None:
    """Of an entry, and that the log only grew; what cannot be proved is named."""
    assert get.get("/log/proof?seq=3").get_json() == read_lake.inclusion(3)
    assert get.get("/log/proof?from=2&size=5").get_json() == read_lake.consistency(2, 5)
    for query, status, code in (
        ("", 400, "usage"),
        ("?seq=1&from=1", 400, "usage"),
        ("?seq=x", 400, "usage"),
        ("?seq=-1", 400, "usage"),
        ("?seq=0", 404, "not-found"),
        ("?seq=99", 404, "not-found"),
        ("?seq=3&size=2", 404, "not-found"),
        ("?from=3&size=2", 404, "not-found"),
        ("?seq=3&size=99999999", 404, "not-found"),
    ):
        assert_problem(get.get(f"/log/proof{query}"), status, code)


def test_a_bundle_can_be_had(get: FlaskClient, read_lake: LocalLake, tmp_path: Path) -> None:
    """The archive that the lake itself would write; nothing of it is left on the server."""
    before = set(Path(tempfile.gettempdir()).glob("lakegraph-bundle-*"))
    response = get.post("/bundles", json={"things": [MODEL], "forms": ["prov"], "since": [3]})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/zip"
    there = read_lake.bundle([MODEL], tmp_path / "there.zip", forms=["prov"], since=[3])
    assert response.data == there.path.read_bytes()
    response.close()
    assert set(Path(tempfile.gettempdir()).glob("lakegraph-bundle-*")) == before


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "document-malformed"),
        ({"things": []}, 400, "document-malformed"),
        ({"things": "x"}, 400, "document-malformed"),
        ({"things": [1]}, 400, "document-malformed"),
        ({"things": [MODEL], "redact": "all"}, 400, "document-malformed"),
        ({"things": [MODEL], "since": [True]}, 400, "document-malformed"),
        ({"things": [MODEL], "artifacts": ["/etc/passwd"]}, 400, "document-malformed"),
        ({"things": [MODEL], "forms": ["nothing"]}, 400, "usage"),
        ({"things": [MODEL], "since": [99]}, 404, "not-found"),
        ({"things": ["no such thing"]}, 404, "not-found"),
    ],
)
def test_what_makes_no_bundle_is_named(get: FlaskClient, body: dict[str, Any], status: int, code: str) -> None:
    """A field that is missing, unknown or of another type; a thing, form or checkpoint that there is not."""
    assert_problem(get.post("/bundles", json=body), status, code)


def test_the_client_says_the_same(remote: RemoteLake, written_lake: LocalLake, tmp_path: Path) -> None:
    """Checkpoint, keys, proofs, bundle and anchor through a served lake."""
    remote.record(study("Evidence over HTTP", id="evidence-http"))
    thing = f"{remote.base}id/study/evidence-http"
    assert remote.checkpoint() == written_lake.latest_checkpoint() == remote.latest_checkpoint()
    assert remote.key_history() == written_lake.key_history()
    assert remote.inclusion(1) == json.loads(json.dumps(written_lake.inclusion(1)))
    assert remote.consistency(1) == json.loads(json.dumps(written_lake.consistency(1)))
    written = remote.bundle([thing], tmp_path / "e.zip", redact_persons=True)
    verdict = verify_file(tmp_path / "e.zip", keys=[written.key])
    assert (verdict.exit_code, verdict.records) == (0, written.records)
    assert anchor(remote, place_of(str(tmp_path / "anchor.txt"))).size == written_lake.journal.last_seq
    with pytest.raises(NotFoundError, match="knows nothing called"):
        remote.bundle(["no such thing"], tmp_path / "none.zip")
    with pytest.raises(DocumentError):
        remote.bundle([], tmp_path / "none.zip")
    with pytest.raises(StorageError, match="could not be written"):
        remote.bundle([thing], tmp_path / "no" / "e.zip")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["anchor.txt", "e.zip"]


def test_a_served_lake_is_audited(remote: RemoteLake, written_lake: LocalLake) -> None:
    """Line by line while it runs, against older checkpoints too; findings and refusals are those of the lake itself."""
    remote.record(study("Audited over HTTP", id="audited-http"))
    older = remote.checkpoint().note
    remote.record(study("Audited over HTTP later", id="audited-http-2"))
    steps: list[str] = []
    assert list(remote.audit(lambda what, _done, _all: steps.append(what), since=[older])) == []
    assert steps[0] == "journal"
    lines = older.split("\n")
    forged = "\n".join([*lines[:2], "A" * 43 + "=", *lines[3:]])
    (found,) = remote.audit(since=[forged])
    assert "does not belong to this text" in str(found)
    graph = f"{remote.base}id/study/audited-http/bundle"
    wrong = b"<urn:a> <urn:b> <urn:c> <%s> .\n" % graph.encode()
    written_lake._projector.graph.apply([Change(0, wrong)])
    try:
        (found,) = remote.audit()
        assert str(found).startswith(f"graph: {graph}: it should not have 1 statements")
        one = written_lake.audit()
        next(one)
        with pytest.raises(LakeBusyError, match="is being audited"):
            list(remote.audit())
        one.close()
    finally:
        written_lake._projector.graph.apply([Change(0, b"", remove=wrong)])
    assert remote.erasures() == []
