"""Queries that wait for a worker are handed over in their order, by whoever gives one back."""

from __future__ import annotations

import threading
import time

import pytest

from lakegraph.graph.idle import Idle


class Fake:
    """A worker that takes what it is handed, or is dead."""

    def __init__(self, *, alive: bool = True) -> None:
        self.alive = alive
        self.taken: list[bytes] = []
        self.snapshot = ""
        self.next = None
        self.stale = self.skip = False
        self.began = 0.0

    def hand(self, frame: bytes, snapshot: str) -> bool:
        """Take a query."""
        self.taken.append(frame)
        self.snapshot = snapshot
        return self.alive


def waiting(idle: Idle, count: int, found: list[tuple[bytes, object, bool]]) -> list[threading.Thread]:
    """Threads that wait for a worker, each since the one before does."""

    def wait(frame: bytes) -> None:
        found.append((frame, *idle.hand_over(frame, "s", 30)))

    threads = []
    for n in range(count):
        threads.append(threading.Thread(target=wait, args=(b"%d" % n,)))
        threads[-1].start()
        until = time.monotonic() + 30
        while len(idle._waiting) <= n and time.monotonic() < until:
            time.sleep(0.001)
    return threads


def test_the_first_that_came_is_served_first() -> None:
    """The queries are with the worker in their order, each when the worker was given back."""
    idle, worker, found = Idle(), Fake(), []
    threads = waiting(idle, 3, found)
    for thread in threads:
        idle.give(worker)  # type: ignore[arg-type]
        thread.join(30)
    assert worker.taken == [b"0", b"1", b"2"]
    assert found == [(b"0", worker, True), (b"1", worker, True), (b"2", worker, True)]
    assert len(idle) == 0


def test_the_worker_used_last_is_used_first() -> None:
    """Without anybody waiting a worker waits itself; the newest is taken, and one behind a snapshot is found."""
    idle, first, second = Idle(), Fake(), Fake()
    idle.give(first)  # type: ignore[arg-type]
    idle.give(second)  # type: ignore[arg-type]
    assert idle.hand_over(b"a", "s", 0) == (second, True)
    idle.give(second)  # type: ignore[arg-type]
    assert idle.behind("s") is first  # type: ignore[comparison-overlap]
    assert idle.behind("s") is None
    assert len(idle) == 1


def test_what_is_to_be_passed_over_is_not_forgotten() -> None:
    """A worker that is taken while it is idle, to open another snapshot, still has the old answer in its pipe."""
    idle, worker = Idle(), Fake()
    worker.stale = True
    idle.give(worker)  # type: ignore[arg-type]
    assert (worker.skip, worker.stale) == (True, False)
    assert idle.behind("s") is worker  # type: ignore[comparison-overlap]
    idle.give(worker)  # type: ignore[arg-type]
    assert worker.skip


def test_patience_ends() -> None:
    """Who finds no worker in time goes away, and is not served afterwards."""
    idle, worker = Idle(), Fake()
    assert idle.hand_over(b"a", "s", 0.01) == (None, False)
    idle.give(worker)  # type: ignore[arg-type]
    assert worker.taken == []
    assert len(idle) == 1


def test_a_dead_worker_is_told() -> None:
    """Whoever is handed a dead worker knows, whether it was waiting or not."""
    idle, dead, found = Idle(), Fake(alive=False), []
    (thread,) = waiting(idle, 1, found)
    idle.give(dead)  # type: ignore[arg-type]
    thread.join(30)
    assert found == [(b"0", dead, False)]
    idle.give(dead)  # type: ignore[arg-type]
    assert idle.hand_over(b"1", "s", 0) == (dead, False)


def test_many_threads_and_few_workers() -> None:
    """Each query is with exactly one worker, and none is lost, whatever the order."""
    idle, workers, lost = Idle(), [Fake(), Fake()], []
    for worker in workers:
        idle.give(worker)  # type: ignore[arg-type]

    def work(n: int) -> None:
        for k in range(200):
            worker, taken = idle.hand_over(b"%d-%d" % (n, k), "s", 30)
            if worker is None or not taken:
                lost.append(n)
                return
            idle.give(worker)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not lost
    assert sorted(workers[0].taken + workers[1].taken) == sorted(
        b"%d-%d" % (n, k) for n in range(8) for k in range(200)
    )
    assert len(idle) == 2


def quick(idle: Idle, worker: Fake, count: int = 4) -> None:
    """Have *worker* answer some queries at once, so that the next ones are trusted to be quick."""
    for _ in range(count):
        assert idle.hand_over(b"quick", "s", 0) == (worker, True)
        idle.give(worker)  # type: ignore[arg-type]
    worker.taken.clear()


