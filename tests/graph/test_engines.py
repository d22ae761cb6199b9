"""What every engine must do alike: in memory, on disk, and on a SPARQL server."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from graph_data import MARKER, QUADS, TITLE, TYPE, USES, bundle, record, records, run
from sparql_servers import fake_server, real_server

from lakegraph.errors import QueryError, RdfSyntaxError
from lakegraph.graph import ANY, Change, Graph, Oxigraph, Rows


@pytest.fixture(params=["memory", "disk", "fake server", "oxigraph serve"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Graph]:
    """Each engine in turn, empty."""
    if request.param == "oxigraph serve":
        with real_server() as found:
            yield found
        return
    made: Graph = fake_server()
    if request.param in ("memory", "disk"):
        made = Oxigraph.open(tmp_path / "graph" if request.param == "disk" else None)
    yield made
    made.close()


def dumped(engine: Graph) -> list[bytes]:
    out = io.BytesIO()
    engine.dump(out)
    return sorted(out.getvalue().splitlines())


def test_shows_what_was_applied(engine: Graph) -> None:
    """A group of records is there at once, by pattern, by union, and in the dump."""
    engine.apply(records(1, 3))
    assert engine.last_seq == 3
    assert dict(engine.outgoing(run(2)))[USES] == run(1)
    assert set(engine.objects(run(2), TYPE)) == {"<https://example.org/Run>", "<https://example.org/Activity>"}
    assert engine.objects(run(2), TITLE) == ['"Run \\"2\\"\\n<\'é\'>"']
    assert engine.subjects(USES, run(2)) == [run(3)]
    assert dumped(engine) == sorted(line for c in records(1, 3) for line in c.add.splitlines())


def test_an_answer_names_a_triple_once(engine: Graph) -> None:
    """Two records that say the same do not double it in reads through all graphs."""
    same = f"{run(1)} {USES} {run(0)}"
    engine.apply([Change(1, f"{same} <{bundle(1)}> .\n{same} <{bundle(2)}> .\n{same} .\n".encode())])
    assert list(engine.match(run(1))) == [(run(1), USES, run(0))]
    assert list(engine.outgoing(run(1))) == [(USES, run(0))]
    assert list(engine.objects(run(1), USES)) == [run(0)]
    assert list(engine.subjects(USES, run(0))) == [run(1)]


def test_match_by_graph(engine: Graph) -> None:
    """One graph by token or bare IRI, the default graph by None, everything by ANY."""
    engine.apply(records(1, 2))
    inside = list(engine.match(graph=bundle(1)))
    assert len(inside) == 3
    assert inside == list(engine.match(graph=f"<{bundle(1)}>"))
    assert {p for _, p, _ in engine.match(graph=None)} == {TYPE, MARKER}
    assert len(list(engine.match(graph=ANY))) == 2 * QUADS
    assert list(engine.match(None, USES, run(1))) == [(run(2), USES, run(1))]
    assert not list(engine.match(run(9)))


def test_which_record_says_so(engine: Graph) -> None:
    """Statements come with the named graphs that hold them; what follows stands in none."""
    engine.apply(records(1, 2))
    assert list(engine.stating(run(1), TITLE)) == [f"<{bundle(1)}>"]
    assert list(engine.stating(run(9))) == []
    assert list(engine.stated(None, USES, run(1))) == [(run(2), run(1), f"<{bundle(2)}>")]
    told = set(engine.told(run(1), 100))
    assert {(p, o) for p, o, _ in told} == set(engine.outgoing(run(1)))
    assert {record for _, _, record in told} == {f"<{bundle(1)}>", None}
    assert len(engine.told(run(1), 2)) == 2


def test_removes_drops_and_adds_in_order(engine: Graph) -> None:
    """Within a group each change sees the ones before it; what is dropped may be written anew."""
    engine.apply(records(1, 2))
    inferred = f"{run(1)} {TYPE} <https://example.org/Activity> .\n".encode()
    again = f'{run(9)} {TITLE} "again" <{bundle(2)}> .\n'.encode()
    engine.apply([record(3), Change(4, b"", remove=inferred, drop=(bundle(1),)), Change(5, again, drop=(bundle(2),))])
    assert not list(engine.match(run(1)))
    assert list(engine.match(graph=bundle(2))) == [(run(9), TITLE, '"again"')]
    assert len(list(engine.match(graph=bundle(3)))) == 3
    assert engine.last_seq == 5


def test_reads_follow_writes(engine: Graph) -> None:
    """What was read before is not remembered beyond a write that speaks of it."""
    engine.apply(records(1, 1))
    assert len(engine.outgoing(run(1))) == 4
    version = engine.version
    engine.apply([Change(2, f'{run(1)} {USES} "more" .\n'.encode())])
    assert (USES, '"more"') in engine.outgoing(run(1))
    assert engine.version > version
    engine.apply([Change(3, b"", drop=(bundle(1),))])
    assert len(engine.outgoing(run(1))) == 2


def test_questions(engine: Graph) -> None:
    """SELECT, ASK and CONSTRUCT see the union of all graphs, with variables bound from outside."""
    engine.apply(records(1, 3))
    rows = engine.query("SELECT ?run ?used ?none WHERE { ?run <https://example.org/uses> ?used }", {"run": run(2)})
    assert rows == Rows(("run", "used", "none"), [(run(2), run(1), None)])
    assert engine.query("ASK { ?a a <https://example.org/Run> . ?a a <https://example.org/Activity> }") is True
    built = engine.query("CONSTRUCT { ?a <urn:x> ?b } WHERE { ?a <https://example.org/uses> ?b } ORDER BY ?a LIMIT 1")
    assert built == [(run(1), "<urn:x>", run(0))]


def test_no_more_rows_are_needed_than_are_wanted(engine: Graph) -> None:
    """Of more different rows than are wanted, at least one more is given, the first ones, so that somebody can tell."""
    engine.apply(records(1, 9))
    text = "SELECT ?type WHERE { ?run a ?type ; <https://example.org/uses> ?used } ORDER BY ?type"
    both = ["<https://example.org/Activity>", "<https://example.org/Run>"]
    whole = engine.query(text)
    assert isinstance(whole, Rows)
    assert len(whole) == 18
    for most in (0, 1, 2, 5):
        some = engine.query(text, None, most)
        assert isinstance(some, Rows)
        assert list(dict.fromkeys(row[0] for row in some))[: most + 1] == both[: most + 1]


def test_rows_beyond_are_not_looked_for() -> None:
    """An embedded engine ends where it has enough: this would find a million."""
    engine = Oxigraph.open(None)
    engine.apply(records(1, 100))
    found = engine.query("SELECT ?a ?b ?c WHERE { ?a a ?x . ?b a ?y . ?c a ?z }", None, 10)
    assert isinstance(found, Rows)
    assert len(found) == 11


def test_a_malformed_question_names_the_place(engine: Graph) -> None:
    """A syntax error is a QueryError with the engine's own words."""
    with pytest.raises(QueryError, match="expected"):
        engine.query("SELECT ?a WHERE { ?a ?b }")


