"""Tells of an ordinary query, in a few passes of C, what the guard would find by reading it token by token.

Most queries hold nothing that needs a closer look. Of those it is enough to count: a text in which the letters of
SERVICE and FROM occur nowhere, in no escape either, calls nothing and names no dataset, however it is read. What is not
plain gets no answer here, and is read in full.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

_LONGEST: Final = 4000
_SPACE: Final = r"(?:[ \t\r\n]++|\#[^\r\n]*+)*+"
_IRI: Final = r"""<[^\x00-\x20<>"{}|^`\\]*+>"""
_HEAD: Final = re.compile(
    rf"{_SPACE}(?:PREFIX[ \t\r\n]{_SPACE}(?:[A-Z](?:[A-Z0-9_\-]*[A-Z0-9_])?)?:{_SPACE}{_IRI}{_SPACE})*+"
    rf"(SELECT|ASK|CONSTRUCT|DESCRIBE)(?![\w:.\-])(?:{_SPACE}(\*))?",
    re.IGNORECASE | re.ASCII,
)
_ORDINARY: Final = bytes({9, 10, 13, *range(32, 127)} - set(rb"\%&`$~+@"))
"""All but what is, or may be, a mistake, an escape, or a path without an end; and but ``@``, see below."""
_MARK: Final = re.compile(r"@(?![A-Za-z])")
"""The mark of a language where no language follows."""
_NO_BRACKETS: Final = re.compile(rf"""[^{{}}()\[\]<"'#]++|{_IRI}|\#[^\r\n]*+|"[^"\r\n]++"(?!")|'[^'\r\n]++'(?!')""")
_TWO_READINGS: Final = re.compile(r"<(?![A-Za-z][A-Za-z0-9+.-]*://)[^\s<>]*[#'()\[\]]")
_BRACKETS: Final = frozenset("{}()[]")
_FORMS: Final[dict[str, Literal["select", "ask", "construct"]]] = {
    "SELECT": "select",
    "ASK": "ask",
    "CONSTRUCT": "construct",
    "DESCRIBE": "construct",
}


def plain_form(text: str, *, depth: int, steps: int) -> Literal["select", "ask", "construct"] | None:
    """The form of a query that is plain: without SERVICE, FROM, or a path with ``+`` or ``*``, and within the limits.

    Args:
        text: What was sent.
        depth: How deep brackets may be nested.
        steps: How many ``/`` one path may have.

    Returns:
        ``None`` where that takes a closer look.
    """
    if len(text) > _LONGEST or not text.isascii():
        return None
    strange = text.encode().translate(None, _ORDINARY)
    if strange and (strange.strip(b"@") or _MARK.search(text)):
        return None
    lowered = text.lower()
    if "service" in lowered or "from" in lowered or text.count("/") > steps:
        return None
    head = _HEAD.match(text)
    if head is None or text.count("*") != (head[2] is not None):
        return None
    brackets = _NO_BRACKETS.sub("", text)
    if len(brackets) > 2 * depth or not _balanced(brackets) or ("(" in brackets and _TWO_READINGS.search(text)):
        return None
    return _FORMS[head[1].upper()]


@lru_cache(maxsize=256)
def _balanced(brackets: str) -> bool:
    """Whether every one of *brackets* is closed by its own kind, and nothing else is among them."""
    if not _BRACKETS.issuperset(brackets):
        return False
    while brackets:
        fewer = brackets.replace("{}", "").replace("()", "").replace("[]", "")
        if fewer == brackets:
            return False
        brackets = fewer
    return True
