"""Small requests as fast as they are answered: by wrk where it is installed, which costs little beside the server."""

from __future__ import annotations

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.report import percentiles
from tests.benchmarks.serving import JSON, many

_SCRIPT = """
local number = 0
request = function()
  number = number + 1
  return wrk.format("GET", PATH .. (DISTINCT and "%20%23" .. START .. number or ""))
end
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("\\nFIGURES %d %d %d %d %d %d\\n", latency:percentile(50), latency:percentile(95),
    latency:percentile(99), summary.requests, summary.duration,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """How fast small requests were answered: requests a second, times in milliseconds, and what failed."""

    rate: float
    p50: float
    p95: float
    p99: float
    count: int
    failed: int


def client() -> str:
    """What sends the requests."""
    return "wrk" if shutil.which("wrk") else "a client in Python"


def load(port: int, path: str, connections: int, seconds: float, work: Path, *, distinct: bool = False) -> Load:
    """As many requests as are answered in *seconds* over some connections that are kept.

    Args:
        port: Of the server, on this machine.
        path: A query by GET.
        connections: How many.
        seconds: How long.
        work: Where the client's script is written.
        distinct: Whether no two queries are the same text: each ends in a comment of its own.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        rate, times, failed = many(port, path, connections, seconds, distinct=distinct)
        p50, p95, p99 = (1000 * t for t in percentiles(times))
        return Load(rate, p50, p95, p99, len(times), failed)
    script = work / "wrk.lua"
    start = f'PATH = "{path}"\nDISTINCT = {str(distinct).lower()}\nSTART = "{time.time_ns()}-"\n'
    script.write_text(start + _SCRIPT)
    # wrk takes whole seconds only.
    command = [
        wrk,
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "-H",
        f"Accept: {JSON}",
        "-s",
        str(script),
    ]
    said = subprocess.run([*command, f"http://127.0.0.1:{port}/"], capture_output=True, text=True, check=True).stdout
    figures = said.partition("FIGURES")[2].split()
    p50, p95, p99, count, duration, failed = (int(figure) for figure in figures[:6])
    return Load(count / duration * 1e6, p50 / 1000, p95 / 1000, p99 / 1000, count, failed)
