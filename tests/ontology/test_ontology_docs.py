"""One term in the terminal, all of them on a page: complete, linked, and in need of nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from lakegraph.errors import NotFoundError
from lakegraph.rdf.ontology_docs import explain, render_html
from lakegraph.rdf.vocabulary import ontology

LAKE = "https://w3id.org/lakegraph/ns#"


class Page(HTMLParser):
    """The anchors, links and open tags of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag not in ("meta", "link", "br", "img"):
            self.open.append(tag)
        self.anchors += [said["id"] or ""] if "id" in said else []
        self.links += [said["href"] or ""] if "href" in said else []
        self.loaded += [said["src"] or ""] if "src" in said else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"


@pytest.fixture(scope="module")
def page() -> Page:
    """The page, parsed."""
    return Page(render_html())


def names(refs: tuple[object, ...]) -> list[str]:
    return [getattr(ref, "name") for ref in refs]  # noqa: B009 - any of the docs' references


@pytest.mark.parametrize("name", ["lake:Ingest", "Ingest", f"{LAKE}Ingest", f"<{LAKE}Ingest>"])
def test_a_class(name: str) -> None:
    """However it is written: what it is, what it excludes, its own properties before the inherited ones."""
    doc = explain(name)
    assert (doc.ref.name, doc.ref.label, doc.kind) == ("lake:Ingest", "ingest", "class")
    assert doc.definition.startswith("A run that brings data from an external source")
    assert doc.source == "Figure 2 (metadata model on data ingestion)"
    assert names(doc.above) == ["lake:Run"]
    assert "lake:Process" in names(doc.excludes)
    properties = names(doc.properties)
    assert properties.index("lake:ingestFrom") < properties.index("lake:executes")


def test_a_property() -> None:
    """Domain, range, what it implies, its inverse, and the chain it follows from."""
    doc = explain("lake:derivedFrom")
    assert doc.kind == "object property"
    assert names(doc.above) == ["prov:wasDerivedFrom", "lake:hasUpstream"]
    assert names(doc.follows_from) == ["lake:wasOutputOf", "lake:hasInputData"]
    assert (names(doc.domain), names(doc.range)) == (["prov:Entity"], ["prov:Entity"])
    assert names(explain("lake:hasOutput").same_as) == ["lake:wasOutputOf"]
    assert ("transitive", "yes") in explain("lake:hasUpstream").facts
    assert explain("lake:folds").kind == "data property"


def test_a_concept_and_its_scheme() -> None:
    """Notation, range, direction and matches; a scheme lists its concepts."""
    doc = explain("voc:measure/accuracy")
    assert (doc.kind, doc.notation) == ("concept", "accuracy")
    assert ("range", "0.0 to 1.0") in doc.facts
    assert ("better", "higher") in doc.facts
    assert [(m.predicate_name, m.object_name) for m in doc.mappings] == [("skos:exactMatch", "mlsoem:accuracy")]
    assert ("range", "0.0 to ∞") in explain("voc:measure/rmse").facts
    assert names(explain("voc:operation-type/join").above) == ["voc:operation-type/integration"]
    scheme = explain("voc:run-status")
    assert scheme.kind == "scheme"
    assert "voc:run-status/failed" in names(scheme.concepts)
    assert "voc:run-status/failed" in names(explain("lake:RunStatus").concepts)


def test_a_term_of_others() -> None:
    """What is ours below a term that others define."""
    doc = explain("prov:Activity")
    assert doc.definition == ""
    assert "lake:Run" in names(doc.below)


@pytest.mark.parametrize(("term", "near"), [("lake:Ingset", "lake:Ingest"), ("trainngData", "lake:trainingData")])
def test_a_misspelt_term(term: str, near: str) -> None:
    """The nearest names are suggested."""
    with pytest.raises(NotFoundError) as caught:
        explain(term)
    assert term in caught.value.message
    assert near in str(caught.value.hint)


def test_nothing_like_it() -> None:
    """Where nothing is near, the message says how to write a term."""
    with pytest.raises(NotFoundError, match=r"such as lake:Ingest"):
        explain("zzzzzzzz")


def test_the_page_has_every_term(page: Page) -> None:
    """One anchor for each class, property, scheme and concept, and no anchor twice."""
    known = ontology()
    ours = {t[1:-1] for t in known.declared if t.startswith((f"<{LAKE}", f"<{known.prefixes['voc']}"))}
    wanted = {i.removeprefix(LAKE).replace(known.prefixes["voc"], "voc/") for i in ours}
    assert len(wanted) >= 480
    assert wanted <= set(page.anchors), sorted(wanted - set(page.anchors))
    assert len(page.anchors) == len(set(page.anchors))


def test_the_page_is_well_formed_and_links_hold(page: Page) -> None:
    """Every tag is closed and every link leads to an anchor of the page itself."""
    assert page.open == []
    assert {link.removeprefix("#") for link in page.links} <= set(page.anchors)
    assert all(link.startswith("#") for link in page.links)


def test_the_page_loads_nothing(page: Page) -> None:
    """No picture, script, style sheet or font comes from elsewhere."""
    text = render_html()
    assert page.loaded == []
    assert not re.search(r"@import|url\(|<script|<link", text)


def test_the_page_explains(page: Page) -> None:
    """Definitions, sources and mappings are on it."""
    text = render_html()
    assert "A run that brings data from an external source into the lake" in text
    assert "Figure 3 (metadata model on data analysis)" in text
    assert "prov:wasDerivedFrom" in text
    assert "schema:isBasedOn" in text
