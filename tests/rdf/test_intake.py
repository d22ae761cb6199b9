"""Documents that are small and would cost much: nested without bound, or with names that are written out at length."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from contextlib import suppress

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.errors import RdfSyntaxError, UsageError
from lakegraph.rdf.intake import parse
from lakegraph.rdf.nesting import DEPTH, check_nesting

TRIPLE = b"<http://e/a> <http://e/b> "
A = b"@prefix : <http://e/> . :a :b "
XML = b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">%b</rdf:RDF>'


def nested(kind: str, depth: int) -> tuple[bytes, str]:
    """A document of a kind that is nested so deep, and its media type."""
    return {
        "nodes": (A + b"[ :p " * depth + b":x " + b"]" * depth + b" .", "text/turtle"),
        "lists": (A + b"( " * depth + b":x " + b")" * depth + b" .", "text/turtle"),
        "triple terms": (A + b"<<( :a :b " * depth + b":x " + b")>>" * depth + b" .", "text/turtle"),
        "after an escape": (A + b":c\\#d, " + b"<<( :a :b " * depth + b":x " + b")>>" * depth + b" .", "text/turtle"),
        "after a name": (A + b"<http://e/\\u0041#b>," + b"<<( :a :b " * depth + b":x", "application/trig"),
        "after a string": (A + b'"""a" \\""" # """,' + b"<<( :a :b " * depth + b":x", "application/trig"),
        "close together": (A + b"<<<a><b>" * depth + b"<c>" + b">>" * depth, "text/turtle"),
        "N-Triples": (TRIPLE + (b"<<( " + TRIPLE) * depth + b":x", "application/n-triples"),
        "JSON-LD": (b'{"http://e/p":' * depth + b"1" + b"}" * depth, "application/ld+json"),
        "XML": (XML % (b"<e:a><e:p>" * depth + b"</e:p></e:a>" * depth), "application/rdf+xml"),
        "formulas": (A + b"{ :p :q " * depth + b":x " + b"}" * depth + b" .", "text/n3"),
    }[kind]  # fmt: skip


KINDS = (
    "nodes", "lists", "triple terms", "after an escape", "after a name", "after a string", "close together",
    "N-Triples", "JSON-LD", "XML", "formulas",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_deep_documents_are_refused(kind: str) -> None:
    """In linear time, with the reason; 100,000 triple terms within each other would end the process."""
    for depth in (2 * DEPTH, 100_000):
        body, media_type = nested(kind, depth)
        start = time.process_time()
        with pytest.raises(RdfSyntaxError) as refused:
            parse(body, media_type)
        assert refused.value.message == f"The {media_type} document is nested more than {DEPTH} deep."
        assert refused.value.hint == "Give the inner nodes names of their own."
        assert time.process_time() - start < 5


@pytest.mark.parametrize("kind", ["nodes", "lists", "JSON-LD"])
def test_what_is_nested_as_people_nest_is_read(kind: str) -> None:
    """Thirty lists within each other are read as ever."""
    assert len(parse(*nested(kind, 30))) >= 30


def test_brackets_in_strings_names_and_comments_do_not_count() -> None:
    """Only what the parser nests is counted, however often the signs occur."""
    many = b"[({<<" * DEPTH
    body = (
        A
        + b'"'
        + many
        + b'" , """'
        + many
        + b'"'
        + b'"" , <http://e/((((((> . # '
        + many
        + b"\n:c :d '"
        + many
        + b"' ."
    )
    assert len(parse(body, "text/turtle")) == 3  # two of the objects are the same
    assert len(parse(b'{"http://e/p": "' + many + b'\\"[[[["}', "application/ld+json")) == 1
    flat = A + b" , ".join(b"[ :p (1) ]" for _ in range(3 * DEPTH)) + b" ."
    assert len(parse(flat, "text/turtle")) == 3 * DEPTH * 4


def test_xml_that_a_strict_parser_refuses_goes_no_further() -> None:
    """What is not looked at whole is not handed to a parser that may be less strict."""
    with pytest.raises(RdfSyntaxError, match=r"does not parse: not well-formed \(invalid token\)") as refused:
        parse(XML % b"<e:a>\x01</e:a>", "application/rdf+xml")
    assert refused.value.where == "line 1"


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*"<>\"'#\\()[]{}:a \n", "<<(", ")>>", '"""', "'''", "\\#", "<a>", ":a :b "]), max_size=60)
)
def test_nothing_hides_from_the_count(parts: list[str]) -> None:
    """What stands before hides no nesting: where the parser reads on to it, it is counted."""
    deep = "<<( :a :b " * (2 * DEPTH) + ":x" + ")>>" * (2 * DEPTH)
    body = f"@prefix : <http://e/> . {''.join(parts)} {deep} .".encode()
    try:
        check_nesting(body, "text/turtle")
    except RdfSyntaxError:
        return
    read = []
    try:
        for quad in ox.parse(body, ox.RdfFormat.TURTLE, base_iri="http://e/"):
            read.append(quad)
    except SyntaxError:
        pass
    assert not any(str(quad).count("<<(") > DEPTH for quad in read)


