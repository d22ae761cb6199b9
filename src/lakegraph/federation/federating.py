"""The calls of a lake that reach other catalogs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from lakegraph.config import FederationSettings
from lakegraph.errors import ConflictError
from lakegraph.federation.addresses import Origin, Rules, origin_of
from lakegraph.federation.broker import Broker
from lakegraph.federation.cache import Cache
from lakegraph.federation.line import Line
from lakegraph.federation.peers import Peer, find_peer, peer_document, read_peers
from lakegraph.federation.probing import Probe, probe
from lakegraph.federation.secrets import Secrets
from lakegraph.lake import Lake
from lakegraph.rdf.names import slugify
from lakegraph.receipts import Receipt

_MOST_NAMESAKES = 100


def broker_of(said: FederationSettings, own: Callable[[], Sequence[Origin]] = tuple) -> Broker:
    """The broker that settings describe.

    Args:
        said: The settings.
        own: Gives whom the lake itself answers as.
    """
    return Broker(Rules(said.local, said.plain_http, own), Secrets(said.credentials), said.authorities)


class Federating(Lake):
    """Calls for peers."""

    @cached_property
    def broker(self) -> Broker:
        """Sends every request to another host."""
        return broker_of(self.settings.federation, self._own_origins)

    def _own_origins(self) -> list[Origin]:
        served = self.lock.holder.url if self.lock else None
        return [origin_of(url) for url in (self.base, served) if url]

    @cached_property
    def cache(self) -> Cache:
        """What was read from peers."""
        path = self.directory / "cache" / "peers.db" if self.directory else None
        return Cache(path, self.settings.federation.cache_bytes)

    def line(self, peer: Peer, *, budget: float | None = None, fresh: float | None = None) -> Line:
        """A line to *peer*.

        Args:
            peer: Whom.
            budget: Seconds for all requests together; the peer's time for each when left out.
            fresh: Seconds for which what is cached is used unasked; as the settings say when left out.
        """
        chosen = self.settings.federation.fresh_seconds if fresh is None else fresh
        return Line(self.broker, peer, self.cache, chosen, budget)

    # -- peers --------------------------------------------------------------------------------------------------------

    def peers(self) -> list[dict[str, Any]]:
        """Every registered peer, by title."""
        return [peer.as_dict() for peer in self.registered()]

    def registered(self) -> list[Peer]:
        """Every registered peer, by title."""
        return read_peers(self._projector.graph, self.settings.federation)

    def peer(self, name: str) -> Peer:
        """The peer that *name* means: IRI, name, title or address.

        Raises:
            NotFoundError: None is called so.
        """
        return find_peer(self.registered(), name)

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
        """Register a catalog to be asked; nothing is sent to it yet.

        Args:
            title: What it is called.
            address: Where it is: the endpoint, the document, the page or sitemap, or the root of its interface.
            kind: By which protocol it is asked: a notation of the vocabulary of peer kinds.
            license: The licence of its descriptions, as an IRI.
            description: What it is.
            seconds: How long it may take.
            size: The most bytes of one answer.
            rows: The most rows of one answer.
            credential: The name of a secret of the settings.

        Raises:
            ForbiddenError: The address is the lake's own, or plain http to a host that is not listed.
            ConflictError: It is registered already.
            Refusal: The shapes refuse it.
        """
        self.broker.check(address)
        if any(title in (peer.title, peer.slug) for peer in self.registered()):
            raise ConflictError(f"A peer called {title!r} is recorded already.", where=title, hint="Remove it first.")
        return self._register(
            peer_document(
                title=title,
                description=description,
                endpointURL=address,
                peerKind=kind,
                license=license,
                timeLimit=seconds,
                byteLimit=size,
                rowLimit=rows,
                credential=credential,
            )
        )

    def _register(self, document: dict[str, Any]) -> Receipt:
        """Record a peer; under a numbered name where a withdrawn peer had its name, for that stays in the journal."""
        slug = slugify(document["title"])
        for number in range(2, _MOST_NAMESAKES):
            try:
                return self.record(document)
            except ConflictError:
                document = document | {"id": f"{slug}-{number}"}
        return self.record(document)

    def remove_peer(self, name: str, *, by: str, why: str) -> Receipt:
        """Withdraw the registration of a peer."""
        return self.tombstone(self.peer(name).iri, by=by, why=why)

    def test_peer(self, name: str, *, save: bool = False) -> Probe:
        """Ask a peer what it holds.

        Args:
            name: The peer.
            save: Whether what was counted becomes part of its record, where it steers which peers a query is sent to.
        """
        peer = self.peer(name)
        found = probe(self.line(peer, fresh=0.0), self.settings.federation.pages)
        if save and found.ok:
            self._save(peer, found.holdings)
        return found

    def _save(self, peer: Peer, holdings: Mapping[str, int], harvested: str | None = None) -> Receipt:
        return self.supersede(
            peer.iri,
            peer_document(
                id=peer.slug,
                title=peer.title,
                endpointURL=peer.address,
                peerKind=peer.kind,
                license=peer.license,
                timeLimit=peer.caps.seconds,
                byteLimit=peer.caps.size,
                rowLimit=peer.rows,
                credential=peer.credential,
                holds=[{"heldTerm": term, "heldCount": count} for term, count in holdings.items()],
                lastHarvest=harvested or peer.harvested,
            ),
        )

    def close(self) -> None:
        """Let go of the cache and of the lake."""
        if "cache" in self.__dict__:
            self.cache.close()
        super().close()
