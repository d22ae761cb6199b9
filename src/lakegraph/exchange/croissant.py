"""Croissant 1.1 descriptions of data sets (MLCommons): files with their hashes, and the columns that were recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lakegraph.errors import NotFoundError
from lakegraph.rdf.terms import value

_TEMPLATE = Path(__file__).with_name("templates") / "croissant.json"
_MANY = ("keywords", "creator")
_TABLES = ("text/csv", "text/tab-separated-values")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
Row = Mapping[str, str]


def croissant(rows: Iterable[Row], things: Iterable[str]) -> bytes:
    """The description of the data set that was asked for, or of the only one in the story.

    Args:
        rows: The view ``croissant``: data set, key, node, value and detail as tokens.
        things: The IRIs that were asked for.

    Raises:
        NotFoundError: None of them is a data set of the lake, and there is not just one in their story.
    """
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(value(row["dataset"]), []).append({name: value(token) for name, token in row.items()})
    wanted = [iri for iri in things if iri in found] or (list(found) if len(found) == 1 else [])
    if not wanted:
        asked, hint = ", ".join(things), f"Data sets in the story: {', '.join(found)}."
        raise NotFoundError("None of these is a data set.", where=asked, hint=hint)
    said = sorted(found[wanted[0]], key=lambda row: (row["key"], row.get("node", ""), row["value"]))
    return json.dumps(_described(wanted[0], said), indent=1, ensure_ascii=False).encode() + b"\n"


def _described(iri: str, rows: list[Row]) -> dict[str, Any]:
    out: dict[str, Any] = json.loads(_TEMPLATE.read_text(encoding="utf-8")) | {"@id": iri, "url": iri}
    for row in rows:
        if row["key"] in _MANY:
            named = {"@type": "sc:Person", "name": row["value"]} if row["key"] == "creator" else row["value"]
            out.setdefault(row["key"], []).append(named)
        elif "node" not in row:
            out[row["key"]] = row["value"]
    listed = [_file(iri, row, rows) for row in rows if row["key"] == "file"]
    files = [file for file in listed if "sha256" in file]
    if left_out := [file["name"] for file in listed if "sha256" not in file]:
        # Croissant lists no file without a hash; silence would look as if there were none.
        note = f"Not listed, because the lake has no SHA-256 of it: {', '.join(left_out)}."
        out["description"] = " ".join(part for part in (out.get("description", ""), note) if part)
    if files:
        out["distribution"] = files
    tables = [file for file in files if file["encodingFormat"] in _TABLES]
    columns = [row for row in rows if row["key"] == "column"]
    if tables and columns:
        out["recordSet"] = [_records(tables[0]["@id"], columns)]
    return out


def _file(iri: str, row: Row, rows: list[Row]) -> dict[str, Any]:
    facts = {other["key"]: other["value"] for other in rows if other.get("node") == row["node"] and other is not row}
    return {
        "@type": "cr:FileObject",
        "@id": _safe(row["node"].removeprefix(f"{iri}/")),
        "name": row["value"],
        "contentUrl": row["detail"],
        "encodingFormat": facts.get("encodingFormat", "application/octet-stream"),
        **{
            key: facts[key].lower() if key == "sha256" else facts[key]
            for key in ("contentSize", "sha256")
            if key in facts
        },
    }


def _records(file: str, columns: list[Row]) -> dict[str, Any]:
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"records/{_safe(column['value'])}",
            "name": column["value"],
            "dataType": column["detail"],
            "source": {"fileObject": {"@id": file}, "extract": {"column": column["value"]}},
        }
        for column in columns
    ]
    return {"@type": "cr:RecordSet", "@id": "records", "name": "records", "field": fields}


def _safe(name: str) -> str:
    return _UNSAFE.sub("-", name)