def test_the_parser_would_indeed_end_the_process() -> None:
    """The reason for all this; where it has gone, so may the check."""
    body, _ = nested("triple terms", 100_000)
    code = "import pyoxigraph as ox, sys; list(ox.parse(sys.stdin.buffer.read(), ox.RdfFormat.TURTLE))"
    ended = subprocess.run([sys.executable, "-c", code], input=body, capture_output=True, check=False)
    assert ended.returncode < 0


@pytest.mark.parametrize("media_type", ["text/turtle", "application/ld+json"])
@pytest.mark.parametrize("first", ["", '"', '"""', "'''", "<"])
def test_counting_takes_one_pass(first: str, media_type: str) -> None:
    """Strings and names that do not end, however often they begin, are not looked through again and again."""
    parts = ['\\"', "\\'", '"\\"', '"""\\', "'''\\", '"', '""', '"""', "'", '"\n', "'\n", "<a", "<\\u", "#", "#'", "\\"]
    for part in (*parts, "\"\"\"a'''", "'\\''"):
        body = first.encode() + b"[" * (DEPTH + 1) + part.encode() * 100_000
        start = time.process_time()
        with suppress(RdfSyntaxError):
            check_nesting(body, media_type)
        assert time.process_time() - start < 5, part


LONG = "http://e/" + "x" * 500_000 + "/"


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("text/turtle", "@prefix p: <http://e/> . " + "p:a p:b p:c . " * 2000),
        ("application/trig", "@base <http://e/> . " + "<a> <b> <c> . " * 2000),
        ("application/ld+json", f'{{"@context":{{"p":"http://e/"}},"@id":"p:a","p:b":[{"1," * 2000}2]}}'),
        ("application/rdf+xml", (XML % (b"<e:a>%b</e:a>" % (b"<e:p>1</e:p>" * 2000))).decode()),
    ],
)
def test_names_are_not_written_out_without_bound(media_type: str, body: str) -> None:
    """A prefix of half a megabyte, used two thousand times, would fill three gigabytes."""
    body = body.replace("http://e/", LONG)
    tracemalloc.start()
    try:
        with pytest.raises(RdfSyntaxError, match="more than 32 times as long as it") as refused:
            parse(body.encode(), media_type)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()
    assert refused.value.hint == "Shorten its prefixes or its base."


def test_prefixes_as_people_use_them_are_read() -> None:
    """Ten thousand names below a long address are nothing to refuse."""
    body = "@prefix p: <https://w3id.org/some/long/address/of/a/vocabulary/in/use#> . " + "".join(
        f"p:a p:b p:c{n} . " for n in range(60_000)
    )
    assert len(parse(body.encode(), "text/turtle")) == 60_000


def test_too_many_statements_are_not_read_to_the_end() -> None:
    """Reading stops where it is certain; up to there nothing is said."""
    body = (A + b"1 . " + b"".join(b"<http://e/%d> :b 1 . " % n for n in range(49))).rstrip()
    assert len(parse(body, "text/turtle", most=50)) == 50
    with pytest.raises(UsageError, match="More than 50 statements are too many at once"):
        parse(body + b" :a :c 1 . this is not Turtle", "text/turtle", most=50)
