"""The documents of a peer, and which reader gives them for which kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module

from lakegraph.errors import UsageError
from lakegraph.federation.line import Line
from lakegraph.rdf.terms import Triple

_MODULES = {
    "rdf": "rdf",
    "jsonld": "jsonld",
    "ckan": "listing",
    "openml": "listing",
    "models-json": "listing",
    "fdp": "fdp",
    "oai-pmh": "oai_pmh",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a peer.

    Attributes:
        url: Where it was read.
        triples: What it says, in the peer's vocabulary; blank nodes are named apart from those of other documents.
        gone: Things (bare IRIs) that the peer says are no more.
    """

    url: str
    triples: tuple[Triple, ...]
    gone: tuple[str, ...] = ()


Reader = Callable[[Line, datetime | None], Iterator[Document]]
"""Gives the documents of a peer one by one; a time asks for what has changed since, where the peer can tell."""


def reader_of(kind: str) -> Reader:
    """The reader for a kind of peer.

    Raises:
        UsageError: Peers of this kind are asked by SPARQL.
    """
    if kind not in _MODULES:
        raise UsageError(f"A peer of the kind {kind!r} is asked by SPARQL; it has no documents to read.", where="kind")
    read: Reader = import_module(f"lakegraph.federation.sources.{_MODULES[kind]}").read
    return read
