"""Patterns in our words as a query in the words of a source; every answer row is a statement of the source.

A pattern becomes one branch for each way in which the source may say it. A branch binds ``?w…`` to its own number, so
that a row tells which statement it stands for; what is known of a variable stands in it as VALUES (a bound join).
Patterns that only one source can match go there together and are joined by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from lakegraph import resources
from lakegraph.federation.mappings import Mappings, Rule, Way
from lakegraph.federation.translating import domains, ranges
from lakegraph.rdf.terms import Triple, datatype, is_iri, is_literal
from lakegraph.rdf.vocabulary import TYPE

if TYPE_CHECKING:
    from lakegraph.federation.patterns import Pattern

Values = Mapping[str, Sequence[str]]
"""Variable of ours (``?name``) to the tokens that it may be bound to."""
Origin = Callable[[str], str]
"""Gives the thing of the source that implies a thing which was named here."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One way to match a pattern.

    Attributes:
        s: The variable of the statement's subject.
        p: The statement's property, or a variable.
        o: The variable of its object.
        values: Variable of the branch to the tokens that it may be bound to.
        rule: The mapping that it rests on.
        types: Whether the classes of the subject are asked for as well, because the mapping depends on them.
    """

    s: str
    p: str
    o: str
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rule: Rule | None = None
    types: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing can match."""
        return any(not tokens for tokens in self.values.values())


class Rewriter:
    """Rewrites patterns for one source.

    Args:
        mappings: The mappings that may be used.
        plain: Whether the source speaks our words and has drawn our conclusions itself, as a lake does.
    """

    def __init__(self, mappings: Mappings, *, plain: bool = False) -> None:
        self._mappings = mappings
        self._plain = plain

    @property
    def plain(self) -> bool:
        """Whether the source speaks our words; such a source has no blank nodes either."""
        return self._plain

    def terms(self, pattern: Pattern) -> frozenset[str]:
        """The properties and classes of which a source must have one to match *pattern*; empty for any."""
        if pattern.p[0] == "?":
            return frozenset()
        if pattern.p == TYPE:
            classes = self._classes(pattern.o) if pattern.o[0] != "?" else ()
            implying = {rule.theirs for rule in self._implying(pattern.o)}
            return frozenset(classes) | implying if classes else frozenset()
        return frozenset(way.theirs for way in self._ways(pattern.p))

    def implies(self, pattern: Pattern) -> bool:
        """Whether things can match that the source does not name."""
        if self._plain:
            return False
        if pattern.p[0] == "?":
            return bool(self._mappings.paths)
        if pattern.p == TYPE:
            return bool(self._implying(pattern.o))
        return any(way.implies for way in self._ways(pattern.p))

    def branches(self, pattern: Pattern, number: int, known: Values, origin: Origin) -> list[Branch]:
        """Every way to match *pattern*.

        Args:
            pattern: The pattern.
            number: Its number among those that are sent together.
            known: What its variables may be bound to.
            origin: Gives what implies an implied thing.
        """
        s, o = self._place(pattern.s, number, "s", known, origin), self._place(pattern.o, number, "o", known, origin)
        if pattern.p[0] == "?":
            found = [_branch(s, f"?p{number}", o)]
            return found if self._plain else [*found, _branch(o, f"?p{number}", s)]
        if pattern.p == TYPE:
            return self._typing(pattern, number, s, o)
        free = (f"?n{number}s", None), (f"?n{number}o", None)
        made = []
        for way in self._ways(pattern.p):
            first, last = (o, s) if way.turned else (s, o)
            if way.implies and way.rule:
                first = first if way.hop == 0 else free[0]
                last = last if way.hop == len(way.rule.path) - 1 else free[1]
            made.append(_branch(first, way.theirs, last, way.rule))
        return [branch for branch in made if not branch.is_empty]

    def _typing(self, pattern: Pattern, number: int, s: _Place, o: _Place) -> list[Branch]:
        cls = pattern.o
        if cls[0] != "?":
            found = [_branch(s, TYPE, (f"?c{number}", self._classes(cls)))]
        else:
            tokens = None if o[1] is None else tuple(dict.fromkeys(c for each in o[1] for c in self._classes(each)))
            found = [_branch(s, TYPE, (o[0], tokens))]
        free = (f"?n{number}s", None), (f"?n{number}o", None)
        found += [_branch(free[0], rule.theirs, free[1], rule) for rule in self._implying(cls)]
        return [branch for branch in found if not branch.is_empty]

    def _classes(self, cls: str) -> tuple[str, ...]:
        return (cls,) if self._plain else self._mappings.by_class.get(cls, (cls,))

    def _ways(self, prop: str) -> tuple[Way, ...]:
        return (Way(prop),) if self._plain else self._mappings.by_property.get(prop, (Way(prop),))

    def _implying(self, cls: str) -> list[Rule]:
        if self._plain:
            return []
        return [rule for rule in self._mappings.paths if cls[0] == "?" or cls in _implied_classes(rule)]

    def _place(self, term: str, number: int, place: str, known: Values, origin: Origin) -> _Place:
        """The variable for a place of a pattern, and the tokens that it may be bound to."""
        if term[0] != "?":
            return f"?k{number}{place}", self._said(term, origin)
        tokens = known.get(term)
        name = f"?v{term[1:]}"
        if tokens is None:
            return name, None
        return name, tuple(dict.fromkeys(each for token in tokens for each in self._said(token, origin) or ()))

    def _said(self, token: str, origin: Origin) -> tuple[str, ...] | None:
        """How the source may say a term: a thing that it implies by what implies it, a concept by its other names.

        A literal with a datatype is not sent: the source may hold it as plain text.
        """
        if is_literal(token):
            plain = datatype(token).rpartition("#")[2] in ("string", "langString")
            return (token,) if plain or self._plain else None
        return (origin(token), *(() if self._plain else self._mappings.equals(token)))


