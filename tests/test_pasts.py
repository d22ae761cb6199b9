"""The lake as it was: equal to a copy taken at that moment, whatever was recorded, corrected or withdrawn since."""

from __future__ import annotations

import io
import os
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import lakegraph
from lakegraph.bootstrap import LocalLake
from lakegraph.errors import LakeBusyError, LakegraphError, NotFoundError, UsageError
from lakegraph.past import Past
from lakegraph.testing import BASE, generate
from tests.index.records import flows

LONG = int(os.environ.get("LAKEGRAPH_PASTS_RUNS", "16"))
SEEDS = int(os.environ.get("LAKEGRAPH_PASTS_SEEDS", "1"))


def history(lake: LocalLake, documents: list[dict[str, Any]], luck: random.Random, done: list[Any]) -> None:
    """Record, correct and withdraw; what the lake refuses is passed over."""
    for document in documents:
        with suppress(LakegraphError):
            done.append((lake.record(document).iri, document))
        with suppress(LakegraphError):
            if luck.random() < 0.3:
                record, said = luck.choice(done)
                lake.supersede(record, {**said, "description": f"Corrected {luck.random()}."})
        with suppress(LakegraphError):
            if luck.random() < 0.3:
                lake.tombstone(luck.choice(done[-2:])[0], by="ada", why="Recorded by mistake.")


def dump(lake: LocalLake | Past) -> list[bytes]:
    """Every quad, sorted."""
    out = io.BytesIO()
    lake._projector.graph.dump(out)
    return sorted(out.getvalue().splitlines())


def hits(lake: LocalLake | Past) -> list[Any]:
    """Everything that the index lists, newest first."""
    return lake.search("", limit=500)["hits"]


def answers(lake: LocalLake | Past) -> Iterator[Any]:
    """The answers to all sorts of questions about all sorts of things."""
    for question in lake.library:
        if not any(p.required for p in question.parameters):
            yield question.name, sorted(map(str, lake.ask(question.name)))  # type: ignore[arg-type]
    for hit in hits(lake)[::5]:
        yield lake.ask("5w1h", about=hit["iri"])
        yield lake.lineage(hit["iri"], up="all", down="all")
        yield lake.impact(hit["iri"])


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_past_equals_a_copy_taken_then(tmp_path: Path, seed: int) -> None:
    """Graph, index and answers are those of a copy of the directory, to the last statement."""
    luck = random.Random(seed)
    documents = list(generate(LONG, seed))
    cuts = sorted(luck.sample(range(1, len(documents)), 2))
    done: list[Any] = []
    copies: list[tuple[int, datetime, Path]] = []
    lakegraph.init(tmp_path / "lake", base=BASE).close()
    for begin, end in zip([0, *cuts], [*cuts, len(documents)], strict=True):
        with lakegraph.open(tmp_path / "lake") as lake:
            history(lake, documents[begin:end], luck, done)
            taken = lake.seq, datetime.now(UTC), tmp_path / f"copy-{end}"
        shutil.copytree(tmp_path / "lake", taken[2])
        copies.append(taken)
        time.sleep(0.002)
    with lakegraph.open(tmp_path / "lake") as lake:
        kinds = {entry.kind for entry in lake.journal.entries()}
        assert {"record", "supersede", "tombstone"} <= kinds
        for seq, moment, where in copies:
            with lakegraph.open(where) as copy:
                past = lake.at(seq)
                assert (past.seq, lake.at(moment).seq, copy.seq) == (seq, seq, seq)
                assert dump(past) == dump(copy)
                assert hits(past) == hits(copy)
                assert flows(past._projector.index) == flows(copy._projector.index)
                if where == copies[-2][2] or LONG > 16:
                    assert list(answers(past)) == list(answers(copy))
        assert dump(lake) == dump(lake.at(lake.seq))


def test_every_call_takes_a_moment(diabetes: LocalLake) -> None:
    """Questions, cards, lineage, paths, impact and search answer from the past when they are told when."""
    now, then = diabetes.lineage("Diabetes@1", down="all"), diabetes.lineage("Diabetes@1", down="all", as_of=2)
    assert len(now) > len(then)
    assert then == diabetes.at("2").lineage("Diabetes@1", down="all")
    assert diabetes.ask("who", about="Diabetes@1", as_of=2) == diabetes.at(2).ask("who", about="Diabetes@1")
    assert not diabetes.impact("Diabetes@1", as_of=2).things
    assert diabetes.why("Diabetes@1", "Diabetes@0", as_of=2).complete
    assert {h["kind"] for h in diabetes.search("", as_of=1)["hits"]} < {h["kind"] for h in diabetes.search("")["hits"]}
    assert diabetes.at(2).query("ASK { ?m a <https://w3id.org/lakegraph/ns#Model> }").count(b"false")
    with pytest.raises(NotFoundError, match="knows nothing called"):
        diabetes.ask("5w1h", about="Diabet Predictor", as_of=2)
    with pytest.raises(NotFoundError):
        diabetes.at(0).ask("5w1h", about="Diabetes@0")


