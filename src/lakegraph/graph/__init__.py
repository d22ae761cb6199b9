"""The graph: its engine protocol, the embedded engine and the remote one, snapshots, and workers for asked queries."""

from __future__ import annotations

from lakegraph.graph.oxigraph import Oxigraph
from lakegraph.graph.protocol import ANY, Applied, Change, Graph, Rows

__all__ = ["ANY", "Applied", "Change", "Graph", "Oxigraph", "Rows"]
