"""Lineage: exact and complete on every path, within limits that it admits to, and ended by cycles."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lakes import BASE, TestLake, thing

from lakegraph.errors import NotFoundError, UsageError
from lakegraph.questions import Lineage
from lakegraph.questions import lineage as lineage_of
from lakegraph.rdf.namespaces import DCT, LAKE, RDF
from lakegraph.rdf.terms import literal

MODEL = thing("model/diabet-predictor/1")


def lineage(lake: TestLake, start: str, *steps: Any, **limits: Any) -> Lineage:
    """A lineage, walked in the index and in the graph, which say the same of it."""
    found = lineage_of(lake.graph, start, *steps, index=lake.index, **limits)
    slow = lineage_of(lake.graph, start, *steps, **limits)
    if "max_nodes" not in limits:  # which nodes are left out depends on the order of neighbours
        assert {t: n.distance for t, n in found.nodes.items()} == {t: n.distance for t, n in slow.nodes.items()}
        assert {t for t, n in found.nodes.items() if n.run} == {t for t, n in slow.nodes.items() if n.run}
        assert set(found.edges) == set(slow.edges)
        assert found.hidden == slow.hidden
    assert (len(found), found.complete, found.depth) == (len(slow), slow.complete, slow.depth)
    return found


def names(found: Lineage) -> set[str]:
    """The nodes of a lineage by the last part of their IRIs."""
    return {token[1:-1].removeprefix(f"{BASE}id/") for token in found.nodes}


def steps(lake: TestLake, made: Iterable[tuple[str, list[str], list[str]]]) -> None:
    """Record processes: name, what each read, what each made."""
    for run, inputs, outputs in made:
        said = [(thing(f"run/{run}"), RDF.type, LAKE.Process), (thing(f"run/{run}"), DCT.title, literal(run))]
        said += [(thing(f"run/{run}"), LAKE.sourceData, thing(f"x/{name}")) for name in inputs]
        for name in outputs:
            said.append((thing(f"run/{run}"), LAKE.targetData, thing(f"x/{name}")))
            said.append((thing(f"x/{name}"), DCT.title, literal(name)))
        lake.state(said, f"{BASE}id/run/{run}")


def test_upstream_of_the_model(worked: TestLake) -> None:
    """Everything that the model came from, through every run, exact to the version."""
    found = lineage(worked, MODEL)
    assert names(found) == {
        "model/diabet-predictor/1",
        "run/trn-1",
        "dataset/diabetes/1",
        "run/prc-1",
        "dataset/diabetes/0",
        "run/ing-1",
        "source/diabetes",
    }
    assert [n.label for n in found][:3] == ["Diabet Predictor v1", "Train SVM", "Diabetes v1"]
    assert [n.run for n in found][:3] == [False, True, False]
    assert (found.complete, found.depth, found.steps, dict(found.hidden)) == (True, 3, 3, {})
    assert {(e.source, e.target) for e in found.edges} >= {
        (thing("dataset/diabetes/1"), thing("run/trn-1")),
        (thing("run/trn-1"), MODEL),
    }
    assert found.before(MODEL) == [thing("run/trn-1")]
    assert found.after(thing("dataset/diabetes/1")) == [thing("run/trn-1")]


def test_code_and_parameters_are_no_ancestors(worked: TestLake) -> None:
    """Lineage follows data alone: programs, settings and environments are used, not derived from."""
    found = names(lineage(worked, MODEL, "all", "all"))
    assert not {n for n in found if n.startswith(("program", "environment", "parameter"))}


def test_downstream_reaches_deployments(worked: TestLake) -> None:
    """What came of the source ends at the service; both sides of a thing in the middle are there."""
    assert "deployment/diabetes-api" in names(lineage(worked, thing("source/diabetes"), 0, "all"))
    both = lineage(worked, thing("dataset/diabetes/1"), "all", "all")
    assert len(both) == 9
    assert both.nodes[thing("source/diabetes")].distance == -2
    assert both.nodes[thing("deployment/diabetes-api")].distance == 2


def test_a_run_has_a_lineage(worked: TestLake) -> None:
    """From a run, up goes what it read and down what it made."""
    found = lineage(worked, thing("run/trn-1"), 0, "all")
    assert names(found) == {"run/trn-1", "model/diabet-predictor/1", "run/dep-1", "deployment/diabetes-api"}
    assert found.nodes[thing("run/trn-1")].run
    up = names(lineage(worked, thing("run/trn-1"), 1, 0))
    assert up == {"run/trn-1", "dataset/diabetes/1", "run/prc-1", "dataset/diabetes/0"}


def test_limits_are_admitted(worked: TestLake) -> None:
    """A cut lineage says that it is not complete, and how many neighbours each node of the border has left out."""
    found = lineage(worked, thing("dataset/diabetes/1"), 1, 1)
    assert not found.complete
    assert found.hidden == {thing("dataset/diabetes/0"): 1, MODEL: 1}
    few = lineage(worked, MODEL, max_nodes=3)
    assert len(few) == 3
    assert few.hidden == {thing("dataset/diabetes/1"): 1}
    assert lineage(worked, MODEL, 0, 0).complete
    late = lineage(worked, MODEL, deadline=0)
    assert not late.complete
    assert len(late) == 1


@pytest.mark.parametrize("up", [1, 2, 3, 4])
def test_steps_and_all_agree(worked: TestLake, up: int) -> None:
    """Walking step by step finds what the one query for everything finds, as far as it goes."""
    whole, part = lineage(worked, MODEL, "all"), lineage(worked, MODEL, up)
    assert set(part.nodes) == {token for token, node in whole.nodes.items() if abs(node.distance) <= up}
    assert set(part.edges) <= set(whole.edges)
    assert part.complete == (up >= 3)


def test_every_path_of_a_diamond() -> None:
    """Two ways from one thing to another are two ways, and the thing where they meet stands once."""
    lake = TestLake()
    steps(lake, [("a", ["s"], ["l"]), ("b", ["s"], ["r"]), ("c", ["l", "r"], ["t"])])
    found = lineage(lake, thing("x/t"))
    assert len(found) == 7
    assert len(found.edges) == 7
    assert found.text().count("s (see above)") == 0, "the source has nothing above it to come back to"
    assert sorted(found.after(thing("x/s"))) == [thing("run/a"), thing("run/b")]


def test_cycles_end() -> None:
    """A thing that came from itself is walked once, in either mode, up and down."""
    lake = TestLake()
    steps(lake, [("a", ["x"], ["y"]), ("b", ["y"], ["x"])])
    for up in ("all", 10):
        found = lineage(lake, thing("x/x"), up, up)
        assert len(found) == 4
        assert len(found.edges) == 4
        assert found.complete
        assert "x (see above)" in found.text()
        assert found.to_svg().startswith("<svg")


def test_models_that_feed_data_and_models() -> None:
    """Predictions, fine-tuning and evaluation are steps like any other."""
    lake = TestLake()
    run = {"startedAt": "2024-01-01T00:00:00Z"}
    lake.record({**run, "id": "t", "type": "TrainingRun", "analyzes": [f"{BASE}id/dataset/d/0"],
                 "hasOutputModel": [{"title": "m"}]})  # fmt: skip
    lake.record({**run, "id": "p", "type": "Process", "appliesModel": "m@1", "sourceData": [f"{BASE}id/dataset/new/0"],
                 "targetData": [{"title": "predictions"}]})  # fmt: skip
    lake.record({**run, "id": "f", "type": "FineTuningRun", "baseModel": "m@1", "analyzes": ["predictions@0"],
                 "hasOutputModel": [{"title": "tuned"}]})  # fmt: skip
    lake.record({**run, "id": "e", "type": "EvaluationRun", "evaluatesModel": "tuned@1", "analyzes": ["predictions@0"]})
    tuned = lineage(lake, thing("model/tuned/1"))
    assert {"model/m/1", "dataset/predictions/0", "dataset/new/0", "dataset/d/0"} <= names(tuned)
    onward = names(lineage(lake, thing("model/m/1"), 0, "all"))
    assert "run/e" in onward, "a step that made nothing is still a step"


def test_derivations_stated_without_a_run() -> None:
    """What a record states outright is part of the lineage, in either mode and direction."""
    lake = TestLake()
    steps(lake, [("a", ["s"], ["t"])])
    stated = [(thing("x/s"), LAKE.derivedFrom, thing("x/older")), (thing("x/s"), DCT.title, literal("s"))]
    lake.state(stated, f"{BASE}id/x/s")
    for up in ("all", 5):
        found = lineage(lake, thing("x/t"), up)
        assert thing("x/older") in found.nodes
        assert (thing("x/older"), thing("x/s")) in {(e.source, e.target) for e in found.edges}
        assert LAKE.derivedFrom[1:-1].rpartition("#")[2] in found.to_turtle()
        down = lineage(lake, thing("x/older"), 0, up)
        assert thing("x/t") in down.nodes


def test_a_long_chain_is_walked_whole() -> None:
    """A thousand steps are neither cut nor too deep for any of the forms."""
    lake = TestLake()
    said = []
    for n in range(1000):
        run = thing(f"run/r{n}")
        said += [(run, LAKE.sourceData, thing(f"x/{n}")), (run, LAKE.targetData, thing(f"x/{n + 1}"))]
    lake.state(said, f"{BASE}id/run/chain")
    found = lineage(lake, thing("x/1000"), describe=0)
    assert (found.complete, found.depth, found.steps, len(found)) == (True, 1000, 1000, 2001)
    assert "and 1601 more" in found.text()
    assert max(map(len, found.text().splitlines())) < 200
    assert found.to_svg().count("<g ") == 2001
    assert found.to_dot().count("->") == 2000


FEW = st.integers(0, 7)


@given(st.lists(st.tuples(st.lists(FEW, max_size=3), st.lists(FEW, max_size=2)), max_size=8))
@settings(max_examples=25, deadline=None)
def test_any_graph_is_walked_right(runs: list[tuple[list[int], list[int]]]) -> None:
    """On any graph, cycles and all: both modes agree with a plain search, and every edge has both its ends."""
    lake = TestLake()
    steps(lake, [(f"r{n}", [str(i) for i in i_], [str(o) for o in o_]) for n, (i_, o_) in enumerate(runs)])
    start = thing("x/0")
    wanted, queue = {start}, [start]
    for node in queue:
        for number, (inputs, outputs) in enumerate(runs):
            if node in (thing(f"x/{o}") for o in outputs):
                fresh = {thing(f"run/r{number}")} | {thing(f"x/{i}") for i in inputs}
                queue += [n for n in fresh - wanted if "/x/" in n]
                wanted |= fresh
    lake.state([(start, DCT.title, literal("0"))], f"{BASE}id/x/0")
    for up in ("all", 20):
        found = lineage(lake, start, up, 0)
        assert set(found.nodes) == wanted
        assert found.complete
        assert all({e.source, e.target} <= set(found.nodes) for e in found.edges)
    cut = lineage(lake, start, "all", "all", max_nodes=4)
    assert len(cut) <= 4
    assert set(cut.hidden) <= set(cut.nodes)
    json.dumps(cut.as_dict())


def test_wrong_use_is_refused(worked: TestLake) -> None:
    """Negative limits and unknown things are clear errors."""
    with pytest.raises(UsageError, match="-1 is no number of steps") as caught:
        lineage(worked, MODEL, -1)
    assert caught.value.where == "up"
    with pytest.raises(NotFoundError, match=r"knows nothing of https://lake\.example\.org/id/model/nope"):
        lineage(worked, thing("model/nope"))
    assert len(lineage(worked, thing("user/bob"))) == 1, "a known thing without lineage is alone"


def test_tree(worked: TestLake) -> None:
    """The tree that people see, and how it is dressed."""
    assert lineage(worked, MODEL).text() == (
        "Diabet Predictor v1\n"
        "└─ Train SVM · Tim · 17 Apr 2024 · accuracy 0.9354\n"
        "   └─ Diabetes v1\n"
        "      └─ Clean Diabetes · Bob · 1 Mar 2024 · impute missing values, scale numeric attributes\n"
        "         └─ Diabetes v0\n"
        "            └─ Ingest Diabetes · Bob · 25 Feb 2024 · batch\n"
        "               └─ Diabetes (UCI Machine Learning Repository)                       complete, 3 steps"
    )
    cut = lineage(worked, MODEL, 1, 1)
    assert "Diabetes v1 … 1 more" in str(cut)
    assert "made from it:\nDiabet Predictor v1\n└─ Deploy Diabet Predictor · Tim · 19 Apr 2024\n   └─ dia" in str(cut)
    assert str(cut).endswith("not complete: 2 steps, 1 neighbour left out")
    dressed = lineage(worked, MODEL, 1).text(lambda text, role: f"<{role}>{text}</{role}>")
    assert "<run>Train SVM · Tim · 17 Apr 2024 · accuracy 0.9354</run>" in dressed


def test_repeats_are_marked() -> None:
    """A thing that two paths lead through stands once with all that is below it, and is referred to after that."""
    lake = TestLake()
    steps(lake, [("a", ["s"], ["m"]), ("b", ["m"], ["l"]), ("c", ["m"], ["r"]), ("d", ["l", "r"], ["t"])])
    text = lineage(lake, thing("x/t")).text()
    assert text.count("m (see above)") == 1
    assert text.count("─ a") == 1


def test_forms(worked: TestLake) -> None:
    """JSON, DOT, Mermaid, Turtle and data frames hold the same nodes and edges."""
    found = lineage(worked, MODEL, 1)
    data = json.loads(json.dumps(found.as_dict()))
    assert data["complete"] is False
    assert data["nodes"][1] == {
        "iri": thing("run/trn-1")[1:-1],
        "type": "run",
        "kind": "training run",
        "title": "Train SVM",
        "distance": -1,
        "who": ["Tim"],
        "when": "2024-04-17T08:00:00Z",
        "detail": "accuracy 0.9354",
    }
    assert data["hidden"] == {thing("dataset/diabetes/1")[1:-1]: 1}
    dot = found.to_dot()
    assert 'n0 [label="Diabet Predictor v1", shape=box, style="bold"' in dot
    assert 'n2 [label="Diabetes v1 (+1)"' in dot
    assert "n2 -> n1;" in dot
    mermaid = found.to_mermaid()
    assert '  n1(["Train SVM"])' in mermaid
    assert "  n2 --> n1" in mermaid
    parsed = ox.parse(found.to_turtle(), format=ox.RdfFormat.TURTLE)
    triples = {(str(q.subject), str(q.predicate), str(q.object)) for q in parsed}
    assert (thing("run/trn-1"), LAKE.hasInputData, thing("dataset/diabetes/1")) in triples
    assert all(list(worked.graph.match(*triple)) for triple in triples)
    assert list(found.to_pandas()["source_title"]) == ["Train SVM", "Diabetes v1"]


def test_svg(worked: TestLake) -> None:
    """The drawing has a real link for each node, flows from left to right, and shows what was left out."""
    from lakegraph.questions.svg import layout

    found = lineage(worked, MODEL, 2)
    drawing = found.to_svg()
    assert drawing == found._repr_html_()
    assert f'<a href="{MODEL[1:-1]}"><rect' in drawing
    assert ">+1</text>" in drawing
    assert "<script" not in drawing
    places = layout(found).places
    assert len(set(places.values())) == len(places), "no two nodes stand in one place"
    assert all(places[e.source].column < places[e.target].column for e in found.edges)
    assert all(p.x >= 0 and p.y >= 0 for p in places.values())


def test_edges_are_led_around_nodes() -> None:
    """An edge over several columns has a place of its own in each, so that it never runs behind a node."""
    from lakegraph.questions.svg import layout

    lake = TestLake()
    steps(lake, [("a", ["s"], ["m"]), ("b", ["m"], ["n"]), ("c", ["n", "z"], ["t"])])
    found = lineage(lake, thing("x/t"))
    placed = layout(found)
    (edge, bends), *others = placed.bends.items()
    assert (edge.source, edge.target) == (thing("x/z"), thing("run/c"))
    assert not others
    assert [p.column for p in bends] == [1, 2, 3, 4]
    assert not set(bends) & set(placed.places.values())
    assert found.to_svg().count("H") >= 4


EVIL = '</text><script>alert(1)</script>"]; x -> y; #quot; \\" end\nsubgraph'


def test_markup_is_escaped_in_every_form() -> None:
    """What a record says is drawn, never obeyed."""
    lake = TestLake()
    about = thing("x/e%20vil")
    lake.state([(about, DCT.title, literal(EVIL)), (thing("run/r"), LAKE.targetData, about)], f"{BASE}id/run/r")
    found = lineage(lake, about)
    assert "<script>" not in found.to_svg()
    assert "&lt;script&gt;" in found.to_svg()
    assert f'href="{about[1:-1]}"' in found.to_svg()
    label = next(line for line in found.to_dot().splitlines() if "n0 [" in line)
    assert '\\"]; x -> y; #quot; \\\\\\" end subgraph' in label
    chart = found.to_mermaid().splitlines()[1]
    assert chart.count('"') == 2
    assert "<script>" not in chart
    assert "\n" not in found.text().splitlines()[0]


def test_only_addresses_are_links() -> None:
    """An IRI that a browser would run or cannot open is no link."""
    lake = TestLake()
    lake.state([("<javascript:alert(1)>", DCT.title, literal("x"))], f"{BASE}id/x/1")
    found = lineage(lake, "<javascript:alert(1)>")
    assert "href" not in found.to_svg()
    assert "click" not in found.to_mermaid()
    assert "URL" not in found.to_dot()
