"""Lawful erasure: the body is gone for good, that it is gone is recorded, and every proof still holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lakegraph.errors import ConflictError, NotFoundError, StorageError
from lakegraph.journal import Journal, commitment, verify_consistency, verify_inclusion
from tests.journal.samples import BASE, BOB, draft, new_journal

SECRET = draft(5, key="mrs-jones-77", note="Recorded for Mrs Jones.")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal whose fifth entry is to be erased."""
    with new_journal(tmp_path, 4) as opened:
        opened.append([SECRET, draft(6), draft(7)])
        yield opened


def erased(journal: Journal, *seqs: int) -> list[int]:
    """Erase these; the numbers of the entries that record it."""
    done = journal.erase(seqs, actor=BOB, level="internal", reason="Art. 17 GDPR, request 12.")
    return [entry.seq for entry in done]


def test_the_body_is_gone_and_the_rest_stays(journal: Journal) -> None:
    """What was recorded, its key and its note are gone; who recorded what when, and the commitment, are not."""
    before = journal.read(5)
    (erasure,) = journal.erase([5], actor=BOB, level="internal", reason="Art. 17 GDPR, request 12.")
    after = journal.read(5)
    assert (after.erased, after.erased_by, before.erased) == (True, 8, False)
    assert (after.added, after.removed, after.key, after.note) == (b"", b"", None, None)
    assert (after.record, after.recorded, after.commit, after.leaf, after.quads) == (
        *(before.record, before.recorded, before.commit, before.leaf, before.quads),
    )
    assert (erasure.kind, erasure.erases, erasure.record, erasure.note) == (
        *("erase", 5, before.record, "Art. 17 GDPR, request 12."),
    )
    assert (journal.evidence(5).salt, journal.evidence(5).body) == (None, None)
    assert journal.by_key("mrs-jones-77") is None
    assert list(journal.verify()) == []
    assert [entry.seq for entry in journal.entries()] == list(range(1, 9))


def test_the_graph_no_longer_holds(journal: Journal) -> None:
    """An erased graph is not current, and ``supersedes`` tells projections; one that was replaced is not told again."""
    graph = SECRET.graph
    journal.append([draft(6, kind="supersede", graph=f"{BASE}id/run/6/bundle/2", supersedes=f"{BASE}id/run/6/bundle")])
    first, second = journal.erase([5, 6], actor=BOB, level="internal", reason="asked for")
    assert (first.supersedes, second.supersedes) == (graph, None)
    assert journal.current(graph) is journal.current_of(SECRET.record) is None
    assert journal.successor(graph) == first
    current = journal.current_of(f"{BASE}id/run/6")
    assert current is not None
    assert current.seq == 8
    assert [entry.seq for entry in journal.history(SECRET.record)] == [5, 9]


def test_every_proof_still_holds(journal: Journal) -> None:
    """Roots, inclusion and consistency proofs from before the erasure verify after it."""
    leaf, root = journal.read(5).leaf, journal.ledger.root(7)
    proof = journal.ledger.inclusion(5, 7)
    erased(journal, 5)
    assert journal.ledger.root(7) == root
    assert journal.ledger.inclusion(5, 7) == proof
    assert verify_inclusion(journal.read(5).leaf, 4, 7, proof, root)
    assert journal.read(5).leaf == leaf
    assert verify_consistency(7, root, 8, journal.ledger.root(8), journal.ledger.consistency(7, 8))


def test_no_byte_remains(journal: Journal, tmp_path: Path) -> None:
    """Neither salt nor body, plain or compressed, stands in any file of the directory, open or closed."""
    evidence = journal.evidence(5)
    with closing(sqlite3.connect(journal._path)) as connection:
        (content,) = connection.execute("SELECT content FROM payloads WHERE seq = 5").fetchone()
    assert evidence.salt is not None
    traces = [evidence.salt, content, content[20:60], b"mrs-jones-77", b"Mrs Jones"]
    assert any(trace in file.read_bytes() for trace in traces for file in tmp_path.iterdir())
    erased(journal, 5)
    for _ in range(2):
        for file in tmp_path.iterdir():
            assert not [trace for trace in traces if trace in file.read_bytes()], file.name
        journal.close()


def test_large_bodies_leave_no_byte_either(tmp_path: Path) -> None:
    """A body that fills pages of its own is overwritten on all of them."""
    with new_journal(tmp_path, 3) as journal:
        text = b"".join(b"<s> <p> <%06d-%s> .\n" % (n, commitment(b"%d" % n, b"").hex().encode()) for n in range(900))
        journal.append([draft(4, added=text), draft(5)])
        with closing(sqlite3.connect(journal._path)) as connection:
            (content,) = connection.execute("SELECT content FROM payloads WHERE seq = 4").fetchone()
        assert len(content) > 20_000
        erased(journal, 4)
        found = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert not [at for at in range(0, len(content), 16) if content[at : at + 16] in found]


def test_what_cannot_be_erased_is_refused(journal: Journal) -> None:
    """What is not there, what was erased before and what records an erasure; then nothing else is erased either."""
    erased(journal, 5)
    with pytest.raises(ConflictError, match=r"Entry 5 was erased before\."):
        erased(journal, 4, 5)
    with pytest.raises(ConflictError, match="Entry 8 records an erasure and cannot be erased"):
        erased(journal, 8)
    with pytest.raises(NotFoundError, match="no entry 99"):
        erased(journal, 4, 99)
    assert not journal.read(4).erased
    assert journal.last_seq == 8
    assert erased(journal) == []
    assert erased(journal, 4, 4) == [9]


def test_a_key_that_was_erased_may_come_again(journal: Journal) -> None:
    """Nothing is known of an erased key, so it cannot be held against a new entry."""
    erased(journal, 5)
    journal.append([draft(50, key="mrs-jones-77")])
    found = journal.by_key("mrs-jones-77")
    assert found is not None
    assert found.seq == 9


def test_a_reader_in_the_way_is_told(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies that cannot be removed yet are not passed over in silence; the erasure itself is done."""
    monkeypatch.setattr("lakegraph.journal.database._BUSY_SECONDS", 0.01)
    with Journal.open(journal._path) as hasty, closing(sqlite3.connect(journal._path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchone()
        with pytest.raises(StorageError) as refused:
            erased(hasty, 5)
        assert "The bodies are erased, but copies of them are left in the log of the journal" in refused.value.message
        assert refused.value.hint == "Close the lake and open it again: that empties the log."
        assert hasty.read(5).erased
