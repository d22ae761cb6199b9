"""What a query needs to know: its triple patterns, in the order in which what they match is fetched.

The query is read with rdflib's algebra (SPARQL 1.1 Query, section 18.2) and only its patterns are taken from it; the
text itself is evaluated later, over what was fetched. So it is enough that for every part of the query everything is
fetched which can take part in a solution. A part is fetched with what the mandatory patterns before it bind: an
OPTIONAL, MINUS or EXISTS with what stands outside of it, a subselect with nothing, because its aggregates and limits
see all of its matches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from threading import Lock
from typing import Any

from rdflib import BNode, Literal, URIRef, Variable
from rdflib.paths import AlternativePath, InvPath, MulPath, NegatedPath, Path, SequencePath
from rdflib.plugins.sparql.algebra import translateGroupGraphPattern, translateQuery
from rdflib.plugins.sparql.parser import parseQuery

from lakegraph.errors import ForbiddenError, QueryError
from lakegraph.rdf.terms import literal


@dataclass(frozen=True, slots=True)
class Pattern:
    """A triple pattern; each place holds a token, or a variable written ``?name``."""

    s: str
    p: str
    o: str

    def __iter__(self) -> Iterator[str]:
        return iter((self.s, self.p, self.o))

    @property
    def variables(self) -> frozenset[str]:
        """Its variables."""
        return frozenset(term for term in self if term[0] == "?")

    def __str__(self) -> str:
        return f"{self.s} {self.p} {self.o}"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows that the query itself gives (VALUES): variable to token, unbound ones left out."""

    rows: tuple[Mapping[str, str], ...]

    @property
    def variables(self) -> frozenset[str]:
        """The variables that every row binds."""
        return frozenset.intersection(*(frozenset(row) for row in self.rows)) if self.rows else frozenset()


Known = Pattern | Rows
"""What binds variables before a step."""


@dataclass(frozen=True, slots=True)
class Step:
    """Patterns to fetch together.

    Attributes:
        patterns: The patterns of one group, all of them mandatory in it.
        known: What binds variables before.
        repeat: Whether the one pattern is followed again from what it finds, until nothing new is found.
        positive: Whether solutions rest on what these match; not so in MINUS and NOT EXISTS.
    """

    patterns: tuple[Pattern, ...]
    known: tuple[Known, ...] = ()
    repeat: bool = False
    positive: bool = True

    @property
    def general(self) -> Pattern:
        """The pattern that is followed, between any two things."""
        return Pattern("?_from", self.patterns[0].p, "?_to")


@dataclass(frozen=True, slots=True)
class Needs:
    """What a query needs.

    Attributes:
        form: ``select``, ``ask`` or ``construct``.
        steps: What to fetch, in order.
        columns: The variables of its rows.
    """

    form: str
    steps: tuple[Step, ...]
    columns: tuple[str, ...]

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """Every pattern once, as sources are asked for it."""
        asked = (p for step in self.steps for p in ((step.general,) if step.repeat else step.patterns))
        return tuple(dict.fromkeys(asked))

    def leads(self, first: Pattern, then: Pattern) -> bool:
        """Whether wherever *then* is matched *first* must be matched as well."""
        places = [step for step in self.steps if then in step.patterns]
        return bool(places) and all(first in step.patterns or first in step.known for step in places)


_PARSING = Lock()
"""The parser learns while it parses, and two threads at once make it fail (measured)."""
_FORMS = {"SelectQuery": "select", "AskQuery": "ask", "ConstructQuery": "construct", "DescribeQuery": "construct"}


@lru_cache(maxsize=256)
def needs_of(text: str, base: str) -> Needs:
    """What the query *text* needs.

    Args:
        text: A query that the guard has let through.
        base: What relative IRIs are resolved against.

    Raises:
        QueryError: It is not SPARQL 1.1, or describes what no pattern binds.
        ForbiddenError: It calls a service by itself, or names its dataset.
    """
    try:
        with _PARSING:
            query = translateQuery(parseQuery(text), base=base).algebra
    except Exception as error:
        raise QueryError(
            f"The query cannot be put to several catalogs: {str(error)[:300]}", hint="Write it in SPARQL 1.1."
        ) from error
    if query.get("datasetClause"):
        raise ForbiddenError("A federated query does not name its dataset (FROM).", hint="Choose peers instead.")
    walk = _Walk()
    where = query.get("p")
    if where is not None:
        walk.visit(where, (), positive=True)
    if query.name == "DescribeQuery":
        walk.describe(query)
    columns = tuple(f"?{name}" for name in query.get("PV") or ())
    return Needs(_FORMS[query.name], tuple(walk.steps), columns)


def joined_variables(patterns: Sequence[Pattern]) -> frozenset[str]:
    """The variables that stand in more than one pattern."""
    seen: set[str] = set()
    twice: set[str] = set()
    for pattern in patterns:
        twice |= seen & pattern.variables
        seen |= pattern.variables
    return frozenset(twice)


