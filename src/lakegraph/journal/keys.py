"""The signing keys of a lake: files that only their owner can read, and the history that ties each key to the last.

``keys/0001.pem`` is the private key in use, ``keys/0001.note`` its statement; after a rotation these are ``0002`` and
the first private key is gone, while all statements stay. A statement is a signed note that says which key signs from
which size of the log on; its own key signs it, and from the second on the key before does too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from urllib.parse import quote, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lakegraph.errors import ConflictError, ForbiddenError, LakeDamagedError, LakegraphError
from lakegraph.journal import note
from lakegraph.journal.database import replace_file, storage_errors, sync_directory
from lakegraph.journal.note import Signer, Verifier

_TITLE = "lakegraph signing key"
_STATEMENT = re.compile(rf"{_TITLE}\n([^\n]+)\n(0|[1-9][0-9]*)\n([^\n]+)\n")
_OTHERS = 0o077
_CHANGING = RLock()  # who opens the keys removes what an interrupted rotation left, which one under way must not lose


def origin_of(base: str, lake_id: str) -> str:
    """The name of a lake's log: its *base* without the scheme, then its id (https://c2sp.org/tlog-checkpoint)."""
    parts = urlsplit(base)
    return quote(f"{parts.netloc}{parts.path}".rstrip("/") + f"/{lake_id}", safe="/:.-_~@")


@dataclass(frozen=True, slots=True)
class Key:
    """A key that signs, or signed, checkpoints.

    Attributes:
        verifier: Its public half.
        since: Size of the log from which on it signs.
    """

    verifier: Verifier
    since: int


def keys_at(keys: Sequence[Key], size: int) -> list[Verifier]:
    """Those of *keys* (oldest first) that may sign a checkpoint of this *size*: at the size of a rotation, both."""
    ends = [key.since for key in keys[1:]]
    return [key.verifier for key, end in zip(keys, [*ends, size], strict=True) if key.since <= size <= end]


def verify_history(statements: Sequence[str]) -> list[Key]:
    """The keys that *statements* (oldest first) tell of, each vouched for by the one before.

    Raises:
        LakeDamagedError: A statement is not signed by its own key and by the one before, or they do not follow.
        UsageError: A statement is not a signed note.
    """
    keys: list[Key] = []
    for text in statements:
        found = _STATEMENT.fullmatch(note.parse(text).text)
        if found is None:
            raise _broken(len(keys) + 1, "it does not say which key signs from when on")
        key = Key(Verifier.parse(found[3]), int(found[2]))
        if keys and (key.since < keys[-1].since or key.verifier.name != keys[-1].verifier.name):
            raise _broken(len(keys) + 1, "it does not follow the one before")
        if key.verifier.name != found[1]:
            raise _broken(len(keys) + 1, "its key is of another log")
        for verifier in (key.verifier, *(before.verifier for before in keys[-1:])):
            note.verify(text, [verifier])
        keys.append(key)
    return keys


