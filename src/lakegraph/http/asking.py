"""/questions, /lineage, /why, /search, /log and /status: what the lake is asked in its own words."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request

from lakegraph.errors import UsageError
from lakegraph.http.negotiation import HTML, JSON, choose
from lakegraph.http.state import lake

blueprint = Blueprint("asking", __name__)
_PLAIN, _MARKDOWN, _TURTLE, _CSV = "text/plain", "text/markdown", "text/turtle", "text/csv"


@blueprint.get("/questions")
def questions() -> Response:
    """Every question, with its parameters."""
    return _json(lake().questions())


@blueprint.get("/questions/<name>")
def ask(name: str) -> Response:
    """The answer to one question: a 5W1H card, or a table."""
    answer = lake().ask(name, **_parameters())
    return _rendered(answer, answer.renderings())


@blueprint.get("/lineage")
def lineage() -> Response:
    """What a thing came from and what came of it: ``?of=…&up=all&down=1``."""
    said = _parameters()
    found = lake().lineage(_needed(said, "of"), up=_steps(said.get("up", "all")), down=_steps(said.get("down", "0")))
    return _rendered(found, found.renderings())


@blueprint.get("/why")
def why() -> Response:
    """The paths between two things, each as a sentence: ``?from=…&to=…``."""
    said = _parameters()
    found = lake().why(_needed(said, "from"), _needed(said, "to"))
    return _rendered(found, found.renderings())


@blueprint.get("/impact")
def impact() -> Response:
    """What rests on a thing, down to deployments: ``?of=…``."""
    found = lake().impact(_needed(_parameters(), "of"))
    return _rendered(found, found.renderings())


@blueprint.get("/search")
def search() -> Response:
    """Things by words and facets: ``?q=…&kind=model``."""
    said = _parameters()
    return _json(lake().search(said.pop("q", ""), **said))


@blueprint.get("/log")
def log() -> Response:
    """Journal entries, newest first: ``?of=…&limit=20``."""
    said = _parameters()
    limit = said.get("limit", "20")
    if not limit.isdigit():
        raise UsageError(f"{limit!r} is not a number.", where="limit")
    return _json(lake().log(said.get("of"), limit=int(limit)))


@blueprint.get("/status")
def status() -> Response:
    """What the lake holds."""
    return _json(lake().status())


@blueprint.get("/resolve")
def resolve() -> Response:
    """The IRI that a name means: ``?name=…``."""
    said = _parameters()
    return _json({"iri": lake().resolve(_needed(said, "name"))})


def _parameters() -> dict[str, str]:
    said: dict[str, str] = {}
    for name, values in request.args.lists():
        if len(values) > 1:
            raise UsageError(f"The parameter {name} is given {len(values)} times.", where=name)
        said[name] = values[0]
    return said


def _needed(said: dict[str, str], name: str) -> str:
    if not said.get(name):
        raise UsageError(f"The parameter {name} is missing.", where=name)
    return said[name]


def _steps(text: str) -> int | str:
    if text == "all":
        return "all"
    if not text.isdigit():
        raise UsageError(f"{text!r} is not a number of steps.", where="up, down", hint="A number, or all.")
    return int(text)


def _json(value: Any) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), mimetype=JSON)


def _rendered(answer: Any, renderings: dict[str, Any]) -> Response:
    media_type = choose([JSON, *renderings])
    if media_type == JSON:
        return _json(answer.as_dict())
    return Response(renderings[media_type](), mimetype=media_type)
