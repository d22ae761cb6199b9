"""The embedded engine on disk: atomic writes, faults, and threads."""

from __future__ import annotations

import itertools
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from graph_data import MARKER, QUADS, TYPE, bundle, record, records, run

from lakegraph.errors import LakeBusyError, LakeDamagedError, QueryError, StorageError, UsageError
from lakegraph.graph import Change, Oxigraph, Rows, oxigraph
from lakegraph.graph.engine_errors import failure

HERE = str(Path(__file__).parent)


def test_large_groups_are_bulk_loaded(disk: Oxigraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either way of writing gives the same quads, and one broken line among many leaves none."""
    monkeypatch.setattr(oxigraph, "BULK_QUADS", 2 * QUADS)
    disk.apply(records(1, 1))
    disk.apply(records(2, 40))
    assert disk.applied(MARKER).sequences() == set(range(1, 41))
    assert len(list(disk.match(graph=bundle(33)))) == 3
    with pytest.raises(Exception, match="not N-Quads"):
        disk.apply([*records(41, 80), Change(81, b"<urn:a> <urn:b> .\n")])
    assert disk.applied(MARKER).count == 40


def test_group_without_final_line_end(disk: Oxigraph) -> None:
    """Texts are joined as lines even where the last line end is missing."""
    disk.apply([Change(1, b"<urn:a> <urn:p> <urn:b> ."), Change(2, b"<urn:a> <urn:p> <urn:c> .")])
    assert len(disk.outgoing("<urn:a>")) == 2


def test_survives_reopening(tmp_path: Path) -> None:
    """What was applied is there when the store is opened again."""
    first = Oxigraph.open(tmp_path / "graph")
    first.apply(records(1, 5))
    first.close()
    second = Oxigraph.open(tmp_path / "graph")
    assert second.applied(MARKER).highest == 5
    assert second.last_seq == 5
    second.close()


_WRITER = """
from pathlib import Path
import sys
sys.path.insert(0, sys.argv[2])
from graph_data import records
from lakegraph.graph import Oxigraph, oxigraph
oxigraph.BULK_QUADS = 100
engine = Oxigraph.open(Path(sys.argv[1]))
next_ = int(sys.argv[3])
while True:
    for size in (1, 3, 40):
        group = records(next_, next_ + size - 1)
        next_ += size
        engine.apply(group)
        print(next_ - 1, flush=True)
"""


def test_kill_9_leaves_whole_groups(tmp_path: Path) -> None:
    """A writer killed at any moment leaves every acknowledged group, and no part of another."""
    path, acknowledged = tmp_path / "graph", 0
    for rounds in (4, 11, 18):
        command = [sys.executable, "-c", _WRITER, str(path), HERE, str(acknowledged + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(rounds):
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            rest = writer.stdout.read().split()
        acknowledged = int(rest[-1]) if rest else acknowledged
        engine = Oxigraph.open(path)
        found = engine.applied(MARKER)
        assert found.highest >= acknowledged
        assert found.count == found.highest == len(found.sequences())
        rows = engine.query("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }")
        assert isinstance(rows, Rows)
        assert rows.rows[0][0] == f'"{3 * found.count}"^^<http://www.w3.org/2001/XMLSchema#integer>'
        acknowledged = found.highest
        engine.close()


_FULL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from graph_data import MARKER, record, records
from lakegraph.errors import StorageError
from lakegraph.graph import Oxigraph
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
engine = Oxigraph.open(Path(sys.argv[1]))
engine.apply(records(1, 20))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
refused = []
for _ in range(2):
    try:
        engine.apply([record(21)])
    except StorageError as error:
        refused.append(error)  # kept: a reference to an error must not hold the broken store
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
print(len(refused), refused[0].message.split(":")[0], refused[0].hint)
print(engine.applied(MARKER).count)
engine.apply([record(21)])
print(engine.applied(MARKER).sequences() == set(range(1, 22)))
"""


def test_recovers_from_a_refused_write(tmp_path: Path) -> None:
    """A write that the disk refuses is a StorageError; when there is room again, the engine goes on by itself."""
    command = [sys.executable, "-c", _FULL, str(tmp_path / "graph"), HERE]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert told == ["2 The graph store could not be used Look at the disk and its permissions.", "20", "True"]


def test_reads_go_on_while_the_disk_is_full(disk: Oxigraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a refused write the old store answers on; it is opened again when there is room, and not before."""
    disk.apply(records(1, 3))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(disk, "_write", full)
        with pytest.raises(StorageError, match="No space left"):
            disk.apply(records(4, 4))
    with monkeypatch.context() as patched:
        patched.setattr(oxigraph, "_ROOM", 2**62)
        with pytest.raises(StorageError, match="The disk is full"):
            disk.apply(records(4, 4))
        assert disk.applied(MARKER).count == 3
        assert len(disk.outgoing(run(3))) == 4
    disk.apply(records(4, 4))
    assert disk.applied(MARKER).count == 4


def test_a_full_disk_says_so() -> None:
    """The message for a full disk says that nothing but space is needed."""
    error = failure(OSError(28, "No space left on device"), None)
    assert isinstance(error, StorageError)
    assert error.hint == "Free some space; nothing else needs to be done."


def test_second_holder_is_refused(disk: Oxigraph) -> None:
    """A directory that is open cannot be opened again, by this process or another."""
    with pytest.raises(LakeBusyError, match="held by another process"):
        Oxigraph.open(disk.path)


def test_damage_is_named(tmp_path: Path) -> None:
    """A store whose files are gone or overwritten is reported as damaged, with the command that mends it."""
    whole = tmp_path / "whole"
    engine = Oxigraph.open(whole)
    engine.apply(records(1, 3))
    engine.close()
    for name, harm in (("CURRENT", b"MANIFEST-999999\n"), ("MANIFEST", b"junk")):
        copy = tmp_path / name
        shutil.copytree(whole, copy)
        for file in copy.glob(f"{name}*"):
            file.write_bytes(harm)
        with pytest.raises(LakeDamagedError, match="damaged") as refused:
            Oxigraph.open(copy)
        assert refused.value.hint == "lakegraph rebuild makes it again from the journal."


def test_impossible_place(tmp_path: Path) -> None:
    """A path that cannot be a directory is a StorageError that names it."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="could not be used") as refused:
        Oxigraph.open(tmp_path / "file")
    assert refused.value.where == str(tmp_path / "file")


def test_closed_engine_says_so(disk: Oxigraph) -> None:
    """After closing, a question is refused rather than reopening the store."""
    disk.close()
    with pytest.raises(UsageError, match="closed"):
        disk.query("ASK {}")


def test_bound_variables_must_be_projected(disk: Oxigraph) -> None:
    """Binding a variable that the query does not project is refused, saying what to do."""
    with pytest.raises(QueryError, match="projection") as refused:
        disk.query("SELECT ?s WHERE { ?s ?p ?o }", {"p": TYPE})
    assert refused.value.hint == "Project every variable that is bound."


def test_a_literal_has_no_statements(disk: Oxigraph) -> None:
    """Looking up what cannot be a subject finds nothing instead of failing."""
    assert disk.outgoing('"text"') == ()
    assert not list(disk.match('"text"'))


def test_readers_beside_a_writer(disk: Oxigraph) -> None:
    """Threads that read while one writes see whole records only, and every record at the end."""
    failures: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            for n in range(1, 60, 7):
                if len(disk.outgoing(run(n))) not in (0, 4):
                    failures.append(f"run {n} is half there")
            rows = disk.query("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }")
            assert isinstance(rows, Rows)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(1, 61):
        disk.apply([record(n)])
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert all(len(disk.outgoing(run(n))) == 4 for n in range(1, 61))


def test_snapshot_needs_a_free_place(disk: Oxigraph, tmp_path: Path) -> None:
    """A snapshot is never written over something."""
    (tmp_path / "taken").mkdir()
    with pytest.raises(StorageError, match="Directory exists"):
        disk.snapshot(tmp_path / "taken")


def test_only_one_flush_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once can leave one of them waiting for ever (RocksDB's issue 12094): backups and bulk loads take turns."""
    graph = Oxigraph.open(tmp_path / "graph")
    store, busy, overlaps = graph._store, threading.Lock(), []

    class Watched:
        """The store, noting whether a call that flushes comes while another is under way."""

        def __getattr__(self, name: str) -> Any:
            call = getattr(store, name)
            if name not in ("backup", "flush", "bulk_load"):
                return call

            def watched(*arguments: Any) -> Any:
                if not busy.acquire(blocking=False):
                    overlaps.append(name)
                    return call(*arguments)
                try:
                    time.sleep(0.01)
                    return call(*arguments)
                finally:
                    busy.release()

            return watched

    graph._store = Watched()  # type: ignore[assignment]
    lines = b"".join(b"<urn:s%d> <urn:p> <urn:o> .\n" % n for n in range(oxigraph.BULK_QUADS))

    def back_up(name: str) -> None:
        for n in range(5):
            graph.snapshot(tmp_path / f"{name}{n}")

    threads = [threading.Thread(target=back_up, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    monkeypatch.setattr(oxigraph, "HELD_QUADS", 2)
    for n in range(4):
        graph.apply([Change(n + 1, b'<urn:x> <urn:p> "%d" .\n' % n)])
        graph.apply([Change(n + 1, b'<urn:y> <urn:p> "%d" .\n' % n)])
        graph.apply([Change(n + 1, lines)])
    for thread in threads:
        thread.join()
    graph._store = store
    graph.close()
    assert overlaps == []


_HOLDING = """
import sys
from pathlib import Path
from lakegraph.graph import Change, Oxigraph

def held():
    return next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("RssAnon"))

def quads(first, last):
    text = "<https://e.org/{0}> <urn:p{1}> <https://e.org/o/{0}> <urn:g{2}> ."
    return "\\n".join(text.format(n, n % 20, n // 40) for n in range(first, last)).encode()

graph = Oxigraph.open(Path(sys.argv[1]))
sizes = []
for n in range(100):
    graph.apply([Change(n + 1, quads(n * 4000, n * 4000 + 4000))])
    sizes.append(held())
graph.close()
print(max(sizes[:50]), max(sizes[50:]), len(list(Oxigraph.open(Path(sys.argv[1])).match(p="<urn:p7>"))))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from Linux's /proc")
def test_memory_is_bounded_by_writing_out(tmp_path: Path) -> None:
    """400,000 quads in groups that are not bulk-loaded: the second half takes no more memory than the first."""
    command = [sys.executable, "-c", _HOLDING, str(tmp_path / "graph")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second, found = map(int, done.stdout.split())
    assert found == 20_000
    assert second < first + 40


def test_a_pattern_gives_each_statement_once(tmp_path: Path) -> None:
    """Whatever graphs hold it, the default one among them, and however it was written."""
    chance = random.Random(1)
    lines = [
        f"<urn:s{chance.randrange(15)}> <urn:p{chance.randrange(4)}> <urn:s{chance.randrange(15)}>"
        f"{chance.choice(['', ' <urn:g1>', ' <urn:g2>', ' <urn:g3>'])} .\n"
        for _ in range(9000)
    ]
    for path in (None, tmp_path / "graph"):
        with closing(Oxigraph.open(path)) as graph:
            for start in range(0, len(lines), 3000):
                graph.apply([Change(start + 1, "".join(lines[start : start + 3000]).encode())])
                if path:
                    graph.snapshot(tmp_path / f"snapshot {start}")  # writes out what is in memory
            said = {(s, p, o) for s, p, o, *_ in map(str.split, lines)}
            for s, p, o in itertools.product((None, "<urn:s1>"), (None, "<urn:p2>"), (None, "<urn:s3>")):
                found = list(graph.match(s, p, o))
                assert len(found) == len(set(found))
                fitting = {t for t in said if s in (None, t[0]) and p in (None, t[1]) and o in (None, t[2])}
                assert set(found) == fitting


def test_looking_through_much_takes_no_memory(tmp_path: Path) -> None:
    """The statements of one property, each in a graph of its own: none is remembered."""
    with closing(Oxigraph.open(tmp_path / "graph")) as graph:
        text = "".join(f"<urn:record/{n}> <urn:from> <urn:peer> <urn:record/{n}/bundle> .\n" for n in range(30_000))
        graph.apply([Change(1, text.encode())])
        tracemalloc.start()
        try:
            assert sum(1 for _ in graph.match(p="<urn:from>", o="<urn:peer>")) == 30_000
            assert tracemalloc.get_traced_memory()[1] < 2**20
        finally:
            tracemalloc.stop()
