"""Signed notes and checkpoints as text, in the form that every transparency log reads.

https://c2sp.org/signed-note (text, blank line, ``— name base64(key id ‖ signature)`` lines; Ed25519 keys are written
``name+keyid+base64``) and https://c2sp.org/tlog-checkpoint (origin, size, base64 root, each on a line).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from lakegraph.errors import LakeDamagedError, UsageError

_ED25519 = b"\x01"
_DASH = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_NAME = re.compile(r"[^\s+]+")
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_MAX_SIGNATURES = 100
_CHECKPOINT_LINES = 3
_ROOT_BYTES = 32
_ID_BYTES = 4
_KEY_BYTES = 33


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and the name that it signs under.

    Attributes:
        name: The name, without white space or ``+``.
        public: The 32 bytes of the Ed25519 key.
    """

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """The key written as ``name+keyid+base64``.

        Raises:
            UsageError: It is not one.
        """
        name, _, rest = text.strip().partition("+")
        written_id, _, encoded = rest.partition("+")
        key = _decoded(encoded)
        if _NAME.fullmatch(name) and key is not None and len(key) == _KEY_BYTES and key[:1] == _ED25519:
            verifier = cls(name, key[1:])
            if verifier.key_id.hex() == written_id:
                return verifier
        raise UsageError(
            "This is not an Ed25519 verifier key.",
            where=text[:80],
            hint="A key reads name+keyid+base64; take it from the keys folder of the lake.",
        )

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that name the key in a signature line."""
        return sha256(self.name.encode("utf-8") + b"\n" + _ED25519 + self.public).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{_encoded(_ED25519 + self.public)}"

    def accepts(self, text: str, signature: bytes) -> bool:
        """Whether *signature* is of this key, over *text*."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode("utf-8"))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and the name that it signs under."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.private.public_key().public_bytes_raw())

    def line(self, text: str) -> str:
        """The signature line over *text*."""
        signature = self.private.sign(text.encode("utf-8"))
        return f"{_DASH}{self.name} {_encoded(self.verifier.key_id + signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note taken apart.

    Attributes:
        text: What is signed; ends with LF.
        signatures: Name, key id and signature of each line.
    """

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]


def sign(text: str, signers: Iterable[Signer]) -> str:
    """*text*, which ends with LF, as a note signed by every one of *signers*."""
    return text + "\n" + "".join(signer.line(text) for signer in signers)


def parse(note: str) -> Note:
    """Take a *note* apart; says nothing about its signatures.

    Raises:
        UsageError: It is not a signed note.
    """
    text, separator, signed = note.rpartition("\n\n")
    lines = signed.split("\n")
    if not separator or lines.pop() or _CONTROL.search(note) or not 1 <= len(lines) <= _MAX_SIGNATURES:
        raise _malformed(note)
    return Note(text + "\n", tuple(_signature(line, note) for line in lines))


def verify(note: str, verifiers: Sequence[Verifier]) -> Note:
    """The parts of *note*, which at least one of *verifiers* signed; signatures of other keys are passed over.

    Raises:
        UsageError: It is not a signed note.
        LakeDamagedError: None of the keys signed it, or a signature of one is false.
    """
    parts = parse(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    found = [
        (known[name, key_id], signature) for name, key_id, signature in parts.signatures if (name, key_id) in known
    ]
    if not found:
        signed_by = ", ".join(f"{name}+{key_id.hex()}" for name, key_id, _ in parts.signatures)
        raise LakeDamagedError(
            f"The note was signed by no key that is known here, but by {signed_by}.",
            where=_title(note),
            hint="Give the key of the lake that signed it, or ask its operator for the history of its keys.",
        )
    for verifier, signature in found:
        if not verifier.accepts(parts.text, signature):
            raise LakeDamagedError(
                f"The signature of {verifier.name}+{verifier.key_id.hex()} does not belong to this text.",
                where=_title(note),
                hint="The note was changed after it was signed; do not trust it.",
            )
    return parts


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a lake has vouched for: its first *size* entries have this Merkle *root*.

    Attributes:
        origin: Name of the log.
        size: How many entries.
        root: Root of the tree over them.
        note: The signed note that says so.
    """

    origin: str
    size: int
    root: bytes
    note: str


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The text of a checkpoint, to be signed."""
    return f"{origin}\n{size}\n{_encoded(root)}\n"


def parse_checkpoint(note: str) -> Checkpoint:
    """The checkpoint that *note* holds; says nothing about its signatures. Extension lines are passed over.

    Raises:
        UsageError: It is not a checkpoint.
    """
    lines = parse(note).text.split("\n")
    if len(lines) > _CHECKPOINT_LINES and lines[0] and _SIZE.fullmatch(lines[1]):
        root = _decoded(lines[2])
        if root is not None and len(root) == _ROOT_BYTES:
            return Checkpoint(lines[0], int(lines[1]), root, note)
    raise _malformed(note)


def _signature(line: str, note: str) -> tuple[str, bytes, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    signature = _decoded(encoded)
    if not line.startswith(_DASH) or not _NAME.fullmatch(name) or signature is None or len(signature) <= _ID_BYTES:
        raise _malformed(note)
    return name, signature[:_ID_BYTES], signature[_ID_BYTES:]


def _malformed(note: str) -> UsageError:
    return UsageError(
        "This is not a signed checkpoint.",
        where=_title(note),
        hint="It must read: origin, size and root on a line each, an empty line, signature lines that begin with —.",
    )


def _title(note: str) -> str:
    return note.split("\n", 1)[0][:80]


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _decoded(text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if _encoded(raw) == text else None
