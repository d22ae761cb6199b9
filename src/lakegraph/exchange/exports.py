"""Exports: a thing's story, or the whole lake, in the forms that others read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import pyoxigraph as ox

from lakegraph.errors import NotFoundError, UsageError
from lakegraph.exchange.closure import Story, story_of
from lakegraph.exchange.coverage import coverage, framework_of
from lakegraph.exchange.croissant import croissant
from lakegraph.exchange.cyclonedx import cyclonedx
from lakegraph.exchange.documents import Document, to_html, to_markdown
from lakegraph.exchange.drafts import draft
from lakegraph.exchange.facts import Facts, the_one
from lakegraph.exchange.linked_documents import linked_document
from lakegraph.exchange.media import serialize
from lakegraph.exchange.model_card import model_card
from lakegraph.exchange.parts import LakeParts
from lakegraph.exchange.prov_constraints import broken_constraints, report
from lakegraph.exchange.prov_documents import ProvDocument
from lakegraph.exchange.views import StoryStore
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import Triple, iri, to_ox
from lakegraph.rdf.vocabulary import TYPE, ontology

Make = Callable[[LakeParts, Story], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Form:
    """A form that can be exported.

    Attributes:
        name: What people type.
        media_type: Its media type.
        suffix: The suffix of its files.
        summary: What it is for.
        make: Writes it.
    """

    name: str
    media_type: str
    suffix: str
    summary: str
    make: Make


def export(lake: LakeParts, things: str | Iterable[str] | None, form: str) -> Iterator[bytes]:
    """Write the story of *things* as *form*; nothing is checked or made before the first chunk is asked for.

    Args:
        lake: The lake.
        things: IRIs or names; None for the whole lake, which is streamed and only to be had as ``nquads``.
        form: One of :data:`FORMS`.

    Raises:
        UsageError: There is no such form, or it is not one for a whole lake.
        NotFoundError: The lake tells nothing of a thing, or has nothing of the kind that the form is about.
    """
    chosen = form_of(form)
    if things is None:
        if chosen.name != "nquads":
            raise UsageError(
                f"A whole lake is exported as nquads, not as {form}.", where="form", hint="Name a thing or a study."
            )
        return _raw(lake, range(1, lake.journal.last_seq + 1))
    return chosen.make(lake, story_of(lake, [things] if isinstance(things, str) else things))


def form_of(name: str) -> Form:
    """The form called *name*.

    Raises:
        UsageError: There is none.
    """
    found = FORMS.get(name)
    if found is None:
        raise UsageError(f"There is no export called {name!r}.", where="form", hint=f"One of {', '.join(FORMS)}.")
    return found


def _raw(lake: LakeParts, seqs: Iterable[int]) -> Iterator[bytes]:
    """What the journal holds of the records in force, one at a time."""
    for seq in seqs:
        entry = lake.journal.read(seq)
        now = lake.journal.current(entry.graph) if entry.added else None
        if now is not None and now.seq == seq:
            yield entry.added


def _view(name: str, media_type: str) -> Make:
    """A CONSTRUCT view in one syntax of RDF."""

    def make(lake: LakeParts, story: Story) -> Iterator[bytes]:
        yield serialize(StoryStore(lake, story).construct(name), media_type, ontology().prefixes)

    return make


def _linked(kind: str, said: str, template: str, *views: str) -> Make:
    """Views in the JSON-LD of a template; they need something of a *kind* to be about."""

    def make(lake: LakeParts, story: Story) -> Iterator[bytes]:
        _needs(lake, story, kind, said)
        store = StoryStore(lake, story)
        yield linked_document((t for view in views for t in store.construct(view)), template)

    return make


def _needs(lake: LakeParts, story: Story, kind: str, said: str) -> None:
    if not any(LAKE[kind] in lake.graph.objects(node, TYPE) for node in story.nodes):
        raise NotFoundError(f"There is no {said} in this story.", where=", ".join(story.things))


def _catalog(view: str, kind: str, said: str) -> Make:
    """A view that needs something of a *kind* to be about."""

    def make(lake: LakeParts, story: Story) -> Iterator[bytes]:
        _needs(lake, story, kind, said)
        yield serialize(StoryStore(lake, story).construct(view), "text/turtle", ontology().prefixes)

    return make


def _prov_trig(lake: LakeParts, story: Story) -> Iterator[bytes]:
    """PROV-O with each record's statements in the bundle that asserted them."""
    homes: dict[str, str] = {}
    for seq in story.entries:
        entry = lake.journal.read(seq)
        for s, _, _ in lake.graph.match(graph=entry.graph):
            homes.setdefault(s, f"<{entry.graph}>")
    quads = [_quad(t, homes.get(t[0])) for t in StoryStore(lake, story).construct("prov")]
    yield ox.serialize(quads, format=ox.RdfFormat.TRIG, prefixes=dict(ontology().prefixes)) or b""


def _quad(triple: Triple, graph: str | None) -> ox.Quad:
    s, p, o = (to_ox(token) for token in triple)
    return ox.Quad(s, p, o, to_ox(graph) if graph else ox.DefaultGraph())  # type: ignore[arg-type]


def _document(lake: LakeParts, story: Story) -> ProvDocument:
    return ProvDocument.of(lake.base, StoryStore(lake, story).construct("prov"))


def _prov_json(lake: LakeParts, story: Story) -> Iterator[bytes]:
    yield _document(lake, story).to_json()


def _prov_n(lake: LakeParts, story: Story) -> Iterator[bytes]:
    yield _document(lake, story).to_provn().encode()


