"""Which form of an answer the client asks for (RFC 9110, section 12)."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request
from werkzeug.exceptions import NotAcceptable

JSON = "application/json"
HTML = "text/html"


def choose(offered: Iterable[str], default: str | None = None) -> str:
    """The offered media type that the request prefers.

    Args:
        offered: Media types, the preferred one first.
        default: What a request without preference gets; the first one if left out.

    Raises:
        NotAcceptable: None of them is acceptable.
    """
    types = list(offered)
    accept = request.accept_mimetypes
    if not accept or accept.best == "*/*":
        return default or types[0]
    # Equal quality is settled by our order, so that `*/*` beside other types does not pick at random.
    quality = {name: accept[name] for name in types}
    best = max(quality.values())
    if best <= 0:
        raise NotAcceptable(f"This can be had as {', '.join(types)}.")
    if default and quality[default] == best:
        return default
    return next(name for name in types if quality[name] == best)
