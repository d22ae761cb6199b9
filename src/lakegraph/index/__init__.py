"""The index: a SQLite projection of the journal for text search, facets, lists, leaderboards and names."""

from __future__ import annotations

from lakegraph.index.answers import (
    Facets,
    FacetValue,
    Fragment,
    Hit,
    Leaderboard,
    Mean,
    Page,
    Person,
    Score,
)
from lakegraph.index.following import FollowingIndex
from lakegraph.index.listing import Listed
from lakegraph.index.projection import Index

__all__ = [
    "FacetValue",
    "Facets",
    "FollowingIndex",
    "Fragment",
    "Hit",
    "Index",
    "Leaderboard",
    "Listed",
    "Mean",
    "Page",
    "Person",
    "Score",
]
