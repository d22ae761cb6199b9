"""The remote engine: what it sends, and what it makes of refusals."""

from __future__ import annotations

import pytest
from graph_data import MARKER, records
from sparql_servers import HOME, URL, FakeServer, fake_server

from lakegraph.errors import LakeBusyError, QueryError, SettingsError, StorageError
from lakegraph.graph.sparql_server import bound


def test_one_request_per_group() -> None:
    """A group is one update request of the protocol's media type, so that the server applies it atomically."""
    server = FakeServer()
    fake_server(server).apply(records(1, 20))
    assert server.seen == [
        ("POST", f"{URL}/update", {"Content-Type": "application/sparql-update; charset=utf-8", "Accept": "*/*"})
    ]


def test_default_graph_stands_in_a_named_one() -> None:
    """Markers and inferred statements go where a union default graph still shows them."""
    server = FakeServer()
    fake_server(server).apply(records(1, 1))
    assert f"<{HOME}>" in {str(q.graph_name) for q in server.store}
    assert all(str(q.graph_name) != "DEFAULT" for q in server.store)


def test_refused_update() -> None:
    """An update that the server refuses is a StorageError with the server's words; nothing counts as applied."""
    server = FakeServer()
    engine = fake_server(server)
    server.failing = 503
    with pytest.raises(StorageError, match="status 503: the server says no"):
        engine.apply(records(1, 1))
    assert engine.last_seq == 0


def test_unreachable() -> None:
    """A server that does not answer is busy, not damaged."""
    server = FakeServer()
    server.down = True
    with pytest.raises(LakeBusyError, match="cannot be reached: nobody is there"):
        fake_server(server).query("ASK {}")


def test_failing_query() -> None:
    """A query that the server cannot answer now says with which status."""
    server = FakeServer()
    server.failing = 500
    with pytest.raises(LakeBusyError, match="status 500"):
        fake_server(server).query("ASK {}")


def test_answer_of_another_kind() -> None:
    """An answer that is not SPARQL JSON, as from a proxy's error page, is not taken for an empty one."""
    engine = fake_server()
    engine._send = lambda *_: (200, {}, b"<html>hello</html>")
    with pytest.raises(LakeBusyError, match="not SPARQL JSON: <html>hello"):
        engine.query("ASK {}")


def test_server_without_union_is_found_out() -> None:
    """A server whose default graph hides the named graphs is refused at opening, saying what to set."""
    engine = fake_server(FakeServer(union=False))
    engine.apply(records(1, 2))
    with pytest.raises(SettingsError, match="does not show its named graphs"):
        engine.applied(MARKER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT ?a WHERE { ?a ?b ?c }", "SELECT ?a WHERE { VALUES (?a) { (<urn:x>) } ?a ?b ?c }"),
        ("ASK{?a ?b ?c}", "ASK{ VALUES (?a) { (<urn:x>) }?a ?b ?c}"),
        ("CONSTRUCT{?a ?b 1}WHERE{?a ?b 2}", "CONSTRUCT{?a ?b 1}WHERE{ VALUES (?a) { (<urn:x>) }?a ?b 2}"),
        (
            '# {\nSELECT ?a { "{" ?b { ?a ?c ?d } }',
            '# {\nSELECT ?a { VALUES (?a) { (<urn:x>) } "{" ?b { ?a ?c ?d } }',
        ),
    ],
)
def test_binding(text: str, expected: str) -> None:
    """Variables are bound by VALUES at the start of the outermost pattern, which strings and templates do not move."""
    assert bound(text, {"a": "<urn:x>"}) == expected


def test_binding_needs_a_pattern() -> None:
    """A query without a pattern cannot be bound, and says so; without bindings it is left as it is."""
    assert bound("DESCRIBE <urn:x>", {}) == "DESCRIBE <urn:x>"
    with pytest.raises(QueryError, match="no WHERE"):
        bound("DESCRIBE <urn:x>", {"a": "<urn:y>"})
