"""Harvesting: descriptions copied in as records that follow the peer, and what is done with them."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import lakegraph
from lakegraph import bootstrap
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import NotFoundError, UsageError
from lakegraph.federation.harvesting import Harvest
from lakegraph.http import create_app
from lakegraph.preparing import Submission
from tests.conftest import BASE, quads
from tests.federation.catalogs import World, world
from tests.federation.hosts import Host, Page, dropped, host

PREFIXES = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"


def described(number: int, title: str = "Rainfall") -> str:
    """A data set with a publisher and a file that have no names."""
    return (
        f'<https://data.example/{number}> a dcat:Dataset ; dct:title "{title} {number}" ;'
        f' dct:publisher [ <http://xmlns.com/foaf/0.1/name> "Office {number % 3}" ] ;'
        f" dcat:distribution [ a dcat:Distribution ; dcat:downloadURL <https://data.example/{number}.csv> ] .\n"
    )


def catalog(numbers: range, title: str = "Rainfall") -> Page:
    return Page(PREFIXES + "".join(described(n, title) for n in numbers))


@pytest.fixture
def city() -> Iterator[Host]:
    """A catalog of five data sets in one document."""
    with host({"/c.ttl": catalog(range(5))}) as made:
        yield made


def harvest(lake: LocalLake, site: Host, **said: object) -> Harvest:
    if not lake.peers():
        lake.add_peer("City", f"{site.url}/c.ttl", kind="rdf")
    return lake.harvest("City", by="bob", **said)  # type: ignore[arg-type]


def counts(report: Harvest) -> tuple[int, int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.withdrawn, report.refused


def rows(lake: LocalLake, where: str) -> list[dict[str, str]]:
    text = f"PREFIX lake: <https://w3id.org/lakegraph/ns#> {PREFIXES.replace('@prefix', 'PREFIX').replace(' .', '')}"
    found = json.loads(lake.query(f"{text} SELECT * {{ {where} }}"))
    return [{name: term["value"] for name, term in row.items()} for row in found["results"]["bindings"]]


def test_every_kind_of_peer(tmp_path: Path) -> None:
    """Six catalogs in five vocabularies: everything comes in once, a search finds it, and again nothing is written."""
    with world(tmp_path, size=4) as made:
        lake = made.lake
        for peer in lake.registered():
            report = lake.harvest(peer.slug, by="bob")
            assert report.complete, report
            assert counts(report)[1:] == (0, 0, 0, 0), report
            assert report.new == (3 if peer.kind == "lakegraph" else 4)
            assert lake.peer(peer.slug).harvested
            before = [e.kind for e in lake.journal.entries()]
            again = lake.harvest(peer.slug, by="bob")
            assert counts(again) == (0, 0, report.new, 0, 0)
            after = [e.kind for e in lake.journal.entries()]
            assert after == [*before, "supersede"]  # of the peer alone: its last harvest
        for words, kind in (
            ("City 3", "source"),
            ("Model 2", "source"),
            ("Clinic 1", "source"),
            ("Endpoint 2", "source"),
        ):
            assert lake.search(words, kind=kind)["hits"][0]["title"] == words
        assert _derived(made) == {(f"Endpoint {n}", f"{what} {n}") for n in (1, 3) for what in ("Point", "City")}
        live = quads(lake, tmp_path)
    bootstrap.rebuild(tmp_path / "lake")
    with lakegraph.open(tmp_path / "lake") as lake:
        assert quads(lake, tmp_path) == live


def _derived(made: World) -> set[tuple[str, str]]:
    found = rows(made.lake, "?a lake:derivedFrom ?b ; dct:title ?x . ?b dct:title ?y FILTER(STRSTARTS(?x, 'Endpoint'))")
    return {(row["x"], row["y"]) for row in found}


def test_what_changed_and_what_is_gone(asking: LocalLake, city: Host) -> None:
    """Changed descriptions take the place of the old, the missing are withdrawn, and what comes back is recorded."""
    assert counts(harvest(asking, city)) == (5, 0, 0, 0, 0)
    city.pages["/c.ttl"] = Page(PREFIXES + described(0) + described(1, "Snowfall") + described(2) + described(7))
    assert counts(harvest(asking, city)) == (1, 1, 2, 2, 0)
    titles = {row["t"] for row in rows(asking, "?d a lake:DatasetSource ; dct:title ?t")}
    assert titles == {"Rainfall 0", "Snowfall 1", "Rainfall 2", "Rainfall 7"}
    city.pages["/c.ttl"] = catalog(range(5))
    assert counts(harvest(asking, city)) == (2, 1, 2, 1, 0)
    assert counts(harvest(asking, city)) == (0, 0, 5, 0, 0)


def test_each_statement_says_where_it_comes_from(asking: LocalLake, city: Host) -> None:
    """Every description stands in a graph of its own, whose record names the peer and the document."""
    harvest(asking, city)
    found = rows(
        asking,
        "GRAPH ?g { ?d dct:title ?t . ?r <http://xmlns.com/foaf/0.1/primaryTopic> ?d ;"
        " lake:harvestedFrom ?peer ; dct:source ?doc }",
    )
    assert len(found) == 5
    assert {row["peer"] for row in found} == {f"{BASE}id/peer/city"}
    assert {row["doc"] for row in found} == {f"{city.url}/c.ttl"}
    assert len({row["g"] for row in found}) == 5
    named = rows(asking, "?d dct:publisher ?o . ?o <http://xmlns.com/foaf/0.1/name> ?name")
    assert {row["o"].rpartition("/node/")[0] for row in named} == {f"https://data.example/{n}" for n in range(5)}


def test_local_lineage_starts_at_an_external_data_set(asking: LocalLake, city: Host) -> None:
    """An ingest names what was harvested; lineage goes up to it; withdrawing it would break that, so it stays."""
    harvest(asking, city)
    run = {
        "type": "Ingest", "title": "Take the rain", "description": "First copy of the rainfall.", "ingestedBy": "bob",
        "startedAt": "2026-01-01T00:00:00Z", "endedAt": "2026-01-01T00:01:00Z", "ingestionMode": "batch",
        "runStatus": "succeeded", "executes": {"title": "take.py", "sourceCodeURL": "take.py"},
        "environment": {"title": "Python 3.11"}, "ingestFrom": "https://data.example/2",
        "ingestTo": [{"title": "Rain", "version": "0", "administrator": "bob", "securityLevel": "internal",
                      "distribution": {"storagePath": "rain.csv"}}],
    }  # fmt: skip
    asking.record(run, captured=True)
    assert "https://data.example/2" in str(list(asking.lineage("Rain", up="all").nodes))
    city.pages["/c.ttl"] = catalog(range(2))
    report = harvest(asking, city)
    assert (report.withdrawn, report.relied_on, report.faults) == (2, 1, [])
    assert asking.knows("https://data.example/2")


def test_an_interrupted_harvest_withdraws_nothing(asking: LocalLake) -> None:
    """A peer that fails halfway: what came is kept, nothing is taken back, and the report says why."""
    first = PREFIXES + described(0) + "<> <http://www.w3.org/ns/hydra/core#next> </2.ttl> ."
    with host({"/c.ttl": Page(first), "/2.ttl": catalog(range(1, 3))}) as site:
        assert counts(harvest(asking, site)) == (3, 0, 0, 0, 0)
        when = asking.peer("City").harvested
        site.pages["/2.ttl"] = dropped
        report = harvest(asking, site)
        assert not report.complete
        assert report.error
        assert report.error["code"]
        assert counts(report) == (0, 0, 1, 0, 0)
        assert asking.peer("City").harvested == when
        assert len(rows(asking, "?d a lake:DatasetSource")) == 3


def test_only_what_changed(asking: LocalLake) -> None:
    """A sitemap that tells when pages changed: only those since the last harvest are fetched again."""

    def listed(*entries: tuple[int, datetime]) -> Page:
        urls = (f"<url><loc>{site.url}/{n}</loc><lastmod>{t.isoformat()}</lastmod></url>" for n, t in entries)
        return Page(f"<urlset>{''.join(urls)}</urlset>", "application/xml")

    def said(number: int, name: str) -> Page:
        block = {"@context": "https://schema.org/", "@type": "Dataset", "@id": f"{site.url}/{number}", "name": name}
        return Page(json.dumps(block), "application/ld+json")

    now = datetime.now(UTC)
    with host() as site:
        site.pages |= {"/s.xml": listed((1, now - timedelta(days=9)), (2, now - timedelta(days=9)))}
        site.pages |= {"/1": said(1, "One"), "/2": said(2, "Two")}
        asking.add_peer("Site", f"{site.url}/s.xml", kind="jsonld")
        assert counts(asking.harvest("Site", by="bob", changed=True)) == (2, 0, 0, 0, 0)
        site.pages |= {"/s.xml": listed((2, now + timedelta(hours=1))), "/2": said(2, "Two, mended")}
        del site.seen[:]
        assert counts(asking.harvest("Site", by="bob", changed=True)) == (0, 1, 0, 0, 0)
        assert "/1" not in {seen.path for seen in site.seen}
        assert counts(asking.harvest("Site", by="bob")) == (0, 0, 1, 1, 0)


def test_another_lake_is_asked_only_for_what_changed(tmp_path: Path, asking: LocalLake) -> None:
    """A second lake's catalog is read from the time of the last harvest on."""
    from tests.federation.catalogs import SOURCE, served

    with lakegraph.init(tmp_path / "other", base="https://other.example/") as other, served(other) as url:
        other.record(SOURCE | {"title": "Clinic 1"})
        asking.add_peer("Other", url, kind="lakegraph")
        assert counts(asking.harvest("Other", by="bob", changed=True)) == (1, 0, 0, 0, 0)
        other.record(SOURCE | {"title": "Clinic 2"})
        assert counts(asking.harvest("Other", by="bob", changed=True)) == (1, 0, 0, 0, 0)


