"""Pages that carry JSON-LD (schema.org, Croissant), one page or all that a sitemap lists.

Sources: https://www.w3.org/TR/json-ld11/#embedding-json-ld-in-html-documents and https://www.sitemaps.org/protocol.html
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser

from lakegraph.errors import PeerError, RdfSyntaxError
from lakegraph.federation.broker import Fetched
from lakegraph.federation.line import Line
from lakegraph.federation.parsing import JSON_LD, linked_data, read_json
from lakegraph.federation.sources.document import Document
from lakegraph.rdf.intake import refuse_doctype
from lakegraph.rdf.terms import Triple

_ACCEPT = "application/ld+json, text/html;q=0.9, application/xml;q=0.8, */*;q=0.1"
_XML = ("application/xml", "text/xml")


def read(line: Line, since: datetime | None) -> Iterator[Document]:
    """The page at the peer's address; or, where a sitemap is there, its pages, those changed since where it tells."""
    waiting = [line.peer.address]
    seen = set(waiting)
    while waiting:
        answer = line.get(waiting.pop(0), _ACCEPT)
        if answer.media_type in _XML or answer.url.endswith(".xml"):
            for url in _listed(answer, since):
                if url not in seen:
                    seen.add(url)
                    waiting.append(url)
        else:
            yield Document(answer.url, page(answer))


def _listed(answer: Fetched, since: datetime | None) -> Iterator[str]:
    for entry in sitemap(answer):
        changed = _moment(entry.get("lastmod", ""))
        if entry.get("loc") and not (since and changed and changed < since):
            yield entry["loc"]


def sitemap(answer: Fetched) -> list[dict[str, str]]:
    """The entries of a sitemap or of an index of sitemaps.

    Raises:
        PeerError: It is not well-formed, or declares a document type.
    """
    try:
        refuse_doctype(answer.body)
        root = ET.fromstring(answer.body)  # noqa: S314 - without a document type there is nothing to expand
    except (ET.ParseError, RdfSyntaxError) as error:
        raise PeerError(f"The sitemap cannot be read: {error}", where=answer.url) from error
    return [{_local(part.tag): (part.text or "").strip() for part in entry} for entry in root]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def page(answer: Fetched) -> tuple[Triple, ...]:
    """The statements of a page: JSON-LD itself, or the JSON-LD that stands in HTML.

    Raises:
        PeerError: It is neither, or the JSON-LD is malformed.
    """
    if answer.media_type in (JSON_LD, "application/json"):
        return linked_data(read_json(answer), answer.url)
    if answer.media_type not in ("text/html", "application/xhtml+xml"):
        raise PeerError(f"The host sent {answer.media_type or 'no media type'}, not a page.", where=answer.url)
    found: dict[Triple, None] = {}
    parser = _Scripts()
    parser.feed(answer.body.decode("utf-8", "replace"))
    for number, text in enumerate(parser.scripts):
        part = Fetched(f"{answer.url}#{number}", answer.status, answer.headers, text.encode())
        found.update(dict.fromkeys(linked_data(read_json(part), part.url, base=answer.url)))
    return tuple(found)


class _Scripts(HTMLParser):
    """Gathers the text of ``<script type="application/ld+json">``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.scripts: list[str] = []
        self._parts: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script" and (dict(attrs).get("type") or "").partition(";")[0].strip().lower() == JSON_LD:
            self._parts = []

    def handle_data(self, data: str) -> None:
        if self._parts is not None:
            self._parts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script" and self._parts is not None:
            text = "".join(self._parts)
            if text.strip():
                self.scripts.append(text)
            self._parts = None
