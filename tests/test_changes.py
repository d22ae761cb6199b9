"""Edits by SPARQL Update and of whole graphs: change-sets in the journal, which rebuild and audit agree with."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

import lakegraph
from lakegraph import bootstrap
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import (
    ConflictError,
    DeadlineError,
    ForbiddenError,
    NotFoundError,
    QueryError,
    RdfSyntaxError,
    UsageError,
)
from lakegraph.exchange.audit import audit
from lakegraph.graph import ProtectedGraphError, UpdateTooLargeError
from lakegraph.receipts import Refusal
from tests.conftest import BASE
from tests.exchange.conftest import parts_of

NOTES = "https://notes.example/graph"
MODEL = f"{BASE}id/model/diabet-predictor/1"
RECORD = f"{BASE}id/run/trn-1/bundle"
LAKE = "https://w3id.org/lakegraph/ns#"
PROV = "http://www.w3.org/ns/prov#"


def dumped(diabetes: LocalLake) -> list[bytes]:
    out = io.BytesIO()
    diabetes.dump(out)
    return sorted(out.getvalue().splitlines())


def asks(diabetes: LocalLake, pattern: str) -> bool:
    return b"true" in diabetes.query(f"ASK {{ {pattern} }}")


def test_an_update_is_an_entry_that_says_who_and_what(diabetes: LocalLake) -> None:
    """WHERE sees every record; the change is explicit, in the journal, with its actor, and queryable at once."""
    done = diabetes.update(
        f"PREFIX lake: <{LAKE}> INSERT {{ GRAPH <{NOTES}> {{ ?m <urn:seenBy> 'Ann' }} }} WHERE {{ ?m a lake:Model }}",
        actor="ann",
    )
    entry = diabetes.journal.read(done.seq)
    assert (entry.kind, entry.actor, entry.record, entry.note) == ("change", "ann", done.change, "SPARQL Update")
    assert entry.added.decode() == f'<{MODEL}> <urn:seenBy> "Ann" <{NOTES}> .\n'
    assert asks(diabetes, f"<{MODEL}> <urn:seenBy> 'Ann'")
    undone = diabetes.update(f"DELETE WHERE {{ GRAPH <{NOTES}> {{ ?m <urn:seenBy> ?who }} }}")
    assert (undone.added, undone.removed) == (0, 1)
    assert diabetes.journal.read(undone.seq).removed == entry.added
    assert not asks(diabetes, f"<{MODEL}> <urn:seenBy> ?who")


def test_nothing_to_change_is_no_entry(diabetes: LocalLake) -> None:
    """What is there already is not added, what is not there is not removed, and nothing is journalled."""
    diabetes.update("INSERT DATA { <urn:a> <urn:b> 1 }")
    last = diabetes.journal.last_seq
    for text in (
        "INSERT DATA { <urn:a> <urn:b> 01 }",
        "DELETE DATA { <urn:x> <urn:y> 2 }",
        "",
        "CLEAR SILENT GRAPH <urn:no>",
    ):
        assert diabetes.update(text).change == ""
    assert diabetes.journal.last_seq == last


def test_rebuild_gives_the_same_graph_and_the_audit_agrees(diabetes: LocalLake, tmp_path: Path) -> None:
    """Updates, whole graphs, deletions, records in between, inferred statements and all."""
    diabetes.update(f"INSERT DATA {{ <urn:a> <urn:b> 'c <d> . \\n\\\"' , 'é'@fr ; a <{LAKE}Program> }}")
    diabetes.put_graph(NOTES, [(b"@prefix : <urn:> . :n :says [ :text 'one' ], [ :text 'two' ] .", "text/turtle")])
    diabetes.record({"type": "Study", "title": "Between", "description": "A record between two changes."})
    diabetes.put_graph(NOTES, [(b"<urn:n> <urn:says> <urn:other> .", "text/turtle")], merge=True)
    diabetes.update(f"COPY <{NOTES}> TO <urn:copy> ; DELETE DATA {{ <urn:a> a <{LAKE}Program> }}")
    diabetes.put_graph("urn:short", [(b"<urn:n> <urn:says> 5 .", "text/turtle")])
    diabetes.delete_graph("urn:short")
    assert list(audit(parts_of(diabetes))) == []
    before = dumped(diabetes)
    diabetes.close()
    bootstrap.rebuild(tmp_path / "lake")
    with lakegraph.open(tmp_path / "lake") as again:
        assert dumped(again) == before
        assert list(audit(parts_of(again))) == []
        assert list(again.journal.verify()) == []


def test_inferences_come_and_go_with_a_change(diabetes: LocalLake) -> None:
    """A superclass follows while it is stated; what a record states too, stays."""
    diabetes.update(f"INSERT DATA {{ GRAPH <{NOTES}> {{ <urn:m> a <{LAKE}Program> . <{MODEL}> a <{LAKE}Model> }} }}")
    assert asks(diabetes, f"<urn:m> a <{PROV}Entity>")
    diabetes.update(f"DROP GRAPH <{NOTES}>")
    assert not asks(diabetes, "<urn:m> ?p ?o")
    assert asks(diabetes, f"<{MODEL}> a <{PROV}Entity>")


def test_the_shapes_judge_a_change(diabetes: LocalLake) -> None:
    """What breaks an integrity shape is refused with its report, and nothing is written."""
    last, before = diabetes.journal.last_seq, dumped(diabetes)
    with pytest.raises(Refusal) as refusal:
        diabetes.update(f"INSERT DATA {{ GRAPH <{NOTES}> {{ <{MODEL}> <{LAKE}hasOutput> 'no thing' }} }}")
    assert refusal.value.report.violations
    assert (diabetes.journal.last_seq, dumped(diabetes)) == (last, before)


@pytest.mark.parametrize(
    "text",
    [
        f"INSERT DATA {{ GRAPH <{RECORD}> {{ <urn:a> <urn:b> 1 }} }}",
        "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } }",
        f"DROP GRAPH <{RECORD}>",
        "CLEAR ALL",
        "DROP NAMED",
        f"MOVE <{RECORD}> TO <urn:mine>",
        f"COPY DEFAULT TO <{BASE}graph/vocabulary>",
        f"INSERT DATA {{ GRAPH <{BASE}graph/agents> {{ <urn:a> <urn:b> 1 }} }}",
        f"INSERT DATA {{ GRAPH <{BASE}id/run/new/bundle> {{ <urn:a> <urn:b> 1 }} }}",
        f"WITH <{RECORD}> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
    ],
)
def test_records_cannot_be_edited(diabetes: LocalLake, text: str) -> None:
    """Whatever the way there, nothing changes, and the answer says to supersede."""
    before = dumped(diabetes)
    with pytest.raises(ProtectedGraphError, match="Supersede or withdraw"):
        diabetes.update(text)
    assert dumped(diabetes) == before


def test_records_cannot_be_edited_as_graphs(diabetes: LocalLake) -> None:
    """Not by any call, and not after they were superseded either."""
    diabetes.tombstone(f"{BASE}id/run/mon-1", by="tim", why="It watched the wrong service.")
    for graph in (RECORD, f"{BASE}id/run/mon-1/bundle", f"{BASE}graph/vocabulary", f"{BASE}id/anything"):
        with pytest.raises(ProtectedGraphError):
            diabetes.put_graph(graph, [(b"", "text/turtle")])
        with pytest.raises(ProtectedGraphError):
            diabetes.delete_graph(graph)
        with pytest.raises(ProtectedGraphError):
            diabetes.update_graph(graph, "DELETE WHERE { ?s ?p ?o }")


def test_an_update_of_one_graph_sees_and_changes_it_alone(diabetes: LocalLake) -> None:
    """As PATCH does."""
    diabetes.put_graph(NOTES, [(b"<urn:n> <urn:says> 1 .", "text/turtle")])
    assert diabetes.update_graph(NOTES, "INSERT { ?s <urn:too> ?o } WHERE { ?s ?p ?o }").added == 1
    assert diabetes.read_graph(NOTES)[1][:2] == ("<urn:n>", "<urn:too>")
    with pytest.raises(ConflictError, match="alone"):
        diabetes.update_graph(NOTES, "INSERT DATA { GRAPH <urn:other> { <urn:a> <urn:b> 1 } }")
    with pytest.raises(NotFoundError):
        diabetes.update_graph("urn:none", "DELETE WHERE { ?s ?p ?o }")


def test_blank_nodes_have_names_inside_and_none_outside(diabetes: LocalLake) -> None:
    """They are skolemised in the journal and blank when read; equal labels are one node within one document."""
    diabetes.put_graph(
        NOTES, [(b"_:a <urn:p> _:b . _:b <urn:q> 1 .", "text/turtle"), (b"_:a <urn:p> 2 .", "text/turtle")]
    )
    assert b"_:" not in diabetes.journal.read(diabetes.journal.last_seq).added
    said = diabetes.read_graph(NOTES)
    assert len(said) == 3
    assert len({s for s, _, _ in said}) == 3
    assert all(s.startswith("_:") for s, _, _ in said)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("INSERT DATA { <urn:a> <urn:b }", QueryError, "line 1, column"),
        ("SELECT * WHERE { ?s ?p ?o }", QueryError, "only updates"),
        ("LOAD <http://127.0.0.1:9/> INTO GRAPH <urn:g>", ForbiddenError, "LOAD is never"),
        ("INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", ForbiddenError, "not registered"),
        ("DROP GRAPH <urn:none>", NotFoundError, "no graph"),
        ("INSERTDATA { <urn:a> <urn:b> 1 }", QueryError, "Keep keywords apart"),
        ("INSERT DATA { <urn:a> <urn:b> << <urn:c> <urn:d> 1 >> }", (QueryError, UsageError), ""),
        ("INSERT DATA { ?s <urn:b> 1 }", QueryError, "malformed"),
        ("INSERT { _:x <urn:b> 1 } WHERE { ?s ?p ?o } WHERE { }", QueryError, ""),
    ],
)
def test_what_is_wrong_with_an_update_is_said(diabetes: LocalLake, text: str, error: type, says: str) -> None:
    """With the place, and nothing is written."""
    last = diabetes.journal.last_seq
    with pytest.raises(error) as raised:
        diabetes.update(text)
    assert says in str(raised.value)
    assert diabetes.journal.last_seq == last


def test_a_dataset_is_said_once(diabetes: LocalLake) -> None:
    """USING in the text and in the request contradict each other (SPARQL 1.1 Protocol, section 2.2.3)."""
    with pytest.raises(QueryError, match="using-graph-uri"):
        diabetes.update("INSERT { ?s ?p 1 } USING <urn:g> WHERE { ?s ?p ?o }", using=("urn:g",))


def test_an_update_may_not_change_too_much_or_take_too_long(tmp_path: Path) -> None:
    """Both ends are told; the lake stays as it was and goes on."""
    limits = {"change_quads": 10, "query_seconds": 1}
    with lakegraph.init(tmp_path / "lake", base=BASE) as made:
        made.update("INSERT DATA { " + " ".join(f"<urn:s{n}> <urn:p> {n} ." for n in range(200)) + " }")
    with bootstrap.open_lake(tmp_path / "lake", limits=limits) as small:
        with pytest.raises(UpdateTooLargeError, match="more than 10"):
            small.update("DELETE { ?s ?p ?o } WHERE { ?s <urn:p> ?o BIND(<urn:p> AS ?p) }")
        with pytest.raises(DeadlineError, match="nothing was changed"):
            small.update(
                "INSERT { <urn:n> <urn:is> ?n } WHERE { SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } }"
            )
        assert small.update("INSERT DATA { <urn:a> <urn:b> 1 }").added == 1
        assert not list((tmp_path / "lake" / "views" / "all" / "updates").iterdir())


def test_a_name_that_looks_like_another_is_refused(diabetes: LocalLake) -> None:
    last = diabetes.journal.last_seq
    for name in ("urn:a\u202eb", "urn:cafe\u0301"):
        with pytest.raises(RdfSyntaxError, match="normal form C"):
            diabetes.update(f"INSERT DATA {{ <{name}> <urn:b> 1 }}")
    assert diabetes.journal.last_seq == last
