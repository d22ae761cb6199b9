"""The broker: every request that leaves the lake for another host goes through here, and nothing else opens one.

What it holds to (each is a known attack, see the tests): only addresses of a registered origin; the name is resolved
once and what it meant is connected to, under its own name for TLS; a redirect is an answer that is refused, never
followed; what comes is cut off at a deadline and at a number of bytes, on the wire and unpacked; a credential goes to
the one origin that the settings bind it to.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from lakegraph import __version__
from lakegraph.errors import DeadlineError, ForbiddenError, PeerError
from lakegraph.federation.addresses import Origin, Rules

AGENT = f"lakegraph/{__version__}"
_CHUNK = 64 * 1024
_BROKEN = (urllib3.exceptions.HTTPError, HTTPException, OSError)
_PACKED = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


@dataclass(frozen=True, slots=True)
class Caps:
    """What one answer may cost.

    Attributes:
        seconds: From the look-up of the name to the last byte.
        size: Bytes, packed and unpacked alike.
    """

    seconds: float = 10.0
    size: int = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a registered host.

    Attributes:
        url: The address.
        origin: The registered origin; an address of any other is refused.
        caps: What the answer may cost.
        method: GET, HEAD or POST.
        headers: Headers, without the ones that the broker sets.
        body: The body.
        credential: The name of a credential of the settings.
    """

    url: str
    origin: Origin
    caps: Caps
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer: its address, status, headers (names in lower case) and unpacked body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case; empty when the host did not say."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


Secret = Callable[[str, Origin], str]
"""The Authorization header for a credential's name and the origin that it is to be sent to."""


class Broker:
    """Sends requests to registered hosts; any thread may use it.

    Args:
        rules: Which hosts may be asked.
        secret: Gives the value of the Authorization header for a credential.
        authorities: A file of certificate authorities in PEM, in place of the system's.
    """

    def __init__(
        self, rules: Rules | None = None, secret: Secret | None = None, authorities: str | None = None
    ) -> None:
        self._rules = rules or Rules()
        self._secret = secret
        self._authorities = authorities

    def check(self, url: str) -> Origin:
        """Whom *url* would be sent to; see :meth:`lakegraph.federation.addresses.Rules.check`."""
        return self._rules.check(url)

    def fetch(self, request: Request) -> Fetched:
        """The whole answer to *request*.

        Raises:
            As :meth:`open` and as reading the answer.
        """
        with self.open(request) as answer:
            return Fetched(request.url, answer.status, answer.headers, b"".join(answer))

    def open(self, request: Request) -> Incoming:
        """Begin to read the answer to *request*; close what this gives.

        Raises:
            ForbiddenError: The address is of another host than the registered one, or may not be asked; or the host
                redirects elsewhere.
            DeadlineError: The host took too long.
            PeerError: The host cannot be reached, or breaks HTTP.
        """
        deadline = time.monotonic() + request.caps.seconds
        origin = self._rules.check(request.url)
        if origin != request.origin:
            raise ForbiddenError(
                f"{origin} is not the host that is registered, which is {request.origin}.",
                where=request.url,
                hint="Register that host as a peer of its own.",
            )
        addresses = self._rules.pin(origin, deadline - time.monotonic())
        headers = {"User-Agent": AGENT, "Accept-Encoding": "gzip", **request.headers, "Host": origin.authority}
        if request.credential:
            headers["Authorization"] = self._authorization(request.credential, origin)
        incoming = self._send(request, origin, addresses, headers, deadline)
        if 300 <= incoming.status < 400 and incoming.status != 304:
            target = incoming.headers.get("location", "nowhere")
            incoming.close()
            raise ForbiddenError(
                f"{origin} redirects to {target[:300]}, and redirects are not followed.",
                where=request.url,
                hint="If that address is meant, register it.",
            )
        return incoming

    def _send(
        self,
        request: Request,
        origin: Origin,
        addresses: Sequence[str],
        headers: Mapping[str, str],
        deadline: float,
    ) -> Incoming:
        """Connect to the first address that takes the connection, and send."""
        watch = _Watch(deadline)
        failure: PeerError | DeadlineError | None = None
        try:
            for address in addresses:
                connection = _connection(origin, address, watch.remaining, self._authorities)
                watch.over(connection)
                try:
                    connection.connect()
                except (*_BROKEN, ValueError) as error:  # a wrong certificate is a ValueError
                    failure = watch.explain(error, request.url)
                    connection.close()
                    if isinstance(failure, DeadlineError):
                        break
                    continue
                watch.over(connection)
            return _ask(connection, request, headers, watch)
            raise failure or PeerError(f"{origin} has no address.", where=request.url)
        except BaseException:
            watch.stop()
            raise

    def _authorization(self, name: str, origin: Origin) -> str:
        if self._secret is None:
            raise ForbiddenError(f"The settings know no credential {name!r}.", where="credential")
        return self._secret(name, origin)


