"""HTTP: a Flask application over a lake. It parses, calls the lake and renders; it decides nothing."""

from __future__ import annotations

from lakegraph.http.app import create_app

__all__ = ["create_app"]
