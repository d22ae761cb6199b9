"""The door of the service: which host it answers for, where it is mounted, and what is answered in front of Flask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from lakegraph.errors import LakegraphError
from lakegraph.http import problems
from lakegraph.http.access import Access
from lakegraph.http.headers import ALWAYS, Headers
from lakegraph.http.one_core import OneCore
from lakegraph.http.protocol import Environ
from lakegraph.http.refusals import MisdirectedError
from lakegraph.http.sparql import Endpoint, StartResponse

Application = Callable[[Environ, StartResponse], Iterable[bytes]]
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ASKED = ("GET", "HEAD", "POST")
_KNOWN = 64


class Gateway:
    """Plain WSGI in front of the application.

    Args:
        inner: The application.
        sparql: Answers queries.
        base: The lake's base; its host is answered for, and its path may stand in front of every path.
        access: Decides who may do what.
        hosts: Further host names that requests may be for.
    """

    def __init__(
        self, inner: Application, sparql: Endpoint, base: str, access: Access, hosts: Collection[str] = ()
    ) -> None:
        self._inner = inner
        self._sparql = sparql
        self._access = access
        parts = urlsplit(base)
        self._prefix = parts.path.rstrip("/")
        self._hosts = LOOPBACK | {name.lower() for name in hosts} | {parts.hostname or ""}
        self._known: set[str] = set()
        self._core = OneCore()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        # A page of another site can reach this address under a name of its own, and would then count as the same site.
        host = environ.get("HTTP_HOST", "localhost")
        if host not in self._known and not self._is_ours(host):
            return _misdirected(_host_name(host), environ, start_response)
        path: str = environ["PATH_INFO"]
        if self._prefix and (path == self._prefix or path.startswith(self._prefix + "/")):
            path = path[len(self._prefix) :] or "/"
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
            environ["PATH_INFO"] = path
        try:
            self._access.check(environ, path)
        except LakegraphError as error:
            return _refused(error, environ, start_response)
        answer: Iterable[bytes] | None = None
        if path in ("/sparql", "/sparql/") and environ["REQUEST_METHOD"] in _ASKED:
            self._core.stay()
            answer = self._sparql(environ, start_response)
            if isinstance(answer, list):
                return answer
        self._core.leave()  # also to hand on a long answer, compressed perhaps
        return self._inner(environ, start_response) if answer is None else answer

    def _is_ours(self, host: str) -> bool:
        """Whether a ``Host`` header names this lake; some that do are remembered, as they come."""
        if _host_name(host) not in self._hosts:
            return False
        if len(self._known) < _KNOWN:
            self._known.add(host)
        return True


def _host_name(host: str) -> str:
    """The name in a ``Host`` header, without port and brackets."""
    name = host.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0].rstrip(".")


def _misdirected(host: str, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    error = MisdirectedError(
        f"This lake does not answer for {host[:100]!r}.",
        where="Host",
        hint="Use the host of the lake's base, or 127.0.0.1.",
    )
    return _refused(error, environ, start_response)


def _refused(error: LakegraphError, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    body = problems.body_of(error)
    headers: Headers = [*problems.headers_of(error), ("Content-Length", str(len(body))), *ALWAYS]
    start_response(f"{error.status} {HTTPStatus(error.status).phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
