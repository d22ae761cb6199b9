"""The Merkle tree against known answers, a naive implementation and another library."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakegraph.journal.merkle import Frontier, Tree, frontier_nodes, leaf_hash, verify_consistency, verify_inclusion
from tests.journal.samples import naive_path, naive_proof, naive_root

# The test vectors of Certificate Transparency's reference implementation.
INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
LEAVES = [b"leaf %d" % n for n in range(70)]


def tree_over(leaves: list[bytes]) -> Tree:
    """A tree that holds the complete subtrees over *leaves*, as the journal stores them."""
    nodes: dict[tuple[int, int], bytes] = {}
    frontier = Frontier()
    for index, leaf in enumerate(leaves):
        nodes[0, index] = leaf_hash(leaf)
        nodes |= {(level, idx): value for level, idx, value in frontier.append(leaf_hash(leaf))}
    return Tree(lambda level, idx: nodes[level, idx])


TREE = tree_over(LEAVES)


def test_known_roots() -> None:
    """The roots of the reference vectors, from the tree, from the frontier and from the naive implementation."""
    tree, frontier = tree_over(INPUTS), Frontier()
    for size, expected in enumerate(ROOTS, start=1):
        frontier.append(leaf_hash(INPUTS[size - 1]))
        assert tree.root(size).hex() == frontier.root().hex() == naive_root(INPUTS[:size]).hex() == expected


def test_the_empty_tree() -> None:
    """RFC 6962 section 2.1: the hash of an empty list is that of an empty string."""
    assert TREE.root(0) == Frontier().root() == sha256(b"").digest()


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_known_audit_paths(index: int, size: int) -> None:
    """The audit paths of the reference vectors."""
    assert [value.hex() for value in tree_over(INPUTS).inclusion(index, size)] == PATHS[index, size]


@given(st.data())
def test_inclusion_proofs_agree_with_the_standard(data: st.DataObject) -> None:
    """Any leaf of any size: the path is the one that RFC 6962 defines, and it verifies."""
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    proof = TREE.inclusion(index, size)
    assert proof == naive_path(index, LEAVES[:size])
    assert verify_inclusion(leaf_hash(LEAVES[index]), index, size, proof, naive_root(LEAVES[:size]))


@given(st.data())
def test_consistency_proofs_agree_with_the_standard(data: st.DataObject) -> None:
    """Any two sizes: the proof is the one that RFC 6962 defines, and it verifies."""
    new = data.draw(st.integers(1, len(LEAVES)))
    old = data.draw(st.integers(1, new))
    proof = TREE.consistency(old, new)
    assert proof == naive_proof(old, LEAVES[:new])
    assert verify_consistency(old, naive_root(LEAVES[:old]), new, naive_root(LEAVES[:new]), proof)


def flipped(value: bytes, bit: int) -> bytes:
    """*value* with one bit changed."""
    return (int.from_bytes(value, "big") ^ 1 << bit).to_bytes(len(value), "big")


@given(st.data())
def test_false_inclusion_proofs_fail(data: st.DataObject) -> None:
    """Another leaf, index or root, and a path that was changed, cut, lengthened or reordered, is refused."""
    size = data.draw(st.integers(2, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    bit = data.draw(st.integers(0, 255))
    at = data.draw(st.integers(0, max(len(TREE.inclusion(index, size)) - 1, 0)))
    leaf, root, proof = leaf_hash(LEAVES[index]), TREE.root(size), TREE.inclusion(index, size)
    assert not verify_inclusion(flipped(leaf, bit), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, proof, flipped(root, bit))
    assert not verify_inclusion(leaf, index, size, [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]], root)
    assert not verify_inclusion(leaf, index, size, proof[:-1], root)
    assert not verify_inclusion(leaf, index, size, [*proof, root], root)
    assert not verify_inclusion(leaf, size, size, proof, root)
    assert not any(verify_inclusion(leaf, other, size, proof, root) for other in range(size) if other != index)


@given(st.data())
def test_false_consistency_proofs_fail(data: st.DataObject) -> None:
    """Another old or new root, other sizes, and a proof that was changed, cut or lengthened, is refused."""
    new = data.draw(st.integers(2, len(LEAVES)))
    old = data.draw(st.integers(1, new - 1))
    bit = data.draw(st.integers(0, 255))
    before, after, proof = TREE.root(old), TREE.root(new), TREE.consistency(old, new)
    at = data.draw(st.integers(0, len(proof) - 1))
    assert not verify_consistency(old, flipped(before, bit), new, after, proof)
    assert not verify_consistency(old, before, new, flipped(after, bit), proof)
    changed = [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]]
    assert not verify_consistency(old, before, new, after, changed)
    assert not verify_consistency(old, before, new, after, proof[:-1])
    assert not verify_consistency(old, before, new, after, [*proof, after])
    assert not verify_consistency(old, before, old, after, proof)
    assert not verify_consistency(0, before, new, after, proof)


def test_equal_sizes_need_equal_roots_and_no_proof() -> None:
    """A tree is consistent with itself, and with nothing else of its size."""
    assert verify_consistency(5, TREE.root(5), 5, TREE.root(5), [])
    assert not verify_consistency(5, TREE.root(5), 5, TREE.root(6), [])
    assert not verify_consistency(5, TREE.root(5), 5, TREE.root(5), [TREE.root(5)])
    assert not verify_consistency(3, TREE.root(3), 7, TREE.root(7), [])


def test_impossible_proofs_are_refused() -> None:
    """There is no proof of a leaf that is not there, nor from a larger tree to a smaller."""
    with pytest.raises(ValueError, match="a tree of 5 leaves has no leaf 5"):
        TREE.inclusion(5, 5)
    with pytest.raises(ValueError, match="no proof leads from 6 to 5 leaves"):
        TREE.consistency(6, 5)
    with pytest.raises(ValueError, match="no proof leads from 0 to 5 leaves"):
        TREE.consistency(0, 5)


def test_a_frontier_continues_from_stored_nodes() -> None:
    """The frontier of any size, made from stored subtrees, goes on as one that saw every leaf."""
    for size in range(len(LEAVES)):
        stored = [naive_root(LEAVES[idx << level : idx + 1 << level]) for level, idx in frontier_nodes(size)]
        resumed = Frontier(size, stored)
        assert resumed.root() == TREE.root(size)
        resumed.append(leaf_hash(LEAVES[size]))
        assert resumed.root() == TREE.root(size + 1)
    with pytest.raises(ValueError, match="3 subtrees on its edge, not 2"):
        Frontier(7, [b"", b""])


def test_appending_and_proving_take_logarithmic_work() -> None:
    """One new inner node a leaf in the mean, and proofs of at most log2 n hashes from at most 2 log2 n nodes."""
    frontier, size = Frontier(), 1 << 12
    made = sum(len(frontier.append(bytes(32))) for _ in range(size))
    assert made == size - 1
    asked: list[tuple[int, int]] = []

    def source(level: int, idx: int) -> bytes:
        asked.append((level, idx))
        return bytes(32)

    assert len(Tree(source).inclusion(1234, size - 1)) <= 12
    assert len(asked) <= 24
    asked.clear()
    assert len(Tree(source).consistency(1234, size - 1)) <= 13
    assert len(asked) <= 25


def test_another_library_gives_the_same_roots() -> None:
    """pymerkle, an independent implementation, agrees on every size."""
    pymerkle = pytest.importorskip("pymerkle", reason="pymerkle, the second opinion on roots, is not installed")
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for size, leaf in enumerate(LEAVES, start=1):
        other.append_entry(leaf)
        assert other.get_root(size) == TREE.root(size)
