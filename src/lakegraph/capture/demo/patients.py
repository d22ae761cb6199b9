"""The demo's data: the diabetes patients of Efron, Hastie, Johnstone and Tibshirani (2004), and what is done to them.

442 patients, ten measurements at baseline, and how far the disease had progressed one year later: Least Angle
Regression, The Annals of Statistics 32 (2004), 407-499. scikit-learn carries a copy.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Final

from lakegraph.capture.estimators import sklearn

TITLE: Final = "Diabetes progression"
SOURCE: Final = "https://scikit-learn.org/stable/datasets/toy_dataset.html#diabetes-dataset"
MEASURED: Final = "progression"
OUTCOME: Final = "outcome"
CODES: Final = "sex"
"""The column whose two numbers are codes."""

Rows = list[dict[str, str]]


def write_raw(path: Path) -> list[str]:
    """Write the patients as they come, unscaled; returns the names of the ten measurements.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    bunch = sklearn("datasets").load_diabetes(scaled=False)
    names = [str(name) for name in bunch.feature_names]
    rows = [[*map(float, x), float(y)] for x, y in zip(bunch.data, bunch.target, strict=True)]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*names, MEASURED])
        writer.writerows([f"{value:g}" for value in row] for row in rows)
    return names


def read(path: Path) -> Rows:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write(path: Path, rows: Rows) -> None:
    """Write rows as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def without_faults(rows: Rows) -> Rows:
    """Without rows that are repeated or miss a value."""
    seen: dict[tuple[str, ...], dict[str, str]] = {tuple(row.values()): row for row in rows}
    return [row for row in seen.values() if all(value.strip() for value in row.values())]


def scaled(rows: Rows, names: Sequence[str]) -> Rows:
    """With the columns *names* at mean 0 and standard deviation 1."""
    out = [dict(row) for row in rows]
    for name in names:
        values = [float(row[name]) for row in rows]
        mean, deviation = fmean(values), stdev(values)
        for row, value in zip(out, values, strict=True):
            row[name] = f"{(value - mean) / deviation:.6f}"
    return out


def binarised(rows: Rows) -> tuple[Rows, float]:
    """With the progression replaced by whether it lies above its median, and that median."""
    middle = median(float(row[MEASURED]) for row in rows)
    out = []
    for row in rows:
        kept = {name: value for name, value in row.items() if name != MEASURED}
        out.append({**kept, OUTCOME: "1" if float(row[MEASURED]) > middle else "0"})
    return out, middle


def features_and_outcome(path: Path, names: Sequence[str]) -> tuple[list[list[float]], list[int]]:
    """What an estimator takes: the columns *names* as numbers, and the outcome."""
    rows = read(path)
    return [[float(row[name]) for name in names] for row in rows], [int(row[OUTCOME]) for row in rows]
