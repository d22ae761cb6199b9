"""Answers in the form that a request prefers: JSON, RDF, and whatever else an answer can be shown as."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from flask import Response

from lakegraph.exchange import NAMES, renderings, serialize
from lakegraph.http.negotiation import HTML, JSON, choose
from lakegraph.http.result_page import page
from lakegraph.http.served import Answer
from lakegraph.rdf.terms import Triple
from lakegraph.rdf.vocabulary import ontology
from lakegraph.remote.wire import EXACT, dump

FORMS = (JSON, *NAMES.values(), EXACT)
_TEXT, _JSON_LD = "text/plain", "application/ld+json"


def as_json(value: Any) -> Response:
    """*value* as a JSON response."""
    choose((JSON,))
    return Response(json.dumps(value, ensure_ascii=False, default=str), mimetype=JSON)


def as_rdf(triples: Sequence[Triple], media_type: str) -> Response:
    """*triples* in an RDF syntax; under plain JSON, in JSON-LD."""
    text = "\n".join(term for triple in triples for term in triple)
    prefixes = {name: space for name, space in ontology().prefixes.items() if f"<{space}" in text}
    syntax = _JSON_LD if media_type == JSON else media_type
    return Response(serialize(triples, syntax, prefixes), mimetype=media_type)


def rendered(answer: Answer, title: str) -> Response:
    """An answer in the form that the request prefers.

    Args:
        answer: The answer.
        title: What its page is called.

    Raises:
        NotAcceptableError: It cannot be had in any form that is accepted.
    """
    forms = renderings(answer)
    media_type = choose(dict.fromkeys((JSON, *forms, HTML, EXACT)))
    if media_type == JSON:
        return as_json(answer.as_dict())
    if media_type == EXACT:
        return Response(dump(answer), mimetype=EXACT)
    if media_type == HTML:
        body = forms[HTML]() if HTML in forms else f"<pre>{escape(forms[_TEXT]())}</pre>"
        return Response(page(title, body), mimetype=HTML)
    return Response(forms[media_type](), mimetype=media_type)
