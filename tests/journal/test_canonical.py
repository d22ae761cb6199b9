"""Canonical JSON against the rules of RFC 8785."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakegraph.journal.canonical import MAX_INTEGER, canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_strings_are_escaped_as_the_standard_says() -> None:
    """Section 3.2.2.2: seven short escapes, lower-case hexadecimal for other controls, everything else as it is."""
    assert canonical({"a": '\b\t\n\f\r"\\'}) == b'{"a":"\\b\\t\\n\\f\\r\\"\\\\"}'
    assert canonical({"a": "\x00\x0b\x1f"}) == b'{"a":"\\u0000\\u000b\\u001f"}'
    assert canonical({"a": "/\x7f\u20ac\u2028\U0001f600"}) == '{"a":"/\x7f\u20ac\u2028\U0001f600"}'.encode()


def test_the_example_of_the_standard_holds() -> None:
    """Section 3.2.3: members in the order of UTF-16 code units, where an emoji comes before U+FB33."""
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    written = json.loads(canonical(dict.fromkeys(names, 0)))
    assert list(written) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


def test_values_are_written_plainly() -> None:
    """Integers without sign or exponent, null as null, no white space."""
    assert canonical({"c": None, "a": -7, "b": MAX_INTEGER}) == b'{"a":-7,"b":9007199254740991,"c":null}'
    assert canonical({}) == b"{}"


@pytest.mark.parametrize("value", [True, 1.5, b"bytes", ["list"]])
def test_other_values_are_refused(value: object) -> None:
    """Only what this page can write canonically is accepted."""
    with pytest.raises(TypeError, match="no place in a canonical leaf"):
        canonical({"a": value})  # type: ignore[dict-item]


def test_inexact_integers_are_refused() -> None:
    """An integer that a JSON reader would round is not signed."""
    with pytest.raises(ValueError, match="beyond the integers"):
        canonical({"a": MAX_INTEGER + 1})


def test_lone_surrogates_are_refused() -> None:
    """Section 3.2.4: what has no UTF-8 form cannot be canonical, in names as in values."""
    with pytest.raises(UnicodeEncodeError):
        canonical({"a": "\ud800"})
    with pytest.raises(UnicodeEncodeError):
        canonical({"\udfff": 1})


@given(st.dictionaries(TEXT, st.one_of(st.none(), TEXT, st.integers(-MAX_INTEGER, MAX_INTEGER))))
def test_it_reads_back_and_is_unique(members: dict[str, str | int | None]) -> None:
    """Any JSON reader gives the members back, and their order in the object does not matter."""
    written = canonical(members)
    assert json.loads(written) == members
    assert canonical(dict(reversed(members.items()))) == written