class _Walk:
    """Gathers steps."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._fresh = count(1)

    def visit(self, node: Any, known: tuple[Known, ...], *, positive: bool) -> tuple[Known, ...]:
        """Gather what *node* needs; what binds variables behind it."""
        name = node.name
        if name == "BGP":
            return self._basic(node.triples, known, positive=positive)
        if name == "Join":
            return self.visit(node.p2, self.visit(node.p1, known, positive=positive), positive=positive)
        if name in ("LeftJoin", "Minus"):
            behind = self.visit(node.p1, known, positive=positive)
            self.visit(node.p2, behind, positive=positive and name == "LeftJoin")
            self._expression(node.get("expr"), behind)
            return behind
        if name == "Union":
            self.visit(node.p1, known, positive=positive)
            self.visit(node.p2, known, positive=positive)
            return known
        if name == "ToMultiSet":
            return self._set(node.p, known, positive=positive)
        if name == "ServiceGraphPattern":
            raise ForbiddenError(
                "A federated query asks every peer by itself; it calls no SERVICE.",
                hint="Leave SERVICE out, or send the query to /sparql.",
            )
        behind = self.visit(node.p, known, positive=positive) if node.get("p") is not None else known
        self._expression(node.get("expr"), behind)
        return behind

    def describe(self, query: Any) -> None:
        """What a DESCRIBE shows of the things that it names."""
        bound: tuple[Known, ...] = tuple(pattern for step in self.steps for pattern in step.patterns)
        for thing in query.get("PV") or ():
            subject = _term(thing)
            if subject[0] == "?" and not any(subject in known.variables for known in bound):
                raise QueryError(f"Nothing binds {subject}.", where=subject)
            self._add((Pattern(subject, self._variable(), self._variable()),), bound, positive=True)

    def _set(self, node: Any, known: tuple[Known, ...], *, positive: bool) -> tuple[Known, ...]:
        if node.name == "values":
            rows = tuple({f"?{v}": _term(t) for v, t in row.items() if t != "UNDEF"} for row in node.res)
            return (*known, Rows(rows))
        self.visit(node, (), positive=positive)
        return known

    def _expression(self, said: Any, known: tuple[Known, ...]) -> None:
        """The patterns of EXISTS anywhere in an expression."""
        if isinstance(said, list | tuple):
            for part in said:
                self._expression(part, known)
        elif getattr(said, "name", None) in ("Builtin_EXISTS", "Builtin_NOTEXISTS"):
            inside = said.graph
            if inside.name in ("GroupGraphPatternSub", "SubSelect"):
                inside = translateGroupGraphPattern(inside)
            self.visit(inside, known, positive=said.name == "Builtin_EXISTS")
        elif isinstance(said, Mapping):
            for part in said.values():
                if isinstance(part, list | tuple | Mapping):
                    self._expression(part, known)

    def _basic(self, triples: Sequence[Any], known: tuple[Known, ...], *, positive: bool) -> tuple[Known, ...]:
        plain: list[Pattern] = []
        paths: list[tuple[str, Path, str]] = []
        for s, p, o in triples:
            if isinstance(p, Path):
                self._flatten(_term(s), p, _term(o), plain, paths)
            else:
                plain.append(Pattern(_term(s), _term(p), _term(o)))
        behind = known
        if plain:
            self.steps.append(Step(tuple(plain), known, positive=positive))
            behind = (*known, *plain)
        for s, path, o in paths:
            self._loose(s, path, o, behind, positive=positive)
        return behind

    def _flatten(self, s: str, path: Any, o: str, plain: list[Pattern], paths: list[tuple[str, Path, str]]) -> None:
        """Take a path apart as far as its steps are all mandatory; the rest is put in *paths*."""
        if isinstance(path, SequencePath):
            here = s
            for number, part in enumerate(path.args, 1):
                there = o if number == len(path.args) else self._variable()
                self._flatten(here, part, there, plain, paths)
                here = there
        elif isinstance(path, InvPath):
            self._flatten(o, path.arg, s, plain, paths)
        elif isinstance(path, Path):
            paths.append((s, path, o))
        else:
            plain.append(Pattern(s, _term(path), o))

    def _loose(self, s: str, path: Any, o: str, known: tuple[Known, ...], *, positive: bool) -> None:
        """The steps of a path of which not every one need be taken."""
        if isinstance(path, AlternativePath):
            for part in path.args:
                self._loose(s, part, o, known, positive=positive)
        elif isinstance(path, MulPath):
            simple, turned = _simple(path.path)
            if simple is not None:
                start, end = (o, s) if turned else (s, o)
                self._add((Pattern(start, simple, end),), known, positive=positive, repeat=True)
            else:
                self._loose(self._variable(), path.path, self._variable(), (), positive=positive)
        elif isinstance(path, NegatedPath):
            self._add((Pattern(s, self._variable(), o),), known, positive=positive)
            self._add((Pattern(o, self._variable(), s),), known, positive=positive)
        else:
            plain: list[Pattern] = []
            paths: list[tuple[str, Path, str]] = []
            self._flatten(s, path, o, plain, paths)
            if plain:
                self._add(tuple(plain), known, positive=positive)
            for here, part, there in paths:
                self._loose(here, part, there, (*known, *plain), positive=positive)

    def _add(
        self, patterns: tuple[Pattern, ...], known: tuple[Known, ...], *, positive: bool, repeat: bool = False
    ) -> None:
        self.steps.append(Step(patterns, known, repeat, positive))

    def _variable(self) -> str:
        return f"?_f{next(self._fresh)}"


def _simple(path: Any) -> tuple[str | None, bool]:
    """The property of a path of one step, and whether it is turned."""
    if isinstance(path, URIRef):
        return _term(path), False
    if isinstance(path, InvPath) and isinstance(path.arg, URIRef):
        return _term(path.arg), True
    return None, False


def _term(term: Any) -> str:
    if isinstance(term, Variable):
        return f"?{term}"
    if isinstance(term, BNode):
        return f"?_b{term}"
    if isinstance(term, URIRef):
        return f"<{term}>"
    if isinstance(term, Literal):
        return literal(str(term), str(term.datatype) if term.datatype else None, term.language)
    raise QueryError(f"{term!r} is not a term of a pattern.")
