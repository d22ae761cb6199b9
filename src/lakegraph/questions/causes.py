"""Which differences come with the change of a metric: a ranking, not a proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lakegraph.rdf.terms import is_literal, python_value

Values = tuple[tuple[str, ...], ...]
"""For each of the compared things its values, as tokens."""

_ORDER = ("data", "split", "parameters", "code", "environment")


@dataclass(frozen=True, slots=True)
class Cause:
    """A difference of what went in, as a cause of another of what came out.

    Attributes:
        group: Its group.
        key: What differs.
        explained: The share of the metric's variance between the things with different values, adjusted for how many
            there are (adjusted eta squared, 0 to 1); ``None`` where there are too few things to tell.
    """

    group: str
    key: str
    explained: float | None

    def as_dict(self) -> dict[str, object]:
        """The cause for JSON."""
        return {"group": self.group, "key": self.key, "explained": self.explained}


def causes(metric: Values, inputs: Sequence[tuple[str, str, Values]]) -> tuple[Cause, ...]:
    """The differences that come with the change of *metric*, the likeliest cause first.

    Args:
        metric: The values of a metric.
        inputs: Group, key and values of each difference of what went in.
    """
    numbers = [_number(each) for each in metric]
    found = [Cause(group, key, _explained(numbers, values)) for group, key, values in inputs]
    kept = [cause for cause in found if cause.explained is None or cause.explained > 0]
    return tuple(sorted(kept, key=lambda c: (-(c.explained or 0.0), _ORDER.index(c.group), c.key)))


def _number(tokens: tuple[str, ...]) -> float | None:
    found = [python_value(token) for token in tokens if is_literal(token)]
    numbers = [float(n) for n in found if not isinstance(n, str)]
    return sum(numbers) / len(numbers) if numbers else None


def _explained(numbers: Sequence[float | None], values: Values) -> float | None:
    groups: dict[tuple[str, ...], list[float]] = {}
    for number, each in zip(numbers, values, strict=True):
        if number is not None:
            groups.setdefault(each, []).append(number)
    everything = [number for group in groups.values() for number in group]
    count, kinds = len(everything), len(groups)
    if count <= kinds or kinds < 2:
        # Every thing has a value of its own: each difference explains all of it, which says nothing.
        return None if kinds > 1 else 0.0
    mean = sum(everything) / count
    total = sum((n - mean) ** 2 for n in everything)
    if not total:
        return 0.0
    within = sum((n - sum(group) / len(group)) ** 2 for group in groups.values() for n in group)
    adjusted = 1 - (within / (count - kinds)) / (total / (count - 1))
    return round(max(adjusted, 0.0), 6)
