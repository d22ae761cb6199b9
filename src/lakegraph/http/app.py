"""The Flask application: its routes, and what every response carries."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request

from lakegraph.http import (
    asking,
    entities,
    evidence,
    exporting,
    federation,
    graph_store,
    harvests,
    openapi,
    problems,
    publishing,
    queries,
    records,
    running,
    service,
    update,
)
from lakegraph.http.access import Access
from lakegraph.http.cors import Cors
from lakegraph.http.gateway import LOOPBACK, Application, Gateway
from lakegraph.http.headers import ALWAYS, compressed, entity_tag, tag_matches, worth_compressing
from lakegraph.http.metrics import Metrics
from lakegraph.http.negotiation import accepts_gzip
from lakegraph.http.querylog import QueryLog
from lakegraph.http.quota import ChargingLog, Quota
from lakegraph.http.served import Served
from lakegraph.http.sparql import Endpoint
from lakegraph.http.state import lake
from lakegraph.http.statistics import Statistics


def create_app(served: Served, *, hosts: Collection[str] = (), querylog: QueryLog | None = None) -> Flask:
    """The application that serves a lake; plain WSGI, for any server with threads and one process.

    Args:
        served: An open lake; the caller closes it.
        hosts: Names, beside the base's and loopback's, under which requests may come.
        querylog: Where queries are logged; nowhere when left out.
    """
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    metrics = Metrics()
    log = querylog or QueryLog()
    app.config.update(LAKE=served, METRICS=metrics, STATISTICS=Statistics(served), QUERYLOG=log)
    problems.register(app)
    for module in (
        records,
        asking,
        update,
        graph_store,
        entities,
        evidence,
        exporting,
        federation,
        harvests,
        publishing,
        service,
        running,
        queries,
        openapi,
    ):
        app.register_blueprint(module.blueprint)
    app.before_request(_begin)
    app.after_request(_finish)
    quota = Quota(served.settings.limits.client_query_seconds)
    endpoint = Endpoint(served, metrics, ChargingLog(log, quota))
    inner = cast("Application", app.wsgi_app)
    serve = served.settings.serve
    # The wildcards are no names: whoever listens everywhere says under which names.
    names = frozenset((*hosts, *serve.hosts, serve.host)) - {"0.0.0.0", "::"}  # noqa: S104 - taken away
    own = LOOPBACK | names | {urlsplit(served.base).hostname or ""}
    access = Access(served.tokens, anonymous_read=serve.anonymous_read, hosts=own, origins=serve.cors, quota=quota)
    gateway = Gateway(inner, endpoint, served.base, access, names)
    app.wsgi_app = Cors(gateway, serve.cors) if serve.cors else gateway  # type: ignore[method-assign]
    return app


def _begin() -> None:
    g.began = time.perf_counter()


def _finish(response: Response) -> Response:
    """Tag, compress and count a response. Bodies here are whole, but for files; queries do not come through here."""
    headers = response.headers
    headers.setdefault("Lake-Seq", str(g.get("seq", lake().seq)))
    for name, text in ALWAYS:
        headers[name] = text
    if response.is_streamed:
        return _counted(response)
    if request.method in ("GET", "HEAD") and response.status_code == 200 and "Cache-Control" not in headers:
        _tag(response)
    body = response.get_data()
    if accepts_gzip(request.headers.get("Accept-Encoding", "")) and worth_compressing(body):
        response.set_data(compressed(body))
        headers["Content-Encoding"] = "gzip"
    return _counted(response)


def _counted(response: Response) -> Response:
    rule = request.url_rule.rule if request.url_rule else "none"
    metrics: Metrics = current_app.config["METRICS"]
    metrics.request(request.method, rule, response.status_code, time.perf_counter() - g.began)
    return response


def _tag(response: Response) -> None:
    tag = entity_tag(response.get_data(), response.content_type or "")
    response.headers["ETag"] = tag
    if tag_matches(request.headers.get("If-None-Match", ""), tag):
        response.set_data(b"")
        response.status_code = 304
        del response.headers["Content-Type"]
