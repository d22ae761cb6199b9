"""The audit: a sound lake has no finding, and damage of journal, checkpoints or graph is named."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from pathlib import Path

import pytest

import lakegraph
from lakegraph import bootstrap
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import ConflictError, LakeBusyError
from lakegraph.exchange.audit import audit
from lakegraph.graph import Change
from lakegraph.receipts import Receipt
from lakegraph.testing import generate
from tests.conftest import BASE
from tests.exchange.conftest import parts_of

LAST = f"{BASE}id/run/mon-1/bundle"
_FROM = "<%sid/model/diabet-predictor/1> <https://w3id.org/lakegraph/ns#derivedFrom> <%s> .\n"
DERIVED = (_FROM % (BASE, "urn:nothing")).encode()
INFERRED = (_FROM % (BASE, f"{BASE}id/dataset/diabetes/1")).encode()


def findings(lake: LocalLake) -> list[str]:
    return [str(finding) for finding in audit(parts_of(lake))]


def test_a_sound_lake_has_no_finding(diabetes: LocalLake) -> None:
    """With people, a checkpoint, a withdrawn and an erased record; progress ends where the journal does."""
    diabetes.add_person("Tim", slug="tim")
    parts = parts_of(diabetes)
    parts.checkpointer(parts.keys()).sign()
    diabetes.tombstone(f"{BASE}id/run/mon-1", by="tim", why="It watched the wrong service.")
    diabetes.record({"type": "Study", "title": "Erased", "description": "This study is going to be erased."})
    diabetes.journal.erase([9], actor="local", level="internal", reason="Article 17")
    diabetes.catch_up()
    told: list[tuple[str, int, int]] = []
    assert list(audit(parts, lambda *said: told.append(said))) == []
    assert told[-1] == ("graph", 10, 10)
    assert {what for what, _, _ in told} == {"journal", "checkpoints", "graph"}


def test_made_up_lakes_have_no_finding(lake: LocalLake) -> None:
    """Runs of every kind that share things, one corrected, one withdrawn and one erased; also when made anew."""
    receipts = [answer for answer in lake.record_many(generate(60, 7)) if isinstance(answer, Receipt)]
    assert len(receipts) > 50
    done = 0
    for receipt in reversed(receipts):
        with suppress(ConflictError):
            if done == 0:
                lake.tombstone(receipt.iri, by="tim", why="It was a test.")
            else:
                lake.erase(receipt.iri, why="Art. 17 GDPR")
            done += 1
        if done == 3:
            break
    assert done == 3
    assert findings(lake) == []
    where = lake.directory
    assert where is not None
    lake.close()
    bootstrap.rebuild(where)
    with lakegraph.open(where) as again:
        assert findings(again) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Change(0, b"<urn:a> <urn:b> <urn:c> <%s> .\n" % LAST.encode()), "should not have 1 statements (entry 7)"),
        (Change(0, b'<urn:a> <urn:b> "c <d> ." <urn:g> .\n'), "graph: urn:g: it should not have 1 statements"),
        (Change(0, b"", drop=(LAST,)), "statements (entry 7): <"),
        (Change(0, DERIVED), f"graph: default graph: it should not have 1 statements: {DERIVED.decode().strip()}"),
        (Change(0, b"", remove=INFERRED), f"graph: default graph: it lacks 1 statements: {INFERRED.decode().strip()}"),
        (Change(0, b"<urn:a> <urn:b> <urn:c> <%sgraph/agents> .\n" % BASE.encode()), "it should not have 1 statements"),
        (Change(0, b"", drop=(f"{BASE}graph/vocabulary",)), "graph/vocabulary: it lacks"),
    ],
    ids=["added", "unknown graph", "dropped", "said to follow", "follows", "a person", "vocabulary"],
)
def test_a_graph_that_differs_from_the_journal_is_named(diabetes: LocalLake, change: Change, message: str) -> None:
    """A statement too many, a graph that nobody recorded, and a record that is gone."""
    diabetes._projector.graph.apply([change])
    (found,) = findings(diabetes)
    assert message in found


def test_a_missing_marker_is_named(diabetes: LocalLake) -> None:
    """Entry 3 does not show that it was applied."""
    marker = f'<{BASE}id/run/trn-1/bundle> <https://w3id.org/lakegraph/ns#journalSequence> "3"'
    line = f"{marker}^^<http://www.w3.org/2001/XMLSchema#integer> .\n".encode()
    diabetes._projector.graph.apply([Change(0, b"", remove=line)])
    assert findings(diabetes) == ["graph: markers: 6 entries are marked as applied, of 7; see 3"]


def test_checkpoints_that_were_forged_or_lost_are_named(diabetes: LocalLake, tmp_path: Path) -> None:
    """Another root in the file beside the journal; then no keys at all."""
    parts = parts_of(diabetes)
    parts.checkpointer(parts.keys()).sign()
    latest = parts.directory / "checkpoint.txt"
    lines = latest.read_text().split("\n")
    latest.write_text("\n".join([*lines[:2], "A" * 43 + "=", *lines[3:]]))
    (found,) = findings(diabetes)
    assert found.startswith("checkpoints: signed: The signature of")
    (parts.directory / "keys").rename(tmp_path / "elsewhere")
    (found,) = findings(diabetes)
    assert "the keys that signed them are gone" in found


def test_a_lake_that_is_recorded_into_is_audited(lake: LocalLake) -> None:
    """It is compared as it was when the audit began, whatever comes meanwhile; two audits do not run at once."""
    documents = list(generate(40, 11))
    first = [answer for answer in lake.record_many(documents[:20]) if isinstance(answer, Receipt)]
    meanwhile = iter(documents[20:])

    def record(_what: str, _done: int, _all: int) -> None:
        for document in islice(meanwhile, 10):
            with suppress(ConflictError):
                lake.record(document)
        with suppress(ConflictError):  # it was erased at the first step
            lake.erase(first[-1].iri, why="Art. 17 GDPR", force=True)

    assert list(lake.audit(record)) == []
    assert lake.journal.last_seq > len(first) + 10
    lake._projector.graph.apply([Change(0, DERIVED)])
    lake._projector.graph.apply([Change(0, b"<urn:a> <urn:b> <urn:c> <%s> .\n" % first[0].graph.encode())])
    one = lake.audit()
    assert "it should not have 1 statements (entry 1)" in str(next(one))
    with pytest.raises(LakeBusyError, match="is being audited"):
        next(lake.audit())
    one.close()
    assert lake.directory is not None
    assert not (lake.directory / "views" / "audit").exists()
    assert [said["record"] for said in lake.erasures()] == [first[-1].iri]