class Incoming:
    """An answer while it comes: status, headers (names in lower case), and an iterator over the unpacked body."""

    def __init__(
        self, url: str, response: urllib3.BaseHTTPResponse, connection: HTTPConnection, watch: _Watch, caps: Caps
    ) -> None:
        self.url = url
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._response = response
        self._connection = connection
        self._watch = watch
        self._caps = caps

    def __iter__(self) -> Iterator[bytes]:
        """The chunks.

        Raises:
            DeadlineError: The rest did not come in time.
            PeerError: There is more than the cap allows, it is packed in a way that is not known, or the line dropped.
        """
        unpack = _unpacker(self.headers.get("content-encoding", ""), self.url)
        wire = plain = 0
        while chunk := self._read():
            wire += len(chunk)
            self._check_size(wire)
            for part in unpack(chunk):
                plain += len(part)
                self._check_size(plain)
                yield part
        if self._watch.ended:
            # A body without a length ends with the connection, also where the deadline ended that.
            raise self._watch.explain(TimeoutError(), self.url)

    def _read(self) -> bytes:
        try:
            return bytes(self._response.read1(_CHUNK, decode_content=False))
        except (*_BROKEN, ValueError, AttributeError) as error:
            raise self._watch.explain(error, self.url) from error

    def _check_size(self, size: int) -> None:
        if size > self._caps.size:
            raise PeerError(
                f"The answer has more than {self._caps.size} bytes.",
                where=self.url,
                hint="Raise the byteLimit of the peer if so much is expected.",
            )

    def close(self) -> None:
        """Let go of the connection."""
        self._watch.stop()
        with suppress(Exception):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Watch:
    """Ends a connection at its deadline, whatever it is doing: a socket's own timeout starts again with every byte."""

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._connection: HTTPConnection | None = None
        self._socket: Any = None
        self.ended = False
        self._timer = threading.Timer(max(0.001, deadline - time.monotonic()), self._end)
        self._timer.daemon = True
        self._timer.start()

    def over(self, connection: HTTPConnection) -> None:
        """Watch *connection* from now on."""
        self._connection = connection
        # A response that ends with the connection takes the socket from it, and must still be ended.
        self._socket = getattr(connection, "sock", None)
        if self.ended:
            self._end()

    @property
    def remaining(self) -> float:
        """Seconds left."""
        return max(0.001, self._deadline - time.monotonic())

    def _end(self) -> None:
        self.ended = True
        sock = self._socket or getattr(self._connection, "sock", None)
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(2)

    def stop(self) -> None:
        """Watch no more."""
        self._timer.cancel()

    def explain(self, error: Exception, url: str) -> DeadlineError | PeerError:
        """What became of a connection, in our words."""
        if self.ended or time.monotonic() >= self._deadline or isinstance(error, TimeoutError):
            return DeadlineError("The host did not answer in time.", where=url, hint="Raise the peer's timeLimit.")
        refused = isinstance(error, urllib3.exceptions.NewConnectionError)  # which counts as a timeout in urllib3
        if isinstance(error, urllib3.exceptions.TimeoutError) and not refused:
            return DeadlineError("The host did not answer in time.", where=url, hint="Raise the peer's timeLimit.")
        return PeerError(f"The host cannot be read: {_reason(error)}", where=url)


def _connection(origin: Origin, address: str, seconds: float, authorities: str | None) -> HTTPConnection:
    if origin.scheme == "http":
        return HTTPConnection(address, origin.port, timeout=seconds)
    return HTTPSConnection(
        address,
        origin.port,
        timeout=seconds,
        server_hostname=origin.host,
        assert_hostname=origin.host,
        cert_reqs="CERT_REQUIRED",
        ca_certs=authorities,
    )


def _ask(connection: HTTPConnection, request: Request, headers: Mapping[str, str], watch: _Watch) -> Incoming:
    parts = urlsplit(request.url)
    path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    try:
        connection.request(
            request.method, path, body=request.body, headers=dict(headers), preload_content=False, decode_content=False
        )
        response = connection.getresponse()
    except (*_BROKEN, ValueError, AttributeError) as error:
        connection.close()
        raise watch.explain(error, request.url) from error
    return Incoming(request.url, response, connection, watch, request.caps)


def _unpacker(encoding: str, url: str) -> Callable[[bytes], Iterator[bytes]]:
    """What unpacks chunks of a body, never more at once than a chunk: a bomb is cut before it is whole in memory."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return lambda chunk: iter((chunk,))
    if name not in _PACKED:
        raise PeerError(f"The answer is packed as {encoding[:40]!r}, which was not asked for.", where=url)
    machine = zlib.decompressobj(_PACKED[name])

    def unpack(chunk: bytes) -> Iterator[bytes]:
        rest = chunk
        while rest:
            try:
                yield machine.decompress(rest, _CHUNK)
            except zlib.error as error:
                raise PeerError(f"The answer is not {name} as it says: {error}.", where=url) from error
            rest = machine.unconsumed_tail

    return unpack


def _reason(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text.rpartition(": ")[2][:300] if isinstance(error, urllib3.exceptions.NewConnectionError) else text[:300]
