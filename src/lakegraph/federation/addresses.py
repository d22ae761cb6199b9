"""Where requests may go: the rules for addresses, and the one look-up after which an address is pinned.

The rules are those that keep a request on the host that was registered: https, no user name in the address, every
address that a name resolves to is a global one (a name that means one public and one private address is refused whole),
and the lake itself is never asked. What a name meant at the look-up is what is connected to, so that a second answer of
the name service changes nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from lakegraph.errors import DeadlineError, ForbiddenError, PeerError, UsageError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""Host and port to addresses in text; raises ``OSError`` where there are none."""

_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Not global by the IANA registries, and taken for global by some releases of Python.
_SPECIAL = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "100::/64", "fec0::/10", "3fff::/20")))
_HINT_LOCAL = "An operator who means it lists the host in federation.local."


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: whom a request is sent to."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{name}{port}"

    @property
    def authority(self) -> str:
        """What the Host header says."""
        return str(self).partition("://")[2]


def origin_of(url: str) -> Origin:
    """Whom *url* is sent to.

    Raises:
        UsageError: It is no http(s) address, names a user, or holds what no address holds.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode() if not _literal(parts.hostname) else ""
        host = host or (parts.hostname or "")
    except (ValueError, UnicodeError) as error:
        raise UsageError(f"{url[:200]!r} is not an address: {error}.", where="address") from error
    if parts.scheme not in _PORTS or not host:
        raise UsageError(f"{url[:200]!r} is not an http(s) address.", where="address", hint="Such as https://….")
    if "@" in parts.netloc:
        raise UsageError(
            "An address does not carry a name or a password.",
            where="address",
            hint="Name a credential of the settings instead.",
        )
    if any(character in url for character in ' \t\r\n\\"<>') or not url.isprintable():
        raise UsageError(f"{url[:200]!r} holds characters that no address has.", where="address")
    return Origin(parts.scheme, host, port or _PORTS[parts.scheme])


class Rules:
    """Which hosts may be asked.

    Args:
        local: Hosts, ``host:port``, addresses or networks that may be asked though they are local, and by plain http.
        plain: Hosts that may be asked by plain http.
        own: Gives whom this lake itself answers as; never asked.
        resolve: The name service.
    """

    def __init__(
        self,
        local: Sequence[str] = (),
        plain: Sequence[str] = (),
        own: Callable[[], Sequence[Origin]] = tuple,
        resolve: Resolve | None = None,
    ) -> None:
        self._names = {name.lower() for name in local}
        self._networks = [n for n in map(_network, local) if n is not None]
        self._plain = {name.lower() for name in plain}
        self._own = own
        self._resolve = resolve or _look_up

    def check(self, url: str) -> Origin:
        """Whom *url* is sent to, once it was found allowed by its form.

        Raises:
            UsageError: It is no address.
            ForbiddenError: It is not https, or is the lake's own.
        """
        origin = origin_of(url)
        if origin in self._own():
            raise ForbiddenError("A lake does not ask itself.", where=url, hint="Its own data are always asked.")
        if origin.scheme != "https" and not (self._listed(origin) or origin.host in self._plain):
            raise ForbiddenError(
                f"{origin} is not asked by plain http.",
                where=url,
                hint="Register its https address; an operator may list the host in federation.plain_http.",
            )
        return origin

    def pin(self, origin: Origin, seconds: float) -> list[str]:
        """The addresses to connect to, all of them allowed; looked up once.

        Args:
            origin: Whom to ask.
            seconds: How long the look-up may take.

        Raises:
            PeerError: The name means nothing.
            ForbiddenError: One of the addresses is local.
            DeadlineError: The name service did not answer.
        """
        found = self._answer(origin, seconds)
        for text in found:
            address = _plain_address(ipaddress.ip_address(text.partition("%")[0]))
            listed = self._listed(origin) or any(address in network for network in self._networks)
            if not listed and not _is_public(address):
                raise ForbiddenError(
                    f"{origin.host} is at {address}, which is not a public address.",
                    where=str(origin),
                    hint=_HINT_LOCAL,
                )
        return found

    def _listed(self, origin: Origin) -> bool:
        literal = _literal(origin.host)
        inside = literal is not None and any(_plain_address(literal) in network for network in self._networks)
        return inside or origin.host in self._names or f"{origin.host}:{origin.port}" in self._names

    def _answer(self, origin: Origin, seconds: float) -> list[str]:
        """Ask the name service in a thread: it knows no deadline of its own."""
        if _literal(origin.host):
            return [origin.host]
        said: list[Sequence[str] | OSError] = []

        def ask() -> None:
            try:
                said.append(self._resolve(origin.host, origin.port))
            except OSError as error:
                said.append(error)

        thread = threading.Thread(target=ask, name="lakegraph-resolve", daemon=True)
        thread.start()
        thread.join(max(seconds, 0.001))
        if not said:
            raise DeadlineError(f"The name {origin.host} was not resolved in time.", where=str(origin))
        found = said[0]
        if isinstance(found, OSError) or not found:
            raise PeerError(f"There is no host {origin.host}.", where=str(origin), hint=str(found) or None)
        return list(dict.fromkeys(found))


def _look_up(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _literal(host: str | None) -> Address | None:
    try:
        return ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return None


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None


def _plain_address(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for: mapped, 6to4, Teredo or NAT64."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and int(address) >> 32 == 0 and int(address) > 1:
            inner = ipaddress.IPv4Address(int(address))
        return inner or address
    return address


def _is_public(address: Address) -> bool:
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or address.is_loopback
        or any(address in network for network in _SPECIAL)
    )
