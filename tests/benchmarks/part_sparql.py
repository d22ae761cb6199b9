"""SPARQL over HTTP: a served lake against ``oxigraph serve`` over the same quads."""

from __future__ import annotations

import subprocess
from pathlib import Path

import lakegraph
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.benchmarks.serving import free_port, lakegraph_command, many, peak_of, program, query_path, serving, streamed

QUERIES = Path(__file__).parent / "queries"
CONNECTIONS = 8


def run(plan: Plan, report: Report) -> None:
    """Ask both servers, in the largest lake."""
    if plan.largest is None:
        report.skip("SPARQL over HTTP", "no lake was built")
        return
    size, where = plan.largest
    store = plan.work / "oxigraph"
    if not store.exists():
        with lakegraph.open(where) as lake:
            lake._projector.graph.snapshot(store)
    port = free_port()
    ready = query_path("/sparql", (QUERIES / "small.rq").read_text())
    with serving(lakegraph_command(where, port), port, ready) as server:
        ours = _ask(plan, report, "sparql", "lakegraph", port, "/sparql", size, server)
    binary = program("oxigraph")
    if binary is None:
        report.skip("oxigraph serve", "the package oxigraph is not installed")
        return
    port = free_port()
    command = [
        binary,
        "serve-read-only",
        "--location",
        str(store),
        "--bind",
        f"127.0.0.1:{port}",
        "--union-default-graph",
    ]
    with serving(command, port) as server:
        theirs = _ask(plan, report, "peer.oxigraph", "oxigraph serve", port, "/query", size, server)
    for rows, count in ours.items():
        report.check(theirs[rows] == 0 or abs(count - theirs[rows]) < 0.02 * count, f"{rows} rows differ in length")


def _ask(
    plan: Plan, report: Report, key: str, name: str, port: int, path: str, size: int, server: subprocess.Popen[bytes]
) -> dict[int, int]:
    """The figures of one server, and the bytes of its large answers by their rows."""
    small = query_path(path, (QUERIES / "small.rq").read_text())
    many(port, small, 2, 0.2)
    for connections in (1, CONNECTIONS):
        rate, seconds, failed = many(port, small, connections, plan.seconds)
        report.check(not failed, f"{name}: {failed} of {len(seconds)} small queries failed")
        what = f"{name}: small SELECT, {connections} connection{'s' * (connections > 1)}"
        report.figure(f"{key}.small.{connections}", what, rate, "/s", runs=size, count=len(seconds))
        report.times(f"{key}.small.{connections}.time", f"  one of them ({name})", seconds, runs=size)
    sizes = {}
    for rows in (1000, 10_000) if plan.short else (100_000, 1_000_000):
        text = (QUERIES / "rows.rq").read_text().replace("{rows}", str(rows))
        first, whole, length, status = streamed(port, query_path(path, text))
        report.check(status == 200, f"{name}: {rows} rows gave {status}")
        sizes[rows] = length
        said = {"runs": size, "note": f"first byte {first * 1000:.0f} ms, {length / 1e6:.0f} MB"}
        report.figure(f"{key}.rows.{rows}", f"{name}: {rows:,} rows as JSON", whole, "s", **said)
    peak = peak_of(server)
    if peak:
        report.figure(f"{key}.memory", f"{name}: memory of all its processes at their peaks", peak, "MB", runs=size)
    return sizes
