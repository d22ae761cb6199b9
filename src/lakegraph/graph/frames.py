"""What the serving process and a query worker say to each other over two pipes: framed bytes, nothing parsed twice.

A request is one frame: how to answer, what, and of which snapshot. Its answer is any number of ``DATA`` frames and one
``END`` or ``ERROR``. A small answer is one write and one read.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

_HEAD: Final = struct.Struct("<III")
"""Lengths of the snapshot's path, of the manner and of the text. The last two follow, then the path."""
_PLACE: Final = struct.Struct("<I")
_LENGTHS: Final = struct.Struct("<II")
_MANNER: Final = struct.Struct("<BBQQIIII")
RESPONSE: Final = struct.Struct("<BBI")
"""Type, flags and length of what follows."""
COUNT: Final = struct.Struct("<Q")
"""What follows the head of ``END``: how many rows, or other items, the answer has."""

HELLO: Final = 0
DATA: Final = 1
END: Final = 2
ERROR: Final = 3

# Flags of a request.
UNION: Final = 1
DATASET: Final = 2
# Flags of HELLO.
SANDBOXED: Final = 1
# Flags of END.
TRUNCATED: Final = 1
RETIRE: Final = 2
# Flags of ERROR: what went wrong.
SYNTAX: Final = 1
EVALUATION: Final = 2
INTERNAL: Final = 3

CHUNK: Final = 64 * 1024
"""Bytes of one ``DATA`` frame, about."""


class Manner(NamedTuple):
    """How a query is to be answered, which is the same for many.

    Args:
        form: Index of the answer's syntax in ``formats.FORMATS``.
        flags: ``UNION``: the default graph is the union of all. ``DATASET``: the two lists below are the dataset.
        rows: The most rows (or statements) of the answer; 0 for any number.
        size: The most bytes of the answer; 0 for any number.
        cpu: Seconds of processor time that it may use.
        base: What relative IRIs in the text are resolved against, or nothing.
        default_graphs: IRIs, one a line.
        named_graphs: IRIs, one a line.
    """

    form: int = 0
    flags: int = 0
    rows: int = 0
    size: int = 0
    cpu: int = 3600
    base: str = ""
    default_graphs: str = ""
    named_graphs: str = ""

    def encode(self) -> bytes:
        """As bytes."""
        base, defaults, named = self.base.encode(), self.default_graphs.encode(), self.named_graphs.encode()
        numbers = self.form, self.flags, self.rows, self.size, self.cpu
        return _MANNER.pack(*numbers, len(base), len(defaults), len(named)) + base + defaults + named


def read_manner(encoded: bytes) -> Manner:
    """What :meth:`Manner.encode` gave."""
    form, flags, rows, size, cpu, *lengths = _MANNER.unpack_from(encoded)
    at, parts = _MANNER.size, []
    for length in lengths:
        parts.append(encoded[at : at + length].decode())
        at += length
    return Manner(form, flags, rows, size, cpu, *parts)


def asking(manner: bytes, text: str) -> bytes:
    """What a worker is sent, but for the snapshot: how *text*, which the guard let through, is to be answered."""
    query = text.encode()
    return _LENGTHS.pack(len(manner), len(query)) + manner + query


PREPARE: Final = asking(b"", "")
"""Asks nothing: the snapshot is opened, or none where none is named."""


def framed(snapshot: bytes, body: bytes) -> bytes:
    """A whole request: *body* is to be asked of the store in the directory *snapshot*."""
    return _PLACE.pack(len(snapshot)) + body + snapshot


def manner_of(body: bytes) -> bytes:
    """The manner in what :func:`asking` gave."""
    length, _ = _LENGTHS.unpack_from(body)
    return body[_LENGTHS.size : _LENGTHS.size + int(length)]


def split(frame: bytes) -> tuple[bytes, bytes, bytes, bytes] | None:
    """Manner, text and snapshot that *frame* begins with, and what follows them; ``None`` while bytes are missing."""
    if len(frame) < _HEAD.size:
        return None
    snapshot, manner, text = _HEAD.unpack_from(frame)
    asked = _HEAD.size + manner
    place = asked + text
    end = place + snapshot
    if len(frame) < end:
        return None
    return frame[_HEAD.size : asked], frame[asked:place], frame[place:end], frame[end:]
