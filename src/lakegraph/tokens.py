"""Tokens: who may do what over HTTP. A file of its own, so that a running server learns of changes at once."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from lakegraph.errors import ConflictError, LakeFormatError, NotFoundError, StorageError, UsageError

READ, RECORD, EDIT, AUDIT, OPERATE, ADMINISTER = "read", "record", "edit", "audit", "operate", "administer"
"""What can be permitted: asking; recording; editing graphs; taking evidence; ending queries and registering
peers; everything else."""

SCOPES: Final[dict[str, frozenset[str]]] = {
    "reader": frozenset({READ}),
    "recorder": frozenset({READ, RECORD}),
    "steward": frozenset({READ, RECORD, EDIT, OPERATE}),
    "auditor": frozenset({READ, AUDIT}),
    "admin": frozenset({READ, RECORD, EDIT, AUDIT, OPERATE, ADMINISTER}),
}
"""Each scope of a token, and what it permits."""

TOKENS: Final = "tokens.json"
"""The file in a lake's directory."""

_LOOK: Final = 0.05
"""Seconds between two looks for the first token: a system call for each request lets other threads go first."""
_PREFIX = "lake"
_VERSION = 1
_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; never its secret.

    Attributes:
        id: Its public name.
        name: Who uses it: it is named in the journal and in the query log.
        scopes: Names of scopes.
        sha256: The hash of the whole token.
        created: When (ISO 8601).
        expires: From when it counts no more.
        revoked: When it was revoked.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    sha256: str
    created: str
    expires: str | None = None
    revoked: str | None = None

    @property
    def permissions(self) -> frozenset[str]:
        """What it permits."""
        return frozenset().union(*(SCOPES[scope] for scope in self.scopes))

    def is_valid(self, now: datetime) -> bool:
        """Whether it counts at *now*."""
        return self.revoked is None and (self.expires is None or now < datetime.fromisoformat(self.expires))


class Tokens:
    """The tokens in *file*; any thread may ask. Without a file there are none.

    The file is for its owner alone, and holds hashes: of 256 random bits a plain SHA-256 gives nothing away.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._known: dict[str, Token] = {}
        self._some = False
        self._fresh = 0.0

    @property
    def any(self) -> bool:
        """Whether a token was ever made here; who revokes the last one does not open the lake to everybody.

        The first one that is made beside a running server counts a moment later, all else about tokens at once.
        """
        now = time.monotonic()
        if now >= self._fresh:
            self._some = bool(self._read())
            self._fresh = now + _LOOK  # only now: whoever asks meanwhile must not take what was for what is
        return self._some

    def find(self, secret: str) -> Token | None:
        """The token that *secret* is, if it counts now.

        Raises:
            LakeFormatError: The file is damaged: then nobody gets in.
        """
        token = self._read().get(_hash(secret))
        return token if token is not None and token.is_valid(datetime.now(UTC)) else None

    def all(self) -> list[Token]:
        """Every token that was made, the oldest first."""
        return sorted(self._read().values(), key=lambda token: (token.created, token.id))

    def create(self, name: str, scopes: Sequence[str], *, days: int | None = None) -> tuple[Token, str]:
        """Make a token; its secret is told once, here.

        Args:
            name: Who uses it.
            scopes: Some of ``SCOPES``.
            days: How long it counts; for ever when left out.

        Raises:
            UsageError: The name or a scope is impossible.
            StorageError: The disk refused.
        """
        _check(name, scopes, days)
        now = datetime.now(UTC)
        secret = f"{_PREFIX}_{secrets.token_urlsafe(32)}"
        token = Token(
            id=secrets.token_hex(4),
            name=name,
            scopes=tuple(dict.fromkeys(scopes)),
            sha256=_hash(secret),
            created=now.isoformat(timespec="seconds"),
            expires=(now + timedelta(days=days)).isoformat(timespec="seconds") if days is not None else None,
        )
        with self._changing() as known:
            known.append(token)
        return token, secret

    def revoke(self, id: str) -> Token:  # noqa: A002 - it is called so
        """End a token, by its id or by the name of whoever uses it.

        Raises:
            NotFoundError: There is none that counts.
            ConflictError: Several are of that name.
        """
        with self._changing() as known:
            found = [t for t in known if t.revoked is None and id in (t.id, t.name)]
            if not found:
                raise NotFoundError(f"No token {id!r} is in use.", hint="lakegraph token list shows them.")
            if len(found) > 1:
                ids = ", ".join(t.id for t in found)
                raise ConflictError(f"{id} uses several tokens.", where=ids, hint="Revoke each by its id.")
            (old,) = found
            new = Token(**{**asdict(old), "revoked": datetime.now(UTC).isoformat(timespec="seconds")})
            known[known.index(old)] = new
        return new

    def _read(self) -> dict[str, Token]:
        """The tokens by hash; the file is read again when it was replaced."""
        if self._file is None:
            return {}
        self._fresh = 0.0
        try:
            state = self._file.stat()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise _unreadable(self._file, error) from error
        seen = (state.st_ino, state.st_mtime_ns, state.st_size)
        if seen != self._seen:
            with self._lock:
                self._known = {token.sha256: token for token in _load(self._file)}
                self._seen = seen
        return self._known

    @contextmanager
    def _changing(self) -> Iterator[list[Token]]:
        """The tokens, to be changed and written back; one process at a time."""
        if self._file is None:
            raise UsageError("A lake in memory has no tokens.")
        try:
            with open(self._file.with_suffix(".lock"), "w", opener=_private) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                known = _load(self._file) if self._file.exists() else []
                yield known
                _save(self._file, known)
                self._fresh = 0.0
        except OSError as error:
            raise StorageError(f"The tokens could not be written: {error}", where=str(self._file)) from error


def _check(name: str, scopes: Sequence[str], days: int | None) -> None:
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise UsageError(
            f"A token's name has 1 to {_LONGEST_NAME} printable characters.", where="name", hint="Such as ann."
        )
    for scope in scopes:
        if scope not in SCOPES:
            raise UsageError(f"There is no scope {scope!r}.", where="scope", hint=f"There are {', '.join(SCOPES)}.")
    if not scopes:
        raise UsageError("A token needs a scope.", where="scope", hint=f"One of {', '.join(SCOPES)}.")
    if days is not None and days < 1:
        raise UsageError("A token counts for a day at least.", where="days", hint="Leave it out for no end.")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _load(file: Path) -> list[Token]:
    try:
        said: Any = json.loads(file.read_bytes())
        if said["version"] != _VERSION:
            raise ValueError(f"version {said['version']}")
        return [Token(**{**token, "scopes": tuple(token["scopes"])}) for token in said["tokens"]]
    except OSError as error:
        raise _unreadable(file, error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> LakeFormatError:
    return LakeFormatError(
        f"The tokens cannot be read: {error}", where=file.name, hint="Restore the file, or remove it and make new ones."
    )


def _save(file: Path, known: Sequence[Token]) -> None:
    """Replace the file whole, so that a reader never sees half of it."""
    new = file.with_suffix(".new")
    body = json.dumps({"version": _VERSION, "tokens": [asdict(token) for token in known]}, indent=1)
    with open(new, "w", opener=_private, encoding="utf-8") as out:
        out.write(body + "\n")
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
