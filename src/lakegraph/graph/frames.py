"""What the serving process and a query worker say to each other over two pipes: framed bytes, nothing parsed twice.

A request is one frame; its answer is any number of ``DATA`` frames and one ``END`` or ``ERROR``. A small answer is one
write and one read.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

_HEAD: Final = struct.Struct("<II")
"""Length of the snapshot's path and of the body, which follow."""
_BODY: Final = struct.Struct("<BBQQIIII")
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
PREPARE: Final = 4
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


class Request(NamedTuple):
    """One query for a worker.

    Args:
        text: The query, which the guard let through.
        snapshot: Directory of the store to ask.
        form: Index of the answer's syntax in ``formats.FORMATS``.
        flags: ``UNION``: the default graph is the union of all. ``DATASET``: the two lists below are the dataset.
            ``PREPARE``: open the store and say nothing.
        rows: The most rows (or statements) of the answer; 0 for any number.
        size: The most bytes of the answer; 0 for any number.
        cpu: Seconds of processor time that it may use.
        base: What relative IRIs in the text are resolved against, or nothing.
        default_graphs: IRIs, one a line.
        named_graphs: IRIs, one a line.
    """

    text: str
    snapshot: str
    form: int = 0
    flags: int = 0
    rows: int = 0
    size: int = 0
    cpu: int = 3600
    base: str = ""
    default_graphs: str = ""
    named_graphs: str = ""

    def encode(self) -> bytes:
        """The frame."""
        return framed(self.snapshot.encode(), self.body())

    def body(self) -> bytes:
        """Everything but the snapshot, which is the same each time that a query is asked."""
        if self.flags & PREPARE:
            return b""
        base, defaults, named = self.base.encode(), self.default_graphs.encode(), self.named_graphs.encode()
        numbers = (self.form, self.flags, self.rows, self.size, self.cpu)
        head = _BODY.pack(*numbers, len(base), len(defaults), len(named))
        return b"".join((head, base, defaults, named, self.text.encode()))


def framed(snapshot: bytes, body: bytes) -> bytes:
    """The frame of a request: *body* is to be asked of the store in *snapshot*."""
    return _HEAD.pack(len(snapshot), len(body)) + snapshot + body


def split(frame: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Snapshot and body that *frame* begins with, and what follows them; ``None`` while bytes are missing."""
    if len(frame) < _HEAD.size:
        return None
    snapshot, body = _HEAD.unpack_from(frame)
    middle = _HEAD.size + snapshot
    end = middle + body
    if len(frame) < end:
        return None
    return frame[_HEAD.size : middle], frame[middle:end], frame[end:]


def read_body(body: bytes) -> Request:
    """The request that *body* makes of a snapshot; an empty one asks that it be opened, or none where none is named."""
    if not body:
        return Request("", "", flags=PREPARE)
    form, flags, rows, size, cpu, *lengths = _BODY.unpack_from(body)
    at, parts = _BODY.size, []
    for length in lengths:
        parts.append(body[at : at + length].decode())
        at += length
    base, defaults, named = parts
    return Request(body[at:].decode(), "", form, flags, rows, size, cpu, base, defaults, named)
