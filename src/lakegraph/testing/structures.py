"""Lineage of a known shape, planted under known names: a deep chain, a graph of layers, a star, a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lakegraph.testing.draws import Draws
from lakegraph.testing.world import Document, stamp

_START = datetime(2019, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Structure:
    """A planted structure. Its data sets are called ``{name} {number}``, in version 1, numbered from 0.

    Attributes:
        name: What it is called.
        size: How many data sets it has.
        inputs: The numbers of the data sets that each is made from; none for those that are ingested.
        first: The data set that has everything downstream.
        last: The data set that has everything upstream.
        upstream: How many data sets *last* was made from, the first ones of all included, their sources not.
        downstream: How many data sets were made from *first*.
    """

    name: str
    size: int
    inputs: Callable[[int], tuple[int, ...]]
    first: int
    last: int
    upstream: int
    downstream: int

    def dataset(self, number: int) -> str:
        """The path of a data set below the base of a lake."""
        return f"id/dataset/{self.name}-{number}/1"

    def documents(self) -> Iterator[Document]:
        """The records that make it, in order."""
        draws = Draws(f"structure {self.name}")
        clock = _START
        for number in range(self.size):
            yield self._document(number, clock, draws)
            clock += timedelta(minutes=2)

    def _document(self, number: int, start: datetime, draws: Draws) -> Document:
        inputs = self.inputs(number)
        kind, target = ("Process", "targetData") if inputs else ("Ingest", "ingestTo")
        said = {
            "type": kind,
            "id": draws.run_id(start),
            "title": f"{'Process' if inputs else 'Ingest'} {self.name} {number}",
            "description": f"Made so that the lineage of {self.name} is known.",
            "startedAt": stamp(start),
            "endedAt": stamp(start + timedelta(minutes=1)),
            "runStatus": "succeeded",
            "executes": {"title": f"{self.name}.py"},
            "environment": {"title": "Python 3.12 / Linux"},
            target: [
                {
                    "title": f"{self.name} {number}",
                    "version": "1",
                    "administrator": "ada",
                    "securityLevel": "internal",
                    "distribution": {"storagePath": f"{self.name}/{number}.csv", "checksum": draws.sha256()},
                }
            ],
        }
        if inputs:
            return said | {
                "processedBy": "ada",
                "sourceData": [f"{self.name} {n}@1" for n in inputs],
                "hasOperation": [{"operationType": "transformation", "description": "one step further"}],
            }
        return said | {"ingestedBy": "ada", "ingestionMode": "batch", "ingestFrom": self._source()}

    def _source(self) -> Document:
        return {
            "title": f"source of {self.name}",
            "description": f"Where {self.name} begins.",
            "datasetType": "structured",
            "owner": {"type": "Organization", "id": "planter", "name": "Planter"},
            "landingPage": f"https://data.example.org/{self.name}",
            "created": "2018-01-01",
        }


def chain(length: int = 1000, name: str = "chain") -> Structure:
    """*length* data sets, each made from the one before it."""
    return Structure(name, length, lambda n: (n - 1,) if n else (), 0, length - 1, length - 1, length - 1)


def layers(depth: int = 20, width: int = 50, fan_in: int = 3, name: str = "layers") -> Structure:
    """*depth* layers of *width* data sets, each made from *fan_in* neighbours in the layer before, round the edge."""

    def inputs(number: int) -> tuple[int, ...]:
        layer, place = divmod(number, width)
        return tuple((layer - 1) * width + (place + k) % width for k in range(fan_in)) if layer else ()

    steps = [min(width, 1 + (fan_in - 1) * k) for k in range(1, depth)]
    reached = sum(steps)
    return Structure(name, depth * width, inputs, 0, depth * width - 1, reached, reached)


def star(rays: int = 5000, name: str = "star") -> Structure:
    """One data set from which *rays* others are made."""
    return Structure(name, rays + 1, lambda n: (0,) if n else (), 0, rays, 1, rays)


def tree(fan_out: int = 10, depth: int = 4, name: str = "tree") -> Structure:
    """One data set from which *fan_out* others are made, from each of these *fan_out* again, *depth* times."""
    below = sum(fan_out**level for level in range(1, depth + 1))
    return Structure(name, below + 1, lambda n: ((n - 1) // fan_out,) if n else (), 0, below, depth, below)


STRUCTURES = {made.name: made for made in (chain(), layers(), star(), tree())}
"""The structures of the usual size, by name."""
