"""Facts about a file that nobody should have to type: size, media type and SHA-256."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from lakegraph.errors import UsageError

BLOCK: Final = 2**20
"""Bytes read at a time: one MiB keeps memory flat and the digest at the disk's speed."""

Progress = Callable[[int, int], None]
"""Told how many bytes of how many have been read."""

_FALLBACK = "application/octet-stream"
# Types of the IANA register that Python's own table lacks. Formats without a registered type (pickle, joblib, NumPy,
# safetensors, ONNX) are octet streams: a made-up type would be no address in the register.
_REGISTERED = {
    ".tsv": "text/tab-separated-values",
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.file",
    ".feather": "application/vnd.apache.arrow.file",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".jsonld": "application/ld+json",
    ".skops": "application/zip",
    ".npz": "application/zip",
}
_COMPRESSED = {"gzip": "application/gzip", "bzip2": _FALLBACK, "xz": _FALLBACK, "br": _FALLBACK}
_STRUCTURED = frozenset({".csv", ".tsv", ".parquet", ".arrow", ".feather", ".xlsx", ".ods"})
_SEMI_STRUCTURED = frozenset({".json", ".jsonl", ".jsonld", ".xml", ".yaml", ".yml", ".ttl", ".nt", ".html"})


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file says about itself.

    Attributes:
        path: Where it lies, as it was named, with forward slashes.
        size: Its bytes; of a folder, those of all its files; ``None`` where it cannot be read from here.
        media_type: Its registered media type; ``None`` for a folder.
        sha256: Its digest in hexadecimal; ``None`` for a folder or an address.
    """

    path: str
    size: int | None = None
    media_type: str | None = None
    sha256: str | None = None

    def distribution(self) -> dict[str, Any]:
        """The facts as a ``Distribution`` document."""
        said: dict[str, Any] = {"storagePath": self.path}
        if self.path.startswith(("http://", "https://")):
            said["downloadURL"] = self.path
        if self.media_type:
            said["mediaType"] = self.media_type
        if self.size is not None:
            said["byteSize"] = self.size
        if self.sha256:
            said["checksum"] = f"sha256:{self.sha256}"
        return said


def is_address(path: str) -> bool:
    """Whether *path* names something that is not a file of this machine, such as ``s3://…``."""
    return "://" in path


def facts(path: str | Path, progress: Progress | None = None) -> FileFacts:
    """Read a file's facts.

    Args:
        path: A file, a folder, or an address that is recorded as it is and not opened.
        progress: Told after each block how far the digest is.

    Raises:
        UsageError: There is no such file, it cannot be read, or it changed while it was read.
    """
    name = path.as_posix() if isinstance(path, Path) else path
    if is_address(name):
        return FileFacts(name, media_type=media_type(name))
    file = Path(path)
    if file.is_dir():
        return FileFacts(name, size=sum(f.stat().st_size for f in file.rglob("*") if f.is_file()))
    try:
        before = file.stat()
        digest = sha256(file, progress)
        after = file.stat()
    except OSError as error:
        raise UsageError(
            f"The file {name} cannot be read: {error.strerror}.",
            where=name,
            hint="Write the file first and name it then, or hand its content over in data=.",
        ) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UsageError(
            f"The file {name} changed while it was read.", where=name, hint="Close it before it is recorded."
        )
    return FileFacts(name.replace("\\", "/"), after.st_size, media_type(name), digest)


def sha256(file: Path, progress: Progress | None = None) -> str:
    """The SHA-256 of a file in hexadecimal, read block by block.

    Args:
        file: The file.
        progress: Told after each block how many bytes of how many are done.
    """
    digest, done = hashlib.sha256(), 0
    with file.open("rb") as stream:
        total = file.stat().st_size
        # A file that is written faster than it is read would never end; that it grew is noticed by the caller.
        while done <= total and (block := stream.read(BLOCK)):
            digest.update(block)
            done += len(block)
            if progress:
                progress(done, total)
    return digest.hexdigest()


@cache
def _table() -> mimetypes.MimeTypes:
    # Not the module's functions: those read files of the machine, and a record would depend on where it was made.
    return mimetypes.MimeTypes()


def media_type(name: str) -> str:
    """The registered media type that a file's name implies; ``application/octet-stream`` where none is registered."""
    suffix = Path(name).suffix.lower()
    if suffix in _REGISTERED:
        return _REGISTERED[suffix]
    guessed, encoding = _table().guess_type(name.rpartition("/")[2])
    if encoding:
        return _COMPRESSED.get(encoding, _FALLBACK)
    return guessed if guessed and "/x-" not in guessed else _FALLBACK


def structure(name: str) -> str | None:
    """``structured``, ``semi-structured`` or ``unstructured``, by a file's name; ``None`` where it does not tell.

    Raises nothing: a folder or an unknown ending simply does not tell.
    """
    path = Path(name.removesuffix(".gz").partition("?")[0])
    suffix = path.suffix.lower()
    if suffix in _STRUCTURED:
        return "structured"
    if suffix in _SEMI_STRUCTURED:
        return "semi-structured"
    if media_type(path.name).partition("/")[0] in ("text", "image", "audio", "video") or suffix == ".pdf":
        return "unstructured"
    return None
