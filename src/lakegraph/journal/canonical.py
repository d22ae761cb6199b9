"""RFC 8785 canonical JSON of flat objects of strings, integers and nulls: the exact bytes that hashes are taken of.

Written by hand, because a verifier must be able to do the same with nothing but this page: members sorted by the
UTF-16 code units of their names (section 3.2.3), no white space (3.2.1), strings escaped as section 3.2.2.2 says,
UTF-8 (3.2.4). Numbers are restricted to the integers that every JSON reader keeps exact (section 3.2.2.3, I-JSON).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

Value = str | int | None
"""What a member may hold."""

MAX_INTEGER = 2**53 - 1

_ESCAPES = {chr(code): f"\\u{code:04x}" for code in range(0x20)}
_ESCAPES |= {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
_NEEDS_ESCAPE = re.compile(r'[\x00-\x1f"\\]')


def canonical(members: Mapping[str, Value]) -> bytes:
    """The canonical JSON text of an object with these *members*, in UTF-8 (RFC 8785).

    Raises:
        ValueError: A text holds a lone surrogate, or an integer cannot be represented exactly.
        TypeError: A value is neither a string, an integer nor None.
    """
    pairs = [f"{_name(name)}:{_value(members[name])}" for name in _in_order(members)]
    return ("{" + ",".join(pairs) + "}").encode("utf-8")


def _in_order(names: Iterable[str]) -> list[str]:
    if "".join(names).isascii():
        return sorted(names)
    return sorted(names, key=lambda name: name.encode("utf-16-be"))


def _value(value: Value) -> str:
    if isinstance(value, str):
        return _string(value)
    if value is None:
        return "null"
    if type(value) is not int:
        raise TypeError(f"{type(value).__name__} has no place in a canonical leaf")
    if abs(value) > MAX_INTEGER:
        raise ValueError(f"{value} is beyond the integers that JSON readers keep exact")
    return str(value)


@lru_cache(maxsize=64)
def _name(text: str) -> str:
    """The name of a member: the same few come back with every leaf."""
    return _string(text)


def _string(text: str) -> str:
    if _NEEDS_ESCAPE.search(text):
        text = _NEEDS_ESCAPE.sub(lambda found: _ESCAPES[found[0]], text)
    return f'"{text}"'
