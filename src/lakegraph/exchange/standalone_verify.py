"""Verifies an evidence bundle of a lakegraph lake, by itself: Python, ``cryptography``, and neither network nor lake.

    python verify.py evidence.zip [--key KEY] [--since OLD-CHECKPOINT]

Exit code 0: everything agrees. 1: something was altered, is missing, or was signed by somebody else. 2: it could not be
judged, because it is no bundle or what it should be compared with does not fit.

What is checked: the history of the signing keys, each signed by the one before; the signature under the checkpoint; the
seal over every byte of the archive; the hash of every file; that every record is a leaf of the signed Merkle tree
(RFC 6962); that the content of every record is what its leaf commits to; and that an older checkpoint, where one is
given, is a beginning of this tree. Every bundle carries a copy of this file. Take the one of somebody you trust.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Iterable
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import Any

from lakegraph.exchange.standalone_archive import (
    ALTERED,
    CHECKPOINT,
    CONSISTENCY,
    LEAVES,
    PROOFS,
    SEAL_TITLE,
    UNJUDGED,
    UNREADABLE,
    Archive,
    Problem,
    Stop,
    Verdict,
)
from lakegraph.exchange.standalone_proofs import (
    Key,
    consistent,
    included,
    key_history,
    keys_at,
    leaf_hash,
    parse_checkpoint,
    parse_key,
    parse_note,
)

_UNSIGNED = "no key of the lake's history signed it, or it was changed after it was signed"


class _Bundle:
    """One archive under verification."""

    def __init__(self, path: Path, trusted: list[Key], since: str | None) -> None:
        self._path, self._trusted, self._since = path, trusted, since
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.origin, self.size, self.records = "", 0, 0

    def verify(self) -> None:
        self._archive = Archive(self._path)
        try:
            self._names = self._archive.names
            self._keys = self._history()
            self._root = self._checkpoint()
            self._seal()
            self._records()
            self.problems += self._archive.check_files()
            self._older()
        finally:
            self._archive.close()

    def wrong(self, code: str, where: str, message: str, exit_code: int = ALTERED) -> None:
        self.problems.append(Problem(code, where, message, exit_code))

    def _history(self) -> list[Key]:
        names = sorted(name for name in self._names if name.startswith("keys/"))
        try:
            keys = key_history(self._archive.content(name).decode() for name in names)
        except UNREADABLE as error:
            raise Stop(Problem("key", "keys/", f"the history of the signing keys is not valid: {error}")) from error
        if not self._trusted:
            self.notes.append(f"signed by {keys[-1]}; compare this key with the one that the lake has published")
        return keys

    def _signers(self, note: str, size: int) -> list[Key]:
        """The keys of the history that may sign at *size* and signed *note*."""
        text, signatures = parse_note(note)
        return [key for key in keys_at(self._keys, size) if key.signed(text, signatures)]

    def _distrust(self, note: str) -> str | None:
        """Why *note* cannot be trusted; None when a key of now signed it that the reader trusts, or has no key for."""
        signers = self._signers(note, self.size)
        if not signers:
            return _UNSIGNED
        known = [str(key) for key in self._keys[: self._keys.index(signers[-1]) + 1]]
        if self._trusted and not any(str(key) in known for key in self._trusted):
            return f"it was signed by {signers[-1]}, which is not the key that you trust"
        return None

    def _checkpoint(self) -> bytes:
        try:
            note = self._archive.content(CHECKPOINT).decode()
            self.origin, self.size, root = parse_checkpoint(note)
            why = self._distrust(note)
            if self.origin != self._keys[-1].name:
                why = f"it is of another lake, {self.origin}"
        except UNREADABLE as error:
            raise Stop(Problem("checkpoint", CHECKPOINT, f"it cannot be read: {error}")) from error
        if why:
            self.wrong("checkpoint", CHECKPOINT, why)
        return root

    def _seal(self) -> None:
        """The signed note at the very end, over every byte before it."""
        expected = f"{SEAL_TITLE}\n{self.origin}\n{self.size}\n{base64.b64encode(self._archive.digest()).decode()}\n"
        try:
            note = self._archive.comment.decode()
            why, text = self._distrust(note), parse_note(note)[0]
        except UNREADABLE as error:
            self.wrong("seal", self._path.name, f"the seal at its end is missing or malformed ({error})")
            return
        if why or text != expected:
            self.wrong("seal", self._path.name, why or "the archive is not the one that was sealed: its bytes differ")

    def _records(self) -> None:
        """Walk through leaves and proofs side by side."""
        before, left, redacted = 0, {n for n in self._names if n.startswith("records/")}, 0
        erased: dict[int, str] = {}  # number to record
        erasures: dict[int, tuple[str, str]] = {}  # number of what was erased to its record, and what is said of it
        try:
            for line, proving in zip_longest(self._archive.lines(LEAVES), self._archive.lines(PROOFS)):
                if line is None or proving is None:
                    self.wrong("missing", PROOFS if line else LEAVES, f"it ends after {self.records} records")
                    break
                leaf, proof = _members(line), _members(proving)
                seq = leaf["seq"]
                where = f"record {seq} ({leaf['record']})"
                if seq <= before:
                    why = "it is there twice" if seq == before else f"it stands behind record {before}"
                    self.wrong("order", where, why)
                before = seq
                self._one(line, leaf, proof, where)
                left -= {_file(seq), _file(seq, "removed.")}
                if leaf["kind"] == "erase":
                    why = json.loads(proof.get("memo") or "{}").get("note", "")
                    erasures[leaf["erases"]] = leaf["record"], f"on {leaf['time']}, as entry {seq} says: {why}"
                if proof["salt"] is None and _file(seq) not in self._names:
                    erased[seq] = leaf["record"]
                elif proof["salt"] is None and "leaf" not in proof:
                    self.wrong("content", where, "its content is there, and the salt that would prove it is not")
                redacted += "leaf" in proof
                self.records += 1
        except UNREADABLE as error:
            self.wrong("leaf", f"{LEAVES} or {PROOFS}", f"line {self.records + 1} cannot be read: {error!r}")
        for name in sorted(left):
            self.wrong("missing", name, "no leaf speaks of it")
        self._erased(erased, erasures)
        if redacted:
            self.notes.append(
                f"people were replaced in {redacted} records: their places in the log are proved; for what they say the"
                " seal stands, not their commitment"
            )

    def _erased(self, erased: dict[int, str], erasures: dict[int, tuple[str, str]]) -> None:
        """Records without content: each needs the entry that says that it was erased, and why."""
        for seq, record in sorted(erased.items()):
            of, said = erasures.get(seq, ("", ""))
            if of != record:
                self.wrong("missing", f"record {seq} ({record})", "no entry records that its content was erased")
            else:
                self.notes.append(f"the content of record {seq} ({record}) was lawfully erased {said}")

    def _one(self, line: bytes, leaf: dict[str, Any], proof: dict[str, Any], where: str) -> None:
        """One record: its place in the tree, and its content."""
        if proof["seq"] != leaf["seq"]:
            self.wrong("proof", where, f"the proof that stands beside it is that of record {proof['seq']}")
            return
        hashed = bytes.fromhex(proof["leaf"]) if "leaf" in proof else leaf_hash(line)
        path = [bytes.fromhex(sibling) for sibling in proof["proof"]]
        if not included(hashed, leaf["seq"] - 1, self.size, path, self._root):
            self.wrong("proof", where, "the signed tree does not hold this leaf in this place")
        if proof["salt"] is not None:
            self._content(leaf, proof, where)

    def _content(self, leaf: dict[str, Any], proof: dict[str, Any], where: str) -> None:
        name, removed = _file(leaf["seq"]), _file(leaf["seq"], "removed.")
        if name not in self._names:
            self.wrong("missing", where, f"its content, {name}, is missing")
            return
        try:
            parts = [self._archive.content(name), self._archive.content(removed) if removed in self._names else b""]
        except UNREADABLE as error:
            self.wrong("content", where, f"its content cannot be unpacked: {error}")
            return
        if proof.get("memo"):
            parts.append(proof["memo"].encode())
        if sha256(bytes.fromhex(proof["salt"]) + b"\x00".join(parts)).hexdigest() != leaf["commit"]:
            self.wrong("content", where, f"{name} is not what was recorded")

    def _older(self) -> None:
        """Whether the checkpoint that the reader kept is a beginning of the tree of this bundle."""
        if self._since is None:
            return
        try:
            origin, size, root = parse_checkpoint(self._since)
            signers = self._signers(self._since, size)
        except ValueError as error:
            self.wrong("since", "the older checkpoint", f"it is not a checkpoint: {error}", UNJUDGED)
            return
        if origin != self.origin:
            why = f"it is of another lake, {origin}; the bundle is of {self.origin}"
            self.wrong("since", "the older checkpoint", why, UNJUDGED)
        elif not signers:
            self.wrong("since", "the older checkpoint", _UNSIGNED)
        elif size > self.size:
            why = f"it covers {size} entries and is newer than the bundle, which covers {self.size}"
            self.wrong("since", "the older checkpoint", why, UNJUDGED)
        elif size in (0, self.size):
            if size and root != self._root:
                self.wrong("since", "the older checkpoint", f"the first {size} entries are no longer those it signed")
        else:
            self._consistency(size, root)

    def _consistency(self, size: int, root: bytes) -> None:
        for line in self._archive.lines(CONSISTENCY) if CONSISTENCY in self._names else ():
            told = json.loads(line)
            if told["size"] == size:
                path = [bytes.fromhex(sibling) for sibling in told["proof"]]
                if not consistent(size, root, self.size, self._root, path):
                    self.wrong("since", "the older checkpoint", f"the first {size} entries are not those it signed for")
                return
        why = f"the bundle holds no proof from {size} entries on; ask for one made with --since"
        self.wrong("since", "the older checkpoint", why, UNJUDGED)


def _file(seq: int, part: str = "") -> str:
    """Where the content of a record lies in the archive."""
    return f"records/{seq:08d}.{part}nq"


def _members(line: bytes) -> dict[str, Any]:
    found = json.loads(line)
    if not isinstance(found, dict):
        raise ValueError("a line is not a JSON object")  # noqa: TRY004 - the bytes are wrong, no argument is
    return found


def verify_bundle(path: Path, keys: Iterable[Key] = (), since: str | None = None) -> Verdict:
    """Verify the bundle at *path*.

    Args:
        path: The archive.
        keys: Keys that the reader trusts; the bundle must be signed by one of them or by one that it vouches for.
            Without any, the bundle's own history is believed, and a note says so.
        since: The text of an older checkpoint of the same lake, which the reader kept.
    """
    bundle = _Bundle(path, list(keys), since)
    try:
        bundle.verify()
    except Stop as stop:
        bundle.problems.append(stop.problem)
    except UNREADABLE as error:
        bundle.wrong("archive", path.name, f"it cannot be read on: {error}")
    return Verdict(tuple(bundle.problems), tuple(bundle.notes), bundle.origin, bundle.size, bundle.records)


def main(arguments: list[str] | None = None) -> int:
    """Verify what the command line names, print the verdict, and give the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", action="append", default=[], help="a key that you trust, or a file that holds it")
    parser.add_argument("--since", type=Path, help="an older checkpoint of the same lake, which you kept")
    asked = parser.parse_args(arguments)
    try:
        keys = [parse_key(Path(key).read_text() if Path(key).is_file() else key) for key in asked.key]
        since = asked.since.read_text(encoding="utf-8") if asked.since else None
    except (OSError, ValueError) as error:
        print(f"COULD NOT BE JUDGED.\n  {error}")
        return UNJUDGED
    verdict = verify_bundle(asked.bundle, keys, since)
    print(verdict.text())
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main())
