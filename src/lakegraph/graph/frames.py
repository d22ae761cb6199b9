"""What the serving process and a query worker say to each other over two pipes: framed bytes, nothing parsed twice.

A request is one frame; its answer is any number of ``DATA`` frames and one ``END`` or ``ERROR``. A small answer is one
write and one read.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

_REQUEST: Final = struct.Struct("<IBBQQIIIII")
RESPONSE: Final = struct.Struct("<BBI")
"""Type, flags and length of what follows."""

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
        text, snapshot, base = self.text.encode(), self.snapshot.encode(), self.base.encode()
        defaults, named = self.default_graphs.encode(), self.named_graphs.encode()
        body = b"".join((snapshot, base, defaults, named, text))
        lengths = (len(snapshot), len(base), len(defaults), len(named))
        return _REQUEST.pack(len(body), self.form, self.flags, self.rows, self.size, self.cpu, *lengths) + body


def decode_request(frame: bytes) -> tuple[Request, bytes] | None:
    """The request that *frame* begins with, and what follows it; ``None`` while bytes are missing."""
    if len(frame) < _REQUEST.size:
        return None
    body, form, flags, rows, size, cpu, *lengths = _REQUEST.unpack_from(frame)
    at = _REQUEST.size
    end = at + body
    if len(frame) < end:
        return None
    parts: list[str] = []
    for length in lengths:
        parts.append(frame[at : at + length].decode())
        at += length
    snapshot, base, defaults, named = parts
    text = frame[at:end].decode()
    return Request(text, snapshot, form, flags, rows, size, cpu, base, defaults, named), frame[end:]
