"""POST /records: a run in, a receipt or the reasons of a refusal out."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from lakegraph.errors import DocumentError, UsageError
from lakegraph.http.state import lake
from lakegraph.model import json_schema
from lakegraph.rdf.intake import MEDIA_TYPES
from lakegraph.receipts import Receipt

blueprint = Blueprint("records", __name__)


@blueprint.post("/records")
def record() -> Response:
    """Record one document or one run in RDF: 201 with ``Location`` and ``Lake-Seq``."""
    body, media_type = _body()
    key = request.headers.get("Idempotency-Key")
    captured = request.args.get("captured", "") in ("1", "true")
    supersedes = request.args.get("supersedes")
    if media_type in MEDIA_TYPES:
        if supersedes:
            raise UsageError("A correction is sent as a document.", where="supersedes")
        return _receipt(lake().record_rdf(body, media_type, key=key, captured=captured))
    if media_type != "application/json":
        raise UnsupportedMediaType(f"Send application/json, or RDF as one of {', '.join(sorted(MEDIA_TYPES))}.")
    document = _document(body)
    if supersedes:
        return _receipt(lake().supersede(supersedes, document, key=key))
    return _receipt(lake().record(document, key=key, captured=captured))


@blueprint.post("/records/batch")
def record_batch() -> Response:
    """Record many documents, one JSON object a line; one line of answer for each, in order."""
    body, _ = _body()
    documents = [_document(line) for line in body.splitlines() if line.strip()]
    captured = request.args.get("captured", "") in ("1", "true")
    lines = []
    for answer in lake().record_many(documents, captured=captured):
        said = answer.as_dict() if isinstance(answer, Receipt) else {"status": answer.status, **answer.as_dict()}
        lines.append(json.dumps(said, ensure_ascii=False))
    return Response("\n".join(lines) + "\n", mimetype="application/x-ndjson")


@blueprint.get("/schema")
def schema() -> Response:
    """The JSON Schema of every record document."""
    return Response(json.dumps(json_schema(), indent=1), mimetype="application/schema+json")


def _body() -> tuple[bytes, str]:
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("Compressed bodies are not read; send it as it is.")
    limit = current_app.config["LAKE"].settings.limits.body_bytes
    if request.content_length is not None and request.content_length > limit:
        raise RequestEntityTooLarge(f"A body may have {limit} bytes.")
    body = request.stream.read(limit + 1)
    if len(body) > limit:
        raise RequestEntityTooLarge(f"A body may have {limit} bytes.")
    return body, request.mimetype or "application/json"


def _document(body: bytes) -> dict[str, object]:
    try:
        document = json.loads(body)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        place = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else None
        raise DocumentError(f"The body is not JSON: {error}.", where=place) from error
    if not isinstance(document, dict):
        raise DocumentError("A record is a JSON object.", hint='Start with {"type": "Ingest", …}.')
    return document


def _receipt(receipt: Receipt) -> Response:
    response = Response(json.dumps(receipt.as_dict(), ensure_ascii=False), status=201, mimetype="application/json")
    response.headers["Location"] = receipt.iri
    response.headers["Lake-Seq"] = str(receipt.seq)
    return response
