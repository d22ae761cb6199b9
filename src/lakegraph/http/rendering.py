"""Answers in the form that a request prefers: JSON, and whatever else the answer can be shown as."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from lakegraph.http.negotiation import HTML, JSON, choose
from lakegraph.http.result_page import page
from lakegraph.http.served import Answer
from lakegraph.remote.wire import EXACT, dump

_METHODS = {
    "text/csv": "to_csv",
    "text/turtle": "to_turtle",
    "text/markdown": "to_markdown",
    "image/svg+xml": "to_svg",
    "text/vnd.graphviz": "to_dot",
    "text/vnd.mermaid": "to_mermaid",
    HTML: "_repr_html_",
    "text/plain": "__str__",
}
"""Media types, and the method of an answer that writes it as one."""
FORMS = (JSON, *_METHODS, EXACT)


def as_json(value: Any) -> Response:
    """*value* as a JSON response."""
    choose((JSON,))
    return Response(json.dumps(value, ensure_ascii=False, default=str), mimetype=JSON)


def rendered(answer: Answer, title: str) -> Response:
    """An answer in the form that the request prefers.

    Args:
        answer: The answer.
        title: What its page is called.

    Raises:
        NotAcceptableError: It cannot be had in any form that is accepted.
    """
    forms = _forms(answer)
    media_type = choose((JSON, *forms, EXACT))
    if media_type == JSON:
        return as_json(answer.as_dict())
    if media_type == EXACT:
        return Response(dump(answer), mimetype=EXACT)
    body = forms[media_type]()
    return Response(page(title, body) if media_type == HTML else body, mimetype=media_type)


def _forms(answer: Answer) -> Mapping[str, Callable[[], str]]:
    said = {media_type: getattr(type(answer), method, None) for media_type, method in _METHODS.items()}
    return {media: _bound(answer, method) for media, method in said.items() if method and method is not object.__str__}


def _bound(answer: Answer, method: Callable[[Answer], str]) -> Callable[[], str]:
    return lambda: method(answer)
