"""The journal as its users see it: what goes in comes out, in order, once, and nothing else ever."""

from __future__ import annotations

import json
import sqlite3
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from lakegraph.errors import (
    ConflictError,
    LakeBusyError,
    LakeDamagedError,
    LakeFormatError,
    NotFoundError,
    StorageError,
)
from lakegraph.journal import Draft, Journal, verify_inclusion
from lakegraph.journal.writer import instant
from tests.journal.samples import BASE, BOB, START, contents, draft, drafts, naive_root, new_journal, quads, ticking


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal of twenty entries."""
    with new_journal(tmp_path, 20) as opened:
        yield opened


def test_a_new_journal_says_what_it_is(tmp_path: Path) -> None:
    """Base, name, time, format and settings are what it was made with, also after reopening."""
    path = tmp_path / "journal.db"
    made = Journal.create(path, base=BASE, lake_id="0192", settings={"gate": "strict"}, clock=ticking())
    made.close()
    with Journal.open(path) as journal:
        assert (journal.base, journal.lake_id, journal.created) == (BASE, "0192", "2024-04-17T08:31:02.000000Z")
        assert (journal.format_version, journal.settings, journal.last_seq) == (1, {"gate": "strict"}, 0)
        assert list(journal.entries()) == list(journal.verify()) == []
        assert journal.ledger.root() == naive_root([])


def test_what_is_appended_is_read_back(journal: Journal, tmp_path: Path) -> None:
    """Every member of a draft, and all that the journal adds, survives reopening."""
    full = draft(
        21,
        kind="supersede",
        supersedes=f"{BASE}id/run/3/bundle",
        removed=quads(f"{BASE}id/run/3/bundle", 3),
        key='ключ "\\\n',
        captured=True,
        note="Wrong unit; corrected by Bób.",
    )
    (entry,) = journal.append([full])
    assert {name: getattr(entry, name) for name in Draft.__slots__} == {n: getattr(full, n) for n in Draft.__slots__}
    assert (entry.seq, entry.quads, entry.erased) == (21, 8, False)
    assert journal.read(21) == entry
    journal.close()
    with Journal.open(tmp_path / "journal.db") as reopened:
        assert reopened.read(21) == entry
        assert reopened.by_key('ключ "\\\n') == entry


def test_hashes_are_what_the_format_says(journal: Journal) -> None:
    """Commitment, leaf and leaf hash, computed again with nothing but hashlib and json."""
    journal.append([draft(21, key="k", note="n", captured=True)])
    for seq in (1, 2, 21):
        evidence = journal.evidence(seq)
        entry, salt, body = evidence.entry, evidence.salt, evidence.body
        assert salt is not None
        assert body is not None
        assert len(salt) == 32
        assert entry.commit == sha256(salt + body).digest()
        assert entry.leaf == sha256(b"\x00" + evidence.leaf).digest()
        members = {
            "v": 1, "seq": seq, "time": entry.recorded, "kind": "record", "record": entry.record, "graph": entry.graph,
            "supersedes": None, "actor": BOB, "level": "internal", "shapes": sha256(b"shapes").hexdigest(), "quads": 8,
            "commit": entry.commit.hex(), "prev": entry.prev.hex(),
        }  # fmt: skip
        assert evidence.leaf == json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    assert journal.evidence(2).entry.prev == journal.read(1).leaf
    assert journal.evidence(2).body == draft(2).added + b"\x00"
    assert body == draft(21).added + b'\x00\x00{"captured":1,"key":"k","note":"n"}'


def test_salts_hide_equal_contents(journal: Journal) -> None:
    """The same quads recorded twice have commitments that nobody can tell to be of the same."""
    first, second = journal.append([draft(21, added=b""), draft(22, added=b"")])
    assert first.commit != second.commit


def test_entries_stream_in_order(journal: Journal) -> None:
    """All, those after one, those up to one, and those there were when reading began."""
    assert [entry.seq for entry in journal.entries()] == list(range(1, 21))
    assert [entry.seq for entry in journal.entries(after=17)] == [18, 19, 20]
    assert [entry.seq for entry in journal.entries(after=3, until=5)] == [4, 5]
    assert list(journal.entries(after=20)) == []
    reading = journal.entries(after=18)
    assert next(reading).seq == 19
    journal.append([draft(21)])
    assert [entry.seq for entry in reading] == [20]
    assert [entry.seq for entry in journal.entries(until=99)][-1] == 21


def test_streaming_crosses_pages(tmp_path: Path) -> None:
    """More entries than are fetched at once come out without gap or repetition."""
    with new_journal(tmp_path) as journal:
        journal.append([draft(n, added=b"") for n in range(600)])
        assert [entry.seq for entry in journal.entries()] == list(range(1, 601))


def test_times_grow_whatever_the_clock_does(tmp_path: Path) -> None:
    """A clock that stands still or goes back gives strictly growing times, also across reopening."""
    path = tmp_path / "journal.db"
    Journal.create(path, base=BASE, lake_id="0192").close()
    with Journal.open(path, clock=lambda: START) as journal:
        journal.append(drafts(range(3)))
    with Journal.open(path, clock=lambda: START - 10**9) as journal:
        journal.append(drafts(range(3, 6)))
        assert [entry.recorded for entry in journal.entries()] == [instant(START + n) for n in range(6)]
        assert journal.read(2).recorded == "2024-04-17T08:31:02.000001Z"
        assert list(journal.verify()) == []


def test_an_empty_group_writes_nothing(journal: Journal) -> None:
    """Nothing to record is not an error."""
    assert journal.append([]) == []
    assert journal.last_seq == 20


def test_a_key_is_used_once(journal: Journal) -> None:
    """A second entry with the same key is refused with all of its group; the first is found by it."""
    before = contents(journal._path)
    with pytest.raises(ConflictError) as refused:
        journal.append([draft(21), draft(22, key="key-5")])
    assert str(refused.value) == (
        "The file already holds something that contradicts this.\n"
        f"  where: {journal._path}\n"
        "  what to do: Look up what was recorded under the same idempotency key, or use another."
    )
    with pytest.raises(ConflictError):
        journal.append([draft(21, key="new"), draft(22, key="new")])
    assert contents(journal._path) == before
    found = journal.by_key("key-5")
    assert found is not None
    assert found.seq == 5
    assert journal.by_key("key-4") is None
    assert [entry.seq for entry in journal.append([draft(21, key="new")])] == [21]


def test_history_and_current(journal: Journal) -> None:
    """A record's history holds what superseded and withdrew it; its graph is current until then."""
    record = f"{BASE}id/run/4"
    first, second = f"{record}/bundle", f"{record}/bundle/2"
    assert [entry.seq for entry in journal.history(record)] == [4]
    assert (journal.current(first), journal.successor(first)) == (journal.read(4), None)
    journal.append([draft(4, kind="supersede", graph=second, supersedes=first)])
    assert journal.current(first) is None
    assert journal.successor(first) == journal.current(second) == journal.current_of(record) == journal.read(21)
    journal.append([draft(99, kind="tombstone", supersedes=second)])
    assert [entry.seq for entry in journal.history(record)] == [4, 21, 22]
    assert journal.current(second) is journal.current_of(record) is None
    assert journal.current(f"{BASE}id/run/99/bundle") == journal.read(22)
    journal.append([draft(4, graph=f"{record}/bundle/3")])
    assert journal.current_of(record) == journal.read(23)


