"""Which form of an answer a request gets."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.http.negotiation import accepts_gzip, preferred
from lakegraph.http.refusals import NotAcceptableError

OFFERED = ("text/turtle", "application/ld+json", "application/n-triples", "text/html")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "text/turtle"),
        ("*/*", "text/turtle"),
        ("text/html", "text/html"),
        ("TEXT/HTML", "text/html"),
        ("text/html;q=0.2, application/ld+json;q=0.9", "application/ld+json"),
        ("text/*;q=0.3, application/n-triples;q=0.4", "application/n-triples"),
        ("text/turtle;q=0, */*", "application/ld+json"),
        ("text/turtle;q=0, text/*;q=0.1, */*;q=0", "text/html"),
        ('application/ld+json; profile="x", */*;q=0.1', "application/ld+json"),
        ("text/turtle; charset=utf-8", "text/turtle"),
        ("application/json, */*;q=0.001", "text/turtle"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),
        ("application/rdf+xml, application/ld+json", "application/ld+json"),
        ("application/ld+json;q=1.0, text/turtle;q=1.0", "text/turtle"),
        ("text/html;q=nonsense, text/turtle;q=0.1", "text/turtle"),
        (", ,", "text/turtle"),
    ],
)
def test_preference(accept: str, chosen: str) -> None:
    """Quality decides, then how specific a range is; equal ones are settled by our order."""
    assert preferred(accept, OFFERED) == chosen


@pytest.mark.parametrize("accept", ["image/png", "text/turtle;q=0", "*/*;q=0", "application/json"])
def test_nothing_acceptable(accept: str) -> None:
    """What cannot be had is refused, and the forms that can be had are named."""
    with pytest.raises(NotAcceptableError, match="names no form") as caught:
        preferred(accept, OFFERED)
    assert "application/ld+json" in str(caught.value)
    assert caught.value.status == 406


@given(st.text(alphabet='abt/*;,q=.01 é"', max_size=60))
@settings(max_examples=300)
def test_any_header_is_read(accept: str) -> None:
    """No header makes the choice fail in another way, and what is chosen was offered."""
    with suppress(NotAcceptableError):
        assert preferred(accept, OFFERED) in OFFERED


@pytest.mark.parametrize(
    ("header", "accepted"),
    [("gzip", True), ("gzip, br", True), ("*", True), ("br", False), ("", False), ("gzip;q=0", False), ("*;q=0", False),
     ("br, *;q=0.1", True), ("identity", False), ("x-gzip", True)],
)  # fmt: skip
def test_gzip(header: str, accepted: bool) -> None:
    """Compression is used where the request lets it."""
    assert accepts_gzip(header) is accepted
