"""Who writes for whom, and what may run beside what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import lakegraph
from lakegraph.errors import StorageError
from lakegraph.writer import Writer
from tests.conftest import BASE
from tests.generated import study
from tests.test_crash import Broken, check_whole
from tests.test_view import agree

WAIT = 30


class Recorder:
    """Notes what is written; a group waits for a gate where one is given."""

    def __init__(self) -> None:
        self.written: list[list[int]] = []
        self.gates: dict[int, threading.Event] = {}
        self.second = threading.Event()

    def write(self, group: Sequence[int]) -> Sequence[int | BaseException]:
        self.written.append(list(group))
        if len(self.written) > 1:
            self.second.set()
        gate = self.gates.get(group[0])
        if gate:
            assert gate.wait(WAIT)
        return [ValueError("unlucky") if n == 13 else n * 10 for n in group]


def run(*calls: Callable[[], Any]) -> list[threading.Thread]:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    return threads


def join(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.join(WAIT)
        assert not thread.is_alive()


def test_what_is_alone_is_written_by_itself() -> None:
    recorder = Recorder()
    recorder.gates[1] = threading.Event()
    writer: Writer[int, int] = Writer(recorder.write, 10, lambda n: n == 99)
    threads = run(lambda: writer.one(1))
    while not recorder.written:
        pass
    threads += run(lambda: writer.one(99))
    assert not recorder.second.wait(0.2)
    recorder.gates[1].set()
    join(threads)
    assert recorder.written == [[1], [99]]
    assert writer.many([2, 3, 99, 99, 4]) == [20, 30, 990, 990, 40]
    assert recorder.written[2:] == [[2, 3], [99], [99], [4]]


def test_nothing_is_under_way_in_an_exclusive_block() -> None:
    recorder = Recorder()
    recorder.gates[1] = threading.Event()
    writer: Writer[int, int] = Writer(recorder.write, 10)
    seen: list[int] = []
    done: list[int] = []

    def look() -> None:
        with writer.exclusively():
            seen.append(len(done))

    threads = run(lambda: done.append(writer.one(1)))
    while not recorder.written:
        pass
    threads += run(look)
    assert not seen
    recorder.gates[1].set()
    join(threads)
    assert len(seen) == 1
    assert done == [10]


def test_everyone_gets_an_answer() -> None:
    recorder = Recorder()
    writer: Writer[int, int] = Writer(recorder.write, 3)
    answers: dict[int, int | str] = {}

    def ask(numbers: range) -> None:
        for n in numbers:
            try:
                answers[n] = writer.one(n)
            except ValueError as error:
                answers[n] = str(error)

    join(run(*(lambda k=k: ask(range(k, 400, 8)) for k in range(8))))  # type: ignore[misc]
    assert answers == {n: "unlucky" if n == 13 else n * 10 for n in range(400)}
    assert sorted(n for group in recorder.written for n in group) == list(range(400))
    assert max(map(len, recorder.written)) <= 3


def test_a_bug_reaches_everyone_and_the_writer_goes_on() -> None:
    broken = True

    def write(group: Sequence[int]) -> Sequence[int | BaseException]:
        if broken:
            raise RuntimeError("a bug")
        return list(group)

    writer: Writer[int, int] = Writer(write, 10)
    with pytest.raises(RuntimeError, match="a bug"):
        writer.one(1)
    broken = False
    assert writer.one(2) == 2
    with writer.exclusively():
        pass


@pytest.mark.parametrize("late", [False, True])
def test_a_fault_of_the_graph_among_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, late: bool) -> None:
    """Those whose records could not be shown are told so; sent again, each is there once, and everything is whole."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        for n in range(5):
            lake.record(study(f"first{n}"))
        Broken(monkeypatch, lake._projector.graph, "hand", late=late)
        hidden: list[str] = []

        def record(k: int) -> None:
            for n in range(12):
                name = f"s{k}-{n}"
                try:
                    lake.record(study(name), key=name)
                except StorageError as error:
                    assert "safe in the journal" in error.message  # noqa: PT017 - of some, whichever they are
                    hidden.append(name)
                    assert lake.record(study(name), key=name).repeated

        join(run(*(lambda k=k: record(k) for k in range(4))))  # type: ignore[misc]
        assert 1 <= len(hidden) <= 8
        assert lake.journal.last_seq == 5 + 48
        check_whole(lake)
        agree(lake)


def test_what_is_remembered_holds_with_many_writers(tmp_path: Path) -> None:
    """Records that refer to each other, from several threads, with a withdrawal in between."""
    with lakegraph.init(tmp_path / "lake", base=BASE) as lake:
        lake.record(study("shared"))

        def record(k: int) -> None:
            for n in range(15):
                receipt = lake.record(study(f"s{k}-{n}"))
                if n == 7 and k == 1:
                    lake.tombstone(receipt.iri, by="ada", why="It was a test.")

        join(run(*(lambda k=k: record(k) for k in range(4))))  # type: ignore[misc]
        assert lake.journal.last_seq == 1 + 60 + 1
        agree(lake)
