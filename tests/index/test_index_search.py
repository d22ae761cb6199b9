"""Searching: what is found, in which order, on which page, counted how, and that nothing a person types breaks it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakegraph.errors import UsageError
from lakegraph.index import Index, Person, facets, matching, search
from tests.index.records import dataset, everything, index_of, iri, names, record, said, trained

START = datetime(2024, 1, 1, tzinfo=UTC)
_LICENSED = said("source/g", license="https://licences.example/cc-by-4.0", keyword="Time-Series")


@pytest.fixture(scope="module")
def small() -> Index:
    """A study, data and runs about glucose; nobody writes to it."""
    return index_of(
        record(1, dataset("glucose-series", "1", description="Readings of patients", tag="voc:tag/healthcare")),
        record(2, said("study/glucose", "Study", title="Glucose", description="Why sugar rises")),
        record(3, said("run/3", "Process", title="Clean glucose series", status="voc:run-status/succeeded")),
        record(4, said("run/4", "Process", title="Clean hearts", description="Unlike glucose")),
        record(5, said("model/m/1", "Model", title="M", version="1", description="Predicts glucose", owner="user/tim")),
        record(6, said("source/g", "DatasetSource", title="Glucosexyz", path="usr/cf/modelDP.pkl"), _LICENSED),
        trained(7, "other", algorithm="random-forest"),
    )


@pytest.fixture(params=[0, 100])
def few(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to rank: tier by tier, and all matches at once; the answers are the same."""
    monkeypatch.setattr(search, "FEW", request.param)


@pytest.mark.usefixtures("few")
def test_names_come_first_then_titles_then_other_text_then_beginnings(small: Index) -> None:
    """The tiers, and inside of each the newest first."""
    hits = small.search("glucose").hits
    assert [(hit.rank, *names([hit])) for hit in hits] == [
        (0, "study/glucose"),
        (1, "dataset/glucose-series/1"),
        (2, "model/m/1"),
        (2, "run/4"),
        (2, "run/3"),
        (3, "source/g"),
    ]


@pytest.mark.usefixtures("few")
def test_every_word_must_fit(small: Index) -> None:
    """Two words are both looked for, wherever they stand."""
    assert names(small.search("patients glucose").hits) == ["dataset/glucose-series/1"]
    assert small.search("patients hearts").total == 0


@pytest.mark.parametrize("text", ["modelDP.pkl", "modeldp", "dp", "pkl model"])
def test_compounds_are_found_by_their_parts(small: Index, text: str) -> None:
    """A file is found by its name and by each part of it."""
    assert names(small.search(text).hits) == ["source/g"]


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"kind": "model"}, {"model/m/1", "model/other/1"}),
        ({"kind": "run"}, {"run/3", "run/4", "run/7"}),
        ({"kind": "process", "status": "succeeded"}, {"run/3"}),
        ({"tag": "healthcare"}, {"dataset/glucose-series/1"}),
        ({"tag": "https://w3id.org/lakegraph/voc/tag/healthcare"}, {"dataset/glucose-series/1"}),
        ({"owner": "tim"}, {"model/m/1", "model/other/1"}),
        ({"algorithm": "Random Forest"}, {"model/other/1", "run/7", "program/fit-random-forest"}),
        ({"license": "CC BY 4.0"}, {"source/g"}),
        ({"text": "time series"}, {"source/g"}),
        ({"algorithm": "unheard-of"}, set()),
        ({"tag": "https://elsewhere.example/tag"}, set()),
        ({"kind": "hub"}, {"dataset/glucose-series", "model/other"}),
    ],
)
def test_filters_narrow(small: Index, filters: dict[str, Any], expected: set[str]) -> None:
    """By kind, by IRI and by the last part of one; what nobody has heard of fits nothing."""
    page = small.search(**filters)
    assert set(names(page.hits)) == expected
    assert page.total == len(expected)


def test_filters_and_words_meet(small: Index) -> None:
    """Both narrow the same search."""
    assert names(small.search("glucose", kind="process").hits) == ["run/4", "run/3"]


