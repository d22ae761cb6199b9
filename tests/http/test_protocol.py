"""Reading queries from requests."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.errors import LakegraphError, QueryError, UsageError
from lakegraph.http.protocol import QueryRequest, min_seq, read_query
from lakegraph.http.refusals import MediaTypeError, TooLargeError

ASK = "ASK { <http://a/é> ?p 'x+y & z' }"
TAILS = ["", "%", "%4", "%zz", "%C3", "%c3%a9", "%0A%0d", "%3D%3d\n", "_", "=", "==a"]
FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"


def request(method: str = "GET", query: str = "", body: bytes = b"", media: str = "", **headers: str) -> dict[str, Any]:
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "QUERY_STRING": query, "wsgi.input": io.BytesIO(body)}
    if method == "POST":
        environ |= {"CONTENT_TYPE": media, "CONTENT_LENGTH": str(len(body))}
    return environ | headers


@pytest.mark.parametrize(
    "environ",
    [
        request(query=urlencode({"query": ASK})),
        request("HEAD", query=urlencode({"query": ASK})),
        request("POST", body=urlencode({"query": ASK}).encode(), media=FORM),
        request("POST", body=urlencode({"query": ASK}).encode(), media=f"{FORM}; charset=UTF-8"),
        request("POST", body=ASK.encode(), media=DIRECT),
        request("POST", body=ASK.encode(), media=f'{DIRECT}; charset="utf-8"'),
        request(query="query=" + ASK.replace("+", "%2B").replace("&", "%26").encode().decode("latin-1")),
    ],
)
def test_three_forms(environ: dict[str, Any]) -> None:
    """A query is the same by GET, by form and as it is."""
    assert read_query(environ, 1000) == QueryRequest(ASK)


@settings(max_examples=500)
@given(
    st.text(max_size=60),
    st.sampled_from(["", "%", "%4", "%zz", "%C3", "%c3%a9", "%0A%0d", "%3D%3d\n", "_", "=", "==a"]),
)
def test_addresses_are_decoded_as_forms_are(text: str, tail: str) -> None:
    """However an address is decoded, it gives what decoding a form gives: the same text, or the same refusal."""
    for encoded in (quote_plus(text, errors="replace") + tail, quote(text, errors="replace", safe="=?/:") + tail):
        assert _outcome("GET", encoded) == _outcome("POST", encoded)


def _outcome(method: str, encoded: str) -> QueryRequest | str | None:
    asked = f"query={encoded}"
    environ = request(query=asked) if method == "GET" else request("POST", body=asked.encode(), media=FORM)
    try:
        return read_query(environ, 1000)
    except LakegraphError as error:
        return error.message


def test_chunked_body() -> None:
    """A body without a length is read to its end."""
    environ = request("POST", body=ASK.encode(), media=DIRECT)
    del environ["CONTENT_LENGTH"]
    assert read_query(environ, 1000) == QueryRequest(ASK)


def test_dataset_and_unknown_parameters() -> None:
    """Graphs come in order from address and form; what the protocol does not know is passed over."""
    query = "default-graph-uri=http://a&default-graph-uri=http://b&format=json&output=json&timeout=1"
    body = b"named-graph-uri=http%3A%2F%2Fc&query=ASK%7B%7D&should-sponge=soft"
    environ = request("POST", query, body, FORM, HTTP_LAKE_MIN_SEQ="7")
    assert read_query(environ, 1000) == QueryRequest("ASK{}", ("http://a", "http://b"), ("http://c",))
    assert min_seq(environ) == 7


@pytest.mark.parametrize("said", ["seven", "²", "-1", "1" * 19])
def test_what_is_no_sequence_number(said: str) -> None:
    """Lake-Min-Seq names an entry of the journal."""
    with pytest.raises(UsageError, match="is not a sequence number"):
        min_seq(request(HTTP_LAKE_MIN_SEQ=said))
    assert min_seq(request()) is None


def test_no_query_asks_for_the_description() -> None:
    """A GET without a query is no query."""
    assert read_query(request(), 1000) is None
    assert read_query(request(query="xquery=1"), 1000) is None


@pytest.mark.parametrize(
    ("environ", "kind", "says"),
    [
        (request(query="query=ASK%7B%7D&query=ASK%7B%7D"), UsageError, "The request has 2 queries"),
        (request("POST", "query=ASK%7B%7D", b"ASK {}", DIRECT), UsageError, "The request has 2 queries"),
        (request("POST", body=b"default-graph-uri=http://a", media=FORM), UsageError, "The request has no queries"),
        (request(query="update=CLEAR%20ALL"), UsageError, "takes no updates"),
        (request("POST", body=b"update=CLEAR+ALL", media=FORM), UsageError, "takes no updates"),
        (request("POST", body=b"ASK {}", media="text/plain"), MediaTypeError, "not read from text/plain"),
        (request("POST", body=b"ASK {}"), MediaTypeError, "a body without Content-Type"),
        (request("POST", body=b"ASK {}", media=f"{DIRECT}; charset=utf-16"), MediaTypeError, "in UTF-8"),
        (request("POST", body=b"ASK { ?s ?p '\xe9' }", media=DIRECT), QueryError, "not UTF-8"),
        (request(query="query=%FF"), QueryError, "not UTF-8"),
        (request("POST", body=b"x" * 1001, media=DIRECT), TooLargeError, "may have 1000 bytes"),
        (request("POST", body=b"ASK {}", media=DIRECT, HTTP_CONTENT_ENCODING="gzip"), MediaTypeError, "Compressed"),
        (request(query="&".join(["a=b"] * 10_001)), UsageError, "more than 10000 fields"),
    ],
)
def test_refused(environ: dict[str, Any], kind: type[LakegraphError], says: str) -> None:
    """What is not one query in UTF-8 is refused with what is wrong."""
    with pytest.raises(kind, match=says):
        read_query(environ, 1000)


def test_a_body_without_length_is_not_read_beyond_the_limit() -> None:
    """A stream without end costs no more than the limit."""

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            assert size <= 1001
            return b"x" * size

    environ = request("POST", media=DIRECT) | {"wsgi.input": Endless(), "CONTENT_LENGTH": ""}
    with pytest.raises(TooLargeError):
        read_query(environ, 1000)