def test_a_graph_that_changes_is_current_by_its_last_change(journal: Journal) -> None:
    """Changes to one graph follow each other, each with what it adds and removes."""
    graph = BASE + "graph/notes"
    for n in (1, 2):
        journal.append([draft(n, kind="change", graph=graph, removed=quads(graph, n - 1) if n > 1 else b"")])
    current = journal.current(graph)
    assert current is not None
    assert (current.seq, current.removed) == (22, quads(graph, 1))


def test_unknown_names_have_no_entries(journal: Journal) -> None:
    """What was never recorded is neither current nor has it a history, and reading it says so."""
    assert journal.history(BASE + "id/run/none") == []
    assert journal.current(BASE + "none") is journal.successor(BASE + "none") is journal.current_of("none") is None
    with pytest.raises(NotFoundError, match="The journal has no entry 21"):
        journal.read(21)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "erase"}, "no entry is of kind 'erase'"),
        ({"actor": ""}, "an entry needs its actor"),
        ({"kind": "tombstone"}, "names the graph that it takes the place of"),
        ({"kind": "supersede", "supersedes": f"{BASE}id/run/21/bundle"}, "stands in a graph of its own"),
        ({"added": b"<s> <p> <o> .\n<a> <p> <o> .\n"}, "'added' is not sorted"),
        ({"added": b"<a> <p> <o> .\n<a> <p> <o> .\n"}, "or holds a line twice"),
        ({"added": b"<a> <p> <o> ."}, "each end with LF"),
        ({"removed": b"<a> <p> <o\x00> .\n"}, "'removed' is not N-Quads text"),
        ({"record": "\ud800"}, "surrogates not allowed"),
        ({"note": "\ud800"}, "surrogates not allowed"),
    ],
)
def test_impossible_drafts_are_refused(journal: Journal, changes: dict[str, object], reason: str) -> None:
    """What could not be verified later is not written, nor is anything else of its group."""
    with pytest.raises(ValueError, match=reason):
        journal.append([draft(20), draft(21, **changes)])
    assert journal.last_seq == 20
    assert list(journal.verify()) == []


