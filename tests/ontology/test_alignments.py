"""The SSSOM table and the axioms and matches of the ontology's files say the same, about terms that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from rdflib import Graph, URIRef
from rdflib.namespace import OWL, RDF, RDFS, SDO, SKOS

from lakegraph.errors import DataFileError
from lakegraph.rdf.mappings import mappings, read_sssom

LAKE = "https://w3id.org/lakegraph/ns#"
OURS = (LAKE, "https://w3id.org/lakegraph/voc/")
MATCHES = {SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch, SKOS.narrowMatch, SKOS.relatedMatch}
AXIOMS = {RDFS.subClassOf, RDFS.subPropertyOf, OWL.equivalentClass, OWL.equivalentProperty}
FILES = {"prov-o", "dcat-3", "ml-schema", "mlso", "schema-org", "fair4ml", "mldcat-ap", "dpv", "spdx"}
HEADER = (
    "#curie_map:\n#  a: https://a.example/\n#  b: https://b.example/\nsubject_id\tsubject_label\tpredicate_id\tobject_id\t"
    "object_label\tmapping_justification\tconfidence\tcomment\n"
)


def stated(*graphs: Graph) -> list[tuple[str, str, str]]:
    """What graphs say of how a term of ours relates to one of others."""
    return [
        (str(s), str(p), str(o))
        for graph in graphs
        for s, p, o in graph
        if p in MATCHES | AXIOMS and isinstance(o, URIRef) and str(s).startswith(OURS) and not str(o).startswith(OURS)
    ]


def test_one_file_for_each_vocabulary(folder: Path) -> None:
    """The nine vocabularies that the metamodel is aligned with."""
    assert {f.stem for f in (folder / "alignments").glob("*.ttl")} == FILES


def test_table_and_files_agree(ontology_graph: Graph, vocabulary_graph: Graph, alignment_graph: Graph) -> None:
    """Every mapping of the files is in the table once, and the table has no other."""
    in_files = stated(ontology_graph, vocabulary_graph, alignment_graph)
    in_table = [(m.subject, m.predicate, m.object) for m in mappings()]
    assert len(in_files) >= 380
    assert len(in_files) == len(set(in_files)), "a mapping is stated in two files"
    assert sorted(in_table) == sorted(in_files)


def test_labels_are_ours(ontology_graph: Graph, vocabulary_graph: Graph, folder: Path) -> None:
    """The table names our terms as the ontology does."""
    lines = (folder / "alignments" / "mappings.sssom.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line[0] != "#"][1:]
    assert len(rows) == len(mappings())
    for row, each in zip(rows, mappings(), strict=True):
        term = URIRef(each.subject)
        label = ontology_graph.value(term, RDFS.label) or vocabulary_graph.value(term, SKOS.prefLabel)
        assert row[1] == str(label), each


def test_every_mapping_is_justified() -> None:
    """SSSOM asks for a justification of the SEMAPV vocabulary; axioms are certain, matches never wholly."""
    for each in mappings():
        assert re.fullmatch(r"semapv:(ManualMappingCuration|LexicalMatching)", each.justification), each
        is_axiom = URIRef(each.predicate) in AXIOMS
        assert (0.85 if is_axiom else 0.4) < each.confidence <= (1 if is_axiom else 0.95), each


def test_paths_in_comments_use_declared_terms(ontology_graph: Graph) -> None:
    """A comment that gives the path over which a mapping holds names terms that there are."""
    paths = [m.comment for m in mappings() if m.comment.startswith("path: ")]
    assert len(paths) >= 15
    for path in paths:
        for name in re.findall(r"lake:(\w+)", path):
            assert (URIRef(LAKE + name), RDF.type, None) in ontology_graph, path


def test_terms_of_others_exist(others: Path) -> None:
    """What is mapped to in PROV-O, DCAT 3, ML-Schema, DQV and MLSO is really there."""
    graph = Graph()
    for name in ("prov-o.ttl", "dcat3.ttl", "mls.ttl", "dqv.ttl", "mlso.ttl"):
        graph.parse(others / name)
    known = {str(s) for s in graph.subjects()}
    checked = [m for m in mappings() if m.object_name.partition(":")[0] in ("prov", "dcat", "mls", "dqv", "mlso")]
    assert len(checked) >= 110
    assert not [m for m in checked if m.object not in known]


def test_terms_of_fair4ml_and_mldcat_ap_exist(shared: Path) -> None:
    """What is mapped to in FAIR4ML and MLDCAT-AP is in their published contexts."""
    fair = (shared / "ontologies" / "fair4ml-0.1.0.jsonld").read_text(encoding="utf-8")
    mldcat = (shared / "profiles" / "mldcat-ap-3.0.0" / "context" / "mldcat-ap.jsonld").read_text(encoding="utf-8")
    it6 = {said if isinstance(said, str) else said["@id"] for said in json.loads(mldcat)["@context"].values()}
    for each in mappings():
        if each.object_name.startswith("fair4ml:"):
            assert f'"{each.object_name}"' in fair, each
        if each.object_name.startswith("it6:"):
            assert each.object in it6, each


def test_terms_of_mldcat_ap_are_in_its_shapes(shared: Path) -> None:
    """And what is mapped to in MLDCAT-AP is what its published shapes speak of."""
    shapes = Graph().parse(shared / "profiles" / "mldcat-ap-3.0.0" / "shacl" / "mldcat-ap-SHACL.ttl")
    spoken = {str(term) for triple in shapes for term in triple}
    checked = [m.object for m in mappings() if m.object_name.startswith("it6:")]
    assert len(checked) >= 35
    assert not set(checked) - spoken


def test_terms_of_schema_org_exist() -> None:
    """What is mapped to in schema.org is in the list of its terms that rdflib carries."""
    checked = [m.object_name.partition(":")[2] for m in mappings() if m.object_name.startswith("schema:")]
    assert len(checked) >= 30
    assert not [name for name in checked if name not in SDO]


def test_terms_of_croissant_exist(shared: Path) -> None:
    """What is mapped to in Croissant is in the context that published files carry; splits are values in them."""
    files = sorted((shared / "samples" / "croissant").rglob("metadata.json"))
    carried = {term for file in files for term in re.findall(r'"(cr:\w+)"', file.read_text(encoding="utf-8"))}
    checked = {m.object_name for m in mappings() if m.object_name.startswith("cr:")}
    assert len(checked) == 8
    assert checked - carried <= {"cr:Split", "cr:TrainingSplit", "cr:ValidationSplit", "cr:TestSplit"}


PUBLISHED = {
    "dpv.ttl": ("dpv:", "https://w3id.org/dpv#"),
    "dpv-ai.ttl": ("dpv-ai:", "https://w3id.org/dpv/ai#"),
    "spdx-3.0.1.ttl": ("spdx3-", "https://spdx.org/rdf/3.0.1/terms/"),
}
"""Vocabularies that are checked where their files have been put beside the others, under these names."""


@pytest.mark.parametrize("file", PUBLISHED)
def test_terms_of_vocabularies_that_are_at_hand_exist(file: str, others: Path) -> None:
    """DPV, its AI extension and SPDX 3: every mapped term is described in the published file."""
    prefix, space = PUBLISHED[file]
    checked = [m.object for m in mappings() if m.object_name.startswith(prefix)]
    assert len(checked) >= 8
    assert all(term.startswith(space) for term in checked)
    if not (others / file).exists():
        pytest.skip(f"{others / file} is not there; the terms were compared with the published lists by hand")
    described = {str(s) for s in Graph().parse(others / file).subjects()}
    assert not [term for term in checked if term not in described]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (HEADER.replace("comment", "note"), 4, "columns are not those expected"),
        (HEADER + "a:x\tx\ta:r\tb:y\n", 5, "row has 4 cells, 8 are needed"),
        (HEADER + "a:x\tx\ta:r\tb:y\ty\ta:j\tsure\t\n", 5, "confidence 'sure' is no number from 0 to 1"),
        (HEADER + "a:x\tx\ta:r\tb:y\ty\ta:j\t1.5\t\n", 5, "confidence '1.5' is no number from 0 to 1"),
        (HEADER + "a:x\tx\ta:r\tc:y\ty\ta:j\t0.5\t\n", 5, "prefix of 'c:y' is not in the curie_map"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, text: str, line: int, message: str) -> None:
    """A table that cannot be read is refused with its name, line and fault."""
    file = tmp_path / "mine.sssom.tsv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataFileError) as caught:
        read_sssom(file)
    assert message in caught.value.message
    assert str(caught.value.where).endswith(f"mine.sssom.tsv:{line}")


def test_a_table_is_read(tmp_path: Path) -> None:
    """Prefixes are expanded and the rest is kept."""
    file = tmp_path / "mine.sssom.tsv"
    file.write_text(HEADER + "a:x\tan x\ta:r\tb:y/z\ta z\ta:j\t0.5\tfor now\n", encoding="utf-8")
    (row,) = read_sssom(file)
    assert (row.subject, row.predicate, row.object) == (
        "https://a.example/x",
        "https://a.example/r",
        "https://b.example/y/z",
    )
    assert (row.object_label, row.confidence, row.comment) == ("a z", 0.5, "for now")
