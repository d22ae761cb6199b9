"""Hostile request bodies: they are refused before they cost memory."""

from __future__ import annotations

import http.client
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import lakegraph
from tests.conftest import BASE
from tests.http.serving import running
from tests.rdf.test_intake import nested

_MB = 2**20
_TRIES = 5
_MOST = 50
"""MB that the server may take more."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a running server, and the directory of its lake."""
    directory = tmp_path_factory.mktemp("bodies") / "lake"
    with lakegraph.init(directory, base=BASE) as lake:
        _, secret = lake.tokens.create("ann", ["admin"])
    with running(directory) as (url, _):
        yield f"{url}#{secret}", directory


def bomb(coding: str) -> bytes:
    """A gigabyte of spaces, compressed to a megabyte."""
    packer = zlib.compressobj(6, wbits=31 if coding == "gzip" else 15)
    block = b" " * _MB
    return b"".join([*(packer.compress(block) for _ in range(1024)), packer.flush()])


def peak(directory: Path) -> float:
    """The most MB that the server has had."""
    pid = json.loads((directory / "lock").read_text())["pid"]
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        pytest.skip("this system does not tell how much memory a process has had")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def send(served: str, path: str, body: bytes, media_type: str, **headers: str) -> tuple[int, dict[str, str]]:
    """Post *body*; status and problem of the response, which may come, and end the connection, before all is sent."""
    for _ in range(_TRIES):
        with suppress(BrokenPipeError, ConnectionResetError):
            return _sent(served, path, body, media_type, **headers)
    raise AssertionError(f"{path} ends the connection without a word")


def _sent(served: str, path: str, body: bytes, media_type: str, **headers: str) -> tuple[int, dict[str, str]]:
    parts = urlsplit(served)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        said = {"Content-Type": media_type, "Authorization": f"Bearer {parts.fragment}", **headers}
        with suppress(BrokenPipeError):
            connection.request("POST", path, body, said)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_gigabyte_is_never_unpacked(served: tuple[str, Path], coding: str) -> None:
    """Every route that reads a body refuses one that is compressed, and the server hardly grows."""
    url, directory = served
    packed = bomb(coding)
    assert len(packed) < 2 * _MB
    assert send(url, "/sparql", b"ASK {}", "application/sparql-query")[0] == 200  # what is loaded once
    before = peak(directory)
    for path, media_type in (
        ("/sparql", "application/sparql-query"),
        ("/sparql", "application/x-www-form-urlencoded"),
        ("/update", "application/sparql-update"),
        ("/records", "application/json"),
        ("/records", "text/turtle"),
        ("/records/batch", "application/x-ndjson"),
        ("/graph?default", "text/turtle"),
    ):
        status, problem = send(url, path, packed, media_type, **{"Content-Encoding": coding})
        assert (status, problem["code"]) == (415, "unsupported-media-type"), path
    assert peak(directory) - before <= _MOST


def test_bodies_nested_without_bound_do_not_end_the_server(served: tuple[str, Path]) -> None:
    """Each syntax, on each route that reads RDF or JSON; the same process answers afterwards."""
    url, directory = served
    pid = json.loads((directory / "lock").read_text())["pid"]
    deep = 100_000
    graph = "/graph?graph=https%3A%2F%2Fnotes.example%2Fg"
    for kind in ("triple terms", "N-Triples", "nodes", "lists", "JSON-LD"):
        body, media_type = nested(kind, deep)
        for path in ("/records", graph):
            status, problem = send(url, path, body, media_type)
            assert (status, problem["code"]) == (400, "rdf-malformed"), (kind, path)
            assert "nested more than 100 deep" in problem["detail"]
    status, problem = send(url, "/records", b"[" * deep, "application/json")
    assert status in (400, 422), problem
    update = b"INSERT DATA { :a :b " + b"<<( :a :b " * 50_000 + b" }"
    status, problem = send(url, "/update", update, "application/sparql-update")
    assert status == 400, problem
    assert send(url, "/sparql", b"ASK {}", "application/sparql-query")[0] == 200
    assert json.loads((directory / "lock").read_text())["pid"] == pid
