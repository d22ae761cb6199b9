"""A graph that follows what is recorded: written in large groups, and caught up before anybody looks at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Lock, RLock, Thread
from typing import BinaryIO, Final

from lakegraph.errors import LakegraphError
from lakegraph.graph.oxigraph import Oxigraph
from lakegraph.graph.protocol import ANY, Applied, Change, Rows
from lakegraph.rdf.terms import Triple

ENOUGH_QUADS: Final = 50_000
"""How many are written together. Processor time, over 6,000 records of 97 quads: one by one 1.55 ms a record,
50 together 1.9 (bulk-loaded, by several threads), 200 together 1.35, 2,000 together 0.95."""
MOST_QUADS: Final = 200_000
"""How many may wait at most; who hands over more waits for the engine. About 2,000 records, 45 MB."""
_PAUSE: Final = 0.05  # after so many seconds without a record what waits is written, however little it is
_LITTLE_ROOM: Final = 2**28  # with less left on the disk nothing waits, so that reading goes on when it is full


class FollowingGraph:
    """A :class:`~lakegraph.graph.Graph` that may write later what is handed to it, which nobody who asks can see.

    The engine needs no interpreter to write, so a thread writes what was handed over while the next records are
    prepared; it ends when nothing waits any more. Whoever asks waits until everything that was handed over before is
    written, and writes it himself if nobody does.

    Args:
        engine: The store. What reads it past this object sees what is written so far, and only that.
    """

    def __init__(self, engine: Oxigraph) -> None:
        self.engine = engine
        self._turn = RLock()  # whoever writes to the engine
        self._state = Lock()  # what waits, and the numbers
        self._waiting: list[Change] = []
        self._quads = 0
        self._version = self._written = engine.version
        self._last_seq = engine.last_seq
        self._failure: LakegraphError | None = None
        self._follower: Thread | None = None
        self._enough = Event()

    @property
    def path(self) -> Path | None:
        """The engine's directory."""
        return self.engine.path

    @property
    def last_seq(self) -> int:
        """The highest sequence number known to be applied or handed over."""
        return max(self._last_seq, self.engine.last_seq)

    @property
    def version(self) -> int:
        """A number that grows with every write, once when it is handed over."""
        return self._version

    @property
    def written(self) -> int:
        """The version up to which the engine has everything."""
        return self._written

    def hand(self, changes: Sequence[Change]) -> None:
        """Hand over changes that only add, to be written by and by; they count as written from here on.

        Raises:
            StorageError: What was handed over before could not be written, and still waits; or the disk is nearly full
                and these could not be written at once.
        """
        if self._failure is not None:
            raise self._failure
        if self.path is None or shutil.disk_usage(self.path).free < _LITTLE_ROOM:
            self.apply(changes)
            return
        quads = sum(change.add.count(b"\n") for change in changes)
        with self._state:
            self._waiting += changes
            self._quads += quads
            self._version += 1
            self._last_seq = max(self._last_seq, *(change.seq for change in changes))
            if self._follower is None:
                self._follower = Thread(target=self._follow, name="lakegraph-graph")
                self._follower.start()
        if self._quads >= ENOUGH_QUADS:
            self._enough.set()
        if self._quads > MOST_QUADS:
            self.settle()

    def settle(self) -> None:
        """Wait until everything that was handed over is written.

        Raises:
            StorageError: The disk refused it; it still waits, and the next who asks tries again.
        """
        if self._written == self._version:
            return
        with self._turn:
            with self._state:
                changes, self._waiting = self._waiting, []
                quads, self._quads = self._quads, 0
                version = self._version
            try:
                self.engine.apply(changes)
            except BaseException as error:
                with self._state:
                    self._waiting[:0] = changes
                    self._quads += quads
                if isinstance(error, LakegraphError):
                    self._failure = error
                raise
            self._written, self._failure = version, None

    def _follow(self) -> None:
        """Write what waits, until nothing does. Who asks next, or hands over more, is told of a fault."""
        seen = 0
        while True:
            enough = self._enough.wait(_PAUSE)
            with self._state:
                paused, seen = seen == self._version, self._version
                if not self._waiting or self._failure is not None:
                    self._follower = None
                    return
            if enough or paused:
                self._enough.clear()
                with suppress(LakegraphError):
                    self.settle()

    def forget(self) -> None:
        """Drop what waits; whoever calls this hands it over again."""
        with self._turn, self._state:
            self._waiting.clear()
            self._quads, self._written, self._failure = 0, self._version, None

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply a group of changes now, after what waits; see :meth:`lakegraph.graph.Graph.apply`."""
        with self._turn:
            self.settle()
            try:
                self.engine.apply(changes)
            finally:
                with self._state:
                    self._version += 1
                    self._written = self._version

    def _settled(self) -> Oxigraph:
        self.settle()
        return self.engine

    def query(
        self, text: str, bindings: Mapping[str, str] | None = None, most: int | None = None
    ) -> Rows | bool | list[Triple]:
        """Answer one of the project's own questions; see :meth:`lakegraph.graph.Graph.query`."""
        return self._settled().query(text, bindings, most)

    def match(
        self, s: str | None = None, p: str | None = None, o: str | None = None, graph: str | None = ANY
    ) -> Iterator[Triple]:
        """The triples of a pattern; see :meth:`lakegraph.graph.Graph.match`."""
        return self._settled().match(s, p, o, graph)

    def outgoing(self, subject: str) -> Sequence[tuple[str, str]]:
        """Predicate and object of every statement about *subject*."""
        return self._settled().outgoing(subject)

    def objects(self, subject: str, predicate: str) -> Sequence[str]:
        """The objects of *subject* and *predicate*."""
        return self._settled().objects(subject, predicate)

    def subjects(self, predicate: str, object: str) -> Sequence[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*."""
        return self._settled().subjects(predicate, object)

    def stating(self, s: str, p: str | None = None, o: str | None = None, most: int = 20) -> Sequence[str]:
        """The named graphs that hold a statement; see :meth:`lakegraph.graph.Graph.stating`."""
        return self._settled().stating(s, p, o, most)

    def stated(self, s: str | None, p: str, o: str | None = None) -> Sequence[tuple[str, str, str]]:
        """Every statement of a pattern with its record; see :meth:`lakegraph.graph.Graph.stated`."""
        return self._settled().stated(s, p, o)

    def told(self, subject: str, most: int) -> Sequence[tuple[str, str, str | None]]:
        """Statements about *subject* with their records; see :meth:`lakegraph.graph.Graph.told`."""
        return self._settled().told(subject, most)

    def applied(self, marker: str) -> Applied:
        """Which sequence numbers are marked; see :meth:`lakegraph.graph.Graph.applied`."""
        return self._settled().applied(marker)

    def snapshot(self, directory: Path) -> None:
        """Write the store as it is now into *directory*; see :meth:`lakegraph.graph.Graph.snapshot`."""
        self._settled().snapshot(directory)

    def dump(self, out: BinaryIO) -> None:
        """Write every quad as N-Quads, in no particular order."""
        self._settled().dump(out)

    def close(self) -> None:
        """Write what waits, and let go of the store. What cannot be written the next opening takes from the journal."""
        with suppress(LakegraphError):
            self.settle()
        follower = self._follower
        if follower is not None:
            self._enough.set()
            follower.join()
        self.engine.close()
