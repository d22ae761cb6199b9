"""Things that stand in two classes which exclude each other: the plain kind of contradiction, with its reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from lakegraph.rdf.namespaces import OWL, RDF, RDFS
from lakegraph.rdf.terms import Triple, is_iri, value
from lakegraph.rdf.vocabulary import TYPE

Pairs = dict[str, list[tuple[str, str]]]
"""Predicate to its subjects and objects."""


@dataclass(frozen=True, slots=True)
class Clash:
    """One thing that cannot be.

    Attributes:
        thing: The bare IRI of the thing.
        first: The bare IRI of a class in which it stands.
        second: The bare IRI of a class in which it stands too, and which excludes the first.
    """

    thing: str
    first: str
    second: str


def clashes(triples: Iterable[Triple]) -> Iterator[Clash]:
    """The clashes among *triples*, by rules cax-dw and cax-adc of the OWL 2 RL profile, section 4.3.

    Superclasses, superproperties, domains and ranges are followed; restrictions are not. Only the nearest of a pair of
    excluding classes is named once for each thing.
    """
    said: Pairs = defaultdict(list)
    for s, p, o in triples:
        said[p].append((s, o))
    excluded = _excluded(said)
    above = _closure([*said[RDFS.subClassOf], *_both_ways(said[OWL.equivalentClass])])
    for thing, stated in sorted(_classes(said).items()):
        inside = set(stated).union(*(above.get(cls, ()) for cls in stated))
        for first, second in sorted(excluded):
            if first in inside and second in inside:
                yield Clash(value(thing), value(first), value(second))


def _both_ways(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for a, b in pairs:
        yield a, b
        yield b, a


def _excluded(said: Pairs) -> set[tuple[str, str]]:
    found = {(min(pair), max(pair)) for pair in said[OWL.disjointWith]}
    first, rest = dict(said[RDF.first]), dict(said[RDF.rest])
    groups = {s for s, o in said[TYPE] if o == OWL.AllDisjointClasses}
    for node, start in said[OWL.members]:
        members, here = [], start
        while node in groups and here in first:
            members.append(first[here])
            here = rest[here]
        found |= {(min(pair), max(pair)) for pair in combinations(members, 2)}
    return found


def _classes(said: Pairs) -> Mapping[str, set[str]]:
    """Each named thing and the classes that it is stated, or by a domain or range has, to be in."""
    above = _closure([*said[RDFS.subPropertyOf], *_both_ways(said[OWL.equivalentProperty])])
    domains, ranges = _grouped(said[RDFS.domain]), _grouped(said[RDFS.range])
    found: dict[str, set[str]] = defaultdict(set)
    for thing, cls in said[TYPE]:
        if is_iri(thing):
            found[thing].add(cls)
    for stated in said:
        for predicate in (stated, *above.get(stated, ())):
            for s, o in said[stated]:
                found[s] |= domains.get(predicate, set())
                if is_iri(o):
                    found[o] |= ranges.get(predicate, set())
    return found


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    grouped: dict[str, set[str]] = defaultdict(set)
    for key, each in pairs:
        grouped[key].add(each)
    return grouped


def _closure(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    direct = _grouped(pairs)
    closed: dict[str, set[str]] = {}
    for start in direct:
        seen: set[str] = set()
        queue = [start]
        while queue:
            for parent in direct.get(queue.pop(), ()):
                if parent not in seen:
                    seen.add(parent)
                    queue.append(parent)
        closed[start] = seen
    return closed
