"""Terms as tokens: the same text that the engine writes and gives back."""

from __future__ import annotations

from decimal import Decimal

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.rdf import terms
from lakegraph.rdf.terms import XSD


def stored(term: ox.Literal) -> str:
    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode("urn:s"), ox.NamedNode("urn:p"), term))
    return str(next(iter(store)).object)


text = st.text(st.characters(exclude_categories=["Cs"]))


@given(text)
def test_plain_literals_are_written_as_the_engine_writes_them(value: str) -> None:
    """Every escape, control letters included, and back."""
    token = terms.literal(value)
    assert token == str(ox.Literal(value))
    assert terms.lexical(token) == value


@given(text, st.sampled_from(["en", "EN-us", "fr"]))
def test_tagged_literals(value: str, tag: str) -> None:
    """The language tag is folded as the engine folds it."""
    token = terms.literal(value, lang=tag)
    assert token == str(ox.Literal(value, language=tag.lower()))
    assert (terms.lexical(token), terms.lang(token)) == (value, tag.lower())


NUMBERS = [
    ("05", "integer"), ("+5", "int"), ("007", "nonNegativeInteger"), ("2.30", "decimal"), ("-0.0", "decimal"),
    ("1.0", "double"), ("1e3", "double"), ("NaN", "double"), ("1", "boolean"), ("2024-02-25T09:00:00.500Z", "dateTime"),
    ("2024-02-25T09:00:00Z", "dateTimeStamp"), ("2024-02-25", "date"), ("abc", "integer"), ("9" * 30, "integer"),
    ("0.1234567890123456789012345", "decimal"), ("P1D", "duration"), ("AB", "hexBinary"),
]  # fmt: skip


@pytest.mark.parametrize(("lexical", "kind"), NUMBERS)
def test_a_literal_reads_back_from_the_graph_as_it_was_signed(lexical: str, kind: str) -> None:
    """The engine normalises numbers and times and folds derived integer types; the token says so from the start."""
    token = terms.literal(lexical, XSD + kind)
    assert stored(ox.Literal(lexical, datatype=ox.NamedNode(XSD + kind))) == token


@given(
    st.from_regex(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,7})?(Z|\+01:00)?", fullmatch=True
    )
)
def test_times_that_may_not_exist_read_back_as_signed(lexical: str) -> None:
    """What skips the engine's normalisation is what the engine leaves alone, impossible days included."""
    for kind, text in (("dateTime", lexical), ("date", lexical[:10])):
        token = terms.literal(text, XSD + kind)
        assert stored(ox.Literal(text, datatype=ox.NamedNode(XSD + kind))) == token


@given(st.floats() | st.integers(-(10**20), 10**20) | st.decimals(allow_nan=False, allow_infinity=False, places=6))
def test_numbers_read_back_as_signed_and_keep_their_value(value: float | Decimal) -> None:
    """Decimal where the value fits exactly, double otherwise; nothing is lost."""
    token = terms.number(value)
    assert stored(terms.to_ox(token)) == token  # type: ignore[arg-type]
    back = terms.python_value(token)
    if not (isinstance(value, float) and value != value):
        assert float(back) == float(value) if not isinstance(back, Decimal) else back == Decimal(str(value))


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=8))
def test_decimals_take_the_engines_form(value: Decimal) -> None:
    """No trailing zeros, no exponent, no negative zero."""
    lexical = format(value, "f")
    assert terms.literal(lexical, XSD + "decimal") == stored(
        ox.Literal(lexical, datatype=ox.NamedNode(XSD + "decimal"))
    )


@pytest.mark.parametrize("bad", ["", "relative", "http://a b", 'http://a"', "http://a>", "http://a\n", "http://{x}"])
def test_what_is_no_iri_raises(bad: str) -> None:
    """An IRI full of quotes cannot leave its brackets."""
    with pytest.raises(ValueError, match="absolute IRI"):
        terms.iri(bad)


def test_tokens_survive_both_libraries() -> None:
    """Rdflib and pyoxigraph terms come back as the same token."""
    for token in ('"a\\nb"', '"x"@en', f'"5"^^<{XSD}integer>', "<urn:x>", f'"2.3"^^<{XSD}decimal>'):
        assert terms.from_ox(terms.to_ox(token)) == token
        assert terms.from_rdflib(terms.to_rdflib(token)) == token


def test_local_name() -> None:
    """The readable end of an IRI."""
    assert terms.local_name("<https://w3id.org/lakegraph/ns#ingestFrom>") == "ingestFrom"
    assert terms.local_name("<https://x.org/id/dataset/a/1/>") == "1"


@settings(deadline=None)
@given(st.from_regex(terms._PLAIN_IRI, fullmatch=True))
def test_the_engine_takes_what_is_called_plain(text: str) -> None:
    assert terms.valid_iri(text)
    assert ox.NamedNode(text).value == text


@pytest.mark.parametrize("text", ["http://a/\u202eb", "http://a/\u2066b", "http://a/b\u200f", "http://a/cafe\u0301"])
def test_what_looks_like_another_name_is_no_iri(text: str) -> None:
    """RFC 3987: no characters that turn the direction of text, and normal form C."""
    assert not terms.valid_iri(text)
    assert terms.valid_iri("http://a/caf\u00e9")
