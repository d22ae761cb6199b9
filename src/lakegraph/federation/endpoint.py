"""A SPARQL endpoint: queries out, rows of tokens in, and every way in which an endpoint answers wrongly told apart.

Sources: https://www.w3.org/TR/sparql11-protocol/ and https://www.w3.org/TR/sparql11-results-json/
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from lakegraph.errors import LakegraphError, PeerError
from lakegraph.federation.broker import Fetched
from lakegraph.federation.line import Line
from lakegraph.rdf.terms import literal, valid_iri

RESULTS = "application/sparql-results+json"
FORM = "application/x-www-form-urlencoded"
_JSON = (RESULTS, "application/json")
# Virtuoso and lakegraph announce that an answer was cut; lakegraph also at the end of a long one.
_CUT = ("x-sparql-maxrows", "lake-truncated")


class CutError(PeerError):
    """A catalog gave only a part of its answer."""

    code = "peer-truncated"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint said.

    Attributes:
        variables: The names of the columns.
        rows: Tokens by variable; blank nodes are named apart from those of other answers.
        truth: The answer to an ASK.
        cut: Whether the endpoint said that it left something out.
    """

    variables: tuple[str, ...]
    rows: list[dict[str, str]]
    truth: bool | None = None
    cut: bool = False


Run = Callable[[str], Answer]
"""Puts a query to a source."""


def over(line: Line) -> Run:
    """Queries that go over a line to a peer."""

    def run(text: str) -> Answer:
        # As a form, which every endpoint reads; Virtuoso 7.2 never answers a POST of the query itself (measured).
        body = urlencode({"query": text}).encode()
        found = line.post(line.peer.endpoint, body, FORM, f"{RESULTS}, application/json;q=0.5")
        return read_answer(found, f"{line.peer.iri} {line.requests}")

    return run


def read_answer(found: Fetched, scope: str) -> Answer:
    """The answer in a response.

    Args:
        found: The response.
        scope: What makes the names of its blank nodes its own.

    Raises:
        PeerError: It is not SPARQL JSON.
    """
    if found.media_type not in _JSON:
        raise PeerError(
            f"The endpoint sent {found.media_type or 'an answer without a media type'} where SPARQL JSON is due.",
            where=found.url,
            hint="Is this the address of a SPARQL endpoint?",
        )
    cut = any(found.headers.get(name, "").lower() not in ("", "false") for name in _CUT)
    try:
        return _answer(json.loads(found.body), scope, cut=cut)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        said = found.body[:200].decode("utf-8", "replace").strip()
        raise PeerError(f"The endpoint's answer is not SPARQL JSON: {said}", where=found.url) from error


def _answer(said: Any, scope: str, *, cut: bool) -> Answer:
    if "boolean" in said:
        if not isinstance(said["boolean"], bool):
            raise TypeError
        return Answer((), [], said["boolean"])
    mark = "_:" + hashlib.blake2b(scope.encode(), digest_size=6).hexdigest() + "x"
    rows = [{name: token_of(term, mark) for name, term in row.items()} for row in said["results"]["bindings"]]
    told = said.get("truncated") or said["results"].get("truncated")
    return Answer(tuple(said["head"]["vars"]), rows, cut=cut or bool(told))


def token_of(term: Mapping[str, str], mark: str) -> str:
    """The token of a term of SPARQL JSON.

    Args:
        term: The term.
        mark: What the names of blank nodes begin with.

    Raises:
        ValueError: It is none.
    """
    kind, text = term["type"], term["value"]
    if kind == "uri":
        if not valid_iri(text):
            raise ValueError(text)
        return f"<{text}>"
    if kind == "bnode":
        return mark + (text if mark == "_:" else hashlib.blake2b(text.encode(), digest_size=8).hexdigest())
    if kind not in ("literal", "typed-literal"):
        raise ValueError(kind)
    datatype = term.get("datatype")
    if datatype and not valid_iri(datatype):
        raise ValueError(datatype)
    return literal(text, datatype, term.get("xml:lang"))


def fault_of(error: LakegraphError) -> dict[str, str]:
    """An error for a report: code, message, and where."""
    said = error.as_dict()
    return {name: str(said[name]) for name in ("code", "detail", "where", "hint") if name in said}
