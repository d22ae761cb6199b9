"""The server's worker process: it opens the lake while it answers already, and closes it when it ends."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from lakegraph.garbage import settle
from lakegraph.http.headers import ALWAYS, Headers
from lakegraph.http.querylog import QueryLog
from lakegraph.http.served import Served

if TYPE_CHECKING:
    from lakegraph.http.protocol import Environ
    from lakegraph.http.sparql import StartResponse

log = logging.getLogger("lakegraph.http")
_QUERY_LOG = "queries.log"
_FINISH, _CANCEL = 2.0, 2.0
"""Seconds after a stop in which queries may finish, and in which they are cancelled before the process just ends."""
_LOOK = 0.1
Progress = Callable[[int, int], None]


class Lock(Protocol):
    """The ownership of a lake's directory."""

    def announce(self, url: str | None) -> None:
        """Tell others where the lake is served."""


class Owned(Served, Protocol):
    """A lake that this process owns."""

    @property
    def lock(self) -> Lock | None:
        """The ownership of its directory."""

    @property
    def directory(self) -> Path | None:
        """Where it lies."""


class Opener(Protocol):
    """Opens the lake to serve."""

    def __call__(self, *, progress: Progress | None = None) -> Owned:
        """The open lake; *progress* is told how far the replay of what its graph has missed is."""


def application(open_lake: Opener, url: str, hosts: tuple[str, ...], *_: Any) -> Opening:
    """The WSGI application, made in the worker process.

    Args:
        open_lake: Opens the lake.
        url: Where it will be served.
        hosts: Names under which requests may come.
    """
    logging.basicConfig(level=logging.WARNING)
    # Ctrl+C reaches every process of a terminal at once. The first process passes it on in order, as SIGTERM; both
    # together can leave the server waiting.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    opening = Opening(open_lake, url, hosts)
    # Child processes run no atexit functions.
    Finalize(None, opening.close, exitpriority=100)
    threading.Thread(target=opening.stop_when_told, args=(_told_to_stop(),), name="lakegraph-stop", daemon=True).start()
    threading.Thread(target=_end_with, args=(os.getppid(),), name="lakegraph-parent", daemon=True).start()
    threading.Thread(target=opening.open, name="lakegraph-open", daemon=True).start()
    return opening


class Opening:
    """Answers that the lake is being opened, until it is; then hands every request to the application.

    Args:
        open_lake: Opens the lake.
        url: Where it is served.
        hosts: Names under which requests may come.
    """

    def __init__(self, open_lake: Opener, url: str, hosts: tuple[str, ...]) -> None:
        self._open_lake = open_lake
        self._url = url
        self._hosts = hosts
        self._application: Callable[[Environ, StartResponse], Iterable[bytes]] = self._wait
        self._lake: Owned | None = None
        self._log: QueryLog | None = None
        self._progress = (0, 0)
        self._closing = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        return self._application(environ, start_response)

    def open(self) -> None:
        """Open the lake and begin to serve it; where it cannot be opened, the server ends."""
        from lakegraph.http import create_app

        try:
            lake = self._lake = self._open_lake(progress=self._told)
            lake.query_health()  # starts the query workers, before two threads ask for them at once
            self._log = QueryLog(lake.directory / _QUERY_LOG if lake.directory else None)
            app = create_app(lake, hosts=self._hosts, querylog=self._log)
            lake.sign_when_due()
            if lake.lock:
                lake.lock.announce(self._url)
            settle()
        except Exception:
            log.exception("The lake cannot be served.")
            os._exit(1)
        self._application = cast("Callable[[Environ, StartResponse], Iterable[bytes]]", app)

    def close(self) -> None:
        """Close the lake; a second call waits for the first."""
        with self._closing:
            lake, self._lake = self._lake, None
            if self._log:
                self._log.close()
            if lake:
                lake.close()

    def stop_when_told(self, told: socket.socket) -> None:
        """Wait for SIGTERM; then end what the server would wait for too long.

        The server stops taking requests by itself, and the process ends with the last answer under way. Queries get a
        few seconds to finish; whoever then still reads, or does not, must not keep the lake from being closed.

        Args:
            told: Gets a byte when a signal arrives.
        """
        while told.recv(1)[0] != signal.SIGTERM:
            pass
        time.sleep(_FINISH)
        for _ in range(int(_CANCEL / _LOOK)):
            if queries := self._lake and self._lake.queries:
                for query in queries.list():
                    queries.cancel(query.id)
            time.sleep(_LOOK)
        self.close()
        os._exit(0)

    def _told(self, done: int, total: int) -> None:
        self._progress = (done, total)

    def _wait(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        done, total = self._progress
        said = {
            "type": "urn:lakegraph:error:lake-busy",
            "status": 503,
            "code": "lake-busy",
            "title": "The lake is being opened.",
            "detail": f"{done} of {total} journal entries are replayed." if total else "It will answer in a moment.",
            "hint": "Try again in a second.",
        }
        alive = environ["PATH_INFO"] == "/health"
        body = json.dumps({"status": "opening", "replayed": done, "entries": total} if alive else said).encode()
        headers: Headers = [("Content-Type", "application/json" if alive else "application/problem+json")]
        headers += [("Content-Length", str(len(body))), ("Cache-Control", "no-store"), *ALWAYS]
        start_response("200 OK" if alive else "503 Service Unavailable", [*headers, ("Retry-After", "1")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _told_to_stop() -> socket.socket:
    """A socket that gets a byte, its number, when a signal arrives: the server sets the handlers themselves."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.detach())
    return ours


def _end_with(parent: int) -> None:
    """Stop when the parent is gone, even if it was killed: otherwise this process would hold lake and port for ever."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
