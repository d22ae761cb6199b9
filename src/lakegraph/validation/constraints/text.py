"""Constraints on the text of value nodes: length, pattern, language.

https://www.w3.org/TR/shacl/#core-components-string
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from lakegraph.rdf.terms import is_blank, is_literal, lang, lexical, value
from lakegraph.validation.reader import Parameter, Reader
from lakegraph.validation.regex import compile_pattern
from lakegraph.validation.shape import Built, Constraint, Finding, each
from lakegraph.validation.view import View


def read_min_length(reader: Reader, token: str) -> Constraint:
    """``sh:minLength``: the text of every value node has at least so many characters."""
    least = reader.integer("minLength", token)
    built = each(lambda _, node: not is_blank(node) and len(value(node)) >= least)
    return reader.make("MinLength", lambda _: built, {"minLength": token})


def read_max_length(reader: Reader, token: str) -> Constraint:
    """``sh:maxLength``: the text of every value node has at most so many characters."""
    most = reader.integer("maxLength", token)
    built = each(lambda _, node: not is_blank(node) and len(value(node)) <= most)
    return reader.make("MaxLength", lambda _: built, {"maxLength": token})


def read_pattern(reader: Reader, token: str) -> Constraint:
    """``sh:pattern`` with ``sh:flags``: the text of every value node matches.

    Raises:
        DataFileError: The expression is malformed or could take a backtracking engine exponential time.
    """
    pattern, flags = reader.text("pattern", token), reader.single("flags")
    try:
        matches = compile_pattern(pattern, lexical(flags) if flags else "")
    except ValueError as problem:
        raise reader.error(
            f"has a pattern that is refused, {pattern!r}: {problem}",
            "Rewrite the pattern so that no repeated part contains another repetition of the same characters.",
        ) from None
    built = each(lambda _, node: not is_blank(node) and matches(value(node)))
    return reader.make("Pattern", lambda _: built, {"pattern": token, **({"flags": flags} if flags else {})})


def read_language_in(reader: Reader, token: str) -> Constraint:
    """``sh:languageIn``: every value node is tagged with a language in one of the ranges."""
    members = reader.items(token)
    ranges = [lexical(member).lower() for member in members]

    def test(view: View, node: str) -> bool:  # noqa: ARG001 - Test's form
        tag = lang(node).lower() if is_literal(node) else ""
        return bool(tag) and any(tag == r or r == "*" or tag.startswith(r + "-") for r in ranges)

    return reader.make("LanguageIn", lambda _: each(test), {"languageIn": members})


def read_unique_lang(reader: Reader, token: str) -> Constraint | None:
    """``sh:uniqueLang``: no two value nodes are tagged with the same language."""
    if not reader.is_true(token):
        return None

    def find(view: View, focus: str, values: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG001 - Find's form
        if len(values) < 2:
            return ()
        tags = Counter(tag for tag in (lang(v).lower() for v in values if v[0] == '"') if tag)
        return [Finding(None) for count in tags.values() if count > 1]

    return reader.make("UniqueLang", lambda _: Built(find, any_one=True), {"uniqueLang": token})


PARAMETERS = {
    "minLength": Parameter(read_min_length),
    "maxLength": Parameter(read_max_length),
    "pattern": Parameter(read_pattern),
    "languageIn": Parameter(read_language_in),
    "uniqueLang": Parameter(read_unique_lang, property_only=True),
}
