"""What exports, bundles and audits need of a lake: its journal, its graph, its people and where it lies."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from lakegraph.config import CatalogSettings
from lakegraph.graph import Graph
from lakegraph.journal import Checkpointer, CheckpointPolicy, Journal, KeyRing, origin_of
from lakegraph.people import People

_KEYS, _LATEST = "keys", "checkpoint.txt"


def _itself(name: str) -> str:
    return name


@dataclass(frozen=True, slots=True)
class LakeParts:
    """The parts of one open lake.

    Attributes:
        journal: The record.
        graph: The projection that answers.
        people: The directory of people.
        directory: Where the lake lies, with its signing keys.
        resolve: Gives the IRI that a name means; IRIs alone are understood where this is left out.
        catalog: What the lake says of itself as a catalog.
    """

    journal: Journal
    graph: Graph
    people: People
    directory: Path
    resolve: Callable[[str], str] = _itself
    catalog: CatalogSettings = field(default_factory=CatalogSettings)

    @property
    def base(self) -> str:
        """The IRI below which everything in the lake has its address."""
        return self.journal.base

    @property
    def has_keys(self) -> bool:
        """Whether the lake has ever signed anything."""
        return any((self.directory / _KEYS).glob("*.note"))

    def keys(self) -> KeyRing:
        """The signing keys; the first one is made when there is none yet.

        Raises:
            LakeDamagedError: A key is missing or false.
            ForbiddenError: Others can read the private key.
            StorageError: The disk refused.
        """
        where = self.directory / _KEYS
        if self.has_keys:
            return KeyRing.open(where)
        return KeyRing.create(where, origin_of(self.journal.base, self.journal.lake_id))

    def checkpointer(self, ring: KeyRing, policy: CheckpointPolicy | None = None) -> Checkpointer:
        """What signs checkpoints of this lake with the keys of *ring*."""
        file = self.directory / _LATEST
        try:
            age = time.time() - file.stat().st_mtime
        except OSError:
            age = (datetime.now(UTC) - datetime.fromisoformat(self.journal.created)).total_seconds()
        return Checkpointer(self.journal.ledger, ring, file, policy, age=max(age, 0.0))
