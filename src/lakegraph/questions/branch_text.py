"""Reads the text of a branch of the six questions, as far as it is simple enough to be answered without the engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from lakegraph.questions.asking import text_of
from lakegraph.questions.expressions import (
    Bound,
    Expression,
    Unreadable,
    called,
    computed,
    constant,
    token_of,
    variable,
)
from lakegraph.rdf.namespaces import RDF
from lakegraph.rdf.terms import XSD, literal

__all__ = ["Bind", "Exists", "Limit", "Pattern", "Step", "Unlike", "Unreadable", "parse"]

_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_WORD = re.compile(r'\?\w+|"[^"\\]*"|[A-Za-z][\w-]*:[\w-]+|[A-Za-z]+|\d+(?:\.\d+)?|!=|\S')
_NAME = re.compile(r"[A-Za-z][\w-]*:[\w-]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PREFIX = re.compile(r"PREFIX ([\w-]+): <([^>]*)>")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A statement that has to be there.

    Attributes:
        s: The variable of its subject.
        p: Its property (token).
        o: The variable of its object; empty for a constant.
        token: That constant.
        recorded: Whether a record has to state it, the one that states the others.
        optional: Whether it may be missing.
        far: Whether the property may be followed several times.
    """

    s: str
    p: str
    o: str
    token: str | None = None
    recorded: bool = False
    optional: bool = False
    far: bool = False


@dataclass(frozen=True, slots=True)
class Exists:
    """A statement about the thing that has to be there, or must not; of any object where none is named."""

    p: str
    o: str | None
    wanted: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """Of what was found so far, the first *most*, and of each these variables."""

    variables: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Unlike:
    """A value that is no answer."""

    variable: str
    token: str


Step = Pattern | Exists | Limit | Unlike


@dataclass(frozen=True, slots=True)
class Bind:
    """What a variable is bound to.

    Attributes:
        variable: The variable.
        make: Its token; None where the expression has no value.
    """

    variable: str
    make: Callable[[Bound], str | None]


def parse(branch: str) -> tuple[Sequence[Step], Sequence[Bind]]:
    """What has to match and what is bound, of a branch in braces.

    Raises:
        Unreadable: It is not so simple.
    """
    reader = _Reader(_WORD.findall(_COMMENT.sub("", branch)))
    reader.expect("{")
    reader.group()
    reader.end()
    return reader.steps, reader.binds


