"""What HTTP needs of a lake to edit graphs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from lakegraph.rdf.terms import Triple


class Changed(Protocol):
    """What became of an edit."""

    @property
    def seq(self) -> int:
        """The journal entry that holds it."""

    @property
    def created(self) -> bool:
        """Whether its graph did not exist before."""

    def as_dict(self) -> dict[str, Any]:
        """The answer for JSON."""


class Edited(Protocol):
    """A lake whose graphs can be edited."""

    def update(
        self, text: str, *, using: tuple[str, ...] = (), using_named: tuple[str, ...] = (), actor: str | None = None
    ) -> Changed:
        """Record what a SPARQL Update changes."""

    def update_graph(self, graph: str | None, text: str, *, actor: str | None = None) -> Changed:
        """The same, of one graph alone."""

    def put_graph(
        self, graph: str | None, body: Iterable[tuple[bytes, str]], *, merge: bool = False, actor: str | None = None
    ) -> Changed:
        """Replace what a graph says, or add to it."""

    def delete_graph(self, graph: str | None, *, actor: str | None = None) -> Changed:
        """Remove a graph."""

    def read_graph(self, graph: str | None) -> list[Triple]:
        """What a graph says."""

    def graph_exists(self, graph: str | None) -> bool:
        """Whether there is a graph."""

    @property
    def default_graph(self) -> str:
        """The graph that stands for the default graph."""

    def new_graph(self) -> str:
        """An IRI for a graph."""
