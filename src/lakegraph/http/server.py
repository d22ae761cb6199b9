"""The server: granian with one worker process, whose threads share the one owner of the lake."""

from __future__ import annotations

import atexit
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from lakegraph.config import Settings
from lakegraph.errors import ForbiddenError, LakeBusyError

if TYPE_CHECKING:
    from lakegraph.lake import Lake

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
Open = Callable[[], "Lake"]


def run(open_lake: Open, settings: Settings, ready: Callable[[str], None]) -> None:
    """Serve a lake until the process is interrupted; a stop waits for answers under way.

    Args:
        open_lake: Opens the lake; called in the worker process, so a module's function or a ``partial`` of one.
        settings: The lake's settings; ``serve`` says where to listen.
        ready: Called with the address once it answers.

    Raises:
        ForbiddenError: The address is beyond loopback, and nothing would ask callers who they are.
        LakeBusyError: The port is taken.
    """
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    where = settings.serve
    if where.host not in _LOOPBACK:
        raise ForbiddenError(
            f"The lake is not served on {where.host}: whoever reaches it could write.",
            hint="Bind 127.0.0.1 and put a proxy with authentication in front.",
        )
    port = where.port or _free_port(where.host)
    _check_free(where.host, port)
    url = f"http://{where.host}:{port}"
    server: Any = Granian(
        "lakegraph",
        address=where.host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=where.threads,
        websockets=False,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
    )
    threading.Thread(target=_when_listening, args=(where.host, port, partial(ready, url)), daemon=True).start()
    server.serve(target_loader=partial(_application, open_lake, url), wrap_loader=False)


def _application(open_lake: Open, url: str, *_: Any) -> Any:
    """The WSGI application, made in the worker process."""
    from lakegraph.http.app import create_app

    lake = open_lake()
    atexit.register(lake.close)
    if lake.lock:
        lake.lock.announce(url)
    return create_app(lake)


def _when_listening(host: str, port: int, ready: Callable[[], None]) -> None:
    """Wait until the application answers, so that what is announced is true."""
    import http.client

    for _ in range(2400):
        try:
            connection = http.client.HTTPConnection(host, port, timeout=5)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                ready()
                return
        except OSError:
            pass
        time.sleep(0.05)


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _check_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LakeBusyError(f"Port {port} is taken.", where=f"{host}:{port}", hint="Choose another: --port.") from error
