"""What follows from a record by the ontology's hierarchies, inverses and chains (OWL 2 RL, the part we materialise).

The rules are cax-sco, prp-spo1, prp-inv1/2, prp-eqp1/2, cax-eqc1/2 and prp-spo2 of the OWL 2 RL profile, section 4.3.
Domains and ranges are left out on purpose: shapes check them, and inferring them would make every class check pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from lakegraph.rdf.terms import Triple
from lakegraph.rdf.vocabulary import TYPE, Ontology, Super, ontology

Look = Callable[[str, str], Iterable[str]]
"""Subject (or object) and predicate tokens in, the other ends out."""


def _nothing(_node: str, _predicate: str) -> Iterable[str]:
    return ()


class Reasoner:
    """Forward inference over one record at a time.

    Args:
        known: The ontology's tables.
    """

    def __init__(self, known: Ontology) -> None:
        self._classes: Mapping[str, tuple[str, ...]] = known.superclasses
        self._properties: dict[str, tuple[Super, ...]] = dict(known.superproperties)
        # For a chain first∘second ⇒ result, the middle node is known by the inverse of *first*.
        self._chains = [(c.first, c.second, c.result) for c in known.chains]
        self._links = {p for first, second, _ in self._chains for p in (first, second)}

    def infer(self, asserted: Iterable[Triple], objects: Look = _nothing, subjects: Look = _nothing) -> list[Triple]:
        """The triples that follow from *asserted* and are not among them.

        Args:
            asserted: Triples of one record.
            objects: Looks up stored objects by subject and predicate, so that a chain may cross records.
            subjects: Looks up stored subjects by object and predicate, for the same.
        """
        given = asserted if isinstance(asserted, set | frozenset | dict) else dict.fromkeys(asserted)
        found: dict[Triple, None] = {}
        links: list[Triple] = []
        classes, properties, link_terms = self._classes, self._properties, self._links
        for triple in given:
            s, p, o = triple
            if p == TYPE:
                for parent in classes.get(o, ()):
                    found[s, TYPE, parent] = None
                continue
            if p in link_terms:
                links.append(triple)
            if o[0] == '"':
                for parent, turned in properties.get(p, ()):
                    if not turned:
                        found[s, parent, o] = None
                continue
            for parent, turned in properties.get(p, ()):
                new = (o, parent, s) if turned else (s, parent, o)
                found[new] = None
                if parent in link_terms:
                    links.append(new)
        for triple in self._chained(links, objects, subjects):
            found[triple] = None
            s, p, o = triple
            for parent, turned in properties.get(p, ()):
                found[(o, parent, s) if turned else (s, parent, o)] = None
        return [t for t in found if t not in given]

    def _chained(self, links: list[Triple], objects: Look, subjects: Look) -> Iterable[Triple]:
        for first, second, result in self._chains:
            into: dict[str, dict[str, None]] = {}
            out: dict[str, dict[str, None]] = {}
            for s, p, o in links:
                if p == first:
                    into.setdefault(o, {})[s] = None
                if p == second:
                    out.setdefault(s, {})[o] = None
            for middle in {**into, **out}:
                starts = {**into.get(middle, {}), **dict.fromkeys(subjects(middle, first))}
                ends = {**out.get(middle, {}), **dict.fromkeys(objects(middle, second))}
                for s in starts:
                    for o in ends:
                        yield s, result, o

    def supports(self, triple: Triple, match: Callable[[str | None, str | None, str | None], Iterable[Triple]]) -> bool:
        """Whether *triple* follows from asserted triples alone.

        Args:
            triple: A triple that was inferred once.
            match: Finds asserted triples by pattern.
        """
        s, p, o = triple
        if p == TYPE:
            return any(o in self._classes.get(cls, ()) or o == cls for _, _, cls in match(s, TYPE, None))
        if any(p == q or (p, False) in self._properties.get(q, ()) for _, q, _ in match(s, None, o)):
            return True
        if o[0] == "<" and any((p, True) in self._properties.get(q, ()) for _, q, _ in match(o, None, s)):
            return True
        return any(self._chain_supports(c, s, p, o, match) for c in self._chains)

    def _chain_supports(
        self,
        chain: tuple[str, str, str],
        s: str,
        p: str,
        o: str,
        match: Callable[[str | None, str | None, str | None], Iterable[Triple]],
    ) -> bool:
        first, second, result = chain
        forward = p == result or (p, False) in self._properties.get(result, ())
        backward = (p, True) in self._properties.get(result, ())
        if not forward and not backward:
            return False
        start, end = (s, o) if forward else (o, s)
        middles = {
            m for _, q, m in match(start, None, None) if q == first or (first, False) in self._properties.get(q, ())
        }
        middles |= {m for m, q, _ in match(None, None, start) if (first, True) in self._properties.get(q, ())}
        return any(
            q == second or (second, False) in self._properties.get(q, ())
            for middle in middles
            for _, q, _ in match(middle, None, end)
        )


@cache
def reasoner() -> Reasoner:
    """The reasoner of the ontology that this installation carries."""
    return Reasoner(ontology())
