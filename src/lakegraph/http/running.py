"""/health, /ready and /metrics: for those who look after the service, and their machines."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app

from lakegraph.http.describing import Operation, describes
from lakegraph.http.metrics import MEDIA_TYPE, Metrics
from lakegraph.http.negotiation import JSON
from lakegraph.http.state import lake

blueprint = Blueprint("running", __name__)


@blueprint.get("/health")
@describes(Operation(free=True))
def health() -> Response:
    """Whether the service lives, how far its journal is, and whether query workers are confined."""
    return _now({"status": "ok", "base": lake().base, "seq": lake().journal.last_seq, **lake().query_health()})


@blueprint.get("/ready")
@describes(Operation(free=True, refuses=(503,)))
def ready() -> Response:
    """Whether the lake is open; before it is, and while it replays what its graph has missed, 503."""
    return _now({"status": "ready", "seq": lake().journal.last_seq})


@blueprint.get("/metrics")
@describes(Operation(answers={200: ("text/plain",)}, free=True))
def metrics() -> Response:
    """Counts and times, for Prometheus."""
    counted: Metrics = current_app.config["METRICS"]
    response = Response(counted.text({"journal_seq": lake().journal.last_seq}), content_type=MEDIA_TYPE)
    response.headers["Cache-Control"] = "no-store"
    return response


def _now(said: dict[str, object]) -> Response:
    response = Response(json.dumps(said, default=str), mimetype=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response
