"""Tables as columns of values: from CSV files with the standard library, or from data frames."""

from __future__ import annotations

import csv
import gzip
import io
import math
import random
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from lakegraph.capture.files import Progress

CELLS: Final = 1_000_000
"""How many values of one table are kept for its statistics; of larger ones a sample of rows is kept."""
COLUMNS: Final = 500
"""How many columns of one table are described: each is a few statements in the graph."""
_CLASSES: Final = 20
"""Up to how many different whole numbers in the target are names of classes rather than amounts."""
_ROWS_A_REPORT: Final = 10_000
_TITLE: Final = 200

# What pandas and ARFF read as missing. A number that is not finite is no measurement either.
_MISSING = frozenset(("", "?", "#N/A", "#N/A N/A", "#NA", "-NaN", "-nan", "<NA>", "N/A", "NA", "NULL", "NaN", "None",
                      "n/a", "nan", "null"))  # fmt: skip

Kind = Literal["numeric", "nominal", "other"]
Value = float | str | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Its heading.
        kind: ``numeric`` when every value is a number; ``nominal`` when the values are names of categories; ``other``
            for free text and identifiers, where most values are different, and for a column without any value.
        values: One a row; ``None`` where it is missing.
    """

    name: str
    kind: Kind
    values: Sequence[Value]

    @property
    def present(self) -> list[Value]:
        """The values that are not missing."""
        return [v for v in self.values if v is not None]

    def numbers(self) -> list[float]:
        """The values of a numeric column that are not missing."""
        return [v for v in self.values if isinstance(v, float)]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or a sample of its rows.

    Attributes:
        columns: The columns that are described.
        rows: How many rows the whole table has.
        width: How many columns the whole table has.
        note: What was left out, for people; empty when everything was read.
    """

    columns: tuple[Column, ...]
    rows: int
    width: int
    note: str = ""

    @property
    def sampled(self) -> bool:
        """Whether only some of the rows were kept."""
        return bool(self.columns) and len(self.columns[0].values) < self.rows

    @property
    def names(self) -> tuple[str, ...]:
        """The headings."""
        return tuple(c.name for c in self.columns)


class Frame(Protocol):
    """The part of a pandas data frame that is used here."""

    columns: Any
    shape: tuple[int, int]
    iloc: Any

    def sample(self, n: int, *, random_state: int) -> Frame:
        """*n* rows at random."""

    def to_csv(self, path: Path, *, index: bool) -> None:
        """Write the frame as CSV."""


def is_frame(data: object) -> bool:
    """Whether *data* can be used as a :class:`Frame`."""
    return all(hasattr(data, name) for name in ("columns", "shape", "iloc", "sample", "to_csv"))


def is_csv(path: str | Path) -> bool:
    """Whether a file is a table that :func:`read_csv` can read, by its name."""
    return str(path).lower().removesuffix(".gz").endswith((".csv", ".tsv"))


def read_csv(
    file: Path, *, target: str | None = None, nominal: Collection[str] = (), progress: Progress | None = None
) -> Table:
    """Read a CSV or TSV file, or one packed with gzip. The first row holds the headings.

    Args:
        file: The file; UTF-8.
        target: The column to predict; whole numbers in it are taken for classes when there are few different ones.
        nominal: Columns whose numbers are codes of categories.
        progress: Told how many bytes of how many have been read.

    Returns:
        The table; of a large one a uniform sample of rows, always the same for the same file, with a note.

    Raises:
        ValueError: It is not UTF-8, not CSV, or has no headings.
    """
    packed = file.name.lower().endswith(".gz")
    with file.open("rb") as raw, gzip.GzipFile(fileobj=raw) if packed else raw as body:
        text = io.TextIOWrapper(body, encoding="utf-8-sig", newline="")
        rows = _watched(_rows(text, file), raw, file.stat().st_size, progress)
        try:
            head = next(rows, [])
            names = _headings(head[:COLUMNS])
            kept, count = _sample((row[:COLUMNS] for row in rows), len(names))
        except (csv.Error, EOFError, gzip.BadGzipFile) as error:
            raise ValueError(f"it is not CSV: {error}") from error
    if not names:
        raise ValueError("it is empty")
    columns = [
        column(name, [row[n] if n < len(row) else "" for row in kept], name in nominal, name == target)
        for n, name in enumerate(names)
    ]
    return Table(tuple(columns), count, len(head), _note(len(kept), count, len(names), len(head)))


