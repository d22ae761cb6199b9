"""Loading shapes: every shape knows its line, and what is wrong with a file is said with file, line and shape."""

from __future__ import annotations

import re
from pathlib import Path

import pyoxigraph as ox
import pytest

from lakegraph import resources
from lakegraph.errors import DataFileError
from lakegraph.rdf.namespaces import LAKE, SH
from lakegraph.rdf.vocabulary import ontology
from lakegraph.validation import Gate, ShapeSet
from lakegraph.validation.shapes_graph import read_file, read_folders
from tests.validation import w3c_suite

PREFIXES = """@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix lake: <https://w3id.org/lakegraph/ns#> .
@prefix ex: <urn:ex:> .
"""


def load(folder: Path, text: str, **options) -> ShapeSet:
    (folder / "integrity").mkdir(exist_ok=True)
    (folder / "integrity" / "run.ttl").write_text(PREFIXES + text)
    return ShapeSet.load([folder], **options)


def test_lines_folders_and_files(tmp_path):
    """Named shapes, nested ones and lists know where they stand; strings and comments do not confuse them."""
    text = '''# a comment with [ brackets ] and "quotes
ex:One a sh:NodeShape ; sh:targetClass lake:Run ;
  sh:message """long
  [ text ] . ex:NotAShape""" ;
  sh:property [ sh:path ex:p ;
                sh:node [ sh:nodeKind sh:IRI ] ] ,
              ex:Two .
PREFIX ex2: <urn:ex2:>
ex:Two sh:path ex:q.r ; sh:minCount 1 ; sh:pattern "\\"a . b" .
'''
    shapes = load(tmp_path, text)
    (one,) = shapes.shapes
    nested, two = one.properties
    inner = nested.constraints[0].shapes[0]
    start = PREFIXES.count("\n")
    assert [s.origin.line - start for s in (one, nested, inner, two)] == [2, 5, 6, 9]
    assert {str(s.origin).partition(":")[0] for s in (one, nested, inner, two)} == {"integrity/run.ttl"}
    assert {s.origin.folder for s in (one, nested)} == {"integrity"}


def test_a_folder_of_shapes_can_be_loaded_alone():
    """``shapes`` and its sub-folders name their files alike."""
    whole = ShapeSet.load([resources.path("shapes")])
    part = ShapeSet.load([resources.path("shapes/integrity")])
    assert {s.origin for s in part.shapes} == {s.origin for s in whole.shapes if s.origin.folder == "integrity"}
    assert any(p == SH.declare for _, p, _ in part.graph.triples), "the prefixes that SPARQL texts share come along"


def suite_files() -> list[Path]:
    files = sorted(w3c_suite.TESTS.rglob("*.ttl")) if w3c_suite.TESTS.is_dir() else []
    return [*resources.files("shapes", ".ttl"), *files]


def test_every_subject_of_every_file_gets_a_line():
    """In all Turtle at hand, each subject but those of lists and empty brackets has a line on which it can stand."""
    files = suite_files()
    assert len(files) > 20
    for file in files:
        triples, lines, _ = read_file(file, "x", base=file.as_uri())
        lists = {s for s, p, _ in triples if p.endswith(("#first>", "#rest>"))}
        assert {s for s, _, _ in triples} <= set(lines) | lists, file
        text = file.read_text().splitlines()
        assert all(1 <= line <= len(text) and text[line - 1].strip() for line in lines.values()), file
        plain = {(q.subject, q.predicate, q.object) for q in ox.parse(path=str(file), base_iri=file.as_uri())}
        assert len(set(triples)) == len(plain), file


