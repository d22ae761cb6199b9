"""The file: made, opened again, refused when it is something else, read by many while one writes."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from lakegraph.errors import LakeBusyError, LakeDamagedError, LakeFormatError, StorageError
from lakegraph.index import Index, database
from tests.index.records import ACCURACY, index_of, picture, trained


def test_what_was_applied_is_there_after_opening_again(tmp_path: Path) -> None:
    """The same answers, the same last entry, and room for more."""
    path = tmp_path / "index.db"
    with closing(Index.open(path)) as index:
        index.apply([trained(1, "a"), trained(2, "b", 0.4)])
    with closing(Index.open(path)) as index:
        assert index.last_seq == 2
        index.apply([trained(3, "c", 0.1, algorithm="trees")])
        assert picture(index) == picture(
            index_of(trained(1, "a"), trained(2, "b", 0.4), trained(3, "c", 0.1, algorithm="trees"))
        )


def test_an_older_format_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal will fill it: terms that other rules made cannot be taken out by these."""
    path = tmp_path / "index.db"
    with monkeypatch.context() as patch:
        patch.setattr(database, "RULES", 0)
        with closing(Index.open(path)) as index:
            index.apply([trained(1, "a")])
    with closing(Index.open(path)) as index:
        assert (index.last_seq, index.things()) == (0, 0)
        index.apply([trained(1, "a")])
        assert index.things("model") == 1


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    """It is refused, and not a byte of it changes."""
    path = tmp_path / "index.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE precious (x)")
        other.commit()
    before = path.read_bytes()
    with pytest.raises(LakeFormatError, match="not an index of lakegraph") as error:
        Index.open(path)
    assert error.value.where == str(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    """The error says that the index can be rebuilt."""
    path = tmp_path / "index.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(LakeDamagedError, match="The index is damaged") as error:
        Index.open(path)
    assert "rebuild" in (error.value.hint or "")


def test_damage_is_found_while_reading(tmp_path: Path) -> None:
    """An overwritten page is an error of lakegraph, not of SQLite."""
    path = tmp_path / "index.db"
    with closing(Index.open(path)) as index:
        index.apply([trained(n, f"m{n}") for n in range(1, 200)])
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 20)
    with pytest.raises(LakeDamagedError), closing(Index.open(path)) as index:
        index.latest("model")


def test_a_missing_folder_is_a_storage_error(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(StorageError, match="cannot be read or written") as error:
        Index.open(tmp_path / "no" / "index.db")
    assert "index.db" in (error.value.where or "")


def test_a_full_disk_undoes_the_group(tmp_path: Path) -> None:
    """Nothing of it is there, and it can be applied when there is room again."""
    with closing(Index.open(tmp_path / "index.db")) as index:
        index.apply([trained(1, "a")])
        (pages,) = index._database._writer.execute("PRAGMA page_count").fetchone()
        index._database._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
        group = [trained(n, f"m{n}") for n in range(2, 200)]
        with pytest.raises(StorageError, match=r"cannot be read or written.*full"):
            index.apply(group)
        assert (index.last_seq, index.things("model")) == (1, 1)
        index._database._writer.execute("PRAGMA max_page_count = 1000000")
        index.apply(group)
        assert picture(index) == picture(index_of(trained(1, "a"), *group))


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_closed_index_says_so(tmp_path: Path, in_memory: bool) -> None:
    """Both for reading and for writing."""
    index = Index.open(None if in_memory else tmp_path / "index.db")
    index.close()
    with pytest.raises(StorageError, match="The index was closed"):
        index.search("x")
    with pytest.raises(StorageError, match="The index was closed"):
        index.apply([trained(1, "a")])


def test_a_second_writer_is_told_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process that holds the file is named as the reason."""
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.01)
    path = tmp_path / "index.db"
    with closing(Index.open(path)) as index, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LakeBusyError, match="Another process writes to the index"):
            index.apply([trained(1, "a")])
        other.rollback()
        index.apply([trained(1, "a")])
        assert index.last_seq == 1


@pytest.mark.parametrize("in_memory", [True, False])
def test_readers_see_whole_groups_while_one_writes(tmp_path: Path, in_memory: bool) -> None:
    """Every answer belongs to one state: means, counts and totals of a group appear together."""
    index = Index.open(None if in_memory else tmp_path / "index.db")
    failures: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            page = index.search("train", kind="training", facets=True)
            kinds = {v.value: v.count for v in page.facets.counts["kind"]} if page.facets else {}
            if page.total % 5 or kinds.get("training", 0) != page.total or len(page.hits) != min(20, page.total):
                failures.append((page.total, kinds))
            if sum(mean.count for mean in index.mean_by(ACCURACY)) % 5:
                failures.append("means")

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for group in range(12):
        index.apply([trained(group * 5 + n, f"m{group}-{n}") for n in range(1, 6)])
    done.set()
    for reader in readers:
        reader.join()
    index.close()
    assert not failures
