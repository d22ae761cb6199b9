"""Rows of a journal file and entries: reading them, judging them against their hashes, and writing them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from lakegraph.errors import LakeDamagedError
from lakegraph.journal.entry import (
    ERASE,
    KINDS,
    Body,
    Entry,
    commitment,
    count_quads,
    leaf_of,
    parse_body,
)
from lakegraph.journal.merkle import leaf_hash
from lakegraph.journal.payload import Codec

SELECT = """
SELECT e.seq, e.recorded, e.kind, e.record, e.graph, e.supersedes, e.erases, e.actor, e.level, e.shapes, e.quads,
  e.commitment, e.leaf, p.seq, p.salt, p.content, p.key_hash, p.erased, prior.leaf, prior.recorded, eraser.kind,
  eraser.erases, target.erased
FROM entries e LEFT JOIN payloads p ON p.seq = e.seq LEFT JOIN entries prior ON prior.seq = e.seq - 1
LEFT JOIN entries eraser ON eraser.seq = p.erased LEFT JOIN payloads target ON target.seq = e.erases
"""

INSERT_ENTRY = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
INSERT_PAYLOAD = "INSERT INTO payloads VALUES (?, ?, ?, ?, NULL)"
INSERT_NODE = "INSERT INTO nodes VALUES (?, ?, ?)"
BLANK_PAYLOAD = "UPDATE payloads SET salt = NULL, content = NULL, key_hash = NULL, erased = ? WHERE seq = ?"

_KEY_HASH_BYTES = 16


class Row(NamedTuple):
    """One row of ``SELECT``; what the types say holds only when ``_mistyped`` finds nothing."""

    seq: int
    recorded: str
    kind: str
    record: str
    graph: str
    supersedes: str | None
    erases: int | None
    actor: str
    level: str
    shapes: bytes
    quads: int
    commit: bytes
    leaf: bytes
    payload: int | None
    salt: bytes | None
    content: bytes | None
    key_hash: bytes | None
    erased: int | None
    prior_leaf: bytes | None
    prior_recorded: str | None
    eraser_kind: str | None
    eraser_erases: int | None
    target_erased: int | None


_NONE = type(None)
_TYPES: tuple[tuple[type, ...], ...] = (
    *((int,), (str,), (str,), (str,), (str,), (str, _NONE), (int, _NONE), (str,), (str,), (bytes,), (int,)),
    *((bytes,), (bytes,), (int, _NONE), (bytes, _NONE), (bytes, _NONE), (bytes, _NONE), (int, _NONE)),
    *((bytes, _NONE), (str, _NONE), (str, _NONE), (int, _NONE), (int, _NONE)),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A place where the journal contradicts itself.

    Attributes:
        seq: The entry that is affected, where there is one.
        code: ``database``, ``entry``, ``gap``, ``time``, ``leaf``, ``payload``, ``content``, ``erasure``, ``tree`` or
            ``checkpoint``.
        message: What contradicts what.
    """

    seq: int | None
    code: str
    message: str

    def __str__(self) -> str:
        return f"entry {self.seq}: {self.message}" if self.seq is not None else self.message


@dataclass(frozen=True, slots=True)
class Evidence:
    """An entry, and what proves it to somebody who has only a checkpoint.

    Attributes:
        entry: The entry.
        leaf: Its leaf, canonical JSON.
        salt: Its salt, or None when it was erased.
        body: What it commits to, or None when it was erased.
    """

    entry: Entry
    leaf: bytes
    salt: bytes | None
    body: bytes | None


def key_hash(key: str) -> bytes:
    """The form in which idempotency keys are looked up."""
    return sha256(key.encode("utf-8")).digest()[:_KEY_HASH_BYTES]


def entry_row(entry: Entry) -> tuple[object, ...]:
    """The row of ``entries`` that holds *entry*."""
    return (
        *(entry.seq, entry.recorded, entry.kind, entry.record, entry.graph, entry.supersedes, entry.erases),
        *(entry.actor, entry.level, entry.shapes, entry.quads, entry.commit, entry.leaf),
    )


def trusted(row: Row, codec: Codec, genesis: bytes, path: Path) -> Evidence:
    """The entry of *row*, whose every hash agrees.

    Raises:
        LakeDamagedError: Something disagrees; the message names the entry and what.
    """
    evidence, found = judge(row, codec, row.prior_leaf or genesis)
    if found or evidence is None:
        raise LakeDamagedError(
            f"The journal is damaged at {found[0]}.",
            where=str(path),
            hint="Run `lakegraph audit` to see all that is affected, and restore the file from a backup.",
        )
    return evidence


