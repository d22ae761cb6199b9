"""SPARQL servers for tests: one made of a store in this process, and ``oxigraph serve`` where it is installed."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox
import pytest

from lakegraph.graph import SparqlServer

HOME = "https://lake.example/graph/default"
URL = "https://sparql.example"


class FakeServer:
    """Answers the SPARQL protocol from a store; ``failing`` makes it answer with a status, ``down`` not at all."""

    def __init__(self, *, union: bool = True) -> None:
        self.store = ox.Store()
        self.union = union
        self.failing: int | None = None
        self.down = False
        self.seen: list[tuple[str, str, dict[str, str]]] = []

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        self.seen.append((method, url, dict(headers)))
        if self.down:
            raise ConnectionRefusedError("nobody is there")
        if self.failing:
            return self.failing, {}, b"the server says no"
        try:
            if url.endswith("/update"):
                self.store.update(body.decode())
                return 204, {}, b""
            found = self.store.query(body.decode(), use_default_graph_as_union=self.union)
        except SyntaxError as error:
            return 400, {}, str(error).encode()
        if isinstance(found, ox.QueryTriples):
            return 200, {}, found.serialize(format=ox.RdfFormat.N_TRIPLES) or b""
        return 200, {}, found.serialize(format=ox.QueryResultsFormat.JSON) or b""


def fake_server(server: FakeServer | None = None) -> SparqlServer:
    """An engine on a server that is a store in this process."""
    send = (server or FakeServer()).send
    return SparqlServer(send, query_url=f"{URL}/query", update_url=f"{URL}/update", default_graph=HOME)


def _send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], bytes]:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


@contextmanager
def real_server() -> Iterator[SparqlServer]:
    """An engine on ``oxigraph serve``, in memory; skips the test where the program is not installed."""
    program = Path(sys.executable).with_name("oxigraph")
    if not program.exists():
        pytest.skip("the program oxigraph is not installed (pip install oxigraph)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(program), "serve", "--bind", f"127.0.0.1:{port}", "--union-default-graph"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    time.sleep(0.02)
            base = f"http://127.0.0.1:{port}"
            yield SparqlServer(_send, query_url=f"{base}/query", update_url=f"{base}/update", default_graph=HOME)
        finally:
            process.kill()
