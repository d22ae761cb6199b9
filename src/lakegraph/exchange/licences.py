"""Licences by the identifiers of others: SPDX's, and those that Hugging Face knows."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("templates") / "licences.json"
_LIST = "//spdx.org/licenses/"


def spdx_licence(link: str) -> str | None:
    """The SPDX identifier that the address *link* of a licence names; ``None`` for any other, and for rare ones."""
    if _LIST not in link:
        return None
    name = link.rsplit("/", 1)[-1].removesuffix(".html").removesuffix(".json")
    return name if name in _known()["spdx"] else None


def hub_licence(link: str) -> str | None:
    """The name that Hugging Face has for the licence at *link*, or ``None``."""
    name = _known()["huggingface"].get(spdx_licence(link))
    return str(name) if name else None


@cache
def _known() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found
