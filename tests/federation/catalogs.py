"""One set of facts, told by catalogs of every kind in their own words, and told once more in ours as the oracle."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyoxigraph as ox
from werkzeug.serving import make_server

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.http import create_app
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.terms import Triple, literal
from tests.conftest import examples
from tests.federation.hosts import Host, Page, ckan, endpoint, host

RDF_TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
PREFIXES = {
    "lake": "https://w3id.org/lakegraph/ns#",
    "dct": "http://purl.org/dc/terms/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "prov": "http://www.w3.org/ns/prov#",
    "mls": "http://www.w3.org/ns/mls#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
KEYWORDS = ("health", "traffic", "soil", "water", "energy")
LICENCES = ("https://spdx.org/licenses/CC-BY-4.0", "https://spdx.org/licenses/CC0-1.0")


def term(name: str) -> str:
    """The token of ``prefix:name``."""
    prefix, _, local = name.partition(":")
    return f"<{PREFIXES[prefix]}{local}>"


@dataclass(frozen=True)
class Described:
    """A data set as some catalog describes it."""

    iri: str
    title: str
    keywords: tuple[str, ...]
    license: str
    publisher: str
    organization: str
    modified: str
    download: str
    file: str
    derived: tuple[str, ...] = ()

    def ours(self, *, nameless: bool = False) -> Iterator[Triple]:
        """What it says in our words; with blank nodes for what the catalog does not name."""
        me = f"<{self.iri}>"
        organization = f"_:o{abs(hash(self.iri))}" if nameless else f"<{self.organization}>"
        file = f"_:f{abs(hash(self.iri))}" if nameless else f"<{self.file}>"
        yield me, RDF_TYPE, term("lake:Dataset")
        yield me, term("dct:title"), literal(self.title)
        for keyword in self.keywords:
            yield me, term("dcat:keyword"), literal(keyword)
        yield me, term("dct:license"), f"<{self.license}>"
        yield me, term("dct:modified"), literal(self.modified, PREFIXES["xsd"] + "date")
        yield me, term("dct:publisher"), organization
        yield organization, term("foaf:name"), literal(self.publisher)
        yield me, term("dcat:distribution"), file
        yield file, RDF_TYPE, term("dcat:Distribution")
        yield file, term("dcat:downloadURL"), f"<{self.download}>"
        for source in self.derived:
            yield me, term("lake:derivedFrom"), f"<{source}>"


@dataclass(frozen=True)
class Trained:
    """A model as a hub describes it."""

    iri: str
    title: str
    data: tuple[str, ...]
    keywords: tuple[str, ...]

    def ours(self) -> Iterator[Triple]:
        """What it says in our words: a run, which no hub names, put it out and took the data."""
        me, run = f"<{self.iri}>", f"<urn:run:{abs(hash(self.iri))}>"
        yield me, RDF_TYPE, term("lake:Model")
        yield me, term("dct:title"), literal(self.title)
        for keyword in self.keywords:
            yield me, term("dcat:keyword"), literal(keyword)
        if self.data:
            yield run, RDF_TYPE, term("lake:Analysis")
            yield run, term("lake:hasOutputModel"), me
        for each in self.data:
            yield run, term("lake:trainingData"), f"<{each}>"


def described(place: str, number: int, base: str, derived: Iterable[str] = (), **said: str) -> Described:
    """Data set *number* of the catalog *place*; chosen by chance, and the same at every run."""
    chance = random.Random(f"{place} {number}")
    return Described(
        iri=said.get("iri") or f"{base}{number}",
        title=f"{place} {number}",
        keywords=tuple(sorted(chance.sample(KEYWORDS, 2))),
        license=chance.choice(LICENCES),
        publisher=f"Office {chance.randrange(3)} of {place}",
        organization=said.get("organization") or f"{base}organization/{chance.randrange(3)}/{number}",
        modified=f"2024-0{chance.randrange(1, 10)}-1{chance.randrange(10)}",
        download=f"https://files.example/{place}/{number}.csv",
        file=said.get("file") or f"{base}file/{number}",
        derived=tuple(derived),
    )


def turtle(sets: Iterable[Described], *, nameless: bool) -> str:
    """As DCAT and PROV, as a catalog writes it."""
    parts = ["".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())]
    for each in sets:
        keywords = ", ".join(f'"{k}"' for k in each.keywords)
        who = f'[ foaf:name "{each.publisher}" ]' if nameless else f"<{each.organization}>"
        what = f"[ a dcat:Distribution ; dcat:downloadURL <{each.download}> ]" if nameless else f"<{each.file}>"
        derived = "".join(f" ; prov:wasDerivedFrom <{source}>" for source in each.derived)
        parts.append(
            f'<{each.iri}> a dcat:Dataset ; dct:title "{each.title}" ; dcat:keyword {keywords} ; dct:license '
            f'<{each.license}> ; dct:modified "{each.modified}"^^xsd:date ; dct:publisher {who} ; dcat:distribution '
            f"{what}{derived} .\n"
        )
        if not nameless:
            parts.append(
                f'<{each.organization}> foaf:name "{each.publisher}" .\n'
                f"<{each.file}> a dcat:Distribution ; dcat:downloadURL <{each.download}> .\n"
            )
    return "".join(parts)


def package(each: Described, address: str) -> dict[str, Any]:
    """As CKAN's action API gives it."""
    return {
        "id": f"uuid-{each.title}",
        "name": each.iri.removeprefix(f"{address}/dataset/"),
        "title": each.title,
        "license_url": each.license,
        "organization": {"name": each.organization.removeprefix(f"{address}/organization/"), "title": each.publisher},
        "tags": [{"name": keyword} for keyword in each.keywords],
        "resources": [{"id": each.file.removeprefix(f"{address}/resource/"), "url": each.download}],
        "extras": [{"key": "x", "value": "y"}],
    }


