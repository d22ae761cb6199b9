"""Judges: for each form of export, what the software or the shapes of those who defined it have against a document.

Each judge takes the bytes of an export and gives its complaints, none where the document is accepted. A test is skipped
where a judge is not installed or a profile is not at hand, and says which.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from importlib import resources as packages
from pathlib import Path
from typing import Any

import pytest
import rdflib
from rdflib.compare import to_isomorphic

from tests.suites import SUITES

SHARED = SUITES.parent
PROV = rdflib.Namespace("http://www.w3.org/ns/prov#")
Judge = Callable[[bytes], list[str]]


def installed(module: str) -> Any:
    """A judge's module. Where it is not installed the test is skipped, unless ``LAKEGRAPH_JUDGES`` is ``required``."""
    if os.environ.get("LAKEGRAPH_JUDGES") == "required":
        return import_module(module)
    return pytest.importorskip(module, reason="needs the extra [judges]")


def at_hand(path: str) -> Path:
    """A profile or ontology of somebody else; the test is skipped where it is not at hand."""
    file = SHARED / path
    if not file.is_file():
        pytest.skip(f"{path} is not here: set LAKEGRAPH_SUITES to the folder beside it")
    return file


@cache
def _shapes(profile: str) -> rdflib.Graph:
    return rdflib.Graph().parse(at_hand(f"profiles/{profile}"), format="turtle")


def by_shapes(profile: str) -> Judge:
    """What pySHACL says with the shapes of a profile."""

    def judge(data: bytes) -> list[str]:
        pyshacl = installed("pyshacl")
        graph = rdflib.Graph().parse(data=data, format="turtle")
        ok, _, text = pyshacl.validate(graph, shacl_graph=_shapes(profile), advanced=True)
        return [] if ok else [text]

    return judge


def by_ontology(file: str, syntax: str, namespace: str, parse_as: str) -> Judge:
    """The ontology itself, where a vocabulary has no validator: its terms exist, and stand where it lets them stand.

    A subject must be of one of a property's domains and an object of one of its ranges, where these are classes of the
    same namespace and the document types the node at all.
    """

    @cache
    def known() -> rdflib.Graph:
        return rdflib.Graph().parse(at_hand(file), format=syntax)

    def above(cls: rdflib.term.Node) -> set[rdflib.term.Node]:
        return set(known().transitive_objects(cls, rdflib.RDFS.subClassOf))

    def misplaced(graph: rdflib.Graph, node: rdflib.term.Node, term: rdflib.URIRef, says: list[rdflib.URIRef]) -> bool:
        allowed = {c for said in says for c in known().objects(term, said) if str(c).startswith(namespace)}
        types = {c for kind in graph.objects(node, rdflib.RDF.type) for c in above(kind)}
        return bool(allowed and types) and not allowed & types

    def judge(data: bytes) -> list[str]:
        graph = rdflib.Graph().parse(data=data, format=parse_as)
        used = {t for _, p, o in graph for t in (p, o) if str(t).startswith(namespace)}
        complaints = [f"{term} is not defined" for term in sorted(used) if not any(known().triples((term, None, None)))]
        for s, p, o in graph:
            if isinstance(p, rdflib.URIRef) and p in used:
                complaints += [f"{s} may not have {p}"] if misplaced(graph, s, p, _DOMAINS) else []
                complaints += [f"{o} may not be a {p}"] if misplaced(graph, o, p, _RANGES) else []
        return complaints + ([] if used else ["nothing is said"])

    return judge


_DOMAINS = [rdflib.RDFS.domain, rdflib.URIRef("http://schema.org/domainIncludes")]
_RANGES = [rdflib.RDFS.range, rdflib.URIRef("http://schema.org/rangeIncludes")]


def croissant(data: bytes) -> list[str]:
    """MLCommons' mlcroissant."""
    mlcroissant = installed("mlcroissant")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "croissant.json"
        file.write_bytes(data)
        return [str(error) for error in mlcroissant.Dataset(jsonld=str(file)).metadata.ctx.issues.errors]


@cache
def _crate_context() -> dict[str, Any]:
    """The context of RO-Crate 1.1, which ro-crate-py carries: the validator would fetch it otherwise."""
    installed("rocrate")
    found: dict[str, Any] = json.loads((packages.files("rocrate") / "data/ro-crate.jsonld").read_text(encoding="utf-8"))
    return found


class _Answer:
    """What the validator is given where it would ask the web."""

    status_code, text = 200, ""
    headers: Mapping[str, str] = {"Content-Type": "application/ld+json"}

    def json(self) -> dict[str, Any]:
        return _crate_context()


