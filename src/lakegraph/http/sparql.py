"""/sparql: the SPARQL 1.1 Protocol's query operation, answered by killable workers, streamed."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from lakegraph.errors import QueryError, UsageError
from lakegraph.exchange import RDF_TYPES, RESULT_TYPES
from lakegraph.http.negotiation import choose
from lakegraph.http.state import lake

blueprint = Blueprint("sparql", __name__)


@blueprint.route("/sparql", methods=["GET", "POST"])
def query() -> Response:
    """A query by GET, by form or as ``application/sparql-query``; parameters that are unknown are passed over."""
    text = _text()
    running = lake().sparql(
        text,
        accept=lambda kind: choose(RESULT_TYPES if kind in ("select", "ask") else RDF_TYPES),
        default_graphs=_many("default-graph-uri"),
        named_graphs=_many("named-graph-uri"),
        min_seq=_min_seq(),
    )

    def body() -> Iterator[bytes]:
        try:
            yield from running
        finally:
            running.cancel()

    response = Response(body(), mimetype=running.media)
    response.headers["Lake-Query"] = str(running.id)
    return response


def _text() -> str:
    if request.method == "GET":
        given = request.args.getlist("query")
    elif request.mimetype == "application/x-www-form-urlencoded":
        given = request.form.getlist("query")
    elif request.mimetype == "application/sparql-query":
        try:
            given = [request.get_data().decode("utf-8")]
        except UnicodeDecodeError as error:
            raise QueryError("The query is not UTF-8.") from error
    else:
        raise UnsupportedMediaType("Send application/sparql-query, or a form with the field query.")
    if len(given) != 1:
        raise UsageError(
            f"There are {len(given)} queries in the request; there must be one.", where="query", hint="/sparql?query=…"
        )
    return given[0]


def _many(name: str) -> tuple[str, ...]:
    return tuple(request.args.getlist(name) + (request.form.getlist(name) if request.method == "POST" else []))


def _min_seq() -> int | None:
    said = request.headers.get("Lake-Min-Seq")
    if said is None:
        return None
    if not said.isdigit():
        raise UsageError(f"{said!r} is not a sequence number.", where="Lake-Min-Seq")
    return int(said)
