"""Applying records: one row a thing, taken back exactly, whatever the order, the grouping and the failures."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.index import Fragment, Index, counters, describing, things, writer
from lakegraph.index.counters import Counters
from tests.index.records import (
    ACCURACY,
    BASE,
    bundle,
    dataset,
    everything,
    flows,
    index_of,
    iri,
    names,
    picture,
    record,
    said,
    stale_terms,
    trained,
)


def test_a_thing_has_one_row_however_often_it_is_named() -> None:
    """A program that three records describe is one hit."""
    program = said("program/clean", "Program", title="clean.py")
    index = index_of(*(record(n, said(f"run/{n}", "Process", title="Clean"), program) for n in (1, 2, 3)))
    assert names(index.search("clean.py").hits) == ["program/clean"]
    assert index.things("program") == 1


def test_what_records_say_is_merged_the_later_word_holds() -> None:
    """Titles are replaced, lists are united, and what a later record leaves out stays."""
    index = index_of(
        record(1, said("source/uci", "DatasetSource", title="Old", description="From the clinic.", tag="tag/a")),
        record(2, said("source/uci", "DatasetSource", title="New", tag="tag/b")),
    )
    (hit,) = index.search(kind="source").hits
    assert (hit.title, hit.description) == ("New", "From the clinic.")
    assert set(hit.tags) == {iri("tag/a"), iri("tag/b")}
    assert not index.search("old").hits


def test_the_order_of_triples_makes_no_difference() -> None:
    """Shuffled statements, even with two titles, give the same index to the number."""
    german = (f"<{BASE}run/1>", said("x", title="x")[0][1], '"Drei"@de')
    titles = [*said("run/1", title=["Zwei", "One"]), german]
    triples = [*trained(1, "p").triples, *titles, *dataset("d", tag=["tag/x", "tag/y"])]
    pictures = []
    for seed in range(5):
        random.Random(seed).shuffle(triples)
        pictures.append(everything(index_of(record(1, list(triples)))))
    assert all(each == pictures[0] for each in pictures)
    assert [hit.title for hit in pictures[0] if hit.kind == "training"] == ["One"]


def test_a_withdrawn_record_vanishes_everywhere() -> None:
    """What only that record said is in no answer; what others say too stays."""
    index = index_of(
        trained(1, "keeper", 0.7),
        trained(2, "goner", 0.9),
        record(3, said("run/3", "Withdrawal", title="Take back"), dropped=[bundle(2)]),
    )
    assert index.exists(iri("model/goner/1")) is None
    assert index.exists(iri("model/goner")) is None
    assert not index.search("goner").hits
    assert not index.lookup("Goner")
    assert iri("model/goner/1") not in {hit.iri for hit in index.latest()}
    assert [score.value for score in index.leaderboard(ACCURACY).scores] == [0.7]
    assert [(mean.count, mean.mean) for mean in index.mean_by(ACCURACY)] == [(1, 0.7)]
    assert index.exists(iri("program/fit-svm")) == "program"
    assert index.things("model") == 1
    assert not stale_terms(index)


@pytest.mark.parametrize(("dropped", "title", "tags"), [(1, "C", "bc"), (2, "C", "ac"), (3, "B", "ab")])
def test_taking_one_word_of_several_back_leaves_the_others(dropped: int, title: str, tags: str) -> None:
    """Whichever of three records goes, the thing says what the other two say."""
    spoken = [record(n, said("study/s", "Study", title=t, tag=f"tag/{t.lower()}")) for n, t in enumerate("ABC", 1)]
    index = index_of(*spoken, record(4, dropped=[bundle(dropped)]))
    (hit,) = index.search(kind="study").hits
    assert hit.title == title
    assert set(hit.tags) == {iri(f"tag/{t}") for t in tags}


def test_a_correction_replaces_what_it_supersedes() -> None:
    """The run keeps its IRI, says what the correction says, and counts once."""
    first = trained(1, "p", 0.5)
    second = trained(1, "p", 0.8, dropped=[first.graph])
    corrected = Fragment(2, second.recorded, second.record, first.graph + "/2", second.triples, second.dropped)
    index = index_of(first, corrected)
    assert [(m.count, m.mean) for m in index.mean_by(ACCURACY)] == [(1, 0.8)]
    assert index.things("training") == 1
    assert not stale_terms(index)


def test_the_data_flow_of_a_record_goes_with_it() -> None:
    """What a run read and made, and what is stated without a run, is taken back; an edge of two records stays."""
    flow = said("run/r", "Process", reads="dataset/a/1", makes="dataset/b/1")
    stated = said("dataset/a/1", derived="dataset/z/1")
    index = index_of(record(1, flow), record(2, flow, stated), record(3, dropped=[bundle(2)]))
    a, b, z, run = (iri(name) for name in ("dataset/a/1", "dataset/b/1", "dataset/z/1", "run/r"))
    assert flows(index_of(record(1, flow, stated))) == {(a, run, 1), (run, b, 2), (z, a, 3)}
    assert flows(index) == {(a, run, 1), (run, b, 2)}
    assert not flows(index_of(record(1, flow, stated), record(2, dropped=[bundle(1)])))


def test_what_follows_is_no_statement() -> None:
    """A derivation that follows from a run stands behind the run and is no edge of its own."""
    triples = said("dataset/b/1", derived="dataset/a/1")
    assert not flows(index_of(Fragment(1, "2024-01-01T00:00:00Z", iri("x"), bundle(1), triples, asserted=0)))


def test_dropping_what_never_was_changes_nothing() -> None:
    """A graph that the index has not heard of is passed over."""
    index = index_of(trained(1, "p"), record(2, dropped=["https://elsewhere.example/graph"]))
    assert picture(index) == picture(index_of(trained(1, "p"), record(2)))


def test_entries_are_applied_once() -> None:
    """A replay that starts too early changes nothing, and last_seq stays."""
    fragments = [trained(1, "p"), trained(2, "q")]
    index = index_of(*fragments)
    before = picture(index)
    index.apply(fragments)
    assert picture(index) == before
    assert index.last_seq == 2


def test_clear_makes_room_for_a_rebuild() -> None:
    """After clear the index is empty, and applying the same entries gives the same again."""
    fragments = [trained(1, "p"), trained(2, "q")]
    index = index_of(*fragments)
    before = picture(index)
    index.clear()
    assert (index.last_seq, index.things()) == (0, 0)
    index.apply(fragments)
    assert picture(index) == before


def test_a_failed_group_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the last step fails, neither the file nor what the writer remembers keeps anything."""
    index = index_of(trained(1, "p"))
    before = picture(index)
    with monkeypatch.context() as patch:
        patch.setattr(Counters, "flush", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index.apply([trained(2, "q", 0.1)])
    assert picture(index) == before
    assert index.last_seq == 1
    index.apply([trained(2, "q", 0.1)])
    assert picture(index) == picture(index_of(trained(1, "p"), trained(2, "q", 0.1)))
    assert not stale_terms(index)


def test_what_is_remembered_between_records_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for one row, number, word and description the index is the same as with room for all."""
    shared = said("study/s", "Study", title="Shared", tag=["tag/a", "tag/b"])
    fragments = [trained(1, "p"), record(2, shared), record(3, shared, dataset("d", description="some words"))]
    fragments += [trained(4, "q", 0.2), record(5, shared, dropped=[bundle(2)]), trained(6, "p", 0.3, version="2")]
    wanted = picture(index_of(*fragments))
    for module, name in (
        (things, "_MOST_NUMBERS"),
        (things, "_MOST_ROWS"),
        (counters, "_MOST_KNOWN"),
        (describing, "_MOST_REMEMBERED"),
        (writer, "_MOST_INTERNED"),
    ):
        monkeypatch.setattr(module, name, 1)
    index = Index.open(None)
    for fragment in fragments:
        index.apply([fragment])
    assert picture(index) == wanted
    assert not stale_terms(index)


def test_a_change_of_stage_shows_and_is_taken_back() -> None:
    """The stage of a model is the last one that a record gave it."""
    change = said("run/2", "StageChange", changes="model/p/1", to="voc:lifecycle-stage/production")
    made = record(1, said("model/p/1", "Model", title="P", stage="voc:lifecycle-stage/trained"))
    index = index_of(made, record(2, change))
    assert names(index.search(stage="production").hits) == ["model/p/1"]
    assert not index.search(stage="trained").hits
    index.apply([record(3, dropped=[bundle(2)])])
    assert names(index.search(stage="trained").hits) == ["model/p/1"]


def test_a_thing_only_referred_to_is_not_found() -> None:
    """The owner and the tag of a data set have numbers, but are no things of the index."""
    index = index_of(record(1, dataset("d", owner="user/tim", tag="voc:tag/healthcare")))
    assert index.exists(iri("user/tim")) is None
    assert index.exists(iri("voc:tag/healthcare")) is None
    assert index.counts() == {"dataset": 1, "hub": 1}


def test_a_literal_never_becomes_a_thing() -> None:
    """Text in any script, with quotes and line breaks, is read back as it was."""
    text = 'Müller\'s "größte" 数据\nline'
    index = index_of(record(1, said("study/s", "Study", title=text, description=text)))
    (hit,) = index.search("größte 数据").hits
    assert (hit.title, hit.description) == (text, text)
    assert index.search("MULLERS").total == 0
    assert index.search("muller").total == 1


_SLUGS = st.sampled_from(["a", "b", "c"])
_WORDS = st.sampled_from(["glucose", "heart", "risk"])
_VALUES = st.sampled_from([0.1, 0.2, 1e-300, 1e300])


@st.composite
def _histories(draw: st.DrawFn) -> list[Fragment]:
    fragments: list[Fragment] = []
    for seq in range(1, draw(st.integers(2, 9)) + 1):
        dropped = draw(st.lists(st.integers(1, seq), max_size=2))
        things: dict[str, Any] = {"title": draw(_WORDS), "tag": f"tag/{draw(_SLUGS)}"}
        name = draw(_SLUGS)
        spoken = draw(
            st.sampled_from(
                [
                    list(trained(seq, name, draw(_VALUES), version=str(seq)).triples),
                    said(f"source/{name}", "DatasetSource", **things),
                    dataset(name, str(draw(st.integers(1, 3))), **things),
                    said(f"run/{seq}", "StageChange", changes=f"dataset/{name}/1", to=f"voc:stage/{draw(_SLUGS)}"),
                    said(f"dataset/{name}", current=f"dataset/{name}/{draw(st.integers(1, 3))}"),
                    said(f"model/{name}/1", "Model", algorithm=f"voc:algorithm/{draw(_SLUGS)}"),
                ]
            )
        )
        fragments.append(record(seq, spoken, dropped=[bundle(n) for n in dropped if n < seq]))
    return fragments


@settings(max_examples=100, deadline=None)
@given(history=_histories(), size=st.integers(1, 4))
def test_what_is_left_is_what_was_never_taken_back(history: list[Fragment], size: int) -> None:
    """In groups of any size, an index with records taken back equals one that never heard of them."""
    index = Index.open(None)
    for start in range(0, len(history), size):
        index.apply(history[start : start + size])
    gone = {graph for fragment in history for graph in fragment.dropped}
    left = [Fragment(f.seq, f.recorded, f.record, f.graph, f.triples) for f in history if f.graph not in gone]
    assert picture(index) == picture(index_of(*left))
    assert not stale_terms(index)
