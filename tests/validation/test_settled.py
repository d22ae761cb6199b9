"""What is decided for a kind of node is not asked of its nodes, and decided as asking would."""

from __future__ import annotations

import pytest

from lakegraph.rdf.namespaces import RDF
from lakegraph.rdf.terms import literal
from lakegraph.validation import MemoryStatements
from tests.validation.test_gate import ex, gate_of

ONE_OF = """
ex:S a sh:NodeShape ; sh:targetClass ex:Thing ; sh:or (
    [ sh:path [ sh:inversePath ex:holds ] ; sh:minCount 1 ]
    [ sh:path ex:a ; sh:minCount 1 ]
    [ sh:path ex:b ; sh:maxCount 0 ]
    [ sh:path ( ex:c ex:d ) ; sh:in ( 1 ) ]
    [ sh:path <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> ; sh:hasValue ex:Free ]
    [ sh:class ex:Exempt ] ) .
"""
THING = (ex("x"), RDF.type, ex("Thing"))
B, C = (ex("x"), ex("b"), literal("b")), (ex("x"), ex("c"), ex("y"))
D = (ex("y"), ex("d"), literal("2"))


@pytest.mark.parametrize(
    ("said", "steps", "conforms"),
    [
        ([], 0, True),  # without ex:b, nothing of it is too much
        ([B], 0, True),  # without ex:c, its way leads nowhere
        ([B, C], 1, True),  # whether it does has to be looked for
        ([B, C, D], 1, False),
        ([B, C, D, (ex("z"), ex("holds"), ex("x"))], 1, True),
        ([B, C, D, (ex("x"), ex("a"), literal("a"))], 0, True),
        ([B, C, D, (ex("x"), ex("a"), literal("a")), (ex("x"), ex("a"), literal("b"))], 0, True),
        ([B, C, D, (ex("x"), RDF.type, ex("Exempt"))], 0, True),
        ([B, C, D, (ex("x"), RDF.type, ex("Free"))], 0, True),
    ],
)
def test_an_alternative_that_is_there_settles_the_rest(tmp_path, said, steps, conforms):
    gate = gate_of(tmp_path, ONE_OF)
    assert gate.check([THING, *said], MemoryStatements()).conforms is conforms
    (plan,) = [plan for (types, _, _), plan in gate._plans._plans.items() if ex("Thing") in types]
    assert len(plan) == steps


def test_what_can_never_hold_is_not_asked(tmp_path):
    gate = gate_of(tmp_path, "ex:S a sh:NodeShape ; sh:targetClass ex:Thing ; sh:or ( [ sh:class ex:Exempt ] ) .")
    report = gate.check([THING], MemoryStatements())
    assert [result.focus for result in report.results] == [ex("x")]
    ((step,),) = gate._plans._plans.values()
    assert step[1] is None, "it is reported without a test"


def test_the_order_in_which_a_node_is_described_makes_no_difference(tmp_path):
    gate = gate_of(tmp_path, ONE_OF)
    for said in ([THING, B, C], [C, THING, B], [B, C, THING]):
        assert not gate.check([*said, D], MemoryStatements()).conforms
    assert len(gate._plans._as_said) == 3 + 1
    assert len(gate._plans._plans) == 1 + 1
