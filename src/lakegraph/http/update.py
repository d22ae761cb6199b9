"""/update: the update operation of the SPARQL 1.1 Protocol (section 2.2)."""

from __future__ import annotations

import json

from flask import Blueprint, Response, request

from lakegraph.http.describing import Operation, Parameter, describes
from lakegraph.http.edited import Changed
from lakegraph.http.negotiation import JSON
from lakegraph.http.protocol import read_update
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
    asked = read_update(request.environ, lake().settings.limits.update_bytes)
    done = lake().update(asked.text, using=asked.default_graphs, using_named=asked.named_graphs, actor=actor())
    return changed(done)


def changed(done: Changed, *, created: bool = False) -> Response:
    """The answer to an edit."""
    response = Response(json.dumps(done.as_dict(), default=str), status=201 if created else 200, mimetype=JSON)
    response.headers["Lake-Seq"] = str(done.seq)
    return response
