"""A line to one peer: its requests through the broker, under its limits, with what is cached of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from lakegraph.errors import DeadlineError, PeerError
from lakegraph.federation.broker import Broker, Caps, Fetched, Request
from lakegraph.federation.cache import Cache
from lakegraph.federation.peers import Peer

_NOT_MODIFIED = 304
_EXCERPT = 200


@dataclass
class Line:
    """Asks one peer.

    Attributes:
        broker: Sends.
        peer: Whom.
        cache: Keeps documents; nothing is kept without one.
        fresh: Seconds for which a document is used without asking.
        budget: Seconds that are left for all requests together; without it, each has the peer's whole time.
        requests: How many requests were sent.
        age: Seconds since the oldest cached document that was used was fetched; ``None`` where none was.
    """

    broker: Broker
    peer: Peer
    cache: Cache | None = None
    fresh: float = 0.0
    budget: float | None = None
    requests: int = 0
    age: float | None = field(default=None)

    def get(self, url: str, accept: str) -> Fetched:
        """The document at *url*, from the cache where that is fresh or the host says that nothing has changed.

        Raises:
            PeerError: The host answers with an error, or not by HTTP.
            DeadlineError, ForbiddenError: As the broker says.
        """
        kept = self.cache.get(self.peer.iri, url, accept) if self.cache else None
        if kept and kept.age <= self.fresh:
            self._used(kept.age)
            return kept.document
        headers = {"Accept": accept}
        if kept and kept.document.headers.get("etag"):
            headers["If-None-Match"] = kept.document.headers["etag"]
        elif kept and kept.document.headers.get("last-modified"):
            headers["If-Modified-Since"] = kept.document.headers["last-modified"]
        answer = self._send(Request(url, self.peer.origin, self._caps(), headers=headers))
        if answer.status == _NOT_MODIFIED and kept and self.cache:
            self.cache.confirm(self.peer.iri, url, accept)
            self._used(0.0)
            return kept.document
        checked = _checked(answer)
        if self.cache:
            self.cache.put(self.peer.iri, url, accept, checked)
        return checked

    def post(self, url: str, body: bytes, media_type: str, accept: str) -> Fetched:
        """The answer to a POST, which is never cached.

        Raises:
            PeerError, DeadlineError, ForbiddenError: As :meth:`get`.
        """
        headers = {"Accept": accept, "Content-Type": media_type}
        return _checked(self._send(Request(url, self.peer.origin, self._caps(), "POST", headers, body)))

    def _send(self, request: Request) -> Fetched:
        self.requests += 1
        began = time.monotonic()
        try:
            return self.broker.fetch(replace(request, credential=self.peer.credential))
        finally:
            if self.budget is not None:
                self.budget -= time.monotonic() - began

    def _caps(self) -> Caps:
        if self.budget is None:
            return self.peer.caps
        if self.budget <= 0:
            raise DeadlineError(
                f"{self.peer.title} did not answer within {self.peer.caps.seconds:g} s.",
                where=self.peer.address,
                hint="Raise the peer's timeLimit.",
            )
        return Caps(min(self.budget, self.peer.caps.seconds), self.peer.caps.size)

    def _used(self, age: float) -> None:
        self.age = max(self.age or 0.0, age)


def _checked(answer: Fetched) -> Fetched:
    if answer.status >= 400 or answer.status < 200:
        said = answer.body[:_EXCERPT].decode("utf-8", "replace").strip()
        raise PeerError(f"The host answered {answer.status}: {said}", where=answer.url)
    return answer