def _prov_constraints(lake: LakeParts, story: Story) -> Iterator[bytes]:
    yield report(broken_constraints(StoryStore(lake, story).construct("prov")))


def _nquads(lake: LakeParts, story: Story) -> Iterator[bytes]:
    return _raw(lake, story.entries)


def _model_card(lake: LakeParts, story: Story) -> Iterator[bytes]:
    yield to_markdown(model_card(StoryStore(lake, story).rows("model-card"), story.things)).encode()


def _model_card_page(lake: LakeParts, story: Story) -> Iterator[bytes]:
    yield to_html(model_card(StoryStore(lake, story).rows("model-card"), story.things)).encode()


def _draft(framework: str, kind: str, write: Callable[[Document], str]) -> Make:
    """What a framework asks for, of the thing that was asked for or of the only one in the story.

    A framework that is about data is asked of those that a model learnt from.
    """

    def make(lake: LakeParts, story: Story) -> Iterator[bytes]:
        about = framework_of(framework).about
        there: dict[str, Facts] = {
            node[1:-1]: {} for node in sorted(story.nodes) if about in lake.graph.objects(node, TYPE)
        }
        learnt = about == LAKE.Dataset and LAKE.Model in lake.graph.objects(iri(story.things[0]), TYPE)
        thing = story.things[0] if learnt else the_one(there, story.things, kind)
        yield write(draft(coverage(lake, thing, framework))).encode()

    return make


def _cyclonedx(lake: LakeParts, story: Story) -> Iterator[bytes]:
    _needs(lake, story, "Asset", "asset")
    yield cyclonedx(StoryStore(lake, story).rows("cyclonedx"), story.things)


def _croissant(lake: LakeParts, story: Story) -> Iterator[bytes]:
    yield croissant(StoryStore(lake, story).rows("croissant"), story.things)


_DATASHEET = partial(_draft, "datasheet", "data set")
_ANNEX = partial(_draft, "eu-ai-act-annex-iv", "model")
_TURTLE, _JSONLD, _MARKDOWN, _HTML = "text/turtle", "application/ld+json", "text/markdown", "text/html"
FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("prov", _TURTLE, "prov.ttl", "PROV-O in Turtle", _view("prov", _TURTLE)),
        Form("prov-trig", "application/trig", "prov.trig", "PROV-O, each record in its bundle", _prov_trig),
        Form("prov-jsonld", _JSONLD, "prov.jsonld", "PROV-O in JSON-LD", _view("prov", _JSONLD)),
        Form("prov-json", "application/json", "prov.json", "PROV-JSON", _prov_json),
        Form("prov-n", "text/provenance-notation", "provn", "PROV-N", _prov_n),
        Form(
            "prov-constraints",
            "application/json",
            "prov-constraints.json",
            "What PROV-CONSTRAINTS finds in the story",
            _prov_constraints,
        ),
        Form("dcat-ap", _TURTLE, "dcat.ttl", "DCAT-AP 3.0.1 catalog", _catalog("dcat-ap", "Dataset", "data set")),
        Form("mldcat-ap", _TURTLE, "mldcat.ttl", "MLDCAT-AP 3.0.0", _catalog("mldcat-ap", "Model", "model")),
        Form(
            "dcat",
            _TURTLE,
            "dcat3.ttl",
            "DCAT 3 catalog of data sets, models and services",
            _catalog("dcat", "Asset", "asset"),
        ),
        Form("fair4ml", _JSONLD, "fair4ml.jsonld", "FAIR4ML 0.1.0", _linked("Model", "model", "fair4ml", "fair4ml")),
        Form(
            "process-run-crate",
            _JSONLD,
            "process-run-crate.json",
            "Process Run Crate 0.5, the metadata of an RO-Crate 1.1",
            _linked("Program", "run of a program", "process-run-crate", "process-run-crate"),
        ),
        Form(
            "provenance-run-crate",
            _JSONLD,
            "provenance-run-crate.json",
            "Provenance Run Crate 0.5",
            _linked("Program", "run of a program", "provenance-run-crate", "process-run-crate", "provenance-run-crate"),
        ),
        Form(
            "spdx",
            _JSONLD,
            "spdx.json",
            "SPDX 3.0.1, AI and Dataset profiles",
            _linked("Asset", "asset", "spdx", "spdx"),
        ),
        Form("nquads", "application/n-quads", "nq", "The records in force as they are", _nquads),
        Form("croissant", _JSONLD, "croissant.json", "Croissant 1.1 description of a data set", _croissant),
        Form("model-card", "text/markdown", "md", "Model card with Hugging Face front matter", _model_card),
        Form("model-card-html", "text/html", "html", "Model card as a page", _model_card_page),
        Form("datasheet", _MARKDOWN, "datasheet.md", "Datasheet of a data set, gaps marked", _DATASHEET(to_markdown)),
        Form("datasheet-html", _HTML, "datasheet.html", "Datasheet as a page", _DATASHEET(to_html)),
        Form(
            "annex-iv", _MARKDOWN, "annex-iv.md", "Annex IV technical documentation, gaps marked", _ANNEX(to_markdown)
        ),
        Form("annex-iv-html", _HTML, "annex-iv.html", "Annex IV technical documentation as a page", _ANNEX(to_html)),
        Form(
            "cyclonedx",
            "application/vnd.cyclonedx+json",
            "cdx.json",
            "CycloneDX 1.6 machine learning bill of materials",
            _cyclonedx,
        ),
    )
}
"""The forms by name."""