def test_another_lake_tells_what_it_withdrew(tmp_path: Path, asking: LocalLake) -> None:
    """Following by date takes back what the other lake withdrew since, page after page, and nothing else."""
    from tests.federation.catalogs import SOURCE, served

    with lakegraph.init(tmp_path / "other", base="https://other.example/") as other, served(other) as url:
        made = [other.record(SOURCE | {"title": f"Clinic {n}"}) for n in range(4)]
        asking.add_peer("Other", url, kind="lakegraph")
        assert counts(asking.harvest("Other", by="bob", changed=True)) == (4, 0, 0, 0, 0)
        for receipt in made[1:3]:
            other.tombstone(receipt.iri, by="bob", why="The clinic gave it up.")
        other.record(SOURCE | {"title": "Clinic 4"})
        assert counts(asking.harvest("Other", by="bob", changed=True)) == (1, 0, 0, 2, 0)
        assert counts(asking.harvest("Other", by="bob", changed=True)) == (0, 0, 0, 0, 0)
        titles = {row["t"] for row in rows(asking, "?d a lake:DatasetSource ; dct:title ?t")}
        assert titles == {"Clinic 0", "Clinic 3", "Clinic 4"}
        assert counts(asking.harvest("Other", by="bob")) == (0, 0, 3, 0, 0)


