"""The part of a W that concerns one kind of thing gives what the whole gives."""

from __future__ import annotations

import pytest
from lakes import TestLake, thing
from test_card import KINDS

from lakegraph.questions import WS
from lakegraph.questions.asking import rows_of, text_of
from lakegraph.questions.branches import narrowed, rows_about
from lakegraph.questions.direct import direct
from lakegraph.questions.told import Told
from lakegraph.rdf.namespaces import LAKE, RDF


@pytest.mark.parametrize("w", WS)
def test_no_answer_is_lost(worked: TestLake, w: str) -> None:
    """For every kind of thing, the branches that are left out had no answer."""
    for path in KINDS:
        about = thing(path)
        classes = list(worked.graph.objects(about, RDF.type))
        text = narrowed(w, classes)
        part = rows_of(worked.graph, text, {"about": about}) if text else []
        whole = rows_of(worked.graph, text_of(f"5w1h/{w}"), {"about": about})
        assert sorted(map(str, named(w, part))) == sorted(map(str, named(w, whole))), path
        some = rows_about(worked.graph, Told(worked.graph, about), classes, (w,))
        assert sorted(map(str, named(w, some))) == sorted(map(str, named(w, whole))), path


def test_all_six_at_once(worked: TestLake) -> None:
    """One query for all gives what the six give, each row with its W, whether a branch is read or asked."""
    for path in KINDS:
        about = thing(path)
        classes = list(worked.graph.objects(about, RDF.type))
        rows = rows_about(worked.graph, Told(worked.graph, about), classes)
        apart = [row for w in WS for row in named(w, rows_of(worked.graph, text_of(f"5w1h/{w}"), {"about": about}))]
        assert sorted(map(str, (sorted(row.items(), key=str) for row in rows))) == sorted(
            map(str, (sorted(row.items(), key=str) for row in apart))
        ), path


def named(w: str, rows: list[dict[str, str | None]]) -> list[dict[str, str | None]]:
    """Rows with every column that the six have, in one order."""
    columns = [
        "about",
        "w",
        "order",
        "rank",
        "text",
        "before",
        "value",
        "until",
        "shown",
        "after",
        "on",
        "via",
        "record",
    ]
    return [{name: row.get(name) for name in columns} | {"w": f'"{w}"'} for row in rows]


def test_less_is_asked() -> None:
    """A run is asked about less than half of what there is; a person is not asked where they lie."""
    part = narrowed("what", [LAKE.TrainingRun])
    assert part is not None
    assert len(part) < len(text_of("5w1h/what")) * 0.6
    assert narrowed("where", [LAKE.User]) is None


def test_strangers_are_asked_everything() -> None:
    """A thing of no kind that the six know is asked with the whole query."""
    whole = text_of("5w1h/how").count("  UNION")
    for stranger in ([], [RDF.List]):
        assert (narrowed("how", stranger) or "").count("  UNION") == whole


def test_which_branches_are_read() -> None:
    """A branch of a few statements and words is read; what counts, sorts, or begins with what may be many is not."""
    from lakegraph.questions.branches import _branches

    read = [branch for branch in _branches() if branch.direct]
    assert len(read) > 100
    for branch in read:
        assert not any(word in branch.text for word in ("DISTINCT", "ORDER BY", "COUNT", "MAX(", "IF("))
    own = "{ GRAPH ?record { ?about lake:owner ?value } BIND(?about AS ?on) BIND(1.0 AS ?order) }"
    assert direct(own)
    assert direct(own.replace("BIND(1.0", "FILTER(?value = 1) BIND(1.0")) is None
    assert direct(own.replace("lake:owner ?value", "lake:owner+ ?value")) is None
