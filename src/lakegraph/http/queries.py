"""/queries: what runs on ``/sparql`` now, and ending it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from flask import Blueprint, Response

from lakegraph.errors import NotFoundError
from lakegraph.http.describing import Operation, Parameter, describes, parameters
from lakegraph.http.negotiation import JSON
from lakegraph.http.state import lake

blueprint = Blueprint("queries", __name__)
_ID = Parameter("id", "The id of a query, which `Lake-Query` tells.", required=True, place="path")


@blueprint.get("/queries")
@describes(Operation())
def running() -> Response:
    """The queries that run now, oldest first, with the seconds that each has left."""
    parameters()
    said = [
        {
            "id": query.id,
            "form": query.kind,
            "started": datetime.fromtimestamp(query.started, UTC).isoformat(timespec="milliseconds"),
            "remaining": round(query.remaining, 3),
            "query": query.text,
        }
        for query in lake().queries.list()
    ]
    response = Response(json.dumps({"queries": said}), mimetype=JSON)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.delete("/queries/<id>")
@describes(Operation(parameters=(_ID,), answers={204: ()}, refuses=(404,)))
def cancel(id: str) -> Response:  # noqa: A002 - it is called so
    """End a query that runs; whoever reads its answer is told that it was cancelled."""
    parameters()
    if not lake().queries.cancel(id):
        raise NotFoundError(f"No query {id!r} runs.", where=id, hint="GET /queries lists those that do.")
    return Response(status=204)
