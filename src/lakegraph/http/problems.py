"""Errors as problem details (RFC 9457), made in one place for the whole service."""

from __future__ import annotations

import json
import logging
import uuid
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from lakegraph.errors import LakegraphError
from lakegraph.http.negotiation import JSON, preferred
from lakegraph.http.refusals import NotAcceptableError
from lakegraph.receipts import Refusal

log = logging.getLogger("lakegraph.http")
MEDIA_TYPE = "application/problem+json"
TURTLE = "text/turtle"
_TITLES = {
    400: ("usage", "The request cannot be understood as it stands."),
    404: ("no-such-page", "There is no such page."),
    405: ("method-not-allowed", "This address does not do that."),
    413: ("too-large", "The body of the request is larger than this lake takes."),
}


def body_of(error: LakegraphError) -> bytes:
    """The problem document of an error. ``type`` is a stable URN made of its code."""
    return _document(error.status, error.as_dict())


def headers_of(error: LakegraphError) -> list[tuple[str, str]]:
    """The headers that go with the problem document of an error."""
    wait = getattr(error, "retry_after", 1 if error.status == HTTPStatus.SERVICE_UNAVAILABLE else None)
    retry = [] if wait is None else [("Retry-After", str(wait))]
    asked = [("WWW-Authenticate", 'Bearer realm="lakegraph"')] if error.status == HTTPStatus.UNAUTHORIZED else []
    return [("Content-Type", MEDIA_TYPE), *retry, *asked]


def fault(error: BaseException, method: str, path: str) -> bytes:
    """The problem document of a fault of ours, which tells nothing but where the log has more of it."""
    incident = uuid.uuid4().hex[:12]
    log.error("incident %s: %s %r", incident, method, path, exc_info=error)
    members = {
        "code": "internal",
        "title": "Something went wrong here.",
        "detail": f"A fault of lakegraph, not of the request. The log has it as {incident}.",
        "hint": "Tell whoever looks after this lake.",
    }
    return _document(500, members)


def register(app: Flask) -> None:
    """Make every error of *app* a problem."""
    app.register_error_handler(LakegraphError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def _document(status: int, members: dict[str, Any]) -> bytes:
    said = {"type": f"urn:lakegraph:error:{members['code']}", "status": status, **members}
    said["title"] = str(said["title"]).partition("\n")[0]
    return json.dumps(said, ensure_ascii=False, default=str).encode("utf-8", "replace")


def _known(error: Exception) -> Response:
    assert isinstance(error, LakegraphError)  # noqa: S101 - registered for it
    if isinstance(error, Refusal) and _wants_turtle():
        return Response(error.report.to_turtle(), status=error.status, mimetype=TURTLE)
    if error.status >= 500:
        log.warning("%s %r: %s", request.method, request.path, error)
    return Response(body_of(error), status=error.status, headers=headers_of(error))


def _wants_turtle() -> bool:
    try:
        return preferred(request.headers.get("Accept", ""), (MEDIA_TYPE, JSON, TURTLE)) == TURTLE
    except NotAcceptableError:
        return False


def _http(error: Exception) -> Response:
    """What the framework refuses: no route, a method that is not offered."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    status = error.code or 500
    if status < 400:
        return Response(status=status, headers=error.get_headers())
    code, title = _TITLES.get(status, (f"http-{status}", error.name))
    detail = f"There is nothing at {request.path}." if status == HTTPStatus.NOT_FOUND else f"{error.description}"
    members = {"code": code, "title": title, "detail": detail, "hint": "GET /openapi.json lists what there is."}
    response = Response(_document(status, members), status=status, mimetype=MEDIA_TYPE)
    for name, said in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = said
    return response


def _bug(error: Exception) -> Response:
    return Response(fault(error, request.method, request.path), status=500, mimetype=MEDIA_TYPE)
