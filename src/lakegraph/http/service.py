"""What the service says of itself: its service description at /sparql, and VoID at /.well-known/void."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from flask import Blueprint, Response, current_app, request

from lakegraph.exchange import RDF_TYPES
from lakegraph.http.describing import Operation, Parameter, describes
from lakegraph.http.negotiation import HTML, JSON, choose
from lakegraph.http.rendering import as_rdf
from lakegraph.http.result_page import form_page
from lakegraph.http.sparql import OFFERED_RDF, OFFERED_RESULTS
from lakegraph.http.state import lake
from lakegraph.http.statistics import Counts, Statistics
from lakegraph.rdf.intake import parse
from lakegraph.rdf.namespaces import DCT, SD, VOID
from lakegraph.rdf.terms import XSD, Triple, iri, literal

blueprint = Blueprint("service", __name__)
_TURTLE = "text/turtle"
_QUERY = Parameter("query", "The query; without one, the answer is what the service is.")
_GRAPHS = (
    Parameter("default-graph-uri", "A graph of the default graph; may be repeated."),
    Parameter("named-graph-uri", "A named graph; may be repeated."),
    Parameter("Lake-Min-Seq", "The journal entry that the answer must take into account.", place="header"),
)
_REFUSES = (400, 401, 403, 406, 413, 415, 429, 503, 504)
_FORMS = tuple(dict.fromkeys((*OFFERED_RESULTS, *OFFERED_RDF)))


@blueprint.get("/sparql")
@describes(Operation(parameters=(_QUERY, *_GRAPHS), answers={200: _FORMS}, refuses=_REFUSES, free=True))
def description() -> Response:
    """Answer a query (SPARQL 1.1 Protocol); without one, describe the service (SPARQL 1.1 Service Description)."""
    media_type = choose((*RDF_TYPES, HTML, JSON))
    if media_type == HTML:
        return Response(form_page(f"{request.script_root}/sparql"), mimetype=HTML)
    here = (iri(f"{lake().base}sparql"), SD.endpoint, iri(request.base_url.rstrip("/")))
    return as_rdf([*_template("service.ttl"), here], media_type)


@blueprint.post("/sparql")
@describes(
    Operation(
        parameters=_GRAPHS,
        body={"application/sparql-query": "", "application/x-www-form-urlencoded": ""},
        answers={200: _FORMS},
        refuses=_REFUSES,
        free=True,
    )
)
def query() -> Response:
    """Answer a query, sent as it is or as the field ``query`` of a form."""
    # The gateway answers every POST before it comes here; the route stands for its description and for 405.
    raise NotImplementedError


@blueprint.get("/.well-known/void")
@describes(Operation(answers={200: tuple(RDF_TYPES)}, refuses=(406,), free=True))
def void() -> Response:
    """What the lake holds, counted by class and by property (VoID)."""
    media_type = choose((*RDF_TYPES, JSON))
    statistics: Statistics = current_app.config["STATISTICS"]
    counts = statistics.counts()
    return as_rdf([*_template("void.ttl"), *(_counted(counts) if counts else ())], media_type)


def _template(name: str) -> list[Triple]:
    return parse(files(__package__).joinpath(name).read_bytes(), _TURTLE, lake().base)


def _counted(counts: Counts) -> Iterator[Triple]:
    whole, space = f"<{lake().base}.well-known/void#lake>", f"{lake().base}id/"
    yield whole, VOID.uriSpace, literal(space)
    yield whole, DCT.modified, literal(counts.taken, XSD + "dateTime")
    yield whole, VOID.triples, _number(sum(count for _, count in counts.properties))
    yield whole, VOID.classes, _number(len(counts.classes))
    yield whole, VOID.properties, _number(len(counts.properties))
    for number, (name, count) in enumerate(counts.classes, 1):
        part = f"<{lake().base}.well-known/void#class-{number}>"
        yield whole, VOID.classPartition, part
        yield part, VOID["class"], iri(name)
        yield part, VOID.entities, _number(count)
    for number, (name, count) in enumerate(counts.properties, 1):
        part = f"<{lake().base}.well-known/void#property-{number}>"
        yield whole, VOID.propertyPartition, part
        yield part, VOID.property, iri(name)
        yield part, VOID.triples, _number(count)


def _number(count: int) -> str:
    return literal(str(count), XSD + "integer")
