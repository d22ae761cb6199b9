"""Exports: a thing's story, or the whole lake, in the forms that others read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from lakegraph.errors import NotFoundError, UsageError
from lakegraph.exchange.closure import Story, story_of
from lakegraph.exchange.croissant import croissant
from lakegraph.exchange.media import serialize
from lakegraph.exchange.model_card import model_card
from lakegraph.exchange.parts import LakeParts
from lakegraph.exchange.prov_documents import ProvDocument
from lakegraph.exchange.views import StoryStore
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import Triple, to_ox
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


def _catalog(view: str, kind: str, said: str) -> Make:
    """A view that needs something of a *kind* to be about."""

    def make(lake: LakeParts, story: Story) -> Iterator[bytes]:
        if not any(LAKE[kind] in lake.graph.objects(node, TYPE) for node in story.nodes):
            raise NotFoundError(f"There is no {said} in this story.", where=", ".join(story.things))
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


def _nquads(lake: LakeParts, story: Story) -> Iterator[bytes]:
    return _raw(lake, story.entries)


def _model_card(lake: LakeParts, story: Story) -> Iterator[bytes]:
    yield model_card(StoryStore(lake, story).rows("model-card"), story.things).encode()


def _croissant(lake: LakeParts, story: Story) -> Iterator[bytes]:
    yield croissant(StoryStore(lake, story).rows("croissant"), story.things)


_TURTLE, _JSONLD = "text/turtle", "application/ld+json"
FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("prov", _TURTLE, "prov.ttl", "PROV-O in Turtle", _view("prov", _TURTLE)),
        Form("prov-trig", "application/trig", "prov.trig", "PROV-O, each record in its bundle", _prov_trig),
        Form("prov-jsonld", _JSONLD, "prov.jsonld", "PROV-O in JSON-LD", _view("prov", _JSONLD)),
        Form("prov-json", "application/json", "prov.json", "PROV-JSON", _prov_json),
        Form("prov-n", "text/provenance-notation", "provn", "PROV-N", _prov_n),
        Form("dcat-ap", _TURTLE, "dcat.ttl", "DCAT-AP 3.0.1 catalog", _catalog("dcat-ap", "Dataset", "data set")),
        Form("mldcat-ap", _TURTLE, "mldcat.ttl", "MLDCAT-AP 3.0.0", _catalog("mldcat-ap", "Model", "model")),
        Form("nquads", "application/n-quads", "nq", "The records in force as they are", _nquads),
        Form("croissant", _JSONLD, "croissant.json", "Croissant 1.1 description of a data set", _croissant),
        Form("model-card", "text/markdown", "md", "Model card with Hugging Face front matter", _model_card),
    )
}
"""The forms by name."""
