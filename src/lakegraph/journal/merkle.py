"""The Merkle tree of RFC 6962: roots, inclusion and consistency proofs, and how to verify them.

Only complete subtrees are kept: node ``(level, idx)`` covers the leaves ``idx·2^level`` to ``(idx+1)·2^level - 1`` and
never changes once it exists; level 0 are the leaf hashes. Everything else is hashed together when it is asked for, from
O(log n) nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()

NodeSource = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree at (level, idx)."""

Node = tuple[int, int, bytes]
"""Level, idx and hash of a complete subtree."""


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of a leaf (RFC 6962 section 2.1)."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node (RFC 6962 section 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def frontier_nodes(size: int) -> list[tuple[int, int]]:
    """(level, idx) of the largest complete subtrees that together cover *size* leaves, from left to right."""
    levels = [level for level in range(size.bit_length()) if size >> level & 1]
    return [(level, (size >> level) - 1) for level in reversed(levels)]


class Frontier:
    """The right edge of a tree of *size* leaves: all that appending needs.

    Args:
        size: How many leaves the tree has.
        hashes: Hashes of its ``frontier_nodes``, in that order.

    Raises:
        ValueError: There are not as many hashes as such nodes.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if len(hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} subtrees on its edge, not {len(hashes)}")
        self.size = size
        self._hashes = list(hashes)

    def copy(self) -> Frontier:
        """A frontier that can grow without changing this one."""
        return Frontier(self.size, self._hashes)

    def append(self, leaf: bytes) -> list[Node]:
        """Add one leaf hash; return the inner nodes that it completes (amortised one)."""
        index, level, value = self.size, 0, leaf
        completed: list[Node] = []
        while index >> level & 1:
            value = node_hash(self._hashes.pop(), value)
            level += 1
            completed.append((level, index >> level, value))
        self._hashes.append(value)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Root of the tree."""
        return _fold(self._hashes)


def _fold(hashes: Sequence[bytes]) -> bytes:
    """One hash out of those of subtrees that grow smaller from left to right."""
    if not hashes:
        return EMPTY_ROOT
    value = hashes[-1]
    for left in reversed(hashes[:-1]):
        value = node_hash(left, value)
    return value


class Tree:
    """Roots and proofs of any size that the nodes of *source* cover."""

    def __init__(self, source: NodeSource) -> None:
        self._source = source

    def root(self, size: int) -> bytes:
        """Root of the first *size* leaves (RFC 6962 section 2.1)."""
        return self._range(0, size)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Audit path of leaf *index* (from 0) in the tree of *size* leaves (RFC 6962 section 2.1.1).

        Raises:
            ValueError: That tree has no such leaf.
        """
        if not 0 <= index < size:
            raise ValueError(f"a tree of {size} leaves has no leaf {index}")
        path: list[bytes] = []
        low, high = 0, size
        while high - low > 1:
            split = low + _split(high - low)
            if index < split:
                path.append(self._range(split, high))
                high = split
            else:
                path.append(self._range(low, split))
                low = split
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the tree of *old* leaves begins the tree of *new* (RFC 6962 section 2.1.2).

        Raises:
            ValueError: *old* is not between 1 and *new*.
        """
        if not 1 <= old <= new:
            raise ValueError(f"no proof leads from {old} to {new} leaves")
        path: list[bytes] = []
        low, high = 0, new
        while old != high:
            split = low + _split(high - low)
            if old <= split:
                path.append(self._range(split, high))
                high = split
            else:
                path.append(self._range(low, split))
                low = split
        if low:
            # The old root is not itself a node of the path: RFC 6962 SUBPROOF with b = false.
            path.append(self._range(low, high))
        return path[::-1]

    def _range(self, low: int, high: int) -> bytes:
        """Hash over the leaves from *low* up to *high*; *low* is where a subtree of that size may begin."""
        return _fold([self._source(level, (low >> level) + idx) for level, idx in frontier_nodes(high - low)])


def _split(size: int) -> int:
    """The largest power of two below *size* (RFC 6962 section 2.1)."""
    return 1 << (size - 1).bit_length() - 1


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether *proof* shows that the leaf hash *leaf* stands at *index* in the tree (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            value = node_hash(sibling, value)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and value == root


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether *proof* shows that the tree of *old* leaves begins that of *new* (RFC 9162 section 2.1.4.2)."""
    if not 1 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not path:
        return False
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
