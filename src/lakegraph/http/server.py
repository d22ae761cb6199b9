"""The server: granian with one worker process, whose threads share the one owner of the lake."""

from __future__ import annotations

import http.client
import multiprocessing
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from lakegraph.config import ServeSettings, Settings
from lakegraph.errors import ForbiddenError, SettingsError
from lakegraph.http.address import check_free, free_port, is_loopback, url_of
from lakegraph.http.worker import Opener, application

_STOP = 8
"""Seconds that answers under way get when the server is stopped; what is left of ten goes into closing the lake."""
_LOOK = 0.05
_HEADER_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Tls:
    """Where certificate and key of the server lie, both PEM."""

    certificate: Path
    key: Path


def run(
    open_lake: Opener,
    settings: Settings,
    ready: Callable[[str], None],
    *,
    tls: Tls | None = None,
    has_tokens: bool = False,
) -> None:
    """Serve a lake until the process is interrupted or terminated; a stop waits for answers under way.

    Args:
        open_lake: Opens the lake; called in the worker process, so a module's function or a ``partial`` of one.
        settings: The lake's settings; ``serve`` says where to listen.
        ready: Called with the address once the lake is open and answers.
        tls: Certificate and key, in place of those that the settings name.
        has_tokens: Whether the lake has tokens, so that callers are asked who they are.

    Raises:
        ForbiddenError: The address is beyond loopback, and nothing would ask callers who they are.
        LakeBusyError: The port is taken.
        SettingsError: Certificate or key cannot be read.
    """
    where = settings.serve
    if not is_loopback(where.host) and not has_tokens:
        raise ForbiddenError(
            f"The lake is not served on {where.host}: it has no tokens, and whoever reaches it could write.",
            where="serve.host",
            hint="Make a token first: lakegraph token create NAME --scope admin.",
        )
    tls = tls or _tls(where)
    port = where.port or free_port(where.host)
    check_free(where.host, port)
    url = url_of(where.host, port, secure=tls is not None)
    server = _server(where, port, tls)
    # The lake was open in this process a moment ago: a fork would inherit an engine whose threads are gone.
    multiprocessing.set_start_method("spawn", force=True)
    stopped = threading.Event()
    watcher = partial(_when_ready, where.host, port, tls is not None, stopped, partial(ready, url))
    server.on_startup(lambda: threading.Thread(target=watcher, daemon=True).start())
    try:
        server.serve(target_loader=partial(application, open_lake, url, ()), wrap_loader=False)
    finally:
        stopped.set()


def _tls(where: ServeSettings) -> Tls | None:
    if where.tls_certificate is None and where.tls_key is None:
        return None
    if where.tls_certificate is None or where.tls_key is None:
        raise SettingsError(
            "HTTPS needs a certificate and its key.", where="serve.tls_key", hint="Set both, or neither."
        )
    return Tls(where.tls_certificate, where.tls_key)


def _server(where: ServeSettings, port: int, tls: Tls | None) -> Any:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    try:
        return Granian(
            "lakegraph",
            address=where.host,
            port=port,
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=where.threads,
            websockets=False,
            # Who sends its headers byte by byte holds a connection, but not for long.
            http1_settings=HTTP1Settings(header_read_timeout=_HEADER_SECONDS * 1000),
            workers_kill_timeout=_STOP,
            log_level=LogLevels.error,
            ssl_cert=tls.certificate if tls else None,
            ssl_key=tls.key if tls else None,
        )
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"Certificate or key cannot be used: {error}",
            where=str(tls.certificate if tls else ""),
            hint="Both are PEM.",
        ) from error


def _when_ready(host: str, port: int, secure: bool, stopped: threading.Event, ready: Callable[[], None]) -> None:
    """Wait until the lake is open, however long its replay takes, so that what is announced is true."""
    while not stopped.is_set():
        try:
            connection = _connection(host, port, secure=secure)
            try:
                connection.request("GET", "/ready")
                if connection.getresponse().status == http.HTTPStatus.OK:
                    ready()
                    return
            finally:
                connection.close()
        except OSError:
            pass
        time.sleep(_LOOK)


def _connection(host: str, port: int, *, secure: bool) -> http.client.HTTPConnection:
    if not secure:
        return http.client.HTTPConnection(host, port, timeout=5)
    # It asks itself, on loopback, under a name that the certificate need not have.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, port, timeout=5, context=context)
