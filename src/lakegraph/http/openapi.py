"""/openapi.json: made of the routes, of what is said of each, of the documents' JSON Schema and of the questions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, current_app
from pydantic import TypeAdapter
from werkzeug.routing import Rule

from lakegraph import __version__
from lakegraph.federation.mappings import REACHES
from lakegraph.http.describing import Operation, Parameter, describes, operation_of, parameters
from lakegraph.http.negotiation import JSON
from lakegraph.http.problems import MEDIA_TYPE as PROBLEM
from lakegraph.http.problems import TURTLE
from lakegraph.http.state import lake
from lakegraph.model import json_schema
from lakegraph.receipts import Receipt

blueprint = Blueprint("openapi", __name__)
OPENAPI = "application/vnd.oai.openapi+json"
_SCHEMAS = "#/components/schemas/"
_TEXT = {"type": "string"}
_CHANGED = {
    "type": "object",
    "required": ["seq", "change", "added", "removed", "created", "warnings"],
    "properties": {
        "seq": {"type": "integer"},
        "change": _TEXT,
        "added": {"type": "integer"},
        "removed": {"type": "integer"},
        "created": {"type": "boolean"},
        "warnings": {"type": "array", "items": {"type": "object"}},
    },
}
_TYPES = {"integer": "integer", "decimal": "number", "boolean": "boolean"}
_STATUSES = {
    200: "The answer.",
    201: "Done, and something new is there.",
    204: "Done; there is nothing to say.",
    400: "The request cannot be understood as it stands.",
    401: "This needs a token that counts.",
    403: "Understood, and refused.",
    404: "There is no such thing.",
    406: "It cannot be had in a form that is accepted.",
    409: "The lake holds something that contradicts this.",
    413: "The body is too large.",
    415: "The body is in a form that is not read here.",
    422: "The record breaks the shapes; every reason is in the report.",
    502: "A peer could not be asked, or a whole answer was asked for and one gave only a part.",
    429: "This caller has asked too much; see Retry-After.",
    503: "Busy; see Retry-After.",
    504: "The answer was not ready before its deadline.",
    507: "The disk refused; nothing was acknowledged.",
}


@blueprint.get("/openapi.json")
@describes(Operation(answers={200: (JSON,)}, refuses=(400,)))
def openapi() -> Response:
    """This description of the service (OpenAPI 3.1)."""
    parameters()
    said = description(current_app._get_current_object(), lake().questions())  # type: ignore[attr-defined]  # noqa: SLF001
    return Response(json.dumps(said, ensure_ascii=False), mimetype=JSON)


def description(app: Flask, questions: list[dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI document of *app*.

    Args:
        app: The application, all of whose routes are described.
        questions: The questions, each of which gets a path of its own.
    """
    paths: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            name = f"{rule.endpoint}_{method}".replace(".", "_").lower()
            said = _operation(name, view.__doc__ or "", operation_of(view))
            paths.setdefault(_path(rule), {})[method.lower()] = said
    general = operation_of(app.view_functions["asking.ask"])
    for question in questions:
        paths[f"/questions/{question['name']}"] = {"get": _question(question, general)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "lakegraph",
            "version": __version__,
            "description": "The knowledge graph of a model lake: records in, answers out.",
        },
        "paths": paths,
        "components": {"schemas": _schemas()},
    }


def _path(rule: Rule) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)