_Place = tuple[str, tuple[str, ...] | None]


def _branch(s: _Place, p: str, o: _Place, rule: Rule | None = None) -> Branch:
    values = {name: tokens for name, tokens in (s, o) if tokens is not None}
    return Branch(s[0], p, o[0], values, rule, bool(rule and (rule.only or rule.theirs in _conditional())))


@cache
def _conditional() -> frozenset[str]:
    from lakegraph.federation.mappings import shipped

    return frozenset(f"<{row.object}>" for row in shipped() if row.comment.startswith("of: "))


@cache
def _implied_classes(rule: Rule) -> frozenset[str]:
    """The classes of the things that a rule's path goes over and does not name."""
    found: set[str] = set()
    for number, (prop, turned) in enumerate(rule.path):
        here, there = (ranges(prop), domains(prop)) if turned else (domains(prop), ranges(prop))
        found.update(here if number > 0 else ())
        found.update(there if number < len(rule.path) - 1 else ())
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Written:
    """A query to a source, and how its rows are read.

    Attributes:
        patterns: The text between the braces.
        parts: For each pattern its branches.
    """

    patterns: str
    parts: tuple[tuple[Branch, ...], ...]

    def fetch(self, limit: int) -> str:
        """The query for everything."""
        return filled("peer-fetch", patterns=self.patterns, limit=str(limit))

    def count(self) -> str:
        """The query for how much there is."""
        return filled("peer-count", patterns=self.patterns)

    def rules(self) -> set[Rule]:
        """The mappings that it rests on."""
        return {branch.rule for part in self.parts for branch in part if branch.rule}

    def triples(self, rows: Iterable[Mapping[str, str]]) -> list[Triple]:
        """The statements for which *rows* stand."""
        found: dict[Triple, None] = {}
        for row in rows:
            for number, part in enumerate(self.parts):
                chosen = row.get(f"w{number}")
                if chosen is None:
                    continue
                branch = part[int(chosen[1 : chosen.index('"', 1)])]
                s, o = row.get(branch.s[1:]), row.get(branch.o[1:])
                p = row.get(branch.p[1:]) if branch.p[0] == "?" else branch.p
                if s and o and p and not is_literal(s) and is_iri(p):
                    found[s, p, o] = None
                cls = row.get(f"t{number}")
                if s and cls:
                    found[s, TYPE, cls] = None
        return list(found)


def written(parts: Sequence[Sequence[Branch]], filters: Collection[str] = ()) -> Written:
    """The query for patterns that are joined by the source.

    Args:
        parts: For each pattern its branches.
        filters: Conditions, each a SPARQL expression.
    """
    said: set[str] = set()
    lines = []
    for number, part in enumerate(parts):
        lines.append(_union([_text(branch, number, n, said) for n, branch in enumerate(part)]))
        said |= {name for branch in part for name in branch.values}
    lines += [f"  FILTER({condition})" for condition in filters]
    return Written("\n".join(lines), tuple(tuple(part) for part in parts))


def unions(parts: Sequence[tuple[Sequence[Branch], str, Sequence[Branch]]]) -> Written:
    """The query for patterns that are not joined: each by itself, under a condition if there is one, in one answer.

    Args:
        parts: For each pattern its branches, its condition, and those of a pattern that must be matched with it.
    """
    lines = []
    for number, (part, condition, leading) in enumerate(parts):
        before = _union([_text(branch, len(parts) + number, n, ()) for n, branch in enumerate(leading)])
        inner = _union([_text(branch, number, n, ()) for n, branch in enumerate(part)])
        first = f"{{ {before.strip()} }} " if leading else ""
        last = f" FILTER({condition})" if condition else ""
        lines.append(f"  {{ {first}{inner.strip()}{last} }}")
    return Written("\n  UNION\n".join(lines), tuple(tuple(part) for part, _, _ in parts))


def _text(branch: Branch, number: int, n: int, said: Collection[str]) -> str:
    values = " ".join(
        f"VALUES {name} {{ {' '.join(tokens)} }}" for name, tokens in branch.values.items() if name not in said
    )
    types = f" OPTIONAL {{ {branch.s} {TYPE} ?t{number} }}" if branch.types else ""
    return f"{{ {values} {branch.s} {branch.p} {branch.o} .{types} BIND({n} AS ?w{number}) }}"


def _union(branches: Sequence[str]) -> str:
    return "  " + "\n  UNION ".join(branches)


def filled(name: str, **parts: str) -> str:
    """One of the project's own queries with its ``#name`` marks replaced."""
    return _MARK.sub(lambda mark: parts[mark[1]], _template(name))


_MARK = re.compile(r"#(\w+)")


@cache
def _template(name: str) -> str:
    """The text of a query, without its comments."""
    text = resources.text(f"queries/internal/{name}.rq")
    return "\n".join(line for line in text.splitlines() if not line.startswith("# "))
