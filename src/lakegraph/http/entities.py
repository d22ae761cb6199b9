"""/id/…: a thing's IRI is its address; RDF by Accept or suffix, a plain page for people."""

from __future__ import annotations

from html import escape
from urllib.parse import quote

from flask import Blueprint, Response, request

from lakegraph.errors import NotFoundError
from lakegraph.exchange import RDF_TYPES, SUFFIXES
from lakegraph.http.describing import Operation, Parameter, describes, parameters
from lakegraph.http.links import add_alternates, add_provenance, add_signposts
from lakegraph.http.negotiation import HTML, choose
from lakegraph.http.rendering import as_rdf
from lakegraph.http.result_page import page
from lakegraph.http.state import lake
from lakegraph.rdf.terms import Triple, is_iri, value
from lakegraph.rdf.vocabulary import ontology

blueprint = Blueprint("entities", __name__)
FORMS = (*RDF_TYPES, HTML)
_SUFFIXES = {**SUFFIXES, "html": HTML}
# What may stand in an IRI as it is (RFC 3987); a server hands paths over decoded, so the rest is encoded again.
_IN_PATHS = "/:@!$&'()*+,;=~-._"
_PATH = Parameter("path", "What follows in the thing's IRI, with or without a suffix.", required=True, place="path")


@blueprint.get("/id/<path:path>")
@describes(Operation(parameters=(_PATH,), answers={200: FORMS}, refuses=(400, 404, 406)))
def thing(path: str) -> Response:
    """Everything that is said of a thing and of its parts."""
    parameters()
    return _below("id/", path)


@blueprint.get("/resource")
@describes(
    Operation(
        parameters=(Parameter("iri", "The thing's IRI.", required=True),),
        answers={200: FORMS},
        refuses=(400, 404, 406),
    )
)
def foreign() -> Response:
    """A thing whose IRI is not an address of this lake, or cannot stand in a path."""
    iri = parameters()["iri"]
    media_type = choose(FORMS)
    response = _written(iri, lake().describe(iri), media_type)
    add_provenance(response, iri, request.url, lake().base)
    return response


def _below(folder: str, path: str) -> Response:
    iri, suffix = _found(folder, path)
    media_type = _SUFFIXES[suffix] if suffix else choose(FORMS)
    triples = lake().describe(iri)
    response = _written(iri, triples, media_type)
    address = f"{request.script_root}/{folder}{quote(path.removesuffix('.' + suffix) if suffix else path, _IN_PATHS)}"
    response.headers["Content-Location"] = f"{address}.{_suffix(media_type)}"
    add_alternates(response, address)
    add_provenance(response, iri, iri, lake().base)
    add_signposts(response, iri, triples, lake().base)
    return response


def _found(folder: str, path: str) -> tuple[str, str]:
    """The thing's IRI, and the suffix that was asked for: it counts only where nothing has the whole path as its name.

    Raises:
        NotFoundError: The lake knows no such thing.
    """
    stem, dot, suffix = path.rpartition(".")
    tried = [(path, ""), (stem, suffix)] if dot and suffix in _SUFFIXES else [(path, "")]
    for name, end in tried:
        for spelt in spellings(name):
            iri = f"{lake().base}{folder}{spelt}"
            if lake().knows(iri):
                return iri, end
    raise NotFoundError(
        f"The lake knows nothing called {lake().base}{folder}{path}.", hint="GET /search?q=… finds what there is."
    )


def spellings(path: str) -> list[str]:
    """The IRIs whose decoded path is *path*: as people write it first, then with every byte beyond ASCII encoded."""
    encoded = quote(path, _IN_PATHS)
    readable = "".join(c if ord(c) > 159 and c.isprintable() else quote(c, _IN_PATHS) for c in path)
    return list(dict.fromkeys((readable, encoded)))


def _suffix(media_type: str) -> str:
    return RDF_TYPES[media_type].suffix if media_type in RDF_TYPES else "html"


def _written(iri: str, triples: list[Triple], media_type: str) -> Response:
    if media_type == HTML:
        return Response(_page(iri, triples), mimetype=HTML)
    return as_rdf(triples, media_type)


def _page(iri: str, triples: list[Triple]) -> str:
    """A table of what is said, each IRI of this lake a link."""
    known = ontology()
    rows = "".join(
        f"<tr><td>{_cell(s)}</td><td>{escape(known.labels.get(p, known.shorten(p)))}</td><td>{_cell(o)}</td></tr>"
        for s, p, o in triples
    )
    return page(iri, f"<table><tbody>{rows}</tbody></table>", linked_data=lake().schema_org(iri))


def _cell(token: str) -> str:
    """A term; a link only where it leads back into this lake, so that nothing which a record says can be followed."""
    text, own = value(token), f"{lake().base}id/"
    if not (is_iri(token) and text.startswith(own)):
        return escape(text)
    path = text.removeprefix(own)
    return f'<a href="{escape(quote(f"{request.script_root}/id/{path}", _IN_PATHS + "%"))}">{escape(path)}</a>'
