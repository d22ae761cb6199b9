"""Names as IRI segments: the quick way for plain text gives what the rule gives."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.rdf.names import slugify


def by_the_rule(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    slug = re.sub(r"[^\w.]+|_+", "-", folded).strip("-.")
    return re.sub(r"-*\.-*", ".", slug) or hashlib.sha256(text.encode()).hexdigest()[:12]


@settings(deadline=None, max_examples=500)
@given(st.text(st.one_of(st.characters(max_codepoint=127), st.sampled_from("..--__  é")), max_size=12))
def test_a_slug_is_what_the_rule_gives(text: str) -> None:
    assert slugify(text) == by_the_rule(text)


def test_slugs_of_what_people_write() -> None:
    assert slugify(" Diabet Predictor, v1.2 ") == "diabet-predictor-v1.2"
    assert slugify("a . b") == "a.b"
    assert slugify("?!") == hashlib.sha256(b"?!").hexdigest()[:12]
