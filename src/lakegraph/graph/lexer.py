"""The tokens of a SPARQL text, in linear time, and only of a text that has but one reading.

The guard must see a text exactly as the engine does: what it takes for a string, a comment or an IRI hides what stands
inside. The engine's parser is a parsing expression grammar without a lexer, so it reads one text in several ways until
one fits. Where two readings differ in what they hide, the text is refused here (measured with a listener on loopback,
each of these reached it past a lexer that follows the SPARQL grammar's longest match alone):

- ``1<2#>'…``: an IRI, or "less than" and a comment that hides a quote;
- an escape the engine does not know in a long string: it then reads ``""`` and goes on inside.

Source: https://www.w3.org/TR/sparql11-query/#sparqlGrammar, terminals 139 to 173, and spargebra's rules of like name.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from lakegraph.errors import QueryError

_BASE: Final = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_WORD: Final = _BASE + "_0-9\u00b7\u0300-\u036f\u203f\u2040"
_NAME: Final = _WORD + r"\-"
_PLX: Final = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
# Replaced after parsing, as SPARQL 1.2 says, so it may stand for any character; but not for a surrogate, or for what is
# beyond Unicode: there the engine gives up the string and reads its text in another way.
_UCHAR: Final = r"\\u(?![dD][89a-fA-F])[0-9A-Fa-f]{4}|\\U(?!0000[dD][89a-fA-F])00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4}"
_CHAR: Final = rf"""\\[tbnrf"'\\]|{_UCHAR}"""
_IRI: Final = rf"""<(?:[^\x00-\x20<>"{{}}|^`\\]|{_UCHAR})*+>"""
_LOCAL: Final = rf"(?:[{_WORD}:]|{_PLX})(?:[{_NAME}:]|{_PLX})*+(?:\.++(?:[{_NAME}:]|{_PLX})++)*+"

_PREFIX: Final = 199  # characters; bounded, so that a long name without a colon is not read again from each of its dots

_TOKEN: Final = re.compile(
    rf"""(?:[ \t\r\n]++|\#[^\r\n]*+)*+(?:
     (?P<iri>{_IRI})
    |(?P<var>[?$][{_WORD}]++)
    |(?P<blank>_:[{_WORD}][{_NAME}]*+(?:\.++[{_NAME}]++)*+)
    |(?P<name>(?:[{_BASE}](?:[{_NAME}]|\.(?=[{_NAME}.])){{0,{_PREFIX}}}+)?:(?:{_LOCAL})?)
    |(?P<word>[{_BASE}_][{_BASE}_]*+)
    |(?P<number>(?:[0-9]++(?:\.[0-9]++|\.(?=[eE][+-]?[0-9]))?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)
    |(?P<string>\"\"\"(?:[^"\\]|"(?!"")|{_CHAR})*+\"\"\"|'''(?:[^'\\]|'(?!'')|{_CHAR})*+'''
        |"(?!"")(?:[^"\\\r\n]|{_CHAR})*+"|'(?!'')(?:[^'\\\r\n]|{_CHAR})*+')
    |(?P<lang>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+(?:--[A-Za-z]++)?)
    |(?P<punct><(?={_IRI})|<<|>>|\^\^|&&|\|\||<=|>=|!=|[{{}}()\[\].,;|/^+*\-=<>!?~])
    |(?P<bad>[\s\S])
    |\Z)""",
    re.VERBOSE,
)

_CLOSES: Final = {"}": "{", ")": "(", "]": "["}
_ROWS: Final = "v"
"""In the stack of open brackets: the braces around the rows of VALUES, in which there are no expressions."""
_OPERANDS: Final = frozenset(("iri", "var", "blank", "name", "word", "number", "string", "lang"))
_AMBIGUOUS: Final = re.compile(r"[#'()\[\]]")
_HIERARCHICAL: Final = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*://")


class Token(NamedTuple):
    """One token: its kind (a group of the lexer's expression), its text, where it starts, how deep it stands."""

    kind: str
    text: str
    start: int
    depth: int


def tokens(text: str, *, depth: int) -> list[Token]:
    """The tokens of *text*, comments left out.

    Args:
        text: A SPARQL query or update.
        depth: How deep brackets may be nested; deeper texts crash the engine's parser (measured: from 2,200 braces).

    Raises:
        QueryError: The text holds what SPARQL does not know, is nested too deeply, or can be read in two ways.
    """
    found: list[Token] = []
    brackets = _Brackets(text, depth)
    kind, part = "", ""
    for match in _TOKEN.finditer(text):
        before, previous, kind = kind, part, match.lastgroup or ""
        if not kind:
            break
        part, start = match[kind], match.start(kind)
        if kind == "punct":
            brackets.punctuation(part, start)
        elif kind == "bad":
            raise refused(text, start, _stray(part))
        elif kind == "iri" and brackets.expressions and _may_be_less_than(part, before, previous):
            raise refused(
                text,
                start,
                "This can be read as an IRI or as “less than”",
                "Put spaces around “<”, or write the IRI with a prefix.",
            )
        elif kind == "word":
            brackets.values = part.upper() == "VALUES"
        found.append(Token(kind, part, start, len(brackets.open)))
    if brackets.open:
        raise refused(text, len(text), f"{len(brackets.open)} brackets are never closed")
    return found


class _Brackets:
    """The brackets that are open at a place in a text."""

    def __init__(self, text: str, limit: int) -> None:
        self.open: list[str] = []
        self._text = text
        self._limit = limit
        self._triples = 0  # triple terms: their marks cannot be told from comparisons, so only their number is kept
        self.values = False
        """Whether VALUES was the last word, so that the next braces hold rows."""

    @property
    def expressions(self) -> bool:
        """Whether an expression with operators may stand here: inside parentheses other than a row of VALUES."""
        return bool(self.open) and self.open[-1] == "(" and not (len(self.open) > 1 and self.open[-2] == _ROWS)

    def punctuation(self, mark: str, at: int) -> None:
        """Take note of a mark, and refuse one that nests too deep or closes nothing."""
        if mark in "{([":
            self.open.append(_ROWS if mark == "{" and self.values else mark)
            self.values = self.values and mark == "("
        elif mark in "})]":
            opened = self.open.pop() if self.open else ""
            if ("{" if opened == _ROWS else opened) != _CLOSES[mark]:
                raise refused(self._text, at, f"“{mark}” closes nothing that is open")
        elif mark in ("<<", ">>"):
            self._triples = max(0, self._triples + (1 if mark == "<<" else -1))
        if len(self.open) > self._limit or self._triples > self._limit:
            raise refused(self._text, at, f"This is nested more than {self._limit} deep")


def _may_be_less_than(iri: str, before: str, previous: str) -> bool:
    """Whether *iri*, inside parentheses, may also be "less than" with something behind it that hides what follows.

    The operator stands behind an operand. A name with ``//`` behind its colon is no operand, so an IRI with an
    authority has one reading.
    """
    if before not in _OPERANDS and previous not in (")", "]", "<"):
        return False
    return bool(_AMBIGUOUS.search(iri)) and not _HIERARCHICAL.match(iri)


def _stray(character: str) -> str:
    if character in "\"'":
        return "This string is not closed, or holds an escape that SPARQL does not allow"
    if character == "\\":
        return "A backslash may stand only in strings, IRIs and local names"
    return f"The character {character!r} has no place here in SPARQL"


def refused(text: str, at: int, message: str, hint: str | None = None) -> QueryError:
    """The error that names a place in *text* by line and column, both from 1."""
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return QueryError(f"{message}.", where=f"line {line}, column {column}", hint=hint)
