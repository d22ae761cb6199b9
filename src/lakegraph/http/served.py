"""What HTTP needs of a lake: the calls that its routes make, and nothing of how a lake does it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from lakegraph.config import Settings
from lakegraph.errors import LakegraphError
from lakegraph.http.edited import Edited
from lakegraph.http.federated import Federated
from lakegraph.http.stream import Stream
from lakegraph.rdf.terms import Triple
from lakegraph.receipts import Receipt
from lakegraph.tokens import Tokens

Document = Mapping[str, Any]
Steps = int | Literal["all"]


class Queries(Protocol):
    """The queries that run."""

    def list(self) -> Sequence[Any]:
        """All of them: id, kind, text, when each began (seconds since the epoch), and the seconds that remain."""

    def cancel(self, id: str) -> bool:  # noqa: A002 - it is called so
        """End one; whether it was running."""


class Prepared(Protocol):
    """A query that may be asked."""

    @property
    def media(self) -> str:
        """The media type of its answer, with parameters."""


class Answer(Protocol):
    """The answer to a question; how else it can be shown is seen by the methods that it has."""

    def as_dict(self) -> dict[str, Any]:
        """The answer for JSON."""


class Position(Protocol):
    """The journal, as far as a response tells of it."""

    @property
    def last_seq(self) -> int:
        """The number of the last entry."""


class Signed(Protocol):
    """A signed checkpoint."""

    @property
    def note(self) -> str:
        """The signed note."""


class Answering(Protocol):
    """A lake, as it is or as it was, that answers."""

    def ask(self, name: str, **parameters: str) -> Answer:
        """The answer to a question."""

    @property
    def seq(self) -> int:
        """The last journal entry that it knows."""

    def lineage(self, of: str, *, up: Steps = "all", down: Steps = 0, nodes: int = 0) -> Answer:
        """Where a thing comes from and what came of it."""

    def why(self, a: str, b: str) -> Answer:
        """How two things hang together."""

    def impact(self, of: str) -> Answer:
        """What rests on a thing."""

    def search(self, text: str, **filters: str) -> dict[str, Any]:
        """Things by words and facets."""

    def diff(self, a: str, b: str, *more: str, lineage: bool = False) -> Answer:
        """What differs between things."""

    def history(self, of: str) -> Answer:
        """The versions of a thing."""

    def gaps(self, of: str | None = None, *, limit: int = 100) -> Answer:
        """What nobody has said."""

    def reproduce(self, of: str) -> Answer:
        """What is needed to make a thing again."""


class CatalogPage(Protocol):
    """Some of the catalog."""

    @property
    def triples(self) -> Sequence[Triple]:
        """What this page says."""

    @property
    def things(self) -> Sequence[str]:
        """The IRIs of what it lists."""

    @property
    def withdrawn(self) -> Sequence[str]:
        """The IRIs of what it says is no more."""

    @property
    def onward(self) -> str | None:
        """The address of the next page; None when this is the last."""


class Address(Protocol):
    """One line of a sitemap."""

    @property
    def iri(self) -> str:
        """What stands there."""

    @property
    def changed(self) -> str:
        """When something was last said of it (ISO 8601)."""


class Found(Protocol):
    """What an audit found."""

    @property
    def part(self) -> str:
        """The part of the lake."""

    @property
    def where(self) -> str:
        """The entry or graph."""

    @property
    def message(self) -> str:
        """What contradicts what."""


class Served(Answering, Federated, Edited, Protocol):
    """A lake that can be served."""

    @property
    def base(self) -> str:
        """The IRI below which its things stand."""

    @property
    def settings(self) -> Settings:
        """Its settings."""

    @property
    def journal(self) -> Position:
        """Its journal."""

    @property
    def queries(self) -> Queries:
        """The queries that run."""

    @property
    def tokens(self) -> Tokens:
        """Who may do what."""

    def record(
        self, document: Document, *, key: str | None = None, actor: str | None = None, captured: bool = False
    ) -> Receipt:
        """Record a document."""

    def record_rdf(
        self,
        body: bytes,
        media_type: str,
        *,
        key: str | None = None,
        actor: str | None = None,
        captured: bool = False,
    ) -> Receipt:
        """Record RDF."""

    def record_many(
        self, documents: Iterable[Document], *, actor: str | None = None, captured: bool = False
    ) -> Iterator[Receipt | LakegraphError]:
        """Record many documents."""

    def supersede(
        self, record: str, document: Document, *, key: str | None = None, actor: str | None = None
    ) -> Receipt:
        """Correct a record."""

    def rollback(self, version: str, *, by: str, why: str, key: str | None = None, actor: str | None = None) -> Receipt:
        """Make an earlier version current."""

    def tombstone(self, record: str, *, by: str, why: str, key: str | None = None, actor: str | None = None) -> Receipt:
        """Withdraw a record."""

    def questions(self) -> list[dict[str, Any]]:
        """Every question with its parameters."""

    def then(self, as_of: str | None) -> Answering:
        """The lake as it was at a moment; itself for None."""

    def resolve(self, name: str) -> str:
        """The IRI that a name means."""

    def describe(self, iri: str) -> list[Triple]:
        """What is said of a thing."""

    def knows(self, iri: str) -> bool:
        """Whether anything is said of a thing."""

    def prepared(
        self,
        text: str,
        *,
        accept: Callable[[str], str],
        default_graphs: tuple[str, ...] = (),
        named_graphs: tuple[str, ...] = (),
    ) -> Prepared:
        """A query that may be asked, to be answered in the media type that *accept* gives for its form."""

    def answer(self, asked: Any, *, min_seq: int | None = None) -> Stream:
        """Begin to answer a query that was prepared."""

    def sparql(self, text: str, *, accept: Callable[[str], str], min_seq: int | None = None) -> Stream:
        """Prepare a query and begin to answer it."""

    def export(self, things: str | Iterable[str] | None, form: str) -> Iterator[bytes]:
        """The story of things, or of the whole lake, in a form."""

    def coverage(self, thing: str, against: str) -> Answer:
        """What is recorded of the documentation that a framework asks for."""

    def log(self, thing: str | None = None, *, limit: int = 20) -> list[dict[str, Any]]:
        """Entries of the journal."""

    def status(self) -> dict[str, Any]:
        """What the lake holds."""

    def checkpoint(self) -> Signed:
        """Sign all entries of now."""

    def latest_checkpoint(self) -> Signed:
        """What was signed last."""

    def key_history(self) -> Sequence[str]:
        """The statements about the signing keys, oldest first."""

    def inclusion(self, seq: int, size: int | None = None) -> dict[str, Any]:
        """The proof that an entry stands in the log."""

    def consistency(self, old: int, size: int | None = None) -> dict[str, Any]:
        """The proof that the log only grew."""

    def bundle(
        self,
        things: Iterable[str],
        out: Path,
        *,
        redact_persons: bool = False,
        since: Sequence[int] = (),
        forms: Sequence[str] = (),
    ) -> Answer:
        """Write an evidence bundle."""

    def catalog(
        self,
        address: str = "",
        *,
        after: int = 0,
        limit: int = 100,
        since: datetime | None = None,
        withdrawn: int | None = None,
    ) -> CatalogPage:
        """One page of the catalog."""

    def fair_data_point(self) -> list[Triple]:
        """What the lake says of itself as a FAIR Data Point."""

    def addresses(self, *, after: int, limit: int) -> Sequence[Address]:
        """What the catalog lists, in order, and when something was last said of each."""

    def starts(self, step: int) -> list[int]:
        """Where each part of *step* things of what the catalog lists goes on."""

    def schema_org(self, thing: str) -> dict[str, Any]:
        """What search engines read of a thing."""

    def audit(self, progress: Callable[[str, int, int], None] | None = None) -> Iterator[Found]:
        """Everything that contradicts itself."""

    def erasures(self) -> list[dict[str, Any]]:
        """Every lawful erasure."""

    def sign_when_due(self) -> None:
        """Sign checkpoints as they fall due."""

    def query_health(self) -> dict[str, Any]:
        """How the query service is."""

    def close(self) -> None:
        """Let go of the lake."""
