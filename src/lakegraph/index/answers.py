"""What goes into the index and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from lakegraph.rdf.terms import Triple

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one journal entry means for the index.

    Attributes:
        seq: The entry's number in the journal.
        recorded: When it was recorded (ISO 8601 with zone).
        record: IRI of the run or thing that the entry is about.
        graph: IRI of the named graph that holds the record.
        triples: Asserted and inferred statements, as tokens.
        dropped: IRIs of the graphs that this entry supersedes or withdraws.
        asserted: How many of the statements, from the first on, are asserted; the others follow from them.
    """

    seq: int
    recorded: str
    record: str
    graph: str
    triples: Sequence[Triple]
    dropped: tuple[str, ...] = ()
    asserted: int = 0


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in the directory of people, which is kept outside of the journal and of the index file.

    Attributes:
        iri: How records refer to the person.
        name: What people call them.
        title: Their job title.
        kind: ``user``, ``organization`` or ``agent``.
    """

    iri: str
    name: str
    title: str = ""
    kind: str = "user"


@dataclass(frozen=True, slots=True)
class Hit:
    """A thing that was found. IRIs are bare.

    Attributes:
        iri: The thing.
        kind: ``dataset``, ``training`` …
        title: Its title, or else the last part of its IRI.
        version: Version of a data set or model.
        hub: What it is a version of.
        description: The first 1,000 characters.
        time: When it started, else was created, else was recorded: microseconds since 1970, UTC.
        status: Concept of a run's outcome.
        owner: Who owns, administers or ran it.
        stage: Concept of the lifecycle stage.
        level: Concept of the security level.
        algorithm: What trained it, or what it implements.
        license: Under which licence.
        tags: Its tags, sorted.
        paths: Where it lies.
        checksums: Of its files, in hexadecimal.
        rank: How well it fits a search: 0 an exact name, 1 the title of a thing that is no run, 2 any text, 3 the
            beginnings of words.
        snippet: The stretch of the description that fits.
        spans: Where in the snippet the words that were sought stand, as (start, end) pairs.
    """

    iri: str
    kind: str
    title: str
    version: str | None = None
    hub: str | None = None
    description: str | None = None
    time: int = 0
    status: str | None = None
    owner: str | None = None
    stage: str | None = None
    level: str | None = None
    algorithm: str | None = None
    license: str | None = None
    tags: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    checksums: tuple[str, ...] = ()
    rank: int = 0
    snippet: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    cursor: str = field(default="", repr=False, compare=False)

    @property
    def when(self) -> datetime:
        """``time`` as a datetime in UTC."""
        return EPOCH + timedelta(microseconds=self.time)


@dataclass(frozen=True, slots=True)
class FacetValue:
    """One value of a facet.

    Attributes:
        value: The IRI of the value, or the name of the kind; what a filter takes.
        label: What people read.
        count: How many things have it.
    """

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts by facet, the most frequent value first.

    Attributes:
        counts: Facet (``kind``, ``tag``, ``owner`` …) to its values.
        at_least: Whether the counts cover only the newest matches, because there were too many to count all.
    """

    counts: Mapping[str, tuple[FacetValue, ...]]
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search.

    Attributes:
        hits: What was found, best first.
        total: How many there are in all.
        at_least: Whether there are more than ``total``, which were not counted.
        after: Give this back as ``after`` for the next page; None on the last.
        facets: Counts over all matches, when asked for.
    """

    hits: tuple[Hit, ...]
    total: int
    at_least: bool = False
    after: str | None = None
    facets: Facets | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One line of a leaderboard.

    Attributes:
        model: The model's IRI.
        title: The model's title.
        version: Its version.
        value: What was measured.
        run: The run that measured it.
        dataset: What it was measured on.
        algorithm: What trained the model.
    """

    model: str
    title: str
    version: str | None
    value: float
    run: str | None
    dataset: str | None
    algorithm: str | None


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """The best models by one measure.

    Attributes:
        scores: One line a model: its best value.
        complete: Whether lines may be missing because too many evaluations of the same few models stood before them.
    """

    scores: tuple[Score, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of a measure over one group.

    Attributes:
        group: IRI of the algorithm or task.
        label: What people read.
        count: How many evaluations.
        mean: Their mean.
    """

    group: str
    label: str
    count: int
    mean: float
