"""The archive of an evidence bundle: read with care, each file compared with the list of files, and what was found.

Written for the stand-alone verifier, which carries these lines within itself: nothing of lakegraph may be imported.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ALTERED, UNJUDGED = 1, 2
MANIFEST, CHECKPOINT, LEAVES, PROOFS = "manifest-sha256.txt", "checkpoint.txt", "leaves.jsonl", "proofs.jsonl"
CONSISTENCY, SEAL_TITLE = "consistency.jsonl", "lakegraph evidence bundle"
MAX_BYTES, MAX_FILES, MAX_RECORD, MAX_LINE = 1 << 33, 1 << 21, 1 << 26, 1 << 20
BOMB_RATIO, BOMB_FLOOR = 500, 1 << 20
UNREADABLE = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, OverflowError, OSError, struct.error, LookupError, TypeError, AttributeError),
)
_NEEDED = {CHECKPOINT, LEAVES, PROOFS}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        code: ``bundle``, ``archive``, ``path``, ``bomb``, ``seal``, ``file``, ``key``, ``checkpoint``, ``leaf``,
            ``order``, ``proof``, ``content``, ``missing`` or ``since``.
        where: The file, record or key.
        message: What is wrong with it, in a sentence.
        exit_code: ``ALTERED`` or ``UNJUDGED``.
    """

    code: str
    where: str
    message: str
    exit_code: int = ALTERED

    def __str__(self) -> str:
        return f"[{self.code}] {self.where}: {self.message}"


@dataclass(frozen=True)
class Verdict:
    """What the verification found.

    Attributes:
        problems: All that is wrong; empty when the bundle verifies.
        notes: What the reader should know besides.
        origin: The name of the lake's log.
        size: How many entries the log had when it was signed.
        records: How many records the bundle holds.
    """

    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
    origin: str = ""
    size: int = 0
    records: int = 0

    @property
    def exit_code(self) -> int:
        """0, 1 or 2."""
        return min((problem.exit_code for problem in self.problems), default=0)

    def text(self, shown: int = 50) -> str:
        """The verdict for people, with the first *shown* problems."""
        if not self.problems:
            lines = [f"VERIFIED: {self.records} records of {self.origin}, out of {self.size} that were signed for."]
        elif self.exit_code == ALTERED:
            lines = [f"NOT VERIFIED: {len(self.problems)} problems. Do not rely on this bundle."]
        else:
            lines = ["COULD NOT BE JUDGED."]
        lines += [f"  {problem}" for problem in self.problems[:shown]]
        if len(self.problems) > shown:
            lines.append(f"  … and {len(self.problems) - shown} more")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])


class Stop(Exception):
    """The verification cannot go on; carries the problem that ends it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Archive:
    """An open archive whose names and sizes are harmless; nothing is ever unpacked to disk.

    Attributes:
        names: The names of its files.

    Raises:
        Stop: It is no bundle, or one that must not be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._hashes: dict[str, str] = {}
        self._zip = self._open()
        try:
            self.names = self._checked_names()
        except BaseException:
            self._zip.close()
            raise

    @property
    def comment(self) -> bytes:
        """What stands at its very end: the seal."""
        return self._zip.comment

    def close(self) -> None:
        """Give the file back."""
        self._zip.close()

    def digest(self) -> bytes:
        """SHA-256 of every byte before the seal."""
        digest, left = sha256(), self.path.stat().st_size - len(self.comment)
        with self.path.open("rb") as file:
            while left > 0 and (chunk := file.read(min(left, 1 << 20))):
                digest.update(chunk)
                left -= len(chunk)
        return digest.digest()

    def _open(self) -> zipfile.ZipFile:
        try:
            with self.path.open("rb") as file:
                start = file.read(4)
        except OSError as error:
            raise Stop(Problem("bundle", str(self.path), f"it cannot be read: {error.strerror}", UNJUDGED)) from error
        if start != b"PK\x03\x04":
            raise Stop(Problem("bundle", str(self.path), "this is not an evidence bundle", UNJUDGED))
        try:
            return zipfile.ZipFile(self.path)
        except UNREADABLE as error:
            raise Stop(Problem("archive", self.path.name, f"it is cut short or damaged ({error})")) from error

    def _checked_names(self) -> set[str]:
        """The names of the files; nothing is unpacked before names and sizes are harmless."""
        entries = self._zip.infolist()
        packed, names = 0, set()
        if not _NEEDED & {entry.filename for entry in entries}:
            raise Stop(Problem("bundle", self.path.name, "this archive is not an evidence bundle", UNJUDGED))
        for entry in entries:
            name = entry.filename
            if not _NAME.fullmatch(name):
                raise Stop(Problem("path", repr(name), "a file of a bundle may not have such a name"))
            if name in names:
                raise Stop(Problem("archive", name, "it is in the archive twice"))
            if entry.file_size > BOMB_FLOOR and entry.file_size > BOMB_RATIO * entry.compress_size:
                raise Stop(Problem("bomb", name, f"{entry.compress_size} bytes claim to unpack to {entry.file_size}"))
            names.add(name)
            packed += entry.compress_size
        total = sum(entry.file_size for entry in entries)
        if total > MAX_BYTES or len(entries) > MAX_FILES or packed > self.path.stat().st_size:
            raise Stop(Problem("bomb", self.path.name, f"it claims {len(entries)} files of {total} bytes"))
        if not names.issuperset(_NEEDED):
            lacking = ", ".join(sorted(_NEEDED - names))
            raise Stop(Problem("bundle", self.path.name, f"it is not a whole evidence bundle: {lacking} is missing"))
        return names

    def content(self, name: str) -> bytes:
        """The content of one file, at most ``MAX_RECORD`` bytes of it."""
        with self._zip.open(name) as file:
            content = file.read(MAX_RECORD + 1)
        if len(content) > MAX_RECORD:
            raise ValueError("it is larger than any record")
        self._hashes[name] = sha256(content).hexdigest()
        return content

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of one file, none longer than ``MAX_LINE``."""
        digest = sha256()
        with self._zip.open(name) as file:
            while line := file.readline(MAX_LINE):
                digest.update(line)
                if not line.endswith(b"\n"):
                    raise ValueError("a line is too long or cut short")
                yield line[:-1]
        self._hashes[name] = digest.hexdigest()

    def check_files(self) -> Iterator[Problem]:
        """Where the archive and its list of files differ."""
        try:
            listed = dict(_listed(line) for line in self.lines(MANIFEST))
        except UNREADABLE as error:
            yield Problem("file", MANIFEST, f"it is missing or cannot be read: {error}")
            return
        for name in sorted(listed.keys() - self.names):
            yield Problem("missing", name, "the list of files has it, the archive does not")
        for name in sorted(self.names - listed.keys() - {MANIFEST}):
            yield Problem("file", name, "the archive has it, the list of files does not")
        for name in sorted(listed.keys() & self.names):
            try:
                if self._hash(name) != listed[name]:
                    yield Problem("file", name, "it is not what the list of files says")
            except UNREADABLE as error:
                yield Problem("file", name, f"it cannot be unpacked: {error}")

    def _hash(self, name: str) -> str:
        if name not in self._hashes:
            digest = sha256()
            with self._zip.open(name) as file:
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
            self._hashes[name] = digest.hexdigest()
        return self._hashes[name]


def _listed(line: bytes) -> tuple[str, str]:
    digest, _, name = line.decode().partition("  ")
    return name, digest
