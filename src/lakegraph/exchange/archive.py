"""Writes the archive of a bundle: file by file, listed with their hashes, and sealed over every byte."""

from __future__ import annotations

import base64
import zipfile
import zlib
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Self

from lakegraph.errors import StorageError
from lakegraph.exchange.standalone_archive import BOMB_FLOOR, BOMB_RATIO, MANIFEST, SEAL_TITLE

_EPOCH = (1980, 1, 1, 0, 0, 0)
_LEVEL = 6
_MODE = 0o100644 << 16
_IN_MEMORY = 1 << 22
_CHUNK = 1 << 20
_TOO_WELL = BOMB_RATIO // 2


class Spool:
    """Lines that wait for their place in the archive, on disk when they are many."""

    def __init__(self) -> None:
        self.file: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by its archive

    def line(self, text: bytes) -> None:
        """Add one line."""
        self.file.write(text + b"\n")

    def lines(self) -> Iterable[bytes]:
        """The lines, each with its end."""
        self.file.seek(0)
        yield from self.file


class ArchiveWriter:
    """Writes one archive beside its place, and moves it there once it is whole.

    Args:
        out: Where it shall stand; what stands there is replaced.
        sign: Gives the signed note of a text.
    """

    def __init__(self, out: Path, sign: Callable[[str], str]) -> None:
        self._out, self._part = out, out.with_name(out.name + ".part")
        self._sign = sign
        self._hashes: dict[str, str] = {}
        self._spools: list[Spool] = []
        try:
            self._zip = zipfile.ZipFile(self._part, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        except OSError as error:
            raise self._refused(error) from error

    def spool(self) -> Spool:
        """Lines to be added later, which are forgotten with this archive."""
        self._spools.append(Spool())
        return self._spools[-1]

    def add(self, name: str, content: bytes) -> None:
        """Add a file."""
        self._hashes[name] = sha256(content).hexdigest()
        entry = _entry(name)
        if len(content) > BOMB_FLOOR and len(content) > _TOO_WELL * len(zlib.compress(content, 1)):
            entry.compress_type = zipfile.ZIP_STORED  # what packs this well looks like a bomb to the verifier
        self._zip.writestr(entry, content, compresslevel=_LEVEL)

    def add_chunks(self, name: str, chunks: Iterable[bytes], *, packed: bool = True) -> None:
        """Add a file that is made as it is written; *packed*: compress it."""
        digest = sha256()
        entry = _entry(name)
        if not packed:
            entry.compress_type = zipfile.ZIP_STORED
        with self._zip.open(entry, "w", force_zip64=True) as file:
            for chunk in chunks:
                digest.update(chunk)
                file.write(chunk)
        self._hashes[name] = digest.hexdigest()

    def seal(self, origin: str, size: int) -> None:
        """List every file with its hash, close the archive, and seal it for the log *origin* of this *size*."""
        listed = (f"{digest}  {name}\n".encode() for name, digest in sorted(self._hashes.items()))
        self.add_chunks(MANIFEST, listed)
        # The comment stands at the very end. Its length is part of what is sealed, so room is made for it first.
        room = self._seal(origin, size, bytes(32))
        self._zip.comment = room
        self._zip.close()
        digest = sha256()
        with self._part.open("r+b") as file:
            left = file.seek(0, 2) - len(room)
            file.seek(0)
            while left > 0:
                chunk = file.read(min(left, _CHUNK))
                digest.update(chunk)
                left -= len(chunk)
            file.seek(-len(room), 2)
            file.write(self._seal(origin, size, digest.digest()))
        self._part.replace(self._out)

    def _seal(self, origin: str, size: int, digest: bytes) -> bytes:
        return self._sign(f"{SEAL_TITLE}\n{origin}\n{size}\n{base64.b64encode(digest).decode()}\n").encode()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for spool in self._spools:
            spool.file.close()
        if kind is not None:
            self._zip.close()
            self._part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> StorageError:
        return StorageError(
            f"The bundle could not be written: {error.strerror}.",
            where=str(self._out),
            hint="Nothing was left behind; look at the disk and its permissions.",
        )


def _entry(name: str) -> zipfile.ZipInfo:
    """The same bytes for the same content, whenever and wherever they are packed."""
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = _MODE
    return entry
