"""Facts about files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from lakegraph.capture import files
from lakegraph.errors import UsageError
from lakegraph.model.data import Distribution


def test_size_type_and_digest(tmp_path: Path) -> None:
    """The digest is that of all blocks, and progress ends at the size."""
    file = tmp_path / "data.parquet"
    content = bytes(range(256)) * 10_000
    file.write_bytes(content)
    seen: list[tuple[int, int]] = []
    found = files.facts(file, lambda done, total: seen.append((done, total)))
    assert (found.size, found.media_type) == (2_560_000, "application/vnd.apache.parquet")
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert seen == [(2**20, 2_560_000), (2**21, 2_560_000), (2_560_000, 2_560_000)]


def test_an_empty_file_has_a_digest(tmp_path: Path) -> None:
    """Nothing is content too: the digest is that of no bytes."""
    (tmp_path / "empty.txt").touch()
    found = files.facts(tmp_path / "empty.txt")
    assert (found.size, found.sha256) == (0, hashlib.sha256(b"").hexdigest())


def test_a_folder_has_the_size_of_its_files(tmp_path: Path) -> None:
    """A folder is recorded as one thing, without a digest."""
    (tmp_path / "images" / "a").mkdir(parents=True)
    (tmp_path / "images" / "a" / "1.png").write_bytes(b"12345")
    (tmp_path / "images" / "2.png").write_bytes(b"123")
    found = files.facts(tmp_path / "images")
    assert (found.size, found.sha256, found.media_type) == (8, None, None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("s3://bucket/day.csv", {"storagePath": "s3://bucket/day.csv", "mediaType": "text/csv"}),
        (
            "https://example.org/day.json",
            {
                "storagePath": "https://example.org/day.json",
                "downloadURL": "https://example.org/day.json",
                "mediaType": "application/json",
            },
        ),
    ],
)
def test_an_address_is_recorded_and_not_opened(name: str, expected: dict[str, str]) -> None:
    """Nothing is read over the network to make a record."""
    assert files.facts(name).distribution() == expected


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """The path is named as the caller wrote it."""
    with pytest.raises(UsageError, match=r"nowhere\.csv cannot be read: No such file(.|\n)*data="):
        files.facts(tmp_path / "nowhere.csv")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """A digest of two halves of different files would be worse than none."""
    file = tmp_path / "growing.csv"
    file.write_bytes(b"1\n")

    def append(done: int, total: int) -> None:
        with file.open("ab") as stream:
            stream.write(b"2\n" * (done + total))

    with pytest.raises(UsageError, match="changed while it was read"):
        files.facts(file, append)


@pytest.mark.parametrize(
    ("name", "media_type", "structure"),
    [
        ("a.csv", "text/csv", "structured"),
        ("a.CSV", "text/csv", "structured"),
        ("a.csv.gz", "application/gzip", "structured"),
        ("a.tsv", "text/tab-separated-values", "structured"),
        ("a.json", "application/json", "semi-structured"),
        ("a.xml", "text/xml", "semi-structured"),
        ("a.txt", "text/plain", "unstructured"),
        ("a.jpg", "image/jpeg", "unstructured"),
        ("a.pdf", "application/pdf", "unstructured"),
        ("model.skops", "application/zip", None),
        ("model.pkl", "application/octet-stream", None),
        ("model.onnx", "application/octet-stream", None),
        ("a.h5", "application/octet-stream", None),
        ("folder", "application/octet-stream", None),
        ("https://example.org/day.csv?x=1", "application/octet-stream", "structured"),
    ],
)
def test_types_are_registered_ones(name: str, media_type: str, structure: str | None) -> None:
    """Unregistered types are octet streams; the structure is told by the name or not at all."""
    assert files.media_type(name) == media_type
    assert files.structure(name) == structure


def test_facts_make_a_distribution(tmp_path: Path) -> None:
    """The document of a file is one that the model accepts, checksum included."""
    (tmp_path / "a.csv").write_text("x\n1\n")
    made = Distribution.model_validate({"type": "Distribution", **files.facts(tmp_path / "a.csv").distribution()})
    assert made.checksum is not None
    assert made.checksum.algorithm == "sha256"
