"""Looking at a peer: whether it answers, how fast, and how much of what it holds."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from lakegraph import resources
from lakegraph.errors import LakegraphError
from lakegraph.federation.endpoint import fault_of, over
from lakegraph.federation.line import Line
from lakegraph.federation.sources import reader_of
from lakegraph.rdf.terms import is_iri, value
from lakegraph.rdf.vocabulary import TYPE

_MOST = 500
"""So many classes and properties are kept of a peer, the most frequent first."""


@dataclass
class Probe:
    """What was found of a peer.

    Attributes:
        ok: Whether it answered as its kind does.
        seconds: How long that took.
        classes: Class (bare IRI) to the number of its things.
        properties: Property (bare IRI) to the number of its statements.
        requests: How many requests were sent.
        error: What was wrong.
    """

    ok: bool = False
    seconds: float = 0.0
    classes: dict[str, int] = field(default_factory=dict)
    properties: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    error: dict[str, str] | None = None

    @property
    def holdings(self) -> dict[str, int]:
        """Classes and properties with their numbers."""
        return self.classes | self.properties

    def as_dict(self) -> dict[str, Any]:
        """The probe for JSON."""
        return dict(vars(self))


def probe(line: Line, pages: int) -> Probe:
    """Look at the peer of *line*; what is wrong with it is told, not raised.

    Args:
        line: A line to it.
        pages: The most documents that are read.
    """
    began = time.perf_counter()
    found = Probe()
    try:
        (_ask if line.peer.is_queried else _read)(line, found, pages)
        found.ok = True
    except LakegraphError as error:
        found.error = fault_of(error)
    found.seconds = time.perf_counter() - began
    found.requests = line.requests
    return found


def _ask(line: Line, found: Probe, _pages: int) -> None:
    run = over(line)
    for name, column, kept in (
        ("void-classes", "class", found.classes),
        ("void-properties", "property", found.properties),
    ):
        rows = run(resources.text(f"queries/internal/{name}.rq")).rows
        for row in rows[:_MOST]:
            if is_iri(row[column]):
                kept[value(row[column])] = int(value(row["count"]))


def _read(line: Line, found: Probe, pages: int) -> None:
    classes: Counter[str] = Counter()
    properties: Counter[str] = Counter()
    for document in islice(reader_of(line.peer.kind)(line, None), pages):
        for _, p, o in document.triples:
            properties[value(p)] += 1
            if p == TYPE and is_iri(o):
                classes[value(o)] += 1
    found.classes.update(classes.most_common(_MOST))
    found.properties.update(properties.most_common(_MOST))