ADMS = "@prefix adms: <http://www.w3.org/ns/adms#> . @prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"


DATASET_STATUS = "http://publications.europa.eu/resource/authority/dataset-status/"


@pytest.mark.parametrize(
    "said",
    [
        "<#r> foaf:primaryTopic <https://data.example/1> ; adms:status <http://purl.org/adms/changetype/deleted> .\n",
        "<https://data.example/1> adms:status <http://purl.org/adms/status/Withdrawn> .\n",
        f"<https://data.example/1> adms:status <{DATASET_STATUS}WITHDRAWN> .\n",
    ],
)
def test_what_a_catalog_says_is_withdrawn(asking: LocalLake, city: Host, said: str) -> None:
    """A record of DCAT-AP that was deleted, or a thing that is withdrawn itself, though it is still described."""
    harvest(asking, city)
    city.pages["/c.ttl"] = Page(PREFIXES + ADMS + "".join(described(n) for n in range(5)) + said)
    assert counts(harvest(asking, city, changed=True)) == (0, 0, 4, 1, 0)
    assert not asking.knows("https://data.example/1")
    still = said.replace("deleted", "modified").replace("ithdrawn", "orking").replace("WITHDRAWN", "CURRENT")
    city.pages["/c.ttl"] = Page(PREFIXES + ADMS + "".join(described(n) for n in range(5)) + still)
    assert harvest(asking, city, changed=True).new == 1


