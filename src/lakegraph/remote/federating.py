"""The client's calls that reach other catalogs, through the lake's server."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lakegraph.receipts import Receipt
from lakegraph.remote.connection import JSON, Connection

if TYPE_CHECKING:
    from lakegraph.federation.answer import FederatedAnswer
    from lakegraph.federation.harvesting import Harvest
    from lakegraph.federation.probing import Probe
    from lakegraph.federation.proposing import Proposal


class RemoteFederating:
    """Calls for peers; see :class:`lakegraph.federation.federating.Federating`."""

    _wire: Connection

    def peers(self) -> list[dict[str, Any]]:
        """Every registered peer, by title."""
        found: list[dict[str, Any]] = self._wire.get("/peers").json()
        return found

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
        """Register a catalog to be asked; see :meth:`lakegraph.federation.federating.Federating.add_peer`."""
        said = {"title": title, "address": address, "kind": kind, "license": license, "description": description}
        limits = {"seconds": seconds, "size": size, "rows": rows, "credential": credential}
        return Receipt.from_dict(self._post("/peers", said | limits))

    def remove_peer(self, name: str, *, by: str, why: str) -> Receipt:
        """Withdraw the registration of a peer."""
        return Receipt.from_dict(self._post("/peers/withdrawals", {"peer": name, "by": by, "why": why}))

    def test_peer(self, name: str, *, save: bool = False) -> Probe:
        """Ask a peer what it holds; see :meth:`lakegraph.federation.federating.Federating.test_peer`."""
        from lakegraph.federation.probing import Probe

        return Probe(**self._post("/peers/probes", {"peer": name, "save": save}))

    def harvest(self, name: str, *, changed: bool = False, matches: str = "close", by: str | None = None) -> Harvest:
        """Copy what a peer says into the lake; see :meth:`lakegraph.federation.harvesting.Harvesting.harvest`."""
        from lakegraph.federation.harvesting import Harvest

        said = self._post("/harvests", {"peer": name, "changed": changed, "matches": matches, "by": by})
        return Harvest(**{key: value for key, value in said.items() if key != "complete"})

    def federate(
        self,
        query: str,
        *,
        peers: Sequence[str] | None = None,
        matches: str = "close",
        strict: bool = False,
        record: bool = False,
        by: str | None = None,
        **parameters: str,
    ) -> FederatedAnswer:
        """Put a query to the lake and to its peers; see :meth:`lakegraph.federation.joining.Joining.federate`."""
        from lakegraph.federation.answer import answer_of

        said: dict[str, Any] = {"query": query, "peers": None if peers is None else list(peers), "matches": matches}
        said |= {"strict": strict, "record": record, "by": by, "parameters": parameters or None}
        return answer_of(self._post("/federate", said), query)

    def explain_federation(
        self, query: str, *, peers: Sequence[str] | None = None, matches: str = "close", **parameters: str
    ) -> dict[str, Any]:
        """What :meth:`federate` would ask of whom; nothing is sent."""
        said: dict[str, Any] = {"query": query, "peers": None if peers is None else list(peers), "matches": matches}
        found: dict[str, Any] = self._post("/federate", said | {"explain": True, "parameters": parameters or None})
        return found

    def list_mappings(self) -> list[dict[str, Any]]:
        """Every mapping; see :meth:`lakegraph.federation.matching.Matching.list_mappings`."""
        found: list[dict[str, Any]] = self._wire.get("/mappings").json()
        return found

    def propose_mappings(self, peer: str) -> list[Proposal]:
        """What terms of a peer may correspond to, with reasons."""
        from lakegraph.federation.proposing import Proposal

        return [Proposal(**each) for each in self._post("/mappings/proposals", {"peer": peer})]

    def accept_mapping(
        self, ours: str, relation: str, theirs: str, *, by: str, why: str, confidence: float = 0.9
    ) -> Receipt:
        """Record that two terms correspond; see :meth:`lakegraph.federation.matching.Matching.accept_mapping`."""
        said = {"ours": ours, "relation": relation, "theirs": theirs, "by": by, "why": why, "confidence": confidence}
        return Receipt.from_dict(self._post("/mappings", said))

    def _post(self, path: str, said: Mapping[str, Any]) -> Any:
        """The JSON answer to a JSON body of the fields that are said."""
        body = json.dumps({name: value for name, value in said.items() if value is not None}).encode()
        return self._wire.post(path, body, JSON).json()
