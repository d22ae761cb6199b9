"""What a graph engine is: the small protocol behind which the embedded engine and a SPARQL server stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from lakegraph.rdf.terms import Triple

ANY: Final = "*"
"""In place of a graph's name: every graph, the unnamed default graph among them."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one journal entry does to the graph: first ``remove``, then ``drop``, then ``add``.

    Args:
        seq: Number of the entry in the journal; 0 for what is not a record.
        add: N-Quads: the record's graph, its inferred statements and its markers (in the default graph).
        remove: N-Quads to delete exactly.
        drop: Named graphs (bare IRIs) to remove whole; one that does not exist is passed over.
    """

    seq: int
    add: bytes
    remove: bytes = b""
    drop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows:
    """The answer of a SELECT: variable names, and rows of tokens with ``None`` where a variable is unbound."""

    variables: tuple[str, ...]
    rows: list[tuple[str | None, ...]]

    def __iter__(self) -> Iterator[tuple[str | None, ...]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Applied:
    """Which journal entries left their marker in the graph.

    Args:
        count: How many markers there are.
        highest: The highest sequence number that is marked; 0 when none is.
        sequences: Reads every marked number; needed only where ``count`` and ``highest`` show that some are missing.
    """

    count: int
    highest: int
    sequences: Callable[[], set[int]] = field(compare=False, repr=False)


class Graph(Protocol):
    """A store of quads that is a projection of the journal.

    One thread at a time may call :meth:`apply`; every other method may be called from any thread, at any time.
    Terms are tokens (see :mod:`lakegraph.rdf.terms`). What is asked is asked of the union of all graphs, and every
    answer names a triple once however many graphs hold it.
    """

    @property
    def last_seq(self) -> int:
        """The highest sequence number known to be applied: by this object, or as :meth:`applied` last found it."""

    @property
    def version(self) -> int:
        """A number that grows with every write; equal numbers mean equal content."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply a group of changes, in order, as one atomic write.

        Raises:
            RdfSyntaxError: The text is not N-Quads; nothing was written.
            StorageError: The engine refused the write. Ask :meth:`applied` what stands before writing on.
        """

    def query(
        self, text: str, bindings: Mapping[str, str] | None = None, most: int | None = None
    ) -> Rows | bool | list[Triple]:
        """Answer one of the project's own questions, whole and in this thread.

        Args:
            text: A SPARQL query of bounded cost. What people send goes through :class:`QueryService` instead.
            bindings: Variable (without ``?``) to token; each variable must be projected.
            most: How many different rows are wanted. Once there are more, an engine need not look for further ones.

        Returns:
            Rows of a SELECT, truth of an ASK, triples of a CONSTRUCT or DESCRIBE.

        Raises:
            QueryError: The text is malformed, or binds a variable that is not projected.
        """

    def match(
        self, s: str | None = None, p: str | None = None, o: str | None = None, graph: str | None = ANY
    ) -> Iterator[Triple]:
        """The triples of a pattern; use the iterator up in the thread that asked for it.

        Args:
            s: Subject, or ``None`` for every one.
            p: Predicate, likewise.
            o: Object, likewise.
            graph: A named graph (token or bare IRI), ``None`` for the default graph alone, ``ANY`` for the union.
        """

    def outgoing(self, subject: str) -> Sequence[tuple[str, str]]:
        """Predicate and object of every statement about *subject*."""

    def objects(self, subject: str, predicate: str) -> Sequence[str]:
        """The objects of *subject* and *predicate*."""

    def subjects(self, predicate: str, object: str) -> Sequence[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*."""

    def stating(self, s: str, p: str | None = None, o: str | None = None, most: int = 20) -> Sequence[str]:
        """The named graphs (tokens) that hold a statement of the pattern, up to *most*; inferred ones stand in none."""

    def stated(self, s: str | None, p: str, o: str | None = None) -> Sequence[tuple[str, str, str]]:
        """Subject, object and named graph (tokens) of every statement of the pattern that a record makes."""

    def told(self, subject: str, most: int) -> Sequence[tuple[str, str, str | None]]:
        """Predicate, object and named graph of statements about *subject*, up to *most*; no graph for what follows."""

    def applied(self, marker: str) -> Applied:
        """Which sequence numbers stand as objects of the predicate *marker* (a token) in the default graph."""

    def snapshot(self, directory: Path) -> None:
        """Write what the graph holds now as an embedded store into *directory*, which must not exist yet.

        Raises:
            StorageError: The disk refused it.
        """

    def dump(self, out: BinaryIO) -> None:
        """Write every quad as N-Quads, in no particular order."""

    def close(self) -> None:
        """Let go of the store; calling it again does nothing."""
