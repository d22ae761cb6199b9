"""The embedded engine: one Oxigraph store on disk, or in memory."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from threading import Lock, RLock, Thread
from typing import BinaryIO

import pyoxigraph as ox

from lakegraph import resources
from lakegraph.errors import LakeBusyError, QueryError, RdfSyntaxError, StorageError, UsageError
from lakegraph.graph.engine_errors import failure, query_error
from lakegraph.graph.protocol import ANY, Applied, Change, Rows
from lakegraph.graph.update_text import update_text
from lakegraph.rdf.terms import Triple, to_ox, value

N_QUADS = ox.RdfFormat.N_QUADS

BULK_QUADS = 20_000
"""From here on a group is bulk-loaded. That takes half of the time from 5,000 quads on, but makes a file in each table,
and every fourth is merged with what the tables hold: in a lake of 20,000 runs smaller groups cost more in the end."""

HELD_QUADS = 60_000
"""So many loaded quads are held in memory before they are written out. Each takes 700 bytes there, in up to twelve
tables, and a table is left to grow to 64 MB: 1.7 million quads in groups of 7,000 held 1,022 MB. Written out at 60,000
they held 104 MB and took three quarters of the processor time, 200,000 the same and 200 MB (measured)."""

_REOPEN_SECONDS = 2.0
_ROOM = 16 * 2**20  # opening writes the log into a file of its own first; without room for that reads would end too


class Oxigraph:
    """A :class:`~lakegraph.graph.Graph` inside this process.

    Args:
        path: The store's directory, which this object alone may hold; ``None`` keeps everything in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._lock = RLock()
        # Two flushes at once can leave one waiting for ever (github.com/facebook/rocksdb/issues/12094, seen here within
        # two hundred backups from two threads). Backups and bulk loads flush too.
        self._flushing = Lock()
        self._closed = False
        self._version = 0
        self._unflushed = False  # opening writes out what the log holds
        self._held = 0
        self._writing_out: Thread | None = None
        self._broken = False
        self._last_seq = 0
        self._store: ox.Store | None = _opened(path)

    @classmethod
    def open(cls, path: Path | None = None) -> Oxigraph:
        """Open or make the store in *path*.

        Raises:
            LakeBusyError: Another process, or another object of this one, holds it.
            LakeDamagedError: What is in the directory is not a whole store.
            StorageError: The directory cannot be made or read.
        """
        return cls(path)

    @property
    def last_seq(self) -> int:
        """The highest sequence number known to be applied."""
        return self._last_seq

    @property
    def version(self) -> int:
        """A number that grows with every write."""
        return self._version

    def apply(self, changes: Sequence[Change]) -> None:
        """Apply a group of changes as one atomic write; see :meth:`lakegraph.graph.Graph.apply`."""
        if not changes:
            return
        with self._lock:
            store = self._writable()
            try:
                self._write(store, changes)
            except (SyntaxError, ValueError) as error:
                raise RdfSyntaxError(
                    f"Statements for the graph are not N-Quads: {error}", where=f"entry {changes[0].seq} and following"
                ) from error
            except (OSError, RuntimeError) as error:
                # After a full disk every later write fails until the store is opened again, but reads go on (measured).
                # It can be opened again only once nobody holds it: not even the frames of this error's traceback.
                del store
                self._broken = self.path is not None
                raise failure(error, self.path) from error.with_traceback(None)
            finally:
                self._version += 1
            self._last_seq = max(self._last_seq, *(c.seq for c in changes), 0)

    def _write(self, store: ox.Store, changes: Sequence[Change]) -> None:
        text = b"".join(c.add if c.add.endswith(b"\n") else c.add + b"\n" for c in changes)
        count = text.count(b"\n")
        if any(c.remove or c.drop for c in changes):
            store.update(update_text(changes))
            self._hold(store, count)
        elif count < BULK_QUADS:
            store.load(text, N_QUADS)
            self._hold(store, count)
        else:
            # Bulk-loaded files are durable at once and the log's tail is not: after a power loss the older entries
            # would be the missing ones.
            with self._flushing:
                if self._unflushed and self.path:
                    store.flush()
                    self._unflushed, self._held = False, 0
                store.bulk_load(text, N_QUADS)

    def _hold(self, store: ox.Store, count: int) -> None:
        """Note that *count* more quads are in memory; where they are many, they are written out beside what follows."""
        self._unflushed = True
        self._held += count
        if self._held < HELD_QUADS or not self.path:
            return
        self._written_out()
        self._held = 0
        self._writing_out = Thread(target=self._write_out, args=(store,), name="lakegraph-write-out")
        self._writing_out.start()

    def _write_out(self, store: ox.Store) -> None:
        # What cannot be written the journal has; the next write meets the same disk, and says so.
        with self._flushing, contextlib.suppress(OSError, RuntimeError):
            store.flush()

    def _written_out(self) -> None:
        """Wait for what is being written out, which holds the store."""
        if self._writing_out:
            self._writing_out.join()
            self._writing_out = None

    def query(
        self, text: str, bindings: Mapping[str, str] | None = None, most: int | None = None
    ) -> Rows | bool | list[Triple]:
        """Answer one of the project's own questions; see :meth:`lakegraph.graph.Graph.query`."""
        return self._ask(text, bindings, union=True, most=most)

    def _ask(
        self, text: str, bindings: Mapping[str, str] | None, *, union: bool, most: int | None = None
    ) -> Rows | bool | list[Triple]:
        bound: dict[ox.Variable, ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple] | None = None
        if bindings:
            bound = {ox.Variable(name): to_ox(token) for name, token in bindings.items()}
        try:
            result = self._handle().query(text, use_default_graph_as_union=union, substitutions=bound)
            if isinstance(result, ox.QuerySolutions):
                variables = tuple(v.value for v in result.variables)
                rows = (tuple([None if t is None else str(t) for t in row]) for row in result)
                return Rows(variables, list(rows) if most is None else _different(rows, most))
            if isinstance(result, ox.QueryBoolean):
                return bool(result)
            return [(str(s), str(p), str(o)) for s, p, o in result]
        except SyntaxError as error:
            raise query_error(str(error)) from error
        except RuntimeError as error:
            if "SELECT projection" in str(error):
                raise QueryError(f"{error}.", hint="Project every variable that is bound.") from error
            raise failure(error, self.path) from error
        except OSError as error:
            raise failure(error, self.path) from error

    def match(
        self, s: str | None = None, p: str | None = None, o: str | None = None, graph: str | None = ANY
    ) -> Iterator[Triple]:
        """The triples of a pattern; see :meth:`lakegraph.graph.Graph.match`."""
        quads = self._quads(s, p, o, graph)
        if graph != ANY:
            for q in quads:
                yield str(q.subject), str(q.predicate), str(q.object)
            return
        # Of a pattern that binds something the tables on disk give the default graph first, then one statement after
        # the other with the graphs that hold it: only what the default graph holds, and the last, need be remembered. A
        # harvest of a million descriptions is looked through so.
        sorted_ = self.path is not None and not (s is None and p is None and o is None)
        seen: set[Triple] = set()
        last: Triple | None = None
        for q in quads:
            triple = (str(q.subject), str(q.predicate), str(q.object))
            if triple == last or triple in seen:
                continue
            if not sorted_ or isinstance(q.graph_name, ox.DefaultGraph):
                seen.add(triple)
            last = triple
            yield triple

    def _quads(self, s: str | None, p: str | None, o: str | None, graph: str | None = ANY) -> Iterator[ox.Quad]:
        where: ox.NamedNode | ox.DefaultGraph | None = None
        if graph is None:
            where = ox.DefaultGraph()
        elif graph != ANY:
            where = ox.NamedNode(graph.strip("<>"))
        subject, predicate, target = (None if t is None else to_ox(t) for t in (s, p, o))
        if isinstance(subject, ox.Literal) or (predicate and not isinstance(predicate, ox.NamedNode)):
            return iter(())
        return self._handle().quads_for_pattern(subject, predicate, target, where)

    def outgoing(self, subject: str) -> Sequence[tuple[str, str]]:
        """Predicate and object of every statement about *subject*, each once."""
        return tuple(dict.fromkeys([(str(q.predicate), str(q.object)) for q in self._quads(subject, None, None)]))

    def objects(self, subject: str, predicate: str) -> Sequence[str]:
        """The objects of *subject* and *predicate*, each once."""
        return list(dict.fromkeys(str(q.object) for q in self._quads(subject, predicate, None)))

    def subjects(self, predicate: str, object: str) -> Sequence[str]:  # noqa: A002 - RDF's own word
        """The subjects that have *object* under *predicate*, each once."""
        return list(dict.fromkeys(str(q.subject) for q in self._quads(None, predicate, object)))

    def stating(self, s: str, p: str | None = None, o: str | None = None, most: int = 20) -> Sequence[str]:
        """The named graphs that hold a statement; see :meth:`lakegraph.graph.Graph.stating`."""
        found: dict[str, None] = {}
        for q in self._quads(s, p, o):
            if isinstance(q.graph_name, ox.NamedNode):
                found[str(q.graph_name)] = None
                if len(found) == most:
                    break
        return list(found)

    def stated(self, s: str | None, p: str, o: str | None = None) -> Sequence[tuple[str, str, str]]:
        """Every statement of a pattern with its record; see :meth:`lakegraph.graph.Graph.stated`."""
        return [
            (str(q.subject), str(q.object), str(q.graph_name))
            for q in self._quads(s, p, o)
            if isinstance(q.graph_name, ox.NamedNode)
        ]

    def told(self, subject: str, most: int) -> Sequence[tuple[str, str, str | None]]:
        """Statements about *subject* with their records; see :meth:`lakegraph.graph.Graph.told`."""
        return [
            (str(q.predicate), str(q.object), str(q.graph_name) if isinstance(q.graph_name, ox.NamedNode) else None)
            for q in islice(self._quads(subject, None, None), most)
        ]

    def applied(self, marker: str) -> Applied:
        """Which sequence numbers are marked; see :meth:`lakegraph.graph.Graph.applied`."""
        rows = self._ask(resources.text("queries/internal/graph-applied.rq"), {"marker": marker}, union=False)
        assert isinstance(rows, Rows)  # noqa: S101 - the query is a SELECT
        found = Applied(0, 0, lambda: self._sequences(marker))
        for _, count, highest in rows:
            found = Applied(int(value(count or '"0"')), int(value(highest or '"0"')), found.sequences)
        self._last_seq = max(self._last_seq, found.highest)
        return found

    def _sequences(self, marker: str) -> set[int]:
        return {int(q.object.value) for q in self._quads(None, marker, None, None) if isinstance(q.object, ox.Literal)}

    def snapshot(self, directory: Path) -> None:
        """Write the store as it is now into *directory*; see :meth:`lakegraph.graph.Graph.snapshot`.

        On the same file system these are hard links (measured: 1.5 ms at 10M quads when nothing is unflushed). A store
        in memory is copied.
        """
        store = self._handle()
        try:
            directory.parent.mkdir(parents=True, exist_ok=True)
            if self.path:
                with self._flushing:
                    store.backup(str(directory))
            else:
                ox.Store(str(directory)).bulk_load(store.dump(format=N_QUADS), N_QUADS)
        except (OSError, RuntimeError) as error:
            raise failure(error, directory) from error

    def dump(self, out: BinaryIO) -> None:
        """Write every quad as N-Quads, in no particular order."""
        self._handle().dump(out, N_QUADS)

    def close(self) -> None:
        """Write out what is buffered and let go of the store."""
        with self._lock:
            self._written_out()
            store, self._store, self._closed = self._store, None, True
            if store is not None and self.path and self._unflushed:
                # What cannot be written the journal has; the next opening replays it.
                with self._flushing, contextlib.suppress(OSError, RuntimeError):
                    store.flush()

    def _handle(self) -> ox.Store:
        store = self._store
        if store is not None:
            return store
        with self._lock:
            if self._closed:
                raise UsageError("The graph was closed.", hint="Open the lake again.")
            if self._store is None:
                self._store = self._reopened()
            return self._store

    def _writable(self) -> ox.Store:
        """The store, opened again if its last write failed and there is room for that."""
        if self._broken and self.path:
            room = shutil.disk_usage(self.path).free
            if room < _ROOM:
                raise StorageError(
                    f"The disk is full: {room >> 20} MiB are free, and {_ROOM >> 20} are needed to go on.",
                    where=str(self.path),
                    hint="Free some space; nothing else needs to be done.",
                )
            self._written_out()
            self._store, self._broken = None, False
        return self._handle()

    def _reopened(self) -> ox.Store:
        """The store, opened again after a failed write; an unfinished answer may hold the old one for a moment."""
        until = time.monotonic() + _REOPEN_SECONDS
        while True:
            try:
                return _opened(self.path)
            except LakeBusyError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)


def _different(rows: Iterator[tuple[str | None, ...]], most: int) -> list[tuple[str | None, ...]]:
    """The first different rows: *most*, and one more where there is one. A row that is not looked at is never made."""
    found: dict[tuple[str | None, ...], None] = {}
    for row in rows:
        found[row] = None
        if len(found) > most:
            break
    return list(found)


def _opened(path: Path | None) -> ox.Store:
    if path is None:
        return ox.Store()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return ox.Store(str(path))
    except (OSError, RuntimeError) as error:
        raise failure(error, path) from error
