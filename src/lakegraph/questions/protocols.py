"""What questions need of the rest of the lake: a graph to ask, and an index to find things by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

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


class Graph(Protocol):
    """The union of all graphs of a lake, ready to be asked."""

    def query(self, text: str, bindings: Mapping[str, str] | None = None) -> Table | bool | list[Triple]:
        """Answer *text* with variables bound to tokens; each bound variable must be projected."""
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
