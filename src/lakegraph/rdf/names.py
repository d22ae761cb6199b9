"""How things get their IRIs: slugs, UUIDv7 run ids, content digests and the paths below the lake's base."""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
import unicodedata
import uuid
from functools import lru_cache
from typing import Any

_lock = threading.Lock()
_last = 0
# Lower case for letters, and a space for all that a slug does not keep.
_PLAIN = bytes(ord(chr(c).lower()) if chr(c).isalnum() or chr(c) == "." else 32 for c in range(128)) + bytes(128)
_REMEMBERED = 200
"""Longer texts are made anew each time: remembering them would let records fill the memory."""


def slugify(text: str) -> str:
    """*text* as one IRI path segment: folded, letters and digits of any script kept, the rest one hyphen each run.

    Text without a letter or digit becomes a digest, so that every name has a slug.
    """
    return _slug(text) if len(text) <= _REMEMBERED else _slug.__wrapped__(text)


@lru_cache(maxsize=8192)  # names of people, programs and data sets come again and again
def _slug(text: str) -> str:
    if text.isascii() and "_" not in text:
        slug = "-".join(text.encode("ascii").translate(_PLAIN).decode("ascii").split())
        if "." in slug:
            slug = re.sub(r"-*\.-*", ".", slug.strip("-."))
        return slug or hashlib.sha256(text.encode()).hexdigest()[:12]
    folded = unicodedata.normalize("NFKC", text).casefold()
    slug = re.sub(r"[^\w.]+|_+", "-", folded).strip("-.")
    slug = re.sub(r"-*\.-*", ".", slug)
    return slug or hashlib.sha256(text.encode()).hexdigest()[:12]


def uuid7() -> str:
    """A new UUIDv7 (RFC 9562, section 5.7), strictly increasing within this process."""
    global _last
    with _lock:
        stamp = max(time.time_ns() // 244, _last + 1)  # about 2^12 steps a millisecond: rand_a carries them
        _last = stamp
    milliseconds, fraction = divmod(stamp * 244, 1_000_000)
    value = (milliseconds & (1 << 48) - 1) << 80 | 7 << 76 | (fraction * 4096 // 1_000_000) << 64 | 2 << 62
    return str(uuid.UUID(int=value | int.from_bytes(os.urandom(8), "big") >> 2))


def digest(description: Any) -> str:
    """Eight hexadecimal digits that stand for a description: the same description always gives the same ones."""
    text = json.dumps(description, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def slug_of_key(text: str) -> str:
    """A part's key in an IRI: kept as written where it is plain (``meanMeansOfNumericFeas``), else slugified."""
    return text if text.isascii() and text.replace("_", "a").replace("-", "a").isalnum() else slugify(text)
