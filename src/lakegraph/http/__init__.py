"""HTTP: a WSGI application over a lake, and its server. It parses, calls the lake and renders; it decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from flask import Flask

    from lakegraph.http.querylog import QueryLog
    from lakegraph.http.served import Served

__all__ = ["create_app"]


def create_app(served: Served, *, hosts: Collection[str] = (), querylog: QueryLog | None = None) -> Flask:
    """The application that serves a lake; see :func:`lakegraph.http.app.create_app`."""
    # The server's first process serves nothing itself and need not load what the application needs.
    from lakegraph.http import app

    return app.create_app(served, hosts=hosts, querylog=querylog)
