"""Which form of an answer a request prefers (RFC 9110, section 12.5)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from flask import request

from lakegraph.http.refusals import NotAcceptableError

JSON = "application/json"
HTML = "text/html"


def choose(offered: Iterable[str]) -> str:
    """The offered media type that the current request prefers; see :func:`preferred`."""
    return preferred(request.headers.get("Accept", ""), tuple(offered))


@lru_cache(maxsize=1024)
def preferred(accept: str, offered: tuple[str, ...]) -> str:
    """The offered media type that an ``Accept`` header prefers.

    Parameters of media types (``charset``, ``profile``) are passed over: every form here has only one.

    Args:
        accept: The header; empty for a request that prefers nothing.
        offered: Media types; where the request prefers several equally, the first of them is taken.

    Raises:
        NotAcceptableError: None of them is acceptable.
    """
    ranges = _weighted(accept)
    if not ranges:
        return offered[0]
    quality = {name: _quality(name, ranges) for name in offered}
    best = max(quality.values())
    if best <= 0:
        raise NotAcceptableError(
            f"{accept!r} names no form in which this can be had.", where="Accept", hint=f"One of: {', '.join(offered)}."
        )
    return next(name for name in offered if quality[name] == best)


def accepts_gzip(header: str) -> bool:
    """Whether an ``Accept-Encoding`` header lets the answer be compressed with gzip."""
    ranges = _weighted(header)
    return ranges.get("gzip", ranges.get("x-gzip", ranges.get("*", 0.0))) > 0


def _weighted(header: str) -> dict[str, float]:
    """What the list in *header* names, with its quality; an element that cannot be read counts as not said."""
    found: dict[str, float] = {}
    for element in header.split(","):
        name, *parameters = (part.strip().lower() for part in element.split(";"))
        if not name:
            continue
        quality = 1.0
        for parameter in parameters:
            key, _, text = parameter.partition("=")
            if key.strip() == "q":
                quality = _number(text.strip())
        if quality >= 0:
            found[name] = max(quality, found.get(name, 0.0))
    return found


def _number(text: str) -> float:
    """A quality from 0 to 1; -1 for what is none."""
    if text[:1] not in ("0", "1") or not text.replace(".", "", 1).isascii() or not text.replace(".", "", 1).isdigit():
        return -1.0
    return min(float(text), 1.0)


def _quality(name: str, ranges: dict[str, float]) -> float:
    """The quality of the most specific range that *name* falls in."""
    for wanted in (name, f"{name.partition('/')[0]}/*", "*/*"):
        if wanted in ranges:
            return ranges[wanted]
    return 0.0
