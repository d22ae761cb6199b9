"""Servers as processes of their own, and an HTTP client that keeps its connections."""

from __future__ import annotations

import http.client
import itertools
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

JSON = "application/sparql-results+json"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    command: Sequence[str],
    port: int,
    path: str = "/",
    seconds: float = 60,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers on *port*, ended with the block.

    Raises:
        TimeoutError: It did not answer in time.
    """
    settings = {**os.environ, **(environment or {})}
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=settings)
    try:
        end = time.monotonic() + seconds
        while not _answers(port, path):
            if server.poll() is not None or time.monotonic() > end:
                said = server.stderr.read1(2000).decode(errors="replace") if server.stderr else ""  # type: ignore[attr-defined]
                raise TimeoutError(f"{command[0]} did not answer: {said[-300:]}")
            time.sleep(0.05)
        yield server
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(port: int, path: str) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        connection.request("GET", path)
        return connection.getresponse().status < 300
    except OSError:
        return False


def lakegraph_command(lake: Path, port: int) -> list[str]:
    """``lakegraph serve``."""
    code = "from lakegraph.cli import main; main()"
    return [sys.executable, "-c", code, "--lake", str(lake), "serve", "--port", str(port)]


def program(name: str) -> str | None:
    """An installed program, beside this Python or on the path."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def query_path(path: str, query: str) -> str:
    """The request of a query by GET."""
    return f"{path}?{urlencode({'query': query})}"


def many(
    port: int, request: str, connections: int, seconds: float, *, distinct: bool = False
) -> tuple[float, list[float], int]:
    """As many requests as are answered in *seconds* over some connections that are kept.

    Returns:
        Requests a second, the time of each in seconds, and how many failed.
    """
    times: list[float] = []
    numbers = itertools.count(time.time_ns())
    failed: list[int] = []
    end = time.perf_counter() + seconds

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.perf_counter() < end:
            start = time.perf_counter()
            path = f"{request}%20%23{next(numbers)}" if distinct else request
            connection.request("GET", path, headers={"Accept": JSON})
            response = connection.getresponse()
            response.read()
            if response.status != 200:
                failed.append(response.status)
            times.append(time.perf_counter() - start)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(times) / (time.perf_counter() - start), times, len(failed)


def streamed(port: int, request: str) -> tuple[float, float, int, int]:
    """One large answer, read in blocks and not kept.

    Returns:
        Seconds to the first byte and to the last, bytes, and the HTTP status.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    start = time.perf_counter()
    connection.request("GET", request, headers={"Accept": JSON})
    response = connection.getresponse()
    first = response.read(1)
    waited = time.perf_counter() - start
    size = len(first)
    while block := response.read(1 << 16):
        size += len(block)
    connection.close()
    return waited, time.perf_counter() - start, size, response.status


def peak_of(process: subprocess.Popen[bytes]) -> float | None:
    """The most memory, in MB, that a process and its children have had, where the system tells."""
    total = 0.0
    for pid in (process.pid, *children(process.pid)):
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
    return total or None


def children(pid: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            child = int(path.parent.name)
            found += [child, *children(child)]
    return found
