"""The directory of people: added, found, corrected, and erased so that no byte tells who they were."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lakegraph.errors import (
    AmbiguousError,
    ConflictError,
    LakeDamagedError,
    LakeFormatError,
    NotFoundError,
    StorageError,
    UsageError,
)
from lakegraph.people import People, Person


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    """An empty directory."""
    with People.open(tmp_path / "people.db") as opened:
        yield opened


def test_who_is_added_is_found(people: People, tmp_path: Path) -> None:
    """By slug, mail address and name, whatever the capitals, also after reopening."""
    ada = people.add("Ada  Lovelace", mail="Ada@Example.org", job_title="data-scientist")
    assert (ada.slug, ada.kind, ada.name, ada.mail) == ("ada-lovelace", "user", "Ada Lovelace", "Ada@Example.org")
    assert (ada.job_title, ada.erased, ada.reason) == ("data-scientist", None, None)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", ada.created)
    people.close()
    with People.open(tmp_path / "people.db") as again:
        for text in ("ada-lovelace", "ada@example.ORG", "ADA lovelace", " ada lovelace "):
            assert again.find(text) == ada
        assert again.get("ada-lovelace") == ada
        assert again.find("Ada") is None
        with pytest.raises(NotFoundError, match="Nobody in this lake has the slug 'ada'"):
            again.get("ada")


def test_slugs_are_made_from_names(people: People) -> None:
    """Letters lose their accents, namesakes get numbers, and a name without letters still gets a slug."""
    names = ["Zoë Müller", "Zoe Muller", "ZOE-MULLER", "李雷", "R2 D2"]
    assert [people.add(name).slug for name in names] == ["zoe-muller", "zoe-muller-2", "zoe-muller-3", "agent", "r2-d2"]
    assert people.add("Bob", slug="bobby").slug == "bobby"


def test_kinds_are_told_apart(people: People) -> None:
    """Users, organizations and programs stand in one directory and can be listed and found by kind."""
    people.add("UCI", kind="organization")
    people.add("Nightly Monitor", kind="software-agent")
    user = people.add("uci", slug="uci-user")
    assert [person.slug for person in people.list()] == ["nightly-monitor", "uci", "uci-user"]
    assert people.list(kind="user") == (user,)
    assert people.find("UCI", kind="user") == user
    assert people.find("nightly monitor", kind="user") is None


def test_namesakes_are_named(people: People) -> None:
    """A name that several bear is not guessed at: the message has their slugs."""
    people.add("Bob", slug="bob-a")
    people.add("BOB", slug="bob-b")
    with pytest.raises(AmbiguousError) as refused:
        people.find("bob")
    assert str(refused.value) == (
        "2 agents are called 'bob'.\n  where: bob-a, bob-b\n  what to do: Use one of these slugs, or a mail address."
    )
    people.add("Bob", slug="bob")
    found = people.find("bob")
    assert found is not None
    assert found.slug == "bob"


def test_corrections(people: People) -> None:
    """What is given changes, what is not stays, and an empty mail or title goes."""
    people.add("Bob", mail="bob@example.org", job_title="data-engineer")
    assert people.update("bob", name="Robert").name == "Robert"
    changed = people.update("bob", mail="robert@example.org")
    assert (changed.mail, changed.job_title) == ("robert@example.org", "data-engineer")
    assert people.update("bob", mail="ROBERT@example.org").mail == "ROBERT@example.org"
    assert people.find("bob@example.org") is None
    cleared = people.update("bob", mail="", job_title="")
    assert (cleared.slug, cleared.mail, cleared.job_title) == ("bob", None, None)
    assert people.find("robert") == cleared


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"name": " "}, "An agent needs a name"),
        ({"name": "Eve", "kind": "robot"}, "There is no kind 'robot' of agent"),
        ({"name": "Eve", "slug": "Eve"}, "'Eve' cannot be a slug"),
        ({"name": "Eve", "slug": ""}, "'' cannot be a slug"),
        ({"name": "Eve", "slug": "a/b"}, "'a/b' cannot be a slug"),
        ({"name": "Eve", "mail": "eve"}, "'eve' is not a mail address"),
    ],
)
def test_impossible_people_are_refused(people: People, call: dict[str, str], message: str) -> None:
    """What cannot be a name, kind, slug or address is refused with what it should be."""
    with pytest.raises(UsageError, match=message) as refused:
        people.add(**call)
    assert refused.value.hint
    assert people.list() == ()
    assert people.revision == 0


def test_what_is_taken_is_refused(people: People) -> None:
    """A slug and an address belong to one; whoever has them is named, and nothing is written."""
    people.add("Bob", mail="bob@example.org")
    people.add("Tim", mail="tim@example.org")
    with pytest.raises(ConflictError, match="The slug 'bob' is taken"):
        people.add("Robert", slug="bob")
    with pytest.raises(ConflictError, match=r"BOB@example\.org belongs to 'bob' already"):
        people.add("Robert", mail="BOB@example.org")
    with pytest.raises(ConflictError, match=r"bob@example\.org belongs to 'bob' already"):
        people.update("tim", mail="bob@example.org")
    assert [person.name for person in people.list()] == ["Bob", "Tim"]


def test_pseudonymous_slugs_say_nothing(tmp_path: Path) -> None:
    """Users get random slugs and can be found by name; organizations and programs keep theirs."""
    with People.open(tmp_path / "people.db", pseudonymous=True) as people:
        slugs = {people.add("Bob").slug for _ in range(20)}
        assert len(slugs) == 20
        assert all(re.fullmatch(r"p-[a-km-np-z2-9]{12}", slug) for slug in slugs)
        assert people.add("UCI", kind="organization").slug == "uci"
        tim = people.add("Tim")
        assert people.find("tim") == tim
        with pytest.raises(UsageError, match="This lake gives users random slugs"):
            people.add("Eve", slug="eve")


def everything(folder: Path) -> bytes:
    """All bytes of all files in *folder*."""
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_erasure_leaves_no_byte(people: People, tmp_path: Path) -> None:
    """After erasing one of many, nothing in the directory tells name, mail or title; that it was erased is known."""
    people._file._open().execute("PRAGMA synchronous = OFF")
    for n in range(300):
        people.add(f"Person Number {n}", mail=f"person{n}@example.org", job_title="data-scientist")
    secrets = {"name": "Greta Garbowska", "mail": "greta@garbowska.example", "job_title": "film-star"}
    slug = people.add(**secrets, slug="u-1").slug
    for n in range(300, 600):
        people.add(f"Person Number {n}", mail=f"person{n}@example.org")
    assert b"Garbowska" in everything(tmp_path)
    gone = people.erase(slug, "Request 12, Art. 17 GDPR")
    assert gone == people.get(slug) == people.find(slug)
    assert (gone.name, gone.mail, gone.job_title, gone.reason) == (None, None, None, "Request 12, Art. 17 GDPR")
    assert gone.erased is not None
    assert people.find("Greta Garbowska") is people.find("greta@garbowska.example") is None
    assert len(people.list()) == 601
    for trace in (b"garbowska", b"greta", b"film-star"):
        assert trace not in everything(tmp_path).lower()


def test_corrected_names_leave_no_byte(people: People, tmp_path: Path) -> None:
    """A name that was wrong is as gone as one that was erased."""
    people.add("Greta Garbowska", slug="g")
    people.update("g", name="Greta Garbo")
    assert b"garbowska" not in everything(tmp_path).lower()


def test_the_erased_stay_erased(people: People) -> None:
    """Who was erased cannot be corrected or erased again, and the slug is never given to another."""
    people.add("Bob", mail="bob@example.org")
    people.erase("bob", "asked for")
    with pytest.raises(ConflictError, match="Who had the slug 'bob' was erased on"):
        people.update("bob", name="Bob")
    with pytest.raises(ConflictError, match="Who had the slug 'bob' was erased on"):
        people.erase("bob", "again")
    with pytest.raises(ConflictError, match="The slug 'bob' was that of somebody who was erased"):
        people.add("Bob", slug="bob")
    assert people.add("Bob", mail="bob@example.org").slug == "bob-2"


def test_an_erasure_needs_somebody_and_a_reason(people: People) -> None:
    """Nobody is erased by mistake or without saying why."""
    people.add("Bob")
    with pytest.raises(UsageError, match="An erasure needs a reason"):
        people.erase("bob", " ")
    with pytest.raises(NotFoundError):
        people.erase("tim", "asked for")
    assert people.get("bob").name == "Bob"


def test_an_erasure_that_was_interrupted_is_finished(people: People, tmp_path: Path) -> None:
    """If the process died between forgetting and rewriting the file, opening it rewrites it."""
    for n in range(40):
        people.add(f"Person Number {n}")
    people.add("Greta Garbowska " * 20, slug="g")
    people.close()
    path = tmp_path / "people.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("UPDATE people SET name = NULL, name_key = NULL, erased = '2024' WHERE slug = 'g'")
        connection.execute("UPDATE state SET value = 1 WHERE name = 'scrub'")
    assert b"garbowska" in everything(tmp_path).lower()
    with People.open(path) as again:
        assert again.get("g").erased == "2024"
        assert b"garbowska" not in everything(tmp_path).lower()


def test_every_change_is_a_revision(people: People) -> None:
    """The revision grows with each change and with nothing else."""
    seen = [people.revision]
    people.add("Bob")
    seen.append(people.revision)
    people.find("bob")
    with pytest.raises(ConflictError):
        people.add("Bob", slug="bob")
    seen.append(people.revision)
    people.update("bob", name="Robert")
    seen.append(people.revision)
    people.erase("bob", "asked for")
    seen.append(people.revision)
    assert seen == [0, 1, 1, 2, 3]


def test_many_threads(people: People) -> None:
    """Threads that add namesakes at once each get a slug of their own."""
    added: list[Person] = []
    threads = [threading.Thread(target=lambda: added.append(people.add("Bob"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({person.slug for person in added}) == len(people.list()) == 20


def test_other_files_are_refused(tmp_path: Path) -> None:
    """A file that is no directory of people, or one of a newer format, is left as it is."""
    path = tmp_path / "people.db"
    path.write_bytes(b"not a database, but text that is long enough to be looked at" * 20)
    with pytest.raises(LakeFormatError, match="This file is not the directory of people of a lake"):
        People.open(path)
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE people (x)")
    before = path.read_bytes()
    with pytest.raises(LakeFormatError, match="This file is not the directory of people of a lake"):
        People.open(path)
    assert path.read_bytes() == before


def test_a_newer_format_is_refused(people: People, tmp_path: Path) -> None:
    """The message names both versions."""
    people.close()
    with closing(sqlite3.connect(tmp_path / "people.db")) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(LakeFormatError, match="has format 2; this lakegraph knows formats up to 1"):
        People.open(tmp_path / "people.db")


def test_faults_are_told(people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, a damaged file and a closed directory: each in its own words, and nothing half written."""
    people._file._open().execute("PRAGMA max_page_count = 8")
    with pytest.raises(StorageError, match="The disk refused: database or disk is full"):
        people.add("x" * 50_000)
    assert (people.list(), people.revision) == ((), 0)
    people._file._open().execute("PRAGMA max_page_count = 1000")
    people.add("Bob")
    people.close()
    with pytest.raises(StorageError, match="The directory of people was closed"):
        people.list()
    content = (tmp_path / "people.db").read_bytes()
    (tmp_path / "people.db").write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(LakeDamagedError, match="The directory of people is damaged"):
        People.open(tmp_path / "people.db")
