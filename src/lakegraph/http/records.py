"""POST /records and /withdrawals: a run in, a receipt or the reasons of a refusal out."""

from __future__ import annotations

import json
from typing import Any, NoReturn
from urllib.parse import unquote

from flask import Blueprint, Response, request

from lakegraph.errors import DocumentError, UsageError
from lakegraph.http.describing import Operation, Parameter, describes, flag, parameters
from lakegraph.http.headers import uri
from lakegraph.http.links import add_provenance
from lakegraph.http.negotiation import JSON, choose
from lakegraph.http.problems import MEDIA_TYPE as PROBLEM
from lakegraph.http.problems import TURTLE
from lakegraph.http.protocol import read_body
from lakegraph.http.refusals import MediaTypeError
from lakegraph.http.state import actor, lake
from lakegraph.model import json_schema
from lakegraph.rdf.intake import MEDIA_TYPES
from lakegraph.receipts import Receipt

blueprint = Blueprint("records", __name__)
LINES = "application/x-ndjson"
SCHEMA = "application/schema+json"
_LONGEST_KEY = 255

_KEY = Parameter(
    "Idempotency-Key", "The same key again answers with the first receipt; percent-encoded.", place="header"
)
_CAPTURED = Parameter(
    "captured", "Whether another tool's run is recorded: what it cannot know is then only a warning.", kind="boolean"
)
_SUPERSEDES = Parameter("supersedes", "The IRI of the record that this document corrects.")


@blueprint.post("/records")
@describes(
    Operation(
        parameters=(_CAPTURED, _SUPERSEDES, _KEY),
        body={JSON: "Record", **dict.fromkeys(sorted(MEDIA_TYPES), "")},
        answers={201: (JSON,)},
        schema="Receipt",
        refuses=(400, 401, 403, 404, 406, 409, 413, 415, 422, 503, 507),
    )
)
def record() -> Response:
    """Record one document, or one run in RDF."""
    said, key = parameters(), _key()
    choose((JSON, PROBLEM, TURTLE))
    media_type = require_media_type(JSON, *MEDIA_TYPES)
    captured, supersedes = flag(said, "captured"), said.get("supersedes")
    if media_type != JSON:
        if supersedes:
            raise UsageError("A correction is sent as a document.", where="supersedes", hint=f"Send {JSON}.")
        return sent_receipt(lake().record_rdf(_body(), media_type, key=key, actor=actor(), captured=captured))
    document = body_object()
    if supersedes:
        return sent_receipt(lake().supersede(supersedes, document, key=key, actor=actor()))
    return sent_receipt(lake().record(document, key=key, actor=actor(), captured=captured))


@blueprint.post("/records/batch")
@describes(
    Operation(
        parameters=(_CAPTURED,), body={LINES: ""}, answers={200: (LINES,)}, refuses=(400, 401, 403, 413, 415, 503)
    )
)
def record_batch() -> Response:
    """Record many documents, one JSON object a line; one line of answer for each, in order: a receipt or a problem."""
    captured = flag(parameters(), "captured")
    require_media_type(LINES, JSON)
    documents = [_object(line, number) for number, line in enumerate(_body().splitlines(), 1) if line.strip()]
    lines = []
    for answer in lake().record_many(documents, actor=actor(), captured=captured):
        said = answer.as_dict() if isinstance(answer, Receipt) else {"status": answer.status, **answer.as_dict()}
        lines.append(json.dumps(said, ensure_ascii=False, default=str) + "\n")
    return Response("".join(lines), mimetype=LINES)


@blueprint.post("/withdrawals")
@describes(
    Operation(
        parameters=(_KEY,),
        body={JSON: "Withdrawing"},
        answers={201: (JSON,)},
        schema="Receipt",
        refuses=(400, 401, 403, 404, 406, 409, 413, 415, 422, 503, 507),
    )
)
def withdraw() -> Response:
    """Take a record back: what it said leaves the graph; that it was said stays in the journal."""
    parameters()
    key = _key()
    choose((JSON, PROBLEM, TURTLE))
    require_media_type(JSON)
    said = body_object()
    fields = _texts(said, "A withdrawal", "record")
    return sent_receipt(lake().tombstone(fields["record"], by=fields["by"], why=fields["why"], key=key, actor=actor()))


