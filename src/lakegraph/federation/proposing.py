"""Proposing mappings: which term of ours each term of a peer may correspond to, how surely, and why."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from lakegraph.federation.mappings import class_terms, property_terms, shipped
from lakegraph.rdf.mappings import Mapped
from lakegraph.rdf.terms import lexical, local_name, value
from lakegraph.rdf.vocabulary import ontology

Values = Callable[[str], Collection[str]]
"""A property (token) to some of its values (tokens)."""

_LIKE = 0.82
"""Names that are less alike than this are not proposed."""
_SHARED = 0.3
_FEWEST = 3
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_EXACT, _CLOSE = "skos:exactMatch", "skos:closeMatch"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping that a person may accept.

    Attributes:
        ours: The bare IRI of our term.
        relation: The relation, with its prefix.
        theirs: The bare IRI of their term.
        confidence: From 0 to 1.
        reason: What speaks for it.
    """

    ours: str
    relation: str
    theirs: str
    confidence: float
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """The proposal for JSON."""
        return asdict(self)


def proposals(
    classes: Iterable[str],
    properties: Iterable[str],
    used: Iterable[Mapped],
    theirs: Values,
    ours: Mapping[str, Collection[str]],
) -> list[Proposal]:
    """What may correspond, the surest first.

    Args:
        classes: Classes of the peer (bare IRIs).
        properties: Properties of the peer.
        used: Mappings that are in use; what they map is left out.
        theirs: Some values of a property of the peer.
        ours: For properties of ours (tokens) that the lake uses, some of their values.
    """
    mapped = {row.object for row in used}
    found: list[Proposal] = []
    for kind, terms, candidates in (
        ("class", classes, class_terms()),
        ("property", properties, property_terms()),
    ):
        for term in dict.fromkeys(terms):
            if term in mapped or f"<{term}>" in candidates:
                continue
            best: dict[str, Proposal] = {}
            for each in (*_aligned(term), *_named(term, candidates), *(_shared(term, theirs, ours, kind))):
                known = best.get(each.ours)
                best[each.ours] = _together(known, each) if known else each
            found += sorted(best.values(), key=lambda p: -p.confidence)[:3]
    return sorted(found, key=lambda p: (-p.confidence, p.theirs, p.ours))


def _together(one: Proposal, other: Proposal) -> Proposal:
    """Two reasons for one mapping make it surer than either."""
    sure = 1 - (1 - one.confidence) * (1 - other.confidence)
    relation = _EXACT if _EXACT in (one.relation, other.relation) else one.relation
    return Proposal(one.ours, relation, one.theirs, min(0.95, round(sure, 2)), f"{one.reason}; {other.reason}")


def _aligned(term: str) -> Iterator[Proposal]:
    """What the alignments that are carried say, but not surely enough to be used."""
    for row in shipped():
        if row.object == term and not row.comment.startswith("path: "):
            relation = row.predicate_name if row.predicate_name.startswith("skos:") else "skos:broadMatch"
            reason = f"the alignment says {row.predicate_name} with {row.confidence:g}"
            yield Proposal(row.subject, relation, term, min(row.confidence, 0.9), reason)


def _named(term: str, candidates: Iterable[str]) -> Iterator[Proposal]:
    """Terms of ours with a like name."""
    words = _words(local_name(f"<{term}>"))
    if not words:
        return
    for token in candidates:
        for name, said in _names(token):
            alike = difflib.SequenceMatcher(None, words, name).ratio()
            if alike == 1:
                yield Proposal(value(token), _EXACT, term, 0.85, f"both are called “{said}”")
                break
            if alike >= _LIKE:
                yield Proposal(value(token), _CLOSE, term, round(0.7 * alike, 2), f"the names are like “{said}”")
                break


@cache
def _names(token: str) -> tuple[tuple[str, str], ...]:
    """The names of a term of ours: its own, its label, and its other labels; with how they are written."""
    known = ontology()
    skos = known.prefixes["skos"]
    other = [lexical(o) for s, p, o in known.triples if s == token and p == f"<{skos}altLabel>"]
    texts = (local_name(token), known.labels.get(token, ""), *other)
    return tuple(dict.fromkeys((_words(text), text) for text in texts if text))


def _words(text: str) -> str:
    return " ".join(word.lower() for word in _WORDS.findall(text) if word.lower() not in ("has", "is", "of"))


def _shared(term: str, theirs: Values, ours: Mapping[str, Collection[str]], kind: str) -> Iterator[Proposal]:
    """Properties of ours with the same values."""
    if kind != "property" or not ours:
        return
    values = {value(v) for v in theirs(f"<{term}>")}
    if len(values) < _FEWEST:
        return
    for token, own in ours.items():
        both = values & {value(v) for v in own}
        part = len(both) / min(len(values), len(own)) if own else 0
        if len(both) >= _FEWEST and part >= _SHARED:
            sample = ", ".join(sorted(both)[:3])
            sure = round(0.4 + 0.4 * part, 2)
            yield Proposal(value(token), _CLOSE, term, sure, f"{len(both)} values are shared, such as {sample}")
