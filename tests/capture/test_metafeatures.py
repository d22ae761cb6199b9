"""The metafeatures, against answers worked out by hand and against SciPy, pandas, NumPy and scikit-learn."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.capture.metafeatures import (
    column_metafeatures,
    entropy,
    metafeatures,
    moments,
    mutual_information,
    quartile,
    rounded,
)
from lakegraph.capture.tables import Column, Table, column, read_csv
from lakegraph.rdf.namespaces import DQV, LAKE, XSD
from lakegraph.rdf.terms import local_name
from lakegraph.rdf.vocabulary import ontology

numbers = st.lists(st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda v: round(v, 3)), min_size=4, max_size=40)
names = st.lists(st.sampled_from("abcd"), min_size=1, max_size=40)


def table(**columns: list[str]) -> Table:
    made = tuple(column(name, values, target=name == "outcome") for name, values in columns.items())
    return Table(made, len(made[0].values), len(made))


WEATHER = table(
    temperature=["85", "80", "83", "70", "68", "65"],
    humidity=["85", "90", "86", "96", "", "70"],
    outlook=["sunny", "sunny", "overcast", "rainy", "rainy", "rainy"],
    windy=["no", "yes", "no", "no", "no", "yes"],
    outcome=["no", "no", "yes", "yes", "yes", "no"],
)


def test_known_answers() -> None:
    """Counts, moments, entropies and mutual information of a table that can be worked out on paper."""
    found = metafeatures(WEATHER, "outcome")
    expected = {
        "numberOfInstances": 6, "numberOfAttributes": 5,
        "numberOfNumericAttributes": 2, "numberOfNominalAttributes": 3, "numberOfBinaryAttributes": 2,
        "numberOfMissingValues": 1, "numberOfInstancesWithMissingValues": 1,
        "percentageOfMissingValues": 100 / 30, "percentageOfInstancesWithMissingValues": 100 / 6,
        "meanMeansOfNumericFeas": (451 / 6 + 427 / 5) / 2, "minMeansOfNumericFeas": 451 / 6,
        "meanNominalAttDistinctValues": 7 / 3, "minNominalAttDistinctValues": 2, "maxNominalAttDistinctValues": 3,
        "numberOfClasses": 2, "classEntropy": 1,
        # outlook: sunny 2 (both no), overcast 1 (yes), rainy 3 (two yes); windy: yes 2 (both no), no 4 (three yes)
        "maxMutualInformation": 1 - 0.5 * (-2 / 3 * math.log2(2 / 3) - 1 / 3 * math.log2(1 / 3)),
        "minMutualInformation": 1 - 4 / 6 * (-3 / 4 * math.log2(3 / 4) - 1 / 4 * math.log2(1 / 4)),
        "maxAttributeEntropy": -(2 * math.log2(2 / 6) + math.log2(1 / 6) + 3 * math.log2(3 / 6)) / 6,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == {n: pytest.approx(v, rel=1e-11) for n, v in expected.items()}
    mean = found["meanMutualInformation"]
    assert found["equivalentNumberOfAtts"] == pytest.approx(1 / mean, rel=1e-11)
    assert found["meanNoiseToSignalRatio"] == pytest.approx((found["meanAttributeEntropy"] - mean) / mean, rel=1e-10)


def test_every_metafeature_of_the_vocabulary_is_computed() -> None:
    """A table with numbers, names and classes has all 49, by the vocabulary's notations; counts are whole numbers."""
    known = {
        local_name(s).rpartition("/")[2]: s
        for s in ontology().concepts[LAKE.Metafeature].values()
        if "/metafeature/" in s
    }
    found = metafeatures(WEATHER, "outcome")
    assert len(known) == 49
    assert set(found) == set(known)
    whole = {s for s, p, o in ontology().triples if p == DQV.expectedDataType and o == XSD.integer}
    assert {n for n, s in known.items() if s in whole} == {n for n, v in found.items() if isinstance(v, int)}


def test_every_column_metafeature_of_the_vocabulary_is_computed() -> None:
    """A numeric and a nominal column together have all 18."""
    known = {
        local_name(s).rpartition("/")[2]
        for s in ontology().concepts[LAKE.Metafeature].values()
        if "/attribute-metafeature/" in s
    }
    numeric, nominal = (column_metafeatures(WEATHER.columns[n]) for n in (0, 2))
    assert set(numeric) | set(nominal) == known
    assert (numeric["min"], numeric["max"], numeric["median"], numeric["valuesCount"]) == (65, 85, 75, 6)
    assert (nominal["mostFrequentValueCount"], nominal["leastFrequentValueCount"]) == (3, 1)
    assert nominal["chiSquareUniformDistribution"] == 1


def test_what_is_not_defined_is_left_out() -> None:
    """No target, no classes; no numbers, no moments; no rows, no percentages. Nothing is recorded as 0 instead."""
    without_target = metafeatures(WEATHER)
    assert not {"numberOfClasses", "classEntropy", "meanMutualInformation"} & set(without_target)
    assert "meanAttributeEntropy" in without_target
    only_names = metafeatures(table(a=["x", "y"]))
    assert not any(name.endswith("OfNumericFeas") for name in only_names)
    assert metafeatures(Table((), 0, 0)) == {
        "numberOfInstances": 0, "numberOfAttributes": 0, "numberOfNumericAttributes": 0,
        "numberOfNominalAttributes": 0, "numberOfBinaryAttributes": 0,
        "numberOfMissingValues": 0, "numberOfInstancesWithMissingValues": 0,
    }  # fmt: skip


