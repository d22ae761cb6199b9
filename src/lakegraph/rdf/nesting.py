"""How deep an RDF document is nested, found before a parser reads it.

Measured with pyoxigraph 0.5.13: 30,000 triple terms within each other end the process, because what the parser has
built is taken apart by recursion; 60,000 nested nodes of JSON-LD and 20,000 of RDF/XML take minutes, growing with the
square.
"""

from __future__ import annotations

import re
from typing import Final
from xml.parsers import expat

from lakegraph.errors import RdfSyntaxError

DEPTH: Final = 100
"""Deeper than a list of lists of class expressions ever is."""

_OPENING: Final = (b"<<", b"{", b"[", b"(")
# What holds no bracket that counts: strings, names, comments, and escapes, as of a # within a name. A part that does
# not end is left, and its brackets count: the parser refuses such a document. Possessive, and with escapes as parts of
# their own, so that a string that does not end is not looked through again from each quote.
_TURTLE: Final = re.compile(
    rb'"""(?:[^"\\]++|\\.|"(?!""))*+"""'
    rb"|'''(?:[^'\\]++|\\.|'(?!''))*+'''"
    rb'|"(?:[^"\\\n]++|\\.)*+"'
    rb"|'(?:[^'\\\n]++|\\.)*+'"
    rb"|<(?:[^<>\"{}|^`\\\s]++|\\[uU])*+>"
    rb"|#[^\n\r]*+"
    rb"|\\.",
    re.DOTALL,
)
_JSON: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|\\.', re.DOTALL)
_BRACKETS: Final = re.compile(rb"<<|>>|[][(){}]")
_CLOSING: Final = frozenset((b">>", b"}", b"]", b")"))


def check_nesting(body: bytes, media_type: str) -> None:
    """Refuse a document that is nested more than :data:`DEPTH` deep.

    Args:
        body: The document, in UTF-8 or, if it is XML, in what it says.
        media_type: What it is written in.

    Raises:
        RdfSyntaxError: It is nested deeper, or is no XML.
    """
    if media_type == "application/rdf+xml":
        deep = _deep_xml(body)
    elif sum(map(body.count, _OPENING)) <= DEPTH:
        deep = False
    else:
        deep = _deep_text((_JSON if media_type == "application/ld+json" else _TURTLE).sub(b"", body))
    if deep:
        raise RdfSyntaxError(
            f"The {media_type} document is nested more than {DEPTH} deep.",
            hint="Give the inner nodes names of their own.",
        )


def _deep_text(body: bytes) -> bool:
    depth = 0
    for bracket in _BRACKETS.findall(body):
        if bracket not in _CLOSING:
            depth += 1
            if depth > DEPTH:
                return True
        elif depth:
            depth -= 1
    return False


class _Deep(Exception):
    """Deeper than it may be."""


def _deep_xml(body: bytes) -> bool:
    depth = 0

    def begin(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH:
            raise _Deep

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = begin, end
    try:
        parser.Parse(body, True)
    except _Deep:
        return True
    except expat.ExpatError as error:
        # The parser that reads it afterwards may be less strict, and go on to what was not looked at.
        raise RdfSyntaxError(
            f"The application/rdf+xml document does not parse: {expat.ErrorString(error.code)}.",
            where=f"line {error.lineno}",
        ) from error
    return False