def lying(worker: Fake, frame: bytes) -> None:
    """Wait until *frame* lies in the worker's pipe."""
    until = time.monotonic() + 30
    while frame not in worker.taken and time.monotonic() < until:
        time.sleep(0.001)
    assert frame in worker.taken


def asked(idle: Idle, frame: bytes, found: list[tuple[bytes, object, bool]]) -> threading.Thread:
    """A thread that waits for a worker."""
    thread = threading.Thread(target=lambda: found.append((frame, *idle.hand_over(frame, "s", 30))))
    thread.start()
    return thread


def test_after_quick_queries_one_lies_in_the_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy worker has the next query before it is given back, once the ones before were quick, and only one."""
    monkeypatch.setattr("lakegraph.graph.idle._SLOW", 30)
    idle, worker, found = Idle(), Fake(), []
    idle.give(worker)  # type: ignore[arg-type]
    quick(idle, worker)
    idle.hand_over(b"a", "s", 0)
    first = asked(idle, b"b", found)
    lying(worker, b"b")
    (second,) = waiting(idle, 1, found)
    assert worker.taken == [b"a", b"b"]
    idle.give(worker)  # type: ignore[arg-type]
    first.join(30)
    assert worker.taken == [b"a", b"b", b"0"]
    idle.give(worker)  # type: ignore[arg-type]
    second.join(30)
    assert found == [(b"b", worker, True), (b"0", worker, True)]
    idle.give(worker)  # type: ignore[arg-type]
    assert len(idle) == 1


def test_behind_a_slow_query_lies_none() -> None:
    """After a query that took long, a worker gets the next one when it is given back, not before."""
    idle, worker, found = Idle(), Fake(), []
    idle.give(worker)  # type: ignore[arg-type]
    quick(idle, worker)
    idle.hand_over(b"a", "s", 0)
    time.sleep(0.03)
    idle.give(worker)  # type: ignore[arg-type]
    idle.hand_over(b"b", "s", 0)
    (thread,) = waiting(idle, 1, found)
    assert worker.taken == [b"a", b"b"]
    idle.give(worker)  # type: ignore[arg-type]
    thread.join(30)
    assert found == [(b"0", worker, True)]


def test_what_lies_with_a_lost_worker_goes_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query in the pipe of a worker that is killed is handed to an idle one, or waits as the first."""
    monkeypatch.setattr("lakegraph.graph.idle._SLOW", 30)
    idle, worker, other, found = Idle(), Fake(), Fake(), []
    idle.give(worker)  # type: ignore[arg-type]
    quick(idle, worker)
    idle.hand_over(b"a", "s", 0)
    thread = asked(idle, b"b", found)
    lying(worker, b"b")
    (behind,) = waiting(idle, 1, found)
    idle.lost(worker)  # type: ignore[arg-type]
    idle.give(other)  # type: ignore[arg-type]
    thread.join(30)
    idle.give(other)  # type: ignore[arg-type]
    behind.join(30)
    assert found == [(b"b", other, True), (b"0", other, True)]
    assert len(idle) == 0


def test_what_lies_behind_a_slow_query_goes_to_another() -> None:
    """A query does not wait behind a slow one while another worker is free; its first copy is passed over."""
    idle, worker, other, found = Idle(), Fake(), Fake(), []
    idle.give(worker)  # type: ignore[arg-type]
    quick(idle, worker)
    idle.hand_over(b"a", "s", 0)
    thread = asked(idle, b"b", found)
    lying(worker, b"b")
    idle.give(other)  # type: ignore[arg-type]
    thread.join(30)
    assert found == [(b"b", other, True)]
    assert not worker.skip, "the query in hand stands before the one that left"
    idle.give(worker)  # type: ignore[arg-type]
    assert worker.skip
    assert idle.hand_over(b"c", "s", 0) == (worker, True)


def test_a_large_query_lies_in_no_pipe() -> None:
    """What may fill a pipe is written to a worker that reads, so that nobody else has to wait for that."""
    idle, worker, found = Idle(), Fake(), []
    idle.give(worker)  # type: ignore[arg-type]
    quick(idle, worker)
    idle.hand_over(b"a", "s", 0)
    large = b"b" * 10_000
    thread = asked(idle, large, found)
    time.sleep(0.1)
    assert worker.taken == [b"a"]
    idle.give(worker)  # type: ignore[arg-type]
    thread.join(30)
    assert found == [(large, worker, True)]
