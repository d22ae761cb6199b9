"""A repository that gives its records by OAI-PMH, in Dublin Core.

Source: https://www.openarchives.org/OAI/openarchivesprotocol.html. What the elements mean stands in
``ontology/readings/oai-dc.json``.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from lakegraph import resources
from lakegraph.errors import PeerError, RdfSyntaxError
from lakegraph.federation.broker import Fetched
from lakegraph.federation.line import Line
from lakegraph.federation.sources.document import Document
from lakegraph.rdf.intake import refuse_doctype
from lakegraph.rdf.terms import Triple, literal, valid_iri
from lakegraph.rdf.vocabulary import TYPE

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_NOTHING_NEW = "noRecordsMatch"


def read(line: Line, since: datetime | None) -> Iterator[Document]:
    """The records, those changed since a time where one is given; what was deleted is told."""
    rules = reading()
    asked = {"verb": "ListRecords", "metadataPrefix": rules["prefix"]}
    if since:
        asked["from"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    while True:
        answer = line.get(f"{line.peer.address}?{urlencode(asked)}", "text/xml")
        root = _parsed(answer)
        error = root.find(f"{_OAI}error")
        if error is not None and error.get("code") != _NOTHING_NEW:
            raise PeerError(f"The repository says {error.get('code')}: {error.text}", where=answer.url)
        yield _document(root, answer.url)
        token = root.find(f"{_OAI}ListRecords/{_OAI}resumptionToken")
        if token is None or not (token.text or "").strip():
            return
        asked = {"verb": "ListRecords", "resumptionToken": (token.text or "").strip()}


@cache
def reading() -> Mapping[str, Any]:
    """How Dublin Core elements are read."""
    found: Mapping[str, Any] = json.loads(resources.text("ontology/readings/oai-dc.json"))
    return found


def _parsed(answer: Fetched) -> ET.Element:
    try:
        refuse_doctype(answer.body)
        return ET.fromstring(answer.body)  # noqa: S314 - without a document type there is nothing to expand
    except (ET.ParseError, RdfSyntaxError) as error:
        raise PeerError(f"The repository did not send XML that can be read: {error}", where=answer.url) from error


def _document(root: ET.Element, url: str) -> Document:
    triples: list[Triple] = []
    gone: list[str] = []
    for record in root.iter(f"{_OAI}record"):
        header = record.find(f"{_OAI}header")
        name = (header.findtext(f"{_OAI}identifier") if header is not None else None) or ""
        if not valid_iri(name):
            continue
        if header is not None and header.get("status") == "deleted":
            gone.append(name)
            continue
        triples += _record(record, f"<{name}>")
    return Document(url, tuple(triples), tuple(gone))


def _record(record: ET.Element, subject: str) -> Iterator[Triple]:
    rules = reading()
    yield subject, TYPE, f"<{rules['type']}>"
    metadata = record.find(f"{_OAI}metadata")
    for element in metadata.iter() if metadata is not None else ():
        name = rules["properties"].get(element.tag.rpartition("}")[2])
        text = (element.text or "").strip()
        if name and text:
            local = element.tag.rpartition("}")[2]
            is_reference = local in rules["iri"] and valid_iri(text) and local != "identifier"
            yield subject, f"<{name}>", f"<{text}>" if is_reference else literal(text)
