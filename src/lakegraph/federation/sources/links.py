"""The Link header (RFC 8288), as far as paging needs it."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from lakegraph.federation.broker import Fetched

_LINK = re.compile(r'<([^>]*)>\s*;[^,]*?\brel\s*=\s*"?([^",;]*)"?')


def next_link(answer: Fetched) -> str | None:
    """The address of the page after *answer*, where a Link header gives it."""
    found = (
        urljoin(answer.url, m[1]) for m in _LINK.finditer(answer.headers.get("link", "")) if "next" in m[2].split()
    )
    return next(found, None)
