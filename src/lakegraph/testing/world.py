"""What a made-up lake holds so far: the things that later records refer to, and those that everybody shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from lakegraph.testing.draws import Draws
from lakegraph.testing.words import ALGORITHMS, EVERYDAY, PEOPLE, PLACES, QUALITIES, Field

Document = dict[str, Any]
"""A record document, or a part of one, in the JSON form."""

LEVELS = ("public", "internal", "confidential", "secret")
_START = datetime(2020, 1, 1, 8, tzinfo=UTC)
_TOOLS = ("ingest", "load", "clean", "prepare", "join", "split", "score", "report")
_SYSTEMS = ("Debian 12", "Ubuntu 24.04", "RHEL 9", "macOS 15")


@dataclass(slots=True)
class Source:
    """An external data set."""

    described: Document
    field: Field
    level: int
    license: str
    raw: Version | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a data set, as later records name it.

    Attributes:
        title: The data set's title.
        number: The version's number.
        field: What it is about.
        level: Rank of its security level.
        license: Its licence, an IRI.
        media: Its media type.
        personal: Whether data about people went into it.
        columns: Whether its columns are described, in its own record or one step before it.
        test: The part kept for tests, where this is the part for training.
    """

    title: str
    number: int
    field: Field
    level: int
    license: str
    media: str
    personal: bool
    columns: bool
    test: str | None = None

    @property
    def name(self) -> str:
        """How documents refer to it."""
        return f"{self.title}@{self.number}"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a model, and the run that scored it."""

    title: str
    number: int
    field: Field
    level: int
    license: str
    run: str
    measure: str
    value: float
    data: str

    @property
    def name(self) -> str:
        """How documents refer to it."""
        return f"{self.title}@{self.number}"


@dataclass(slots=True)
class World:
    """Everything that a stream of records has made, and its clock.

    Attributes:
        draws: The stream's random draws.
        space: A word that is put before every title, so that two streams can be recorded into one lake.
        newest: Title to the number of the newest version, of data sets and of models.
    """

    draws: Draws
    space: str = ""
    clock: datetime = _START
    sources: list[Source] = field(default_factory=list)
    datasets: list[Version] = field(default_factory=list)
    splits: list[Version] = field(default_factory=list)
    models: list[ModelVersion] = field(default_factory=list)
    tuned: list[ModelVersion] = field(default_factory=list)
    deployments: list[tuple[str, ModelVersion]] = field(default_factory=list)
    newest: dict[str, int] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    count: int = 0

    def title(self, *words: str) -> str:
        """A title that nothing else has."""
        self.count += 1
        return " ".join(w for w in (self.space, *words, str(self.count)) if w)

    def name_dataset(self, about: Field) -> str:
        """The title of a new data set."""
        draws = self.draws
        return self.title(draws.popular(QUALITIES), draws.one(about.nouns), draws.popular(PLACES))

    def sentence(self, about: str) -> str:
        """A description: a few everyday words, frequent and rare ones, around what it is about."""
        draws = self.draws
        words = [draws.popular(EVERYDAY) if draws.chance(0.5) else draws.one(EVERYDAY) for _ in range(6)]
        return f"{' '.join(words[:3]).capitalize()} for {about}: {' '.join(words[3:])}, {draws.one(PLACES)}."

    def run(self, kind: str, mean_seconds: float) -> Document:
        """The beginning of every run; the clock moves on to its end."""
        start = self.clock
        self.clock = end = start + self.draws.seconds(mean_seconds)
        said = {"type": kind, "id": self.draws.run_id(start), "startedAt": stamp(start), "endedAt": stamp(end)}
        self.clock += self.draws.seconds(120)
        return said

    def person(self) -> str:
        """Somebody; some do far more than others."""
        return self.draws.popular(PEOPLE)

    def program(self) -> Document:
        """A script, one of some hundreds."""
        draws = self.draws
        tool, revision = draws.popular(_TOOLS), int(draws.between(1, 60) * draws.between(0, 1))
        return {
            "title": f"{tool}.py",
            "programLanguage": "Python",
            "sourceCodeURL": f"git/pipelines/{tool}.py",
            "codeVersion": f"r{revision}",
        }

    def environment(self) -> Document:
        """Where programs run, one of some dozens."""
        draws = self.draws
        python = draws.popular(("3.12", "3.11", "3.13"))
        if draws.chance(0.5):
            return {"title": f"Python {python} / Linux"}
        host = f"node-{draws.number(12):02d}"
        return {"title": f"Python {python} / Linux", "operatingSystem": draws.popular(_SYSTEMS), "hostName": host}

    def implementation(self, algorithm: str) -> Document:
        """Code that trains by *algorithm*, one of a few versions."""
        revision, library = self.draws.popular(range(1, 9)), ALGORITHMS[algorithm][0]
        return {
            "title": f"train-{algorithm}.py",
            "programLanguage": "Python",
            "sourceCodeURL": f"git/training/train-{algorithm}.py",
            "codeVersion": f"r{revision}",
            "usesAlgorithm": algorithm,
            "usesSoftware": [{"title": library, "version": f"{1 + revision // 4}.{revision % 4}"}],
        }

    def first_time(self, name: str) -> bool:
        """Whether *name* is asked about for the first time: things are described once and then named."""
        if name in self.known:
            return False
        self.known.add(name)
        return True

    def next_version(self, title: str) -> int:
        """The number of the next version of *title*; from now on its newest."""
        number = self.newest.get(title, 0) + 1
        self.newest[title] = number
        return number

    def file(self, path: str, media: str) -> Document:
        """A file with its size and checksum."""
        size = int(1000 * 10 ** self.draws.between(0, 5))
        return {"storagePath": path, "mediaType": media, "byteSize": size, "checksum": self.draws.sha256()}


def stamp(moment: datetime) -> str:
    """*moment* as documents write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def later(text: str, **by: float) -> str:
    """The moment *text* moved by *by* (as of ``timedelta``)."""
    return stamp(datetime.fromisoformat(text) + timedelta(**by))
