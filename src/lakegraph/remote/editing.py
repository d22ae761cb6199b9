"""The calls of a lake over HTTP that edit graphs; see :mod:`lakegraph.changing`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from lakegraph.changing import Changed
from lakegraph.errors import UsageError
from lakegraph.rdf.intake import parse
from lakegraph.rdf.terms import Triple
from lakegraph.remote.connection import Connection

_UPDATE, _N_TRIPLES = "application/sparql-update", "application/n-triples"


class Editing:
    """Edits of graphs; they need a steward's token."""

    _wire: Connection

    def update(self, text: str, *, using: Sequence[str] = (), using_named: Sequence[str] = ()) -> Changed:
        """Record what a SPARQL Update changes; see :meth:`lakegraph.changing.Changing.update`."""
        said = [*(("using-graph-uri", g) for g in using), *(("using-named-graph-uri", g) for g in using_named)]
        path = "/update" + ("?" + urlencode(said) if said else "")
        return _changed(self._wire.post(path, text.encode(), _UPDATE).json())

    def update_graph(self, graph: str | None, text: str) -> Changed:
        """The same, of one graph alone."""
        return _changed(self._wire.send("PATCH", _place(graph), text.encode(), _UPDATE).json())

    def put_graph(self, graph: str | None, body: Sequence[tuple[bytes, str]], *, merge: bool = False) -> Changed:
        """Replace what a graph says by one document, or add one to it.

        Raises:
            UsageError: There is not one document: over HTTP each is sent alone.
        """
        if len(body) != 1:
            raise UsageError(
                "Over HTTP one document is sent at a time.", where="body", hint="Send the others by merge."
            )
        ((document, media_type),) = body
        return _changed(self._wire.send("POST" if merge else "PUT", _place(graph), document, media_type).json())

    def delete_graph(self, graph: str | None) -> Changed:
        """Remove everything that a graph says."""
        return _changed(self._wire.send("DELETE", _place(graph), None, None).json())

    def read_graph(self, graph: str | None) -> list[Triple]:
        """What a graph says, sorted."""
        return sorted(parse(self._wire.get(_place(graph), accept=_N_TRIPLES).data, _N_TRIPLES))


def _place(graph: str | None) -> str:
    return "/graph?" + ("default" if graph is None else urlencode({"graph": graph}))


def _changed(said: dict[str, Any]) -> Changed:
    return Changed(**{**said, "warnings": tuple(said["warnings"])})
