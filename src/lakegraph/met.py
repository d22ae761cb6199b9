"""Which nodes the lake has met: a memory of a few bits a node that spares the graph being asked for what is new.

Most nodes of a record are new, and to find nothing in the engine is what costs: 30 µs a node in a lake of 1,000 runs
and 60 to 100 µs in one of 20,000 (measured), because every level of its files is looked into. Here it costs 2 µs at any
size.

It is a Bloom filter (B. H. Bloom, Space/time trade-offs in hash coding with allowable errors, CACM 13(7), 1970) in
layers of growing size. It may take a new node for a known one, which costs a look into the graph; it never takes a
known one for new. It is a projection of the journal like the others: the file says up to which entry it is complete.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from lakegraph.rdf.terms import Triple

_FORMAT = "lakegraph-met 1"
_FIRST_BITS = 1 << 17
_BITS_A_NODE = 10
_SAVED_EVERY = 20_000  # entries, which a crash makes the next opening read again
_PROBES = 7  # with ten bits a node, one new node in a hundred is taken for known


class Met:
    """The nodes below one IRI that were ever met.

    Args:
        path: Where it is kept; ``None`` keeps it in memory.
        lake: The name of the lake, without which a file is not believed.
        below: The beginning of the tokens that are kept; of all others it says that they may be known.
    """

    def __init__(self, path: Path | None, lake: str, below: str) -> None:
        self._path = path
        self._lake = lake
        self.below = below
        self._layers: list[tuple[bytearray, int]] = []
        self._room = 0
        self._saved = 0
        self.seq = 0
        """The journal entry up to which everything was met."""
        self._read()

    def __contains__(self, token: str) -> bool:
        if not token.startswith(self.below):
            return True
        first, step = _hashes(token)
        for bits, mask in self._layers:
            at = first
            for _ in range(_PROBES):
                place = at & mask
                if not bits[place >> 3] >> (place & 7) & 1:
                    break
                at += step
            else:
                return True
        return False

    def add(self, tokens: Iterable[str]) -> None:
        """Meet *tokens*."""
        for token in tokens:
            if token in self:
                continue
            if not self._room:
                self._grow()
            bits, mask = self._layers[-1]
            at, step = _hashes(token)
            for _ in range(_PROBES):
                place = at & mask
                bits[place >> 3] |= 1 << (place & 7)
                at += step
            self._room -= 1

    def reach(self, first: int, last: int) -> None:
        """Note that everything was met of the entries *first* to *last*; a gap before them stays one."""
        if first <= self.seq + 1:
            self.seq = max(self.seq, last)
        if self.seq - self._saved >= _SAVED_EVERY:
            self.save()

    def _grow(self) -> None:
        size = _FIRST_BITS << len(self._layers)
        self._layers.append((bytearray(size >> 3), size - 1))
        self._room = size // _BITS_A_NODE

    def save(self) -> None:
        """Write the file, in place of the one before. A disk that refuses costs a longer opening, not data."""
        if self._path is None:
            return
        body = b"".join(bits for bits, _ in self._layers)
        head = {
            "format": _FORMAT,
            "lake": self._lake,
            "below": self.below,
            "seq": self.seq,
            "layers": len(self._layers),
            "room": self._room,
            "crc": zlib.crc32(body),
        }
        made = self._path.with_suffix(".new")
        self._saved = self.seq
        with suppress(OSError):
            made.write_bytes(json.dumps(head).encode() + b"\n" + body)
            made.replace(self._path)

    def _read(self) -> None:
        """Take over what the file says, if it is whole and of this lake."""
        if self._path is None:
            return
        with suppress(OSError, ValueError, KeyError, TypeError):
            written, _, body = self._path.read_bytes().partition(b"\n")
            head = json.loads(written)
            sizes = [_FIRST_BITS >> 3 << n for n in range(head["layers"])]
            ours = (head["format"], head["lake"], head["below"]) == (_FORMAT, self._lake, self.below)
            if ours and len(body) == sum(sizes) and zlib.crc32(body) == head["crc"]:
                self._layers = list(_layers(body, sizes))
                self._room, self.seq = int(head["room"]), int(head["seq"])
                self._saved = self.seq


def _layers(body: bytes, sizes: Sequence[int]) -> Iterable[tuple[bytearray, int]]:
    start = 0
    for size in sizes:
        yield bytearray(body[start : start + size]), (size << 3) - 1
        start += size


@lru_cache(maxsize=4096)  # a node is looked for, and then met
def _hashes(token: str) -> tuple[int, int]:
    """Where a token's bits begin, and how far apart they are (double hashing, Kirsch and Mitzenmacher 2006)."""
    made = int.from_bytes(blake2b(token.encode("utf-8", "surrogatepass"), digest_size=16).digest(), "big")
    return made >> 64, made & 0xFFFF_FFFF_FFFF_FFFF | 1


def nodes_of(triples: Iterable[Triple]) -> set[str]:
    """The subjects, and the objects that are IRIs."""
    found = set()
    for s, _, o in triples:
        found.add(s)
        if o[0] == "<":
            found.add(o)
    return found
