"""Streamed answers: what a client sees when one is cut, breaks off, is compressed, or is left."""

from __future__ import annotations

import json
import zlib
from xml.etree import ElementTree as ET

import pytest

from lakegraph.errors import DeadlineError
from lakegraph.http.delivery import Announced, Body

JSON = "application/sparql-results+json"


class Answer:
    """An answer in given chunks; an exception among them is raised in its place."""

    def __init__(self, *chunks: bytes | Exception, truncated: bool = False) -> None:
        self._chunks = list(chunks)
        self.truncated = truncated
        self.closed = 0

    def __next__(self) -> bytes:
        if not self._chunks:
            raise StopIteration
        chunk = self._chunks.pop(0)
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def close(self) -> None:
        self.closed += 1


def delivered(answer: Answer, media_type: str, *, gzip: bool = False) -> tuple[bytes, list[tuple[str, int]]]:
    ends: list[tuple[str, int]] = []
    body = Body(b"", Announced(answer, media_type), lambda outcome, size: ends.append((outcome, size)), gzip=gzip)
    data = b"".join(body)
    body.close()
    return data, ends


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("truncated", [False, True])
def test_json_tells_that_it_was_cut(step: int, truncated: bool) -> None:
    """Results in JSON stay JSON, however they are chunked, and say so when rows were left out."""
    text = b'{"head":{"vars":["s"]},"results":{"bindings":[{"s":{"type":"literal","value":"]}}"}}]}}'
    chunks = [text[i : i + step] for i in range(0, len(text), step)]
    data, ends = delivered(Answer(*chunks, truncated=truncated), JSON)
    found = json.loads(data)
    assert found["results"]["bindings"] == [{"s": {"type": "literal", "value": "]}}"}}]
    assert found.get("truncated", False) is truncated
    assert ends == [("ok", len(data))]


def test_xml_tells_that_it_was_cut() -> None:
    """A cut answer in XML ends with a comment, and is well-formed."""
    data, _ = delivered(Answer(b"<sparql><results/></sparql>", truncated=True), "application/sparql-results+xml")
    assert ET.fromstring(data).tag == "sparql"
    assert b"<!-- The lake left out the rest" in data


@pytest.mark.parametrize(
    "media_type", ["text/turtle", "application/trig", "application/n-triples", "application/n-quads"]
)
def test_statements_tell_that_they_were_cut(media_type: str) -> None:
    """Cut statements end with a comment on a line of its own."""
    data, _ = delivered(Answer(b"<a:b> <a:c> <a:d> .\n", truncated=True), media_type)
    assert data.splitlines()[-1].startswith(b"# The lake left out the rest")
    whole, _ = delivered(Answer(b"<a:b> <a:c> <a:d> .\n"), media_type)
    assert whole == b"<a:b> <a:c> <a:d> .\n"


def test_csv_is_left_as_it_is() -> None:
    """A cut table in CSV gets no line that would count as a row."""
    data, _ = delivered(Answer(b"s\r\n1\r\n", truncated=True), "text/csv")
    assert data == b"s\r\n1\r\n"


def test_an_answer_that_breaks_off_cannot_be_taken_for_whole() -> None:
    """The error stands in the body, in a way that no parser accepts, and ends the answer."""
    error = DeadlineError("The query was ended after 30 seconds.", where="query 1")
    data, ends = delivered(Answer(b"<a:b> <a:c> <a:d> .\n", error, b"<a:b> <a:c> <a:e> .\n"), "application/n-triples")
    last = data.splitlines()[-1]
    assert last.startswith(b"!!! <<< THE ANSWER BREAKS OFF HERE {")
    assert json.loads(last[last.index(b"{") :])["code"] == "deadline"
    assert b"<a:e>" not in data
    assert ends == [("deadline", 20)]


def test_a_fault_breaks_the_answer_off_too() -> None:
    """What nobody foresaw is told as a fault, without its inside."""
    data, ends = delivered(Answer(b'{"head"', ValueError("inside")), JSON)
    assert b"BREAKS OFF" in data
    assert b"inside" not in data
    assert ends[0][0] == "internal"


@pytest.mark.parametrize("breaks", [False, True])
def test_gzip(breaks: bool) -> None:
    """A compressed answer is whole gzip, its first part is sent at once, and a broken one tells it inside."""
    rest: list[bytes | Exception] = [DeadlineError("Too long.")] if breaks else [b"y" * 100_000]
    answer = Answer(b"x" * 10, *rest)
    body = Body(b"", Announced(answer, "text/csv"), lambda *_: None, gzip=True)
    first = next(body)
    assert zlib.decompressobj(31).decompress(first) == b"x" * 10
    plain = zlib.decompress(first + b"".join(body), wbits=31)
    assert plain.startswith(b"x" * 10)
    assert (b"BREAKS OFF" in plain) is breaks
    assert len(plain) == 100_010 or breaks


def test_a_client_that_leaves_ends_the_query() -> None:
    """Closing the body closes the answer and counts as gone; what was first is not lost before."""
    answer, ends = Answer(b"b", b"c"), []
    body = Body(b"a", answer, lambda outcome, size: ends.append((outcome, size)), gzip=False)
    assert next(body) == b"a"
    body.close()
    body.close()
    assert answer.closed == 2
    assert ends == [("gone", 1)]
    assert list(body) == []
