"""Catalogs that list what they have as JSON, page by page: CKAN, OpenML, hubs of models.

How their JSON is paged and what it means stands in ``ontology/readings/{kind}.json``: a JSON-LD context, and the few
things that a context cannot say (where the items are, and of which class they and their parts are).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from lakegraph import resources
from lakegraph.errors import PeerError
from lakegraph.federation.line import Line
from lakegraph.federation.parsing import linked_data, read_json
from lakegraph.federation.sources.document import Document
from lakegraph.federation.sources.links import next_link

_JSON = "application/json"


def read(line: Line, since: datetime | None) -> Iterator[Document]:
    """The pages of the listing, newest first where the catalog can sort; ends at what is older than *since*."""
    rules = reading(line.peer.kind)
    address = line.peer.address.rstrip("/")
    context = json.loads(json.dumps(rules["@context"]).replace("{address}", address))
    base = str(rules["base"]).replace("{address}", address)
    offset, size = 0, int(rules["size"])
    url: str | None = _page(rules, address, offset, size)
    while url:
        answer = line.get(url, _JSON)
        said = read_json(answer)
        items = _at(said, rules["items"], url)
        fresh = [item for item in items if isinstance(item, dict) and not _older(item, rules, since)]
        for item in fresh:
            _type(item, rules["types"], "")
            _simplify(item, rules)
        yield Document(url, linked_data({"@context": context, "@graph": fresh}, url, base))
        offset += len(items)
        url = None
        if items and len(fresh) == len(items):
            more = next_link(answer) if rules.get("next") == "link" else _page(rules, address, offset, size)
            total = _at(said, rules["total"], answer.url) if "total" in rules else None
            url = more if total is None or offset < int(total) else None
            if "total" not in rules and rules.get("next") != "link" and len(items) < size:
                url = None


@cache
def reading(kind: str) -> Mapping[str, Any]:
    """How the JSON of a kind of catalog is read."""
    found: Mapping[str, Any] = json.loads(resources.text(f"ontology/readings/{kind}.json"))
    return found


def _page(rules: Mapping[str, Any], address: str, offset: int, size: int) -> str:
    def filled(text: str) -> str:
        return text.replace("{offset}", str(offset)).replace("{size}", str(size))

    query = urlencode({name: filled(text) for name, text in rules.get("query", {}).items()})
    return f"{address}/{filled(rules['path'])}{'?' + query if query else ''}"


def _at(said: Any, path: list[str], url: str) -> Any:
    for name in path:
        if not isinstance(said, dict) or name not in said:
            raise PeerError(
                f"The answer has no {'.'.join(path)!r}.",
                where=url,
                hint="Is the kind of the peer right, and its address?",
            )
        said = said[name]
    return said


def _type(item: dict[str, Any], types: Mapping[str, str], place: str) -> None:
    """State the class of an item and of its parts, by the name of the field that holds them."""
    if place in types:
        item["@type"] = types[place]
    for name, value in item.items():
        for part in value if isinstance(value, list) else (value,):
            if isinstance(part, dict) and name in types:
                _type(part, types, name)


def _simplify(item: dict[str, Any], rules: Mapping[str, Any]) -> None:
    """Put one field in place of the parts that are told by it, and write identifiers as text."""
    for name, field in rules.get("plain", {}).items():
        parts = item.get(name) or ()
        item[name] = [part[field] for part in parts if isinstance(part, dict) and field in part]
    for name, meaning in rules["@context"].items():
        if meaning == "@id" and isinstance(item.get(name), int):
            item[name] = str(item[name])


def _older(item: Mapping[str, Any], rules: Mapping[str, Any], since: datetime | None) -> bool:
    if since is None or "modified" not in rules:
        return False
    try:
        changed = datetime.fromisoformat(str(item.get(rules["modified"])))
    except ValueError:
        return False
    return (changed if changed.tzinfo else changed.replace(tzinfo=UTC)) < since
