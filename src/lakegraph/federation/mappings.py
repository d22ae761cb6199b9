"""Which term of another vocabulary says what term of ours, how surely, and over which path.

A mapping counts by what a statement in the other vocabulary then entails in ours: *exact* and *narrower* matches entail
it; *close* ones are taken for it where the table is sure enough; *broader* ones do not entail it: they are used on
request only, and are marked as lossy. What follows from a term of ours by the ontology (superclasses, superproperties,
inverses) follows from its mappings too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal

from lakegraph import resources
from lakegraph.rdf.mappings import Mapped, mappings, read_sssom
from lakegraph.rdf.terms import value
from lakegraph.rdf.vocabulary import TYPE, Ontology, ontology

Level = Literal["exact", "narrower", "close", "broader"]
Reach = Literal["exact", "close", "broad"]
"""Which levels are used: exact and narrower; close ones as well; broader ones as well."""

REACHES: Mapping[Reach, frozenset[Level]] = {
    "exact": frozenset({"exact", "narrower"}),
    "close": frozenset({"exact", "narrower", "close"}),
    "broad": frozenset({"exact", "narrower", "close", "broader"}),
}
_LEVELS: Mapping[str, Level] = {
    "equivalentClass": "exact",
    "equivalentProperty": "exact",
    "exactMatch": "exact",
    "narrowMatch": "narrower",
    "closeMatch": "close",
    "broadMatch": "broader",
    "subClassOf": "broader",
    "subPropertyOf": "broader",
}
_SURE = 0.8
"""Close matches below this are not used: the table says of them that they mislead."""
_PATH = re.compile(r"path: (.+)")
_OF = re.compile(r"of: (.+)")

Hop = tuple[str, bool]
"""A property of ours and whether it is turned."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A term of another vocabulary, and what it says in ours.

    Attributes:
        theirs: Their term, a token.
        ours: Our term; of a path, the one that the table names.
        level: What kind of match it is.
        confidence: How sure the table is.
        path: The properties of ours that a statement with theirs stands for, where it is more than one.
        only: The classes (tokens) of which the subject must be, where it matters.
        name: Both terms and the relation, for people to read.
    """

    theirs: str
    ours: str
    level: Level
    confidence: float
    path: tuple[Hop, ...] = ()
    only: tuple[str, ...] = ()
    name: str = ""

    @property
    def lossy(self) -> bool:
        """Whether what it translates need not be so."""
        return self.level == "broader"

    def as_dict(self) -> dict[str, Any]:
        """The rule for JSON."""
        return {
            "mapping": self.name,
            "theirs": value(self.theirs),
            "ours": value(self.ours),
            "match": self.level,
            "confidence": self.confidence,
            "lossy": self.lossy,
        }


@dataclass(frozen=True, slots=True)
class Way:
    """A property of any vocabulary from whose statements one with a property of ours follows.

    Attributes:
        theirs: The property.
        turned: Whether subject and object change places.
        rule: The rule by which it follows; none where theirs is ours or the ontology's.
        hop: Of a rule with a path, the place of the hop that is meant.
    """

    theirs: str
    turned: bool = False
    rule: Rule | None = None
    hop: int = 0

    @property
    def implies(self) -> bool:
        """Whether things follow that the statement does not name."""
        return self.rule is not None and bool(self.rule.path)


class Mappings:
    """Every mapping that may be used.

    Args:
        rows: Rows of SSSOM tables.
        reach: Which levels are used.
    """

    def __init__(self, rows: Iterable[Mapped], reach: Reach = "close") -> None:
        self._known = ontology()
        levels = REACHES[reach]
        rules = [rule for row in rows if (rule := _rule(row, self._known)) and rule.level in levels]
        self.classes: dict[str, list[Rule]] = defaultdict(list)
        self.properties: dict[str, list[Rule]] = defaultdict(list)
        self.concepts: dict[str, list[Rule]] = defaultdict(list)
        self._equal: dict[str, list[str]] = defaultdict(list)
        for rule in rules:
            if rule.ours in class_terms():
                self.classes[rule.theirs].append(rule)
            elif rule.ours in property_terms():
                self.properties[rule.theirs].append(rule)
            elif not rule.path:
                self.concepts[rule.theirs].append(rule)
                self._equal[rule.ours].append(rule.theirs)

    def equals(self, token: str) -> Sequence[str]:
        """How other vocabularies call a concept of ours."""
        return self._equal.get(token, ())

    @cached_property
    def by_class(self) -> Mapping[str, tuple[str, ...]]:
        """Class of ours to every class, of any vocabulary, whose things are among its things; itself first."""
        found: dict[str, dict[str, None]] = defaultdict(dict)
        for cls in class_terms():
            for above in (cls, *self._known.superclasses.get(cls, ())):
                found[above][cls] = None
        for theirs, rules in self.classes.items():
            for rule in rules:
                for above in (rule.ours, *self._known.superclasses.get(rule.ours, ())):
                    found[above][theirs] = None
        return {cls: tuple(below) for cls, below in found.items()}

    @cached_property
    def by_property(self) -> Mapping[str, tuple[Way, ...]]:
        """Property of ours to every way in which a statement with it can be said."""
        found: dict[str, dict[Way, None]] = defaultdict(dict)
        for prop in property_terms():
            for above, turned in self._above(prop):
                found[above][Way(prop, turned)] = None
        for theirs, rules in self.properties.items():
            for rule in rules:
                for number, (hop, inverse) in enumerate(rule.path or ((rule.ours, False),)):
                    for above, turned in self._above(hop):
                        found[above][Way(theirs, turned != inverse, rule, number)] = None
        return {prop: tuple(below) for prop, below in found.items()}

    @cached_property
    def paths(self) -> tuple[Rule, ...]:
        """The rules that imply things which are not named."""
        return tuple(rule for rules in self.properties.values() for rule in rules if rule.path)

    def _above(self, prop: str) -> Iterable[Hop]:
        return ((prop, False), *self._known.superproperties.get(prop, ()))


@cache
def class_terms() -> frozenset[str]:
    """Every class of the ontology, those of others that it uses among them."""
    known = ontology()
    owl = known.prefixes["owl"]
    stated = {s for s, p, o in known.triples if p == TYPE and o == f"<{owl}Class>"}
    return frozenset(stated | set(known.superclasses) | {c for above in known.superclasses.values() for c in above})


@cache
def property_terms() -> frozenset[str]:
    """Every property of the ontology, those of others that it uses among them."""
    known = ontology()
    owl = known.prefixes["owl"]
    kinds = {f"<{owl}{name}>" for name in ("ObjectProperty", "DatatypeProperty", "AnnotationProperty")}
    return frozenset(s for s, p, o in known.triples if p == TYPE and o in kinds)


@cache
def object_properties() -> frozenset[str]:
    """The properties whose values are things."""
    known = ontology()
    kind = f"<{known.prefixes['owl']}ObjectProperty>"
    return frozenset(s for s, p, o in known.triples if p == TYPE and o == kind)


def _rule(row: Mapped, known: Ontology) -> Rule | None:
    """The rule that a row of a table makes; ``None`` for one that translates nothing."""
    local = row.predicate_name.partition(":")[2]
    ours, theirs = f"<{row.subject}>", f"<{row.object}>"
    name = f"{row.subject_name} {row.predicate_name} {row.object_name}"
    path = _PATH.match(row.comment)
    if path:
        hops = tuple(_hop(part, known) for part in path[1].split(" / "))
        sure = row.confidence >= _SURE
        return Rule(theirs, ours, "close", row.confidence, hops, name=name) if sure and len(hops) > 1 else None
    level = _LEVELS.get(local)
    if level is None or (level == "close" and row.confidence < _SURE):
        return None
    of = _OF.match(row.comment)
    only = tuple(f"<{_expanded(part.strip(), known)}>" for part in of[1].split(",")) if of else ()
    return Rule(theirs, ours, level, row.confidence, only=only, name=name)


def _hop(text: str, known: Ontology) -> Hop:
    name = text.strip()
    return f"<{known.expand(name.removeprefix('^'))}>", name.startswith("^")


def _expanded(name: str, known: Ontology) -> str:
    """The IRI of a term that a table names, by the table's own prefixes or by the ontology's."""
    return next((m.object for m in shipped() if m.object_name == name), known.expand(name) or name)


@cache
def shipped() -> tuple[Mapped, ...]:
    """The mappings that this installation carries."""
    return (*mappings(), *read_sssom(resources.path("ontology/alignments/shared-terms.sssom.tsv")))
