"""Harvesting: what a peer says of its data sets and models, copied into the lake as records that follow the peer."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lakegraph.errors import ConflictError, LakegraphError
from lakegraph.federation.descriptions import Describer, Description, is_own_page, wanted_classes
from lakegraph.federation.endpoint import fault_of
from lakegraph.federation.joining import Joining
from lakegraph.federation.line import Line
from lakegraph.federation.mappings import Mappings, Reach
from lakegraph.federation.peers import Peer
from lakegraph.federation.sources import Document, reader_of, sparql
from lakegraph.federation.withdrawals import without_withdrawn
from lakegraph.preparing import Submission
from lakegraph.rdf.intake import Intake
from lakegraph.rdf.namespaces import DCT, FOAF, LAKE
from lakegraph.rdf.terms import Triple, iri, literal, valid_iri, value
from lakegraph.rdf.vocabulary import TYPE
from lakegraph.receipts import Refusal

_GROUP = 200
_SHOWN = 20
_MOST_NAMESAKES = 100


@dataclass
class Harvest:
    """What became of one harvest.

    Attributes:
        peer: The IRI of the peer.
        documents: How many documents were read.
        new: How many things were recorded for the first time.
        changed: How many descriptions took the place of an older one.
        unchanged: How many were as they were.
        withdrawn: How many are no longer given by the peer, and were taken back.
        relied_on: How many of these stay, because records of this lake rely on them.
        refused: How many the shapes or the lake refused.
        faults: The first of these, with what is wrong.
        error: Why the harvest ended before the end; what was read until then is recorded, and nothing is withdrawn.
        seconds: How long it took.
    """

    peer: str
    documents: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    relied_on: int = 0
    refused: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, str] | None = None
    seconds: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether everything was read."""
        return self.error is None

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        return {**asdict(self), "complete": self.complete}

    def fault(self, thing: str, error: LakegraphError) -> None:
        """Note that something was refused."""
        self.refused += 1
        if len(self.faults) < _SHOWN:
            self.faults.append({"thing": thing, **fault_of(error)})


Progress = Callable[[Harvest], None]


class Harvesting(Joining):
    """The call that copies a catalog's descriptions in."""

    def harvest(
        self,
        name: str,
        *,
        changed: bool = False,
        matches: Reach = "close",
        by: str | None = None,
        progress: Progress | None = None,
    ) -> Harvest:
        """Copy what a peer says of its data sets and models into the lake.

        Each description is a record of its own, judged as captured from another tool, that says from which peer and
        document it comes. What has not changed is not written again, what changed supersedes, and what a whole harvest
        no longer finds is withdrawn, unless records of this lake rely on it.

        Args:
            name: The peer: IRI, name, title or address.
            changed: Only ask for what changed since the last complete harvest, where the peer can tell; nothing is
                withdrawn then but what the peer itself says is gone, as another lake and DCAT-AP catalogs can.
            matches: Which mappings are used: exact, close or broad.
            by: Who is named where something is withdrawn; as the settings say when left out.
            progress: Told the report after each document.

        Raises:
            NotFoundError: There is no such peer.
        """
        peer, mappings = self.peer(name), self.mappings(matches)
        began = datetime.now(UTC)
        since = datetime.fromisoformat(peer.harvested) if changed and peer.harvested else None
        report, clock = Harvest(peer.iri), time.monotonic()
        describer = Describer(mappings, peer.iri)
        with _Seen.opened() as seen:
            work = _Work(self, peer, report, seen, by or self.settings.actor)
            try:
                for document in map(without_withdrawn, self._documents(peer, since, mappings)):
                    report.documents += 1
                    work.take(describer.of(document), document.gone)
                    if progress:
                        progress(report)
            except LakegraphError as error:
                report.error = fault_of(error)
            work.flush()
            if report.complete:
                if since is None:
                    work.withdraw_unseen()
                self._save(peer, peer.holdings, began.isoformat())
        report.seconds = time.monotonic() - clock
        return report

    def _documents(self, peer: Peer, since: datetime | None, mappings: Mappings) -> Iterator[Document]:
        """What a peer says, document by document."""
        line = self.line(peer, fresh=0.0)
        if peer.kind == "sparql":
            return sparql.read(line, wanted_classes(mappings))
        if peer.kind == "lakegraph":
            asked = f"?since={quote(since.isoformat())}" if since else ""
            listed = replace(peer, address=f"{peer.address.rstrip('/')}/catalog{asked}")
            return reader_of("rdf")(Line(line.broker, listed, line.cache), since)
        return reader_of(peer.kind)(line, since)

    # -- what the work below needs of the lake ------------------------------------------------------------------------

    def submit_harvested(self, sent: Sequence[Submission]) -> Sequence[Any]:
        """Record descriptions together; for each a receipt, or the error for which it was not written."""
        return self._writer.many(sent)

    def harvested(self, thing: str, peer: str) -> tuple[str, str, str] | None:
        """The record of what *peer* says of *thing* (tokens), its digest and its document; None where there is none."""
        graph = self._projector.graph
        for record in graph.subjects(FOAF.primaryTopic, thing):
            if peer in graph.objects(record, LAKE.harvestedFrom):
                digest, url = graph.objects(record, LAKE.contentDigest), graph.objects(record, DCT.source)
                return record, value(digest[0]) if digest else "", value(url[0]) if url else ""
        return None

    def harvested_from(self, peer: str) -> Iterator[tuple[str, str]]:
        """Every record of what *peer* says, with the thing that it is about, as tokens."""
        graph = self._projector.graph
        for record, _, _ in graph.match(p=LAKE.harvestedFrom, o=peer):
            for thing in graph.objects(record, FOAF.primaryTopic):
                yield record, thing


