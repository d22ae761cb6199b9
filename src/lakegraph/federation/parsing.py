"""Documents of other catalogs as triples: the syntax found, nothing fetched, blank nodes kept apart, sizes bounded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from lakegraph import resources
from lakegraph.errors import PeerError, RdfSyntaxError
from lakegraph.federation.broker import Fetched
from lakegraph.rdf.intake import MEDIA_TYPES, parse
from lakegraph.rdf.nesting import DEPTH
from lakegraph.rdf.terms import Triple

JSON_LD = "application/ld+json"
RDF = "text/turtle, application/ld+json;q=0.9, application/rdf+xml;q=0.8, application/n-triples;q=0.8, */*;q=0.1"
_SUFFIXES = {
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".nq": "application/n-quads",
    ".trig": "application/trig",
    ".jsonld": JSON_LD,
    ".rdf": "application/rdf+xml",
    ".owl": "application/rdf+xml",
}
_LOOSE = {"application/json": JSON_LD, "application/xml": "application/rdf+xml", "text/xml": "application/rdf+xml"}
_UNKNOWN = ("", "text/plain", "application/octet-stream", "binary/octet-stream")
_SCHEMA_HTTP, _SCHEMA = "<http://schema.org/", "<https://schema.org/"
_CONTEXTS = ("https://schema.org", "http://schema.org", "https://schema.org/docs/jsonldcontext.jsonld")


def statements(document: Fetched) -> tuple[Triple, ...]:
    """The triples of a document in any syntax of RDF.

    Raises:
        PeerError: It is not RDF, or does not parse.
    """
    kind = _syntax(document)
    if kind == JSON_LD:
        return linked_data(read_json(document), document.url)
    try:
        return scoped(parse(document.body, kind, document.url, merge=True), document.url)
    except RdfSyntaxError as error:
        raise PeerError(error.message, where=f"{document.url} {error.where or ''}".strip()) from error


def _syntax(document: Fetched) -> str:
    said = document.media_type
    if said in MEDIA_TYPES:
        return said
    by_name = _SUFFIXES.get(PurePosixPath(urlsplit(document.url).path).suffix.lower())
    found = by_name if said in _UNKNOWN else _LOOSE.get(said)
    if found is None:
        raise PeerError(
            f"The host sent {said or 'a document without a media type'}, which is not RDF.",
            where=document.url,
            hint="Is the kind of the peer right?",
        )
    return found


def read_json(document: Fetched) -> Any:
    """The JSON of a document, not nested without bound.

    Raises:
        PeerError: It is not JSON.
    """
    try:
        found = json.loads(document.body)
    except (ValueError, RecursionError) as error:
        raise PeerError(f"The host did not send JSON: {error}.", where=document.url) from error
    if _deep(found):
        raise PeerError(f"The JSON is nested more than {DEPTH} deep.", where=document.url)
    return found


def _deep(value: Any) -> bool:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > DEPTH:
            return True
        level = [
            part
            for each in level
            if isinstance(each, dict | list)
            for part in (each.values() if isinstance(each, dict) else each)
        ]
    return False


def linked_data(said: Any, url: str, base: str | None = None) -> tuple[Triple, ...]:
    """The triples of JSON-LD. The context of schema.org is the one that is carried here; no other is fetched.

    Args:
        said: JSON-LD, as JSON.
        url: Where it was read.
        base: What relative IRIs are resolved against; *url* when left out.

    Raises:
        PeerError: It is not JSON-LD.
    """
    text = json.dumps(_bundled(said)).encode()
    try:
        found = parse(text, JSON_LD, base or url, merge=True)
    except RdfSyntaxError as error:
        raise PeerError(error.message, where=url, hint=error.hint) from error
    return scoped(found, url)


def _bundled(said: Any) -> Any:
    """JSON-LD with the bundled context of schema.org in place of its address."""
    if isinstance(said, list):
        return [_bundled(each) for each in said]
    if not isinstance(said, dict):
        return said
    return {name: _context(value) if name == "@context" else _bundled(value) for name, value in said.items()}


def _context(said: Any) -> Any:
    if isinstance(said, list):
        return [_context(each) for each in said]
    if isinstance(said, str) and said.rstrip("/") in _CONTEXTS:
        return schema_context()
    return said


@cache
def schema_context() -> Mapping[str, Any]:
    """The context that stands for schema.org's."""
    found: Mapping[str, Any] = json.loads(resources.text("ontology/readings/schema-org.jsonld"))["@context"]
    return found


def scoped(triples: list[Triple], url: str) -> tuple[Triple, ...]:
    """Triples whose blank nodes are no other document's, with one spelling of schema.org's namespace."""
    mark = "_:" + hashlib.blake2b(url.encode(), digest_size=6).hexdigest()

    def renamed(token: str) -> str:
        if token.startswith("_:"):
            return f"{mark}x{token[2:]}"
        return _SCHEMA + token[len(_SCHEMA_HTTP) :] if token.startswith(_SCHEMA_HTTP) else token

    return tuple((renamed(s), renamed(p), renamed(o)) for s, p, o in triples)
