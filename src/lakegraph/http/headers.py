"""Header fields that every response carries, and what is written into them."""

from __future__ import annotations

import gzip
from hashlib import blake2b
from urllib.parse import quote

Headers = list[tuple[str, str]]

# A browser renders every XML type, scripts in it too, so that the policy stands on answers of every kind.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
ALWAYS: Headers = [
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", POLICY),
    ("Referrer-Policy", "no-referrer"),
    ("Vary", "Accept, Accept-Encoding"),
]
_GZIP_FROM = 1400
"""Below the size of one packet compression gains nothing."""
_IRI_SAFE = "!#$%&'()*+,/:;=?@[]~"


def entity_tag(body: bytes, media_type: str) -> str:
    """The tag of a representation; weak, because the same one may be sent compressed."""
    return f'W/"{blake2b(body, digest_size=12, key=media_type.encode()[:64]).hexdigest()}"'


def tag_matches(if_none_match: str, tag: str) -> bool:
    """Whether an ``If-None-Match`` header names *tag* (RFC 9110, section 13.1.2: weak comparison)."""
    if if_none_match.strip() == "*":
        return True
    plain = tag.removeprefix("W/")
    return any(given.strip().removeprefix("W/") == plain for given in if_none_match.split(","))


def worth_compressing(body: bytes) -> bool:
    """Whether *body* gets smaller by enough."""
    return len(body) >= _GZIP_FROM


def compressed(body: bytes) -> bytes:
    """*body* in gzip."""
    return gzip.compress(body, 6, mtime=0)


def uri(iri: str) -> str:
    """*iri* as it can stand in a header: ASCII, and nothing that could end the header or leave the angle brackets."""
    return quote(iri, safe=_IRI_SAFE)
