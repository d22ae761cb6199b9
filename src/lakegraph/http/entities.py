"""/id/…: a thing's IRI is its address; RDF by Accept or suffix, a plain page for people."""

from __future__ import annotations

from html import escape

from flask import Blueprint, Response, request

from lakegraph.errors import NotFoundError
from lakegraph.exchange import RDF_TYPES, SUFFIXES, serialize
from lakegraph.http.negotiation import HTML, choose
from lakegraph.http.state import lake
from lakegraph.rdf.terms import Triple, is_iri, value
from lakegraph.rdf.vocabulary import ontology

blueprint = Blueprint("entities", __name__)


@blueprint.get("/id/<path:path>")
def thing(path: str) -> Response:
    """Everything that is said of a thing and of its parts."""
    iri, media_type = _asked(path)
    triples = lake().describe(iri)
    if media_type == HTML:
        return _located(Response(_page(iri, triples), mimetype=HTML), iri, media_type)
    body = serialize(triples, media_type, ontology().prefixes)
    return _located(Response(body, mimetype=media_type), iri, media_type)


@blueprint.get("/resource")
def foreign() -> Response:
    """A thing whose IRI is not below this lake's base: ``/resource?iri=…``."""
    iri = request.args.get("iri", "")
    media_type = choose([*RDF_TYPES, HTML])
    triples = lake().describe(iri)
    if media_type == HTML:
        return Response(_page(iri, triples), mimetype=HTML)
    return Response(serialize(triples, media_type, ontology().prefixes), mimetype=media_type)


def _asked(path: str) -> tuple[str, str]:
    """The thing's IRI and the media type; a suffix counts only when no thing has the whole path as its name."""
    base = f"{lake().base}id/"
    stem, dot, suffix = path.rpartition(".")
    if dot and (suffix in SUFFIXES or suffix == "html") and not lake().knows(base + path):
        return base + stem, SUFFIXES.get(suffix, HTML)
    if not lake().knows(base + path):
        raise NotFoundError(f"The lake knows nothing called {base}{path}.", hint="lakegraph search, or GET /questions.")
    return base + path, choose([*RDF_TYPES, HTML])


def _located(response: Response, iri: str, media_type: str) -> Response:
    suffix = RDF_TYPES[media_type].suffix if media_type in RDF_TYPES else "html"
    response.headers["Content-Location"] = f"{request.path.removesuffix('.' + suffix)}.{suffix}"
    for name, media in RDF_TYPES.items():
        response.headers.add("Link", f'<{iri}.{media.suffix}>; rel="alternate"; type="{name}"')
    # PROV-AQ section 3.1: where this thing's provenance is told.
    response.headers.add("Link", f'<{iri}>; rel="http://www.w3.org/ns/prov#has_provenance"; anchor="{iri}"')
    response.headers.add("Link", f'<{lake().base}sparql>; rel="http://www.w3.org/ns/prov#has_query_service"')
    return response


def _page(iri: str, triples: list[Triple]) -> str:
    """A table of what is said, each IRI of this lake a link; nothing is loaded from elsewhere."""
    known = ontology()
    rows = "".join(
        f"<tr><td>{_cell(s)}</td><td>{escape(known.labels.get(p, known.shorten(p)))}</td><td>{_cell(o)}</td></tr>"
        for s, p, o in triples
    )
    title = escape(iri)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
        "<style>body{font:16px/1.5 system-ui;margin:2rem;color-scheme:light dark}td{padding:.2rem .8rem;vertical-align:top;"
        "overflow-wrap:anywhere}table{border-collapse:collapse}tr+tr td{border-top:1px solid #8884}</style>"
        f"<h1>{title}</h1><table><tbody>{rows}</tbody></table></html>"
    )


def _cell(token: str) -> str:
    text = escape(value(token))
    own = is_iri(token) and value(token).startswith(f"{lake().base}id/")
    path = "/id/" + value(token).removeprefix(f"{lake().base}id/")
    return f'<a href="{escape(path)}">{escape(path.removeprefix("/id/"))}</a>' if own else text
