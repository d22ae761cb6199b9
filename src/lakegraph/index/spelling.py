"""How alike two spellings are, and which known words a misspelt one may stand for."""

from __future__ import annotations

import sqlite3
from difflib import SequenceMatcher

_ENDS = 3
_READ = 2000
_COMPARED = 24
_ALIKE = 0.6
_KEPT = 3


def likeness(one: str, other: str) -> float:
    """From 0 (nothing in common) to 1 (equal)."""
    pairs, others = _pairs(one), _pairs(other)
    if len(pairs & others) * 4 < max(len(pairs), len(others)):
        return 0.0  # the dear comparison would say so too
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _pairs(word: str) -> set[str]:
    edged = f"^{word}$"
    return {edged[i : i + 2] for i in range(len(edged) - 1)}


def tail(word: str) -> str | None:
    """*word* turned round, by which one misspelt at its beginning finds it; None for numbers and digests."""
    if len(word) < _ENDS or word[0].isdigit() or sum(map(str.isdigit, word)) > 2:
        return None
    return word[::-1]


def known_words(connection: sqlite3.Connection, word: str) -> list[str]:
    """*word* itself if things are found by it, else the known words that are most like it (up to three).

    Those are compared that begin or end alike, so a word may be misspelt at either end, but not at both.
    """
    if connection.execute("SELECT 1 FROM word WHERE word = ?", (word,)).fetchone():
        return [word]
    shortest, longest = len(word) - 2, len(word) + 2
    near: set[str] = set()
    for column, start in (("word", word[:_ENDS]), ("tail", word[::-1][:_ENDS]), ("word", word[1::-1] + word[2:_ENDS])):
        rows = connection.execute(
            f"SELECT word FROM word WHERE {column} >= ? AND {column} < ?"  # noqa: S608 - one of two constants
            " AND length(word) BETWEEN ? AND ? AND tail IS NOT NULL LIMIT ?",
            (start, start + "\U0010ffff", shortest, longest, _READ),
        )
        near.update(found for (found,) in rows)
    pairs = _pairs(word)
    promising = sorted(near, key=lambda each: (-len(pairs & _pairs(each)), each))[:_COMPARED]
    scored = sorted(((likeness(word, each), each) for each in promising), reverse=True)
    return [each for score, each in scored[:_KEPT] if score >= _ALIKE]
