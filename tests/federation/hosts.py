"""Hosts on loopback for tests: pages and interfaces of catalogs, and everything that a host can do wrong."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox


@dataclass
class Seen:
    """One request that came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}


@dataclass
class Page:
    """What is answered."""

    body: bytes | str
    media: str = "text/turtle"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Raw = Callable[[BaseHTTPRequestHandler], None]
Answers = Callable[[Seen], Page | Raw]


@dataclass
class Host:
    """A host: its address, what it answers by path, and what was asked of it."""

    url: str = ""
    pages: dict[str, Page | Raw | Answers] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is what the tests are about."""


def _handler(host: Host) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            seen = Seen(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
            host.seen.append(seen)
            found = host.pages.get(urlsplit(self.path).path, Page("nothing here", "text/plain", 404))
            if callable(found) and getattr(found, "raw", False):
                self.close_connection = True
                found(self)  # type: ignore[arg-type, call-arg]
                return
            page = found(seen) if callable(found) else found  # type: ignore[call-arg, arg-type]
            if callable(page):
                self.close_connection = True
                page(self)
                return
            assert isinstance(page, Page)
            body = page.body.encode() if isinstance(page.body, str) else page.body
            self.send_response(page.status)
            if page.media:
                self.send_header("Content-Type", page.media)
            self.send_header("Content-Length", str(len(body)))
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_POST = do_HEAD = _answer

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    return Handler


@contextmanager
def host(pages: Mapping[str, Any] | None = None, *, wrap: Any = None) -> Iterator[Host]:
    """A host that runs while the block does.

    Args:
        pages: Path to what is answered there.
        wrap: Wraps the listening socket, such as for TLS.
    """
    made = Host(pages=dict(pages or {}))
    server = _Quiet(("127.0.0.1", 0), _handler(made))
    if wrap:
        server.socket = wrap(server.socket)
    made.url = f"http{'s' if wrap else ''}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# -- faults -----------------------------------------------------------------------------------------------------------


def raw(function: Raw) -> Raw:
    """Marks a function that writes the response itself."""
    function.raw = True  # type: ignore[attr-defined]
    return function


def slow(seconds: float) -> Raw:
    """Says nothing for a while."""

    @raw
    def answer(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)

    return answer


@raw
def dripping(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then: each keeps a socket's own timeout from being reached."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/turtle\r\n\r\n")
    try:
        for _ in range(200):
            handler.wfile.write(b"#")
            time.sleep(0.05)
    except OSError:
        pass


@raw
def dripping_headers(handler: BaseHTTPRequestHandler) -> None:
    """The same, before the headers have ended."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    try:
        for _ in range(200):
            handler.wfile.write(b"x")
            time.sleep(0.05)
    except OSError:
        pass


@raw
def endless(handler: BaseHTTPRequestHandler) -> None:
    """A body that does not end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/turtle\r\n\r\n")
    try:
        for _ in range(10_000):
            handler.wfile.write(b"#" * 65_536)
    except OSError:
        pass


@raw
def dropped(handler: BaseHTTPRequestHandler) -> None:
    """Half of what was announced."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/turtle\r\nContent-Length: 1000\r\n\r\n<a> <b>")


def bomb(size: int = 64 * 2**20) -> Page:
    """A small answer that unpacks to *size* bytes."""
    return Page(gzip.compress(b" " * size), headers={"Content-Encoding": "gzip"})


# -- interfaces of catalogs -------------------------------------------------------------------------------------------


def endpoint(store: ox.Store, *, most: int | None = None, says: bool = False) -> Answers:
    """A SPARQL endpoint over *store*, which cuts answers after *most* rows, and says so or not."""

    def answer(seen: Seen) -> Page:
        text = parse_qs(seen.body.decode())["query"][0] if seen.method == "POST" else seen.query["query"]
        try:
            found = store.query(text, use_default_graph_as_union=True)
        except SyntaxError as error:
            return Page(str(error), "text/plain", 400)
        body = found.serialize(format=ox.QueryResultsFormat.JSON) or b""
        headers = {}
        if most is not None and isinstance(found, ox.QuerySolutions):
            said = json.loads(body)
            if len(said["results"]["bindings"]) > most:
                said["results"]["bindings"] = said["results"]["bindings"][:most]
                headers = {"X-SPARQL-MaxRows": str(most)} if says else {}
            body = json.dumps(said).encode()
        return Page(body, "application/sparql-results+json", headers=headers)

    return answer


def ckan(packages: list[dict[str, Any]]) -> Answers:
    """The action API of a CKAN that has *packages*."""

    def answer(seen: Seen) -> Page:
        start, rows = int(seen.query.get("start", 0)), int(seen.query.get("rows", 10))
        result = {"count": len(packages), "results": packages[start : start + rows]}
        return Page(json.dumps({"success": True, "result": result}), "application/json")

    return answer
