"""Faults of the disk, of SQLite and of the process: a clean error, nothing half written, and a journal that goes on."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakegraph.errors import StorageError
from lakegraph.journal import Journal, writer
from lakegraph.journal.database import connect
from tests.journal import disk_faults
from tests.journal.samples import contents, draft, drafts, environment, new_journal, ticking

HERE = Path(__file__).parent
KILLS = int(os.environ.get("LAKEGRAPH_KILLS", "5"))


def run(program: Path, *arguments: str, **changes: str) -> list[str]:
    """The lines that a program of this folder prints; its failure is the test's."""
    done = subprocess.run(
        [sys.executable, str(program), *arguments],
        env={**environment(), **changes},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def faulty_disk(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The library that makes system calls fail."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("failing system calls need Linux and a C compiler")
    library = str(tmp_path_factory.mktemp("faulty") / "faulty_disk.so")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, str(HERE / "faulty_disk.c"), "-ldl"], check=True)
    return library


def test_every_write_sync_and_rename_may_fail(faulty_disk: str) -> None:
    """Whichever system call of whichever operation fails, what ``disk_faults.py`` promises holds."""
    met = {
        (name, kind): count
        for name, kind, count in map(json.loads, run(HERE / "disk_faults.py", faulty_disk, LD_PRELOAD=faulty_disk))
    }
    assert {name for name, _ in met} == {operation.__name__ for operation in disk_faults.OPERATIONS}
    for operation in ("append", "erase", "create", "checkpoint", "rotate"):
        assert met[operation, "write"] >= 1
        assert met[operation, "sync"] >= 1
    assert met["append", "short write"] >= 5
    assert met["checkpoint", "rename"] >= 1
    assert met["rotate", "rename"] == 2
    assert met["create", "rename"] == 1


def test_files_may_not_grow(tmp_path: Path) -> None:
    """With a limit on the size of files (RLIMIT_FSIZE) at each page, groups fail cleanly and pass once it is lifted."""
    pytest.importorskip("resource", reason="limits on the size of files are a POSIX matter")
    program = tmp_path / "limited.py"
    program.write_text(
        """
import resource
from pathlib import Path
from lakegraph.errors import StorageError
from lakegraph.journal import Journal
from tests.journal.samples import drafts, new_journal

hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
folder = Path(__file__).with_name("lake")
folder.mkdir()
failed = 0
with new_journal(folder, 1) as journal:
    for limit in range(0, 80_000, 4_096):
        before, group = journal.last_seq, drafts(range(1000 + limit, 1004 + limit))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            journal.append(group)
        except StorageError:
            failed += 1
            assert journal.last_seq == before
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        if journal.last_seq == before:
            assert len(journal.append(group)) == 4
    assert list(journal.verify()) == []
    last = journal.last_seq
with Journal.open(folder / "journal.db") as journal:
    assert journal.last_seq == last
print(failed)
"""
    )
    assert int(run(program)[0]) >= 5


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how many pages a journal may have that is opened from now on."""
    pages = [0]

    def limited(path: Path, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode)
        connection.execute(f"PRAGMA max_page_count = {pages[0] or 1 << 30}")
        return connection

    monkeypatch.setattr(writer, "connect", limited)
    return lambda count: pages.__setitem__(0, count)


def test_a_full_disk(tmp_path: Path, full_disk: Callable[[int], None]) -> None:
    """SQLITE_FULL at whatever page it comes: StorageError, nothing written, and a group that fits is taken."""
    new_journal(tmp_path, 3).close()
    path = tmp_path / "journal.db"
    before = contents(path)
    pages = path.stat().st_size // 4096
    group = [draft(n, added=b"", note="x" * 9000 + str(random.Random(n).random())) for n in range(10, 60)]
    for spare in range(4):
        full_disk(pages + spare)
        with Journal.open(path, clock=ticking()) as journal:
            with pytest.raises(StorageError) as refused:
                journal.append(
                    [draft(n, added=bytes(f"<{random.Random(n).randbytes(9000).hex()}>\n", "ascii")) for n in range(9)]
                )
            assert str(refused.value) == (
                "The disk refused: database or disk is full. Nothing was acknowledged.\n"
                f"  where: {path}\n"
                "  what to do: Free space or mend the disk, then try again; there is no need to restart."
            )
            assert journal.last_seq == 3
            assert [entry.seq for entry in journal.entries()] == [1, 2, 3]
        assert contents(path) == before
    full_disk(0)
    with Journal.open(path) as journal:
        assert journal.append(group)[-1].seq == 53
        assert list(journal.verify()) == []


class Failing(sqlite3.Connection):
    """A connection whose statements fail after a while."""

    left = -1

    def _count(self) -> None:
        Failing.left -= 1
        if Failing.left == 0:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error

    def execute(self, *arguments: object) -> sqlite3.Cursor:  # type: ignore[override]
        self._count()
        return super().execute(*arguments)  # type: ignore[arg-type]

    def executemany(self, *arguments: object) -> sqlite3.Cursor:  # type: ignore[override]
        self._count()
        return super().executemany(*arguments)  # type: ignore[arg-type]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Failing]]:
    """Makes the writer use connections that can fail at any statement."""

    def open_failing(path: Path, mode: str) -> sqlite3.Connection:
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, factory=Failing)

    monkeypatch.setattr(writer, "connect", open_failing)
    yield Failing
    Failing.left = -1


def test_every_statement_may_fail(tmp_path: Path, failing: type[Failing]) -> None:
    """Whichever statement of a group fails, nothing of it is there, and the next group passes."""
    with new_journal(tmp_path, 3) as journal:
        for nth in range(1, 30):
            last = journal.last_seq
            failing.left = nth
            try:
                journal.append(drafts(range(100 * nth, 100 * nth + 3)))
                break
            except StorageError:
                pass
            assert journal.last_seq == last
            failing.left = -1
            assert len(journal.append(drafts(range(100 * nth, 100 * nth + 3)))) == 3
        failing.left = -1
        assert nth >= 6
        assert list(journal.verify()) == []


def test_killed_writers_lose_nothing_acknowledged(tmp_path: Path) -> None:
    """After SIGKILL at random moments all acknowledged entries are there, no group is halved, and writing goes on."""
    program = tmp_path / "writing.py"
    program.write_text(
        """
import sys
from pathlib import Path
from lakegraph.journal import Journal
from tests.journal.samples import drafts

with Journal.open(Path(sys.argv[1])) as journal:
    while True:
        first = journal.last_seq + 1
        entries = journal.append(drafts(range(first, first + 3)))
        print(entries[-1].seq, flush=True)
"""
    )
    path = tmp_path / "journal.db"
    new_journal(tmp_path).close()
    drawn = random.Random()
    for _ in range(KILLS):
        with Journal.open(path) as journal:
            start = journal.last_seq
        with subprocess.Popen(
            [sys.executable, str(program), str(path)],
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            for _ in range(drawn.randint(1, 60)):
                acknowledged = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            acknowledged = max([acknowledged, *map(int, process.stdout.read().split("\n")[:-1])])
        with Journal.open(path) as journal:
            assert journal.last_seq >= acknowledged > start
            assert journal.last_seq % 3 == 0
            assert list(journal.verify()) == []
            assert [entry.record for entry in journal.entries(after=start)] == [
                draft(n).record for n in range(start + 1, journal.last_seq + 1)
            ]
