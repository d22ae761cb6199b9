"""Dividing the rows of a CSV file into parts for training, validation and test, with the standard library alone."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from lakegraph.errors import UsageError


def divide(labels: Sequence[str], shares: Mapping[str, float], seed: int) -> list[str]:
    """Which part each row goes into.

    Args:
        labels: For each row what the parts shall have in the same proportions; all equal for none.
        shares: For each part its share, the first taking what the others leave.
        seed: Of the random order: the same seed gives the same parts.

    Returns:
        The name of a part for each row.

    Raises:
        UsageError: The shares leave a part empty.
    """
    first, *others = shares
    parts = [first] * len(labels)
    groups: dict[str, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        groups[label].append(row)
    dice = random.Random(seed)  # noqa: S311 - which rows to take, repeatably
    carried = dict.fromkeys(others, 0.0)
    for label in sorted(groups):
        rows = groups[label]
        dice.shuffle(rows)
        for part in others:
            # What rounding took from one group is owed to the next, so that the whole part has its share.
            due = len(groups[label]) * shares[part] + carried[part]
            count = min(max(0, round(due)), len(rows))
            carried[part] = due - count
            for row in rows[:count]:
                parts[row] = part
            rows = rows[count:]
    empty = [part for part in shares if part not in parts]
    if empty:
        raise UsageError(
            f"The part {empty[0]!r} would have none of the {len(labels)} rows.",
            hint="Choose other shares, or more data.",
        )
    return parts


def split_csv(source: Path, targets: Mapping[str, Path], parts: Mapping[str, float], by: str | None, seed: int) -> int:
    """Write the rows of *source* to one file a part, each with the headings; cells stay as they are.

    Args:
        source: A CSV file in UTF-8.
        targets: For each part its file.
        parts: For each part its share; see :func:`divide`.
        by: The column whose values the parts shall have in the same proportions.
        seed: Of the random order.

    Returns:
        The number of rows.

    Raises:
        UsageError: There is no such column, a share is impossible, or a part stays empty.
    """
    with source.open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.reader(stream) if row]
    head = rows[0] if rows else []
    if by is not None and by not in head:
        raise UsageError(f"{source.name} has no column {by!r}.", where=str(source), hint=f"It has: {', '.join(head)}.")
    place = head.index(by) if by is not None else None
    labels = ["" if place is None or place >= len(row) else row[place] for row in rows[1:]]
    belongs = divide(labels, parts, seed)
    with ExitStack() as stack:
        writers = {}
        for part, target in targets.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(target.open("w", encoding="utf-8", newline=""))
            writers[part] = csv.writer(file, lineterminator="\n")
            writers[part].writerow(head)
        for row, part in zip(rows[1:], belongs, strict=True):
            writers[part].writerow(row)
    return len(belongs)