class KeyRing:
    """The keys of one lake: the one that signs now, and the history of all."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with _CHANGING:
            self._load()

    @classmethod
    def create(cls, directory: Path, origin: str) -> KeyRing:
        """Make the first key of a lake, in a *directory* that only its owner may enter.

        Raises:
            ConflictError: There are keys already.
            StorageError: The disk refused.
        """
        if _statement_files(directory):
            raise ConflictError(
                "This lake has signing keys already.", where=str(directory), hint="Rotate them instead."
            )
        with storage_errors(directory):
            directory.mkdir(mode=0o700, exist_ok=True)
        _introduce(directory, 1, Ed25519PrivateKey.generate(), origin, since=0, before=None)
        return cls(directory)

    @classmethod
    def open(cls, directory: Path) -> KeyRing:
        """The keys in *directory*; a rotation that a crash interrupted is finished, or undone where it had not begun.

        Raises:
            LakeDamagedError: A key or a statement is missing or false.
            ForbiddenError: Others than its owner can read the private key.
            StorageError: The disk refused.
        """
        return cls(directory)

    def _load(self) -> None:
        statements = read_history(self._directory)
        keys, current = verify_history(statements), self._directory / _pem(len(statements))
        signer = Signer(keys[-1].verifier.name, _read_private(current))
        if signer.verifier != keys[-1].verifier:
            raise LakeDamagedError(
                "The private key is not the one that the last statement names.",
                where=str(current),
                hint="Restore the keys folder from a backup, private key and statements together.",
            )
        self._signer, self._statements, self._keys = signer, statements, keys
        with storage_errors(self._directory):
            leftovers = {*self._directory.glob("*.pem"), *self._directory.glob("*.new")} - {current}
            for other in leftovers:
                other.unlink()
            if leftovers:
                sync_directory(self._directory)

    @property
    def origin(self) -> str:
        """Name of the log that these keys sign."""
        return self._signer.name

    @property
    def keys(self) -> tuple[Key, ...]:
        """All keys, oldest first."""
        return tuple(self._keys)

    @property
    def statements(self) -> tuple[str, ...]:
        """The signed statements that tie the keys together, oldest first."""
        return tuple(self._statements)

    def sign(self, text: str) -> str:
        """*text*, which ends with LF, as a note signed by the key in use."""
        return note.sign(text, [self._signer])

    def rotate(self, size: int) -> Verifier:
        """Replace the key: a new one signs from *size* on, vouched for by the old one, whose private half is destroyed.

        Raises:
            StorageError: The disk refused; the old key stays in use.
        """
        with _CHANGING:
            number = len(self._statements) + 1
            since = max(size, self._keys[-1].since)
            private = Ed25519PrivateKey.generate()
            _introduce(self._directory, number, private, self.origin, since=since, before=self._signer)
            self._load()
        return self._signer.verifier


def read_history(directory: Path) -> list[str]:
    """The signed statements in *directory*, oldest first.

    Raises:
        LakeDamagedError: There is none, or one is missing.
        StorageError: They cannot be read.
    """
    files = _statement_files(directory)
    if not files or [file.name for file in files] != [_note(number) for number in range(1, len(files) + 1)]:
        raise LakeDamagedError(
            "The statements about the signing keys of this lake are missing, or some of them are.",
            where=str(directory),
            hint="Restore the keys folder from a backup.",
        )
    with storage_errors(directory):
        return [file.read_bytes().decode("utf-8", "replace") for file in files]


def _introduce(
    directory: Path, number: int, private: Ed25519PrivateKey, origin: str, *, since: int, before: Signer | None
) -> None:
    """Write the key files first and the statement last: a key counts once its statement is there."""
    signer = Signer(origin, private)
    text = f"{_TITLE}\n{origin}\n{since}\n{signer.verifier}\n"
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    replace_file(directory / _pem(number), pem, mode=0o600)
    signers = [signer] if before is None else [before, signer]
    replace_file(directory / _note(number), note.sign(text, signers).encode("utf-8"))


def _read_private(file: Path) -> Ed25519PrivateKey:
    with storage_errors(file):
        if not file.is_file():
            raise LakeDamagedError(
                "The private key that signs for this lake is missing.",
                where=str(file),
                hint="Restore the keys folder from a backup.",
            )
        if file.stat().st_mode & _OTHERS:
            raise ForbiddenError(
                "The private key that signs for this lake can be read by others.",
                where=str(file),
                hint=f"Run `chmod 600 {file.name}` there, and rotate the key if somebody may have read it.",
            )
        pem = file.read_bytes()
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        private = None
    if not isinstance(private, Ed25519PrivateKey):
        raise LakeDamagedError(
            "The private key that signs for this lake cannot be read.",
            where=str(file),
            hint="Restore the keys folder from a backup.",
        )
    return private


def _statement_files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.note"))


def _pem(number: int) -> str:
    return f"{number:04d}.pem"


def _note(number: int) -> str:
    return f"{number:04d}.note"


def _broken(number: int, reason: str) -> LakegraphError:
    return LakeDamagedError(
        f"Statement {number} about the signing keys is not valid: {reason}.",
        hint="Restore the keys folder from a backup.",
    )
