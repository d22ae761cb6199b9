"""What HTTP needs of a lake to reach other catalogs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from lakegraph.federation.mappings import Reach
from lakegraph.receipts import Receipt


class Said(Protocol):
    """Anything that can be told as JSON."""

    def as_dict(self) -> dict[str, Any]:
        """What is told."""


class Federated(Protocol):
    """A lake that asks other catalogs."""

    def peers(self) -> list[dict[str, Any]]:
        """Every registered peer."""

    def add_peer(
        self,
        title: str,
        address: str,
        *,
        kind: str,
        license: str | None = None,  # noqa: A002 - the field's name
        description: str | None = None,
        seconds: float | None = None,
        size: int | None = None,
        rows: int | None = None,
        credential: str | None = None,
    ) -> Receipt:
        """Register a peer."""

    def remove_peer(self, name: str, *, by: str, why: str) -> Receipt:
        """Withdraw the registration of a peer."""

    def harvest(self, name: str, *, changed: bool = False, matches: Reach = "close", by: str | None = None) -> Said:
        """Copy what a peer says into the lake."""

    def federate(
        self,
        query: str,
        *,
        peers: Sequence[str] | None = None,
        matches: Reach = "close",
        strict: bool = False,
        record: bool = False,
        by: str | None = None,
        **parameters: str,
    ) -> Said:
        """Put a query to the lake and to its peers."""

    def explain_federation(
        self, query: str, *, peers: Sequence[str] | None = None, matches: Reach = "close", **parameters: str
    ) -> dict[str, Any]:
        """What would be asked of whom."""

    def list_mappings(self) -> list[dict[str, Any]]:
        """Every mapping."""

    def propose_mappings(self, peer: str) -> Sequence[Said]:
        """What terms of a peer may correspond to."""

    def accept_mapping(
        self, ours: str, relation: str, theirs: str, *, by: str, why: str, confidence: float = 0.9
    ) -> Receipt:
        """Record that two terms correspond."""

    def test_peer(self, name: str, *, save: bool = False) -> Said:
        """Ask a peer what it holds."""
