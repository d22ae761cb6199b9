"""What an evidence bundle is judged by: signed notes, the history of keys, and proofs of the Merkle tree.

Written for the stand-alone verifier, which carries these lines within itself: nothing of lakegraph may be imported.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_TITLE = "lakegraph signing key"

# -- signed notes (https://c2sp.org/signed-note) ----------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """A public key: the name that it signs under, its 32 bytes, and from which size of the log on it signs."""

    name: str
    public: bytes
    since: int = 0

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that name it in a signature."""
        return sha256(self.name.encode() + b"\n\x01" + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([1]) + self.public).decode()}"

    def signed(self, text: str, signatures: Iterable[tuple[str, bytes]]) -> bool:
        """Whether one of *signatures* is of this key, over *text*."""
        for name, raw in signatures:
            if name == self.name and raw[:4] == self.key_id:
                try:
                    Ed25519PublicKey.from_public_bytes(self.public).verify(raw[4:], text.encode())
                except InvalidSignature:
                    continue
                return True
        return False


def parse_key(written: str, since: int = 0) -> Key:
    """The key written as ``name+keyid+base64``; ValueError when it is none."""
    name, _, rest = written.strip().partition("+")
    raw = _base64(rest.partition("+")[2])
    key = Key(name, raw[1:], since)
    if raw[:1] != b"\x01" or len(raw) != 33 or str(key) != written.strip():
        raise ValueError("this is not an Ed25519 verifier key, which reads name+keyid+base64")
    return key


def parse_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Text and signatures of a signed note; ValueError when it is none."""
    text, separator, signed = note.rpartition("\n\n")
    lines = signed.split("\n")
    if not separator or lines.pop() or not lines:
        raise ValueError("this is not a signed note")
    signatures = []
    for line in lines:
        dash, name, raw = [*line.split(" "), "", ""][:3]
        if dash != "\u2014" or not name or len(line.split(" ")) != 3:
            raise ValueError("a signature line is malformed")
        signatures.append((name, _base64(raw)))
    return text + "\n", signatures


def _base64(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("base64 is malformed") from error
    if base64.b64encode(raw).decode() != text:
        raise ValueError("base64 is not in its canonical form")
    return raw


def key_history(notes: Iterable[str]) -> list[Key]:
    """The keys of a lake, oldest first, each vouched for by itself and the one before; ValueError otherwise."""
    keys: list[Key] = []
    for note in notes:
        text, signatures = parse_note(note)
        title, origin, since, written, end = text.split("\n")
        key = parse_key(written, int(since))
        if title != KEY_TITLE or end or key.name != origin or not (not keys or key.since >= keys[-1].since):
            raise ValueError(f"statement {len(keys) + 1} does not follow the one before")
        if not all(signer.signed(text, signatures) for signer in (key, *keys[-1:])):
            raise ValueError(f"statement {len(keys) + 1} is not signed by its own key and the one before")
        if keys and keys[-1].name != key.name:
            raise ValueError(f"statement {len(keys) + 1} is of another lake")
        keys.append(key)
    if not keys:
        raise ValueError("it holds no keys")
    return keys


def parse_checkpoint(note: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint (https://c2sp.org/tlog-checkpoint); ValueError when it is none."""
    origin, size, root = parse_note(note)[0].split("\n")[:3]
    if not size.isdigit() or str(int(size)) != size or len(_base64(root)) != 32:
        raise ValueError("this is not a checkpoint")
    return origin, int(size), _base64(root)


def keys_at(keys: list[Key], size: int) -> list[Key]:
    """Those that may sign for this *size* of the log: at the size of a rotation, both."""
    ends = [*(key.since for key in keys[1:]), size]
    return [key for key, end in zip(keys, ends) if key.since <= size <= end]  # noqa: B905 - both have one length


# -- the Merkle tree (RFC 6962, verified as RFC 9162 section 2.1 says) ------------------------------------------------


def leaf_hash(leaf: bytes) -> bytes:
    """Hash of a leaf."""
    return sha256(b"\x00" + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def included(leaf: bytes, index: int, size: int, proof: Iterable[bytes], root: bytes) -> bool:
    """Whether *proof* shows that the leaf hash *leaf* stands at *index*."""
    if not 0 <= index < size:
        return False
    position, last, value = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            value = _node(sibling, value)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            value = _node(value, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and value == root


def consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: list[bytes]) -> bool:
    """Whether *proof* shows that the tree of *old* leaves begins that of *new*."""
    if not 1 <= old < new:
        return old == new and not proof and old_root == new_root
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
            first, second = _node(sibling, first), _node(sibling, second)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            second = _node(second, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
