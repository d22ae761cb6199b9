"""The lock of a lake: one owner, who is named to those who must wait, and none after it died."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakegraph.errors import LakeBusyError, StorageError
from lakegraph.journal import LakeLock, holder_of
from tests.journal.samples import environment

HOLD = """
import sys, time
from pathlib import Path
from lakegraph.journal import LakeLock
lock = LakeLock.acquire(Path(sys.argv[1]))
if len(sys.argv) > 2:
    lock.announce(sys.argv[2])
print("held", flush=True)
time.sleep(60)
"""
FORK = """
import os, sys, time
from pathlib import Path
from lakegraph.journal import LakeLock
lock = LakeLock.acquire(Path(sys.argv[1]))
child = os.fork()
if not child:
    lock.release()
    print(os.getpid(), flush=True)
    time.sleep(60)
    os._exit(0)
time.sleep(60)
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a program that owns the lake, once it says that it does."""
    started: list[subprocess.Popen[str]] = []

    def run(program: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), *arguments],
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def said(process: subprocess.Popen[str]) -> str:
    """The next line that the process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_owner_is_named(tmp_path: Path, start: Callable[..., subprocess.Popen[str]]) -> None:
    """A second process is refused with the pid of the first."""
    owner = start(HOLD)
    assert said(owner) == "held"
    with pytest.raises(LakeBusyError, match=f"Process {owner.pid} owns this lake since ") as refused:
        LakeLock.acquire(tmp_path)
    assert (refused.value.where, refused.value.hint) == (str(tmp_path), "Wait until it has ended, or end it.")
    holder = holder_of(tmp_path)
    assert holder is not None
    assert (holder.pid, holder.url) == (owner.pid, None)


def test_a_server_is_named_with_its_address(tmp_path: Path, start: Callable[..., subprocess.Popen[str]]) -> None:
    """If the owner serves, the refusal says where, so that one can talk to it instead."""
    owner = start(HOLD, "http://localhost:8010/")
    assert said(owner) == "held"
    with pytest.raises(LakeBusyError) as refused:
        LakeLock.acquire(tmp_path)
    assert str(refused.value) == (
        f"Process {owner.pid} owns this lake and serves it at http://localhost:8010/.\n"
        f"  where: {tmp_path}\n"
        "  what to do: Talk to it: --lake http://localhost:8010/"
    )
    holder = holder_of(tmp_path)
    assert holder is not None
    assert holder.url == "http://localhost:8010/"


def test_the_lock_of_a_killed_owner_is_free(tmp_path: Path, start: Callable[..., subprocess.Popen[str]]) -> None:
    """After kill -9 the next one owns the lake at once, whatever the file still tells."""
    owner = start(HOLD, "http://localhost:8010/")
    assert said(owner) == "held"
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert str(owner.pid) in (tmp_path / "lock").read_text()
    assert holder_of(tmp_path) is None
    with LakeLock.acquire(tmp_path) as lock:
        assert json.loads((tmp_path / "lock").read_text())["pid"] == os.getpid() == lock.holder.pid
        assert lock.holder.url is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="only POSIX forks")
def test_children_do_not_keep_the_lock(tmp_path: Path, start: Callable[..., subprocess.Popen[str]]) -> None:
    """A forked child neither ends its parent's lock by releasing it nor keeps it when the parent is killed."""
    owner = start(FORK)
    child = int(said(owner))
    try:
        with pytest.raises(LakeBusyError, match=f"Process {owner.pid} owns"):
            LakeLock.acquire(tmp_path)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        LakeLock.acquire(tmp_path).release()
    finally:
        os.kill(child, signal.SIGKILL)


def test_the_same_process_is_told_that_it_has_it(tmp_path: Path) -> None:
    """Opening a lake twice in one process is a mistake of its own kind."""
    with LakeLock.acquire(tmp_path):
        with pytest.raises(LakeBusyError) as refused:
            LakeLock.acquire(tmp_path)
        assert refused.value.message == f"This process (pid {os.getpid()}) has this lake open already."
    LakeLock.acquire(tmp_path).release()


def test_releasing_leaves_nothing_behind(tmp_path: Path) -> None:
    """After release nobody owns the lake, releasing again is nothing, and the file tells nothing old."""
    lock = LakeLock.acquire(tmp_path)
    lock.announce("http://localhost:8010/")
    assert lock.holder.url == "http://localhost:8010/"
    lock.announce(None)
    assert lock.holder.url is None
    lock.release()
    lock.release()
    assert holder_of(tmp_path) is None
    assert (tmp_path / "lock").read_bytes() == b""


def test_a_lake_that_was_never_open_has_no_owner(tmp_path: Path) -> None:
    """No lock file, no owner; no directory, no lock."""
    assert holder_of(tmp_path) is None
    with pytest.raises(StorageError, match="No such file or directory"):
        LakeLock.acquire(tmp_path / "none")


@pytest.mark.parametrize("told", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff"])
def test_an_owner_that_has_not_told_who_it_is(tmp_path: Path, told: bytes) -> None:
    """Between taking the lock and writing the file, or with a damaged file, the refusal names nobody."""
    with LakeLock.acquire(tmp_path):
        (tmp_path / "lock").write_bytes(told)
        with pytest.raises(LakeBusyError, match="Another process owns this lake"):
            LakeLock.acquire(tmp_path)
        with pytest.raises(LakeBusyError, match="Another process owns this lake"):
            holder_of(tmp_path)


def test_an_owner_on_another_machine(tmp_path: Path) -> None:
    """On a shared disk the machine is named too."""
    with LakeLock.acquire(tmp_path):
        (tmp_path / "lock").write_text(json.dumps({"pid": 7, "host": "elsewhere", "started": "2024-04-17"}))
        with pytest.raises(LakeBusyError, match="Process 7 on elsewhere owns this lake since 2024-04-17"):
            LakeLock.acquire(tmp_path)


def test_a_full_disk_does_not_keep_the_owner_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the owner cannot write who it is the lake is owned all the same; announcing an address then fails."""

    def full(descriptor: int, data: bytes, offset: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with LakeLock.acquire(tmp_path) as lock:
        with pytest.raises(LakeBusyError, match="Another process owns this lake"):
            LakeLock.acquire(tmp_path)
        with pytest.raises(StorageError, match="No space left on device"):
            lock.announce("http://localhost:8010/")
        assert lock.holder.url is None
    LakeLock.acquire(tmp_path).release()
