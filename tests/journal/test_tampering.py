"""Tampering: whatever value of a journal is changed, removed, doubled, moved or cut off, verification says so.

What is covered: every value of every table, every statement of the schema, and the order and number of the entries; the
number at the end and the signatures against a checkpoint. What is not: bytes of the file that hold no content, such as
unused space in pages; changing them changes nothing that anybody reads.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest

from lakegraph.errors import LakegraphError
from lakegraph.journal import Checkpointer, Journal, KeyRing, verify_file
from tests.journal.samples import BASE, BOB, contents, draft, drafts, new_journal

MUTATIONS = int(os.environ.get("LAKEGRAPH_MUTATIONS", "300"))
ENTRIES = 53


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed lake: 53 entries of all kinds, one of them erased, and two signed checkpoints."""
    lake = tmp_path_factory.mktemp("original")
    ring = KeyRing.create(lake / "keys", "lake.example.org/0192")
    with new_journal(lake, 48) as journal:
        checkpointer = Checkpointer(journal.ledger, ring, lake / "checkpoint")
        checkpointer.sign()
        bundle = f"{BASE}id/run/3/bundle"
        journal.append([draft(3, kind="supersede", graph=bundle + "/2", supersedes=bundle, key="k", note="n")])
        journal.append([draft(90, kind="tombstone", supersedes=bundle + "/2", captured=True)])
        journal.append([draft(91, kind="change", removed=draft(4).added)])
        journal.erase([17], actor=BOB, level="internal", reason="asked for")
        journal.append([draft(92)])
        assert journal.last_seq == ENTRIES
        checkpointer.sign()
    assert problems(lake) == []
    return lake


@pytest.fixture
def lake(original: Path, tmp_path: Path) -> Path:
    """A copy to tamper with."""
    return shutil.copytree(original, tmp_path / "lake")


def problems(lake: Path) -> list[str]:
    """All that verifying, opening and comparing with the checkpoints finds."""
    found = [str(problem) for problem in verify_file(lake / "journal.db")]
    try:
        with Journal.open(lake / "journal.db") as journal:
            checkpointer = Checkpointer(journal.ledger, KeyRing.open(lake / "keys"), lake / "checkpoint")
            found += [str(problem) for problem in checkpointer.verify()]
    except LakegraphError as error:
        found.append(error.message)
    return found


