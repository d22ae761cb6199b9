"""The 49 metafeatures of a data set (Figure 4), and those of a column, as OpenML's evaluation engine defines them.

Missing values are left out everywhere. Definitions that have rivals:

* Standard deviation: of a sample (divisor n - 1). Skewness: G1 = n / ((n-1)(n-2)) · Σz³; kurtosis: the excess
  G2 = n(n+1) / ((n-1)(n-2)(n-3)) · Σz⁴ - 3(n-1)² / ((n-2)(n-3)); z = (x - mean) / standard deviation. These are the
  unbiased forms of Apache Commons Math, SciPy (``bias=False``) and pandas; both are 0 for a constant column.
* Quartiles over columns: Hyndman and Fan's type 6 (NumPy's ``weibull``), position (n + 1)·p held within the values.
* Entropy and mutual information: in bits, of the nominal columns other than the target, with a nominal target.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from lakegraph.capture.tables import Column, Table, Value

DIGITS: Final = 12
"""Significant digits of a recorded number: the rest differs between machines and means nothing."""

Number = int | float


def metafeatures(table: Table, target: str | None = None) -> dict[str, Number]:
    """The metafeatures of a table, by notation.

    Args:
        table: The table. Of a sampled one the counts of missing values are left out, because they are not known.
        target: The column to predict; without one there are no classes and no mutual information.

    Returns:
        Every metafeature that is defined for this table: counts as whole numbers, all else rounded to 12 digits.
    """
    by_name = {c.name: c for c in table.columns}
    goal = by_name.get(target) if target else None
    found: dict[str, Number | None] = {
        **_counts(table),
        **_missing(table),
        **_moments([c for c in table.columns if c.kind == "numeric"]),
        **_distinct([c for c in table.columns if c.kind == "nominal"]),
        **_information([c for c in table.columns if c.kind == "nominal" and c is not goal], goal),
    }
    return {name: rounded(value) for name, value in found.items() if value is not None and math.isfinite(value)}


def column_metafeatures(column: Column) -> dict[str, Number]:
    """The metafeatures of one column, by notation (Figure 2, classes NumericAttribute and NominalAttribute)."""
    counts = Counter(column.present)
    found: dict[str, Number | None] = {
        "valuesCount": counts.total(),
        "missingValuesCount": len(column.values) - counts.total(),
        "distinctValuesCount": len(counts),
        "entropy": entropy(counts) if counts else None,
    }
    if column.kind == "numeric":
        found |= _spread(column.numbers())
    elif column.kind == "nominal" and counts:
        even = counts.total() / len(counts)
        found["mostFrequentValueCount"] = max(counts.values())
        found["leastFrequentValueCount"] = min(counts.values())
        found["chiSquareUniformDistribution"] = math.fsum((n - even) ** 2 / even for n in counts.values())
    return {name: rounded(value) for name, value in found.items() if value is not None and math.isfinite(value)}


def rounded(value: Number) -> Number:
    """*value* with 12 significant digits; whole numbers stay what they are."""
    return value if isinstance(value, int) else float(f"{value:.{DIGITS}g}")


# -- of the table -----------------------------------------------------------------------------------------------------


def _counts(table: Table) -> dict[str, Number | None]:
    kinds = Counter(c.kind for c in table.columns)
    whole = len(table.columns) == table.width
    return {
        "numberOfInstances": table.rows,
        "numberOfAttributes": table.width,
        "numberOfNumericAttributes": kinds["numeric"] if whole else None,
        "numberOfNominalAttributes": kinds["nominal"] if whole else None,
        "numberOfBinaryAttributes": (
            sum(c.kind == "nominal" and len(set(c.present)) == 2 for c in table.columns) if whole else None
        ),
    }


def _missing(table: Table) -> dict[str, Number | None]:
    rows = len(table.columns[0].values) if table.columns else 0
    values = sum(v is None for c in table.columns for v in c.values)
    instances = sum(any(v is None for v in row) for row in zip(*(c.values for c in table.columns), strict=True))
    cells = rows * len(table.columns)
    known = not table.sampled and len(table.columns) == table.width
    return {
        "numberOfMissingValues": values if known else None,
        "numberOfInstancesWithMissingValues": instances if known else None,
        "percentageOfMissingValues": 100 * values / cells if cells else None,
        "percentageOfInstancesWithMissingValues": 100 * instances / rows if rows else None,
    }


def _moments(columns: Sequence[Column]) -> dict[str, Number | None]:
    each = [moments(c.numbers()) for c in columns]
    found: dict[str, Number | None] = {}
    for which, name in enumerate(("Means", "StdDev", "Kurtosis", "Skewness")):
        values = [m[which] for m in each]
        found |= _summary([v for v in values if v is not None], f"{name}OfNumericFeas")
    return found


def _summary(values: Sequence[float], of: str) -> dict[str, Number | None]:
    if not values:
        return {}
    return {
        f"mean{of}": math.fsum(values) / len(values),
        f"min{of}": min(values),
        f"max{of}": max(values),
        **{f"quartile{q}{of}": quartile(values, q) for q in (1, 2, 3)},
    }


def _distinct(columns: Sequence[Column]) -> dict[str, Number | None]:
    counts = [len(set(c.present)) for c in columns]
    if not counts:
        return {}
    return {
        "meanNominalAttDistinctValues": math.fsum(counts) / len(counts),
        "minNominalAttDistinctValues": min(counts),
        "maxNominalAttDistinctValues": max(counts),
    }


def _information(columns: Sequence[Column], target: Column | None) -> dict[str, Number | None]:
    found: dict[str, Number | None] = {}
    entropies = [entropy(Counter(c.present)) for c in columns if c.present]
    if entropies:
        summary = _summary(entropies, "AttributeEntropy")
        found |= {name: value for name, value in summary.items() if not name.startswith("quartile")}
    if target is None or target.kind != "nominal" or not target.present:
        return found
    classes = Counter(target.present)
    found["numberOfClasses"] = len(classes)
    found["classEntropy"] = entropy(classes)
    shared = [mutual_information(c.values, target.values) for c in columns if c.present]
    if shared:
        found |= _summary(shared, "MutualInformation")
        mean = math.fsum(shared) / len(shared)
        if mean > 0:
            found["equivalentNumberOfAtts"] = entropy(classes) / mean
            found["meanNoiseToSignalRatio"] = (math.fsum(entropies) / len(entropies) - mean) / mean
    return found


# -- formulas ---------------------------------------------------------------------------------------------------------


def moments(x: Sequence[float]) -> tuple[float | None, float | None, float | None, float | None]:
    """Mean, standard deviation, excess kurtosis and skewness of *x*; ``None`` where there are too few values."""
    n = len(x)
    if n == 0:
        return None, None, None, None
    mean = math.fsum(x) / n
    if n == 1:
        return mean, None, None, None
    away = [v - mean for v in x]
    deviation = math.sqrt(math.fsum(d * d for d in away) / (n - 1))
    # Below this the differences are what rounding left of equal numbers.
    if deviation <= 1e-12 * max(abs(mean), math.ulp(1)):
        return mean, deviation, 0.0 if n > 3 else None, 0.0 if n > 2 else None
    z = [d / deviation for d in away]
    skewness = n / ((n - 1) * (n - 2)) * math.fsum(v**3 for v in z) if n > 2 else None
    if n < 4:
        return mean, deviation, None, skewness
    fourth = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3)) * math.fsum(v**4 for v in z)
    return mean, deviation, fourth - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)), skewness


def quartile(values: Sequence[float], q: int) -> float:
    """The *q*-th quartile of *values* (type 6 of Hyndman and Fan, The American Statistician 50, 1996)."""
    ordered = sorted(values)
    place = min(max((len(ordered) + 1) * q / 4, 1), len(ordered))
    low = int(place)
    above = ordered[min(low, len(ordered) - 1)]
    return ordered[low - 1] + (place - low) * (above - ordered[low - 1])


def entropy(counts: Mapping[Value, int]) -> float:
    """Shannon's entropy of frequencies, in bits."""
    total = sum(counts.values())
    return -math.fsum(n / total * math.log2(n / total) for n in counts.values()) + 0.0


