"""The graph: its engine protocol, the embedded engine and the remote one, snapshots, and workers for asked queries."""

from __future__ import annotations

from lakegraph.graph.following import FollowingGraph
from lakegraph.graph.formats import FORMATS, Format
from lakegraph.graph.guard import Inspected, Limits, inspect_query, inspect_update
from lakegraph.graph.kept import Kept
from lakegraph.graph.lexer import Token, tokens
from lakegraph.graph.oxigraph import Oxigraph
from lakegraph.graph.prepared import Prepared, format_for
from lakegraph.graph.protocol import ANY, Applied, Change, Graph, Rows
from lakegraph.graph.running import QueryCancelledError, QueryTooExpensiveError, Running
from lakegraph.graph.snapshots import Snapshot, SnapshotKeeper
from lakegraph.graph.sparql_server import Send, SparqlServer, bound
from lakegraph.graph.updates import ChangeSet, EditRules, ProtectedGraphError, Update, UpdateTooLargeError, protected
from lakegraph.graph.updates import evaluate as evaluate_update
from lakegraph.graph.workers import QueryInfo, QueryService, WorkerLimits

__all__ = [
    "ANY",
    "FORMATS",
    "Applied",
    "Change",
    "ChangeSet",
    "EditRules",
    "FollowingGraph",
    "Format",
    "Graph",
    "Inspected",
    "Kept",
    "Limits",
    "Oxigraph",
    "Prepared",
    "ProtectedGraphError",
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
    "Token",
    "Update",
    "UpdateTooLargeError",
    "WorkerLimits",
    "bound",
    "evaluate_update",
    "format_for",
    "inspect_query",
    "inspect_update",
    "protected",
    "tokens",
]