MISTAKES = {
    "does not parse": ("ex:S a sh:NodeShape sh:property ex:T .", "Not Turtle", 4),
    "recursion": (
        "ex:S a sh:NodeShape ; sh:node ex:T .\nex:T a sh:NodeShape ; sh:property [ sh:path ex:p ; sh:node ex:S ] .",
        "ex:S contains itself", 4,
    ),
    "explosive pattern": (
        'ex:S a sh:NodeShape ;\n  sh:property [ sh:path ex:p ; sh:pattern "(a+)+$" ] .',
        "pattern that is refused.*exponential", 5,
    ),
    "malformed pattern": ('ex:S a sh:NodeShape ; sh:pattern "(" .', "a group is not closed", 4),
    "misspelt term": ("ex:S a sh:NodeShape ; sh:minCuont 1 .", "sh:minCuont, which is no term of SHACL", 4),
    "two paths": ("ex:S a sh:PropertyShape ; sh:path ex:p , ex:q .", "has 2 values for sh:path", 4),
    "no path": ("ex:S a sh:PropertyShape ; sh:minCount 1 .", "property shape without sh:path", 4),
    "not a property shape": ("ex:S a sh:NodeShape ; sh:property [ sh:nodeKind sh:IRI ] .", "has no sh:path", 4),
    "count on a node": ("ex:S a sh:NodeShape ; sh:minCount 1 .", "needs a sh:path", 4),
    "count in words": ('ex:S sh:path ex:p ; sh:minCount "one" ; sh:targetClass ex:C .', "wants a whole number", 4),
    "two datatypes": ("ex:S a sh:NodeShape ; sh:datatype ex:a , ex:b .", "has 2 values for sh:datatype", 4),
    "broken list": ("ex:S a sh:NodeShape ; sh:in ex:list .", "not well-formed", 4),
    "unknown kind": ("ex:S a sh:NodeShape ; sh:nodeKind sh:Iri .", "no kind of node", 4),
    "no order": ("ex:S a sh:NodeShape ; sh:minInclusive ex:a .", "wants a value that has an order", 4),
    "property shape as node": ("ex:S a sh:NodeShape ; sh:node [ sh:path ex:p ] .", "sh:node, which is a property", 4),
    "path of one": ("ex:S a sh:PropertyShape ; sh:path ( ex:p ) .", "fewer than two", 4),
    "path with itself": ("ex:S a sh:PropertyShape ; sh:path _:p . _:p sh:inversePath _:p .", "contains itself", 4),
    "path of two kinds": (
        "ex:S a sh:PropertyShape ; sh:path [ sh:inversePath ex:p ; sh:zeroOrMorePath ex:q ] .", "not well-formed", 4,
    ),
    "literal for a shape": ('ex:S a sh:NodeShape ; sh:not "x" .', "where a shape is wanted", 4),
    "literal for a class": ('ex:S a sh:NodeShape ; sh:targetClass "x" .', "wants an IRI for sh:targetClass", 4),
    "qualified without count": (
        "ex:S a sh:PropertyShape ; sh:path ex:p ; sh:qualifiedValueShape [ sh:class ex:C ] .", "without a count", 4,
    ),
    "entailment": ("ex:S a sh:NodeShape . <urn:x> sh:entailment ex:RDFS .", "entailment", None),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_refused_when_shapes_are_loaded(tmp_path, name):
    """The error names the shape, the file and the line."""
    text, message, line = MISTAKES[name]
    with pytest.raises(DataFileError, match=message) as raised:
        load(tmp_path, text)
    assert raised.value.code == "data-file"
    if line:
        assert re.search(rf"integrity/run\.ttl:{line}\b", str(raised.value))


def test_a_misspelt_term_of_the_lake_is_refused(tmp_path):
    """A shape that names a lake term which the ontology lacks is refused; one that it has is not."""
    closed = {ontology().prefixes["lake"]: ontology().declared}
    good = "ex:S a sh:NodeShape ; sh:targetClass lake:Run ; sh:property [ sh:path lake:executes ; sh:minCount 1 ] ."
    load(tmp_path, good, closed=closed)
    with pytest.raises(DataFileError, match="lake:executs, which the ontology does not declare") as raised:
        load(tmp_path, good.replace("executes", "executs"), closed=closed)
    assert "integrity/run.ttl:4" in str(raised.value)


def test_no_shapes_at_all(tmp_path):
    """An empty folder is no set of shapes."""
    with pytest.raises(DataFileError, match="There are no shapes"):
        ShapeSet.load([tmp_path])


def test_deactivated_shapes_do_nothing(tmp_path):
    """``sh:deactivated true`` switches off a shape, a property shape and a SPARQL constraint."""
    shapes = load(
        tmp_path,
        "ex:S a sh:NodeShape ; sh:deactivated true ; sh:targetClass lake:Run ; sh:nodeKind sh:Literal .\n"
        "ex:T a sh:NodeShape ; sh:targetClass lake:Run ; sh:sparql [ sh:deactivated true ; sh:select 'x' ] ;\n"
        "  sh:property [ sh:path ex:p ; sh:minCount 1 ; sh:deactivated true ] .",
    )
    assert [row.constraints for row in shapes.describe()] == [0]


def test_describe_and_docs():
    """The project's shapes are told with target, place, engine and count; each thing asked has a row of its own."""
    shapes = ShapeSet.load([resources.path("shapes")], closed={ontology().prefixes["lake"]: ontology().declared})
    Gate(shapes, ontology())
    rows = {row.shape: row for row in shapes.describe()}
    assert {row.engine for row in rows.values()} == {"compiled", "bounded"}
    assert rows["lakesh:Acyclic"].engine == "bounded"
    assert rows["lakesh:Acyclic"].target == "subjects of lake:derivedFrom"
    assert {row.folder for row in rows.values()} == {"integrity", "completeness", "policy", "swamp", "profiles"}
    assert all(re.fullmatch(r"[a-z]+/[a-z-]+\.ttl:\d+", row.place) for row in rows.values())
    docs = shapes.docs()
    assert all(row.message and row.asks and row.severity in ("Violation", "Warning", "Info") for row in docs)
    assert any(row.path == "prov:startedAtTime" and "minCount 1" in row.asks and row.answers == "when" for row in docs)
    assert not [row for row in docs if "_:" in row.asks or "_:" in row.path]


def test_places_are_true():
    """On the line that a shape gives as its own, its name stands, or the bracket that begins it."""
    graph = read_folders([resources.path("shapes")])
    for shape in ShapeSet(graph).by_node.values():
        line = (resources.path("shapes") / shape.origin.file).read_text().splitlines()[shape.origin.line - 1]
        name = re.split("[#/]", shape.node.strip("<>"))[-1]
        assert (name if shape.node[0] == "<" else "[") in line, shape.origin


def test_custom_components_and_targets_go_to_pyshacl(tmp_path):
    """What the compiler does not cover is found when shapes are loaded."""
    shapes = load(
        tmp_path,
        "ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:limit ] ; sh:validator [ sh:ask 'ASK {}' ] .\n"
        "ex:A a sh:NodeShape ; sh:targetClass lake:Run ; ex:limit 3 .\n"
        "ex:B a sh:NodeShape ; sh:target [ sh:select 'SELECT ?this {}' ] ; sh:nodeKind sh:IRI .\n"
        "ex:D a sh:NodeShape ; sh:targetClass lake:Run ; sh:not [ sh:sparql [ sh:select 'SELECT $this {}' ] ] .\n"
        "ex:E a sh:NodeShape ; sh:targetClass lake:Run ; sh:expression [] .\n"
        "ex:F a sh:NodeShape ; sh:targetClass lake:Run ; sh:nodeKind sh:IRI .",
    )
    engines = {row.shape: row.engine for row in shapes.describe()}
    assert engines == {"ex:A": "pyshacl", "ex:B": "pyshacl", "ex:D": "pyshacl", "ex:E": "pyshacl", "ex:F": "compiled"}
    assert shapes.shapes[0].constraints[0].component == SH.ConstraintComponent
    assert shapes.shapes[0].targets.classes == (LAKE.Run,)