@blueprint.post("/rollbacks")
@describes(
    Operation(
        parameters=(_KEY,),
        body={JSON: "RollingBack"},
        answers={201: (JSON,)},
        schema="Receipt",
        refuses=(400, 401, 403, 404, 406, 409, 413, 415, 422, 503, 507),
    )
)
def rollback() -> Response:
    """Make an earlier version of a data set or model the current one, until a newer one is recorded."""
    parameters()
    key = _key()
    choose((JSON, PROBLEM, TURTLE))
    require_media_type(JSON)
    fields = _texts(body_object(), "A rollback", "version")
    return sent_receipt(lake().rollback(fields["version"], by=fields["by"], why=fields["why"], key=key, actor=actor()))


def _texts(said: dict[str, Any], what: str, name: str) -> dict[str, str]:
    """The fields *name*, by and why of a body, all of them texts; it may have no others."""
    names = (name, "by", "why")
    shape = "{" + ", ".join(f'"{each}": …' for each in names) + "}"
    for each in names:
        if not isinstance(said.get(each), str) or not said[each].strip():
            raise DocumentError(f"{what} says {each}, as text.", where=each, hint=shape)
    for each in said.keys() - set(names):
        raise DocumentError(f"{each!r} is not a field of {what.lower()}.", where=each, hint=", ".join(names))
    return {each: str(said[each]) for each in names}


@blueprint.get("/schema")
@describes(Operation(answers={200: (SCHEMA,)}, refuses=(400,)))
def schema() -> Response:
    """The JSON Schema of every record document."""
    parameters()
    return Response(json.dumps(json_schema(), indent=1), mimetype=SCHEMA)


def _key() -> str | None:
    """The idempotency key; percent-encoded on the way, because headers carry little more than ASCII."""
    said = request.headers.get("Idempotency-Key")
    if said is None:
        return None
    try:
        key = unquote(said, errors="strict")
    except UnicodeDecodeError as error:
        raise UsageError("The key is not UTF-8.", where="Idempotency-Key", hint="Percent-encode its UTF-8.") from error
    if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable():
        raise UsageError(
            f"A key has 1 to {_LONGEST_KEY} printable characters.", where="Idempotency-Key", hint="Such as a UUID."
        )
    return key


def require_media_type(*read: str) -> str:
    """The media type of the body.

    It must be said: without one, any page in a browser could send a body here without being asked whether it may.
    """
    media_type = request.mimetype
    if media_type not in read:
        raise MediaTypeError(
            f"{media_type or 'A body without Content-Type'} is not read here.",
            where="Content-Type",
            hint=f"Send one of {', '.join(sorted(read))}.",
        )
    return media_type


def body_object() -> dict[str, Any]:
    """The JSON object that was sent; see :func:`_object`."""
    return _object(_body())


def _body() -> bytes:
    return read_body(request.environ, lake().settings.limits.body_bytes)


def _object(body: bytes, line: int | None = None) -> dict[str, Any]:
    """The JSON object in *body*.

    Args:
        body: JSON.
        line: Its number, for a body of many.

    Raises:
        DocumentError: It is not JSON, not an object, or says a field twice; line and column are named.
    """
    try:
        document = json.loads(body, object_pairs_hook=_pairs, parse_constant=_no_number)
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        place = f"line {line or error.lineno}, column {error.colno}"
        raise DocumentError(f"The body is not JSON: {error.msg}.", where=place, hint="See /schema.") from error
    except (ValueError, RecursionError) as error:
        what = str(error) if isinstance(error, _JsonError) else "The body cannot be read as JSON."
        raise DocumentError(
            what, where=f"line {line}" if line else None, hint="Send UTF-8, not nested deeply."
        ) from error
    if not isinstance(document, dict):
        where = f"line {line}" if line else None
        raise DocumentError("A record is a JSON object.", where=where, hint='Start with {"type": "Ingest", …}.')
    return document


class _JsonError(ValueError):
    """JSON that means two things, or nothing."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _JsonError(f"The field {twice!r} stands twice in one object.")
    return found


def _no_number(text: str) -> NoReturn:
    raise _JsonError(f"{text} is not a number that JSON knows.")


def sent_receipt(receipt: Receipt) -> Response:
    """The response that carries a receipt."""
    response = Response(json.dumps(receipt.as_dict(), ensure_ascii=False, default=str), status=201, mimetype=JSON)
    response.headers["Location"] = uri(receipt.iri)
    response.headers["Lake-Seq"] = str(receipt.seq)
    add_provenance(response, receipt.iri, receipt.graph, lake().base)
    return response
