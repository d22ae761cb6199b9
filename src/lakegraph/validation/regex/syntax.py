r"""XPath regular expressions, parsed into a tree of character sets, sequences, alternatives and loops.

https://www.w3.org/TR/xpath-functions-31/#regex-syntax. ``\d`` and ``\w`` take Unicode's digits and word characters,
as the engine's own REGEX does. Back-references and Unicode blocks are refused.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

Ranges = tuple[tuple[int, int], ...]
_TOP = sys.maxunicode
_BEYOND: Ranges = ((128, _TOP),)
_ASCII = (1 << 128) - 1
_SPACE: Ranges = ((9, 10), (13, 13), (32, 32))
# https://www.w3.org/TR/xml/#NT-NameStartChar and #NT-NameChar
_NAME_START: Ranges = (
    (0x3A, 0x3A), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A), (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x2FF), (0x370, 0x37D),
    (0x37F, 0x1FFF), (0x200C, 0x200D), (0x2070, 0x218F), (0x2C00, 0x2FEF), (0x3001, 0xD7FF), (0xF900, 0xFDCF),
    (0xFDF0, 0xFFFD), (0x10000, 0xEFFFF),
)  # fmt: skip
_NAME: Ranges = tuple(
    sorted((*_NAME_START, (0x2D, 0x2E), (0x30, 0x39), (0xB7, 0xB7), (0x300, 0x36F), (0x203F, 0x2040)))
)
_SINGLE = {"n": "\n", "r": "\r", "t": "\t", **{c: c for c in "\\|.?*+(){}-[]^$"}}


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of a set.

    Attributes:
        python: The set as Python's ``re`` writes it.
        ascii: The ASCII characters in it, one bit each.
        beyond: Ranges that cover the others in it; they may cover more.
    """

    python: str
    ascii: int
    beyond: Ranges

    def overlaps(self, other: Chars) -> bool:
        """Whether some character may be in both."""
        if self.ascii & other.ascii:
            return True
        return any(a <= d and c <= b for a, b in self.beyond for c, d in other.beyond)


