"""/update: the update operation of the SPARQL 1.1 Protocol (section 2.2)."""

from __future__ import annotations

import json
import time

from flask import Blueprint, Response, current_app, request

from lakegraph.errors import LakegraphError
from lakegraph.http.access import who
from lakegraph.http.describing import Operation, Parameter, describes
from lakegraph.http.edited import Changed
from lakegraph.http.negotiation import JSON
from lakegraph.http.protocol import read_update
from lakegraph.http.querylog import Asked, QueryLog
from lakegraph.http.state import actor, lake

blueprint = Blueprint("update", __name__)
DIRECT, FORM = "application/sparql-update", "application/x-www-form-urlencoded"
REFUSES = (400, 401, 403, 404, 409, 413, 415, 422, 503, 504, 507)
_USING = (
    Parameter("using-graph-uri", "A graph of the default graph of WHERE; may be repeated."),
    Parameter("using-named-graph-uri", "A named graph of WHERE; may be repeated."),
)


@blueprint.post("/update")
@describes(
    Operation(
        parameters=_USING,
        body={DIRECT: "", FORM: ""},
        answers={200: (JSON,)},
        schema="Changed",
        refuses=REFUSES,
        free=True,
    )
)
def update() -> Response:
    """Record what a SPARQL Update changes; sent as it is, or as the field ``update`` of a form."""
    began, outcome = time.perf_counter(), "internal"
    asked = read_update(request.environ, lake().settings.limits.update_bytes)
    try:
        done = lake().update(asked.text, using=asked.default_graphs, using_named=asked.named_graphs, actor=actor())
        outcome = "ok"
    except LakegraphError as error:
        outcome = error.code
        raise
    finally:
        log: QueryLog = current_app.config["QUERYLOG"]
        log.add(Asked("", who(request.environ), asked.text, outcome, time.perf_counter() - began, 0))
    return changed(done)


def changed(done: Changed, *, created: bool = False) -> Response:
    """The answer to an edit."""
    response = Response(json.dumps(done.as_dict(), default=str), status=201 if created else 200, mimetype=JSON)
    response.headers["Lake-Seq"] = str(done.seq)
    return response