def crate(profile: str) -> Judge:
    """CRS4's roc-validator, at the level of what a profile requires."""

    def judge(data: bytes) -> list[str]:
        installed("rocrate_validator")
        from rocrate_validator import models, services
        from rocrate_validator.utils.http import HttpRequester

        settings = models.ValidationSettings(
            profile_identifier=profile,
            requirement_severity=models.Severity.REQUIRED,
            metadata_only=True,
            no_cache=True,
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HttpRequester, "get", lambda *_, **__: _Answer(), raising=False)
            patch.setattr(HttpRequester, "head", lambda *_, **__: _Answer(), raising=False)
            result = services.validate_metadata_as_dict(json.loads(data), settings)
        complaints = [f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()]
        return complaints or ([] if result.passed() else ["not passed"])

    return judge


def model_card(data: bytes) -> list[str]:
    """Hugging Face's ModelCard: the front matter is read whole, scores and all."""
    hub = installed("huggingface_hub")
    card = hub.ModelCard(data.decode(), ignore_metadata_errors=False)
    front = card.data.to_dict()
    complaints = [] if card.text.strip().startswith("# ") else ["no title"]
    if ("| Measure |" in card.text) != bool(card.data.eval_results):
        complaints.append("the scores of the text are not those of the front matter")
    if "license" in front and front["license"] == "other" and not front.get("license_name"):
        complaints.append("a licence without a name")
    return complaints


def cyclonedx(data: bytes) -> list[str]:
    """CycloneDX's own JSON schema, strictly, as cyclonedx-python-lib carries it."""
    installed("cyclonedx")
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    found = JsonStrictValidator(SchemaVersion.V1_6).validate_str(data.decode())
    bom = json.loads(data)
    refs = [c["bom-ref"] for c in (*bom["components"], bom["metadata"].get("component", {"bom-ref": None}))]
    loose = {d for each in bom["dependencies"] for d in each.get("dependsOn", ())} - set(refs)
    return ([str(found)] if found else []) + [f"{ref} is no component" for ref in sorted(loose)]


def spdx(data: bytes) -> list[str]:
    """SPDX's Python bindings, which are made of the SHACL model: types, patterns, cardinalities, references."""
    installed("spdx_python_model")
    from spdx_python_model import v3_0_1

    found = v3_0_1.SHACLObjectSet()
    try:
        v3_0_1.JSONLDDeserializer().read(io.BytesIO(data), found)
        v3_0_1.JSONLDSerializer().write(found, io.BytesIO())  # checks that what must be there is
    except (ValueError, TypeError, KeyError) as error:
        return [str(error)]
    return [f"{iri} is not in the document" for iri in sorted(found.missing_ids)] + _spdx_profiles(found)


# What the AI and Dataset profiles of SPDX 3.0.1 ask besides the classes ("external properties restrictions").
_ASKED = ("name", "software_downloadLocation", "software_primaryPurpose", "releaseTime")
_PROFILES = {
    "ai_AIPackage": (*_ASKED, "software_packageVersion", "suppliedBy"),
    "dataset_DatasetPackage": (*_ASKED, "builtTime", "originatedBy", "dataset_datasetType"),
}


def _spdx_profiles(found: Any) -> list[str]:
    return [
        f"{thing} has no {name}"
        for thing in found.foreach()
        for name in _PROFILES.get(thing.get_compact_type() or "", ())
        if not getattr(thing, name)
    ]


def prov(documents: Mapping[str, bytes]) -> list[str]:
    """The prov package reads PROV-JSON, PROV-N and PROV-O, and finds one document in all three."""
    model = installed("prov.model")
    read = {}
    for form, syntax in (("prov-json", "json"), ("prov-n", "provn")):
        read[form] = model.ProvDocument.deserialize(content=documents[form].decode(), format=syntax)
    complaints = [] if read["prov-json"] == read["prov-n"] else ["PROV-JSON and PROV-N are two documents"]
    ours, theirs = _statements(documents["prov"]), _statements(read["prov-json"].serialize(format="rdf").encode())
    complaints += [f"only in PROV-O: {s}" for s in sorted(ours - theirs)]
    return complaints + [f"only in PROV-JSON: {s}" for s in sorted(theirs - ours)]


# Revision is derivation with a type in PROV-JSON, and the package writes qualified forms; the plain ones are compared.
_COMPARED = (
    "used",
    "wasGeneratedBy",
    "wasAssociatedWith",
    "wasAttributedTo",
    "specializationOf",
    "startedAtTime",
    "endedAtTime",
)


