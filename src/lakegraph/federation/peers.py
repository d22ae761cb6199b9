"""Peers: the other catalogs that a lake asks, each a record of the lake."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lakegraph import resources
from lakegraph.config import FederationSettings
from lakegraph.errors import NotFoundError
from lakegraph.federation.addresses import Origin, origin_of
from lakegraph.federation.broker import Caps
from lakegraph.rdf.terms import value

QUERIED = frozenset({"sparql", "lakegraph"})
"""The kinds that answer SPARQL; of the others documents are read."""


class Table(Protocol):
    """The rows of a SELECT, as tokens."""

    @property
    def rows(self) -> list[tuple[str | None, ...]]:
        """The rows."""


class Asked(Protocol):
    """A graph that can be asked."""

    def query(self, text: str) -> Any:
        """The answer to one of the project's own queries."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A catalog that is registered to be asked.

    Attributes:
        iri: Its bare IRI in this lake.
        title: What people call it.
        kind: By which protocol it is asked: a notation of the vocabulary of peer kinds.
        address: Where.
        caps: What one answer may cost.
        rows: The most rows of one answer.
        license: The licence of its descriptions.
        credential: The name of a secret of the settings.
        holdings: Class or property (bare IRI) to how many were counted; empty when nobody has looked.
        harvested: When its last complete harvest began (ISO 8601).
    """

    iri: str
    title: str
    kind: str
    address: str
    caps: Caps = field(default_factory=Caps)
    rows: int = 10_000
    license: str | None = None
    credential: str | None = None
    holdings: Mapping[str, int] = field(default_factory=dict)
    harvested: str | None = None

    @property
    def slug(self) -> str:
        """The last segment of its IRI."""
        return self.iri.rpartition("/")[2]

    @property
    def origin(self) -> Origin:
        """Whom requests to it are sent to."""
        return origin_of(self.address)

    @property
    def is_queried(self) -> bool:
        """Whether it answers SPARQL."""
        return self.kind in QUERIED

    @property
    def endpoint(self) -> str:
        """Where its SPARQL is; a lake is registered by its own address."""
        return f"{self.address.rstrip('/')}/sparql" if self.kind == "lakegraph" else self.address

    def as_dict(self) -> dict[str, Any]:
        """The peer for JSON."""
        return {
            "iri": self.iri,
            "name": self.slug,
            "title": self.title,
            "kind": self.kind,
            "address": self.address,
            "license": self.license,
            "timeLimit": self.caps.seconds,
            "byteLimit": self.caps.size,
            "rowLimit": self.rows,
            "credential": self.credential,
            "holdings": dict(self.holdings),
            "lastHarvest": self.harvested,
        }


def read_peers(graph: Asked, settings: FederationSettings) -> list[Peer]:
    """Every peer that the lake's records register, by title.

    Args:
        graph: The lake's graph.
        settings: Limits for peers that state none.
    """
    holdings: dict[str, dict[str, int]] = defaultdict(dict)
    for peer, term, count in read_rows(graph, "holdings"):
        holdings[peer][value(term)] = int(value(count))
    found: dict[str, Peer] = {}
    for peer, title, kind, address, licence, seconds, size, rows, credential, harvested in read_rows(graph, "peers"):
        iri = value(peer)
        found[iri] = Peer(
            iri=iri,
            title=value(title),
            kind=value(kind),
            address=value(address),
            caps=Caps(_number(seconds, settings.seconds), int(_number(size, settings.size))),
            rows=int(_number(rows, settings.rows)),
            license=value(licence) if licence else None,
            credential=value(credential) if credential else None,
            holdings=holdings.get(peer, {}),
            harvested=value(harvested) if harvested else None,
        )
    return sorted(found.values(), key=lambda peer: (peer.title, peer.iri))


def read_rows(graph: Asked, name: str) -> Sequence[tuple[Any, ...]]:
    """The rows of one of the project's own queries."""
    table: Table = graph.query(resources.text(f"queries/internal/{name}.rq"))
    return table.rows


def _number(token: str | None, default: float) -> float:
    return float(value(token)) if token else default


def find_peer(peers: Iterable[Peer], name: str) -> Peer:
    """The peer that *name* means: its IRI, its name, its title or its address.

    Raises:
        NotFoundError: None is; the nearest are suggested.
    """
    known = list(peers)
    for peer in known:
        if name in (peer.iri, peer.slug, peer.title, peer.address):
            return peer
    near = difflib.get_close_matches(name, [n for peer in known for n in (peer.slug, peer.title)], n=3)
    listed = ", ".join(peer.slug for peer in known[:20])
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Registered: {listed or 'none'}. lakegraph peers add …"
    raise NotFoundError(f"No peer is called {name!r}.", where=name, hint=hint)


def peer_document(**fields: Any) -> dict[str, Any]:
    """The record document of a peer, of the fields that are said."""
    if fields.get("timeLimit") is not None:
        fields["timeLimit"] = str(fields["timeLimit"])
    return {"type": "Peer"} | {name: said for name, said in fields.items() if said is not None}
