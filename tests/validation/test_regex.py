"""Patterns: refused when they can blow up, equal to XPath's meaning when they cannot, and never slow."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lakegraph.validation.regex import compile_pattern
from lakegraph.validation.regex.automaton import degree
from lakegraph.validation.regex.matcher import _linear, _python
from lakegraph.validation.regex.syntax import parse_regex

EXPLOSIVE = [
    "(a+)+$", "^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^(a*)*$", "(x+x+)+y", "^(a?b?)*$", "(.*)*x",
    "^(([a-z])+.)+[A-Z]([a-z])+$", "^(\\w+\\s?)*$", "^(a{1,30}){1,30}$", "^([^,]*,?)*$", "^(a|b|ab)*c",
]  # fmt: skip
HARMLESS = {
    "^[0-9a-f]{64}$": 1,
    "^([0-9a-f]{2}){32}$": 1,
    "^[a-z0-9]+(-[a-z0-9]+)*$": 1,
    "^(foo|foobar)+$": 1,
    "^[a-z]+@[a-z]+\\.[a-z]+$": 1,
    "^https?://[^/]+/": 1,
    "(Z|[+-][0-9][0-9]:[0-9][0-9])$": 1,
    "^a*a*$": 2,
    "a+b": 2,
    "^.*foo.*$": 2,
    "^a*a*a*$": 3,
}


@pytest.mark.parametrize("pattern", EXPLOSIVE)
def test_what_can_blow_up_is_refused(pattern):
    """A backtracking engine could take exponential time for some text."""
    with pytest.raises(ValueError, match="exponential"):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", HARMLESS)
def test_degree(pattern):
    """The power of the text's length that matching can take is told."""
    assert degree(parse_regex(pattern)) == HARMLESS[pattern]


MEANING = [
    ("a", "", "xay", True), ("^a$", "", "a\n", False), ("^a$", "m", "b\na\nc", True), ("A", "i", "a", True),
    (".", "", "\n", False), (".", "s", "\n", True), ("a b", "x", "ab", True), ("a.c", "q", "abc", False),
    ("a.c", "q", "xa.cx", True), ("[a-z-[aeiou]]", "", "e", False), ("[a-z-[aeiou]]", "", "f", True),
    ("\\d", "", "٣", True), ("^\\i\\c*$", "", "lake:Run-1", True), ("^\\i", "", "1", False), ("\\p{Lu}", "", "É", True),
    ("^\\P{L}$", "", "1", True), ("[^\\d\\s]", "", "1 2", False), ("\\.", "", "a", False), ("a{2,3}", "", "aa", True),
    ("^a{2,3}$", "", "aaaa", False), ("a*?b", "", "aab", True), ("(?:a|b)c", "", "bc", True), ("[-a]", "", "-", True),
    ("[a\\]]", "", "]", True), ("^$", "", "", True), ("\\s", "", "\u00a0", False), ("[K]", "i", "k", True),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "flags", "text", "expected"), MEANING)
def test_meaning(pattern, flags, text, expected):
    """XPath's syntax and flags mean what XPath says."""
    assert compile_pattern(pattern, flags)(text) is expected


MALFORMED = [
    ("(", "", "not closed"), ("a)", "", "unexpected"), ("[a", "", "ends too early"), ("*a", "", "unexpected"),
    ("a{2", "", "malformed"), ("a{3,2}", "", "ends before it begins"), ("(?=a)", "", "look-around"),
    ("(a)\\1", "", "back-references"), ("\\q", "", "not supported"), ("a", "z", "flag"), ("[z-a]", "", "malformed"),
    ("\\p{IsGreek}", "", "blocks"), ("\\p{Xx}", "", "category"), ("a\\", "", "ends too early"),
    ("(" * 60 + ")" * 60, "", "50 deep"), ("[[a]]", "", "escaped"), ("a" * 400, "", "300"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "flags", "message"), MALFORMED)
def test_malformed(pattern, flags, message):
    """What is wrong with an expression is said."""
    with pytest.raises(ValueError, match=message):
        compile_pattern(pattern, flags)


def regexes() -> st.SearchStrategy[str]:
    """Small expressions over a, b and c."""
    atoms = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", "^", "$"])
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
            st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}"])).map(lambda p: f"({p[0]}){p[1]}"),
        ),
        max_leaves=8,
    )


@settings(max_examples=150, deadline=None)
@given(regexes(), st.text("abc\n", max_size=8), st.sampled_from(["", "m", "i", "s"]))
def test_the_linear_matcher_agrees_with_the_other(pattern, text, flags):
    """What takes over for long texts gives the same answers."""
    tree = parse_regex(pattern, flags)
    options = (re.IGNORECASE if "i" in flags else 0) | (re.MULTILINE if "m" in flags else 0)
    usual = re.compile(_python(tree, multiline="m" in flags), options).search
    assert _linear(tree, options)(text) == (usual(text) is not None)


@settings(max_examples=100, deadline=None)
@given(regexes(), st.text("ab", max_size=6))
def test_a_pattern_that_is_let_through_is_never_slow(pattern, text):
    """Counting the ways to match a repeated text finds no growth beyond the degree that was told."""
    tree = parse_regex(pattern)
    power = degree(tree)
    assume(power is not None)
    short, long = (_ways(pattern, text * n) for n in (4, 8))
    assert long <= max(short, 1) * 4 ** (power + 1)


class Backtracker:
    """A plain backtracking matcher that is never satisfied, and counts its steps up to a bound."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.steps = 0

    def match(self, node, at, then):
        self.steps += 1
        if self.steps > 200_000:
            raise OverflowError
        getattr(self, type(node).__name__.lower())(node, at, then)

    def chars(self, node, at, then):
        if at < len(self.text) and re.match(node.python, self.text[at]):
            then(at + 1)

    def anchor(self, node, at, then):
        if at == (0 if node.sign == "^" else len(self.text)):
            then(at)

    def choice(self, node, at, then):
        for option in node.options:
            self.match(option, at, then)

    def sequence(self, node, at, then, done=0):
        if done == len(node.parts):
            then(at)
        else:
            self.match(node.parts[done], at, lambda after: self.sequence(node, after, then, done + 1))

    def loop(self, node, at, then, count=0):
        if node.high is None or count < node.high:
            self.match(node.part, at, lambda after: after > at and self.loop(node, after, then, count + 1))
        if count >= node.low:
            then(at)


def _ways(pattern: str, text: str) -> int:
    """The steps that backtracking takes to find every way of matching."""
    matcher, tree = Backtracker(text), parse_regex(pattern)
    try:
        for start in range(len(text) + 1):
            matcher.match(tree, start, lambda _: None)
    except OverflowError:
        return 10**9
    return matcher.steps


def test_long_texts_take_the_linear_way():
    """A text that would take a quadratic pattern billions of steps is answered."""
    matches = compile_pattern("a+b")
    assert not matches("a" * 60_000)
    assert matches("a" * 60_000 + "b")