def _operation(name: str, says: str, said: Operation) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": name, "summary": says.splitlines()[0]}
    if said.parameters:
        operation["parameters"] = [_parameter(p) for p in said.parameters]
    if said.body:
        content = {media: {"schema": _schema(schema)} for media, schema in said.body.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation | {"responses": dict(_responses(said))}


def _responses(said: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, media_types in said.answers.items():
        content = {media: {"schema": _schema(said.schema if media == JSON else "")} for media in media_types}
        yield str(status), {"description": _STATUSES[status], "content": content}
    for status in said.refuses:
        content = {PROBLEM: {"schema": _schema("Problem")}}
        if status == 422:
            content[TURTLE] = {"schema": _TEXT}
        yield str(status), {"description": _STATUSES[status], "content": content}


def _parameter(said: Parameter) -> dict[str, Any]:
    return {
        "name": said.name,
        "in": said.place,
        "required": said.required,
        "description": said.says,
        "schema": {"type": "array", "items": {"type": said.kind}} if said.many else {"type": said.kind},
    }


def _question(question: Mapping[str, Any], general: Operation) -> dict[str, Any]:
    name = str(question["name"])
    said = _operation(
        f"question_{name}", str(question["summary"]), Operation(answers=general.answers, refuses=general.refuses)
    )
    taken = [
        {
            "name": parameter["name"],
            "in": "query",
            "required": bool(parameter["required"]),
            "schema": {"type": _TYPES.get(parameter["type"], "string")}
            | ({"default": parameter["default"]} if "default" in parameter else {}),
        }
        for parameter in question["parameters"]
    ]
    return said | {"parameters": taken}


def _schema(name: str) -> dict[str, Any]:
    if not name:
        return {}
    return {"$ref": _SCHEMAS + name}


def _schemas() -> dict[str, Any]:
    """The documents' schema and what goes with it, references turned to where they stand here."""
    record = json.loads(json.dumps(json_schema()).replace("#/$defs/", _SCHEMAS))
    record.pop("$schema", None)
    schemas: dict[str, Any] = record.pop("$defs", {})
    text = {"type": "string"}
    schemas["Record"] = record
    schemas["Receipt"] = TypeAdapter(Receipt).json_schema(ref_template=_SCHEMAS + "{model}")
    schemas["Changed"] = _CHANGED
    schemas["Withdrawing"] = {
        "type": "object",
        "required": ["record", "by", "why"],
        "additionalProperties": False,
        "properties": {"record": text, "by": text, "why": text},
    }
    number = {"type": "integer"}
    schemas["Bundling"] = {
        "type": "object",
        "required": ["things"],
        "additionalProperties": False,
        "properties": {
            "things": {"type": "array", "items": text, "minItems": 1},
            "redact": {"enum": ["persons", None]},
            "forms": {"type": "array", "items": text},
            "since": {"type": "array", "items": number},
        },
    }
    schemas["Registering"] = {
        "type": "object",
        "required": ["title", "address", "kind"],
        "additionalProperties": False,
        "properties": dict.fromkeys(("title", "address", "kind", "license", "description", "credential"), text)
        | {"seconds": {"type": "number"}, "size": {"type": "integer"}, "rows": {"type": "integer"}},
    }
    schemas["Federating"] = {
        "type": "object",
        "required": ["query"],
        "additionalProperties": False,
        "properties": {
            "query": text,
            "peers": {"type": "array", "items": text},
            "matches": {"enum": list(REACHES)},
            **{name: {"type": "boolean"} for name in ("strict", "record", "explain")},
            "by": text,
            "parameters": {"type": "object", "additionalProperties": text},
        },
    }
    schemas["Mapping"] = {
        "type": "object",
        "required": ["ours", "relation", "theirs", "by", "why"],
        "additionalProperties": False,
        "properties": {
            **dict.fromkeys(("ours", "relation", "theirs", "by", "why"), text),
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        },
    }
    schemas["Harvesting"] = {
        "type": "object",
        "required": ["peer"],
        "additionalProperties": False,
        "properties": {
            "peer": text,
            "changed": {"type": "boolean"},
            "matches": {"enum": list(REACHES)},
            "by": text,
        },
    }
    schemas["RemovingPeer"] = {
        "type": "object",
        "required": ["peer", "by", "why"],
        "additionalProperties": False,
        "properties": {"peer": text, "by": text, "why": text},
    }
    schemas["ProbingPeer"] = {
        "type": "object",
        "required": ["peer"],
        "additionalProperties": False,
        "properties": {"peer": text, "save": {"type": "boolean"}},
    }
    schemas["RollingBack"] = {
        "type": "object",
        "required": ["version", "by", "why"],
        "additionalProperties": False,
        "properties": {"version": text, "by": text, "why": text},
    }
    schemas["Problem"] = {
        "type": "object",
        "required": ["type", "status", "code", "title", "detail"],
        "properties": {
            "type": text,
            "status": {"type": "integer"},
            "code": text,
            "title": text,
            "detail": text,
            "where": text,
            "hint": text,
            "report": {"type": "object"},
        },
    }
    return schemas
