"""Finding things by name, their versions, their files, and the people who are kept outside."""

from __future__ import annotations

import pytest

from lakegraph.errors import UsageError
from lakegraph.index import Index, Person
from tests.index.records import bundle, dataset, index_of, iri, names, record, said, trained

SHA = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"


@pytest.fixture(scope="module")
def lake() -> Index:
    """Two versions of two data sets, a model, and things that share a name; nobody writes to it."""
    return index_of(
        record(1, dataset("diabetes", "1", "Diabetes")),
        record(2, dataset("diabetes", "2", "Diabetes")),
        record(3, dataset("hearts", "1", "Heart data")),
        record(4, dataset("hearts", "2", "Hearts, cleaned")),
        record(5, said("source/uci", "DatasetSource", title="UCI")),
        record(6, said("program/fit.py-0ea1", "Program", title="fit.py")),
        record(7, said("study/diabetes", "Study", title="Diabetes prediction")),
        trained(8, "Predictor", version="2024.1"),
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("UCI", ["source/uci"]),
        ("fit.py", ["program/fit.py-0ea1"]),
        ("Heart data", ["dataset/hearts/2"]),
        ("hearts", ["dataset/hearts/2"]),
        ("hearts@1", ["dataset/hearts/1"]),
        ("Heart Data@1", ["dataset/hearts/1"]),
        ("hearts/1", ["dataset/hearts/1"]),
        ("dataset/hearts/1", ["dataset/hearts/1"]),
        ("/dataset/hearts", ["dataset/hearts/2"]),
        ("id/study/diabetes", ["study/diabetes"]),
        (iri("dataset/hearts"), ["dataset/hearts/2"]),
        (iri("dataset/hearts/1"), ["dataset/hearts/1"]),
        ("predictor@2024.1", ["model/Predictor/2024.1"]),
        ("run/8", ["run/8"]),
        ("nothing of the kind", []),
        ("hearts@9", []),
        ("model/hearts/1", []),
        ("", []),
        ("@", []),
        ("/", []),
    ],
)
def test_names_lead_to_what_they_mean(lake: Index, name: str, expected: list[str]) -> None:
    """Titles, slugs, versions, IRIs and their ends; a hub stands for its current version."""
    assert names(lake.lookup(name)) == expected


def test_an_ambiguous_name_lists_its_candidates(lake: Index) -> None:
    """The study's slug and the data set's title are both Diabetes; the kind decides."""
    assert names(lake.lookup("diabetes")) == ["study/diabetes", "dataset/diabetes/2"]
    assert names(lake.lookup("diabetes", ["dataset", "model"])) == ["dataset/diabetes/2"]
    assert names(lake.lookup("diabetes", ["run"])) == []


def test_a_title_leads_past_ten_thousand_versions_to_the_other_data_set() -> None:
    """Two data sets with one title are both found, however many versions the one has."""
    versions = [dataset("nightly", str(n), "Readings") for n in range(300)]
    index = index_of(record(1, dataset("other", "1", "Readings")), record(2, *versions))
    assert set(names(index.lookup("readings"))) == {"dataset/other/1", "dataset/nightly/299"}


def test_the_current_version_is_the_highest_unless_a_record_declares_another() -> None:
    """Numbers by value, whatever order they come in; a rollback holds until the next version."""
    hub = iri("dataset/d")
    index = index_of(record(1, dataset("d", "9"), dataset("d", "10"), dataset("d", "2")))
    assert index.current(hub) == iri("dataset/d/10")
    assert [hit.version for hit in index.versions(hub)] == ["10", "9", "2"]
    index.apply([record(2, said("dataset/d", current="dataset/d/2"))])
    assert index.current(hub) == iri("dataset/d/2")
    index.apply([record(3, dataset("d", "11"))])
    assert index.current(hub) == iri("dataset/d/11")
    index.apply([record(4, dropped=[bundle(3)])])
    assert index.current(hub) == iri("dataset/d/2")
    index.apply([record(5, dropped=[bundle(2)])])
    assert index.current(hub) == iri("dataset/d/10")
    assert index.current(iri("dataset/d/10")) is None


