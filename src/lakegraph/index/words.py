"""How text becomes words: folding, the parts of compound names, the keys of exact names, and snippets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
# modelDP -> model DP, HTTPServer -> HTTP Server
_JOINT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SNIPPET = 160
_LONGEST_KEY = 200

# Most text is ASCII, where one table does what the expression does, four times faster: this is the hot write path.
_BYTES = [chr(c) if c < 128 else " " for c in range(256)]
_LOWER = "".join(c.lower() if c.isalnum() else " " for c in _BYTES).encode("ascii")
_SHAPE = "".join("A" if c.isupper() else "a" if c.isalnum() else " " for c in _BYTES).encode("ascii")


def fold(text: str) -> str:
    """*text* without case and accents, so that ``Diabète`` and ``diabete`` are one word."""
    if text.isascii():
        return text.lower()
    # Twice: bold and circled letters have no small ones until they are plain, and small ones may come apart again.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", "".join([c for c in apart if not unicodedata.combining(c)]))


def plain_words(text: str) -> list[str]:
    """The folded words of *text* in order, compounds whole: what a person asked for.

    Underscores, dots, hyphens and everything else that is no letter or digit separate words.
    """
    if text.isascii():
        return text.encode("ascii").translate(_LOWER).decode("ascii").split()
    return _WORD.findall(fold(text))


def words(text: str) -> list[str]:
    """The folded words of *text*: all of them whole, then the parts of compounds such as ``modelDP``."""
    if not text.isascii():
        found = plain_words(text)
        return found + plain_words(_JOINT.sub(" ", text)) if _JOINT.search(text) else found
    raw = text.encode("ascii")
    found = raw.translate(_LOWER).decode("ascii").split()
    shape = raw.translate(_SHAPE)
    if b"aA" in shape or b"AAa" in shape:
        parts = _JOINT.sub(" ", " ".join([word for word in text.split() if not word.islower()]))
        found += plain_words(parts)
    return found


@lru_cache(maxsize=4096)
def key(text: str) -> str:
    """What two spellings of one name have in common: ``Diabet Predictor`` and ``diabet-predictor`` share their key."""
    return "_".join(plain_words(text))[:_LONGEST_KEY]


def slug(iri: str) -> str:
    """The last segment of an IRI."""
    if iri[-1:] in ("/", "#"):
        iri = iri.rstrip("/#")
    last = iri[iri.rfind("/") + 1 :]
    return last[last.rfind("#") + 1 :]


def snippet(text: str | None, sought: Collection[str]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The stretch of *text* around the first of the *sought* words.

    Args:
        text: What a person wrote, or None.
        sought: Folded words; a word that begins with one of them counts.

    Returns:
        The stretch (about 160 characters) and where in it the words stand, as (start, end) pairs.
    """
    if not text:
        return "", ()
    spans = [m.span() for m in _WORD.finditer(text) if _matches(m[0], sought)]
    start = max(0, spans[0][0] - _SNIPPET // 3) if spans and len(text) > _SNIPPET else 0
    if start:
        space = text.find(" ", start, spans[0][0])
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + _SNIPPET)
    if end < len(text):
        space = text.rfind(" ", start + _SNIPPET // 2, end)
        end = space if space > 0 else end
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shift = len(before) - start
    inside = tuple((a + shift, b + shift) for a, b in spans if start <= a and b <= end)
    return f"{before}{text[start:end]}{after}", inside


def _matches(word: str, sought: Collection[str]) -> bool:
    return any(part.startswith(wanted) for part in words(word) for wanted in sought)