def judge(row: Row, codec: Codec, *priors: bytes) -> tuple[Evidence | None, list[Problem]]:
    """Read one *row* and compare all that it says with its hashes.

    Args:
        row: What the file holds.
        codec: How bodies are compressed.
        priors: Leaf hashes, one of which the leaf must continue.

    Returns:
        What could be read, None where that is not enough for an entry; and all that is wrong with it.
    """
    if wrong := _mistyped(row):
        return None, [Problem(row.seq, "entry", f"its {wrong} is not of the type that was written")]
    found: list[Problem] = []
    body = _body(row, codec, found)
    parts = _parts(row, body, found)
    evidence = _continued(row, body, parts, priors)
    if evidence is None:
        found.append(Problem(row.seq, "leaf", "what it says is not what its leaf hash says"))
    found.extend(_misplaced(row))
    return evidence, found


def _mistyped(row: Row) -> str | None:
    for name, value, allowed in zip(Row._fields, row, _TYPES, strict=True):
        if type(value) not in allowed:
            return name
    return None


def _body(row: Row, codec: Codec, found: list[Problem]) -> bytes | None:
    """The body, or None where it was erased or cannot be read."""
    if row.payload is None:
        found.append(Problem(row.seq, "payload", "its content is missing"))
        return None
    if row.erased is not None:
        if (row.salt, row.content, row.key_hash) != (None, None, None):
            found.append(Problem(row.seq, "erasure", "it is marked as erased and still has content"))
        if row.eraser_kind != ERASE or row.eraser_erases != row.seq:
            found.append(Problem(row.seq, "erasure", f"entry {row.erased} does not record its erasure"))
        return None
    if row.salt is None or row.content is None:
        found.append(Problem(row.seq, "payload", "its content is missing"))
        return None
    try:
        body = codec.unpack(row.content)
    except ValueError as error:
        found.append(Problem(row.seq, "content", f"its content cannot be read ({error})"))
        return None
    if commitment(row.salt, body) != row.commit:
        found.append(Problem(row.seq, "content", "its content is not what its commitment says"))
        return None
    return body


_NOTHING = Body(b"", b"", None, captured=False, note=None)


def _parts(row: Row, body: bytes | None, found: list[Problem]) -> Body:
    if body is None:
        return _NOTHING
    try:
        parts = parse_body(body)
    except ValueError:
        found.append(Problem(row.seq, "content", "its content is not that of an entry"))
        return _NOTHING
    if count_quads(parts.added) != row.quads:
        found.append(Problem(row.seq, "content", "it does not hold as many quads as its leaf says"))
    if row.key_hash != (None if parts.key is None else key_hash(parts.key)):
        found.append(Problem(row.seq, "content", "it would not be found by its idempotency key"))
    return parts


def _continued(row: Row, body: bytes | None, parts: Body, priors: tuple[bytes, ...]) -> Evidence | None:
    """The entry with its leaf, continuing that one of *priors* which its leaf hash names."""
    for prior in priors:
        entry = _assembled(row, parts, prior)
        try:
            leaf = leaf_of(entry)
        except ValueError:
            return None
        if leaf_hash(leaf) == row.leaf:
            return Evidence(entry, leaf, None if body is None else row.salt, body)
    return None


def leaf_as_read(row: Row, prior: bytes) -> bytes:
    """The leaf hash that belongs to what *row* says, whatever leaf hash it has; empty where there is none."""
    if _mistyped(row):
        return b""
    try:
        return leaf_hash(leaf_of(_assembled(row, _NOTHING, prior)))
    except ValueError:
        return b""


def _assembled(row: Row, parts: Body, prior: bytes) -> Entry:
    return Entry(
        kind=row.kind,
        record=row.record,
        graph=row.graph,
        actor=row.actor,
        level=row.level,
        added=parts.added,
        removed=parts.removed,
        supersedes=row.supersedes,
        key=parts.key,
        captured=parts.captured,
        shapes=row.shapes,
        note=parts.note,
        seq=row.seq,
        recorded=row.recorded,
        commit=row.commit,
        leaf=row.leaf,
        prev=prior,
        quads=row.quads,
        erases=row.erases,
        erased_by=row.erased,
    )


def _misplaced(row: Row) -> Iterator[Problem]:
    """What is wrong with the entry beside its neighbours."""
    if row.seq > 1 and row.prior_leaf is None:
        yield Problem(row.seq, "gap", f"entry {row.seq - 1} before it is missing")
    if row.prior_recorded is not None and row.prior_recorded >= row.recorded:
        yield Problem(row.seq, "time", "it was not recorded after the entry before it")
    if row.kind not in KINDS and row.kind != ERASE:
        yield Problem(row.seq, "entry", f"its kind {row.kind!r} is unknown")
    if (row.kind == ERASE) != (row.erases is not None):
        yield Problem(row.seq, "erasure", "it names an erased entry without being an erasure, or the other way round")
    if row.erases is not None and row.target_erased != row.seq:
        yield Problem(row.seq, "erasure", f"the content of entry {row.erases}, which it erased, is back")
