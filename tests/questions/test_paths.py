"""Why one thing has to do with another, and what rests on a thing."""

from __future__ import annotations

import json

import pytest
from lakes import BASE, TestLake, diabetes, thing
from test_lineage import steps

from lakegraph.errors import NotFoundError
from lakegraph.questions import impact, why
from lakegraph.rdf.namespaces import DCT, LAKE, RDF
from lakegraph.rdf.terms import literal

MODEL, SOURCE = thing("model/diabet-predictor/1"), thing("source/diabetes")
SENTENCE = (
    "Diabet Predictor v1 was made by Train SVM (Tim, 17 Apr 2024) from Diabetes v1, which was made by Clean Diabetes "
    "(Bob, 1 Mar 2024) from Diabetes v0, which was made by Ingest Diabetes (Bob, 25 Feb 2024) from Diabetes."
)


def test_a_path_is_a_sentence(worked: TestLake) -> None:
    """From the later to the earlier thing, through each run with who and when; the order of the two does not matter."""
    found = why(worked.graph, MODEL, SOURCE)
    assert str(found) == SENTENCE
    assert found.complete
    assert [path.steps for path in found] == [3]
    assert why(worked.graph, SOURCE, MODEL) == found
    data = json.loads(json.dumps(found.as_dict()))
    assert data["from"] == MODEL[1:-1]
    assert data["paths"][0]["sentence"] == SENTENCE


def test_runs_have_paths(worked: TestLake) -> None:
    """A path may begin or end at a run."""
    train, ingest = thing("run/trn-1"), thing("run/ing-1")
    said = str(why(worked.graph, train, ingest))
    assert said.startswith("Train SVM read Diabetes v1, which was made by Clean Diabetes")
    assert said.endswith("which was made by Ingest Diabetes (Bob, 25 Feb 2024).")


def test_every_path_shortest_first() -> None:
    """Two ways are two sentences, the shorter one first; more than asked for are announced."""
    lake = TestLake()
    steps(lake, [("a", ["s"], ["m"]), ("b", ["m"], ["n"]), ("c", ["n", "m"], ["t"])])
    found = why(lake.graph, thing("x/t"), thing("x/s"))
    assert [path.steps for path in found] == [2, 3]
    assert str(found).splitlines()[0] == "t was made by c from m, which was made by a from s."
    cut = why(lake.graph, thing("x/t"), thing("x/s"), max_paths=1)
    assert len(cut) == 1
    assert not cut.complete
    assert str(cut).endswith("… and more paths")


def test_a_ladder_of_diamonds_ends() -> None:
    """A graph with more paths than could be listed gives the first ones and says so."""
    lake = TestLake()
    rungs = []
    for n in range(24):
        rungs += [(f"l{n}", [f"{n}"], [f"l{n}"]), (f"r{n}", [f"{n}"], [f"r{n}"])]
        rungs.append((f"j{n}", [f"l{n}", f"r{n}"], [f"{n + 1}"]))
    steps(lake, rungs)
    found = why(lake.graph, thing("x/24"), thing("x/0"))
    assert not found.complete


def test_stated_derivations_and_cycles() -> None:
    """A derivation without a run is said as such; a cycle gives no endless path."""
    lake = TestLake()
    a, b = thing("x/a"), thing("x/b")
    lake.state([(a, LAKE.derivedFrom, b), (a, DCT.title, literal("a"))], f"{BASE}id/x/a")
    assert str(why(lake.graph, a, b)) == "a is derived from b."
    steps(lake, [("r", ["a"], ["b"])])
    assert len(why(lake.graph, a, b)) == 1


def test_things_without_a_path(worked: TestLake) -> None:
    """Where neither came from the other, what both came from is named."""
    lake = TestLake()
    steps(lake, [("a", ["s"], ["l"]), ("b", ["s"], ["r"])])
    lake.state([(thing("x/s"), DCT.title, literal("s"))], f"{BASE}id/x/s")
    found = why(lake.graph, thing("x/l"), thing("x/r"))
    assert str(found) == "l and r: neither came from the other. Both came from s."
    assert not found.paths
    assert str(why(worked.graph, MODEL, thing("user/bob"))).endswith("v1 and Bob: neither came from the other.")
    with pytest.raises(NotFoundError, match="knows nothing of"):
        why(worked.graph, MODEL, thing("model/nope"))


def test_impact_counts_by_kind_and_owner(worked: TestLake) -> None:
    """Everything downstream, by kind and owner, with the deployments by name."""
    found = impact(worked.graph, SOURCE)
    assert found.things == 4
    assert found.kinds == {"dataset": 2, "model": 1, "deployment": 1}
    assert found.owners == {"Bob": 2, "Tim": 1}
    assert [node.label for node in found.deployments] == ["diabetes API"]
    assert found.complete
    text = str(found)
    assert text.splitlines()[0] == "Diabetes: 4 things rest on it."
    assert "  Kinds       2 dataset · 1 deployment · 1 model" in text
    assert "  Deployments diabetes API" in text
    assert json.loads(json.dumps(found.as_dict()))["kinds"]["dataset"] == 2


def test_impact_of_what_nothing_rests_on(worked: TestLake) -> None:
    """A leaf has no impact; one thing is one thing; an unknown thing is an error."""
    assert str(impact(worked.graph, thing("deployment/diabetes-api"))) == "diabetes API: nothing rests on it."
    assert str(impact(diabetes({"dep-1": None, "mon-1": None}).graph, thing("dataset/diabetes/1"))).startswith(
        "Diabetes v1: 1 thing rests on it."
    )
    with pytest.raises(NotFoundError, match="knows nothing of"):
        impact(worked.graph, thing("model/nope"))


def test_impact_of_foreign_things_and_cycles() -> None:
    """Things that the lake has not named are counted by their classes; a cycle does not count the thing itself."""
    lake = TestLake()
    lake.state(
        [
            ("<urn:run>", LAKE.sourceData, "<urn:a>"),
            ("<urn:run>", LAKE.targetData, "<urn:b>"),
            ("<urn:b>", RDF.type, LAKE.StructuredDataset),
            ("<urn:again>", LAKE.sourceData, "<urn:b>"),
            ("<urn:again>", LAKE.targetData, "<urn:a>"),
            ("<urn:a>", RDF.type, LAKE.StructuredDataset),
        ],
        f"{BASE}id/run/foreign",
    )
    found = impact(lake.graph, "<urn:a>")
    assert found.things == 1
    assert found.kinds == {"dataset": 1}