@dataclass(frozen=True, slots=True)
class Anchor:
    """``^`` or ``$``."""

    sign: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts one after the other."""

    parts: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Any of several alternatives."""

    options: tuple[Regex, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A part from *low* to *high* times; no upper bound when *high* is ``None``."""

    part: Regex
    low: int
    high: int | None


Regex = Chars | Anchor | Sequence | Choice | Loop
ANY = Chars(r"[\s\S]", _ASCII, _BEYOND)


def parse_regex(text: str, flags: str = "") -> Regex:
    """The tree of an XPath regular expression.

    Args:
        text: The expression.
        flags: Letters out of ``smixq``.

    Raises:
        ValueError: It is not well-formed, or uses what is refused; says what.
    """
    unknown = set(flags) - set("smixq")
    if unknown:
        raise ValueError(f"the flag {min(unknown)!r} is not one of s, m, i, x, q")
    if "q" in flags:
        return Sequence(tuple(_chars(((ord(c), ord(c)),), ignore_case="i" in flags) for c in text))
    parser = _Parser(text, flags)
    tree = parser.choice()
    if parser.at < len(text):
        raise ValueError(f"unexpected {text[parser.at]!r} at character {parser.at + 1}")
    return tree


class _Parser:
    """Recursive descent over the characters of one expression."""

    def __init__(self, text: str, flags: str) -> None:
        self.text = text
        self.flags = flags
        self.at = 0
        self.depth = 0

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def take(self) -> str:
        if self.at >= len(self.text):
            raise ValueError("it ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def choice(self) -> Regex:
        options = [self.sequence()]
        while self.peek() == "|":
            self.take()
            options.append(self.sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def sequence(self) -> Regex:
        parts: list[Regex] = []
        while self.peek() not in ("", "|", ")"):
            if "x" in self.flags and self.peek() in " \t\r\n":
                self.take()
                continue
            parts.append(self.quantified(self.atom()))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def quantified(self, part: Regex) -> Regex:
        match = re.compile(r"[?*+]|\{([0-9]{1,5})(,([0-9]{1,5})?)?\}").match(self.text, self.at)
        if not match:
            if self.peek() == "{":
                raise ValueError(f"a quantifier is malformed at character {self.at + 1}")
            return part
        self.at = match.end()
        if self.peek() == "?":
            self.take()  # reluctant: the same texts match
        if match[0] in ("?", "*", "+"):
            return Loop(part, int(match[0] == "+"), 1 if match[0] == "?" else None)
        low = int(match[1])
        high = low if not match[2] else int(match[3]) if match[3] else None
        if high is not None and high < low:
            raise ValueError(f"the quantifier {match[0]} ends before it begins")
        return Loop(part, low, high)

    def atom(self) -> Regex:
        sign = self.take()
        if sign == "(":
            return self.group()
        if sign in ("^", "$"):
            return Anchor(sign)
        if sign == "[":
            return self.character_class()
        if sign == ".":
            dot = ((0, _TOP),) if "s" in self.flags else ((0, 9), (11, 12), (14, _TOP))
            return _chars(dot)
        if sign == "\\":
            return self.escape()
        if sign in "?*+{}]":
            raise ValueError(f"unexpected {sign!r} at character {self.at}")
        return self.set_of(((ord(sign), ord(sign)),))

    def group(self) -> Regex:
        self.depth += 1
        if self.depth > 50:
            raise ValueError("it nests more than 50 deep")
        if self.peek() == "?":
            self.take()
            if self.take() != ":":
                raise ValueError("look-around and named groups are not part of XPath's syntax")
        inner = self.choice()
        if self.peek() != ")":
            raise ValueError("a group is not closed")
        self.take()
        self.depth -= 1
        return inner

    def set_of(self, ranges: Ranges, classes: str = "") -> Chars:
        return _chars(ranges, classes, ignore_case="i" in self.flags)

    def escape(self) -> Chars:
        ranges, classes = self.escaped()
        return self.set_of(ranges, classes)

    def escaped(self) -> tuple[Ranges, str]:
        """What a backslash stands for: ranges, or one of Python's own class escapes."""
        letter = self.take()
        if letter in _SINGLE:
            return ((ord(_SINGLE[letter]), ord(_SINGLE[letter])),), ""
        if letter in "dDwW":
            return (), f"\\{letter}"
        if letter in "sSiIcC":
            ranges = {"s": _SPACE, "i": _NAME_START, "c": _NAME}[letter.lower()]
            return (ranges if letter.islower() else _complement(ranges)), ""
        if letter in "pP":
            ranges = self.category()
            return (ranges if letter == "p" else _complement(ranges)), ""
        kind = "back-references are" if letter.isdigit() else f"\\{letter} is"
        raise ValueError(f"{kind} not supported")

    def category(self) -> Ranges:
        match = re.compile(r"\{([A-Z][a-z]?)\}").match(self.text, self.at)
        if not match:
            raise ValueError("only general categories such as \\p{L} are supported, not Unicode blocks")
        self.at = match.end()
        return _category_ranges(match[1])

    def character_class(self) -> Chars:
        negated = self.peek() == "^"
        if negated:
            self.take()
        ranges: list[tuple[int, int]] = []
        classes, minus, first = "", None, True
        while first or self.peek() != "]":
            if self.text.startswith("-[", self.at):
                self.at += 2
                minus = self.character_class()
                break
            more, escape = self.class_member()
            ranges += more
            classes += escape
            first = False
        if self.take() != "]":
            raise ValueError("a character class is not closed")
        found = self.set_of(tuple(ranges), classes)
        if negated:
            found = _negated(found, classes, tuple(ranges), ignore_case="i" in self.flags)
        if minus:
            found = Chars(f"(?!{minus.python}){found.python}", found.ascii & ~minus.ascii, found.beyond)
        return found

    def class_member(self) -> tuple[Ranges, str]:
        sign = self.take()
        if sign == "[":
            raise ValueError("a [ within a character class must be escaped")
        start, classes = self.escaped() if sign == "\\" else (((ord(sign), ord(sign)),), "")
        is_range = self.peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", "[", "")
        if not is_range or classes or len(start) != 1:
            return start, classes
        self.take()
        sign = self.take()
        end, classes = self.escaped() if sign == "\\" else (((ord(sign), ord(sign)),), "")
        if classes or len(end) != 1 or end[0][1] < start[0][0]:
            raise ValueError("a character range is malformed")
        return ((start[0][0], end[0][1]),), ""


def _chars(ranges: Ranges, classes: str = "", *, ignore_case: bool = False) -> Chars:
    body = "".join(_escape(a) if a == b else f"{_escape(a)}-{_escape(b)}" for a, b in ranges)
    bits, beyond = _bits(ranges), tuple((max(a, 128), b) for a, b in ranges if b > 127)
    for letter in classes[1::2]:
        probe = re.compile(f"\\{letter}")
        bits |= sum(1 << n for n in range(128) if probe.match(chr(n)))
        beyond = _BEYOND
    if ignore_case:
        folded = [ord(chr(n).swapcase()) for n in range(128) if bits >> n & 1]
        bits |= _bits(tuple((n, n) for n in folded))
        # The Kelvin sign and the long s fold to ASCII letters.
        beyond = _BEYOND if beyond or bits >> ord("k") & 1 or bits >> ord("s") & 1 else ()
    return Chars(f"[{body}{classes}]" if body or classes else r"[^\s\S]", bits, beyond)


def _negated(found: Chars, classes: str, ranges: Ranges, *, ignore_case: bool) -> Chars:
    exact = not classes and not ignore_case
    beyond = tuple((max(a, 128), b) for a, b in _complement(ranges) if b > 127) if exact else _BEYOND
    return Chars("[^" + found.python[1:], _ASCII & ~found.ascii, beyond)


def _escape(code: int) -> str:
    return f"\\U{code:08x}"


def _bits(ranges: Ranges) -> int:
    return sum(((1 << (min(b, 127) + 1)) - 1) & ~((1 << a) - 1) for a, b in _merged(ranges) if a < 128)


def _merged(ranges: Ranges) -> Ranges:
    merged: list[tuple[int, int]] = []
    for a, b in sorted(ranges):
        if merged and a <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return tuple(merged)


def _complement(ranges: Ranges) -> Ranges:
    gaps: list[tuple[int, int]] = []
    start = 0
    for a, b in _merged(ranges):
        if a > start:
            gaps.append((start, a - 1))
        start = b + 1
    if start <= _TOP:
        gaps.append((start, _TOP))
    return tuple(gaps)


@lru_cache(maxsize=64)
def _category_ranges(name: str) -> Ranges:
    """The characters of a Unicode general category such as ``L`` or ``Nd``."""
    found = _merged(tuple((c, c) for c in range(_TOP + 1) if unicodedata.category(chr(c)).startswith(name)))
    if not found:
        raise ValueError(f"there is no Unicode category {name}")
    return found
