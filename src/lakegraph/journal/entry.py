"""What an entry is, and the exact bytes that its commitment and its leaf are hashes of.

* ``body = added ‖ 00 ‖ removed``, followed by ``00 ‖ memo`` when there is a memo: the canonical JSON of those of
  ``captured`` (1), ``key`` and ``note`` that are set. N-Quads and JSON write U+0000 as an escape, so 00 separates.
* ``commit = SHA-256(salt ‖ body)``, with 32 random bytes of salt: without the salt nobody can test a guess, so once
  salt and body are erased the commitment says nothing about what was recorded.
* ``leaf`` = RFC 8785 ``{v, seq, time, kind, record, graph, supersedes, prev, actor, level, shapes, quads, commit}``,
  hashes in lower-case hexadecimal, ``prev`` the hash of the leaf before (for the first: the journal's genesis hash).
  The leaf of an erasure also has ``erases``, the sequence number of the entry whose body was erased.
* ``leaf hash = SHA-256(00 ‖ leaf)`` (RFC 6962 section 2.1).
"""

from __future__ import annotations

import json
import operator
from dataclasses import dataclass
from hashlib import sha256

from lakegraph.journal.canonical import Value, canonical

LEAF_VERSION = 1
SALT_BYTES = 32
SEPARATOR = b"\x00"
KINDS = frozenset({"record", "supersede", "tombstone", "change"})
ERASE = "erase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is asked to be recorded.

    Attributes:
        kind: ``record``, ``supersede``, ``tombstone`` or ``change``.
        record: IRI of the thing that the entry is about.
        graph: IRI of the named graph that holds its quads.
        actor: IRI of who records it.
        level: Security level, such as ``internal``.
        added: Sorted canonical N-Quads, UTF-8, each line ended by LF.
        removed: The same, of quads that no longer hold.
        supersedes: IRI of the graph that this entry replaces or withdraws.
        key: Idempotency key: no two entries have the same.
        captured: Whether it came from another tool rather than from lakegraph's own interface.
        shapes: Hash of the shapes that judged it.
        note: Why, in the words of the actor.
    """

    kind: str
    record: str
    graph: str
    actor: str
    level: str
    added: bytes
    removed: bytes = b""
    supersedes: str | None = None
    key: str | None = None
    captured: bool = False
    shapes: bytes = b""
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Draft):
    """What was recorded: everything of its draft, and what the journal added.

    Attributes:
        seq: Place in the journal, counted from 1 without gaps.
        recorded: When, as ``2024-04-17T08:31:02.000123Z``; later than every entry before.
        commit: Salted commitment to the body.
        leaf: Hash of the leaf.
        prev: Hash of the leaf before, or the genesis hash.
        quads: How many quads were added; still known when the body is erased.
        erases: Of an erasure: the sequence number of the entry whose body it erased.
        erased_by: Sequence number of the erasure that took this entry's body away; then ``added`` and ``removed`` are
            empty, and ``key`` and ``note`` are None.
    """

    seq: int
    recorded: str
    commit: bytes
    leaf: bytes
    prev: bytes
    quads: int
    erases: int | None = None
    erased_by: int | None = None

    @property
    def erased(self) -> bool:
        """Whether the body was lawfully erased."""
        return self.erased_by is not None


@dataclass(frozen=True, slots=True)
class Body:
    """What an entry commits to, read back from its bytes."""

    added: bytes
    removed: bytes
    key: str | None
    captured: bool
    note: str | None


def body_bytes(draft: Draft) -> bytes:
    """The bytes that *draft* commits to."""
    memo: dict[str, Value] = {}
    if draft.captured:
        memo["captured"] = 1
    if draft.key is not None:
        memo["key"] = draft.key
    if draft.note is not None:
        memo["note"] = draft.note
    parts = [draft.added, draft.removed]
    if memo:
        parts.append(canonical(memo))
    return SEPARATOR.join(parts)


def parse_body(body: bytes) -> Body:
    """The parts of a body.

    Raises:
        ValueError: These bytes are not the body of an entry.
    """
    added, separator, rest = body.partition(SEPARATOR)
    removed, _, written = rest.partition(SEPARATOR)
    memo = json.loads(written) if written else {}
    if not separator or not isinstance(memo, dict):
        raise ValueError("not the body of an entry")
    key, note = memo.get("key"), memo.get("note")
    if not isinstance(key, str | None) or not isinstance(note, str | None):
        raise ValueError("not the memo of an entry")  # noqa: TRY004 - bytes are wrong, not arguments
    return Body(added, removed, key, memo.get("captured") == 1, note)


def commitment(salt: bytes, body: bytes) -> bytes:
    """The salted commitment to *body*."""
    return sha256(salt + body).digest()


def leaf_bytes(
    draft: Draft, *, seq: int, recorded: str, prev: bytes, quads: int, commit: bytes, erases: int | None = None
) -> bytes:
    """The leaf as canonical JSON.

    Raises:
        ValueError: A member cannot be written as canonical JSON.
    """
    members: dict[str, Value] = {
        "v": LEAF_VERSION,
        "seq": seq,
        "time": recorded,
        "kind": draft.kind,
        "record": draft.record,
        "graph": draft.graph,
        "supersedes": draft.supersedes,
        "prev": prev.hex(),
        "actor": draft.actor,
        "level": draft.level,
        "shapes": draft.shapes.hex(),
        "quads": quads,
        "commit": commit.hex(),
    }
    if erases is not None:
        members["erases"] = erases
    return canonical(members)


def leaf_of(entry: Entry) -> bytes:
    """The leaf of a recorded *entry* as canonical JSON."""
    return leaf_bytes(
        entry,
        seq=entry.seq,
        recorded=entry.recorded,
        prev=entry.prev,
        quads=entry.quads,
        commit=entry.commit,
        erases=entry.erases,
    )


def check(draft: Draft) -> int:
    """Refuse a *draft* that the journal must never hold; return how many quads it adds.

    Raises:
        ValueError: What is wrong with it; a fault of the caller, not of the person who records.
    """
    if draft.kind not in KINDS:
        raise ValueError(f"no entry is of kind {draft.kind!r}")
    for name in ("record", "graph", "actor", "level"):
        if not getattr(draft, name):
            raise ValueError(f"an entry needs its {name}")
    if draft.kind in ("supersede", "tombstone") and not draft.supersedes:
        raise ValueError(f"a {draft.kind} entry names the graph that it takes the place of")
    if draft.kind == "supersede" and draft.supersedes == draft.graph:
        raise ValueError("a later revision stands in a graph of its own")
    _count_sorted("removed", draft.removed)
    return _count_sorted("added", draft.added)


def _count_sorted(name: str, text: bytes) -> int:
    """Canonical N-Quads are sorted, no line is there twice, and each ends with LF (RDF Dataset Canonicalization, 5)."""
    if not text:
        return 0
    if not text.endswith(b"\n") or SEPARATOR in text:
        raise ValueError(f"{name!r} is not N-Quads text whose lines each end with LF")
    lines = text.split(b"\n")
    lines.pop()
    if not all(map(operator.lt, lines, lines[1:])):
        raise ValueError(f"{name!r} is not sorted, or holds a line twice")
    return len(lines)


def count_quads(text: bytes) -> int:
    """How many quads canonical N-Quads *text* holds."""
    return text.count(b"\n")
