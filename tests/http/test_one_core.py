"""Threads that answer queries stay on one core, and go where they like for everything else."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lakegraph.bootstrap import LocalLake
from lakegraph.graph.worker_process import Worker
from lakegraph.http import create_app
from lakegraph.http.one_core import OneCore


def _may_choose() -> bool:
    try:
        os.sched_setaffinity(0, os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return False
    return Path("/proc/thread-self/stat").exists()


pytestmark = pytest.mark.skipif(not _may_choose(), reason="a process may not choose its cores here")


def in_threads(work: Callable[[], object], count: int = 4) -> list[set[int]]:
    """The cores that threads may use which did *work*."""
    found: list[set[int]] = []

    def run() -> None:
        work()
        found.append(os.sched_getaffinity(0))

    for _ in range(count):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    return found


def test_all_stay_on_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever threads answer queries, it is one core; the process keeps all."""
    before = os.sched_getaffinity(0)
    core = OneCore()
    found = in_threads(core.stay)
    assert len({frozenset(cores) for cores in found}) == 1
    assert len(found[0]) == 1
    assert found[0] <= before
    assert os.sched_getaffinity(0) == before
    monkeypatch.setattr(os, "sched_setaffinity", lambda *_: pytest.fail("it does nothing twice"))
    core.leave()


def test_all_at_once_choose_the_same() -> None:
    """Threads that begin together do not choose each for itself."""
    core, found, together = OneCore(), list[frozenset[int]](), threading.Barrier(16)

    def run() -> None:
        together.wait()
        core.stay()
        found.append(frozenset(os.sched_getaffinity(0)))

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1


def test_workers_are_not_held_there() -> None:
    """A process for a query with SERVICE is started by the thread that answers."""
    core = OneCore()

    def start() -> None:
        core.stay()
        worker = Worker(512 * 2**20, [9])
        try:
            assert worker.greet()
            assert os.sched_getaffinity(worker.process.pid) == os.sched_getaffinity(os.getpid())
        finally:
            worker.kill()
            worker.process.wait()

    in_threads(start, 1)


def test_and_leave_it() -> None:
    """What comes next may run anywhere again."""
    before = os.sched_getaffinity(0)
    core = OneCore()
    assert in_threads(lambda: (core.stay(), core.stay(), core.leave(), core.leave())) == [before] * 4


def test_only_whole_answers_are_given_there(lake: LocalLake) -> None:
    """A thread that hands on a long answer, or answers anything but queries, may run anywhere."""
    everywhere = os.sched_getaffinity(0)
    app = create_app(lake)
    long = "SELECT * { VALUES ?x { " + " ".join(map(str, range(3000))) + " } }"
    asked = [
        ({"query": "ASK {}"}, "/sparql", 1),
        ({}, "/status", 0),
        ({"query": long}, "/sparql", 0),
        ({}, "/sparql", 0),
    ]
    for query, path, held in asked:

        def ask(query: dict[str, str] = query, path: str = path) -> None:
            with app.test_client().get(path, query_string=query) as answer:
                assert answer.status_code == 200

        (cores,) = in_threads(ask, 1)
        assert cores == everywhere if not held else len(cores) == 1, path


def test_a_system_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A core that was taken away meanwhile is no error."""

    def refuse(*_: object) -> None:
        raise OSError(22, "Invalid argument")

    core = OneCore()
    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    assert in_threads(lambda: (core.stay(), core.leave())) == [os.sched_getaffinity(0)] * 4


def test_where_there_is_but_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing to choose."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    monkeypatch.setattr(os, "sched_setaffinity", lambda *_: pytest.fail("there is nothing to do"))
    OneCore().stay()
