"""Who asks, and whether they may: tokens in the Authorization header, decided in front of every route."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from lakegraph.errors import ForbiddenError, LakegraphError, UnauthorizedError, UsageError
from lakegraph.http.quota import Quota
from lakegraph.tokens import AUDIT, EDIT, OPERATE, READ, RECORD, Tokens

_WHO: Final = "lakegraph.principal"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN: Final = frozenset({"/health", "/ready"})
_IN_URLS: Final = frozenset({"token", "access_token"})
_SLASHES: Final = re.compile("/{2,}")
_SHORT: Final = 256
"""Characters of a path that is remembered."""
_ROUTES: Final = (
    ("/update", EDIT, EDIT),
    ("/graph", READ, EDIT),
    ("/sparql", READ, READ),
    ("/federate", READ, RECORD),
    ("/queries", OPERATE, OPERATE),
    ("/bundles", AUDIT, AUDIT),
    ("/log/checkpoint", READ, AUDIT),
    ("/log/audit", AUDIT, AUDIT),
    ("/log/erasures", AUDIT, AUDIT),
    ("/peers", READ, OPERATE),
    ("/harvests", OPERATE, OPERATE),
)
"""What reading and what writing needs below a path; elsewhere reading needs READ and writing RECORD."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        name: What the token's user is called; empty for nobody in particular.
        permissions: What they may do.
    """

    name: str
    permissions: frozenset[str]


class Access:
    """Decides who may do what.

    Where no token was ever made, whoever reaches the lake may ask and record, so that a lake on a laptop needs no
    ceremony; a server then listens on loopback alone. Editing graphs needs a token always.

    Args:
        tokens: The lake's tokens.
        anonymous_read: Whether, once there are tokens, those without one may still read.
        hosts: Host names that pages may be of which send requests that write.
        origins: Further origins that are trusted (CORS).
        quota: What one caller may use of the query workers.
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        anonymous_read: bool,
        hosts: Collection[str] = (),
        origins: Collection[str] = (),
        quota: Quota | None = None,
    ) -> None:
        self._quota = quota or Quota(0)
        self._tokens = tokens
        self._hosts = frozenset(hosts)
        self._origins = frozenset(origins)
        self._nobody = Principal("", frozenset({READ}) if anonymous_read else frozenset())
        self._local = Principal("", frozenset({READ, RECORD, AUDIT, OPERATE}))

    def check(self, environ: dict[str, Any], path: str) -> None:
        """Let a request pass, and note who sends it.

        Args:
            environ: The WSGI request.
            path: Where it goes, without the prefix that the lake is mounted at.

        Raises:
            UnauthorizedError: It has no token, or one that does not count, and needs one.
            ForbiddenError: Its token does not permit it, or a page of another site sent it.
            UsageError: It carries a token in its address.
            TooManyQueriesError: Its sender has asked too much.
        """
        method = environ["REQUEST_METHOD"]
        route = (_remembered if len(path) <= _SHORT else _route)(method, path)
        query = environ.get("QUERY_STRING")
        if query:
            _check_address(query)
        principal = environ[_WHO] = self._principal(environ.get("HTTP_AUTHORIZATION"))
        if not route.needed:
            return
        if method not in _SAFE:
            self._check_origin(environ.get("HTTP_ORIGIN"))
        if route.needed not in principal.permissions:
            raise _refusal(principal, route.needed)
        if route.asks:
            self._quota.check(who(environ))

    def _principal(self, header: str | None) -> Principal:
        if header is None:
            return self._nobody if self._tokens.any else self._local
        token = self._tokens.find(_secret(header))
        if token is None:
            raise UnauthorizedError(
                "The token does not count: it is unknown, has expired, or was revoked.",
                where="Authorization",
                hint="Ask whoever looks after this lake for a new one.",
            )
        return Principal(token.name, token.permissions)

    def _check_origin(self, origin: str | None) -> None:
        """A browser says which page sends a request; only the lake's own pages and trusted sites may write."""
        if origin is None or origin in self._origins:
            return
        if (urlsplit(origin).hostname or "") not in self._hosts:
            raise ForbiddenError(
                f"A page of {origin[:100]} may not write here.",
                where="Origin",
                hint="Name the site in serve.cors if it is trusted.",
            )


_NOBODY: Final = Principal("", frozenset())


def principal_of(environ: dict[str, Any]) -> Principal:
    """Who sends a request that was let pass; nobody, where nothing asked."""
    found: Principal = environ.get(_WHO, _NOBODY)
    return found


def who(environ: dict[str, Any]) -> str:
    """What the query log calls the sender: the token's user, else the address."""
    return principal_of(environ).name or str(environ.get("REMOTE_ADDR", ""))


def _check_address(query: str) -> None:
    """A token in an address ends up in logs and histories, so that none is taken from there."""
    if "token" in query.lower() and any(
        name.lower() in _IN_URLS for name, _ in parse_qsl(query, max_num_fields=10_000)
    ):
        raise UsageError(
            "A token has no place in an address.",
            where="token",
            hint="Send it in the header: Authorization: Bearer …; and make a new one, this one may be in logs.",
        )


def _secret(header: str) -> str:
    """The token in an ``Authorization`` header: Bearer (RFC 6750), or the password of Basic, as many tools send it."""
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, ValueError):
            pass
    raise UnauthorizedError(
        "The Authorization header holds no token.", where="Authorization", hint="Send Authorization: Bearer …"
    )


class _Route(NamedTuple):
    """What a request needs that goes to a path."""

    needed: str
    """The permission; none for what everybody may."""
    asks: bool
    """Whether it uses the query workers."""


def _route(method: str, path: str) -> _Route:
    where = _SLASHES.sub("/", path).rstrip("/") or "/"
    if where in _OPEN:
        return _Route("", asks=False)
    reads = method in _SAFE
    for prefix, reading, writing in _ROUTES:
        if where == prefix or where.startswith(prefix + "/"):
            return _Route(reading if reads else writing, where == "/sparql")
    return _Route(READ if reads else RECORD, asks=False)


_remembered = lru_cache(maxsize=256)(_route)


def _refusal(principal: Principal, needed: str) -> LakegraphError:
    if principal.name:
        return ForbiddenError(
            f"The token of {principal.name} does not permit to {needed}.",
            where="Authorization",
            hint=f"lakegraph token create --scope {_SCOPE_FOR[needed]} makes one that does.",
        )
    return UnauthorizedError(
        f"This needs a token that permits to {needed}.",
        where="Authorization",
        hint=f"Send Authorization: Bearer …; lakegraph token create --scope {_SCOPE_FOR[needed]} makes one.",
    )


_SCOPE_FOR: Final = {READ: "reader", RECORD: "recorder", EDIT: "steward", OPERATE: "steward", AUDIT: "auditor"}
