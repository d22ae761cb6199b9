"""Inference stays right: whatever is recorded, corrected or withdrawn, the graph equals one made anew."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import lakegraph
from lakegraph import bootstrap
from lakegraph.errors import LakegraphError
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.terms import Triple, from_rdflib, to_rdflib
from lakegraph.rdf.vocabulary import TYPE, ontology
from lakegraph.testing import generate, triples
from tests.conftest import BASE, quads
from tests.generated import ingest

Step = tuple[str, int, int]


def process(number: int, source: int) -> dict[str, Any]:
    """A process that reads the data of an ingest; half of them share their programs and notes."""
    said = ingest(number)
    return {
        "type": "Process",
        "id": f"p{number}",
        "title": f"Process {number}",
        "description": f"Make data {number} ready for use.",
        "startedAt": said["startedAt"],
        "endedAt": said["endedAt"],
        "processedBy": "tim",
        "executes": {"title": f"clean{number % 2}.py", "sourceCodeURL": f"clean{number % 2}.py"},
        "environment": said["environment"],
        "sourceData": f"Data {source}@0",
        "targetData": {**said["ingestTo"][0], "title": f"Out {number}"},
        "hasOperation": [{"operationType": "cleaning", "description": "drop doubles"}],
    }


def apply(lake: Any, step: Step) -> None:
    what, a, b = step
    if what == "ingest":
        lake.record({**ingest(a, source=f"Source {b}"), "id": f"i{a}"})
    elif what == "process":
        lake.record(process(a, b))
    elif what == "correct ingest":
        lake.supersede(f"{BASE}id/run/i{a}", {**ingest(a, source=f"Source {b}"), "description": "Said again, better."})
    elif what == "correct process":
        lake.supersede(f"{BASE}id/run/p{a}", process(a, b))
    else:
        lake.tombstone(f"{BASE}id/run/{what[-1]}{a}", by="bob", why="It was a mistake.")


step = st.tuples(
    st.sampled_from(["ingest", "ingest", "process", "correct ingest", "correct process", "withdraw i", "withdraw p"]),
    st.integers(0, 2),
    st.integers(0, 2),
)


# A failure is shown as it was found: each example makes two lakes, so shrinking it would take minutes.
@settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate]
)
@given(st.lists(step, min_size=4, max_size=12))
def test_the_graph_equals_one_made_anew(steps: list[Step]) -> None:
    """Refused steps change nothing; every other leaves exactly what a rebuild makes."""
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "lake"
        with lakegraph.init(where, base=BASE) as lake:
            for each in steps:
                try:
                    apply(lake, each)
                except LakegraphError as error:
                    assert error.status in (400, 404, 409, 422)  # noqa: PT017 - a refusal is one right outcome
            live = quads(lake, Path(folder))
            assert not lake.validate(["integrity"]).violations
        bootstrap.rebuild(where)
        with lakegraph.open(where) as lake:
            assert quads(lake, Path(folder)) == live


def test_equal_to_an_owl_rl_reasoner_on_200_generated_records() -> None:
    """Record by record, our tables derive what OWL 2 RL derives from the same axioms, and nothing else."""
    owlrl = pytest.importorskip("owlrl", reason="owlrl is not installed")
    import rdflib

    from lakegraph.rdf.namespaces import LAKE, OWL, RDFS

    axioms = {RDFS.subClassOf, RDFS.subPropertyOf, OWL.inverseOf, OWL.equivalentClass, OWL.equivalentProperty,
              OWL.propertyChainAxiom, TYPE[:-5] + "first>", TYPE[:-5] + "rest>"}  # fmt: skip
    known = [t for t in ontology().triples if t[1] in axioms]
    asserted: set[Triple] = set()
    ours: set[Triple] = set()
    count = 0
    for _, said in triples(generate(200, 11), BASE):
        asserted |= set(said)
        ours |= set(said) | set(reasoner().infer(said))
        count += 1
    assert count >= 200
    graph = rdflib.Graph()
    for s, p, o in [*known, *asserted]:
        graph.add((to_rdflib(s), to_rdflib(p), to_rdflib(o)))
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
    theirs = {(from_rdflib(s), from_rdflib(p), from_rdflib(o)) for s, p, o in graph}
    subjects = {s for s, _, _ in asserted}
    assert ours <= theirs
    missing = {
        t
        for t in theirs - ours
        if t[0] in subjects and t[1] not in (OWL.sameAs, OWL.differentFrom, LAKE.hasUpstream)
        and t[2] not in (OWL.Thing, RDFS.Resource)
    }  # fmt: skip
    assert not missing, sorted(missing)[:5]
