"""How text becomes words: folding, parts of compounds, keys, snippets, and which words a misspelt one may stand for."""

from __future__ import annotations

import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakegraph.index.describing import microseconds
from lakegraph.index.description import year_month_day
from lakegraph.index.spelling import known_words, likeness, tail
from lakegraph.index.words import fold, key, plain_words, slug, snippet, words
from tests.index.records import index_of, record, said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("modelDP.pkl", {"modeldp", "pkl", "model", "dp"}),
        ("diabetes-v1", {"diabetes", "v1"}),
        ("usr/Tim/HTTPServer_2.py", {"usr", "tim", "httpserver", "http", "server", "2", "py"}),
        ("Diabète ÉTUDE", {"diabete", "etude"}),
        ("größteDaten", {"grosstedaten", "grosste", "daten"}),
        ("数据 湖", {"数据", "湖"}),
        ("!!! ---", set()),
    ],
)
def test_text_is_split_into_folded_words_and_parts(text: str, expected: set[str]) -> None:
    """Names of files and versions are found by their parts, words in any script without case and accents."""
    assert set(words(text)) == expected


@given(st.text(st.characters(max_codepoint=127)))
def test_the_fast_way_for_ascii_equals_the_expression(text: str) -> None:
    """The byte table gives what the regular expression gives."""
    assert plain_words(text) == re.findall(r"[^\W_]+", text.lower())
    assert set(plain_words(text)) <= set(words(text))


@given(st.text())
def test_words_are_stable_under_folding(text: str) -> None:
    """Words of folded text are the words of the text, so that what is asked meets what is stored."""
    assert plain_words(fold(text)) == plain_words(text)
    assert key(" ".join(plain_words(text))) == key(text)


@pytest.mark.parametrize("other", ["diabet-predictor", "DIABET predictor!", "Diábet__Predictor"])
def test_spellings_of_one_name_share_a_key(other: str) -> None:
    """A title and the slug made from it are one name."""
    assert key(other) == key("Diabet Predictor")


@pytest.mark.parametrize(
    ("iri", "expected"), [("https://x.example/a/b", "b"), ("https://x.example/a#b", "b"), ("https://x.example/a/", "a")]
)
def test_the_slug_is_the_last_segment(iri: str, expected: str) -> None:
    """Whether the IRI ends in a path, a fragment or a slash."""
    assert slug(iri) == expected


def test_a_snippet_shows_the_words_that_were_sought() -> None:
    """The stretch starts near the first match, and its spans are exactly the words."""
    text = "word " * 100 + "the Glucose level of patients " + "tail " * 100
    stretch, spans = snippet(text, ["glucose", "pat"])
    assert [stretch[a:b] for a, b in spans] == ["Glucose", "patients"]
    assert len(stretch) < 200
    assert stretch.startswith("…")
    assert stretch.endswith("…")


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_snippets_are_stretches_of_the_text(text: str, sought: list[str]) -> None:
    """Without its dots a snippet stands in the text, and every span lies inside of it."""
    stretch, spans = snippet(text, [w for s in sought for w in plain_words(s)])
    assert stretch.removeprefix("…").removesuffix("…") in text
    assert all(0 <= a < b <= len(stretch) for a, b in spans)


def test_no_text_has_no_snippet() -> None:
    """A thing without a description shows none."""
    assert snippet(None, ["x"]) == ("", ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-02", 86_400_000_000),
        ("1970-01-02Z", 86_400_000_000),
        ("1971", 365 * 86_400_000_000),
        ("1970-02", 31 * 86_400_000_000),
        ("1970-01-01T00:00:00", 0),
        ("yesterday", None),
        ("1970-13-01", None),
        ("-0044-03-15", None),
    ],
)
def test_times_become_microseconds(text: str, expected: int | None) -> None:
    """Dates, years and times in any zone; what is none of these has no time."""
    assert microseconds(text) == expected


@pytest.mark.parametrize(("day", "date"), [(0, (1970, 1, 1)), (-1, (1969, 12, 31)), (19_782, (2024, 2, 29))])
def test_days_have_dates(day: int, date: tuple[int, int, int]) -> None:
    """Also before 1970, and on leap days."""
    assert year_month_day(day) == date


@given(st.integers(-(10**8), 10**8))
def test_dates_of_any_year_rise_with_the_days(day: int) -> None:
    """The date of the next day is the next date, even outside of the years that Python knows."""
    assert year_month_day(day) < year_month_day(day + 1)
    assert year_month_day(day + 146_097) == (year_month_day(day)[0] + 400, *year_month_day(day)[1:])


@pytest.fixture
def connection() -> sqlite3.Connection:
    """The words of a small lake."""
    titles = ["Diabetes prediction", "Heart disease", "Glucose series", "ResNet50 v2", "Run 123456"]
    index = index_of(*(record(n, said(f"study/s{n}", "Study", title=t)) for n, t in enumerate(titles, 1)))
    return index._database._writer


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("diabetes", ["diabetes"]),
        ("diabtes", ["diabetes"]),
        ("idabetes", ["diabetes"]),
        ("glukose", ["glucose"]),
        ("predictin", ["prediction"]),
        ("hart", ["heart"]),
        ("rsnet50", ["resnet50"]),
        ("zzzz", []),
        ("123457", []),
    ],
)
def test_misspelt_words_find_the_known_ones(connection: sqlite3.Connection, word: str, expected: list[str]) -> None:
    """A letter too many, too few, wrong or exchanged; numbers are never guessed."""
    assert known_words(connection, word)[:1] == expected


def test_likeness_is_one_for_equal_words_and_zero_for_strangers() -> None:
    """The scale of the suggestions."""
    assert likeness("glucose", "glucose") == 1
    assert likeness("glucose", "xyz") == 0
    assert 0.7 < likeness("glucose", "glukose") < 1


@pytest.mark.parametrize(("word", "expected"), [("heart", "traeh"), ("ab", None), ("0ea18427", None), ("a1b2c3", None)])
def test_digests_and_numbers_have_no_tail(word: str, expected: str | None) -> None:
    """They would only crowd the table that suggestions come from."""
    assert tail(word) == expected
