"""The graph: its engine protocol, the embedded engine and the remote one, snapshots, and workers for asked queries."""

from __future__ import annotations

from lakegraph.graph.formats import FORMATS, Format
from lakegraph.graph.guard import Inspected, Limits, inspect_query, inspect_update
from lakegraph.graph.oxigraph import Oxigraph
from lakegraph.graph.protocol import ANY, Applied, Change, Graph, Rows
from lakegraph.graph.running import QueryCancelledError, QueryTooExpensiveError, Running
from lakegraph.graph.snapshots import Snapshot, SnapshotKeeper
from lakegraph.graph.sparql_server import Send, SparqlServer
from lakegraph.graph.workers import QueryInfo, QueryService, WorkerLimits, format_for

__all__ = [
    "ANY",
    "FORMATS",
    "Applied",
    "Change",
    "Format",
    "Graph",
    "Inspected",
    "Limits",
    "Oxigraph",
    "QueryCancelledError",
    "QueryInfo",
    "QueryService",
    "QueryTooExpensiveError",
    "Rows",
    "Running",
    "Send",
    "Snapshot",
    "SnapshotKeeper",
    "SparqlServer",
    "WorkerLimits",
    "format_for",
    "inspect_query",
    "inspect_update",
]
