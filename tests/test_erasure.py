"""Lawful erasure: the content of a record is gone from every file, and all that proves that it was there stays."""

from __future__ import annotations

from pathlib import Path

import pytest

import lakegraph
from lakegraph import bootstrap
from lakegraph.bootstrap import LocalLake
from lakegraph.erasing import TRACES
from lakegraph.errors import ConflictError, NotFoundError, UsageError
from tests.conftest import BASE

STUDY = {"type": "Study", "title": "Jones family", "description": "The zebrafinch of Mrs Jones said so."}
SECRET = b"zebrafinch"
MON, PRC = f"{BASE}id/run/mon-1", f"{BASE}id/run/prc-1"


def traces(where: Path) -> list[str]:
    """The files of a lake in which the secret can be read."""
    return [file.name for file in where.rglob("*") if file.is_file() and SECRET in file.read_bytes()]


def test_what_was_erased_is_in_no_answer(diabetes: LocalLake) -> None:
    """Neither in the graph nor in the index; the journal says who erased it, when and why."""
    receipt = diabetes.record(STUDY)
    done = diabetes.erase(receipt.iri, why="Art. 17 GDPR, request 12", actor="urn:steward")
    assert (done.entries, done.recorded_as, done.needed_by) == ((8,), (9,), ())
    assert list(diabetes._projector.graph.match(graph=receipt.graph)) == []
    assert diabetes.search("zebrafinch")["hits"] == []
    assert diabetes.journal.current(receipt.graph) is None
    said = diabetes.log(limit=1)[0]
    assert (said["kind"], said["erases"], said["note"]) == ("erase", 8, "Art. 17 GDPR, request 12")
    assert (said["actor"], said["record"]) == ("urn:steward", receipt.iri)
    assert list(diabetes.audit()) == []


def test_nothing_is_left_in_any_file(diabetes: LocalLake) -> None:
    """Once the projections are made anew no byte of any file tells; what they hold is what they held before."""
    where = diabetes.directory
    assert where is not None
    receipt = diabetes.record(STUDY)
    diabetes.erase(receipt.iri, why="Art. 17 GDPR")
    before = sorted(diabetes._projector.graph.match())
    diabetes.close()
    bootstrap.rebuild(where)
    assert traces(where) == []
    with lakegraph.open(where) as again:
        assert sorted(again._projector.graph.match()) == before
        assert list(again.audit()) == []


def test_traces_are_gone_at_the_next_opening(diabetes: LocalLake) -> None:
    """Whoever erased from Python, or was killed before the rebuild, leaves a mark: of a record as of a person."""
    where = diabetes.directory
    assert where is not None
    receipt = diabetes.record(STUDY)
    diabetes.erase(receipt.iri, why="Art. 17 GDPR")
    diabetes.close()
    assert traces(where), "the engine keeps words"
    with lakegraph.open(where) as again:
        assert traces(where) == []
        assert list(again.audit()) == []
        again.add_person("Ada zebrafinch", slug="ada")
        again.erase_person("ada", "Art. 17 GDPR")
    with lakegraph.open(where) as again:
        assert traces(where) == []
        assert not (where / TRACES).exists()


def test_all_revisions_go_or_just_the_one_that_is_named(diabetes: LocalLake) -> None:
    """A correction without what must go stays, and the first revision is erased behind it; then the rest."""
    first = diabetes.record(STUDY)
    second = diabetes.supersede(first.iri, {**STUDY, "description": "A study of one family."})
    assert diabetes.erase(first.graph, why="Art. 17 GDPR").entries == (first.seq,)
    assert diabetes.journal.current(second.graph) is not None
    assert any("A study of one family." in o for _, _, o in diabetes._projector.graph.match(graph=second.graph))
    assert diabetes.erase(first.iri, why="Art. 17 GDPR").entries == (second.seq,)
    assert list(diabetes.audit()) == []


def test_what_others_rely_on_goes_only_when_forced(diabetes: LocalLake) -> None:
    """The processing run made what the training used: who relies on it is named first, and force is force."""
    assert diabetes.erase(PRC, why="x", dry_run=True).needed_by == (f"{BASE}id/run/trn-1/bundle",)
    with pytest.raises(ConflictError, match="others rely on what it alone describes") as refused:
        diabetes.erase(PRC, why="Art. 17 GDPR")
    assert refused.value.where == f"{BASE}id/run/trn-1/bundle"
    assert "Or use force" in (refused.value.hint or "")
    assert diabetes.journal.last_seq == 7, "nothing was written"
    assert diabetes.erase(PRC, why="Art. 17 GDPR", force=True).recorded_as == (8,)
    assert list(diabetes.audit()) == []


def test_what_cannot_be_erased_is_named(diabetes: LocalLake) -> None:
    """No such record, no reason, and one that is erased already: by which entry, when and why."""
    with pytest.raises(NotFoundError, match="holds no current record"):
        diabetes.erase(f"{BASE}id/run/none", why="x")
    for reason in (" ", "x" * 2001, "\udcff"):
        with pytest.raises(UsageError, match="reason"):
            diabetes.erase(MON, why=reason)
    diabetes.erase(MON, why="Art. 17 GDPR, request 12")
    with pytest.raises(ConflictError, match=r"was erased on .* as entry 8 says") as refused:
        diabetes.erase(MON, why="again")
    assert refused.value.hint == "The reason was: Art. 17 GDPR, request 12"


def test_a_withdrawn_record_can_be_erased(diabetes: LocalLake) -> None:
    """It is in no graph any more; its content in the journal goes all the same."""
    diabetes.tombstone(MON, by="tim", why="It watched the wrong service.")
    assert diabetes.erase(MON, why="Art. 17 GDPR").entries == (7,)
    assert diabetes.journal.read(7).erased
    assert list(diabetes.audit()) == []


def test_change_sets_are_erased_in_order(diabetes: LocalLake) -> None:
    """One that removed statements would bring them back: it goes last, and only when forced."""
    where, graph = diabetes.directory, "https://example.org/notes"
    assert where is not None
    said = diabetes.put_graph(graph, [(b"<urn:a> <urn:b> 'zebrafinch' .", "text/turtle")])
    kept = diabetes.put_graph(graph, [(b"<urn:a> <urn:b> 'wren' .", "text/turtle")])
    assert said.change
    assert kept.change
    with pytest.raises(ConflictError, match="The 1 statements that this change-set removed would be there again"):
        diabetes.erase(kept.change, why="Art. 17 GDPR")
    diabetes.erase(said.change, why="Art. 17 GDPR")
    diabetes.erase(kept.change, why="Art. 17 GDPR", force=True)
    diabetes.close()
    bootstrap.rebuild(where)
    assert traces(where) == []
    with lakegraph.open(where) as again:
        assert list(again.audit()) == []