def test_moments(diabetes: LocalLake) -> None:
    """An entry's number, a time with its zone, a day; anything else is a clear error."""
    recorded = [entry.recorded for entry in diabetes.journal.entries()]
    for seq, text in enumerate(recorded, 1):
        assert diabetes.at(text).seq == seq
        assert diabetes.at(text).recorded == text
        before = datetime.fromisoformat(text) - timedelta(microseconds=1)
        assert diabetes.at(before).seq == seq - 1
    assert diabetes.at("2024-05-01").seq == 0
    assert diabetes.at(date.fromisoformat(recorded[-1][:10])).seq in (7, 6, 5, 4, 3, 2, 1)
    assert diabetes.at("2199-01-01T00:00:00+02:00").seq == 7
    for wrong, message in (
        ("2024-05-01T10:00:00", "has no zone"),
        ("yesterday", "is no time"),
        ("2024-13-01", "is no time"),
        ("8", "There is no entry 8: the journal has 7"),
        (-1, "There is no entry -1"),
    ):
        with pytest.raises(UsageError, match=message) as caught:
            diabetes.at(wrong)
        assert caught.value.where == "as_of"
        assert "2024-05-01T09:00:00Z" in (caught.value.hint or "")


def test_the_past_cannot_be_changed(diabetes: LocalLake) -> None:
    """A past answers; it records nothing, and has no pasts of its own."""
    past = diabetes.at(3)
    for call in (
        lambda: past.record({"type": "Study", "title": "S", "description": "d", "hasAnalysis": []}),
        lambda: list(past.record_many([{"type": "Study", "title": "S"}])),
        lambda: past.tombstone(diabetes.journal.read(1).record, by="bob", why="x"),
    ):
        with pytest.raises(UsageError, match="cannot be changed"):
            call()
    with pytest.raises(UsageError, match="another one"):
        past.at(1)
    assert diabetes.seq == 7


def test_few_pasts_are_kept_and_found_again(tmp_path: Path) -> None:
    """The last used ones stay on disk and open; a lake that is opened again makes none of them anew."""
    from tests.conftest import examples

    where = tmp_path / "lake" / "views" / "past"
    lakegraph.init(tmp_path / "lake", base=BASE).close()
    (tmp_path / "lake" / "lakegraph.toml").write_text("[limits]\npasts = 2\n")
    with lakegraph.open(tmp_path / "lake") as lake:
        for document in examples():
            lake.record(document)
        first = lake.at(1)
        for seq in (2, 3, 4, 3):
            lake.at(seq)
        assert first.lineage("Diabetes@0").complete, "one that is in use stays open"
        del first
        assert {"3", "4"} <= {f.name for f in where.iterdir()}
        assert len(lake.pasts._kept) == 2
    with lakegraph.open(tmp_path / "lake") as lake:
        seen = []
        assert lake.at(3, lambda done, total: seen.append((done, total))).ask("5w1h", about="Diabetes@1").gaps
        assert not seen, "nothing was replayed"
        lake.at(5)
        assert len(list(where.iterdir())) == 2


def test_what_was_erased_is_erased_in_every_past(diabetes: LocalLake) -> None:
    """Erasing a record, or a person, leaves nothing of them in the pasts, in memory or on disk."""
    assert diabetes.directory
    where = diabetes.directory / "views" / "past"
    diabetes.add_person("Erika Mustermann", slug="erika")
    review = diabetes.journal.read(4)
    assert b"Erika" in b"".join(dump(diabetes.at(5)))
    diabetes.erase_person("erika", "Asked for it.")
    assert not where.exists() or not list(where.iterdir())
    assert b"Erika" not in b"".join(dump(diabetes.at(5)))
    diabetes.erase(review.record, why="Art. 17 GDPR, request 12.", force=True)
    assert not where.exists()
    assert review.graph.encode() not in b"".join(t for t in dump(diabetes.at(5)) if b"review" in t)


def test_one_past_is_made_at_a_time(diabetes: LocalLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for another past while one is being made is told to come again, and not queued for ever."""
    monkeypatch.setattr("lakegraph.pasts._WAIT", 0.01)
    with diabetes.pasts._lock, pytest.raises(LakeBusyError, match="Another past"):
        diabetes.at(2)
