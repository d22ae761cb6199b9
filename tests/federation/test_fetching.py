"""How sources are asked: groups that one source joins, known values in batches, one request for what is the same."""

from __future__ import annotations

import threading

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.cli import main
from lakegraph.federation.answer import PartialAnswerError
from tests.federation.catalogs import HEAD, served
from tests.federation.hosts import Page, endpoint, host

LICENCE = "https://spdx.org/licenses/CC0-1.0"
DCAT, DCT = "http://www.w3.org/ns/dcat#", "http://purl.org/dc/terms/"


def store(text: str) -> ox.Store:
    made = ox.Store()
    made.load(text.encode(), ox.RdfFormat.TURTLE)
    return made


def test_what_one_source_alone_can_match_it_joins(asking: LocalLake) -> None:
    """Two patterns that only one endpoint knows go there as one query, whose join it makes itself."""
    text = "".join(f"<a:{n}> <{DCT}spatial> <a:s{n % 3}> ; <{DCT}temporal> <a:t{n}> ." for n in range(30))
    with host({"/q": endpoint(store(text))}) as made:
        asking.add_peer("One", f"{made.url}/q", kind="sparql", license=LICENCE)
        found = asking.federate(HEAD + "SELECT * { ?d dct:spatial <a:s1> ; dct:temporal ?t }")
        assert len(found.rows) == 10
        one = found.sources[1]
        assert one.requests == 2, "one to choose, one to fetch"
        assert f"<{DCT}spatial>" in one.queries[1]
        assert f"<{DCT}temporal>" in one.queries[1]
        assert one.statements == 20, "what does not join was left where it was"


def test_known_values_go_in_batches(asking: LocalLake) -> None:
    """250 data sets of one catalog are asked for at another in three queries, and what else it has stays there."""
    here = "".join(f"<a:{n}> <{DCT}spatial> <a:here> ." for n in range(250))
    there = "".join(f'<a:{n}> <{DCT}temporal> "{n}" .' for n in range(2000))
    pages = {"/here": endpoint(store(here)), "/there": endpoint(store(there))}
    with host(pages) as made:
        for name in ("here", "there"):
            asking.add_peer(name, f"{made.url}/{name}", kind="sparql", license=LICENCE)
        found = asking.federate(HEAD + "SELECT * { ?d dct:spatial <a:here> ; dct:temporal ?t }")
        assert len(found.rows) == 250
        second = next(source for source in found.sources if source.title == "there")
        fetching = [query for query in second.queries if "VALUES ?vd" in query]
        assert len(fetching) == 3
        assert second.statements == 250


def test_what_is_too_much_waits_until_others_have_bound_it(asking: LocalLake) -> None:
    """A first pattern with more rows than are taken of one answer is asked for again, for what the second found."""
    few = "".join(f"<a:{n}> <{DCT}temporal> <a:s{n}> ." for n in range(0, 2000, 100))
    much = "".join(f'<a:{n}> <{DCT}spatial> "{n}" .' for n in range(2000))
    with host({"/few": endpoint(store(few)), "/much": endpoint(store(much))}) as made:
        for name in ("few", "much"):
            asking.add_peer(name, f"{made.url}/{name}", kind="sparql", license=LICENCE, rows=500)
        found = asking.federate(HEAD + "SELECT * { ?d dct:spatial ?s ; dct:temporal ?t }")
        assert not found.partial
        assert {row["s"] for row in found.rows} == {f'"{n}"' for n in range(0, 2000, 100)}
        second = next(source for source in found.sources if source.title == "much")
        assert second.requests == 3, "to choose, in vain, and bound"
        assert second.statements == 20


def test_too_much_that_nothing_binds_is_told(asking: LocalLake) -> None:
    """Where the other pattern is too much as well, both are asked for once more, and what is missing is told."""
    pages = {
        f"/{name}": endpoint(store("".join(f"<a:{n}> <{DCT}{name}> <a:x{n}> ." for n in range(1200))))
        for name in ("spatial", "temporal")
    }
    with host(pages) as made:
        for name in ("spatial", "temporal"):
            asking.add_peer(name, f"{made.url}/{name}", kind="sparql", license=LICENCE, rows=1100)
        found = asking.federate(HEAD + "SELECT * { ?d dct:temporal ?t ; dct:spatial ?s }")
        assert [source.status for source in found.failing] == ["truncated", "truncated"]
        assert all("more than the 1100 rows" in str(source.error) for source in found.failing)
        assert max(source.requests for source in found.sources) <= 3


def test_a_path_is_followed_from_what_is_known(asking: LocalLake) -> None:
    """Step by step over two catalogs, and not by fetching every link there is."""
    odd = "".join(f"<a:{n}> <{DCT}isPartOf> <a:{n + 1}> ." for n in range(1, 400, 2))
    even = "".join(f"<a:{n}> <{DCT}isPartOf> <a:{n + 1}> ." for n in range(0, 400, 2))
    with host({"/odd": endpoint(store(odd)), "/even": endpoint(store(even))}) as made:
        for name in ("odd", "even"):
            asking.add_peer(name, f"{made.url}/{name}", kind="sparql", license=LICENCE)
        found = asking.federate(HEAD + "SELECT ?x { <a:390> dct:isPartOf+ ?x }")
        assert len(found.rows) == 10
        assert sum(source.statements for source in found.sources) < 30
        peers = {asking.peer(name).iri for name in ("odd", "even")}
        origins = dict(zip((row["x"] for row in found.rows), found.origins, strict=True))
        assert set(origins["<a:391>"]) == {asking.peer("even").iri}
        assert set(origins["<a:392>"]) == peers


def test_two_questions_at_once(asking: LocalLake) -> None:
    """Each has its own store and its own accounts."""
    text = "".join(f'<a:{n}> a <{DCAT}Dataset> ; <{DCT}title> "{n}" .' for n in range(20))
    with host({"/q": endpoint(store(text))}) as made:
        asking.add_peer("One", f"{made.url}/q", kind="sparql", license=LICENCE)
        answers: list[int] = []

        def ask(limit: int) -> None:
            query = HEAD + f"SELECT ?d {{ ?d a lake:Dataset ; dct:title ?t }} ORDER BY ?t LIMIT {limit}"
            answers.append(len(asking.federate(query).rows))

        threads = [threading.Thread(target=ask, args=(n,)) for n in (3, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [3, 5]


def test_a_partial_answer_is_refused_over_http_too(asking: LocalLake) -> None:
    """With the source named; on the command line the exit code is that of something that cannot be reached."""
    with host({"/bad": Page("no", "text/plain", 500)}) as made, served(asking) as url:
        asking.add_peer("Bad", f"{made.url}/bad", kind="sparql", license=LICENCE)
        query = HEAD + "SELECT ?d { ?d a lake:Dataset }"
        with (
            lakegraph.connect(url) as remote,
            pytest.raises(PartialAnswerError, match=r"not whole\. Bad: The host answered 500"),
        ):
            remote.federate(query, strict=True)
        run = CliRunner()
        assert run.invoke(main, ["--lake", url, "federate", query, "--strict"]).exit_code == 4
        shown = run.invoke(main, ["--lake", url, "federate", query])
        assert shown.exit_code == 0
        assert "The answer is partial: Bad." in shown.output
        asked = run.invoke(main, ["--lake", url, "federate", "models-of-dataset", "--dataset", "https://a.example/1"])
        assert asked.exit_code == 0, asked.output
