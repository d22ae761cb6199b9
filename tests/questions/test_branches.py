"""The part of a W that concerns one kind of thing gives what the whole gives."""

from __future__ import annotations

import pytest
from lakes import TestLake, thing
from test_card import KINDS

from lakegraph.questions import WS
from lakegraph.questions.asking import rows_of, text_of
from lakegraph.questions.branches import narrowed, possible
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
        likely = possible(worked.graph, about, classes, (w,))
        some = rows_of(worked.graph, likely, {"about": about}) if likely else []
        assert sorted(map(str, named(w, some))) == sorted(map(str, named(w, whole))), path


def test_all_six_at_once(worked: TestLake) -> None:
    """One query for all gives what the six give, each row with its W, and asks less than half of them."""
    for path in KINDS:
        about = thing(path)
        classes = list(worked.graph.objects(about, RDF.type))
        text = possible(worked.graph, about, classes)
        rows = rows_of(worked.graph, text, {"about": about}) if text else []
        apart = [row for w in WS for row in named(w, rows_of(worked.graph, text_of(f"5w1h/{w}"), {"about": about}))]
        assert sorted(map(str, (sorted(row.items(), key=str) for row in rows))) == sorted(
            map(str, (sorted(row.items(), key=str) for row in apart))
        ), path
        assert len(text or "") < sum(len(text_of(f"5w1h/{w}")) for w in WS) / 2


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
