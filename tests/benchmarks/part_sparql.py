"""SPARQL over HTTP: a served lake against ``oxigraph serve`` over the same quads, by turns while both run."""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import lakegraph
from tests.benchmarks import under_poison
from tests.benchmarks.load import Load, client, load
from tests.benchmarks.memory import Watch, proportional
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.benchmarks.serving import free_port, lakegraph_command, program, query_path, serving, streamed

QUERIES = Path(__file__).parent / "queries"
CONNECTIONS = 8
_NOT_KEPT = "# now"
"""An answer is not kept where the query says NOW anywhere; here it says so in a comment, and costs nothing more."""
_ROUNDS = 3
_MANY, _MORE_ROUNDS = 100_000, 9
"""Answers of so many rows and fewer take a second or two, and scatter: they are asked for more often."""


@dataclass(frozen=True)
class Server:
    """One of the two."""

    key: str
    name: str
    port: int
    path: str
    process: subprocess.Popen[bytes]

    def query(self, text: str) -> str:
        """The request of a query."""
        return query_path(self.path, text)


def run(plan: Plan, report: Report) -> None:
    """Ask both servers, in the largest lake; then the lake beside queries that would take a server down."""
    if plan.largest is None:
        report.skip("SPARQL over HTTP", "no lake was built")
        return
    size, where = plan.largest
    small = (QUERIES / "small.rq").read_text().strip()
    with _servers(plan, report, where, small) as servers:
        _small(plan, report, servers, small, size)
        _rows(plan, report, servers, size)
    under_poison.run(plan, report, where, size, small)


@contextmanager
def _servers(plan: Plan, report: Report, where: Path, small: str) -> Iterator[list[Server]]:
    store = plan.work / "oxigraph"
    if not store.exists():
        with lakegraph.open(where) as lake:
            lake._projector.graph.snapshot(store)
    port = free_port()
    with serving(lakegraph_command(where, port), port, query_path("/sparql", small)) as process:
        ours = Server("sparql", "lakegraph", port, "/sparql", process)
        binary = program("oxigraph")
        if binary is None:
            report.skip("oxigraph serve", "the package oxigraph is not installed")
            yield [ours]
            return
        port = free_port()
        command = [binary, "serve-read-only", "--location", str(store), "--bind", f"127.0.0.1:{port}"]
        with serving([*command, "--union-default-graph"], port) as process:
            yield [ours, Server("peer.oxigraph", "oxigraph serve", port, "/query", process)]


def _small(plan: Plan, report: Report, servers: list[Server], small: str, size: int) -> None:
    """The small query: the same text over and over, kept and through a worker, and no two texts the same."""
    for server in servers:
        load(server.port, server.query(small), 2, 1, plan.work)
    anew = f"{small} {_NOT_KEPT}"
    for kind, connections, text, distinct, what in (
        ("small", 1, small, False, "one small SELECT over and over"),
        ("small", CONNECTIONS, small, False, "one small SELECT over and over"),
        ("worker", CONNECTIONS, anew, False, "the same, each through a worker"),
        ("distinct", CONNECTIONS, small, True, "small SELECTs, no two the same"),
    ):
        taken: dict[str, list[Load]] = {server.key: [] for server in servers}
        for _ in range(1 if plan.short else _ROUNDS):
            for server in servers:
                path = server.query(text)
                taken[server.key].append(
                    load(server.port, path, connections, plan.seconds, plan.work, distinct=distinct)
                )
        for server in servers:
            what_of = f"{what}, {connections} connection{'s' if connections > 1 else ''}"
            _rate(report, server, f"{kind}.{connections}", what_of, taken[server.key], size)


def _rate(report: Report, server: Server, key: str, what: str, loads: list[Load], size: int) -> None:
    failed, count = sum(one.failed for one in loads), sum(one.count for one in loads)
    report.check(not failed, f"{server.name}: {failed} of {count} failed: {what}")
    rate = statistics.median(one.rate for one in loads)
    said = {"runs": size, "count": count}
    report.figure(f"{server.key}.{key}", f"{server.name}: {what}", rate, "/s", **said, note=f"asked by {client()}")
    p50, p95, p99 = (statistics.median(get(one) for one in loads) for get in _TIMES)
    report.figure(f"{server.key}.{key}.time", f"  one of them ({server.name})", p50, "ms", p95=p95, p99=p99, **said)


_TIMES: tuple[Callable[[Load], float], ...] = (lambda one: one.p50, lambda one: one.p95, lambda one: one.p99)


def _rows(plan: Plan, report: Report, servers: list[Server], size: int) -> None:
    """Large answers: how long, how soon, and how much memory more."""
    for rows in (1000, 10_000) if plan.short else (100_000, 1_000_000):
        text = (QUERIES / "rows.rq").read_text().replace("{rows}", str(rows))
        whole: dict[str, list[float]] = {server.key: [] for server in servers}
        first: dict[str, list[float]] = {server.key: [] for server in servers}
        grown: dict[str, float] = {}
        length: dict[str, int] = {}
        for _ in range(1 if plan.short else _ROUNDS if rows > _MANY else _MORE_ROUNDS):
            for server in servers:
                with Watch(partial(proportional, server.process.pid)) as watch:
                    soon, late, length[server.key], status = streamed(server.port, server.query(text))
                report.check(status == 200, f"{server.name}: {rows} rows gave {status}")
                whole[server.key].append(late)
                first[server.key].append(soon)
                grown[server.key] = max(watch.growth, grown.get(server.key, 0.0))
        for server in servers:
            key, megabytes = f"{server.key}.rows.{rows}", length[server.key] / 1e6
            said = {"runs": size, "note": f"{megabytes:.0f} MB"}
            report.figure(
                key, f"{server.name}: {rows:,} rows as JSON", statistics.median(whole[server.key]), "s", **said
            )
            soonest = statistics.median(first[server.key]) * 1000
            report.figure(f"{key}.first", f"  first byte ({server.name})", soonest, "ms", runs=size)
            more = f"  memory of all its processes, more ({server.name})"
            report.figure(f"{key}.growth", more, grown[server.key], "MB", runs=size)
        if len(servers) == 2:
            # Both hold the same engine, which fills its caches of blocks with what it reads.
            ours, peer = (grown[server.key] for server in servers)
            own = "  of that, more than the engine takes by itself (oxigraph serve)"
            report.figure(f"sparql.rows.{rows}.own", own, max(0.0, ours - peer), "MB", runs=size)
        lengths = list(length.values())
        report.check(max(lengths) - min(lengths) < 0.02 * max(lengths), f"{rows} rows differ in length")
