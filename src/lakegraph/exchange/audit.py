"""The audit of a living lake: the journal against its hashes, its checkpoints, and the graph against the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from itertools import islice
from typing import BinaryIO, cast

import pyoxigraph as ox

from lakegraph.change_effects import CHANGE, graph_of
from lakegraph.errors import LakeDamagedError, LakegraphError
from lakegraph.exchange.audit_default import Lines, compare
from lakegraph.exchange.parts import LakeParts
from lakegraph.governing import agents_of, vocabularies_text
from lakegraph.journal import Entry, verify_checkpoint
from lakegraph.preparing import nquads
from lakegraph.rdf.namespaces import LAKE

Progress = Callable[[str, int, int], None]
"""Called with what is under way, and how many of how many entries are done (0 where that is not known)."""

_SHOWN = 3
_MODULUS = 1 << 128


@dataclass(frozen=True, slots=True)
class Finding:
    """One contradiction in a lake.

    Attributes:
        part: ``journal``, ``checkpoints`` or ``graph``.
        where: The entry or named graph that is affected.
        message: What contradicts what.
    """

    part: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.part}: {self.where}: {self.message}"


@dataclass(slots=True)
class _Sum:
    """How many lines a graph has, and a hash of them that does not depend on their order."""

    lines: int = 0
    hashed: int = 0

    def add(self, line: bytes, times: int = 1) -> None:
        self.lines += times
        self.hashed = (self.hashed + times * int.from_bytes(_digest(line), "big")) % _MODULUS


@dataclass(frozen=True, slots=True)
class Moment:
    """What is compared with the graph.

    Attributes:
        last: The last entry that counts.
        people: What the directory of people said then, as N-Quads.
    """

    last: int
    people: bytes

    @classmethod
    def now(cls, lake: LakeParts) -> Moment:
        """The moment of now; nothing may be recorded meanwhile."""
        agents, said = agents_of(lake.base, lake.people)
        return cls(lake.journal.last_seq, nquads(dict.fromkeys(said), agents))


def audit(
    lake: LakeParts,
    progress: Progress | None = None,
    *,
    since: Sequence[str] = (),
    moment: Moment | None = None,
) -> Iterator[Finding]:
    """Everything in a lake that contradicts itself; streams.

    The graph is dumped once and summed up by named graph, in no order and without being held: of each record in force
    it must hold exactly the statements of the journal, of every other nothing; beside that what follows from them, the
    vocabularies and the directory of people. Of each record a sum is held, of each inferred statement sixteen bytes.

    Args:
        lake: The lake. While it is recorded into, its graph is a snapshot.
        progress: Told what is under way.
        since: Older checkpoints that somebody kept elsewhere: the journal must continue each of them.
        moment: When that snapshot was taken; now when left out.

    Raises:
        UsageError: One of *since* is no checkpoint, or one of another lake.
    """
    told = progress or (lambda _what, _done, _all: None)
    damaged = False
    for problem in lake.journal.verify(0, lambda done, last: told("journal", done, last)):
        damaged = True
        yield Finding("journal", f"entry {problem.seq}" if problem.seq else "file", problem.message)
    yield from _checkpoints(lake, told)
    yield from _kept_elsewhere(lake, since)
    if damaged:
        yield Finding("graph", "all of it", "it was not compared, because the journal cannot be relied on")
        return
    yield from _graph(lake, told, moment or Moment.now(lake))


def _checkpoints(lake: LakeParts, told: Progress) -> Iterator[Finding]:
    told("checkpoints", 0, 0)
    try:
        if lake.has_keys:
            for problem in lake.checkpointer(lake.keys()).verify():
                yield Finding("checkpoints", "signed", problem.message)
        elif any(lake.journal.ledger.checkpoints(1)):
            yield Finding("checkpoints", "keys", "checkpoints were signed, and the keys that signed them are gone")
    except LakegraphError as error:
        yield Finding("checkpoints", error.where or "keys", error.message)


def _kept_elsewhere(lake: LakeParts, since: Sequence[str]) -> Iterator[Finding]:
    """Whether the journal continues what others hold; only this shows that a whole log was written anew."""
    ring = lake.keys() if since else None
    for text in since:
        assert ring is not None  # noqa: S101 - there is a text
        try:
            signed = verify_checkpoint(text, ring.keys)
        except LakeDamagedError as error:
            yield Finding("checkpoints", "kept elsewhere", error.message)
            continue
        size, kept = lake.journal.last_seq, f"kept elsewhere, over {signed.size} entries"
        if signed.size > size:
            yield Finding("checkpoints", kept, f"it was signed, and the journal has only {size}")
        elif lake.journal.ledger.root(signed.size) != signed.root:
            yield Finding("checkpoints", kept, f"the first {signed.size} entries are not those that were signed for")


def _graph(lake: LakeParts, told: Progress, moment: Moment) -> Iterator[Finding]:
    told("graph", 0, 0)
    counted = _Counted()
    lake.graph.dump(cast("BinaryIO", counted))
    expected, current = _in_force(lake, told, moment.last)
    own = _Counted()
    own.write(_own(lake, moment))
    expected |= own.sums
    gone = _erased_since(lake, moment.last)  # the snapshot still shows them, and nothing can be said of that any more
    names = (expected.keys() | counted.sums.keys()) - gone
    differ = [name for name in names if expected.get(name) != counted.sums.get(name)]
    for name in sorted(differ):
        yield from _differing(lake, name.decode(), moment)
    unmarked = list(_markers(lake, moment.last))
    yield from unmarked
    if differ or unmarked or gone:
        return  # what follows from graphs that are wrong would be wrong as well
    found = compare(lake, counted.default, current, moment.last, partial(told, "inferences"))
    for what, lines in zip(("lacks", "should not have"), found, strict=True):
        if lines:
            some = "; ".join(lines[:_SHOWN])
            yield Finding("graph", "default graph", f"it {what} {len(lines)} statements: {some}")


def _own(lake: LakeParts, moment: Moment) -> bytes:
    """What the graphs must hold that are made of no record; as the engine writes it, which folds numbers."""
    _, _, vocabularies = vocabularies_text(lake.base)
    store = ox.Store()
    store.load(vocabularies + moment.people, ox.RdfFormat.N_QUADS)
    return store.dump(format=ox.RdfFormat.N_QUADS) or b""


def _erased_since(lake: LakeParts, last: int) -> set[bytes]:
    """The graphs of the entries that were erased after entry *last*."""
    return {entry.graph.encode() for entry in lake.journal.erasures() if entry.seq > last}


def _in_force(lake: LakeParts, told: Progress, last: int) -> tuple[dict[bytes, _Sum], dict[str, int]]:
    """What each named graph must hold, now that some records were superseded, withdrawn or erased; and who wrote it."""
    sums: dict[bytes, _Sum] = {}
    current: dict[str, int] = {}
    edited: dict[bytes, dict[bytes, None]] = {}
    for entry in lake.journal.entries(until=last):
        if entry.supersedes:
            sums.pop(entry.supersedes.encode(), None)
            current.pop(entry.supersedes, None)
        if entry.kind == CHANGE:
            _edit(edited, entry)
        else:
            if entry.added:
                current[entry.graph] = entry.seq
            for line in entry.added.splitlines():
                sums.setdefault(entry.graph.encode(), _Sum()).add(line)
        if not entry.seq % 1000 or entry.seq == last:
            told("graph", entry.seq, last)
    for graph, digests in edited.items():
        total = sum(int.from_bytes(digest, "big") for digest in digests)
        if digests:
            sums[graph] = _Sum(len(digests), total % _MODULUS)
            current[graph.decode()] = 0
    return sums, current


def _edit(edited: dict[bytes, dict[bytes, None]], entry: Entry) -> None:
    """Do to the digests of edited graphs' statements what a change-set does."""
    for line in entry.removed.splitlines():
        edited.get(graph_of(line), {}).pop(_digest(line), None)
    for line in entry.added.splitlines():
        edited.setdefault(graph_of(line), {})[_digest(line)] = None


