"""/queries: what runs is listed, and can be ended."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.http.conftest import assert_problem

ENDLESS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


def test_list_and_cancel(get: FlaskClient) -> None:
    """A query that runs is listed with its text and what time it has left; once it is ended its answer breaks off."""
    response = get.get("/sparql", query_string={"query": ENDLESS}, buffered=False)
    id = response.headers["Lake-Query"]  # noqa: A001 - it is called so
    chunks = iter(response.response)
    assert next(chunks)
    listed = get.get("/queries")
    assert listed.headers["Cache-Control"] == "no-store"
    (mine,) = [query for query in listed.json["queries"] if query["id"] == id]
    assert (mine["form"], mine["query"]) == ("select", ENDLESS)
    assert 0 < mine["remaining"] <= 30
    assert mine["started"].endswith("+00:00")
    ended = get.delete(f"/queries/{id}")
    assert (ended.status_code, ended.data) == (204, b"")
    last = b""
    for chunk in chunks:
        last = chunk
    assert b"query-cancelled" in last
    response.close()
    assert all(query["id"] != id for query in get.get("/queries").json["queries"])
    assert_problem(get.delete(f"/queries/{id}"), 404, "not-found")


@pytest.mark.parametrize("id", ["none", "%F0%9F%A6%86", "a%2Fb", "x" * 3000])
def test_a_query_that_does_not_run(get: FlaskClient, id: str) -> None:  # noqa: A002 - it is called so
    """An id of nothing is a problem like any other."""
    assert get.delete(f"/queries/{id}").status_code == 404