@pytest.mark.usefixtures("few")
def test_pages_join_to_the_whole(small: Index) -> None:
    """Page after page of any size gives each hit once, in the order of one large page, ranks included."""
    whole = small.search("glucose").hits
    for size in (1, 2, 4):
        pages, after = [], None
        while True:
            page = small.search("glucose", limit=size, after=after)
            pages += page.hits
            after = page.after
            if after is None:
                break
        assert tuple(pages) == whole


def test_totals_are_exact_up_to_a_bound(small: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound a total says that it is a lower one."""
    page = small.search("glucose")
    assert (page.total, page.at_least) == (6, False)
    monkeypatch.setattr(search, "FEW", 2)
    page = small.search("glucose")
    assert (page.total, page.at_least) == (6, False)
    monkeypatch.setattr(search, "COUNTED", 3)
    page = small.search("glucose")
    assert (page.total, page.at_least) == (3, True)
    assert small.search(kind="model").total == 2


def test_facets_count_what_a_search_finds(small: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over all matches; marked when there were too many for that."""
    counted = small.facets("glucose")
    assert {(v.value, v.count) for v in counted.counts["kind"]} == {
        ("process", 2), ("study", 1), ("dataset", 1), ("model", 1), ("source", 1)
    }  # fmt: skip
    assert [(v.label, v.count) for v in counted.counts["tag"]] == [("healthcare", 1)]
    assert not counted.at_least
    assert small.search("glucose", facets=True).facets == counted
    monkeypatch.setattr(facets, "SAMPLED", 2)
    assert small.facets("glucose").at_least


def test_facets_without_words_are_exact_and_equal_those_counted_one_by_one(small: Index) -> None:
    """The counters that writes keep say what counting says."""
    kept = small.facets(kind="model")
    counted = small.facets(kind="model", since=datetime(1, 1, 1, tzinfo=UTC))
    assert kept == counted
    assert {v.value for v in small.facets().counts["kind"]} == {
        "study", "dataset", "process", "training", "model", "source", "program"
    }  # fmt: skip
    assert small.facets(owner="nobody").counts == {}


def test_owners_are_labelled_by_the_directory_of_people() -> None:
    """A facet shows names where the directory has them, and takes them as filters."""
    index = index_of(trained(1, "p"))
    index.put_people([Person(iri("user/tim"), "Tim Smith", "Data scientist")])
    assert [v.label for v in index.facets().counts["owner"]] == ["Tim Smith"]
    assert names(index.search(owner="tim smith").hits) == ["model/p/1"]


def test_latest_is_by_time_and_goes_on_page_after_page() -> None:
    """Started, created or recorded: the newest first, and equal times are neither lost nor doubled."""
    days = ["2024-03-01", "2024-01-15", "2024-03-01", "2023-05-05"]
    index = index_of(
        *(record(n, said(f"run/{n}", "Ingest", title="I", started=f"{d}T10:00:00Z")) for n, d in enumerate(days, 1)),
        record(5, said("run/5", "Process", title="P", started="2024-02-01T00:00:00+02:00")),
    )
    assert names(index.latest("run")) == ["run/3", "run/1", "run/5", "run/2", "run/4"]
    assert names(index.latest("ingest", limit=2)) == ["run/3", "run/1"]
    first = index.latest(limit=2)
    assert names(index.latest(limit=3, before=first[-1].cursor)) == ["run/5", "run/2", "run/4"]
    assert index.latest("ingest")[0].when == datetime(2024, 3, 1, 10, tzinfo=UTC)


@settings(max_examples=60, deadline=None)
@given(
    hours=st.lists(st.integers(-40_000, 40_000), min_size=1, max_size=12),
    bounds=st.tuples(st.integers(-40_000, 40_000), st.integers(0, 30_000)),
    open_end=st.sampled_from(["", "since", "until"]),
)
def test_times_narrow_exactly(hours: list[int], bounds: tuple[int, int], open_end: str) -> None:
    """Since and until, to the microsecond, give what comparing every time gives."""
    started = [START + timedelta(hours=h) for h in hours]
    runs = [said(f"run/{n}", "Run", title="R", started=t.isoformat()) for n, t in enumerate(started)]
    index = index_of(record(1, *runs))
    since, until = (START + timedelta(hours=h) for h in (bounds[0], sum(bounds)))
    given_times = {"since": since, "until": until}
    given_times.pop(open_end, None)
    low, high = given_times.get("since", started[0].min.replace(tzinfo=UTC)), given_times.get("until", started[0].max)
    expected = {f"run/{n}" for n, t in enumerate(started) if low <= t < high.replace(tzinfo=UTC)}
    for quiet in (0, 2000):  # a month's days one by one, or the month as a whole
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(matching, "_QUIET_MONTH", quiet)
            page = index.search("r", **given_times)
        assert set(names(page.hits)) == expected
        assert page.total == len(expected)


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60))
def test_nothing_that_is_typed_breaks_a_search(small: Index, text: str) -> None:
    """Any text is words and nothing else, for every way to find."""
    small.search(text, tag=text or None, owner=text or None)
    small.lookup(text)
    small.nearest(text)