def from_frame(frame: Frame, *, target: str | None = None, nominal: Collection[str] = ()) -> Table:
    """The columns of a pandas data frame; its index is left out. See :func:`read_csv`."""
    count, width = frame.shape
    described = frame.iloc[:, :COLUMNS]
    limit = _limit(min(width, COLUMNS))
    if count > limit:
        described = described.sample(limit, random_state=0)
    names = _headings([str(name) for name in described.columns])
    columns = [
        _typed_column(name, described.iloc[:, n], name in nominal, name == target) for n, name in enumerate(names)
    ]
    return Table(tuple(columns), count, width, _note(min(count, limit), count, len(names), width))


def column(name: str, texts: Sequence[str], nominal: bool = False, target: bool = False) -> Column:
    """A column of a text file.

    Args:
        name: Its heading.
        texts: Its values as they stand in the file.
        nominal: Whether its numbers are codes of categories.
        target: Whether it is to be predicted.
    """
    values = [None if text.strip() in _MISSING else text.strip() for text in texts]
    numbers = None if nominal else _numbers(values)
    if numbers is not None and not (target and _are_classes(numbers)):
        return Column(name, "numeric", numbers)
    return Column(name, "nominal" if nominal or target else _kind_of_names(values), values)


def _typed_column(name: str, series: Any, nominal: bool, target: bool) -> Column:
    kind = series.dtype.kind
    plain = [None if missing else v for v, missing in zip(series.tolist(), series.isna().tolist(), strict=True)]
    if kind in "iuf" and not nominal:
        numbers = [float(v) if v is not None and math.isfinite(v) else None for v in plain]
        if not (target and _are_classes(numbers)):
            return Column(name, "numeric" if any(v is not None for v in numbers) else "other", numbers)
    values = [None if v is None else str(v) for v in plain]
    if kind in "mM":
        return Column(name, "other", values)
    category = nominal or target or kind == "b" or str(series.dtype) == "category"
    return Column(name, "nominal" if category else _kind_of_names(values), values)


def _numbers(values: Sequence[str | None]) -> list[float | None] | None:
    """The values as numbers, or ``None`` when one is not a number or none is there."""
    found: list[float | None] = []
    try:
        for value in values:
            # Python reads "1_000" as a number; no CSV means one by it.
            number = None if value is None else float(value if "_" not in value else "x")
            found.append(number if number is not None and math.isfinite(number) else None)
    except ValueError:
        return None
    return found if any(v is not None for v in found) else None


def _are_classes(numbers: Sequence[float | None]) -> bool:
    different = {v for v in numbers if v is not None}
    return len(different) <= _CLASSES and all(v.is_integer() for v in different)


def _kind_of_names(values: Sequence[str | None]) -> Kind:
    different = set(values) - {None}
    if not different or len(different) > max(_CLASSES, len(values) // 2):
        return "other"
    return "nominal"


def _rows(text: io.TextIOWrapper, file: Path) -> Iterator[list[str]]:
    first = text.readline()
    delimiter = "\t" if file.name.lower().removesuffix(".gz").endswith(".tsv") else _delimiter(first)
    for row in csv.reader(_again(first, text), delimiter=delimiter):
        if row:
            yield row


def _again(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


def _delimiter(heading: str) -> str:
    """The separator that the heading uses most; a comma where it uses none."""
    return max(",;\t|", key=heading.count)


def _headings(cells: Sequence[str]) -> list[str]:
    return [cell.strip()[:_TITLE] or f"column {n}" for n, cell in enumerate(cells, 1)]


def _watched(
    rows: Iterable[list[str]], raw: io.BufferedReader, total: int, progress: Progress | None
) -> Iterator[list[str]]:
    for number, row in enumerate(rows):
        if progress and number % _ROWS_A_REPORT == 0:
            progress(raw.tell(), total)
        yield row


def _limit(width: int) -> int:
    return max(1_000, CELLS // max(1, width))


def _sample(rows: Iterable[list[str]], width: int) -> tuple[list[list[str]], int]:
    """Some of *rows*, each as likely as any other (Vitter's algorithm R), and how many there are."""
    limit, kept, count = _limit(width), [], 0
    dice = random.Random(0)  # noqa: S311 - a sample of rows, the same each time
    for count, row in enumerate(rows, 1):
        if count <= limit:
            kept.append(row)
        elif (place := dice.randrange(count)) < limit:
            kept[place] = row
    return kept, count


def _note(kept: int, rows: int, described: int, width: int) -> str:
    parts = []
    if kept < rows:
        parts.append(f"The metafeatures come from a random sample of {kept:,} of the {rows:,} rows.")
    if described < width:
        parts.append(f"The first {described:,} of the {width:,} columns are described.")
    return " ".join(parts)
