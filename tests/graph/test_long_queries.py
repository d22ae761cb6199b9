"""Long queries run beside short ones, a few at once, and never take the last worker from them."""

from __future__ import annotations

import gc
import json
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from lakegraph.errors import DeadlineError, LakeBusyError, LakegraphError
from lakegraph.graph import Oxigraph, QueryCancelledError, QueryService, SnapshotKeeper, WorkerLimits, pool
from lakegraph.graph.long_queries import LONG, LongQueries

SLOW = "SELECT (COUNT(*) AS ?n) WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
STREAM = "SELECT * WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
MUCH = f"{STREAM} LIMIT 30000"  # more than a pipe holds


class Asking(threading.Thread):
    """Somebody who waits for the end of a query's answer."""

    def __init__(self, service: QueryService, text: str) -> None:
        super().__init__(daemon=True)
        self.service, self.text = service, text
        self.error: LakegraphError | None = None
        self.start()

    def run(self) -> None:
        """Ask, and keep what comes in place of an answer."""
        try:
            for _ in self.service.run(self.text, format="json", timeout=60):
                pass
        except LakegraphError as error:
            self.error = error


def long_ones(service: QueryService, count: int) -> list[str]:
    """The ids of the long queries that run, once there are *count*."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = [key for key, running in list(service._running.items()) if running.long]
        if len(found) == count:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{count} queries did not become long")


def open_files(pid: int) -> list[str]:
    """What a process has open, where the system tells."""
    found = []
    with suppress(OSError):  # a file may be closed meanwhile
        for one in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.append(os.readlink(one))  # noqa: PTH115
    return found


def truth(service: QueryService) -> bool:
    """The answer to a question that takes no time."""
    return bool(json.loads(b"".join(service.run("ASK {}", format="json", timeout=30)))["boolean"])


def test_a_long_query_leaves_the_worker_for_short_ones(lake: Oxigraph, tmp_path: Path) -> None:
    """With one worker: short queries are answered beside a long one, a second long one is not, until the first ends."""
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), WorkerLimits(workers=1, patience=20))
    try:
        first = Asking(service, SLOW)
        (running,) = long_ones(service, 1)
        assert all(truth(service) for _ in range(20))
        assert os.getpriority(os.PRIO_PROCESS, service._running[running].worker.process.pid) == 10
        second = Asking(service, SLOW.replace("?n", "?m"))
        second.join(30)
        assert isinstance(second.error, LakeBusyError)
        assert "1 long queries run already" in str(second.error)
        with pytest.raises(LakeBusyError, match="takes long"):  # at once: it was long before
            service.run(SLOW, format="json", timeout=60)
        assert truth(service)
        assert service.cancel(running)
        first.join(30)
        assert isinstance(first.error, QueryCancelledError)
        third = Asking(service, SLOW)
        (again,) = long_ones(service, 1)
        assert service.cancel(again)
        third.join(30)
        assert truth(service)
        assert service.list() == []
    finally:
        service.close()


def test_answers_under_way_are_not_broken_off(lake: Oxigraph, tmp_path: Path) -> None:
    """A long query that has begun to answer goes on beside another long one; closing leaves no process behind."""
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), WorkerLimits(workers=1, patience=20))
    first = Asking(service, SLOW)
    long_ones(service, 1)
    stream = service.run(STREAM, format="json", timeout=60)
    assert next(stream)
    assert len(long_ones(service, 2)) == 2
    assert next(stream)
    assert truth(service)
    processes = [running.worker.process for running in service._running.values()]
    service.close()
    first.join(30)
    assert all(process.wait(10) is not None for process in processes)
    with pytest.raises(QueryCancelledError):
        list(stream)


def test_a_worker_for_long_queries_is_used_again(
    lake: Oxigraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one ends by itself: no process is started for the next, and when it waits for long it holds no snapshot."""
    monkeypatch.setattr(pool, "_REST", 0.1)
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), WorkerLimits(workers=1, patience=20))
    used = []
    try:
        for _ in range(3):
            running = service.run(MUCH, format="json", timeout=60)
            next(running)
            long_ones(service, 1)
            time.sleep(LONG)  # or it would count as quick, after all
            used.append(running.worker)
            assert len(list(running)) > 1
            assert truth(service)
        assert [w.process.pid for w in used] == [used[0].process.pid] * 3
        assert os.getpriority(os.PRIO_PROCESS, used[0].process.pid) == 10
        until = time.monotonic() + 20
        while any("snapshots" in file for file in open_files(used[0].process.pid)):
            assert time.monotonic() < until
        used[0].process.kill()
        used[0].process.wait()
        assert len(list(service.run(MUCH, format="json", timeout=60))) > 1
    finally:
        service.close()


def test_a_worker_with_something_left_in_its_pipe_is_not_used_again(lake: Oxigraph, tmp_path: Path) -> None:
    """What it would still say to a query that was handed to another worker is no answer to the next one."""
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), WorkerLimits(workers=1, patience=20))
    try:
        running = service.run(MUCH, format="json", timeout=60)
        next(running)
        long_ones(service, 1)
        worker = running.worker
        worker.stale = True
        assert len(list(running)) > 1
        assert worker.process.wait(10) is not None
        assert truth(service)
    finally:
        service.close()


def test_ended_queries_leave_no_open_files(lake: Oxigraph, tmp_path: Path) -> None:
    """The pipes of workers that were killed are closed at once, not when the memory is next tidied up."""
    if not Path("/proc/self/fd").exists():
        pytest.skip("open files are counted in /proc")
    service = QueryService(SnapshotKeeper(lake, tmp_path / "snapshots"), WorkerLimits(workers=1, patience=20))
    gc.disable()
    try:
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        for _ in range(8):
            with pytest.raises(DeadlineError):
                service.run(SLOW, format="json", timeout=0.05)
        assert truth(service)
        assert len(os.listdir("/proc/self/fd")) <= before + 4  # noqa: PTH208 - a worker that is being started
    finally:
        gc.enable()
        service.close()


def test_what_is_remembered() -> None:
    """A text is known while it is long; the room is bounded, and twice as large for answers that have begun."""
    lane = LongQueries(2)
    assert not lane.known("a")
    assert lane.enter("1", "a")
    assert lane.enter("2", "b")
    assert not lane.enter("3", "c")
    assert lane.enter("4", "d", begun=True)
    assert lane.enter("5", "e", begun=True)
    assert not lane.enter("6", "f", begun=True)
    assert all(lane.known(text) for text in "abcdef")
    lane.leave("1", "a", LONG / 2)
    assert not lane.known("a")
    lane.leave("2", "b", LONG * 2)
    assert lane.known("b")
    lane.leave("4", "d", 60)
    assert lane.enter("7", "b")
    for n in range(2000):
        lane.enter("x", f"text {n}")
    assert not lane.known("b")
    assert lane.known("text 1999")
