"""The calls of a lake with which it is a good source for others: its catalog, and what search engines read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lakegraph.exchange.catalog import KINDS, CatalogPage, addresses, catalog_page, fair_data_point
from lakegraph.exchange.closure import Story
from lakegraph.exchange.evidencing import Evidencing
from lakegraph.exchange.schema_org import schema_org
from lakegraph.exchange.views import StoryStore
from lakegraph.exchange.withdrawn import Address
from lakegraph.rdf.terms import Triple, iri


class Publishing(Evidencing):
    """Calls for other catalogs."""

    def catalog(
        self,
        address: str = "",
        *,
        after: int = 0,
        limit: int = 100,
        since: datetime | None = None,
        withdrawn: int | None = None,
    ) -> CatalogPage:
        """One page of the catalog; see :func:`lakegraph.exchange.catalog.catalog_page`."""
        where = address or f"{self.base}catalog"
        index = self._projector.index
        return catalog_page(self.parts(), index, where, after=after, limit=limit, since=since, withdrawn=withdrawn)

    def fair_data_point(self) -> list[Triple]:
        """What the lake says of itself as a FAIR Data Point."""
        return fair_data_point(self.parts())

    def addresses(self, *, after: int = 0, limit: int = 5_000) -> list[Address]:
        """What the catalog lists, in order, and when something was last said of each."""
        return addresses(self.parts(), self._projector.index, after=after, limit=limit)

    def starts(self, step: int) -> list[int]:
        """Where each part of *step* things of what the catalog lists goes on: 0, then what :meth:`addresses` takes."""
        return [0, *self._projector.index.starts(KINDS, step)]

    def schema_org(self, thing: str) -> dict[str, Any]:
        """What search engines read of a thing (an IRI); empty where schema.org has no type for it."""
        parts, token = self.parts(), iri(thing)
        nodes = {token, *(o for _, o in parts.graph.outgoing(token) if o.startswith("<"))}
        store = StoryStore(parts, Story((), frozenset(), frozenset(nodes), ()))
        return schema_org(thing, store.rows("schema-org", {"thing": token}))
