"""What ordinary questions take while ten clients send queries that would take a server down."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks.machine import ROOT
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, percentiles
from tests.benchmarks.serving import JSON, free_port, lakegraph_command, query_path, serving

DEADLINE = 2.0
"""Seconds that a query may run, so that a minute sees many of them end."""
_PAUSE = 0.01
"""Seconds between two ordinary questions: people, not a load generator."""


def run(plan: Plan, report: Report, lake: Path, size: int, small: str) -> None:
    """Ask ordinary questions of the lake in *lake* without poison and with it; *small* is the small query."""
    port = free_port()
    quiet, long = (1.5, 4.0) if plan.short else (20.0, 60.0)
    ordinary = {"small": query_path("/sparql", small), "question": "/search?q=data"}
    settings = {"LAKEGRAPH_LIMITS__QUERY_SECONDS": str(DEADLINE), "LAKEGRAPH_LIMITS__QUERY_MEMORY": str(2**30)}
    with serving(lakegraph_command(lake, port), port, ordinary["small"], environment=settings):
        owner = json.loads((lake / "lock").read_text())["pid"]
        asked(port, ordinary, quiet / 3)
        before = asked(port, ordinary, quiet)
        command = [sys.executable, "-m", "tests.benchmarks.poison", str(port), str(long)]
        senders = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        during = asked(port, ordinary, long)
        out, _ = senders.communicate(timeout=120)
        still = json.loads((lake / "lock").read_text())["pid"] == owner and os.path.exists(f"/proc/{owner}")  # noqa: PTH110
        after = asked(port, ordinary, quiet / 3)
    report.check(still, "the server was restarted under poison")
    _figures(report, size, before, during)
    _ends(report, size, json.loads(out))
    report.check(all(not failed for _, failed in after.values()), "ordinary questions fail after the poison")


def asked(port: int, paths: Mapping[str, str], seconds: float) -> dict[str, tuple[list[float], int]]:
    """Ask each of *paths* over and over, all at once: the times of each, and how many were not answered."""
    found: dict[str, tuple[list[float], int]] = {}
    end = time.monotonic() + seconds
    start_of_all = time.time_ns()

    def ask(name: str, path: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        times, failed = [], 0
        while time.monotonic() < end:
            # No two the same, so that each small query needs a worker.
            this = f"{path}%20%23{len(times)}-{start_of_all}" if name == "small" else path
            start = time.perf_counter()
            connection.request("GET", this, headers={"Accept": JSON if name == "small" else "application/json"})
            response = connection.getresponse()
            response.read()
            times.append(time.perf_counter() - start)
            failed += response.status != 200
            time.sleep(_PAUSE)
        connection.close()
        found[name] = times, failed

    threads = [threading.Thread(target=ask, args=item) for item in paths.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _figures(
    report: Report, size: int, before: dict[str, tuple[list[float], int]], during: dict[str, tuple[list[float], int]]
) -> None:
    for name, what in (("small", "small SELECT"), ("question", "search")):
        quiet, busy = percentiles(before[name][0])[2], percentiles(during[name][0])[2]
        report.times(
            f"poison.{name}.quiet", f"{what}, one client with pauses, nothing else", before[name][0], runs=size
        )
        report.times(f"poison.{name}.time", f"{what}, beside ten clients with poison", during[name][0], runs=size)
        report.figure(f"poison.{name}", f"{what}: p99 beside poison against p99 without", busy / quiet, "x", runs=size)
        count, failed = len(during[name][0]), during[name][1]
        note = f"of {count:,}"
        report.figure(f"poison.{name}.failed", f"{what}: not answered beside poison", failed, "", runs=size, note=note)


def _ends(report: Report, size: int, said: dict[str, Any]) -> None:
    for name, met in said.items():
        statuses = ", ".join(f"{count} x {status}" for status, count in sorted(met["statuses"].items()))
        report.figure(f"poison.each.{name}", f"poison: {name}, longest", met["longest"], "s", runs=size, note=statuses)
    worst = max(met["longest"] for met in said.values())
    note = f"a query may run {DEADLINE:g} s"
    report.figure(
        "poison.over", "poison: ended after its deadline, longest", worst - DEADLINE, "s", runs=size, note=note
    )
    report.check(all("0" not in met["statuses"] for met in said.values()), "a poison query was not answered at all")
