"""Dividing rows."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.capture.splitting import divide, split_csv
from lakegraph.errors import UsageError

SHARES = {"training": 0.7, "test": 0.2, "validation": 0.1}


@given(labels=st.lists(st.sampled_from("aab"), min_size=40, max_size=120), seed=st.integers(0, 5))
@settings(max_examples=50, deadline=None)
def test_parts_have_their_shares_and_proportions(labels: list[str], seed: int) -> None:
    """Each part has its share of all rows and, within a row or two, of each label; the seed decides."""
    parts = divide(labels, SHARES, seed)
    assert parts == divide(labels, SHARES, seed)
    for part, share in SHARES.items():
        assert abs(parts.count(part) - share * len(labels)) <= 2
        for label, count in Counter(labels).items():
            inside = sum(p == part and own == label for p, own in zip(parts, labels, strict=True))
            assert abs(inside - share * count) <= 2


def test_another_seed_divides_otherwise() -> None:
    """The order is random, not that of the file."""
    labels = [""] * 100
    assert divide(labels, SHARES, 1) != divide(labels, SHARES, 2)


def test_an_empty_part_is_refused() -> None:
    """A test on nothing is no test."""
    with pytest.raises(UsageError, match=r"The part 'test' would have none of the 2 rows"):
        divide(["", ""], {"training": 0.9, "test": 0.1}, 0)


def test_cells_are_kept_as_they_are(tmp_path: Path) -> None:
    """Every row goes into exactly one file, with quotes and spelling kept."""
    rows = [[f'x "{n}", y', f"{n:03}", "a" if n % 2 else "b"] for n in range(20)]
    source = tmp_path / "s.csv"
    with source.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["text", "number", "label"], *rows])
    targets = {part: tmp_path / "parts" / f"{part}.csv" for part in ("training", "test")}
    assert split_csv(source, targets, {"training": 0.75, "test": 0.25}, "label", 0) == 20
    found = {part: list(csv.reader(path.read_text(encoding="utf-8").splitlines())) for part, path in targets.items()}
    assert [len(part) for part in found.values()] == [16, 6]
    assert sorted(row for part in found.values() for row in part[1:]) == sorted(rows)
    assert all(part[0] == ["text", "number", "label"] for part in found.values())


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    """The columns that exist are listed."""
    source = tmp_path / "s.csv"
    source.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match=r"s\.csv has no column 'c'(.|\n)*It has: a, b"):
        split_csv(source, {}, {"training": 1}, "c", 0)
