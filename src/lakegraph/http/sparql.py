"""/sparql: the query operation of the SPARQL 1.1 Protocol, as plain WSGI in front of the application.

It stands in front because dispatch by the framework costs more than a small query does (measured on two cores: 3,181
requests a second inside a view, 7,030 in front of it).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, NamedTuple

from lakegraph.errors import LakegraphError
from lakegraph.exchange import RDF_TYPES, RESULT_TYPES
from lakegraph.http import problems
from lakegraph.http.access import who
from lakegraph.http.delivery import Announced, Body
from lakegraph.http.headers import ALWAYS, Headers, compressed, entity_tag, tag_matches, worth_compressing
from lakegraph.http.metrics import Metrics
from lakegraph.http.negotiation import HTML, JSON, accepts_gzip, preferred
from lakegraph.http.protocol import Environ, QueryRequest, min_seq, read_address, read_query
from lakegraph.http.querylog import Asked, QueryLog
from lakegraph.http.result_page import rows_page, text_page
from lakegraph.http.served import Served
from lakegraph.http.stream import Stream
from lakegraph.recent import Recent

StartResponse = Callable[[str, Headers], Any]

_RESULTS, _STATEMENTS = next(iter(RESULT_TYPES)), next(iter(RDF_TYPES))
_TSV, _XML, _PLAIN = "text/tab-separated-values", "application/xml", "text/plain"
# General types are answered under their own name: who asks for them may not know the special ones.
_RESULT_ALIASES = {JSON: _RESULTS, _XML: "application/sparql-results+xml", HTML: _TSV}
_RDF_ALIASES = {
    JSON: "application/ld+json",
    _XML: "application/rdf+xml",
    _PLAIN: "application/n-triples",
    HTML: _STATEMENTS,
}
OFFERED_RESULTS = (*RESULT_TYPES, *_RESULT_ALIASES)
OFFERED_RDF = (*RDF_TYPES, *_RDF_ALIASES)

_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_SHORT = 4096
"""Characters of a query whose plan is kept: tools ask the same over and over."""
_PLANS = 256
_WHOLE = 4096
"""An answer below this size is gathered, because it nearly always comes in one piece."""
_PAGE = 2**20
_PERCENT_ENCODED = 3


class _Plan(NamedTuple):
    """What has to be known of a query and what is wanted for an answer; the same each time that it is asked."""

    asked: Any
    content_type: str
    bare: str
    """The media type that the answer is written in, without parameters."""
    page: bool
    """Whether the answer is a page for people."""


class Endpoint:
    """Answers queries.

    Args:
        lake: The lake.
        metrics: Where queries are counted.
        querylog: Where they are logged.
    """

    def __init__(self, lake: Served, metrics: Metrics, querylog: QueryLog) -> None:
        self._lake = lake
        self._metrics = metrics
        self._log = querylog
        limits = lake.settings.limits
        self._rows = str(limits.result_rows)
        # Beside the query stand the graphs that are its dataset.
        self._body = _PERCENT_ENCODED * limits.query_bytes + 2**20
        self._plans: Recent[tuple[str | QueryRequest | None, str], _Plan] = Recent(_PLANS)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes] | None:
        """Answer a GET, HEAD or POST; ``None`` when it asks for the description of the service."""
        request = _Request(environ, start_response)
        try:
            plan = self._planned(request)
            if plan is None:
                return None
            request.text = plan.asked.text
            return self._answer(plan, request)
        except LakegraphError as error:
            self._ended(request, "", error.code, 0, error.status)
            return request.send(error.status, problems.headers_of(error), problems.body_of(error))
        except Exception as error:  # noqa: BLE001 - a fault of ours is told as one
            self._ended(request, "", "internal", 0, 500)
            body = problems.fault(error, request.method, "/sparql")
            return request.send(500, [("Content-Type", problems.MEDIA_TYPE)], body)

    def _planned(self, request: _Request) -> _Plan | None:
        """The plan of what is asked, by address or body; remembered, because it costs as much as all that follows."""
        accept = request.environ.get("HTTP_ACCEPT", "")
        said: str | QueryRequest | None = request.environ.get("QUERY_STRING", "")
        if request.method == "POST":
            said = read_query(request.environ, self._body)
        plan = self._plans.find((said, accept))
        if plan is None:
            asked = read_address(said) if isinstance(said, str) else said
            if asked is None:
                return None
            request.text = asked.text
            plan = self._plan(asked, accept)
            if len(said if isinstance(said, str) else asked.text) <= _SHORT:
                self._plans.keep((said, accept), plan)
        return plan

    def _answer(self, plan: _Plan, request: _Request) -> Iterable[bytes]:
        stream = self._lake.answer(plan.asked, min_seq=min_seq(request.environ))
        try:
            if plan.page:
                return self._page(stream, request)
            headers = self._headers(stream, plan.content_type)
            if (whole := stream.whole) is not None and not stream.truncated:
                return self._send_whole(stream, whole, headers, request)
            return self._send(stream, plan.bare, headers, request)
        except BaseException:
            stream.close()
            raise

    def _plan(self, query: QueryRequest, accept: str) -> _Plan:
        choice = _Choice(accept)
        text, default_graphs, named_graphs = query
        asked = self._lake.prepared(text, accept=choice, default_graphs=default_graphs, named_graphs=named_graphs)
        bare = asked.media.partition(";")[0]
        # Under the name that was asked for; under the written one where that says the charset too.
        own = bare == choice.media_type
        return _Plan(asked, asked.media if own else choice.media_type, bare, choice.media_type == HTML)

    def _send(self, stream: Stream, bare: str, headers: Headers, request: _Request) -> Iterable[bytes]:
        answer = Announced(stream, bare)
        first, whole = _gathered(answer, _WHOLE)
        if whole:
            return self._send_whole(stream, first, headers, request)
        if request.is_head:
            answer.close()
            self._ended(request, stream.id, "ok", 0, 200)
            return request.send(200, headers, None)
        if request.gzip:
            headers.append(("Content-Encoding", "gzip"))

        def ended(outcome: str, size: int) -> None:
            self._ended(request, stream.id, _outcome(outcome, stream), size, 200, stream.rows)

        request.start(200, headers)
        return Body(first, answer, ended, gzip=request.gzip)

    def _send_whole(self, stream: Stream, body: bytes, headers: Headers, request: _Request) -> Iterable[bytes]:
        self._ended(request, stream.id, _outcome("ok", stream), len(body), 200, stream.rows)
        if stream.truncated:
            headers.append(("Lake-Truncated", "true"))
        return request.send_tagged(headers, body)

    def _page(self, stream: Stream, request: _Request) -> Iterable[bytes]:
        data, whole = _gathered(stream, _PAGE)
        stream.close()
        made = rows_page if stream.kind == "select" else text_page
        body = made(data, whole=whole and not stream.truncated).encode()
        return self._send_whole(stream, body, self._headers(stream, f"{HTML}; charset=utf-8"), request)

    def _headers(self, stream: Stream, content_type: str) -> Headers:
        return [
            ("Content-Type", content_type),
            ("Lake-Query", stream.id),
            ("Lake-Seq", str(stream.snapshot.seq)),
            ("Lake-Row-Limit", self._rows),
        ]

    def _ended(self, request: _Request, id: str, outcome: str, size: int, status: int, rows: int = 0) -> None:  # noqa: A002
        seconds = time.perf_counter() - request.began
        self._metrics.query(request.method, status, seconds, outcome, size)
        self._log.add(Asked(id, who(request.environ), request.text, outcome, seconds, size, rows))


class _Choice:
    """Chooses the media type when the form of the query is known; remembers under which name it was asked for."""

    def __init__(self, accept: str) -> None:
        self._accept = accept
        self.media_type = ""

    def __call__(self, kind: str) -> str:
        rows = kind in ("select", "ask")
        self.media_type = preferred(self._accept, OFFERED_RESULTS if rows else OFFERED_RDF)
        return (_RESULT_ALIASES if rows else _RDF_ALIASES).get(self.media_type, self.media_type)


class _Request:
    """One request, and the ways to respond to it."""

    __slots__ = ("_start_response", "began", "environ", "method", "text")

    def __init__(self, environ: Environ, start_response: StartResponse) -> None:
        self.began = time.perf_counter()
        self.environ = environ
        self.method = str(environ["REQUEST_METHOD"])
        self.text = ""
        self._start_response = start_response

    @property
    def is_head(self) -> bool:
        """Whether only the headers are wanted."""
        return self.method == "HEAD"

    @property
    def gzip(self) -> bool:
        """Whether the answer may be compressed."""
        return "HTTP_ACCEPT_ENCODING" in self.environ and accepts_gzip(self.environ["HTTP_ACCEPT_ENCODING"])

    def start(self, status: int, headers: Headers) -> None:
        """Send status and headers."""
        self._start_response(_STATUS[status], [*headers, *ALWAYS])

    def send(self, status: int, headers: Headers, body: bytes | None) -> Iterable[bytes]:
        """Send a response that is whole; ``None`` for a body whose length is not known."""
        if body is not None:
            headers = [*headers, ("Content-Length", str(len(body)))]
        self.start(status, headers)
        return [] if self.is_head or not body else [body]

    def send_tagged(self, headers: Headers, body: bytes) -> Iterable[bytes]:
        """Send an answer, or that it is the one which the client has."""
        if self.method != "POST":
            tag = entity_tag(body, headers[0][1])
            headers.append(("ETag", tag))
            known = self.environ.get("HTTP_IF_NONE_MATCH")
            if known and tag_matches(known, tag):
                self.start(304, headers[1:])
                return []
        if worth_compressing(body) and self.gzip:
            headers.append(("Content-Encoding", "gzip"))
            body = compressed(body)
        return self.send(200, headers, body)


def _gathered(chunks: Stream | Announced, size: int) -> tuple[bytes, bool]:
    """The beginning of *chunks*, of *size* bytes at least where there are as many, and whether that is all."""
    data = b""
    while len(data) < size:
        try:
            data += next(chunks)
        except StopIteration:
            return data, True
    return data, False


def _outcome(outcome: str, stream: Stream) -> str:
    return "truncated" if outcome == "ok" and stream.truncated else outcome
