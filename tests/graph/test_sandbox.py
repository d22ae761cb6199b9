"""A worker cannot reach the network, whatever query it is handed: here past the guard, straight to the process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from graph_data import Canary

from lakegraph.errors import ForbiddenError, QueryError
from lakegraph.graph import Oxigraph, QueryService, SnapshotKeeper, frames, worker_boot
from lakegraph.graph.formats import INDEX
from lakegraph.graph.frames import RESPONSE, Manner
from lakegraph.graph.worker_process import Worker

MEMORY = 512 * 2**20


@pytest.fixture(scope="module")
def snapshot(lake: Oxigraph, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The directory of a snapshot."""
    keeper = SnapshotKeeper(lake, tmp_path_factory.mktemp("view") / "snapshots")
    with keeper.reading() as found:
        yield str(found.path)
    keeper.close()


def answer(worker: Worker, text: str, snapshot: str) -> tuple[int, bytes]:
    """The last frame that a worker gives for *text*, and all its data."""
    body = frames.asking(Manner(INDEX["json"], frames.UNION).encode(), text)
    assert worker.hand(frames.framed(snapshot.encode(), body), snapshot)
    received, data = b"", b""
    while True:
        while len(received) >= RESPONSE.size:
            kind, _, length = RESPONSE.unpack_from(received)
            body, received = received[RESPONSE.size : RESPONSE.size + length], received[RESPONSE.size + length :]
            data += body
            if kind != frames.DATA:
                return kind, data
        more = os.read(worker.descriptor, 2**20)
        if not more:
            return -1, data
        received += more


@pytest.fixture
def worker() -> Iterator[Worker]:
    """One worker, as the pool starts it."""
    made = Worker(MEMORY)
    assert made.greet()
    yield made
    made.kill()
    made.process.wait()


def test_calls_fail(worker: Worker, snapshot: str, listener: Canary) -> None:
    """SERVICE does not get as far as a connection, and the worker answers on."""
    if not worker.sandboxed:
        pytest.skip("sockets cannot be denied on this machine")
    before = listener.hits
    kind, said = answer(worker, f"SELECT * WHERE {{ SERVICE <{listener.url}> {{ ?s ?p ?o }} }}", snapshot)
    assert kind == frames.ERROR
    assert b"denied" in said
    answer(worker, f"SELECT * WHERE {{ SERVICE SILENT <{listener.url}> {{ ?s ?p ?o }} }}", snapshot)
    assert answer(worker, "ASK {}", snapshot)[0] == frames.END
    assert listener.hits == before


def test_only_the_broker_is_reached(snapshot: str, listener: Canary) -> None:
    """A worker for federated queries reaches the one port that it was given, and no other."""
    before = listener.hits
    for port, reaches in ((listener.port, True), (1, False)):
        made = Worker(MEMORY, [port])
        try:
            assert made.greet()
            if not made.sandboxed:
                pytest.skip("this machine cannot hold a process to one port")
            kind, _ = answer(made, f"SELECT * WHERE {{ SERVICE <{listener.url}> {{ ?s ?p ?o }} }}", snapshot)
            assert kind == frames.ERROR
            assert (listener.hits > before) is reaches
            before = listener.hits
        finally:
            made.kill()
            made.process.wait()


def test_federated_queries(service: QueryService, listener: Canary) -> None:
    """A service that is allowed and stands for the local broker is called; any other address is refused."""
    before = listener.hits
    text = f"SELECT * WHERE {{ SERVICE <{listener.url}> {{ ?s ?p ?o }} }}"
    with pytest.raises((QueryError, ForbiddenError), match=r"500|SERVICE is off") as ended:
        service.run(text, format="json", timeout=20, allowed_services=[listener.url])
    if isinstance(ended.value, ForbiddenError):
        pytest.skip("this machine cannot hold a process to one port")
    assert listener.hits == before + 1
    elsewhere = "https://elsewhere.example/sparql"
    with pytest.raises(ForbiddenError, match="not the local broker's"):
        service.run(text.replace(listener.url, elsewhere), format="json", timeout=20, allowed_services=[elsewhere])


_TRIES = """
import os, socket, sys
from lakegraph.graph import sandbox
sandbox.limit(512 * 2**20)
if not sandbox.confine():
    print("not here"); raise SystemExit
def denied(name, what):
    try:
        what()
    except OSError:
        return
    print("could", name)
denied("make a socket", lambda: socket.socket())
denied("make a datagram socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
denied("make a pair", lambda: socket.socketpair())
denied("run a program", lambda: os.execv("/bin/true", ["true"]))
denied("kill", lambda: os.kill(os.getppid(), 0))
def write():
    with open(sys.argv[1], "wb", buffering=0) as file:
        file.write(b"x" * 10)
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
denied("write a file", write)
print("done")
"""


def test_what_is_denied(tmp_path: Path) -> None:
    """Sockets of every kind, programs, signals and files are all refused to a confined process."""
    told = subprocess.run(
        [sys.executable, "-c", _TRIES, str(tmp_path / "file")], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    if told[0] == "not here":
        pytest.skip("a process cannot be confined on this machine")
    assert told == ["done", ""]


_PARENT = """
import os, sys, time
from lakegraph.graph.worker_process import Worker
worker = Worker(512 * 2**20)
assert worker.greet()
print(worker.process.pid, flush=True)
time.sleep(60)
"""


def test_workers_end_with_their_parent() -> None:
    """A serving process that is killed leaves no workers behind."""
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        os.kill(worker, 0)
        parent.kill()
    for _ in range(400):
        try:
            state = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        os.sched_yield()
    subprocess.run(["sleep", "1"], check=True)
    assert not Path(f"/proc/{worker}").exists()


def test_workers_load_little() -> None:
    """A worker starts without loading what it never needs, however much ``import lakegraph`` loads."""
    code = (
        "import sys, runpy; from pathlib import Path; boot = runpy.run_path(sys.argv[1])['boot'];"
        "boot(str(Path(sys.argv[1]).parents[2])); import lakegraph.graph.worker_main;"
        "print(sorted({m.split('.')[0] for m in sys.modules}"
        " & {'pydantic', 'rdflib', 'flask', 'hashlib', 'socket', 'asyncio', 'json'}))"
    )
    told = subprocess.run(
        [sys.executable, "-P", "-c", code, worker_boot.__file__], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "[]"