def page(each: Described) -> str:
    """As a page with schema.org in it."""
    said = {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "@id": each.iri,
        "name": each.title,
        "keywords": list(each.keywords),
        "license": each.license,
        "dateModified": each.modified,
        "publisher": {"@type": "Organization", "@id": each.organization, "name": each.publisher},
        "distribution": {"@type": "DataDownload", "@id": each.file, "contentUrl": each.download},
        "isBasedOn": list(each.derived),
    }
    return f'<!doctype html><script type="application/ld+json">{json.dumps(said)}</script><h1>{each.title}</h1>'


def listed(each: Trained, address: str) -> dict[str, Any]:
    """As a hub of models lists it."""
    return {
        "id": each.iri.removeprefix(f"{address}/"),
        "modelId": each.title,
        "tags": list(each.keywords),
        "cardData": {"datasets": list(each.data)} if each.data else {},
    }


@dataclass
class World:
    """Catalogs that run, the lake that asks them, and the same facts in one store."""

    lake: LocalLake
    oracle: ox.Store
    hosts: dict[str, Host] = field(default_factory=dict)

    def expected(self, query: str) -> list[tuple[str, ...]]:
        """The rows of *query* over the one store."""
        found = self.oracle.query(HEAD + query, use_default_graph_as_union=True)
        assert isinstance(found, ox.QuerySolutions)
        names = [v.value for v in found.variables]
        return comparable({n: str(row[n]) for n in names if row[n] is not None} for row in found)


def comparable(rows: Iterable[Any]) -> list[tuple[str, ...]]:
    """Rows in any order, blank nodes without their names."""
    return sorted(
        tuple(f"{name}={'_:' if token.startswith('_:') else token}" for name, token in sorted(row.items()))
        for row in rows
    )


@contextmanager
def sparql_server(data: str) -> Iterator[str | None]:
    """``oxigraph serve`` with *data*; nothing where the program is not installed."""
    program = Path(sys.executable).with_name("oxigraph")
    if not program.exists():
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(program), "serve", "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _load(f"http://127.0.0.1:{port}/store?default", data)
            yield f"http://127.0.0.1:{port}/query"
        finally:
            process.kill()


def _load(url: str, data: str) -> None:
    request = urllib.request.Request(url, data.encode(), {"Content-Type": "text/turtle"}, method="POST")
    end = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


