"""/graph: the SPARQL 1.1 Graph Store HTTP Protocol; graphs named in the query, or by their own address."""

from __future__ import annotations

import io
from collections.abc import Iterator

from flask import Blueprint, Response, request
from werkzeug.formparser import parse_form_data

from lakegraph.errors import UsageError
from lakegraph.exchange import RDF_TYPES
from lakegraph.http.describing import Operation, Parameter, describes
from lakegraph.http.entities import spellings
from lakegraph.http.headers import uri
from lakegraph.http.links import add_provenance
from lakegraph.http.negotiation import HTML, JSON, choose
from lakegraph.http.protocol import read_body
from lakegraph.http.refusals import MediaTypeError
from lakegraph.http.rendering import as_rdf
from lakegraph.http.result_page import text_page
from lakegraph.http.state import actor, lake
from lakegraph.http.update import DIRECT, REFUSES, changed

blueprint = Blueprint("graph_store", __name__)
MULTIPART = "multipart/form-data"
READ_TYPES = ("text/turtle", "application/n-triples", "application/ld+json", "application/rdf+xml")
FORMS = (*(name for name in RDF_TYPES if name not in ("application/n-quads", "application/trig")), HTML)
_MOST_PARTS = 100
_PLACE = (
    Parameter("graph", "The graph's IRI."),
    Parameter("default", "In place of graph: the default graph, which is base + graph/default."),
)
_PATH = (Parameter("path", "What follows in the graph's IRI.", required=True, place="path"),)
_BODY = dict.fromkeys(READ_TYPES, "")
_READING = Operation(parameters=_PLACE, answers={200: FORMS}, refuses=(400, 401, 403, 404, 406))
_WRITING = Operation(
    parameters=_PLACE, body=_BODY, answers={200: (JSON,), 201: (JSON,)}, schema="Changed", refuses=REFUSES
)


def _below(operation: Operation) -> Operation:
    """The same operation on a graph that the path names."""
    return Operation(
        parameters=_PATH,
        answers=operation.answers,
        schema=operation.schema,
        body=operation.body,
        refuses=operation.refuses,
    )


_POSTING = Operation(
    parameters=_PLACE, body={**_BODY, MULTIPART: ""}, answers=_WRITING.answers, schema="Changed", refuses=REFUSES
)
_DELETING = Operation(parameters=_PLACE, answers={200: (JSON,)}, schema="Changed", refuses=REFUSES)
_PATCHING = Operation(parameters=_PLACE, body={DIRECT: ""}, answers={200: (JSON,)}, schema="Changed", refuses=REFUSES)


@blueprint.get("/graph")
@describes(_READING)
def read() -> Response:
    """What a graph says."""
    return _read(_named())


@blueprint.put("/graph")
@describes(_WRITING)
def replace() -> Response:
    """Replace what a graph says."""
    return _write(_named(), merge=False)


@blueprint.post("/graph")
@describes(_POSTING)
def merge() -> Response:
    """Add to a graph; where none is named, make one."""
    if not request.args:
        made = lake().new_graph()
        response = _write(made, merge=True)
        response.status_code = 201
        response.headers["Location"] = uri(made)
        return response
    return _write(_named(), merge=True)


@blueprint.delete("/graph")
@describes(_DELETING)
def remove() -> Response:
    """Remove a graph."""
    return changed(lake().delete_graph(_named(), actor=actor()))


@blueprint.patch("/graph")
@describes(_PATCHING)
def patch() -> Response:
    """Change a graph by a SPARQL Update that sees it alone."""
    return _patch(_named())


@blueprint.get("/graph/<path:path>")
@describes(_below(_READING))
def read_direct(path: str) -> Response:
    """What the graph says that has this address for its name."""
    return _read(_addressed(path))


@blueprint.put("/graph/<path:path>")
@describes(_below(_WRITING))
def replace_direct(path: str) -> Response:
    """Replace what the graph says that has this address for its name."""
    return _write(_addressed(path), merge=False)


@blueprint.post("/graph/<path:path>")
@describes(_below(_POSTING))
def merge_direct(path: str) -> Response:
    """Add to the graph that has this address for its name."""
    return _write(_addressed(path), merge=True)


@blueprint.delete("/graph/<path:path>")
@describes(_below(_DELETING))
def remove_direct(path: str) -> Response:
    """Remove the graph that has this address for its name."""
    return changed(lake().delete_graph(_addressed(path), actor=actor()))


@blueprint.patch("/graph/<path:path>")
@describes(_below(_PATCHING))
def patch_direct(path: str) -> Response:
    """Change the graph that has this address for its name by a SPARQL Update that sees it alone."""
    return _patch(_addressed(path))


def _named() -> str | None:
    """The graph that the query names; ``None`` for the default graph."""
    names, wants_default = request.args.getlist("graph"), "default" in request.args
    for name in request.args:
        if name not in ("graph", "default"):
            raise UsageError(
                f"There is no parameter {name!r} here.", where=name[:100], hint="It takes graph or default."
            )
    if len(names) + wants_default != 1:
        raise UsageError("One graph is named: by graph=IRI, or by default.", where="graph", hint="/graph?graph=…")
    return None if wants_default else names[0]


def _addressed(path: str) -> str:
    """The graph whose name is the address of the request."""
    if request.args:
        raise UsageError(
            "The path names the graph; the query has nothing to add.", where=next(iter(request.args))[:100]
        )
    names = [f"{lake().base}graph/{spelt}" for spelt in spellings(path)]
    return next((name for name in names if lake().graph_exists(name)), names[0])


def _read(graph: str | None) -> Response:
    media_type = choose(FORMS)
    triples = lake().read_graph(graph)
    name = graph or lake().default_graph
    if media_type == HTML:
        response = Response(text_page(as_rdf(triples, READ_TYPES[0]).get_data(), whole=True), mimetype=HTML)
    else:
        response = as_rdf(triples, media_type)
    add_provenance(response, name, name, lake().base)
    return response


def _write(graph: str | None, *, merge: bool) -> Response:
    done = lake().put_graph(graph, list(_documents(multipart=merge)), merge=merge, actor=actor())
    response = changed(done, created=done.created)
    if done.created:
        response.headers["Location"] = uri(graph or lake().default_graph)
    return response


def _patch(graph: str | None) -> Response:
    if request.mimetype != DIRECT:
        raise _unread(DIRECT)
    body = read_body(request.environ, lake().settings.limits.update_bytes)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError("The update is not UTF-8.", where=f"byte {error.start + 1}") from error
    return changed(lake().update_graph(graph, text, actor=actor()))


def _documents(*, multipart: bool) -> Iterator[tuple[bytes, str]]:
    """The RDF documents in the body, each with its media type."""
    media_type, limit = request.mimetype, lake().settings.limits.body_bytes
    if media_type == MULTIPART and multipart:
        body = read_body(request.environ, limit)
        again = {**request.environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        _, fields, files = parse_form_data(again, max_form_parts=_MOST_PARTS)
        if fields:
            raise UsageError("Every part of the body is a file.", where=next(iter(fields))[:100])
        for part in files.values():
            if part.mimetype not in READ_TYPES:
                raise _unread(*READ_TYPES)
            yield part.read(), part.mimetype
        return
    if media_type not in READ_TYPES:
        raise _unread(*READ_TYPES)
    yield read_body(request.environ, limit), media_type


def _unread(*read: str) -> MediaTypeError:
    return MediaTypeError(
        f"{request.mimetype or 'A body without Content-Type'} is not read here.",
        where="Content-Type",
        hint=f"Send one of {', '.join(read)}.",
    )