def _statements(data: bytes) -> set[tuple[str, str, str]]:
    """The plain statements of a PROV-O document that both notations have, times as instants."""
    graph = rdflib.Dataset(default_union=True)
    graph.parse(data=data, format="trig")
    found = set()
    kinds = {PROV.Entity, PROV.Activity, PROV.Agent}
    for s, p, o in graph.triples((None, None, None)):
        name = str(p).removeprefix(str(PROV))
        if p == rdflib.RDF.type and o in kinds:
            found.add((str(s), "a", str(o)))
        elif name in _COMPARED:
            found.add((str(s), name, str(o.toPython()) if isinstance(o, rdflib.Literal) else str(o)))
    for association in graph.subjects(rdflib.RDF.type, PROV.Association):
        for activity in graph.subjects(PROV.qualifiedAssociation, association):
            found |= {(str(activity), "wasAssociatedWith", str(a)) for a in graph.objects(association, PROV.agent)}
    return found


def prov_constraints(data: bytes) -> list[str]:
    """The project's own queries for PROV-CONSTRAINTS; `test_prov_constraints` proves that they find what is wrong."""
    return [str(broken) for broken in json.loads(data)["broken"]]


def same_graph(documents: Mapping[str, bytes]) -> list[str]:
    """What rdflib reads in Turtle and in JSON-LD is one graph."""
    turtle = rdflib.Graph().parse(data=documents["prov"], format="turtle")
    linked = rdflib.Graph().parse(data=documents["prov-jsonld"], format="json-ld")
    return [] if to_isomorphic(turtle) == to_isomorphic(linked) else ["Turtle and JSON-LD are two graphs"]


def page(data: bytes) -> list[str]:
    """A parser of HTML: every element is closed, nothing runs, nothing is loaded."""
    parser = _Balance()
    parser.feed(data.decode())
    return [*parser.complaints, *(f"<{tag}> is not closed" for tag in parser.open)]


class _Balance(HTMLParser):
    """Counts elements; what may not be in a page is a complaint."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.complaints: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "link", "img"):
            self.complaints.append(f"<{tag}>")
        self.complaints += [f"{name} of <{tag}>" for name, _ in attrs if name.startswith("on") or name == "src"]
        links = [said or "" for name, said in attrs if name == "href"]
        self.complaints += [link for link in links if not link.startswith(("http://", "https://", "#"))]
        if tag not in ("meta", "br", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.complaints.append(f"</{tag}> closes nothing")


def markdown(data: bytes) -> list[str]:
    """A CommonMark parser: one title, headings below it, no raw HTML."""
    tokens = installed("markdown_it").MarkdownIt("commonmark").parse(data.decode())
    inner = [child for token in tokens for child in token.children or ()]
    complaints = [token.content for token in (*tokens, *inner) if token.type.startswith("html")]
    headings = [token.tag for token in tokens if token.type == "heading_open"]
    return complaints + ([] if headings[:1] == ["h1"] and headings.count("h1") == 1 else ["not one title"])


JUDGES: Mapping[str, Judge] = {
    "dcat-ap": by_shapes("dcat-ap-3.0.1/dcat-ap-SHACL.ttl"),
    "mldcat-ap": by_shapes("mldcat-ap-3.0.0/shacl/mldcat-ap-SHACL.ttl"),
    "dcat": by_ontology("ontologies/dcat3.ttl", "turtle", "http://www.w3.org/ns/dcat#", "turtle"),
    "fair4ml": by_ontology("ontologies/fair4ml-0.1.0.jsonld", "json-ld", "https://w3id.org/fair4ml#", "json-ld"),
    "croissant": croissant,
    "process-run-crate": crate("process-run-crate-0.5"),
    "provenance-run-crate": crate("provenance-run-crate-0.5"),
    "model-card": model_card,
    "model-card-html": page,
    "annex-iv": markdown,
    "annex-iv-html": page,
    "datasheet": markdown,
    "datasheet-html": page,
    "cyclonedx": cyclonedx,
    "spdx": spdx,
    "prov-constraints": prov_constraints,
}
"""Form to its judge."""
ABOUT: Mapping[str, str] = {
    "croissant": "dataset",
    "datasheet": "dataset",
    "datasheet-html": "dataset",
    **dict.fromkeys(("annex-iv", "annex-iv-html", "mldcat-ap", "fair4ml", "model-card", "model-card-html"), "model"),
}
"""What a form is about, where not every story has it."""
