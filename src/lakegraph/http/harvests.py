"""/harvests: the descriptions of another catalog copied in."""

from __future__ import annotations

from flask import Blueprint, Response

from lakegraph.http.describing import Operation, describes, parameters
from lakegraph.http.federation import fields, sent
from lakegraph.http.negotiation import JSON
from lakegraph.http.rendering import as_json
from lakegraph.http.state import lake

blueprint = Blueprint("harvests", __name__)
_FIELDS = {"peer": str, "changed": bool, "matches": str, "by": str}


@blueprint.post("/harvests")
@describes(Operation(body={JSON: "Harvesting"}, refuses=(400, 403, 404, 406, 413, 415, 503, 507)))
def harvest() -> Response:
    """Copy what a peer says of its data sets and models into the lake; the answer tells what became of it."""
    parameters()
    said = fields(sent(), _FIELDS, required=("peer",))
    return as_json(lake().harvest(said.pop("peer"), **said).as_dict())