def mutual_information(a: Iterable[Value], b: Iterable[Value]) -> float:
    """What two columns tell of each other, in bits, over the rows in which both have a value; never below 0."""
    pairs = Counter((x, y) for x, y in zip(a, b, strict=True) if x is not None and y is not None)
    total = pairs.total()
    if not total:
        return 0.0
    left: Counter[Value] = Counter()
    right: Counter[Value] = Counter()
    for (x, y), n in pairs.items():
        left[x] += n
        right[y] += n
    bits = math.fsum(n / total * math.log2(n * total / (left[x] * right[y])) for (x, y), n in pairs.items())
    # OpenML rounds to 14 places as well: independence shows as 0, not as what rounding left of it.
    return max(0.0, round(bits, 14))


def _spread(x: Sequence[float]) -> dict[str, Number | None]:
    if not x:
        return {}
    mean, deviation, kurtosis, skewness = moments(x)
    first, middle, third = (quartile(x, q) for q in (1, 2, 3))
    reach = 1.5 * (third - first)
    return {
        "min": min(x),
        "max": max(x),
        "mean": mean,
        "quartile1": first,
        "median": middle,
        "quartile3": third,
        "variance": None if deviation is None else deviation**2,
        "standardDeviation": deviation,
        "skewness": skewness,
        "kurtosis": kurtosis,
        "outliersCount": sum(v < first - reach or v > third + reach for v in x),
    }
