"""Records for the engine tests: small, numbered, each with a graph, an inferred statement and a marker."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lakegraph.graph import Change

BASE = "https://lake.example/id"
MARKER = "<https://w3id.org/lakegraph/ns#journalSequence>"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
TITLE = "<http://purl.org/dc/terms/title>"
USES = "<https://example.org/uses>"
INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
QUADS = 5


def run(n: int) -> str:
    """The token of run *n*."""
    return f"<{BASE}/run/{n}>"


def bundle(n: int) -> str:
    """The bare IRI of the graph of record *n*."""
    return f"{BASE}/run/{n}/bundle"


def record(n: int) -> Change:
    """Record *n*: three statements in its graph, one inferred, and its marker."""
    graph = f"<{bundle(n)}>"
    lines = [
        f'{run(n)} {TITLE} "Run \\"{n}\\"\\n<\'é\'>" {graph} .',
        f"{run(n)} {USES} {run(n - 1)} {graph} .",
        f"{run(n)} {TYPE} <https://example.org/Run> {graph} .",
        f"{run(n)} {TYPE} <https://example.org/Activity> .",
        f'{graph} {MARKER} "{n}"^^<{INTEGER}> .',
    ]
    return Change(n, "".join(f"{line}\n" for line in lines).encode())


def records(first: int, last: int) -> list[Change]:
    """The records from *first* to *last*, both included."""
    return [record(n) for n in range(first, last + 1)]


class Canary:
    """Counts who connects to a port of this machine."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.hits = 0
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            with caller:
                self.hits += 1
                try:
                    caller.recv(4096)
                    caller.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                except OSError:
                    continue

    def close(self) -> None:
        """Stop listening."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@contextmanager
def canary() -> Iterator[Canary]:
    """A listener for the time of a block."""
    listener = Canary()
    try:
        yield listener
    finally:
        listener.close()
