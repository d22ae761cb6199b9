"""SPARQL Update as an explicit change-set: evaluated by a confined process on a clone, ended at its deadline."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from lakegraph.errors import ConflictError, DeadlineError, LakegraphError, NotFoundError, QueryError, UsageError
from lakegraph.graph import update_worker
from lakegraph.graph.engine_errors import query_error
from lakegraph.graph.guard import Limits
from lakegraph.graph.protocol import Graph
from lakegraph.graph.running import QueryTooExpensiveError
from lakegraph.graph.update_parts import operations, without_silent_loads
from lakegraph.rdf.terms import valid_iri

_START_SECONDS: Final = 10


class ProtectedGraphError(ConflictError):
    """The graph is a record, or the lake's own; it cannot be edited."""

    code = "graph-protected"


class UpdateTooLargeError(UsageError):
    """The update changes more statements than one may."""

    code = "update-too-large"
    status = 413


@dataclass(frozen=True, slots=True)
class Update:
    """A SPARQL Update, as it was sent.

    Attributes:
        text: The update.
        using: ``using-graph-uri`` of the protocol, in order.
        using_named: ``using-named-graph-uri``.
        home: The graph that stands for the default graph.
        only: The one graph that may change, if only one may.
    """

    text: str
    home: str
    using: tuple[str, ...] = ()
    using_named: tuple[str, ...] = ()
    only: str = ""


@dataclass(frozen=True, slots=True)
class EditRules:
    """Which graphs may be edited, and how the lake names what has no name.

    Attributes:
        base: What relative IRIs are resolved against.
        genid: What the IRIs of skolemised blank nodes begin with.
        marker: The predicate (bare IRI) that every record's graph has in the default graph.
        own: The lake's own graphs.
        reserved: What names of graphs must not begin with.
        limit: The most statements that one update may change.
        seconds: How long it may run.
        memory: Bytes of address space that it may use.
    """

    base: str
    genid: str
    marker: str
    own: tuple[str, ...]
    reserved: tuple[str, ...]
    limit: int
    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """What is to change: sorted canonical N-Quads, each quad in a named graph."""

    added: bytes = b""
    removed: bytes = b""


def evaluate(update: Update, graph: Graph, directory: Path | None, rules: EditRules, limits: Limits) -> ChangeSet:
    """What *update* changes in *graph*; nothing is changed.

    Args:
        update: The update.
        graph: The lake's graph; it must not be written to meanwhile by other updates.
        directory: Where the clone may lie, on the graph's own file system; ``None`` for one in memory.
        rules: What may be changed.
        limits: How large the text may be.

    Raises:
        QueryError: It is malformed or failed; ``where`` gives line and column.
        ForbiddenError: It loads a document or calls a service.
        ProtectedGraphError: It changes what cannot be edited.
        NotFoundError, ConflictError: A graph is missing, or there already.
        DeadlineError, QueryTooExpensiveError, UpdateTooLargeError: It costs too much.
    """
    update = replace(update, text=without_silent_loads(update.text, limits))
    parts = operations(update.text, limits)
    if (update.using or update.using_named) and any(p.using or p.graph for p in parts if p.kind == "modify"):
        raise QueryError(
            "An update that names its dataset itself (USING or WITH) cannot be given one by using-graph-uri.",
            where="using-graph-uri",
            hint="Leave out one of the two (SPARQL 1.1 Protocol, section 2.2.3).",
        )
    for name in (*update.using, *update.using_named):
        if not valid_iri(name):
            raise QueryError(f"The graph {name[:100]!r} of the dataset is not an absolute IRI.")
    asked = {
        **asdict(update),
        "operations": [asdict(part) for part in parts],
        **{name: getattr(rules, name) for name in ("base", "genid", "marker", "own", "reserved", "limit")},
    }
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="update-", dir=directory))
    try:
        graph.snapshot(folder / "clone")
        answer = _answer(folder / "clone", asked, rules)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if "error" in answer:
        raise _error(answer)
    return ChangeSet("".join(answer["added"]).encode(), "".join(answer["removed"]).encode())


def _answer(clone: Path, asked: dict[str, Any], rules: EditRules) -> dict[str, Any]:
    numbers = [str(n) for n in (os.getpid(), rules.memory, int(rules.seconds) + 2)]
    process = subprocess.Popen(
        [sys.executable, "-P", update_worker.__file__, str(Path(__file__).parents[2]), str(clone), *numbers],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "MALLOC_ARENA_MAX": "2", "RUST_BACKTRACE": "0"},
    )
    try:
        out, _ = process.communicate(json.dumps(asked).encode(), timeout=rules.seconds + _START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise _late(rules) from None
    except BaseException:
        process.kill()
        process.communicate()
        raise
    if process.returncode == 0:
        answer: dict[str, Any] = json.loads(out)
        return answer
    if process.returncode == -signal.SIGXCPU:
        raise _late(rules)
    raise QueryTooExpensiveError(
        f"The update was ended because it needed more memory than one may have, or broke the engine"
        f" (status {process.returncode}).",
        hint="Change less at once.",
    )


def _late(rules: EditRules) -> DeadlineError:
    return DeadlineError(
        f"The update was not done after {rules.seconds:g} seconds; nothing was changed.",
        hint="Change less at once, or bind what is known first.",
    )


def _error(answer: dict[str, str]) -> LakegraphError:
    kind, message, where = answer["error"], answer["message"], answer["where"] or None
    if kind == "syntax":
        return query_error(message)
    if kind == "protected":
        return protected(answer["where"])
    if kind == "not-found":
        return NotFoundError(message, where=where, hint="With SILENT a missing graph is passed over.")
    if kind == "conflict":
        return ConflictError(message, where=where)
    if kind == "too-large":
        return UpdateTooLargeError(message, hint="Send it in parts; nothing was changed.")
    if kind == "memory":
        return QueryTooExpensiveError(f"The update could not be evaluated: {message}.")
    return UsageError(message, where=where) if kind == "usage" else QueryError(f"The update failed: {message}.")


def protected(graph: str) -> ProtectedGraphError:
    """The error for a change to a graph that is not for editing."""
    return ProtectedGraphError(
        f"<{graph}> cannot be edited: it is a record, or kept by the lake itself.",
        where=graph,
        hint="Supersede or withdraw a record to correct it; put further statements into a graph of your own.",
    )
