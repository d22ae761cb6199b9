"""The links that responses carry: where provenance is told, and how else a thing can be had (PROV-AQ, RFC 8288)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from flask import Response

from lakegraph.exchange import RDF_TYPES
from lakegraph.http.headers import uri
from lakegraph.rdf.namespaces import DCAT, DCT, LAKE
from lakegraph.rdf.terms import Triple, iri, value
from lakegraph.rdf.vocabulary import TYPE, ontology


def link(target: str, rel: str, **attributes: str) -> str:
    """The value of a ``Link`` header."""
    said = "".join(f'; {name}="{text}"' for name, text in attributes.items())
    return f'<{uri(target)}>; rel="{rel}"{said}'


def add_provenance(response: Response, thing: str, told_at: str, base: str) -> None:
    """Say where the provenance of *thing* is told, and where it can be asked for (PROV-AQ, sections 3.1 and 4.1).

    Args:
        response: Gets the headers.
        thing: An IRI.
        told_at: The IRI of what tells it.
        base: The base of the lake.
    """
    response.headers.add("Link", link(told_at, _relation("has_provenance"), anchor=uri(thing)))
    response.headers.add("Link", link(f"{base}sparql", _relation("has_query_service"), anchor=uri(thing)))


def add_alternates(response: Response, address: str) -> None:
    """Say under which addresses the forms of a page are had.

    Args:
        response: Gets the headers.
        address: The page's own address, without a suffix.
    """
    for media_type, media in RDF_TYPES.items():
        target = f"{address}.{media.suffix}"
        response.headers.add("Link", link(target, "alternate", type=media_type))
        response.headers.add("Link", link(target, "describedby", type=media_type))


def add_signposts(response: Response, thing: str, triples: Iterable[Triple], base: str) -> None:
    """Say in typed links what machines look for in a landing page (FAIR Signposting Profile, level 1).

    Args:
        response: Gets the headers.
        thing: The IRI under which the thing is cited.
        triples: What is said of it and of its parts.
        base: The base of the lake.
    """
    token = iri(thing)
    add = response.headers.add
    add("Link", link(thing, "cite-as"))
    add("Link", link(f"{base}catalog", "collection"))
    for s, p, o in triples:
        if s == token and o.startswith("<") and p in _signposts():
            add("Link", link(value(o), _signposts()[p]))
        elif p == DCAT.downloadURL and o.startswith("<"):
            add("Link", link(value(o), "item"))


@cache
def _signposts() -> dict[str, str]:
    return {DCT.license: "license", LAKE.administrator: "author", LAKE.owner: "author", TYPE: "type"}


def _relation(name: str) -> str:
    return f"{ontology().prefixes['prov']}{name}"
