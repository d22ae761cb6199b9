"""The index of one lake: what the journal says, arranged for finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from lakegraph.index import boards, names, search
from lakegraph.index.answers import Facets, Fragment, Hit, Leaderboard, Mean, Page, Person
from lakegraph.index.database import Database
from lakegraph.index.facets import facets
from lakegraph.index.flows import FlowReader
from lakegraph.index.hits import by_iri, current, hits
from lakegraph.index.kinds import HUB, USER
from lakegraph.index.listing import Listed, are, first_since, listing, starts
from lakegraph.index.matching import FACETS, Filters
from lakegraph.index.people import People
from lakegraph.index.writer import Writer


class Index:
    """A projection of the journal into SQLite for search boxes, facets, lists, leaderboards and names.

    One thread applies fragments; any number read, each call seeing one state. Everything but people can be made again
    from the journal by applying it from the start.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer: Writer | None = None
        self._people = People()

    @classmethod
    def open(cls, path: Path | None) -> Index:
        """The index at *path*, made when there is none or when it is of an older format; None keeps it in memory.

        Raises:
            LakeFormatError: The file is something else.
            LakeDamagedError: The file contradicts itself.
            StorageError: The disk refused.
        """
        return cls(Database(path))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @property
    def last_seq(self) -> int:
        """The last journal entry that was applied; 0 for none."""
        with self._database.reading() as connection:
            return int(connection.execute("SELECT value FROM meta WHERE name = 'last_seq'").fetchone()[0])

    def apply(self, fragments: Sequence[Fragment]) -> None:
        """:meth:`take` in journal entries and :meth:`keep` them.

        Raises:
            StorageError: The disk refused; nothing was applied.
        """
        self.take(fragments)
        self.keep()

    def keep(self) -> None:
        """Let readers see what was taken in, all at once.

        Raises:
            StorageError: The disk refused; everything since the last time is to be taken in again.
        """
        try:
            self._database.commit()
        except BaseException:
            self._writer = None  # what it remembers was rolled back
            raise

    def take(self, fragments: Sequence[Fragment]) -> None:
        """Take in journal entries, in their order; what was applied before is passed over.

        To make a transaction durable takes longer than a record, and writes pages anew that the next one changes again.
        So it stays open, and nobody sees what is in it, until :meth:`keep`.

        Raises:
            StorageError: The disk refused; everything since the last :meth:`keep` is to be taken in again.
        """
        try:
            with self._database.writing() as connection:
                (last,) = connection.execute("SELECT value FROM meta WHERE name = 'last_seq'").fetchone()
                new = [fragment for fragment in fragments if fragment.seq > last]
                if not new:
                    return
                self._writer = self._writer or Writer(connection)
                self._writer.apply(new)
                connection.execute("UPDATE meta SET value = ? WHERE name = 'last_seq'", (new[-1].seq,))
        except BaseException:
            self._writer = None  # what it remembers was rolled back
            raise

    def clear(self) -> None:
        """Forget everything but people, so that the journal can be applied from its start."""
        self._writer = None
        self._database.clear()

    def put_people(self, people: Iterable[Person]) -> None:
        """Know exactly these people from now on. They are kept in memory and never written."""
        self._people = People(people)

    def lookup(self, text: str, kinds: Sequence[str] = ()) -> list[Hit]:
        """Everything that goes by exactly this name: one hit when the name is clear, several when it is ambiguous.

        Args:
            text: An IRI or the end of one, a title or slug, either with ``@version``, a checksum, or a person's name.
            kinds: The kinds that may be meant; any, when empty.

        Raises:
            UsageError: There is no such kind.
        """
        with self._database.reading() as connection:
            found = names.lookup(connection, text, kinds)
        known = {hit.iri for hit in found}
        people = [hit for hit in self._people.lookup(text) if not kinds or hit.kind in kinds]
        return found + [hit for hit in people if hit.iri not in known]

    def nearest(self, text: str, kinds: Sequence[str] = (), n: int = 5) -> list[Hit]:
        """What may have been meant by a name that nothing has, the most alike first.

        Raises:
            UsageError: There is no such kind.
        """
        with self._database.reading() as connection:
            scored = names.nearest(connection, text, kinds, n)
        scored += [pair for pair in self._people.nearest(text) if not kinds or pair[1].kind in kinds]
        best = {hit.iri: hit for _, hit in sorted(scored, key=lambda pair: (-pair[0], pair[1].title, pair[1].iri))}
        return list(best.values())[:n]

    def search(
        self,
        text: str | None = None,
        *,
        kind: str | None = None,
        tag: str | None = None,
        owner: str | None = None,
        algorithm: str | None = None,
        stage: str | None = None,
        level: str | None = None,
        status: str | None = None,
        license: str | None = None,  # noqa: A002 - the facet's name
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 20,
        after: str | None = None,
        facets: bool = False,
    ) -> Page:
        """One page of the things that fit every word and filter; parts of names count: ``dp`` finds ``modelDP.pkl``.

        Args:
            text: Words; nothing in it is syntax. Without it everything fits, the last recorded first.
            kind: A kind, or ``run`` for every kind of run.
            tag: Like all down to *license*: an IRI, or the last part of one.
            owner: Also a person's name.
            algorithm: What trained it.
            stage: Lifecycle stage.
            level: Security level.
            status: How a run ended.
            license: Under which licence.
            since: The earliest start, creation or recording.
            until: The time before which.
            limit: How many hits, 1 to 1,000.
            after: ``Page.after`` of the page before.
            facets: Whether to count facets over all matches as well.

        Raises:
            UsageError: A kind, time, limit or cursor is impossible, or there are too many words.
        """
        given = {
            "tag": tag, "owner": owner, "algorithm": algorithm, "stage": stage, "level": level, "status": status,
            "license": license,
        }  # fmt: skip
        filters = self._filters(kind, given, since, until)
        if kind == USER:
            search.check_limit(limit)
            found = self._people.search(text) if filters.only_kind else []
            return Page(tuple(found[:limit]), len(found), facets=Facets({}) if facets else None)
        with self._database.reading() as connection:
            return search.search(connection, text, filters, limit, after, self._people.labels if facets else None)

    def facets(
        self,
        text: str | None = None,
        *,
        kind: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        **values: str | None,
    ) -> Facets:
        """Counts by facet over everything that a search would find; *values* are the search's other filters.

        Raises:
            UsageError: As for a search.
        """
        filters = self._filters(kind, values, since, until)
        with self._database.reading() as connection:
            return facets(connection, text, filters, self._people.labels)

    def _filters(
        self, kind: str | None, values: dict[str, str | None], since: datetime | None, until: datetime | None
    ) -> Filters:
        given = {name: value for name, value in values.items() if value}
        for name in given.keys() - FACETS.keys():
            raise TypeError(f"there is no filter {name!r}")
        owner = given.get("owner")
        if owner and ":" not in owner:
            people = self._people.lookup(owner)
            given["owner"] = people[0].iri if len(people) == 1 else owner
        return Filters(kind, tuple(given.items()), since, until)

    def latest(self, kind: str | None = None, limit: int = 20, before: str | None = None) -> list[Hit]:
        """The things of a kind that started, were created or were recorded last, newest first.

        Args:
            kind: A kind, ``run`` for every kind of run, None for everything.
            limit: How many, 1 to 1,000.
            before: ``Hit.cursor`` of the last hit of the list before.

        Raises:
            UsageError: The kind, limit or cursor is impossible.
        """
        with self._database.reading() as connection:
            return search.latest(connection, kind, limit, before)

    def listing(
        self, kinds: Sequence[str], *, after: int = 0, limit: int = 100, since: datetime | None = None
    ) -> list[Listed]:
        """The next things of some kinds, in the order in which the lake first named them.

        Args:
            kinds: Which kinds.
            after: ``Listed.number`` of the last thing of the part before.
            limit: How many.
            since: Only what was said something of at this time or later.

        Raises:
            UsageError: There is no such kind.
        """
        with self._database.reading() as connection:
            first = first_since(connection, since) if since else 0
            return [] if first is None else listing(connection, kinds, after, limit, first)

    def are(self, kinds: Sequence[str], iris: Sequence[str]) -> set[str]:
        """Which of *iris* are things of *kinds*, as :meth:`listing` lists them."""
        with self._database.reading() as connection:
            return are(connection, kinds, iris)

    def starts(self, kinds: Sequence[str], step: int) -> list[int]:
        """Where a :meth:`listing` in parts of *step* things goes on, after the first part."""
        with self._database.reading() as connection:
            return starts(connection, kinds, step)

    def leaderboard(
        self,
        measure: str,
        *,
        task: str | None = None,
        dataset: str | None = None,
        limit: int = 20,
        lowest_first: bool = False,
    ) -> Leaderboard:
        """The models with the best values of a measure, each once.

        Args:
            measure: IRI of the measure, or the last part of it (``accuracy``).
            task: Only evaluations of runs with this task (IRI or last part).
            dataset: Only evaluations on this data set version (IRI).
            limit: How many models, 1 to 1,000.
            lowest_first: For measures where less is better.

        Raises:
            UsageError: The limit is impossible.
            AmbiguousError: Several measures or tasks are called so.
        """
        with self._database.reading() as connection:
            return boards.leaderboard(
                connection, measure, task=task, dataset=dataset, limit=limit, lowest_first=lowest_first
            )

    def mean_by(self, measure: str, group: str = "algorithm") -> list[Mean]:
        """The mean of a measure for each ``algorithm`` or ``task``, the highest first.

        Raises:
            UsageError: There is no such group.
            AmbiguousError: Several measures are called so.
        """
        with self._database.reading() as connection:
            return boards.mean_by(connection, measure, group)

    def things(self, kind: str | None = None) -> int:
        """How many things of a kind there are; ``run`` counts every kind of run, None everything but hubs.

        Raises:
            UsageError: There is no such kind.
        """
        with self._database.reading() as connection:
            return search.count(connection, kind)

    def counts(self) -> dict[str, int]:
        """How many things there are of each kind that there is one of."""
        with self._database.reading() as connection:
            return search.counts(connection)

    def by_checksum(self, checksum: str) -> list[Hit]:
        """The things that have a file with this checksum (hexadecimal), the last recorded first, up to 20."""
        with self._database.reading() as connection:
            return hits(connection, names.by_checksum(connection, checksum))

    def versions(self, iri: str, limit: int = 100) -> list[Hit]:
        """The versions of a data set or model, the newest first; *iri* is the hub's or any version's."""
        with self._database.reading() as connection:
            return names.versions(connection, iri, limit)

    def current(self, hub: str) -> str | None:
        """The IRI of a hub's current version: the newest, unless a later record declared another; None for no hub."""
        with self._database.reading() as connection:
            thing = by_iri(connection, hub)
            found = current(connection, thing) if thing and thing.said.kind == HUB else None
            return found.iri if found else None

    @contextmanager
    def flowing(self) -> Iterator[FlowReader]:
        """Which runs read and made what, for the length of the block in one state."""
        with self._database.reading() as connection:
            yield FlowReader(connection)

    def with_gaps(self, least: int, limit: int) -> list[str]:
        """Datasets and models of which four facts are unknown: description, owner, tags, security level.

        Args:
            least: How many of the four, at least.
            limit: The most IRIs that are wanted.
        """
        with self._database.reading() as connection:
            return names.with_gaps(connection, least, limit)

    def exists(self, iri: str) -> str | None:
        """The kind of the thing with this IRI, or None when the lake describes no such thing."""
        with self._database.reading() as connection:
            found = names.exists(connection, iri)
        return found or (USER if iri in self._people else None)
