"""The record of a lake: the append-only journal, the Merkle ledger over it, signed checkpoints, and the lake's lock."""

from __future__ import annotations

from lakegraph.journal.audit import Progress, verify_file
from lakegraph.journal.canonical import canonical
from lakegraph.journal.checkpoint import Checkpointer, CheckpointPolicy, verify_checkpoint
from lakegraph.journal.database import replace_file
from lakegraph.journal.entry import Draft, Entry, commitment, count_quads, leaf_of, parse_body
from lakegraph.journal.journal import Journal
from lakegraph.journal.keys import Key, KeyRing, origin_of, verify_history
from lakegraph.journal.ledger import Ledger
from lakegraph.journal.lock import Holder, LakeLock, holder_of
from lakegraph.journal.merkle import Frontier, leaf_hash, verify_consistency, verify_inclusion
from lakegraph.journal.note import Checkpoint, Verifier, parse_checkpoint
from lakegraph.journal.rows import Evidence, Problem

__all__ = [
    "Checkpoint",
    "CheckpointPolicy",
    "Checkpointer",
    "Draft",
    "Entry",
    "Evidence",
    "Frontier",
    "Holder",
    "Journal",
    "Key",
    "KeyRing",
    "LakeLock",
    "Ledger",
    "Problem",
    "Progress",
    "Verifier",
    "canonical",
    "commitment",
    "count_quads",
    "holder_of",
    "leaf_hash",
    "leaf_of",
    "origin_of",
    "parse_body",
    "parse_checkpoint",
    "replace_file",
    "verify_checkpoint",
    "verify_consistency",
    "verify_file",
    "verify_history",
    "verify_inclusion",
]