@contextmanager
def served(lake: LocalLake) -> Iterator[str]:
    """The address at which *lake* answers."""
    server = make_server("127.0.0.1", 0, create_app(lake), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


SOURCE = {
    "type": "DatasetSource", "owner": "clinic", "datasetType": "structured", "landingPage": "https://clinic.example/",
    "description": "Observations of the clinic, as it gives them away.", "license": LICENCES[0],
}  # fmt: skip


@contextmanager
def world(
    folder: Path, *, size: int = 12, real: bool = True, settings: dict[str, Any] | None = None
) -> Iterator[World]:
    """Six catalogs and a lake.

    Args:
        folder: An empty directory.
        size: How many data sets each catalog has.
        real: Whether real servers are used where they are installed.
        settings: Settings of federation.
    """
    facts: list[Triple] = []
    with ExitStack() as stack:
        enter = stack.enter_context
        site, fdp, hub, city = (enter(host()) for _ in range(4))
        sites = [described("Site", n, f"{site.url}/d/") for n in range(size)]
        cities = [
            described(
                "City", n, f"{city.url}/dataset/", iri=f"{city.url}/dataset/c{n}",
                organization=f"{city.url}/organization/o{n}", file=f"{city.url}/resource/r{n}",
            )
            for n in range(size)
        ]  # fmt: skip
        points = [described("Point", n, f"{fdp.url}/dataset/", [sites[n].iri]) for n in range(size)]
        ends = [
            described("Endpoint", n, "https://end.example/", [points[n].iri, cities[n].iri] if n % 2 else [])
            for n in range(size)
        ]
        models = [
            Trained(
                f"{hub.url}/org/m{n}",
                f"Model {n}",
                tuple(d.iri for d in (cities[n], ends[n])[: n % 3]),
                (KEYWORDS[n % 5],),
            )
            for n in range(size)
        ]
        for each in (*sites, *cities, *points):
            facts += each.ours()
        for each in ends:
            facts += each.ours(nameless=True)
        for model in models:
            facts += model.ours()
        # CKAN tells no day, so the oracle does not know it either.
        undated = {f"<{c.iri}>" for c in cities}
        facts = [t for t in facts if not (t[1] == term("dct:modified") and t[0] in undated)]
        _site(site, sites)
        city.pages["/api/3/action/package_search"] = ckan([package(each, city.url) for each in cities])
        _point(fdp, points)
        hub.pages["/api/models"] = Page(json.dumps([listed(each, hub.url) for each in models]), "application/json")
        data = turtle(ends, nameless=True)
        address = enter(sparql_server(data)) if real else None
        if address is None:
            store = ox.Store()
            store.load(data.encode(), ox.RdfFormat.TURTLE)
            ends_host = enter(host({"/query": endpoint(store)}))
            address = f"{ends_host.url}/query"
        lakegraph.init(folder / "second", base="https://second.example/").close()
        second = enter(lakegraph.open(folder / "second"))
        for n in range(3):
            second.record(SOURCE | {"title": f"Clinic {n}", "keyword": [KEYWORDS[n]]})
        second_url = enter(served(second))
        lakegraph.init(folder / "lake", base="https://lake.example.org/").close()
        chosen = {"local": ["127.0.0.0/8"], "fresh_seconds": 0, "seconds": 30} | (settings or {})
        lake = enter(lakegraph.open(folder / "lake", federation=chosen))
        for document in examples():
            lake.record(document)
        for title, url, kind in (
            ("Site", f"{site.url}/sitemap.xml", "jsonld"), ("City", city.url, "ckan"), ("Point", f"{fdp.url}/", "fdp"),
            ("Hub", hub.url, "models-json"), ("End", address, "sparql"), ("Second", second_url, "lakegraph"),
        ):  # fmt: skip
            lake.add_peer(title, url, kind=kind, license=LICENCES[1])
        oracle = ox.Store()
        for own in (lake, second):
            file = folder / "dump.nq"
            with file.open("wb") as out:
                own.dump(out)
            oracle.bulk_load(path=str(file), format=ox.RdfFormat.N_QUADS)
        said = [*dict.fromkeys(facts)]
        lines = "".join(f"{s} {p} {o} .\n" for s, p, o in (*said, *reasoner().infer(said)))
        oracle.load(lines.encode(), ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode("urn:facts"))
        yield World(lake, oracle, {"site": site, "city": city, "point": fdp, "hub": hub})


def _site(site: Host, sites: Iterable[Described]) -> None:
    locations = []
    for each in sites:
        site.pages[each.iri.removeprefix(site.url)] = Page(page(each), "text/html")
        locations.append(f"<url><loc>{each.iri}</loc></url>")
    site.pages["/sitemap.xml"] = Page(f"<urlset>{''.join(locations)}</urlset>", "application/xml")


def _point(fdp: Host, points: Iterable[Described]) -> None:
    contained = " , ".join(f"<{each.iri}>" for each in points)
    fdp.pages["/"] = Page(f"<> <https://w3id.org/fdp/fdp-o#metadataCatalog> <{fdp.url}/catalog> .")
    fdp.pages["/catalog"] = Page(f"<#members> <http://www.w3.org/ns/ldp#contains> {contained} .")
    for each in points:
        fdp.pages[each.iri.removeprefix(fdp.url)] = Page(turtle([each], nameless=False))
        fdp.pages[each.file.removeprefix(fdp.url)] = Page("")