def test_proofs_hold(journal: Journal) -> None:
    """Every entry is proved to every size of the log that holds it, against the root over the leaves."""
    leaves = [journal.evidence(seq).leaf for seq in range(1, 21)]
    for size in (1, 7, 20):
        root = journal.ledger.root(size)
        assert root == naive_root(leaves[:size])
        for seq in range(1, size + 1):
            leaf = journal.read(seq).leaf
            assert verify_inclusion(leaf, seq - 1, size, journal.ledger.inclusion(seq, size), root)


def test_proofs_of_what_is_not_there_are_refused(journal: Journal) -> None:
    """Sizes and entries beyond the end are named."""
    with pytest.raises(NotFoundError, match="The journal has 20 entries, not 21"):
        journal.ledger.root(21)
    with pytest.raises(NotFoundError, match="There is no entry 8 among the first 7"):
        journal.ledger.inclusion(8, 7)
    with pytest.raises(NotFoundError, match="No proof leads from 8 to 7 entries"):
        journal.ledger.consistency(8, 7)


def test_verification_tells_how_far_it_is(tmp_path: Path) -> None:
    """Progress counts up to all entries, or to those after the one that verification begins at."""
    with new_journal(tmp_path) as journal:
        journal.append([draft(n, added=b"") for n in range(600)])
        seen: list[tuple[int, int]] = []
        assert list(journal.verify(progress=lambda done, total: seen.append((done, total)))) == []
        assert seen == [(256, 600), (512, 600), (600, 600)]
        seen.clear()
        assert list(journal.verify(after=500, progress=lambda done, total: seen.append((done, total)))) == []
        assert seen == [(100, 100)]
        journal.check()


