"""What was acknowledged survives kill -9 and a full disk, and nothing is ever half there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import LakegraphError, StorageError
from lakegraph.journal import Journal
from lakegraph.projecting import parse_nquads
from tests.conftest import BASE, examples, quads
from tests.generated import ingest, study

ROUNDS = int(os.environ.get("LAKEGRAPH_CRASH_ROUNDS", "5"))
"""How often the writer is killed; CI asks for 50."""


def writer(where: Path, start: int, group: int, file_limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.crash_writer", str(where), str(start), str(group), str(file_limit)]
    root = Path(__file__).resolve().parent.parent
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=root)


def acked(lines: str) -> list[str]:
    return [name for line in lines.splitlines() if line.startswith("acked ") for name in line.split()[1:]]


def check_whole(lake: LocalLake) -> set[str]:
    """Every journal entry stands in the graph with all its statements; the names of the studies."""
    names = set()
    for entry in lake.journal.entries():
        stored = set(lake._projector.graph.match(graph=entry.graph))
        assert stored == set(parse_nquads(entry.added)), f"entry {entry.seq} is not whole"
        names.add(entry.record.rpartition("/")[2])
    assert lake._projector.index.last_seq == lake.journal.last_seq
    return names


@pytest.mark.parametrize("group", [1, 40])
def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path, group: int) -> None:
    """Killed at random moments, one record at a time or in groups."""
    where = tmp_path / "lake"
    lakegraph.init(where, base=BASE).close()
    moments = random.Random(group)
    safe: set[str] = set()
    rounds = ROUNDS if group == 1 else max(2, ROUNDS // 5)
    for number in range(rounds):
        process = writer(where, number * 100_000, group)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0.01, 0.6))
        process.send_signal(signal.SIGKILL)
        safe |= set(acked(process.stdout.read()))
        process.wait()
        process.stdout.close()
        if number % 10 == 0 or number == rounds - 1:
            with lakegraph.open(where) as lake:
                assert safe <= check_whole(lake)
    assert len(safe) > rounds


@pytest.mark.parametrize("limit", [40_000, 90_000, 200_000, 400_000])
def test_a_full_disk_is_a_clean_error_and_the_lake_opens(tmp_path: Path, limit: int) -> None:
    """Files may not grow beyond a limit: the write is refused by name, and what was acknowledged stays."""
    where = tmp_path / "lake"
    lakegraph.init(where, base=BASE).close()
    process = writer(where, 0, 1, file_limit=limit)
    output, _ = process.communicate(timeout=120)
    assert output.splitlines()[-1].startswith("error "), output[-300:]
    assert output.splitlines()[-1] == "error storage"
    with lakegraph.open(where) as lake:
        assert set(acked(output)) <= check_whole(lake)
        assert lake.record(study("after")).seq == lake.journal.last_seq


class Broken:
    """Makes a method fail once, before or after it has done its work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, holder: Any, name: str, *, late: bool) -> None:
        real = getattr(holder, name)
        self.left = 1

        def fail(*args: Any, **kwargs: Any) -> Any:
            if self.left:
                self.left -= 1
                if late:
                    real(*args, **kwargs)
                raise StorageError("The disk refused.", where=name)
            return real(*args, **kwargs)

        monkeypatch.setattr(holder, name, fail)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("step", ["journal", "graph"])
def test_a_fault_at_each_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, late: bool) -> None:
    """Before and after each step: a clean error, the next record is accepted, and a reopened lake is whole."""
    where = tmp_path / "lake"
    with lakegraph.init(where, base=BASE) as lake:
        lake.record(ingest(1))
        holder = {"journal": lake.journal, "graph": lake._projector.graph}[step]
        Broken(monkeypatch, holder, "append" if step == "journal" else "hand", late=late)
        with pytest.raises(LakegraphError) as caught:
            lake.record(ingest(2), key="k2")
        assert caught.value.code == "storage"
        lake.record(ingest(3))
        again = lake.record(ingest(2), key="k2")
        assert again.iri
        before = quads(lake, tmp_path)
        check_whole(lake)
    with lakegraph.open(where) as lake:
        assert quads(lake, tmp_path) == before
        check_whole(lake)


@pytest.mark.parametrize("late", [False, True])
def test_a_fault_of_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, late: bool) -> None:
    """The graph learns of a record when it is asked: who asks is told of the fault, and the next one is answered."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        lake.record(ingest(1))
        assert any(lake._projector.graph.match())
        Broken(monkeypatch, lake._projector.graph.engine, "apply", late=late)
        receipt = lake.record(ingest(2))
        with pytest.raises(StorageError, match="The disk refused"):
            lake.ask("5w1h", about=receipt.iri)
        assert lake.ask("5w1h", about=receipt.iri)
        check_whole(lake)


@pytest.mark.parametrize("late", [False, True])
def test_a_fault_of_the_engine_beside_the_recorder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, late: bool
) -> None:
    """The thread that writes meets a fault: a later record is told of it, and nothing is lost or there twice."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        graph = lake._projector.graph
        monkeypatch.setattr("lakegraph.graph.following.ENOUGH_QUADS", 1)
        Broken(monkeypatch, graph.engine, "apply", late=late)
        told = 0
        for number in range(20):
            try:
                lake.record(study(f"s{number}"), key=f"k{number}")
            except StorageError as error:
                assert "safe in the journal" in error.message  # noqa: PT017 - of one, whichever it is
                told += 1
                assert lake.record(study(f"s{number}"), key=f"k{number}").repeated
            follower = graph._follower
            if follower is not None:
                follower.join()
        assert told == 1
        assert lake.journal.last_seq == 20
        check_whole(lake)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("step", ["take", "keep"])
