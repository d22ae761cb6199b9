"""Names: what a person may type, what it means, and what is said when it means nothing or too much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from lakes import BASE, TestLake, thing

from lakegraph.errors import AmbiguousError, NotFoundError
from lakegraph.questions import resolve


@dataclass(frozen=True)
class Hit:
    """A thing as an index finds it."""

    iri: str
    kind: str
    title: str
    version: str | None = None


MODEL = Hit(f"{BASE}id/model/diabet-predictor/1", "model", "Diabet Predictor", "1")
DATA = Hit(f"{BASE}id/dataset/diabetes/1", "dataset", "Diabetes", "1")
SOURCE = Hit(f"{BASE}id/source/diabetes", "source", "Diabetes")


HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


class FakeIndex:
    """An index of three things."""

    things = (MODEL, DATA, SOURCE)

    def exists(self, iri: str) -> bool:
        return any(t.iri == iri for t in self.things)

    def lookup(self, text: str, kinds: Sequence[str] = ()) -> list[Hit]:
        named = [t for t in self.things if text.lower() in (t.title.lower(), f"{t.title}@{t.version}".lower())]
        return [t for t in named if not kinds or t.kind in kinds]

    def nearest(self, text: str, kinds: Sequence[str] = (), n: int = 5) -> list[Hit]:
        return [MODEL] if text.startswith("Diabet") else []

    def by_checksum(self, sha256: str) -> list[Hit]:
        return [MODEL] if sha256 == HELLO else []


@pytest.fixture
def find(worked: TestLake):  # type: ignore[no-untyped-def]
    """Resolves against the worked example and the fake index."""
    return lambda text, kinds=(): resolve(text, kinds, FakeIndex(), worked.graph, BASE)


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        (MODEL.iri, MODEL.iri),
        ("  Diabet Predictor ", MODEL.iri),
        ("Diabet Predictor@1", MODEL.iri),
        ("Diabetes@1", DATA.iri),
        (thing("run/trn-1/setting/C")[1:-1], thing("run/trn-1/setting/C")[1:-1]),
        ("run/trn-1", thing("run/trn-1")[1:-1]),
        ("bob", thing("user/bob")[1:-1]),
        ("Diabetes prediction", thing("study/diabetes-prediction")[1:-1]),
        ("https://archive.ics.uci.edu/", SOURCE.iri),
        ("https://api.example.org/diabetes", thing("deployment/diabetes-api")[1:-1]),
    ],
)
def test_names_of_one_thing(find, text: str, iri: str) -> None:  # type: ignore[no-untyped-def]
    """An IRI, a title, a title with its version, a path below the base, or the page of a thing means that thing."""
    assert find(text) == iri


def test_a_file_is_known_by_its_bytes(find, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """The path of a file on disk means the thing whose SHA-256 it has."""
    file = tmp_path / "model.pkl"
    file.write_bytes(b"hello")
    assert find(str(file)) == MODEL.iri
    file.write_bytes(b"changed")
    with pytest.raises(NotFoundError):
        find(str(file))
    with pytest.raises(NotFoundError):
        find(str(tmp_path))
    with pytest.raises(NotFoundError):
        find("nul\0byte")


def test_ambiguous_titles_list_their_things(find) -> None:  # type: ignore[no-untyped-def]
    """Several things with one title are listed, each with its kind, version and IRI; a kind makes the choice."""
    with pytest.raises(AmbiguousError, match="'Diabetes' means 2 things") as caught:
        find("Diabetes")
    hint = caught.value.hint or ""
    assert f"Diabetes@1 (dataset) is {DATA.iri}" in hint
    assert f"Diabetes (source) is {SOURCE.iri}" in hint
    assert caught.value.status == 409
    assert find("Diabetes", ("source",)) == SOURCE.iri
    assert find("Diabet Predictor", ("source",)) == MODEL.iri, "another kind is found, to be told that it is another"


def test_unknown_names_are_suggested(find) -> None:  # type: ignore[no-untyped-def]
    """A misspelt name is answered with the nearest ones, anything else with where to search."""
    with pytest.raises(NotFoundError, match="nothing called 'Diabet Predictr'") as caught:
        find("Diabet Predictr")
    assert caught.value.hint == "Did you mean Diabet Predictor@1 (model)?"
    with pytest.raises(NotFoundError) as caught:
        find("zzz")
    assert "lakegraph search" in (caught.value.hint or "")
    with pytest.raises(NotFoundError):
        find("https://lake.example.org/id/model/nope")
    with pytest.raises(NotFoundError):
        find("<script>")