def test_applied_counts_the_markers(engine: Graph) -> None:
    """Count and highest tell whether something is missing; the numbers are read only then."""
    assert (engine.applied(MARKER).count, engine.applied(MARKER).highest) == (0, 0)
    engine.apply([record(1), record(2), record(5)])
    found = engine.applied(MARKER)
    assert (found.count, found.highest, found.sequences()) == (3, 5, {1, 2, 5})


def test_bad_statements_change_nothing(engine: Graph) -> None:
    """A group with one broken line is refused whole, and the next one is taken."""
    engine.apply(records(1, 1))
    before = dumped(engine)
    for broken in (Change(3, b"<urn:a> <urn:p> nonsense .\n"), Change(3, b"", remove=b"<urn:a> <urn:p>\n")):
        with pytest.raises(RdfSyntaxError, match="Statements for the graph are not"):
            engine.apply([record(2), broken])
        assert dumped(engine) == before
    engine.apply(records(2, 2))
    assert engine.last_seq == 2


def test_a_snapshot_is_an_embedded_store(engine: Graph, tmp_path: Path) -> None:
    """Whatever the engine, its snapshot opens as a store of its own with the same quads."""
    engine.apply(records(1, 4))
    engine.snapshot(tmp_path / "view" / "1")
    engine.apply(records(5, 5))
    copy = Oxigraph.open(tmp_path / "view" / "1")
    assert copy.applied(MARKER).highest == 4
    assert dumped(copy) == sorted(line for c in records(1, 4) for line in c.add.splitlines())
    copy.close()


def test_nothing_is_nothing(engine: Graph) -> None:
    """An empty group writes nothing and closing twice is harmless."""
    version = engine.version
    engine.apply([])
    assert engine.version == version
    engine.close()
    engine.close()