def test_a_fault_of_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, *, late: bool) -> None:
    """The index learns of a record when it is asked: who asks is told of the fault, and the next one is answered."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        lake.record(ingest(1))
        assert lake.search("")["total"] is not None
        Broken(monkeypatch, lake._projector._index._index, step, late=late)
        receipt = lake.record(ingest(2))
        with pytest.raises(StorageError, match="The disk refused"):
            lake.search("")
        assert any(hit["iri"] == receipt.iri for hit in lake.search("")["hits"])
        check_whole(lake)


@pytest.mark.parametrize("step", ["take", "keep"])
def test_a_fault_of_the_index_while_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """When its turn comes in the middle of recording, that call is told, and nothing is lost or recorded twice."""
    monkeypatch.setattr("lakegraph.index.following.TAKEN", 30)
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        Broken(monkeypatch, lake._projector._index._index, step, late=False)
        failed = 0
        for number in range(80):
            try:
                lake.record(study(f"s{number}"), key=f"k{number}")
            except StorageError as error:
                assert "safe in the journal" in error.message  # noqa: PT017 - one of eighty, whichever it is
                failed += 1
                assert lake.record(study(f"s{number}"), key=f"k{number}").repeated
        assert failed == 1
        assert lake.journal.last_seq == 80
        check_whole(lake)


def test_the_index_never_shows_less_than_was_recorded(tmp_path: Path) -> None:
    """After every single record it is asked, and after a close without a question it is whole."""
    where = tmp_path / "lake"
    with lakegraph.init(where, base=BASE) as lake:
        for number in range(1, 71):
            lake.record(study(f"s{number}"))
            if number % 7 == 0:
                assert lake._projector.index.last_seq == number
    with lakegraph.open(where) as lake:
        assert lake._projector._index.last_seq == 70


def test_a_full_disk_under_the_index_undoes_what_it_had_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was taken in before, and is undone with it, is taken in again."""
    monkeypatch.setattr("lakegraph.index.following.TAKEN", 1000)
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        connection = lake._projector.index._database._writer
        connection.execute("PRAGMA cache_size = 5")  # what does not fit is written to the file before its time
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 3}")
        told = 0
        for number in range(1, 200):
            try:
                lake.record(study(f"s{number}"), key=f"k{number}")
            except StorageError as error:
                assert "safe in the journal" in error.message  # noqa: PT017 - some of many
                told += 1
                connection.execute("PRAGMA max_page_count = 1000000")
        assert told == 1
        assert lake._projector._index._taken
        assert len(lake.search("", limit=1000)["hits"]) == 199
        check_whole(lake)


def test_a_crash_between_journal_and_graph_is_made_good(tmp_path: Path) -> None:
    """Entries that only the journal has are replayed when the lake is opened."""
    where = tmp_path / "lake"
    with lakegraph.init(where, base=BASE) as lake:
        for document in examples():
            lake.record(document)
        whole = quads(lake, tmp_path)
    with lakegraph.init(tmp_path / "other", base=BASE) as other:
        assert other.journal.last_seq == 0
    # The journal of the full lake beside the empty graph of the other one.
    (tmp_path / "other" / "journal.db").write_bytes((where / "journal.db").read_bytes())
    for rest in (tmp_path / "other").glob("journal.db-*"):
        rest.unlink()
    with lakegraph.open(tmp_path / "other") as lake:
        assert quads(lake, tmp_path) == whole


def test_an_older_journal_than_the_graph_is_named(tmp_path: Path) -> None:
    """A restored backup must not silently disagree with the graph."""
    where = tmp_path / "lake"
    with lakegraph.init(where, base=BASE) as lake:
        lake.record(ingest(1))
    old = (where / "journal.db").read_bytes()
    with lakegraph.open(where) as lake:
        lake.record(ingest(2))
    (where / "journal.db").write_bytes(old)
    for rest in where.glob("journal.db-*"):
        rest.unlink()
    with pytest.raises(LakegraphError, match="lakegraph rebuild"):
        lakegraph.open(where)


def test_the_journal_alone_opens(tmp_path: Path) -> None:
    """Closing checkpoints the write-ahead log, so one file is the whole record."""
    where = tmp_path / "lake"
    with lakegraph.init(where, base=BASE) as lake:
        lake.record(ingest(1))
    with Journal.open(where / "journal.db") as journal:
        assert journal.last_seq == 1
