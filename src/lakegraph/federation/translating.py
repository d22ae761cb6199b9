"""What a source says, in our words: its terms by the mappings, what follows, its values in the forms of ours."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from lakegraph import resources
from lakegraph.federation.mappings import Mappings, Rule, object_properties
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.terms import XSD, Triple, datatype, is_iri, is_literal, literal, valid_iri, value
from lakegraph.rdf.vocabulary import TYPE, ontology, read_context

IMPLIED = "urn:lakegraph:implied:"
"""Where things are named that a source implies and does not name, such as the run that trained a model."""
_LEXICAL = {
    XSD + "date": re.compile(r"\d{4}-\d\d-\d\d"),
    XSD + "dateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"),
    XSD + "integer": re.compile(r"[+-]?\d{1,18}"),
    XSD + "decimal": re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?"),
}


class Translator:
    """Translates the statements of one source. What it used and what it could not translate can be read from it.

    Args:
        mappings: The mappings that may be used.
        source: What makes the names of implied things the source's own.
    """

    def __init__(self, mappings: Mappings, source: str) -> None:
        self._mappings = mappings
        self._source = source
        self.used: dict[Rule, int] = defaultdict(int)
        self.dropped = 0
        """How many statements had a value of another form than our term takes."""
        self.origins: dict[str, str] = {}
        """Implied thing to the thing of the source that implies it."""
        self._types: dict[str, set[str]] = defaultdict(set)

    def translate(self, triples: Iterable[Triple]) -> list[Triple]:
        """The statements as they are, what they say in our words, and what follows."""
        said = self.reworded(triples)
        return [*said, *reasoner().infer(dict.fromkeys(said))]

    def reworded(self, triples: Iterable[Triple]) -> list[Triple]:
        """The statements as they are, and what they say in our words."""
        given = list(triples)
        for s, p, o in given:
            if p == TYPE:
                self._types[s].add(o)
        said: dict[Triple, None] = {}
        for triple in given:
            for new in self._one(*triple):
                said[new] = None
        return list(said)

    def _one(self, s: str, p: str, o: str) -> Iterable[Triple]:
        s, o = self._concept(s), o if p == TYPE else self._concept(o)
        yield s, p, o
        if p == TYPE:
            for rule in self._mappings.classes.get(o, ()):
                self.used[rule] += 1
                yield s, TYPE, rule.ours
            return
        for rule in self._chosen(s, p):
            new = list(self._hops(rule, s, o)) if rule.path else self._fitted(s, rule.ours, o)
            if new:
                self.used[rule] += 1
            else:
                self.dropped += 1
            yield from new

    def _chosen(self, s: str, p: str) -> Sequence[Rule]:
        """The rules for a property of *s*: those for things of its class where there are any, else the general."""
        rules = self._mappings.properties.get(p, ())
        special = [rule for rule in rules if rule.only and self._types.get(s, set()).intersection(rule.only)]
        return special or [rule for rule in rules if not rule.only]

    def _concept(self, token: str) -> str:
        rules = self._mappings.concepts.get(token)
        if not rules:
            return token
        self.used[rules[0]] += 1
        return rules[0].ours

    def _hops(self, rule: Rule, s: str, o: str) -> Iterable[Triple]:
        """The statements of a path; two paths that begin alike from one thing share the things between."""
        if not self._fits(rule.path[-1][0], o):
            return
        here = s
        for number, (prop, turned) in enumerate(rule.path, 1):
            there = o if number == len(rule.path) else self._implied(s, rule.path[:number])
            start, end = (there, here) if turned else (here, there)
            yield start, prop, end
            for thing, classes in ((start, domains(prop)), (end, ranges(prop))):
                if thing in self.origins:
                    yield from ((thing, TYPE, cls) for cls in classes)
            here = there

    def _implied(self, s: str, path: tuple[tuple[str, bool], ...]) -> str:
        key = hashlib.blake2b(repr((self._source, s, path)).encode(), digest_size=12).hexdigest()
        token = f"<{IMPLIED}{key}>"
        self.origins[token] = s
        return token

    def _fits(self, prop: str, o: str) -> bool:
        return bool(self._fitted("", prop, o))

    def _fitted(self, s: str, prop: str, o: str) -> list[Triple]:
        """The statement with its value in the form that our term takes; nothing where that cannot be."""
        if prop in object_properties():
            if not is_literal(o):
                return [(s, prop, o)]
            return [(s, prop, f"<{value(o)}>")] if valid_iri(value(o)) and "://" in value(o) else []
        if not is_literal(o):
            return [(s, prop, literal(value(o)))] if is_iri(o) and prop in texts() else [(s, prop, o)]
        return [(s, prop, typed(prop, o))]


def typed(prop: str, o: str) -> str:
    """A literal with the datatype that our documents give to the property, where it was plain text and fits."""
    wanted = datatypes().get(prop)
    kind = datatype(o)
    if wanted is None or not (kind == XSD + "string" or kind.startswith("https://schema.org/")):
        return o
    text = value(o)
    for candidate in (wanted, XSD + "dateTime") if wanted == XSD + "date" else (wanted,):
        if candidate in _LEXICAL and _LEXICAL[candidate].fullmatch(text):
            return literal(text, candidate)
    return literal(text) if kind != XSD + "string" else o


@cache
def _definitions() -> dict[str, Any]:
    """Property (token) to the datatype or ``@id`` that the context of our documents gives to it."""
    context = read_context(resources.path("ontology/context.jsonld"))["@context"]
    found: dict[str, Any] = {}
    for said in context.values():
        definition = said if isinstance(said, dict) else {"@id": said}
        iri = ontology().expand(str(definition.get("@id", ""))) if "@id" in definition else None
        if iri and "@type" in definition:
            found.setdefault(f"<{iri}>", definition["@type"])
    return found


@cache
def datatypes() -> dict[str, str]:
    """Property (token) to the datatype (bare IRI) of its values, where it is one that text can be read as."""
    said = {prop: ontology().expand(kind) for prop, kind in _definitions().items() if kind != "@id"}
    return {prop: kind for prop, kind in said.items() if kind in _LEXICAL}


@cache
def texts() -> frozenset[str]:
    """The properties whose values are plain text."""
    string = f"<{XSD}string>"
    return frozenset(prop for prop, kinds in ontology().ranges.items() if kinds == (string,))


@cache
def domains(prop: str) -> tuple[str, ...]:
    """The classes that the ontology says the subjects of a property are of, with those above them."""
    known = ontology()
    rdfs = known.prefixes["rdfs"]
    stated = [o for s, p, o in known.triples if s == prop and p == f"<{rdfs}domain>" and is_iri(o)]
    return tuple(dict.fromkeys(cls for each in stated for cls in (each, *known.superclasses.get(each, ()))))


@cache
def ranges(prop: str) -> tuple[str, ...]:
    """The classes that the ontology says the values of a property are of, with those above them."""
    known = ontology()
    stated = known.ranges.get(prop, ())
    return tuple(dict.fromkeys(cls for each in stated for cls in (each, *known.superclasses.get(each, ()))))
