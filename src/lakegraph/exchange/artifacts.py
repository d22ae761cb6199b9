"""Files that a bundle carries along, each compared with the checksums that the records tell."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lakegraph.errors import NotFoundError, StorageError, UsageError
from lakegraph.exchange.closure import Story
from lakegraph.exchange.parts import LakeParts
from lakegraph.rdf.namespaces import SPDX
from lakegraph.rdf.terms import lexical, value

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file to carry along.

    Attributes:
        path: Where it lies.
        name: Its name in the archive, in ``artifacts/``.
        sha256: Its checksum.
        about: The thing of which a record tells this checksum; None where none does.
    """

    path: Path
    name: str
    sha256: str
    about: str | None


def artifacts_of(lake: LakeParts, story: Story, paths: Iterable[Path]) -> list[Artifact]:
    """The files that *paths* name; of a folder those whose checksum the records of *story* tell.

    Raises:
        NotFoundError: There is no such file, or a folder holds none that the records know.
        UsageError: Two have the same name.
        StorageError: One cannot be read.
    """
    known = _checksums(lake, story)
    found: dict[str, Artifact] = {}
    for path in paths:
        if not path.exists():
            raise NotFoundError(f"There is no file {path.name!r}.", where=str(path))
        made = [_artifact(path, path.name, known)] if path.is_file() else list(_in_folder(path, known))
        if not made:
            raise NotFoundError(
                "No file in this folder has a checksum that the records tell.",
                where=str(path),
                hint="Name the files themselves to carry along others.",
            )
        for artifact in made:
            if artifact.name in found:
                raise UsageError(f"Two artifacts are called {artifact.name!r}.", where=str(artifact.path))
            found[artifact.name] = artifact
    return list(found.values())


def _checksums(lake: LakeParts, story: Story) -> dict[str, str]:
    """SHA-256 to the thing that has it."""
    known: dict[str, str] = {}
    for node in sorted(story.nodes):
        for checksum in lake.graph.objects(node, SPDX.checksum):
            for written in lake.graph.objects(checksum, SPDX.checksumValue):
                known.setdefault(lexical(written).lower(), value(node))
    return known


def _in_folder(folder: Path, known: dict[str, str]) -> Iterator[Artifact]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            artifact = _artifact(path, str(path.relative_to(folder)), known)
            if artifact.about is not None:
                yield artifact


def _artifact(path: Path, name: str, known: dict[str, str]) -> Artifact:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise StorageError(f"The artifact cannot be read: {error.strerror}.", where=str(path)) from error
    # Archives allow few names, so that none can climb out of the folder that they are unpacked into.
    parts = [_UNSAFE.sub("_", part).lstrip("._-") or "file" for part in Path(name).parts]
    return Artifact(path, "/".join(parts), digest, known.get(digest))
