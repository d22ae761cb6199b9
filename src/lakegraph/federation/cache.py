"""What was read from peers, kept on disk with the entity tag and the time at which it was fetched."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

from lakegraph.federation.broker import Fetched

_SCHEMA = """
CREATE TABLE IF NOT EXISTS document (
  peer TEXT NOT NULL, url TEXT NOT NULL, accept TEXT NOT NULL, fetched REAL NOT NULL, headers TEXT NOT NULL,
  body BLOB NOT NULL, PRIMARY KEY (peer, url, accept)) WITHOUT ROWID
"""
_KEPT_HEADERS = ("content-type", "etag", "last-modified", "link")


@dataclass(frozen=True, slots=True)
class Kept:
    """A document of a peer, and the seconds since the peer last said that it is like this."""

    document: Fetched
    age: float


class Cache:
    """Documents by peer and address. What is in it can be thrown away at any time.

    Args:
        path: The file; one in memory when left out.
        size: The most bytes of bodies, packed; the oldest go first.
    """

    def __init__(self, path: Path | None, size: int) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._size = size
        self._lock = threading.Lock()
        self._database = _open(path)

    def get(self, peer: str, url: str, accept: str) -> Kept | None:
        """What is kept of an address."""
        with self._lock:
            row = self._database.execute(
                "SELECT fetched, headers, body FROM document WHERE peer = ? AND url = ? AND accept = ?",
                (peer, url, accept),
            ).fetchone()
        if row is None:
            return None
        fetched, headers, body = row
        return Kept(Fetched(url, 200, json.loads(headers), zlib.decompress(body)), max(0.0, time.time() - fetched))

    def put(self, peer: str, url: str, accept: str, document: Fetched) -> None:
        """Keep a document, unless it alone is larger than the cache."""
        body = zlib.compress(document.body, 1)
        if len(body) > self._size:
            return
        headers = {name: document.headers[name] for name in _KEPT_HEADERS if name in document.headers}
        with self._lock, self._database:
            self._database.execute(
                "INSERT OR REPLACE INTO document VALUES (?, ?, ?, ?, ?, ?)",
                (peer, url, accept, time.time(), json.dumps(headers), body),
            )
            self._trim()

    def confirm(self, peer: str, url: str, accept: str) -> None:
        """Note that the peer just said that nothing has changed."""
        with self._lock, self._database:
            self._database.execute(
                "UPDATE document SET fetched = ? WHERE peer = ? AND url = ? AND accept = ?",
                (time.time(), peer, url, accept),
            )

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._database.close()

    def _trim(self) -> None:
        (held,) = self._database.execute("SELECT COALESCE(SUM(LENGTH(body)), 0) FROM document").fetchone()
        while held > self._size:
            peer, url, accept, size = self._database.execute(
                "SELECT peer, url, accept, LENGTH(body) FROM document ORDER BY fetched LIMIT 1"
            ).fetchone()
            self._database.execute(
                "DELETE FROM document WHERE peer = ? AND url = ? AND accept = ?", (peer, url, accept)
            )
            held -= size


def _open(path: Path | None) -> sqlite3.Connection:
    """The database; a damaged one is thrown away, for everything in it can be had again."""
    name = str(path) if path else ":memory:"
    try:
        return _connect(name)
    except sqlite3.DatabaseError:
        if path is None:
            raise
        path.unlink()
        return _connect(name)


def _connect(name: str) -> sqlite3.Connection:
    database = sqlite3.connect(name, check_same_thread=False)
    database.executescript(_SCHEMA)
    return database
