"""How the bytes of a streamed answer reach the client: cut with notice, broken off loudly, compressed if wanted."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from lakegraph.errors import LakegraphError
from lakegraph.http import problems

log = logging.getLogger("lakegraph.http")

_CUT = "The lake left out the rest: this answer has as many rows as one answer may have."
_COMMENTS = {
    "application/sparql-results+xml": f"\n<!-- {_CUT} -->\n",
    "application/rdf+xml": f"\n<!-- {_CUT} -->\n",
    "text/turtle": f"\n# {_CUT}\n",
    "application/trig": f"\n# {_CUT}\n",
    "application/n-triples": f"# {_CUT}\n",
    "application/n-quads": f"# {_CUT}\n",
}
"""What follows a cut answer, in the syntaxes that have room for it."""
_JSON, _JSON_END = "application/sparql-results+json", b"]}}"
_JSON_CUT = b']},"truncated":true}'


class Chunks(Protocol):
    """Bytes as they are made."""

    def __next__(self) -> bytes: ...

    def close(self) -> None:
        """Give up what is left."""


class Delivered(Protocol):
    """An answer under way, which knows in the end whether it was cut."""

    @property
    def truncated(self) -> bool:
        """Whether something was left out."""

    def __next__(self) -> bytes: ...

    def close(self) -> None:
        """Give up what is left."""


class Announced:
    """An answer that says at its end that it was cut, where its syntax can say so.

    Args:
        answer: The answer.
        media_type: Its media type, without parameters.
    """

    def __init__(self, answer: Delivered, media_type: str) -> None:
        self._answer = answer
        self._comment = _COMMENTS.get(media_type, "").encode()
        self._keep = len(_JSON_END) if media_type == _JSON else 0
        self._held = b""
        self._over = False

    def __next__(self) -> bytes:
        while not self._over:
            try:
                chunk = next(self._answer)
            except StopIteration:
                self._over = True
                return self._end()
            if not self._keep:
                return chunk
            block = self._held + chunk
            self._held = block[-self._keep :]
            if len(block) > self._keep:
                return block[: -self._keep]
        raise StopIteration

    def _end(self) -> bytes:
        if not self._answer.truncated:
            return self._held
        return _JSON_CUT if self._held == _JSON_END else self._held + self._comment

    def close(self) -> None:
        """Give up what is left."""
        self._answer.close()


class Body:
    """The body of a streamed response.

    The server ends a response in good order even when its body raises, so that a client would take half an answer for
    the whole. What breaks an answer off is therefore written into it, in a way that no parser accepts.

    Args:
        first: What of it is there already.
        chunks: The rest of the answer.
        ended: Called once, with how it ended (``ok``, ``gone`` or an error's code) and how many bytes were made.
        gzip: Whether it is compressed.
    """

    def __init__(self, first: bytes, chunks: Chunks, ended: Callable[[str, int], None], *, gzip: bool) -> None:
        self._first = first
        self._chunks = chunks
        self._ended = ended
        self._zip = zlib.compressobj(1, wbits=31) if gzip else None
        self._size = 0
        self._over = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while not self._over:
            sent = self._packed(self._chunk())
            if sent:
                return sent
        raise StopIteration

    def close(self) -> None:
        """The client has everything, or is gone."""
        self._chunks.close()
        self._finish("gone")

    def _chunk(self) -> bytes:
        try:
            chunk, self._first = self._first or next(self._chunks), b""
        except StopIteration:
            self._finish("ok")
            return b""
        except LakegraphError as error:
            self._finish(error.code)
            return _broken_off(problems.body_of(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the client must not take this for the whole
            self._finish("internal")
            return _broken_off(problems.fault(error, "GET", "/sparql"))
        self._size += len(chunk)
        return chunk

    def _packed(self, chunk: bytes) -> bytes:
        if self._zip is None:
            return chunk
        if self._over:
            return self._zip.compress(chunk) + self._zip.flush()
        first = self._size == len(chunk)
        return self._zip.compress(chunk) + (self._zip.flush(zlib.Z_SYNC_FLUSH) if first else b"")

    def _finish(self, outcome: str) -> None:
        if not self._over:
            self._over = True
            self._ended(outcome, self._size)


def _broken_off(problem: bytes) -> bytes:
    return b"\n!!! <<< THE ANSWER BREAKS OFF HERE " + problem + b"\n"
