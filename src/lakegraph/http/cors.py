"""Answers for pages of other sites (CORS, Fetch Standard), only for the origins that are configured."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from lakegraph.http.headers import ALWAYS, Headers

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS = "Accept, Authorization, Content-Type, Idempotency-Key, Lake-Min-Seq"
_RESPONSE_HEADERS = "ETag, Lake-Query, Lake-Row-Limit, Lake-Seq, Lake-Truncated, Link, Location"


class Cors:
    """Plain WSGI around the service.

    Args:
        inner: The service.
        origins: Origins whose pages may read its answers, such as ``https://catalog.example``.
    """

    def __init__(self, inner: Application, origins: Collection[str]) -> None:
        self._inner = inner
        self._origins = frozenset(origins)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        origin = environ.get("HTTP_ORIGIN")
        allowed: Headers = [("Vary", "Origin")]
        if origin in self._origins:
            allowed += [("Access-Control-Allow-Origin", origin)]
        if environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            if origin in self._origins:
                allowed += [
                    ("Access-Control-Allow-Methods", _METHODS),
                    ("Access-Control-Allow-Headers", _REQUEST_HEADERS),
                    ("Access-Control-Max-Age", "600"),
                ]
            start_response("204 No Content", [*allowed, *ALWAYS])
            return []
        if origin in self._origins:
            allowed += [("Access-Control-Expose-Headers", _RESPONSE_HEADERS)]

        def start(status: str, headers: Headers, *rest: Any) -> Any:
            return start_response(status, [*headers, *allowed], *rest)

        return self._inner(environ, start)
