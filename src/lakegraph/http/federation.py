"""/peers, /mappings and /federate: other catalogs registered, understood and asked."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from lakegraph.errors import DocumentError
from lakegraph.http.describing import Operation, describes, parameters
from lakegraph.http.negotiation import JSON, choose
from lakegraph.http.problems import MEDIA_TYPE as PROBLEM
from lakegraph.http.records import body_object, require_media_type, sent_receipt
from lakegraph.http.rendering import as_json
from lakegraph.http.state import lake

blueprint = Blueprint("federation", __name__)
_WRITES = (400, 403, 404, 406, 409, 413, 415, 422, 503, 507)
_PEER = {
    "title": str, "address": str, "kind": str, "license": str, "description": str, "credential": str,
    "seconds": (int, float), "size": int, "rows": int,
}  # fmt: skip


@blueprint.get("/peers")
@describes(Operation(refuses=(400, 406)))
def peers() -> Response:
    """Every registered peer, by title."""
    parameters()
    return as_json(lake().peers())


@blueprint.post("/peers")
@describes(Operation(body={JSON: "Registering"}, answers={201: (JSON,)}, schema="Receipt", refuses=_WRITES))
def add_peer() -> Response:
    """Register a catalog to be asked; nothing is sent to it yet."""
    parameters()
    said = fields(sent(), _PEER, required=("title", "address", "kind"))
    return sent_receipt(lake().add_peer(said.pop("title"), said.pop("address"), **said))


@blueprint.post("/peers/withdrawals")
@describes(Operation(body={JSON: "RemovingPeer"}, answers={201: (JSON,)}, schema="Receipt", refuses=_WRITES))
def remove_peer() -> Response:
    """Withdraw the registration of a peer."""
    parameters()
    said = fields(sent(), dict.fromkeys(("peer", "by", "why"), str), required=("peer", "by", "why"))
    return sent_receipt(lake().remove_peer(said["peer"], by=said["by"], why=said["why"]))


@blueprint.post("/peers/probes")
@describes(Operation(body={JSON: "ProbingPeer"}, refuses=_WRITES))
def test_peer() -> Response:
    """Ask a peer what it holds; ``save`` keeps what was counted in its record."""
    parameters()
    said = fields(sent(), {"peer": str, "save": bool}, required=("peer",))
    return as_json(lake().test_peer(said["peer"], save=said.get("save", False)).as_dict())


@blueprint.get("/mappings")
@describes(Operation(refuses=(400, 406)))
def mappings() -> Response:
    """Every mapping of terms: the lake's own, and those that are carried."""
    parameters()
    return as_json(lake().list_mappings())


@blueprint.post("/mappings/proposals")
@describes(Operation(body={JSON: "ProbingPeer"}, refuses=(*_WRITES, 502, 504)))
def propose_mappings() -> Response:
    """What terms of a peer may correspond to, with reasons."""
    parameters()
    said = fields(sent(), {"peer": str}, required=("peer",))
    return as_json([proposal.as_dict() for proposal in lake().propose_mappings(said["peer"])])


@blueprint.post("/mappings")
@describes(Operation(body={JSON: "Mapping"}, answers={201: (JSON,)}, schema="Receipt", refuses=_WRITES))
def accept_mapping() -> Response:
    """Record that a person holds two terms to correspond."""
    parameters()
    needed = ("ours", "relation", "theirs", "by", "why")
    said = fields(sent(), dict.fromkeys(needed, str) | {"confidence": (int, float)}, required=needed)
    return sent_receipt(lake().accept_mapping(said.pop("ours"), said.pop("relation"), said.pop("theirs"), **said))


_FEDERATE = {
    "query": str, "peers": list, "matches": str, "strict": bool, "record": bool, "by": str, "explain": bool,
    "parameters": dict,
}  # fmt: skip


@blueprint.post("/federate")
@describes(
    Operation(body={JSON: "Federating"}, answers={200: (JSON,)}, refuses=(400, 403, 404, 406, 409, 413, 415, 502, 504))
)
def federate() -> Response:
    """Put one query, in the lake's words, to the lake and to its peers; each row and each source is accounted for."""
    parameters()
    said = fields(sent(), _FEDERATE, required=("query",))
    query, bound = said.pop("query"), said.pop("parameters", {})
    for text in (*said.get("peers", ()), *bound.values()):
        if not isinstance(text, str):
            raise DocumentError(f"{text!r} is not text.", where="peers or parameters")
    for name in bound:
        if name in _FEDERATE:
            raise DocumentError(f"{name!r} is not a parameter of a question.", where="parameters")
    if said.pop("explain", False):
        known = {name: said[name] for name in ("peers", "matches") if name in said}
        return as_json(lake().explain_federation(query, **known, **bound))
    return as_json(lake().federate(query, **said, **bound).as_dict())


def sent() -> dict[str, Any]:
    """The JSON object in the body of the current request."""
    choose((JSON, PROBLEM))
    require_media_type(JSON)
    return body_object()


def fields(document: dict[str, Any], kinds: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a body, each of its kind.

    Raises:
        DocumentError: One is unknown, missing or of another kind.
    """
    for name, value in document.items():
        if name not in kinds:
            raise DocumentError(f"{name!r} is not a field here.", where=name, hint=f"One of: {', '.join(kinds)}.")
        if not isinstance(value, kinds[name]) or (isinstance(value, bool) and kinds[name] is not bool):
            raise DocumentError(f"The field {name} is of another kind: {value!r}.", where=name)
    for name in required:
        if not document.get(name):
            raise DocumentError(f"The field {name} is missing.", where=name, hint=f"Fields: {', '.join(kinds)}.")
    return document
