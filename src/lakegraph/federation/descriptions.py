"""What one document of a peer says, thing by thing, in our words: what a harvest copies into the lake."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lakegraph.federation.mappings import Mappings
from lakegraph.federation.sources import Document
from lakegraph.federation.translating import IMPLIED, Translator
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.namespaces import LAKE
from lakegraph.rdf.terms import Triple, is_blank, is_iri, value
from lakegraph.rdf.vocabulary import TYPE, ontology

_MOST = 1000
"""So many statements of one thing are copied; a description that goes on and on is cut there."""
_IMPLIED = f"<{IMPLIED}"


@dataclass(frozen=True, slots=True)
class Description:
    """What a document says of one thing.

    Attributes:
        thing: Its token.
        triples: The statements, sorted; what has no name in the document is named below the thing.
        digest: SHA-256 of them.
        url: The document.
    """

    thing: str
    triples: tuple[Triple, ...]
    digest: str
    url: str

    @property
    def is_own_page(self) -> bool:
        """Whether the document is the thing's own page, which tells more of it than a list does."""
        return is_own_page(self.url, self.thing)


def is_own_page(url: str, thing: str) -> bool:
    """Whether the document at *url* is the page of *thing* (a token) itself."""
    return url.partition("#")[0] == value(thing).partition("#")[0]


def wanted_classes(mappings: Mappings) -> frozenset[str]:
    """Every class, of any vocabulary, whose things are harvested: data sets and models."""
    return frozenset(cls for ours in (LAKE.Dataset, LAKE.Model) for cls in mappings.by_class.get(ours, (ours,)))


class Describer:
    """Finds the descriptions in documents.

    Args:
        mappings: The mappings that may be used.
        source: The IRI of the peer.
    """

    def __init__(self, mappings: Mappings, source: str) -> None:
        self._mappings = mappings
        self._wanted = wanted_classes(mappings)
        self._source = source

    def of(self, document: Document) -> Iterator[Description]:
        """The descriptions of the data sets and models in *document* that have an IRI."""
        # A translator remembers the types of what it met: one a document, so that a million of them take no memory.
        said = Translator(self._mappings, self._source).reworded(document.triples)
        derived = [t for t in reasoner().infer(dict.fromkeys(said)) if t[1] == LAKE.derivedFrom]
        about: dict[str, dict[tuple[str, str], None]] = defaultdict(dict)
        for s, p, o in (*said, *derived):
            if not (s.startswith(_IMPLIED) or o.startswith(_IMPLIED)) and self._kept(p, o):
                about[s][p, o] = None
        things = {s for s, pairs in about.items() if any(p == TYPE and o in self._wanted for p, o in pairs)}
        for thing in sorted(things):
            if is_iri(thing):
                yield _described(thing, about, things, document.url)

    def _kept(self, p: str, o: str) -> bool:
        """Whether a statement is copied: in our words, or in words that nobody has mapped to ours."""
        known = ontology().declared
        if p == TYPE:
            return o in known or o not in self._mappings.classes
        return p in known or p not in self._mappings.properties


def _described(
    thing: str, about: Mapping[str, Mapping[tuple[str, str], None]], things: Iterable[str], url: str
) -> Description:
    """The statements about *thing* and about what it refers to that is no data set or model itself."""
    names = {thing: thing}
    found: list[Triple] = []
    queue = [thing]
    for node in queue:
        for p, o in _ordered(about[node], about):
            if len(found) == _MOST:
                break
            if o in about and o not in names and o not in things:
                names[o] = f"{thing[:-1]}/node/{len(names)}>" if is_blank(o) else o
                queue.append(o)
            elif is_blank(o) and o not in names:
                continue  # a node of which nothing is said
            found.append((names[node], p, names.get(o, o)))
    triples = tuple(sorted(_as_sources(thing, found)))
    digest = hashlib.sha256("\n".join(" ".join(triple) for triple in triples).encode()).hexdigest()
    return Description(thing, triples, digest, url)


def _as_sources(thing: str, found: Iterable[Triple]) -> set[Triple]:
    """The statements, with the thing as what it is for this lake: a source outside of it, and nothing that it made."""
    said = set(found)
    models = {t for t in said if t[:2] == (thing, TYPE) and (t[2] == LAKE.Model or LAKE.Model in _above(t[2]))}
    return (said - models) | {(thing, TYPE, LAKE.ModelSource if models else LAKE.DatasetSource)}


def _above(cls: str) -> Sequence[str]:
    return ontology().superclasses.get(cls, ())


def _ordered(
    pairs: Iterable[tuple[str, str]], about: Mapping[str, Mapping[tuple[str, str], None]]
) -> Sequence[tuple[str, str]]:
    """Statements in an order that does not hang on how a document names its blank nodes."""

    def key(pair: tuple[str, str]) -> tuple[str, str]:
        p, o = pair
        if not is_blank(o):
            return p, o
        return p, "\n".join(sorted(f"{q} {'_' if is_blank(t) else t}" for q, t in about.get(o, ())))

    return sorted(pairs, key=key)