def test_a_numeric_target_has_no_classes() -> None:
    """Mutual information with an amount is not what these metafeatures mean."""
    found = metafeatures(table(a=["x", "y"], outcome=["0.5", "1.25"]), "outcome")
    assert not {"numberOfClasses", "classEntropy", "meanMutualInformation"} & set(found)


def test_a_sample_does_not_pretend_to_have_counted() -> None:
    """Of a sampled table the rows are known, the number of missing values is not."""
    sampled = Table((Column("x", "numeric", [1.0, None, 3.0]),), 1_000, 1)
    found = metafeatures(sampled)
    assert found["numberOfInstances"] == 1_000
    assert "numberOfMissingValues" not in found
    assert found["percentageOfMissingValues"] == pytest.approx(100 / 3)


def test_a_constant_column() -> None:
    """A column of one value has no spread, and neither skewness nor kurtosis runs away."""
    assert moments([0.1] * 10) == (pytest.approx(0.1), pytest.approx(0, abs=1e-15), 0.0, 0.0)


@pytest.mark.parametrize(("count", "known"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 4)])
def test_too_few_values(count: int, known: int) -> None:
    """Mean needs one value, deviation two, skewness three and kurtosis four."""
    assert sum(value is not None for value in moments([1.0, 2.0, 4.0, 8.0][:count])) == known


def test_rounding_keeps_twelve_digits() -> None:
    """Short enough for an exact decimal, long enough to mean something; counts are not touched."""
    assert rounded(2 / 3) == 0.666666666667
    assert rounded(123456789.123456789) == 123456789.123
    assert rounded(10**15 + 1) == 10**15 + 1


@given(values=numbers)
@settings(max_examples=60, deadline=None)
def test_moments_are_those_of_scipy_and_pandas(values: list[float]) -> None:
    """The unbiased forms of SciPy (bias=False), which pandas computes as well."""
    stats = pytest.importorskip("scipy.stats", reason="needs the extra [sklearn]")
    numpy = pytest.importorskip("numpy")
    mean, deviation, kurtosis, skewness = moments(values)
    assert mean == pytest.approx(numpy.mean(values), rel=1e-9, abs=1e-9)
    assert deviation == pytest.approx(numpy.std(values, ddof=1), rel=1e-9, abs=1e-9)
    if max(values) - min(values) > 1e-3 * max(1, *map(abs, values)):
        assert kurtosis == pytest.approx(stats.kurtosis(values, bias=False), rel=1e-6, abs=1e-6)
        assert skewness == pytest.approx(stats.skew(values, bias=False), rel=1e-6, abs=1e-6)


@given(values=numbers, q=st.sampled_from([1, 2, 3]))
@settings(max_examples=60, deadline=None)
def test_quartiles_are_type_6(values: list[float], q: int) -> None:
    """The quartiles of Apache Commons Math, which NumPy calls Weibull's."""
    numpy = pytest.importorskip("numpy", reason="needs the extra [sklearn]")
    assert quartile(values, q) == pytest.approx(numpy.percentile(values, 25 * q, method="weibull"), rel=1e-9, abs=1e-9)


@given(rows=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_entropy_and_mutual_information(rows: list[tuple[str, str]]) -> None:
    """SciPy's entropy and scikit-learn's mutual information, in bits; it is symmetric and at most either entropy."""
    stats = pytest.importorskip("scipy.stats", reason="needs the extra [sklearn]")
    metrics = pytest.importorskip("sklearn.metrics", reason="needs the extra [sklearn]")
    left, right = [a for a, _ in rows], [b for _, b in rows]
    bits = mutual_information(left, right)
    assert entropy(Counter(left)) == pytest.approx(stats.entropy(list(Counter(left).values()), base=2), abs=1e-9)
    assert bits == pytest.approx(metrics.mutual_info_score(left, right) / math.log(2), abs=1e-9)
    assert bits == pytest.approx(mutual_information(right, left), abs=1e-12)
    assert bits <= min(entropy(Counter(left)), entropy(Counter(right))) + 1e-9


def test_the_diabetes_patients(tmp_path: Path) -> None:
    """The whole summary of a real table is that of pandas."""
    pytest.importorskip("pandas", reason="needs the extra [pandas]")
    datasets: Any = pytest.importorskip("sklearn.datasets", reason="needs the extra [sklearn]")
    frame = datasets.load_diabetes(scaled=False, as_frame=True).frame
    frame.to_csv(tmp_path / "diabetes.csv", index=False)
    found = metafeatures(read_csv(tmp_path / "diabetes.csv"))
    by_pandas = {"Means": frame.mean(), "StdDev": frame.std(), "Kurtosis": frame.kurt(), "Skewness": frame.skew()}
    for name, values in by_pandas.items():
        assert found[f"mean{name}OfNumericFeas"] == pytest.approx(values.mean(), rel=1e-9)
        assert found[f"min{name}OfNumericFeas"] == pytest.approx(values.min(), rel=1e-9)
        assert found[f"max{name}OfNumericFeas"] == pytest.approx(values.max(), rel=1e-9)
    assert isinstance(found["numberOfInstances"], int)
