"""What questions need of the rest of the lake: a graph to ask, and an index to find things by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol

from lakegraph.rdf.terms import Triple

Row = tuple[str | None, ...]
"""One row of an answer: tokens, ``None`` where a variable is unbound."""


class Table(Protocol):
    """The answer of a SELECT."""

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the columns."""
        ...

    @property
    def rows(self) -> list[Row]:
        """The rows."""
        ...


class Values(Protocol):
    """Tells what things have."""

    def objects(self, subject: str, predicate: str, /) -> Iterable[str]:
        """The objects of *subject* and *predicate*, each once."""
        ...


class Graph(Protocol):
    """The union of all graphs of a lake, ready to be asked."""

    def outgoing(self, subject: str) -> Sequence[tuple[str, str]]:
        """Predicate and object of every statement about *subject*, as tokens, each once."""
        ...

    def objects(self, subject: str, predicate: str) -> Iterable[str]:
        """The objects of *subject* and *predicate*, each once."""
        ...

    def match(self, s: str | None = None, p: str | None = None, o: str | None = None) -> Iterator[Triple]:
        """The triples of a pattern."""
        ...

    def subjects(self, predicate: str, object: str) -> Iterable[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*, each once."""
        ...

    def stating(self, s: str, p: str | None = None, o: str | None = None, most: int = 20) -> Sequence[str]:
        """The named graphs (tokens) that hold a statement of the pattern, up to *most*."""
        ...

    def stated(self, s: str | None, p: str, o: str | None = None) -> Sequence[tuple[str, str, str]]:
        """Subject, object and named graph (tokens) of every statement of the pattern that a record makes."""
        ...

    def told(self, subject: str, most: int) -> Sequence[tuple[str, str, str | None]]:
        """Predicate, object and named graph of statements about *subject*, up to *most*; no graph for what follows."""
        ...

    def query(
        self, text: str, bindings: Mapping[str, str] | None = None, most: int | None = None
    ) -> Table | bool | list[Triple]:
        """Answer *text* with variables bound to tokens; each bound variable must be projected.

        Of more than *most* different rows, at least one more than that is given, and the others need not be.
        """
        ...


Direction = Literal["up", "down"]
"""The sides of a lineage."""


class Around(Protocol):
    """What stands on one side of some nodes, by number."""

    @property
    def runs(self) -> dict[int, list[int]]:
        """Of a thing, the runs that read it, or going up that made it."""
        ...

    @property
    def things(self) -> dict[int, list[int]]:
        """Of a run, what it made, or going up what it read."""
        ...

    @property
    def stated(self) -> dict[int, list[int]]:
        """Of a thing, what is stated to be derived from it, or going up what it is derived from."""
        ...

    @property
    def nodes(self) -> int:
        """How many nodes that are in all."""
        ...

    @property
    def whole(self) -> bool:
        """Whether that is everything."""
        ...


Called = tuple[int, str, int, str | None, str | None, int | None, int | None]
"""What an index calls a node: number, bare IRI, kind (a number), title, version, number of who ran or owns it, and the
microseconds since 1970 (UTC) at which it started, else was created, else was recorded."""


class Flows(Protocol):
    """Which runs read and made what, in one state of an index. Nodes are numbers there."""

    def number(self, iri: str) -> int | None:
        """The number of a thing or run; None where nothing speaks of it."""
        ...

    def reach(self, start: int, direction: Direction, most: int) -> Around:
        """Everything on one side of *start*, as far as its nearest *most* nodes."""
        ...

    def step(self, near: Collection[int], direction: Direction) -> Around:
        """What stands directly beside some nodes."""
        ...

    def called(self, numbers: Collection[int]) -> Sequence[Called]:
        """What nodes are called, in any order."""
        ...

    def iris(self, numbers: Collection[int]) -> Mapping[int, str]:
        """The bare IRIs of things."""
        ...

    def word(self, kind: int) -> str:
        """The class (without prefix) that the number of a kind stands for; else the word for it; empty for none."""
        ...


class FlowIndex(Protocol):
    """Knows which runs read and made what."""

    def flowing(self) -> AbstractContextManager[Flows]:
        """Which runs read and made what, for the length of the block in one state."""
        ...


class Found(Protocol):
    """A thing that the index found."""

    @property
    def iri(self) -> str:
        """Its bare IRI."""
        ...

    @property
    def kind(self) -> str:
        """What it is: ``dataset``, ``model``, ``training`` and so on."""
        ...

    @property
    def title(self) -> str:
        """Its title."""
        ...

    @property
    def version(self) -> str | None:
        """Its version, for a data set or model."""
        ...


class Index(Protocol):
    """Finds things by what people call them."""

    def exists(self, iri: str) -> object:
        """Something true when the lake knows *iri* (bare)."""
        ...

    def lookup(self, text: str, kinds: Sequence[str] = ()) -> Sequence[Found]:
        """Everything whose title, slug or path is exactly *text*."""
        ...

    def nearest(self, text: str, kinds: Sequence[str] = (), n: int = 5) -> Sequence[Found]:
        """What is called most like *text*."""
        ...

    def by_checksum(self, sha256: str) -> Sequence[Found]:
        """What holds a file with this SHA-256, in lower-case hexadecimal."""
        ...


class Ranked(Protocol):
    """Models in the order of a measure."""

    @property
    def scores(self) -> Sequence[Scored]:
        """One for each model, the best first."""
        ...


class Scored(Protocol):
    """A model in a leaderboard."""

    @property
    def model(self) -> str:
        """Its bare IRI."""
        ...


class Lists(Protocol):
    """Lists what a question would have to look through the whole graph for."""

    def leaderboard(self, measure: str, *, task: str, limit: int, lowest_first: bool) -> Ranked:
        """The models with the best values of a measure (bare IRI) in runs with a task (bare IRI)."""
        ...

    def with_gaps(self, least: int, limit: int) -> Sequence[str]:
        """Bare IRIs of datasets and models that lack so many of description, administrator, tags, security level."""
        ...


class Missing(Protocol):
    """Something that a shape asks of a thing and that is not there."""

    @property
    def focus(self) -> str:
        """The thing, as a token."""
        ...

    @property
    def value(self) -> str | None:
        """What stands there and does not do, when something stands there."""
        ...

    @property
    def answers(self) -> str:
        """The W that stays unanswered."""
        ...

    @property
    def field(self) -> str:
        """The document field that would answer it."""
        ...

    @property
    def message(self) -> str:
        """What to do, in a sentence."""
        ...
