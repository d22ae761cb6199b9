"""What the W3C runners that write share: requests with a token, and an empty graph store before each test."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

import pyoxigraph as ox

DEFAULT = ""
"""In place of a graph's name: the default graph."""
_GRAPHS = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def reason(self) -> str:
        """What a problem says."""
        return str(json.loads(self.body).get("detail", "")) if self.body.startswith(b"{") else ""


class GraphStore:
    """The graphs of a running lake that holds no records.

    Args:
        url: Where it is served.
        base: Its base.
        token: A steward's.
    """

    def __init__(self, url: str, base: str, token: str) -> None:
        self.url = url
        self.default = f"{base}graph/default"
        self._own = (f"{base}graph/vocabulary", f"{base}graph/agents")
        self._token = token
        self._seq = "0"

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request; what it wrote is seen by those that follow."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
        said = {"Authorization": f"Bearer {self._token}", "Lake-Min-Seq": self._seq, **(headers or {})}
        try:
            connection.request(method, path, body, said)
            response = connection.getresponse()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()
        self._seq = str(max(int(self._seq), int(answer.headers.get("lake-seq", "0"))))
        return answer

    def place(self, graph: str) -> str:
        """The path of a graph."""
        return f"/graph?graph={quote(graph, safe='')}" if graph else "/graph?default"

    def graphs(self) -> list[str]:
        """The graphs that hold something and are not the lake's own."""
        answer = self.send("GET", "/sparql?" + urlencode({"query": _GRAPHS}), None, {"Accept": "application/json"})
        assert answer.status == 200, answer
        names = [row["g"]["value"] for row in json.loads(answer.body)["results"]["bindings"]]
        return [name for name in names if name not in self._own]

    def clear(self) -> None:
        """Remove every graph."""
        for name in self.graphs():
            assert self.send("DELETE", self.place(name)).status == 200

    def put(self, graph: str, quads: Iterable[ox.Quad]) -> None:
        """Make a graph say just what *quads* say."""
        text = ox.serialize((q.triple for q in quads), format=ox.RdfFormat.N_TRIPLES) or b""
        answer = self.send("PUT", self.place(graph), text, {"Content-Type": "application/n-triples"})
        assert answer.status in (200, 201), answer

    def read(self, graph: str) -> list[ox.Triple]:
        """What a graph says; nothing for one that does not exist."""
        answer = self.send("GET", self.place(graph), None, {"Accept": "application/n-triples"})
        assert answer.status in (200, 404), answer
        return [q.triple for q in ox.parse(answer.body, format=ox.RdfFormat.N_TRIPLES)] if answer.status == 200 else []


def same(found: Iterable[ox.Quad], expected: Iterable[ox.Quad]) -> bool:
    """Whether two sets of quads are the same under some renaming of blank nodes."""
    return _canonical(found) == _canonical(expected)


def _canonical(quads: Iterable[ox.Quad]) -> set[str]:
    dataset = ox.Dataset(quads)
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in dataset}
