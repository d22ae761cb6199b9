"""What other catalogs and search engines come for: the root, /catalog, profiles, sitemaps.

The root is a FAIR Data Point; see :mod:`lakegraph.exchange.catalog` for the sources.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from string import Template
from urllib.parse import urlencode
from xml.sax.saxutils import escape as escape_xml

from flask import Blueprint, Response, request

from lakegraph import resources
from lakegraph.errors import NotFoundError
from lakegraph.exchange import RDF_TYPES, profile
from lakegraph.http.describing import Operation, Parameter, describes, number, parameters
from lakegraph.http.links import link
from lakegraph.http.negotiation import HTML, choose
from lakegraph.http.rendering import as_rdf
from lakegraph.http.result_page import page
from lakegraph.http.state import lake
from lakegraph.moments import zoned
from lakegraph.rdf.namespaces import DCT
from lakegraph.rdf.terms import value

blueprint = Blueprint("publishing", __name__)
_FORMS = (*RDF_TYPES, HTML)
_XML = "application/xml"
_PAGE, _MOST, _STEP = 100, 1000, 5000
_LAST = 10**15
_PROFILES = {"fair-data-point": "The lake as a FAIR Data Point", "catalog": "The catalog of a lake"}
_NAME = Parameter("name", f"One of: {', '.join(_PROFILES)}.", required=True, place="path")
_SITES = (
    ("questions", "Questions", "What can be asked, with a form for each"),
    ("catalog", "Catalog", "Data sets and models, as DCAT-AP"),
    ("sparql", "SPARQL", "Anything else"),
    ("openapi.json", "Interface", "Every route of this service"),
)


@blueprint.get("/")
@describes(Operation(answers={200: _FORMS}, refuses=(400, 406)))
def root() -> Response:
    """What this lake is: a FAIR Data Point that leads to its catalog; for people, where to begin."""
    parameters()
    media_type = choose(_FORMS)
    if media_type == HTML:
        return Response(_welcome(), mimetype=HTML)
    response = as_rdf(lake().fair_data_point(), media_type)
    response.headers.add("Link", link(f"{lake().base}catalog", "item", type="text/turtle"))
    return response


@blueprint.get("/catalog")
@describes(
    Operation(
        parameters=(
            Parameter("after", "Where to go on; the page before says it.", kind="integer"),
            Parameter("limit", f"How many things a page lists; {_PAGE} when left out.", kind="integer"),
            Parameter("since", "Only what was said something of at this time or later, such as 2026-02-25T09:00:00Z."),
            Parameter("withdrawn", "Where to go on with what was withdrawn; the page before says it.", kind="integer"),
        ),
        answers={200: _FORMS},
        refuses=(400, 406),
    )
)
def catalog() -> Response:
    """The sources, data sets and models of this lake as a DCAT-AP catalog, in pages (Hydra)."""
    said = parameters()
    media_type = choose(_FORMS)
    after, limit = number(said, "after", 0, most=_LAST), max(1, number(said, "limit", _PAGE, most=_MOST))
    withdrawn = number(said, "withdrawn", 0, most=_LAST) if "withdrawn" in said else None
    kept = {name: text for name, text in said.items() if name not in ("after", "withdrawn")}
    address = f"{lake().base}catalog" + (f"?{urlencode(kept)}" if kept else "")
    since = zoned(said["since"], "since") if "since" in said else None
    found = lake().catalog(address, after=after, limit=limit, since=since, withdrawn=withdrawn)
    onward = f"{request.script_root}/{found.onward.removeprefix(lake().base)}" if found.onward else ""
    if media_type == HTML:
        titles = {s: value(o) for s, p, o in found.triples if p == DCT.title}
        rows = "".join(_row(iri, titles.get(f"<{iri}>", iri)) for iri in found.things)
        rows += "".join(f"<tr><td>withdrawn</td><td>{escape(iri)}</td></tr>" for iri in found.withdrawn)
        more = f'<p><a href="{escape(onward)}" rel="next">More</a></p>' if onward else ""
        response = Response(page("Catalog", f"<table><tbody>{rows}</tbody></table>{more}"), mimetype=HTML)
    else:
        response = as_rdf(found.triples, media_type)
    if onward:
        response.headers.add("Link", link(onward, "next"))
    return response


@blueprint.get("/profiles/<name>")
@describes(Operation(parameters=(_NAME,), answers={200: tuple(RDF_TYPES)}, refuses=(400, 404, 406)))
def described_profile(name: str) -> Response:
    """A profile that descriptions in this lake conform to, and where its shapes are."""
    parameters()
    media_type = choose(RDF_TYPES)
    return as_rdf(profile(lake().base, _known(name), _PROFILES[name]), media_type)


@blueprint.get("/profile-shapes/<name>")
@describes(Operation(parameters=(_NAME,), answers={200: ("text/turtle",)}, refuses=(400, 404, 406)))
def profile_shapes(name: str) -> Response:
    """The SHACL shapes of a profile."""
    parameters()
    choose(("text/turtle",))
    return Response(resources.text(f"shapes/profiles/{_known(name)}.ttl"), mimetype="text/turtle")


@blueprint.get("/sitemap.xml")
@describes(Operation(answers={200: (_XML,)}, refuses=(400, 406)))
def sitemaps() -> Response:
    """The index of the sitemaps (sitemaps.org)."""
    parameters()
    choose((_XML, "text/xml"))
    lines = (
        f"<sitemap><loc>{escape_xml(f'{lake().base}sitemap/{start}')}</loc></sitemap>" for start in lake().starts(_STEP)
    )
    return _sitemap("sitemapindex.xml", lines)


@blueprint.get("/sitemap/<int:after>")
@describes(
    Operation(
        parameters=(Parameter("after", "Where it begins.", required=True, kind="integer", place="path"),),
        answers={200: (_XML,)},
        refuses=(400, 406),
    )
)
def sitemap(after: int) -> Response:
    """The addresses of some of what the catalog lists, and when each changed."""
    parameters()
    choose((_XML, "text/xml"))
    found = lake().addresses(after=min(after, _LAST), limit=_STEP)
    return _sitemap(
        "sitemap.xml",
        (f"<url><loc>{escape_xml(a.iri)}</loc><lastmod>{escape_xml(a.changed)}</lastmod></url>" for a in found),
    )


@blueprint.get("/robots.txt")
@describes(Operation(answers={200: ("text/plain",)}, refuses=(400, 406)))
def robots() -> Response:
    """Where the sitemaps are, and what crawlers are asked to leave alone (RFC 9309)."""
    parameters()
    choose(("text/plain",))
    text = f"User-agent: *\nDisallow: /sparql\nDisallow: /questions/\nSitemap: {lake().base}sitemap.xml\n"
    return Response(text, mimetype="text/plain")


def _known(name: str) -> str:
    if name not in _PROFILES:
        raise NotFoundError(
            f"There is no profile {name[:100]!r}.", where="name", hint=f"One of: {', '.join(_PROFILES)}."
        )
    return name


def _sitemap(template: str, lines: Iterable[str]) -> Response:
    text = Template(files(__package__).joinpath(template).read_text(encoding="utf-8"))
    return Response(text.substitute(lines="".join(lines)), mimetype=_XML)


def _row(iri: str, title: str) -> str:
    path = iri.removeprefix(lake().base)
    address = escape(f"{request.script_root}/{path}")
    return f'<tr><td>{escape(title)}</td><td><a href="{address}">{escape(path)}</a></td></tr>'


def _welcome() -> str:
    """Where people begin: a search box, and what else there is."""
    things = lake().status()["things"]
    holds = ", ".join(f"{things[kind]:,} {word}" for kind, word in _HOLDS if things.get(kind))
    search = (
        f'<form action="{escape(request.script_root)}/search" method="get"><p>'
        '<input name="q" size="40" aria-label="Words to search for" autofocus> <button>Search</button></p></form>'
    )
    rows = "".join(
        f'<tr><td><a href="{escape(request.script_root)}/{path}">{name}</a></td><td>{says}</td></tr>'
        for path, name, says in _SITES
    )
    return page(
        "Model lake",
        f"<p>{escape(lake().base)}: {holds or 'nothing yet'}</p>{search}<table><tbody>{rows}</tbody></table>",
    )


_HOLDS = (("source", "sources"), ("dataset", "data sets"), ("model", "models"), ("deployment", "deployments"))
