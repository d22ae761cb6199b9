"""Every shape has data that pass it and, for each of its constraints, data that fail it with the report beside them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rdflib import RDF, RDFS, URIRef

from tests.shapes.support import (
    HERE,
    LAKESH,
    SH,
    alone,
    compiled_findings,
    constraints,
    covered,
    expected,
    findings,
    folder_of,
    invalid_fixtures,
    local,
    named_shapes,
    patched,
    read,
    targeted,
    valid_fixtures,
)

FOLDERS = ("integrity", "completeness", "policy", "swamp")
COMPONENT = {"in": "In", "sparql": "SPARQL"}


def _name(file: Path) -> str:
    return f"{file.parent.name}/{file.stem}"


@pytest.mark.parametrize("file", valid_fixtures(), ids=_name)
def test_valid_data_conform(file: Path) -> None:
    """What valid.ttl says, the shape lets pass without a word."""
    assert findings(file) == []


@pytest.mark.parametrize("file", invalid_fixtures(), ids=_name)
def test_invalid_data_give_the_expected_report(file: Path) -> None:
    """What a patch breaks is found: this shape, this constraint, this value, this severity, and nothing else."""
    assert findings(file) == expected(file)


@pytest.mark.parametrize("file", [*valid_fixtures(), *invalid_fixtures()], ids=_name)
def test_compiled_shapes_say_the_same(file: Path) -> None:
    """The compiled shapes, which judge records, find in each fixture what pySHACL finds."""
    known = expected(file) if file.name != "valid.ttl" else []
    assert compiled_findings(file) == sorted(replace(finding, path="") for finding in known)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_shape_has_fixtures(folder: str) -> None:
    """A shape without data that pass it and data that fail it proves nothing."""
    for shape in targeted(folder):
        assert (HERE / shape / "valid.ttl").is_file(), f"tests/shapes/{shape}/valid.ttl is missing"
        assert list((HERE / shape).glob("invalid-*.ttl")), f"tests/shapes/{shape} has nothing that fails"


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_constraint_is_made_to_fail(folder: str) -> None:
    """Each constraint that a shape or one of its property shapes states fails in some fixture."""
    failing = set(covered())
    for shape in targeted(folder):
        graph = alone(shape)
        for part in (LAKESH[shape], *graph.objects(LAKESH[shape], SH.property)):
            for parameter in constraints(graph, part):
                component = COMPONENT.get(parameter, parameter[0].upper() + parameter[1:]) + "ConstraintComponent"
                assert (local(part), component) in failing, f"no fixture makes {parameter} of {local(part)} fail"


def test_every_property_shape_has_a_target_above_it() -> None:
    """No property shape is written and then forgotten: a shape with a target leads to it."""
    for folder in FOLDERS:
        reached = {s for shape in targeted(folder) for s in alone(shape).subjects(RDF.type, None)}
        assert set(named_shapes(folder)) <= reached


def test_fixtures_belong_to_shapes() -> None:
    """A folder here is named after a shape, and a patch has its report beside it."""
    for file in (*valid_fixtures(), *invalid_fixtures()):
        assert folder_of(file.parent.name) in FOLDERS
    orphans = [
        file
        for file in HERE.glob("*/*.expected.json")
        if not file.with_name(file.name.replace(".expected.json", ".ttl")).is_file()
    ]
    assert orphans == []


def test_there_are_as_many_as_there_were() -> None:
    """Discovery that finds nothing passes everything, so the numbers are held."""
    count = Counter(folder for folder in FOLDERS for _ in targeted(folder))
    assert count["integrity"] >= 66
    assert count["completeness"] >= 49
    assert count["policy"] >= 12
    assert count["swamp"] >= 7
    assert len(valid_fixtures()) >= 134
    assert len(invalid_fixtures()) >= 448


def test_a_patch_that_takes_nothing_away_is_an_error() -> None:
    """A fixture whose patch has gone stale does not pass by accident."""
    valid = read("<run/1> a lake:Run .")
    with pytest.raises(LookupError, match="nothing to take away: <run/1> dct:title"):
        patched(valid, "#- <run/1> dct:title")


def test_a_patch_takes_away_and_adds() -> None:
    """A line ``#-`` removes all values of a property or one of them; the rest of the patch is added."""
    valid = read('<run/1> a lake:Run ; dct:title "a" ; dcat:keyword "b" , "c" .')
    patch = '#- <run/1> dct:title\n#- <run/1> dcat:keyword "b"\n<run/1> rdfs:label "d" .'
    texts = {str(o) for o in patched(valid, patch).objects() if not isinstance(o, URIRef)}
    assert texts == {"c", "d"}
    assert RDFS.label in set(patched(valid, patch).predicates())
