"""The stream of made-up records: in which order and proportion runs come, and what is planted among them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, TypedDict, Unpack

from lakegraph.errors import UsageError
from lakegraph.testing.data_runs import DataRuns
from lakegraph.testing.draws import Draws
from lakegraph.testing.faults import Fault, broken
from lakegraph.testing.near_duplicates import near_duplicate
from lakegraph.testing.small_runs import SmallRuns
from lakegraph.testing.structures import STRUCTURES
from lakegraph.testing.training_runs import TrainingRuns
from lakegraph.testing.world import Document, World

Kind = Literal["ingest", "process", "training", "small", "structure"]
_DECK: tuple[Kind, ...] = ("ingest",) * 5 + ("process",) * 8 + ("training",) * 7


@dataclass(frozen=True, slots=True)
class Made:
    """A record, and what is known of it because it was made up.

    Attributes:
        document: The record document.
        kind: ``ingest``, ``process`` and ``training`` are the runs that are counted; ``small`` are the records around
            them, ``structure`` those of a planted structure.
        fault: What was broken in it. A broken record comes just before the sound one that it was made from, so that
            refusing it takes nothing from what follows.
        twin: The data set (as documents name it) of which this record's is a near-duplicate.
    """

    document: Document
    kind: Kind
    fault: Fault | None = None
    twin: str | None = None


class Options(TypedDict, total=False):
    """What a stream of records is made of, besides its runs.

    Attributes:
        small: Whether reviews, stage changes, deployments, monitoring, accesses and evaluations come with the runs,
            about one to three runs; they do unless this is false.
        faults: The share of runs before which a broken copy is put, each kind of fault in turn.
        near_duplicates: The share of ingests after which nearly the same data set is ingested again, in other words.
        structures: The names of lineage structures to plant after the runs; see ``STRUCTURES``.
        space: A word before every title, so that two streams can be recorded into one lake side by side.
    """

    small: bool
    faults: float
    near_duplicates: float
    structures: Collection[str]
    space: str


def records(runs: int, seed: int, **options: Unpack[Options]) -> Iterator[Made]:
    """Records of a lake that never was, one at a time; the same arguments give the same bytes.

    A shorter stream is the beginning of a longer one with the same seed. Each record is accepted where those before it
    were recorded in order, except for the broken ones.

    Args:
        runs: How many ingests (25 %), processes (40 %) and trainings (35 %) in all.
        seed: Which lake.
        options: What else is among them; see :class:`Options`.

    Raises:
        UsageError: A structure has no such name.
    """
    structures, space = options.get("structures", ()), options.get("space", "")
    faults, near_duplicates = options.get("faults", 0.0), options.get("near_duplicates", 0.0)
    unknown = [name for name in structures if name not in STRUCTURES]
    if unknown:
        raise UsageError(f"There is no structure {unknown[0]!r}.", hint=f"One of: {', '.join(STRUCTURES)}.")
    draws = Draws(f"{seed} {space}")
    stream = _Stream(World(draws, space), small=options.get("small", True))
    chance = Draws(f"{seed} faults")
    number = 0
    for made in stream.run(runs):
        if made.kind != "small" and chance.chance(faults):
            copy, fault = broken(made.document, number, chance)
            number += 1
            yield replace(made, document=copy, fault=fault)
        yield made
        if made.kind == "ingest" and chance.chance(near_duplicates):
            again, twin = near_duplicate(made.document, chance)
            yield Made(again, "small", twin=twin)
    for name in structures:
        yield from (Made(document, "structure") for document in STRUCTURES[name].documents())


def generate(runs: int, seed: int, **options: Unpack[Options]) -> Iterator[Document]:
    """The documents of :func:`records`."""
    return (made.document for made in records(runs, seed, **options))


class _Stream:
    """Draws the next run, and what follows it."""

    def __init__(self, world: World, *, small: bool) -> None:
        self._draws = world.draws
        self._world = world
        self._data = DataRuns(world)
        self._trainings = TrainingRuns(world)
        self._small = SmallRuns(world, self._trainings) if small else None

    def run(self, count: int) -> Iterator[Made]:
        for kind in islice(self._kinds(), count):
            document = self._document(kind)
            yield Made(document, kind)
            if self._small and kind == "training":
                yield from (Made(d, "small") for d in self._small.after(document))

    def _kinds(self) -> Iterator[Kind]:
        """The exact proportions in every twenty runs; the very first has to bring data in."""
        deck: list[Kind] = ["ingest", *self._draws.shuffled(_DECK[1:])]
        while True:
            yield from deck
            deck = self._draws.shuffled(_DECK)

    def _document(self, kind: Kind) -> Document:
        if kind == "ingest":
            return self._data.ingest()
        return self._data.process() if kind == "process" else self._trainings.training()