@pytest.fixture
def tamper(lake: Path) -> Callable[..., int]:
    """Runs a statement on the copy, past the triggers, which are there again afterwards; how many rows it met."""

    def run(statement: str, *parameters: object) -> int:
        with closing(sqlite3.connect(lake / "journal.db", isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            connection.execute("BEGIN")
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            met = connection.execute(statement, parameters).rowcount
            for _, sql in triggers:
                connection.execute(sql)
            connection.execute("COMMIT")
            return met

    return run


def other(value: object) -> list[object]:
    """Values that could be put in place of *value*, of its type and of others."""
    if isinstance(value, str) and value:
        return [value + "x", value[:-1], value[:-1] + chr(ord(value[-1]) ^ 1), value.encode(), None]
    if isinstance(value, bytes) and value:
        return [value + b"\x00", value[:-1], bytes([value[0] ^ 1]) + value[1:], value.hex(), None]
    if isinstance(value, int):
        return [value + 1, value - 1, 10**9, str(value) + "x", None]
    return ["x", b"x", 1, 18]


def cells(lake: Path) -> list[tuple[str, str, str, object, object]]:
    """Table, key column, column, key and value of every kind of cell; of entries and nodes some rows, else all."""
    found = []
    with closing(sqlite3.connect(lake / "journal.db")) as connection:
        for table, key, condition in (
            ("entries", "seq", "seq IN (1, 17, 49, 51, 52, 53)"),
            ("payloads", "seq", "seq IN (1, 17, 49, 51, 52, 53)"),
            ("nodes", "level * 1000 + idx", "idx IN (0, 5)"),
            ("checkpoints", "size", "1"),
            ("meta", "name", "1"),
        ):
            connection.row_factory = sqlite3.Row
            for row in connection.execute(f"SELECT {key} AS rowkey, * FROM {table} WHERE {condition}"):
                found += [(table, key, column, row["rowkey"], row[column]) for column in row.keys()[1:]]
    return found


def test_every_value_counts(lake: Path, tamper: Callable[..., int], tmp_path: Path) -> None:
    """Each column of each table, on entries of each kind, changed to something else of its type and of another."""
    pristine = tmp_path / "pristine.db"
    shutil.copy(lake / "journal.db", pristine)
    before, tried, missed = contents(pristine), 0, []
    for table, key, column, at, value in cells(lake):
        for changed in random.Random(f"{table}{column}{at}").sample(other(value), 2):
            # SQLite itself refuses two rows with one key, and nothing where something must be.
            with suppress(sqlite3.IntegrityError):
                tamper(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", changed, at)
            if contents(lake / "journal.db") != before:
                tried += 1
                if not problems(lake):
                    missed.append((table, column, at, value, changed))
            shutil.copy(pristine, lake / "journal.db")
    assert missed == []
    assert tried > 200


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("DELETE FROM entries WHERE seq = 20", "the entries 20 to 20 are missing"),
        ("DELETE FROM payloads WHERE seq = 20", "entry 20: its content is missing"),
        ("DELETE FROM entries WHERE seq = 53", "entry 53: its content is there without it"),
        ("DELETE FROM entries WHERE seq = 1", "the entries 1 to 1 are missing"),
        ("DELETE FROM nodes WHERE level = 2 AND idx = 3", "level 2 of the tree has 12 nodes instead of 13"),
        ("DELETE FROM nodes WHERE level = 5", "damaged at its last entry, 53: no other can follow it"),
        ("INSERT INTO nodes VALUES (7, 0, zeroblob(32))", "level 7 of the tree has 1 nodes instead of 0"),
        ("INSERT INTO payloads VALUES (99, NULL, NULL, NULL, NULL)", "entry 99: its content is there without it"),
        ("INSERT INTO meta VALUES ('setting.x', 'y')", "its description is not what was written"),
        ("INSERT INTO checkpoints SELECT 30, note FROM checkpoints WHERE size = 48", "is one for 48"),
        ("INSERT INTO checkpoints SELECT 99, replace(note, '53', '99') FROM checkpoints WHERE size = 53", "only 53"),
        ("UPDATE payloads SET erased = 52, salt = NULL, content = NULL WHERE seq = 18", "does not record its erasure"),
        ("UPDATE payloads SET salt = zeroblob(32) WHERE seq = 17", "it is marked as erased and still has content"),
        ("UPDATE payloads SET erased = NULL WHERE seq = 17", "the content of entry 17, which it erased, is back"),
        ("CREATE TABLE more (x)", "its tables are not those of a journal"),
        ("DROP INDEX entries_graph", "its tables are not those of a journal"),
        (
            "UPDATE entries SET recorded = '2024-04-17T08:31:02.000000Z' WHERE seq = 9",
            "entry 9: it was not recorded after",
        ),
        ("UPDATE entries SET level = 'public' WHERE seq = 9", "entry 9: what it says is not what its leaf hash says"),
        (
            "UPDATE entries SET kind = 'erase' WHERE seq = 9",
            "entry 9: it names an erased entry without being an erasure",
        ),
    ],
)
def test_what_is_wrong_is_named(lake: Path, tamper: Callable[..., int], statement: str, named: str) -> None:
    """Rows that were removed, added or changed: the message says where, and what contradicts what."""
    assert tamper(statement) != 0
    found = problems(lake)
    assert any(named in line for line in found), found


def test_only_the_entry_that_was_changed_is_blamed(lake: Path, tamper: Callable[..., int]) -> None:
    """Neither the neighbours of a changed entry nor the tree over it are reported along with it."""
    tamper("UPDATE entries SET actor = actor || 'x' WHERE seq = 20")
    found = list(verify_file(lake / "journal.db"))
    assert [(problem.seq, problem.code) for problem in found] == [(20, "leaf")]
    with (
        pytest.raises(LakegraphError, match="The journal is damaged at entry 20"),
        Journal.open(lake / "journal.db") as j,
    ):
        j.check()


def test_a_changed_leaf_hash_is_blamed_once(lake: Path, tamper: Callable[..., int]) -> None:
    """The entry after a changed leaf hash still continues what the entry says; the tree over the leaf disagrees too."""
    tamper("UPDATE entries SET leaf = zeroblob(32) WHERE seq = 20")
    found = [problem for problem in verify_file(lake / "journal.db") if problem.code != "tree"]
    assert [(problem.seq, problem.code) for problem in found] == [(20, "leaf")]


def test_entries_that_changed_places(lake: Path, tamper: Callable[..., int]) -> None:
    """Two entries in each other's place, or two bodies, are both named."""
    for table in ("entries", "payloads"):
        for old, new in ((20, 1000), (30, 20), (1000, 30)):
            tamper(f"UPDATE {table} SET seq = {new} WHERE seq = {old}")
        assert {20, 30} <= {problem.seq for problem in verify_file(lake / "journal.db")}


@pytest.mark.parametrize("kept", [52, 51, 48, 40, 1, 0])
def test_a_lost_end(lake: Path, tamper: Callable[..., int], kept: int) -> None:
    """A journal cut off so that all that is left agrees: the checkpoint that stands beside it says what is missing."""
    assert tamper("DELETE FROM entries WHERE seq > ?", kept) == ENTRIES - kept
    tamper("DELETE FROM payloads WHERE seq > ?", kept)
    tamper("DELETE FROM nodes WHERE (idx + 1) << level > ?", kept)
    tamper("DELETE FROM checkpoints")
    found = problems(lake)
    missing = f"entries {kept + 1} to 53" if kept < 52 else "entry 53"
    assert any(f"{missing}, signed for, are missing from the end of the journal" in line for line in found)


def test_an_older_copy_put_back(original: Path, lake: Path, tmp_path: Path) -> None:
    """A whole and sound journal of an earlier day, or of another lake, contradicts the checkpoint."""
    (tmp_path / "old").mkdir()
    new_journal(tmp_path / "old", 48).close()
    shutil.copy(tmp_path / "old" / "journal.db", lake / "journal.db")
    assert "entries 49 to 53, signed for, are missing" in problems(lake)[0]
    with Journal.open(lake / "journal.db") as journal:
        journal.append(drafts(range(100, 110)))
    assert "the first 53 entries are not those that were signed for" in problems(lake)


def test_a_doubled_entry(lake: Path, tamper: Callable[..., int]) -> None:
    """An entry that is there twice is not what its leaf hash says at its second place."""
    tamper("INSERT INTO entries SELECT 54, " + COLUMNS + " FROM entries WHERE seq = 20")
    tamper("INSERT INTO payloads SELECT 54, salt, content, NULL, NULL FROM payloads WHERE seq = 20")
    assert 54 in {problem.seq for problem in verify_file(lake / "journal.db")}


COLUMNS = "recorded, kind, record, graph, supersedes, erases, actor, level, shapes, quads, commitment, leaf"


def _drop(rows: int, draw: random.Random) -> tuple[str, ...]:
    at = draw.randint(1, rows)
    return (f"DELETE FROM entries WHERE seq = {at}", f"DELETE FROM payloads WHERE seq = {at}")


def _double(rows: int, draw: random.Random) -> tuple[str, ...]:
    at = draw.randint(1, rows)
    return (
        f"INSERT INTO entries SELECT {rows + 1}, {COLUMNS} FROM entries WHERE seq = {at}",
        f"INSERT INTO payloads SELECT {rows + 1}, salt, content, NULL, erased FROM payloads WHERE seq = {at}",
    )


def _swapped(table: str, key: str, columns: Sequence[str], a: int, b: int) -> tuple[str, ...]:
    """Statements after which two rows have each other's values, all but their place."""
    exchanged = ", ".join(
        f"{column} = (SELECT {column} FROM {table} AS other WHERE other.{key} = {a + b} - {table}.{key})"
        for column in columns
    )
    return (f"UPDATE {table} SET {exchanged} WHERE {key} IN ({a}, {b})",)


def _reorder(rows: int, draw: random.Random) -> tuple[str, ...]:
    a, b = draw.sample(range(1, rows + 1), 2)
    bodies = _swapped("payloads", "seq", ("salt", "content", "erased"), a, b)
    return (*bodies, *_swapped("entries", "seq", COLUMNS.split(", "), a, b))


def _swap_bodies(rows: int, draw: random.Random) -> tuple[str, ...]:
    a, b = draw.sample(range(1, rows + 1), 2)
    return _swapped("payloads", "seq", ("salt", "content", "erased"), a, b)


def _swap_proofs(rows: int, draw: random.Random) -> tuple[str, ...]:
    level = draw.choice([level for level in range(1, 5) if rows >> level > 1])
    a, b = draw.sample(range(rows >> level), 2)
    hashes = f"(SELECT hash FROM nodes AS other WHERE other.level = {level} AND other.idx = {a + b} - nodes.idx)"
    return (f"UPDATE nodes SET hash = {hashes} WHERE level = {level} AND idx IN ({a}, {b})",)


def _cut(rows: int, draw: random.Random) -> tuple[str, ...]:
    kept = draw.randrange(rows)
    return (
        f"DELETE FROM entries WHERE seq > {kept}",
        f"DELETE FROM payloads WHERE seq > {kept}",
        f"DELETE FROM nodes WHERE (idx + 1) << level > {kept}",
        f"DELETE FROM checkpoints WHERE size > {kept}",
    )


@pytest.mark.parametrize("how", [_drop, _double, _reorder, _swap_bodies, _swap_proofs, _cut])
def test_every_mutation_of_records_is_found(
    original: Path, lake: Path, tamper: Callable[..., int], how: Callable[[int, random.Random], tuple[str, ...]]
) -> None:
    """Records dropped, doubled, in each other's place, with each other's content; nodes swapped; the end cut off."""
    before, passed, tried = contents(lake / "journal.db"), [], 0
    for seed in range(max(8, MUTATIONS // 6)):
        for statement in how(ENTRIES, random.Random(seed)):
            tamper(statement)
        if contents(lake / "journal.db") != before:
            tried += 1
            if not problems(lake):
                passed.append(seed)
        for file in lake.glob("journal.db*"):
            file.unlink()
        shutil.copy(original / "journal.db", lake)
    assert passed == []
    assert tried > 5


def mutated(content: bytes, drawn: random.Random) -> bytes:
    """*content* with one byte changed."""
    at = drawn.randrange(len(content))
    return content[:at] + bytes([content[at] ^ drawn.randint(1, 255)]) + content[at + 1 :]


def readable(path: Path) -> tuple[list[object], list[object]] | None:
    """The logical content of the file, or None where SQLite gives none."""
    try:
        return contents(path)
    except (sqlite3.Error, UnicodeDecodeError):
        return None


def test_single_bytes_of_the_file(original: Path, lake: Path) -> None:
    """Any byte of the file changed: it is detected, or every logical value is what it was."""
    content = (original / "journal.db").read_bytes()
    before = contents(original / "journal.db")
    detected = 0
    for seed in range(MUTATIONS):
        (lake / "journal.db").write_bytes(mutated(content, random.Random(seed)))
        same = readable(lake / "journal.db") == before
        found = problems(lake)
        assert found or same, f"seed {seed}: a change of content went unseen"
        detected += bool(found)
        for leftover in lake.glob("journal.db-*"):
            leftover.unlink()
    assert detected > MUTATIONS // 2


def test_single_bytes_of_the_log(tmp_path: Path) -> None:
    """Any byte of the write-ahead log changed after a crash: what is lost was signed for, so it is detected."""
    ring = KeyRing.create(tmp_path / "keys", "lake.example.org/0192")
    with new_journal(tmp_path, 12) as journal:
        Checkpointer(journal.ledger, ring, tmp_path / "checkpoint").sign()
        files = {
            file.name: file.read_bytes() for file in tmp_path.glob("journal.db*") if not file.name.endswith("-shm")
        }
    before = contents(tmp_path / "journal.db")[1][1:]
    log = files["journal.db-wal"]
    for seed in range(MUTATIONS // 5):
        crashed = tmp_path / "crashed"
        shutil.copytree(tmp_path / "keys", crashed / "keys")
        shutil.copy(tmp_path / "checkpoint", crashed)
        (crashed / "journal.db").write_bytes(files["journal.db"])
        (crashed / "journal.db-wal").write_bytes(mutated(log, random.Random(seed)))
        # A note that was lost with the end of the log still stands in its file: the first table may be shorter.
        same = contents(crashed / "journal.db")[1][1:] == before
        assert problems(crashed) or same, f"seed {seed}: a change of content went unseen"
        shutil.rmtree(crashed)


def test_truncated_files(original: Path, lake: Path) -> None:
    """A file that was cut off anywhere is not taken for a journal, or is reported."""
    content = (original / "journal.db").read_bytes()
    for seed in range(MUTATIONS // 10):
        (lake / "journal.db").write_bytes(content[: random.Random(seed).randrange(len(content))])
        assert problems(lake), f"seed {seed}"
        for leftover in lake.glob("journal.db-*"):
            leftover.unlink()
