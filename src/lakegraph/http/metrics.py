"""What the service counts and times, in the text form that Prometheus reads (version 0.0.4)."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Histogram:
    """How often something took how long."""

    __slots__ = ("buckets", "total")

    def __init__(self) -> None:
        self.buckets = [0] * (len(_SECONDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one more."""
        self.buckets[bisect_left(_SECONDS, seconds)] += 1
        self.total += seconds

    def lines(self, name: str, labels: str) -> Iterator[str]:
        """The lines of this histogram; *labels* are ``a="b",…`` without braces."""
        count = 0
        for bound, seen in zip((*_SECONDS, "+Inf"), self.buckets, strict=True):
            count += seen
            yield f'{name}_bucket{{{labels},le="{bound}"}} {count}'
        yield f"{name}_sum{{{labels}}} {self.total:.6f}"
        yield f"{name}_count{{{labels}}} {count}"


class Metrics:
    """The counts of one server process; any thread may add to them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str, int], int] = {}
        self._seconds: dict[str, Histogram] = {}
        self._queries: dict[str, int] = {}
        self._bytes = 0

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered.

        Args:
            method: Its method.
            route: The rule that it matched: never its path, which has no end of values.
            status: The status of the answer.
            seconds: How long it took.
        """
        with self._lock:
            self._count(method, route, status, seconds)

    def query(self, method: str, status: int, seconds: float, outcome: str, size: int) -> None:
        """One query was answered.

        Args:
            method: The method of its request.
            status: The status of the answer.
            seconds: How long it took, to its last byte.
            outcome: ``ok``, ``truncated``, ``gone`` (the client left) or an error's code.
            size: Bytes of the answer.
        """
        with self._lock:
            self._count(method, "/sparql", status, seconds)
            self._queries[outcome] = self._queries.get(outcome, 0) + 1
            self._bytes += size

    def _count(self, method: str, route: str, status: int, seconds: float) -> None:
        # Whoever makes up methods does not make up labels.
        key = (method if method in _METHODS else "other", route, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        histogram = self._seconds.get(route)
        if histogram is None:
            histogram = self._seconds[route] = Histogram()
        histogram.add(seconds)

    def text(self, gauges: Mapping[str, float]) -> str:
        """Everything, for Prometheus.

        Args:
            gauges: What stands now, by name.
        """
        with self._lock:
            return "\n".join([*self._lines(), *_gauges(gauges)]) + "\n"

    def _lines(self) -> Iterator[str]:
        yield from _head("lakegraph_http_requests_total", "counter", "Requests by method, route and status.")
        for (method, route, status), count in sorted(self._requests.items()):
            yield f'lakegraph_http_requests_total{{method="{method}",route="{_text(route)}",status="{status}"}} {count}'
        yield from _head("lakegraph_http_seconds", "histogram", "How long requests took, by route.")
        for route, histogram in sorted(self._seconds.items()):
            yield from histogram.lines("lakegraph_http_seconds", f'route="{_text(route)}"')
        yield from _head("lakegraph_queries_total", "counter", "SPARQL queries by how they ended.")
        for outcome, count in sorted(self._queries.items()):
            yield f'lakegraph_queries_total{{outcome="{_text(outcome)}"}} {count}'
        yield from _head("lakegraph_query_bytes_total", "counter", "Bytes of SPARQL answers.")
        yield f"lakegraph_query_bytes_total {self._bytes}"


def _gauges(gauges: Mapping[str, float]) -> Iterator[str]:
    for name, number in gauges.items():
        yield f"# TYPE lakegraph_{name} gauge"
        yield f"lakegraph_{name} {number}"


def _head(name: str, kind: str, says: str) -> Iterator[str]:
    yield f"# HELP {name} {says}"
    yield f"# TYPE {name} {kind}"


def _text(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