class _Reader:
    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._at = 0
        self._bound = {"about"}
        self._perhaps: set[str] = set()
        self.steps: list[Step] = []
        self.binds: list[Bind] = []

    # -- words --------------------------------------------------------------------------------------------------------

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _next(self) -> str:
        word = self._peek()
        self._at += 1
        return word

    def _took(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self._at += 1
        return True

    def expect(self, *words: str) -> None:
        """Read these words."""
        if not all(map(self._took, words)):
            raise Unreadable

    def end(self) -> None:
        """Nothing may follow."""
        if self._at < len(self._words):
            raise Unreadable

    def _variable(self) -> str:
        word = self._next()
        if word[:1] != "?":
            raise Unreadable
        return word[1:]

    def _property(self) -> str:
        word = self._next()
        if word == "a":
            return RDF.type
        if not _NAME.fullmatch(word):
            raise Unreadable
        return _token(word)

    # -- what has to match --------------------------------------------------------------------------------------------

    def group(self) -> None:
        """Everything up to the brace that ends it."""
        while not self._took("}"):
            if self._took("GRAPH"):
                self.expect("?record", "{")
                self._statements(recorded=True)
                self.expect("}")
            elif self._peek() == "{":
                self._inner()
            elif self._took("FILTER"):
                self._filter()
            elif self._took("BIND"):
                self._bind()
            else:
                self._statements(recorded=False)

    def _statements(self, *, recorded: bool) -> None:
        needed: list[Pattern] = []
        optional: list[Pattern] = []
        while self._peek()[:1] == "?" or self._peek() == "OPTIONAL":
            if self._took("OPTIONAL"):
                self.expect("{")
                found = self._about_one()
                self.expect("}")
                if len(found) > 1:
                    raise Unreadable
                optional += [replace(each, optional=True, recorded=recorded) for each in found]
            else:
                needed += [replace(each, recorded=recorded) for each in self._about_one()]
                self._took(".")
        if not needed and not optional:
            raise Unreadable
        self._order(needed)
        for each in optional:
            # It may bind one thing, and nothing after it may depend on whether it did.
            if each.far or each.s not in self._bound or each.o in self._bound | self._perhaps:
                raise Unreadable
            self._perhaps.add(each.o)
            self.steps.append(each)

    def _about_one(self) -> list[Pattern]:
        subject = self._variable()
        found = []
        while True:
            p, far = self._property(), self._took("+")
            if self._peek()[:1] == "?":
                found.append(Pattern(subject, p, self._variable(), far=far))
            else:
                found.append(Pattern(subject, p, "", self._property()))
            if not self._took(";"):
                return found

    def _order(self, patterns: Iterable[Pattern]) -> None:
        """Put statements in an order in which one end of each is known."""
        left = list(patterns)
        while left:
            nearest = next((each for each in left if each.s in self._bound), None)
            nearest = nearest or next((each for each in left if each.o in self._bound and each.recorded), None)
            if nearest is None:
                raise Unreadable
            # A path is followed from its beginning, and through whatever states its parts.
            if {nearest.s, nearest.o} & self._perhaps or (
                nearest.far and (nearest.recorded or nearest.o in self._bound)
            ):
                raise Unreadable
            left.remove(nearest)
            self._bound |= {nearest.s, nearest.o}
            self.steps.append(nearest)

    def _inner(self) -> None:
        """A query within the query, with a limit, at the beginning: of what the thing itself has."""
        if self.steps:
            raise Unreadable
        self.expect("{", "SELECT")
        variables = []
        while self._peek()[:1] == "?":
            variables.append(self._variable())
        self.expect("WHERE", "{")
        self.group()
        self.expect("LIMIT")
        most = self._next()
        self.expect("}")
        # Of what points to a thing there may be more than can be read: only the engine stops early.
        if self.binds or not most.isdigit() or any(isinstance(s, Pattern) and s.s != "about" for s in self.steps):
            raise Unreadable
        self._bound &= set(variables)
        self.steps.append(Limit(tuple(variables), int(most)))

    def _filter(self) -> None:
        if self._took("("):
            name = self._variable()
            self.expect("!=")
            self.steps.append(Unlike(name, self._property()))
            self.expect(")")
            return
        wanted = not self._took("NOT")
        self.expect("EXISTS", "{")
        found = self._about_one()
        self.expect("}")
        each = found[0]
        if len(found) > 1 or each.far or each.s != "about" or each.o in self._bound:
            raise Unreadable
        self.steps.append(Exists(each.p, each.token, wanted))

    # -- what is bound ------------------------------------------------------------------------------------------------

    def _bind(self) -> None:
        self.expect("(")
        made = self._sum()
        self.expect("AS")
        name = self._variable()
        self.expect(")")
        self.binds.append(Bind(name, lambda bound: token_of(made(bound))))

    def _sum(self) -> Expression:
        left = self._product()
        while self._took("+"):
            left = computed("+", left, self._product())
        return left

    def _product(self) -> Expression:
        left = self._value()
        while self._peek() in ("*", "/"):
            left = computed(self._next(), left, self._value())
        return left

    def _value(self) -> Expression:
        word = self._next()
        if word[:1] == "?":
            return variable(word[1:])
        if word[:1] == '"':
            return constant(literal(word[1:-1]))
        if _NUMBER.fullmatch(word):
            return constant(literal(word, XSD + ("decimal" if "." in word else "integer")))
        if _NAME.fullmatch(word):
            return constant(_token(word))
        self.expect("(")
        arguments = [self._sum()]
        while self._took(","):
            arguments.append(self._sum())
        self.expect(")")
        return called(word, arguments)


def _token(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"<{_prefixes()[prefix]}{local}>"


@cache
def _prefixes() -> Mapping[str, str]:
    """The prefixes of the six questions: vocabularies have some that the ontology does not declare."""
    return dict(_PREFIX.findall(text_of("5w1h/parts/six")))