def _digest(line: bytes) -> bytes:
    return blake2b(line, digest_size=16).digest()


def _stated(lake: LakeParts, graph: str, moment: Moment) -> tuple[set[bytes], str]:
    """What a graph must hold, and the entries that say so."""
    written = [entry for entry in lake.journal.written_to(graph) if entry.seq <= moment.last and entry.kind != CHANGE]
    taken = lake.journal.successor(graph)
    if written and (taken is None or not written[-1].seq < taken.seq <= moment.last):
        return set(written[-1].added.splitlines()), f" (entry {written[-1].seq})"
    said = {line for line in _own(lake, moment).splitlines() if graph_of(line) == graph.encode()}
    if said:
        return said, ""
    entries = []
    for entry in lake.journal.entries(until=moment.last):
        if entry.kind == CHANGE and graph.encode() in entry.added + entry.removed:
            entries.append(str(entry.seq))
            said -= set(entry.removed.splitlines())
            said |= {line for line in entry.added.splitlines() if graph_of(line) == graph.encode()}
    named = ", ".join(entries[-_SHOWN:])
    return said, f" (edited by {named})" if entries else ", for no entry in force wrote it"


def _differing(lake: LakeParts, graph: str, moment: Moment) -> Iterator[Finding]:
    """What a graph lacks, and what it should not have."""
    said, entry = _stated(lake, graph, moment)
    shown = {f"{s} {p} {o} <{graph}> .".encode() for s, p, o in lake.graph.match(graph=graph)}
    for what, lines in (("lacks", said - shown), ("should not have", shown - said)):
        if lines:
            some = "; ".join(line.decode() for line in islice(sorted(lines), _SHOWN))
            yield Finding("graph", graph, f"it {what} {len(lines)} statements{entry}: {some}")


def _markers(lake: LakeParts, last: int) -> Iterator[Finding]:
    """Every entry leaves its number in the graph."""
    applied = lake.graph.applied(LAKE.journalSequence)
    if applied.count != last or applied.highest != last:
        missing = sorted(set(range(1, last + 1)) - applied.sequences())[:_SHOWN]
        where = ", ".join(map(str, missing)) or f"after entry {last}"
        yield Finding("graph", "markers", f"{applied.count} entries are marked as applied, of {last}; see {where}")


class _Counted:
    """A file that sums up the N-Quads written to it, graph by graph."""

    def __init__(self) -> None:
        self.sums: dict[bytes, _Sum] = {}
        self.default = Lines()
        self._rest = b""

    def write(self, chunk: bytes) -> int:
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            name = line[line.rindex(b" <") + 2 : -3] if line.endswith(b"> .") and _is_quad(line) else b""
            if name:
                self.sums.setdefault(name, _Sum()).add(line)
            else:
                self.default.add(line)
        return len(chunk)

    def flush(self) -> None:
        """Nothing waits."""


def _is_quad(line: bytes) -> bool:
    """Whether a line names a graph: after its object, be it IRI or literal, there is one more term."""
    _, _, rest = line.split(b" ", 2)
    if rest[:1] == b"<":
        return rest.count(b" ") > 1
    end = rest.rindex(b'"') + 1
    return b" <" in rest[end:]
