"""Reading tables."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from lakegraph.capture import tables
from lakegraph.capture.tables import Column, column, from_frame, read_csv


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_kinds_of_columns(tmp_path: Path) -> None:
    """Numbers are numeric, repeated names nominal, free text and empty columns neither."""
    rows = "".join(f"{n},{'ab'[n % 2]},note {n},\n" for n in range(50))
    table = read_csv(written(tmp_path / "t.csv", "n,letter,note,nothing\n" + rows))
    assert [(c.name, c.kind) for c in table.columns] == [
        ("n", "numeric"), ("letter", "nominal"), ("note", "other"), ("nothing", "other"),
    ]  # fmt: skip
    assert (table.rows, table.width, table.note, table.sampled) == (50, 4, "", False)


@pytest.mark.parametrize("text", ["", " ", "NA", "?", "null", "NaN", "N/A", "#N/A"])
def test_what_counts_as_missing(text: str) -> None:
    """The usual words for nothing are no values."""
    assert column("x", ["1", text]).values == [1.0, None]


@pytest.mark.parametrize("text", ["1_000", "one", "0x10", "1,5"])
def test_what_is_no_number(text: str) -> None:
    """One value that is no number makes the column a nominal one."""
    assert column("x", ["1", text]).kind == "nominal"


def test_numbers_that_are_not_finite_are_missing() -> None:
    """No moment can be computed of infinity."""
    assert column("x", ["1", "inf", "-Infinity"]) == Column("x", "numeric", [1.0, None, None])


def test_codes_and_classes() -> None:
    """Numbers are names where the caller says so, or where they are few whole numbers to predict."""
    assert column("sex", ["1", "2"], nominal=True) == Column("sex", "nominal", ["1", "2"])
    assert column("outcome", ["0", "1"], target=True).kind == "nominal"
    assert column("outcome", [str(n) for n in range(30)], target=True).kind == "numeric"
    assert column("outcome", ["0.5", "1"], target=True).kind == "numeric"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators(tmp_path: Path, separator: str) -> None:
    """The separator is the one that the headings use most."""
    table = read_csv(written(tmp_path / "t.csv", f"a{separator}b\n1{separator}2\n"))
    assert table.names == ("a", "b")


def test_quotes_byte_order_marks_short_and_empty_rows(tmp_path: Path) -> None:
    """What spreadsheets write is read; short rows miss values, long ones lose what has no heading."""
    text = '\ufeffname,"a, b",\n"x ""y""\nz",1\n\nlast,2,3,4\n'
    table = read_csv(written(tmp_path / "t.csv", text))
    assert table.names == ("name", "a, b", "column 3")
    assert table.columns[0].values == ['x "y"\nz', "last"]
    assert table.columns[2].values == [None, 3.0]


def test_packed_tables(tmp_path: Path) -> None:
    """A gzip file is read like the table in it; progress counts the packed bytes."""
    file = tmp_path / "t.tsv.gz"
    file.write_bytes(gzip.compress(b"a\tb\n1\t2\n"))
    seen: list[tuple[int, int]] = []
    assert read_csv(file, progress=lambda done, total: seen.append((done, total))).names == ("a", "b")
    assert seen[-1][1] == file.stat().st_size


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("t.csv", b"", "it is empty"),
        ("t.csv", "größe\n1\n".encode("latin-1"), "utf-8"),
        ("t.csv.gz", b"no gzip", "it is not CSV"),
        ("t.csv", b'a\n"' + b"x" * 200_000 + b'"\n', "it is not CSV: field larger"),
    ],
)
def test_what_is_no_table(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    """The reason is one that can be shown."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        read_csv(tmp_path / name)


def test_large_tables_are_sampled_and_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are counted whole, kept in part, evenly and repeatably, and the note says how many."""
    monkeypatch.setattr(tables, "CELLS", 1)
    file = written(tmp_path / "t.csv", "n\n" + "".join(f"{n}\n" for n in range(5_000)))
    table = read_csv(file)
    kept = table.columns[0].numbers()
    assert (table.rows, len(kept), table.sampled) == (5_000, 1_000, True)
    assert table.note == "The metafeatures come from a random sample of 1,000 of the 5,000 rows."
    assert 2_200 < sum(kept) / len(kept) < 2_800
    assert read_csv(file) == table


def test_wide_tables_are_described_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many columns are worth statements in the graph; all are counted."""
    monkeypatch.setattr(tables, "COLUMNS", 2)
    table = read_csv(written(tmp_path / "t.csv", "a,b,c\n1,2,3\n"))
    assert (table.names, table.width) == (("a", "b"), 3)
    assert table.note == "The first 2 of the 3 columns are described."


@pytest.fixture
def pandas() -> Any:
    return pytest.importorskip("pandas", reason="needs the extra [pandas]")


def test_frames_by_their_types(pandas: Any) -> None:
    """A data frame's own types decide, where CSV would have to guess."""
    frame = pandas.DataFrame(
        {
            "whole": [1, 2, 3],
            "real": [1.5, None, float("inf")],
            "flag": [True, False, True],
            "colour": pandas.Categorical(["red", "green", "red"]),
            "word": ["a", "b", None],
            "day": pandas.to_datetime(["2024-01-01", "2024-01-02", None]),
            3: ["x", "y", "z"],
        }
    )
    table = from_frame(frame)
    assert [(c.name, c.kind) for c in table.columns] == [
        ("whole", "numeric"), ("real", "numeric"), ("flag", "nominal"), ("colour", "nominal"),
        ("word", "nominal"), ("day", "other"), ("3", "nominal"),
    ]  # fmt: skip
    assert table.columns[1].values == [1.5, None, None]
    assert table.columns[4].values == ["a", "b", None]


def test_a_frame_and_its_file_agree(pandas: Any, tmp_path: Path) -> None:
    """The same table gives the same columns by either way."""
    frame = pandas.DataFrame({"x": [1.0, 2.5, None], "y": ["a", "b", "a"], "z": [1, 0, 1]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert read_csv(tmp_path / "t.csv", nominal=["z"]) == from_frame(frame, nominal=["z"])


def test_large_frames_are_sampled(pandas: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with files, the rows are counted whole and kept in part."""
    monkeypatch.setattr(tables, "CELLS", 1)
    table = from_frame(pandas.DataFrame({"n": range(5_000)}))
    assert (table.rows, len(table.columns[0].values), table.sampled) == (5_000, 1_000, True)
