"""Where a server may listen."""

from __future__ import annotations

import ipaddress
import socket

from lakegraph.errors import LakeBusyError, SettingsError


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches *host*."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def url_of(host: str, port: int, *, secure: bool = False) -> str:
    """The address of a server."""
    return f"http{'s' if secure else ''}://{f'[{host}]' if ':' in host else host}:{port}"


def free_port(host: str) -> int:
    """A port of *host* that nobody listens on.

    Raises:
        SettingsError: There is no such host.
    """
    with _bound(host, 0) as probe:
        return int(probe.getsockname()[1])


def check_free(host: str, port: int) -> None:
    """See that nobody listens on a port.

    Raises:
        LakeBusyError: Somebody does.
        SettingsError: There is no such host, or the port is not for this user.
    """
    _bound(host, port).close()


def _bound(host: str, port: int) -> socket.socket:
    probe = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((host, port))
    except OSError as error:
        probe.close()
        if isinstance(error, PermissionError | socket.gaierror):
            raise SettingsError(f"{host}:{port} cannot be listened on: {error}", where="serve.port") from error
        raise LakeBusyError(
            f"Port {port} is taken.", where=url_of(host, port), hint="Choose another: --port."
        ) from error
    return probe