def test_bad_descriptions_are_named_and_the_others_come_in(asking: LocalLake, city: Host) -> None:
    """What the shapes refuse is reported with the reason; a thing without an IRI is no thing to refer to."""
    wrong = '<https://data.example/9> a dcat:Dataset ; dct:title "Nine" ; dcat:byteSize "-5" ; dct:created "never" .\n'
    nameless = '[] a dcat:Dataset ; dct:title "Nobody\'s" .\n'
    model = '<https://data.example/10> a <https://w3id.org/lakegraph/ns#Ingest>, dcat:Dataset ; dct:title "Both" .\n'
    city.pages["/c.ttl"] = Page(PREFIXES + described(1) + wrong + nameless + model)
    report = harvest(asking, city)
    assert report.new >= 1
    assert report.refused >= 1
    assert {fault["thing"] for fault in report.faults} <= {"https://data.example/9", "https://data.example/10"}
    assert all(fault["detail"] and fault["code"] for fault in report.faults)
    assert asking.knows("https://data.example/1")
    with pytest.raises(NotFoundError, match="No peer is called"):
        asking.harvest("Nobody")
    del city.seen[:]
    with pytest.raises(UsageError, match="'all' says not which matches to use") as refused:
        asking.harvest("City", matches="all")  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.where) == ("usage", "matches")
    assert refused.value.hint == "exact, close, broad"
    assert city.seen == []


def test_memory_stays_flat(asking: LocalLake) -> None:
    """Twenty times the pages: no more memory, because one page and one group are held at a time."""
    each = 40

    def page(n: int, last: int) -> Page:
        more = f"<> <http://www.w3.org/ns/hydra/core#next> </{n + 1}.ttl> .\n" if n < last else ""
        return Page(PREFIXES + more + "".join(described(n * each + k) for k in range(each)))

    peaks = []
    with host() as site:
        for name, last in (("Small", 1), ("Large", 20)):
            site.pages |= {f"/{n}.ttl": page(n, last) for n in range(1, last + 1)}
            asking.add_peer(name, f"{site.url}/1.ttl", kind="rdf")
            tracemalloc.start()
            report = asking.harvest(name, by="bob")
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert report.new == each * last
            assert report.documents == last
    assert peaks[1] < peaks[0] + 24 * 2**20


def test_warnings_that_nobody_reads_are_not_written(
    asking: LocalLake, city: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the shapes would say of each description goes into no receipt of a harvest; it would where it is read."""
    submit, seen = asking.submit_harvested, []

    def watched(sent: Sequence[Submission]) -> Sequence[Any]:
        answers = submit(sent)
        seen.extend(zip(sent, answers, strict=True))
        return answers

    monkeypatch.setattr(asking, "submit_harvested", watched)
    assert harvest(asking, city).new == len(seen) == 5
    assert all(answer.warnings == () for _, answer in seen)
    sent, answer = seen[0]
    (read,) = submit([replace(sent, unread=False, supersedes=answer.iri)])
    assert read.warnings


def test_over_http(asking: LocalLake, city: Host) -> None:
    """POST /harvests gives the report; an unknown peer is 404, an unknown field 400."""
    client = create_app(asking).test_client()
    asking.add_peer("City", f"{city.url}/c.ttl", kind="rdf")
    said = client.post("/harvests", json={"peer": "City", "by": "bob"}).get_json()
    assert (said["new"], said["complete"], said["peer"]) == (5, True, f"{BASE}id/peer/city")
    assert client.post("/harvests", json={"peer": "Nobody"}).status_code == 404
    assert client.post("/harvests", json={"peer": "City", "often": True}).status_code == 400
    wrong = client.post("/harvests", json={"peer": "City", "matches": "all"})
    assert (wrong.status_code, wrong.get_json()["code"]) == (400, "usage")
    assert wrong.get_json()["detail"] == "'all' says not which matches to use."
