"""Errors as problem details (RFC 9457), from one place."""

from __future__ import annotations

import json
import logging
import uuid
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from lakegraph.errors import LakegraphError
from lakegraph.receipts import Refusal

log = logging.getLogger("lakegraph.http")
MEDIA_TYPE = "application/problem+json"
_CODES = {404: "no-such-page", 405: "method-not-allowed", 406: "not-acceptable", 413: "too-large", 415: "unsupported-media-type"}


def problem(status: int, members: dict[str, Any]) -> Response:
    """A problem response. ``type`` is a stable URN made of the code."""
    said = {"type": f"urn:lakegraph:error:{members['code']}", "status": status, **members}
    response = Response(json.dumps(said, ensure_ascii=False), status=status, mimetype=MEDIA_TYPE)
    if status == 503:
        response.headers["Retry-After"] = "1"
    return response


def register(app: Flask) -> None:
    """Make every error of *app* a problem."""
    app.register_error_handler(LakegraphError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def _known(error: Exception) -> Response:
    assert isinstance(error, LakegraphError)  # noqa: S101 - registered for it
    if isinstance(error, Refusal) and request.accept_mimetypes.best == "text/turtle":
        return Response(error.report.to_turtle(), status=error.status, mimetype="text/turtle")
    return problem(error.status, error.as_dict())


def _http(error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
    status = error.code or 500
    response = problem(status, {"code": _CODES.get(status, f"http-{status}"), "title": error.name, "detail": error.description})
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _bug(error: Exception) -> Response:
    incident = uuid.uuid4().hex[:12]
    log.error("incident %s: %s %s", incident, request.method, request.path, exc_info=error)
    detail = f"A fault of lakegraph, not of the request. The log has it as {incident}."
    return problem(500, {"code": "internal", "title": "Something went wrong here.", "detail": detail})
