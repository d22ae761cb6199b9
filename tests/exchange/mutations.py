"""Every way in which the tests damage a bundle: its bytes, its length, and its records, packed anew without the key."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

Files = dict[str, bytes]


def unpacked(path: Path) -> tuple[Files, bytes]:
    """The files of an archive, and its seal."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}, archive.comment


def packed(files: Files, seal: bytes, *, listed: bool = True) -> bytes:
    """An archive of *files*, as somebody without the key can make it; *listed*: with a list of files that fits."""
    out = io.BytesIO()
    if listed:
        names = sorted(name for name in files if name != "manifest-sha256.txt")
        text = "".join(f"{sha256(files[name]).hexdigest()}  {name}\n" for name in names)
        files = {**files, "manifest-sha256.txt": text.encode()}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.comment = seal
    return out.getvalue()


def _lines(files: Files, name: str) -> list[bytes]:
    return files[name].splitlines(keepends=True)


def _two(draw: random.Random, count: int) -> tuple[int, int]:
    a, b = sorted(draw.sample(range(count), 2))
    return a, b


def change_byte(files: Files, draw: random.Random) -> None:
    name = draw.choice([name for name, content in files.items() if content])
    at = draw.randrange(len(files[name]))
    changed = files[name][at] ^ draw.randrange(1, 256)
    files[name] = files[name][:at] + bytes([changed]) + files[name][at + 1 :]


def drop_record(files: Files, draw: random.Random) -> None:
    leaves, proofs = _lines(files, "leaves.jsonl"), _lines(files, "proofs.jsonl")
    at = draw.randrange(len(leaves))
    del leaves[at], proofs[at]
    files["leaves.jsonl"], files["proofs.jsonl"] = b"".join(leaves), b"".join(proofs)
    contents = sorted(name for name in files if name.startswith("records/"))
    del files[contents[min(at, len(contents) - 1)]]  # one that was erased has none


def double_record(files: Files, draw: random.Random) -> None:
    at = draw.randrange(len(_lines(files, "leaves.jsonl")))
    for name in ("leaves.jsonl", "proofs.jsonl"):
        lines = _lines(files, name)
        files[name] = b"".join([*lines[: at + 1], *lines[at:]])


def reorder_records(files: Files, draw: random.Random) -> None:
    a, b = _two(draw, len(_lines(files, "leaves.jsonl")))
    for name in ("leaves.jsonl", "proofs.jsonl"):
        lines = _lines(files, name)
        lines[a], lines[b] = lines[b], lines[a]
        files[name] = b"".join(lines)


def swap_proofs(files: Files, draw: random.Random) -> None:
    lines = _lines(files, "proofs.jsonl")
    a, b = _two(draw, len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    files["proofs.jsonl"] = b"".join(lines)


def swap_contents(files: Files, draw: random.Random) -> None:
    names = sorted(name for name in files if name.startswith("records/"))
    a, b = _two(draw, len(names))
    files[names[a]], files[names[b]] = files[names[b]], files[names[a]]


def drop_content(files: Files, draw: random.Random) -> None:
    del files[draw.choice(sorted(name for name in files if name.startswith("records/")))]


def cut_file(files: Files, draw: random.Random) -> None:
    name = draw.choice([name for name, content in files.items() if content])
    files[name] = files[name][: draw.randrange(len(files[name]))]


KINDS: tuple[Callable[[Files, random.Random], None], ...] = (
    change_byte,
    drop_record,
    double_record,
    reorder_records,
    swap_proofs,
    swap_contents,
    drop_content,
    cut_file,
)


def mutated(path: Path, seed: int) -> tuple[str, bytes]:
    """One random damage of the bundle at *path*: what it was, and the bytes that came of it."""
    draw = random.Random(seed)
    kind = draw.randrange(len(KINDS) + 4)
    if kind < len(KINDS):
        files, seal = unpacked(path)
        KINDS[kind](files, draw)
        return KINDS[kind].__name__, packed(files, seal, listed=draw.random() < 0.5)
    whole = path.read_bytes()
    at = draw.randrange(len(whole))
    if kind == len(KINDS):
        return f"cut at {at}", whole[:at]
    return f"byte {at}", whole[:at] + bytes([whole[at] ^ draw.randrange(1, 256)]) + whole[at + 1 :]
