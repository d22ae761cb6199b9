"""Proofs of the Merkle ledger as JSON, each with the signed checkpoint that it leads to (RFC 6962, section 2.1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lakegraph.journal import Journal


def inclusion(journal: Journal, seq: int, size: int) -> dict[str, Any]:
    """The proof that entry *seq* is a leaf of the tree over the first *size* entries.

    Returns:
        ``seq``, ``leaf`` (canonical JSON, as text), ``leafHash``, ``index``, ``size``, ``root``, ``proof``, and the
        signed ``checkpoint`` of this size, or None where none was signed. Hashes are in hexadecimal.

    Raises:
        NotFoundError: There is no such entry, or there are not that many.
    """
    proof = journal.ledger.inclusion(seq, size)
    evidence = journal.evidence(seq)
    return {
        "seq": seq,
        "leaf": evidence.leaf.decode(),
        "leafHash": evidence.entry.leaf.hex(),
        "index": seq - 1,
        **_rest(journal, size, proof),
    }


def consistency(journal: Journal, old: int, size: int) -> dict[str, Any]:
    """The proof that the tree over the first *old* entries begins the one over the first *size*.

    Returns:
        ``from``, ``fromRoot``, ``size``, ``root``, ``proof``, and the signed ``checkpoint`` of this size, or None.

    Raises:
        NotFoundError: There are not that many entries.
    """
    proof = journal.ledger.consistency(old, size)
    return {"from": old, "fromRoot": journal.ledger.root(old).hex(), **_rest(journal, size, proof)}


def _rest(journal: Journal, size: int, proof: Iterable[bytes]) -> dict[str, Any]:
    return {
        "size": size,
        "root": journal.ledger.root(size).hex(),
        "proof": [sibling.hex() for sibling in proof],
        "checkpoint": journal.ledger.kept(size),
    }
