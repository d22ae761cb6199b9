"""What search engines read of a thing: schema.org in JSON-LD, as it stands in the thing's page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lakegraph.rdf.terms import value

_TEMPLATE = Path(__file__).with_name("templates") / "schema-org.json"
_SEVERAL = ("keywords", "creator", "isBasedOn", "distribution")


def schema_org(iri: str, rows: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    """The description of one thing (https://schema.org/docs/gs.html).

    Args:
        iri: The thing.
        rows: The view ``schema-org``: type, key, value and kind as tokens.

    Returns:
        JSON-LD; empty where schema.org has no type for such a thing.
    """
    found: dict[str, Any] = {}
    types: dict[str, None] = {}
    for row in sorted(rows, key=lambda row: (row["type"], row["key"], row["value"])):
        types[value(row["type"])] = None
        key, said = value(row["key"]), _said(row)
        if key not in _SEVERAL:
            found.setdefault(key, said)
        elif said not in found.setdefault(key, []):
            found[key].append(said)
    if not types:
        return {}
    template: dict[str, Any] = json.loads(_TEMPLATE.read_text(encoding="utf-8"))
    kinds = list(types)
    return {**template, "@type": kinds[0] if len(kinds) == 1 else kinds, "@id": iri, "url": iri, **found}


def _said(row: Mapping[str, str]) -> Any:
    text = value(row["value"])
    if "kind" not in row:
        return text
    kind = value(row["kind"])
    return {"@type": kind, "contentUrl" if kind == "DataDownload" else "name": text}