def test_named_versions_are_current_as_they_were_recorded() -> None:
    """Where versions are no numbers the last recorded one is current."""
    index = index_of(record(1, dataset("d", "1.10")), record(2, dataset("d", "1.9")))
    assert index.current(iri("dataset/d")) == iri("dataset/d/1.9")


def test_a_hub_may_say_which_versions_it_has() -> None:
    """The statement from the hub's side counts like the one from the version's."""
    index = index_of(
        record(1, said("dataset/d/1", "ModellakeDataset", title="D", version="1")),
        record(2, said("dataset/d", has_version="dataset/d/1")),
    )
    assert index.exists(iri("dataset/d")) == "hub"
    assert names(index.versions(iri("dataset/d/1"))) == ["dataset/d/1"]


def test_files_are_found_by_their_checksum() -> None:
    """Two data sets with the same bytes, by the whole digest and in either case; a half is no checksum."""
    file = [*said("f", checksum="f/sum"), *said("f/sum", digest=SHA)]
    index = index_of(
        record(1, dataset("a", file="f"), file), record(2, dataset("b", file="f"), file), record(3, dataset("c"))
    )
    assert set(names(index.by_checksum(SHA.upper()))) == {"dataset/a/1", "dataset/b/1"}
    assert set(names(index.lookup(f"sha256:{SHA}"))) == {"dataset/a/1", "dataset/b/1"}
    assert not index.by_checksum(SHA[:16])
    assert index.by_checksum(SHA)[0].checksums == (SHA,)


@pytest.mark.parametrize(
    ("name", "first"),
    [("Diabtes", "dataset/diabetes/2"), ("predicter", "model/Predictor/2024.1"), ("hearts cleand", "dataset/hearts/2")],
)
def test_misspelt_names_are_guessed(lake: Index, name: str, first: str) -> None:
    """The most alike name comes first, and each data set once."""
    guessed = names(lake.nearest(name))
    assert guessed[0] == first
    assert len(guessed) == len({each.rpartition("/")[0] for each in guessed})


def test_guesses_are_of_the_kinds_that_are_wanted(lake: Index) -> None:
    """Only a study may be meant, and only so many are offered."""
    assert names(lake.nearest("diabtes", ["study"])) == ["study/diabetes"]
    assert len(lake.nearest("diabtes", n=1)) == 1
    assert lake.nearest("qqqqqq") == []


def test_an_unknown_kind_is_refused(lake: Index) -> None:
    """With the kinds that there are."""
    with pytest.raises(UsageError, match="'thing' is not a kind of thing") as error:
        lake.lookup("x", ["thing"])
    assert "dataset" in (error.value.hint or "")


def test_people_are_found_and_forgotten() -> None:
    """By name, by slug and nearly; a new directory replaces the old one."""
    index = index_of(trained(1, "p"))
    tim, bob = Person(iri("user/tim"), "Tim Smith", "Data scientist"), Person(iri("user/bob"), "Bob")
    org = Person(iri("organization/uci"), "UCI Repository", kind="organization")
    index.put_people([tim, bob, org])
    for name in ("tim smith", "tim", tim.iri):
        assert [(hit.iri, hit.kind) for hit in index.lookup(name)] == [(tim.iri, "user")]
    assert names(index.nearest("tim smit", ["user"])) == ["user/tim"]
    assert names(index.search("smi", kind="user").hits) == ["user/tim"]
    assert names(index.search(kind="user", limit=1).hits) == ["user/bob"]
    assert index.exists(bob.iri) == "user"
    assert index.lookup("uci repository", ["organization"])[0].iri == org.iri
    index.put_people([bob])
    assert index.exists(tim.iri) is None
    assert index.lookup("tim smith") == []


def test_people_never_reach_the_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whoever is erased from the directory is in no byte of the index."""
    path = tmp_path_factory.mktemp("index") / "index.db"
    index = Index.open(path)
    index.put_people([Person(iri("user/x1"), "Nathaniel Unforgettable")])
    index.apply([trained(1, "p")])
    assert index.lookup("Nathaniel Unforgettable")
    index.close()
    assert b"nforgettable" not in b"".join(file.read_bytes() for file in path.parent.iterdir())