class _Work:
    """Writes what one harvest finds."""

    def __init__(self, lake: Harvesting, peer: Peer, report: Harvest, seen: _Seen, by: str) -> None:
        self._lake = lake
        self._peer = peer
        self._token = iri(peer.iri)
        self._report = report
        self._seen = seen
        self._by = by
        self._waiting: dict[str, Description] = {}

    def take(self, found: Iterable[Description], gone: Iterable[str]) -> None:
        """Compare descriptions with what was recorded, and write what is new or changed."""
        for description in found:
            if description.thing in self._waiting:
                self.flush()
            self._one(description)
            if len(self._waiting) >= _GROUP:
                self.flush()
        for thing in gone:
            known = self._lake.harvested(iri(thing), self._token) if valid_iri(thing) else None
            if known:
                self._withdraw(known[0])

    def _one(self, description: Description) -> None:
        again = not self._seen.add(description.thing)
        if again and not description.is_own_page:
            return
        known = self._lake.harvested(description.thing, self._token)
        if known is None:
            self._waiting[description.thing] = description
            return
        record, digest, url = known
        if digest == description.digest or (is_own_page(url, description.thing) and not description.is_own_page):
            self._report.unchanged += not again
            return
        (answer,) = self._lake.submit_harvested([self._submission(description, value(record), value(record))])
        if isinstance(answer, LakegraphError):
            self._report.fault(value(description.thing), answer)
        else:
            self._report.changed += not again

    def flush(self) -> None:
        """Record what waits."""
        waiting = list(self._waiting.values())
        self._waiting.clear()
        if not waiting:
            return
        answers = self._lake.submit_harvested([self._submission(d, self._name(d)) for d in waiting])
        for description, answer in zip(waiting, answers, strict=True):
            given = self._renamed(description) if isinstance(answer, ConflictError) else answer
            if isinstance(given, LakegraphError):
                self._report.fault(value(description.thing), given)
            else:
                self._report.new += 1

    def _renamed(self, description: Description) -> Any:
        """Record under a numbered name: one that was withdrawn keeps its name in the journal."""
        answer: Any = None
        for number in range(2, _MOST_NAMESAKES):
            (answer,) = self._lake.submit_harvested(
                [self._submission(description, f"{self._name(description)}-{number}")]
            )
            if not isinstance(answer, ConflictError):
                break
        return answer

    def _name(self, description: Description) -> str:
        key = hashlib.sha256(description.thing.encode()).hexdigest()[:24]
        return f"{self._lake.base}id/harvested/{self._peer.slug}-{key}"

    def _submission(self, description: Description, name: str, supersedes: str | None = None) -> Submission:
        record = iri(name)
        said: list[Triple] = [
            (record, TYPE, LAKE.HarvestedDescription),
            (record, FOAF.primaryTopic, description.thing),
            (record, LAKE.harvestedFrom, self._token),
            (record, LAKE.contentDigest, literal(description.digest)),
        ]
        url = description.url.partition("#")[0]
        if valid_iri(url):
            said.append((record, DCT.source, iri(url)))
        intake = Intake((*said, *description.triples), record)
        return Submission(rdf=intake, actor=self._by, captured=True, supersedes=supersedes, unread=True)

    def withdraw_unseen(self) -> None:
        """Withdraw what the peer no longer gives."""
        for record in self._seen.missing(self._lake.harvested_from(self._token)):
            self._withdraw(record)

    def _withdraw(self, record: str) -> None:
        try:
            self._lake.tombstone(value(record), by=self._by, why=f"{self._peer.title} no longer gives it.")
        except (ConflictError, Refusal):
            # Without the description a record of this lake would break a shape: it stays.
            self._report.relied_on += 1
        except LakegraphError as error:
            self._report.fault(value(record), error)
        else:
            self._report.withdrawn += 1


class _Seen:
    """The things that one harvest met: on disk, so that a million of them take no memory."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("CREATE TABLE seen (thing BLOB PRIMARY KEY) WITHOUT ROWID")
        connection.execute("CREATE TABLE unseen (record TEXT)")

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[_Seen]:
        """An empty one, for the length of the block."""
        with tempfile.TemporaryDirectory(prefix="lakegraph-harvest-") as folder:
            file = Path(folder) / "seen.db"
            with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as connection:
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute("BEGIN")
                yield cls(connection)

    def add(self, thing: str) -> bool:
        """Note a thing; whether it was not met before."""
        done = self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (_key(thing),))
        return done.rowcount == 1

    def missing(self, records: Iterable[tuple[str, str]]) -> Iterator[str]:
        """The records of things that were not met; all are found before the first is given, which changes the lake."""
        for record, thing in records:
            found = self._connection.execute("SELECT 1 FROM seen WHERE thing = ?", (_key(thing),)).fetchone()
            if not found:
                self._connection.execute("INSERT INTO unseen VALUES (?)", (record,))
        for (record,) in self._connection.execute("SELECT record FROM unseen"):
            yield record


def _key(thing: str) -> bytes:
    return hashlib.blake2b(thing.encode(), digest_size=16).digest()