def test_there_is_one_journal_at_a_place(journal: Journal, tmp_path: Path) -> None:
    """A second journal, or one beside the log of a lost one, is refused."""
    with pytest.raises(ConflictError, match="There is such a file, or a part of one, already"):
        new_journal(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    (other / "journal.db-wal").write_bytes(b"what a lost journal left")
    with pytest.raises(ConflictError):
        new_journal(other)


@pytest.mark.parametrize("content", [None, b"", b"not a database", b"x" * 5000])
def test_other_files_are_refused_untouched(tmp_path: Path, content: bytes | None) -> None:
    """What is no journal is not opened, and stays as it was."""
    path = tmp_path / "journal.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LakeFormatError) as refused:
        Journal.open(path)
    assert "the journal of a lake" in refused.value.message
    assert refused.value.hint == "Make a lake with `lakegraph init`."
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([] if content is None else [content])


def test_another_database_is_refused(tmp_path: Path) -> None:
    """An SQLite file of another program is not opened."""
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE entries (seq INTEGER PRIMARY KEY)")
    with pytest.raises(LakeFormatError, match="This file is not the journal of a lake"):
        Journal.open(path)


def test_a_newer_format_is_refused_untouched(journal: Journal, tmp_path: Path) -> None:
    """A journal of a later version is left alone, and the message names both versions."""
    journal.close()
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    before = path.read_bytes()
    with pytest.raises(LakeFormatError) as refused:
        Journal.open(path)
    assert refused.value.message == ("This is the journal of a lake in format 2; this lakegraph knows formats up to 1.")
    assert path.read_bytes() == before


def test_nothing_but_appending_works(journal: Journal) -> None:
    """SQL that changes, removes or replaces what was written is refused by the file itself."""
    with closing(sqlite3.connect(journal._path, isolation_level=None)) as connection:
        for statement in (
            "UPDATE entries SET actor = 'eve' WHERE seq = 3",
            "DELETE FROM entries WHERE seq = 20",
            "INSERT OR REPLACE INTO entries SELECT * FROM entries WHERE seq = 20",
            "UPDATE payloads SET content = NULL WHERE seq = 3",
            "UPDATE payloads SET salt = NULL, content = NULL, key_hash = NULL, erased = 20 WHERE seq = 3",
            "INSERT OR REPLACE INTO payloads SELECT * FROM payloads WHERE seq = 3",
            "DELETE FROM payloads WHERE seq = 3",
            "UPDATE nodes SET hash = x'00'",
            "DELETE FROM nodes",
            "INSERT OR REPLACE INTO nodes SELECT * FROM nodes",
            "UPDATE meta SET value = 'x' WHERE name = 'base'",
            "DELETE FROM meta",
            "INSERT INTO meta VALUES ('setting.new', 'x')",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement)
    assert list(journal.verify()) == []


def test_another_writer_is_noticed(journal: Journal, tmp_path: Path) -> None:
    """An entry that a second writer slipped in does not make a fork: the write is refused, the next one continues."""
    with Journal.open(tmp_path / "journal.db") as other:
        other.append([draft(21)])
        with pytest.raises(LakeBusyError, match="Another process writes to this file at the same time"):
            journal.append([draft(22)])
        assert journal.last_seq == 21
        assert [entry.seq for entry in journal.append([draft(22)])] == [22]
    assert list(journal.verify()) == []


def test_many_threads_read_while_one_writes(journal: Journal) -> None:
    """Readers see whole groups only, each entry sound, and never fewer than before."""
    errors: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            seen = 0
            while not done.is_set():
                last = journal.last_seq
                assert last >= seen
                seen = last
                assert sum(1 for _ in journal.entries(until=last)) == last
                assert journal.current(f"{BASE}id/run/1/bundle") is not None
        except BaseException as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for first in range(21, 81, 3):
        journal.append(drafts(range(first, first + 3)))
    done.set()
    for reader in readers:
        reader.join()
    assert errors == []
    assert journal.last_seq == 80


def test_many_threads_may_write(journal: Journal) -> None:
    """Writes from several threads all get in, one after the other."""
    threads = [threading.Thread(target=journal.append, args=([draft(n), draft(n + 1)],)) for n in range(100, 120, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.last_seq == 40
    assert list(journal.verify()) == []


def test_a_closed_journal_says_so(journal: Journal) -> None:
    """After closing, reads and writes are refused in plain words, and closing again is nothing."""
    journal.close()
    journal.close()
    with pytest.raises(StorageError, match="This file was closed"):
        journal.read(1)
    with pytest.raises(StorageError, match="The journal was closed"):
        journal.append([draft(21)])


def test_closing_leaves_one_file(journal: Journal, tmp_path: Path) -> None:
    """Nothing but the journal itself is needed to copy or keep it."""
    journal.close()
    assert [path.name for path in tmp_path.iterdir()] == ["journal.db"]


def test_a_journal_keeps_the_dictionary_it_was_made_with(journal: Journal) -> None:
    """What compresses the bodies stands in the file itself, with the base of the lake in it."""
    with closing(sqlite3.connect(journal._path)) as connection:
        (dictionary,) = connection.execute("SELECT value FROM meta WHERE name = 'dictionary'").fetchone()
        (content,) = connection.execute("SELECT content FROM payloads WHERE seq = 1").fetchone()
    assert f"<{BASE}id/run/".encode() in dictionary
    assert zlib.decompressobj(zdict=dictionary).decompress(content) == journal.evidence(1).body
    with pytest.raises(zlib.error):
        zlib.decompress(content)


def test_damage_is_named_when_it_is_read(journal: Journal, tmp_path: Path) -> None:
    """A damaged entry is not handed out, its neighbours are, and the message says which and what to do."""
    with closing(sqlite3.connect(journal._path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER payloads_no_update")
        connection.execute("UPDATE payloads SET salt = zeroblob(32) WHERE seq = 7")
    assert journal.read(6).seq == 6
    with pytest.raises(LakeDamagedError) as damaged:
        journal.read(7)
    assert str(damaged.value) == (
        "The journal is damaged at entry 7: its content is not what its commitment says.\n"
        f"  where: {tmp_path / 'journal.db'}\n"
        "  what to do: Run `lakegraph audit` to see all that is affected, and restore the file from a backup."
    )
    reading = journal.entries(after=5)
    with pytest.raises(LakeDamagedError, match="entry 7"):
        list(reading)
    with pytest.raises(LakeDamagedError, match="its tables are not those of a journal"):
        journal.check()


def test_a_base_may_be_long(tmp_path: Path) -> None:
    """A dictionary that outgrows the window of the compression still packs and unpacks."""
    base = f"https://{'lake.' * 60}example.org/"
    with Journal.create(tmp_path / "journal.db", base=base, lake_id="1") as journal:
        (entry,) = journal.append([draft(1)])
        assert journal.read(1) == entry
        assert list(journal.verify()) == []
