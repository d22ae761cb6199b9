"""The Flask application: its blueprints, and what every response carries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

from lakegraph.http import asking, entities, openapi, problems, records, sparql

if TYPE_CHECKING:
    from lakegraph.lake import Lake

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"


def create_app(lake: Lake) -> Flask:
    """The application that serves *lake*.

    Args:
        lake: An open lake; the caller closes it.
    """
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    app.config["LAKE"] = lake
    app.json.sort_keys = False  # type: ignore[attr-defined]
    problems.register(app)
    for module in (records, sparql, asking, entities, openapi):
        app.register_blueprint(module.blueprint)
    app.add_url_rule("/health", view_func=_health)
    app.after_request(_finish)
    return app


def _health() -> Response:
    """Whether the lake answers, and how far it is."""
    from lakegraph.http.state import lake

    served: Any = lake()
    said = {"status": "ok", "base": served.base, "seq": served.journal.last_seq, **served.query_health()}
    return Response(json.dumps(said), mimetype="application/json")


def _finish(response: Response) -> Response:
    from lakegraph.http.state import lake

    headers = response.headers
    headers.setdefault("Lake-Seq", str(lake().journal.last_seq))
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = _POLICY
    headers["Referrer-Policy"] = "no-referrer"
    if request.method in ("GET", "HEAD"):
        headers.add("Vary", "Accept")
    return response