@pytest.mark.parametrize(
    "text",
    ['"', "glucose*", "NEAR(glucose, 2)", "glucose OR hearts", "x=glucose", "k=10", "terms : glucose", "^glucose", "-"],
)
def test_the_syntax_of_the_engine_is_only_text(small: Index, text: str) -> None:
    """Operators, columns and the index's own marks find nothing that their words do not."""
    found = set(names(small.search(text).hits))
    assert found <= set(names(small.search("glucose").hits))


def test_half_a_character_is_refused_or_no_word(small: Index) -> None:
    """A lone surrogate, which JSON can spell, never reaches SQLite."""
    assert small.search("glucose \ud800").total == small.search("glucose").total
    with pytest.raises(UsageError, match="half a character") as error:
        small.exists("https://x.example/\ud800")
    assert error.value.where == "'https://x.example/\\ud800'"


def test_words_without_letters_find_nothing(small: Index) -> None:
    """A search for punctuation is not a search for everything."""
    assert small.search("***", facets=True).hits == ()
    assert small.facets("***").counts == {}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ({"kind": "modle"}, "'modle' is not a kind of thing"),
        ({"limit": 0}, "A limit of 0 is not possible"),
        ({"limit": 1001}, "Ask for 1 to 1000"),
        ({"after": "x.y"}, "no place to go on from"),
        ({"after": "1.99999999999999999999"}, "no place to go on from"),
        ({"since": datetime(2024, 1, 1)}, "A time needs its zone"),  # noqa: DTZ001 - that is the fault
        ({"text": " ".join(map(str, range(17)))}, "17 words are too many"),
    ],
)
def test_impossible_searches_say_what_is_wrong(small: Index, call: dict[str, Any], says: str) -> None:
    """Each with what can be done."""
    with pytest.raises(UsageError, match=says) as error:
        small.search(**call)
    assert error.value.hint


def test_lists_name_their_own_cursor(small: Index) -> None:
    """The message is about the argument that was given."""
    with pytest.raises(UsageError, match="no place to go on from") as error:
        small.latest(before="never")
    assert error.value.where == "before"


def test_a_filter_that_does_not_exist_is_a_fault_of_the_program(small: Index) -> None:
    """Keyword arguments are checked like any function's."""
    with pytest.raises(TypeError, match="there is no filter 'colour'"):
        small.facets(colour="red")


def test_long_text_is_kept_and_found_up_to_its_bound() -> None:
    """The first thousand letters of a description are found, and a title may be any length."""
    index = index_of(record(1, said("study/s", "Study", title="t" * 5000, description="near " + "x" * 1000 + " far")))
    assert index.search("near").total == 1
    assert index.search("far").total == 0
    assert len(everything(index)[0].title) == 500
