"""Which nodes the lake has met: a memory of a few bits a node that spares the graph being asked for what is new.

Most nodes of a record are new, and to find nothing in the engine is what costs: 30 µs a node in a lake of 1,000 runs
and 60 to 100 µs in one of 20,000 (measured), because every level of its files is looked into. Here it costs 1 µs at any
size, nearly all of it the digest of the node.

It is a Bloom filter (B. H. Bloom, Space/time trade-offs in hash coding with allowable errors, CACM 13(7), 1970) in
layers, each four times the one before; all bits of a node lie in one word (F. Putze, P. Sanders and J. Singler, Cache-,
hash- and space-efficient Bloom filters, JEA 14, 2009), so that a layer costs one look and not seven. It may take a new
node for a known one, which costs a look into the graph; it never takes a known one for new. It is a projection of the
journal like the others: the file says up to which entry it is complete.
"""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from lakegraph.rdf.terms import Triple

_FORMAT = f"lakegraph-met 2 {sys.byteorder}"
_FIRST_WORDS = 1 << 14
_WORD = 8  # bytes
_NODES_A_WORD = 4  # with five bits a node, one new node in two hundred is taken for known
_BITS = 5
_SAVED_EVERY = 20_000  # entries, which a crash makes the next opening read again


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
        self._layers: list[tuple[array[int], int]] = []
        self._room = 0
        self._saved = 0
        self.seq = 0
        """The journal entry up to which everything was met."""
        self._read()

    def __contains__(self, token: str) -> bool:
        if not token.startswith(self.below):
            return True
        at, bits = _place(token)
        for words, last in self._layers:  # noqa: SIM110 - any() with a generator costs twice as much here
            if words[at & last] & bits == bits:
                return True
        return False

    def add(self, tokens: Iterable[str]) -> None:
        """Meet *tokens*."""
        below = self.below
        for token in tokens:
            if not token.startswith(below):
                continue
            at, bits = _place(token)
            for words, last in self._layers:
                if words[at & last] & bits == bits:
                    break
            else:
                if not self._room:
                    self._grow()
                words, last = self._layers[-1]
                words[at & last] |= bits
                self._room -= 1

    def reach(self, first: int, last: int) -> None:
        """Note that everything was met of the entries *first* to *last*; a gap before them stays one."""
        if first <= self.seq + 1:
            self.seq = max(self.seq, last)
        if self.seq - self._saved >= _SAVED_EVERY:
            self.save()

    def _grow(self) -> None:
        size = _words(len(self._layers))
        self._layers.append((array("Q", bytes(size * _WORD)), size - 1))
        self._room = size * _NODES_A_WORD

    def save(self) -> None:
        """Write the file, in place of the one before. A disk that refuses costs a longer opening, not data."""
        if self._path is None:
            return
        body = b"".join(words.tobytes() for words, _ in self._layers)
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
            sizes = [_words(n) for n in range(head["layers"])]
            ours = (head["format"], head["lake"], head["below"]) == (_FORMAT, self._lake, self.below)
            if ours and len(body) == sum(sizes) * _WORD and zlib.crc32(body) == head["crc"]:
                self._layers = list(_layers(body, sizes))
                self._room, self.seq = int(head["room"]), int(head["seq"])
                self._saved = self.seq


def _words(layer: int) -> int:
    return _FIRST_WORDS << 2 * layer


def _layers(body: bytes, sizes: Sequence[int]) -> Iterable[tuple[array[int], int]]:
    start = 0
    for size in sizes:
        end = start + size * _WORD
        yield array("Q", body[start:end]), size - 1
        start = end


def _patterns() -> tuple[int, ...]:
    """Which bits of its word a node has, by twelve bits of its digest: the same for every process and Python."""
    drawn = (blake2b(number.to_bytes(2, "big")).digest() for number in range(1 << 12))
    chosen = (list(dict.fromkeys(byte & 63 for byte in digest))[:_BITS] for digest in drawn)
    return tuple(sum(1 << bit for bit in bits) for bits in chosen)


_PATTERNS = _patterns()


@lru_cache(maxsize=16_384)  # a node is looked for, and met when its group is written
def _place(token: str) -> tuple[int, int]:
    """The word of a token, before it is cut to the size of a layer, and its bits in it."""
    made = int.from_bytes(blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
    return made >> 12, _PATTERNS[made & 0xFFF]


def nodes_of(triples: Iterable[Triple]) -> set[str]:
    """The subjects, and the objects that are IRIs."""
    found = set()
    for s, _, o in triples:
        found.add(s)
        if o[0] == "<":
            found.add(o)
    return found
