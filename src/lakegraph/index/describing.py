"""From the facts of one record to a description of each thing in it, and to its evaluations."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from lakegraph.index import reading as slot
from lakegraph.index.answers import EPOCH
from lakegraph.index.description import DESCRIPTION_LETTERS, TITLE_LETTERS, Description, merge
from lakegraph.index.kinds import FIRST_RUN, HUB, LAST_REPEATED, is_run
from lakegraph.index.reading import EVALUATION, Facts
from lakegraph.index.words import plain_words, slug
from lakegraph.rdf import terms

_MICROSECOND = timedelta(microseconds=1)
_DATE = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?:Z|[+-]\d\d:\d\d)?")
_NOTHING: dict[int, str] = {}
_NONE: dict[int, set[str]] = {}
_MOST_REMEMBERED = 5_000
_MOST_FILES = 100
_DIGITS = 18
_MOST_EXTRA = 200


class Known(Protocol):
    """What is asked about things that this or earlier records name."""

    @property
    def numbers(self) -> Mapping[str, int]:
        """IRI token to the number of the thing, given now if it has none."""

    def algorithm_of(self, number: int) -> int | None:
        """The algorithm of a program that an earlier record describes."""

    def iri(self, number: int) -> str:
        """The bare IRI of a thing."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A measured value of a model; things by number."""

    measure: int
    value: float
    model: int
    run: int | None
    dataset: int | None
    algorithm: int | None
    tasks: tuple[int, ...]


def microseconds(text: str) -> int | None:
    """A time or date (xsd:dateTime, xsd:date, xsd:gYearMonth, xsd:gYear) in microseconds since 1970, UTC.

    A time without a zone is taken for UTC. None where *text* is none of these, or lies outside of years 1 to 9999.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        match = _DATE.fullmatch(text)
        if not match:
            return None
        year, month, day = match.groups(default="01")
        try:
            moment = datetime(int(year), int(month), int(day), tzinfo=UTC)
        except ValueError:
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // _MICROSECOND


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What was last said of a thing that many records describe alike, in facts and in full."""

    rank: int
    one: dict[int, str]
    many: dict[int, set[str]]
    number: int
    said: Description


Memory = dict[str, _Remembered]


class Describer:
    """Describes the things of one record.

    Args:
        facts: What the record says.
        record: Bare IRI of what it is about: the run of an evaluation that no run claims.
        seq: The entry's number.
        known: Numbers of things, and what earlier records said.
        memory: What earlier records said of the things that records repeat, such as programs and environments.
    """

    def __init__(self, facts: Facts, record: str, seq: int, known: Known, memory: Memory) -> None:
        self._ranks, self._one, self._many, self._rare = facts.ranks, facts.one, facts.many, facts.rare
        self._record = f"<{record}>"
        self._seq = seq
        self._known = known
        self._numbers = known.numbers
        self._memory = memory
        self._hubs: set[str] = set()
        self._runs: dict[str, str] = {}
        self._algorithms: dict[str, int] = {}
        self._described: dict[int, Description] = {}

    def describe(self) -> tuple[dict[int, Description], list[Evaluation]]:
        """A description of each thing by number, and the evaluations."""
        ranks = self._ranks
        # In the order of their IRIs, so that numbers do not depend on the order of the triples.
        tokens = sorted([token for token in ranks if token[0] == "<"])
        evaluations = []
        for token in tokens:
            rank = ranks[token]
            if rank == EVALUATION:
                evaluations.append(token)
            elif rank >= FIRST_RUN:
                self._read_run(token)
        for token in tokens:
            rank = ranks[token]
            if rank <= LAST_REPEATED:
                self._repeat(token, rank)
            elif rank != EVALUATION:
                self._say(self._numbers[token], self._describe(token, rank))
        if self._rare:
            self._read_rare()
        for hub in sorted(self._hubs):
            self._repeat(hub, HUB)
        return self._described, [e for token in evaluations if (e := self._evaluation(token)) is not None]

    def _say(self, number: int, said: Description) -> None:
        before = self._described.get(number)
        self._described[number] = said if before is None else merge(before, said)

    def _read_run(self, run: str) -> None:
        """Which evaluations are this run's, and by which algorithm it, and the models that it made, were trained."""
        one, many = self._one.get(run, _NOTHING), self._many.get(run, _NONE)
        for evaluation in many.get(slot.EVALUATIONS, ()):
            self._runs[evaluation] = run
        program = one.get(slot.IMPLEMENTATION) or one.get(slot.PROGRAM)
        if program is None:
            return
        stated = self._one.get(program, _NOTHING).get(slot.ALGORITHM)
        number = self._numbers[stated] if stated else self._known.algorithm_of(self._numbers[program])
        if number is not None:
            self._algorithms[run] = number
            for model in many.get(slot.MODEL, ()):
                self._algorithms[model] = number

    def _repeat(self, token: str, kind: int) -> None:
        """Describe what many records describe alike: the same facts need no second reading."""
        one, many = self._one.get(token, _NOTHING), self._many.get(token, _NONE)
        last = self._memory.get(token)
        if last is None or last.one != one or last.many != many or last.rank != kind:
            number = self._numbers[token]
            last = _Remembered(kind, one, many, number, self._describe(token, kind))
            # What depends on other facts of the record, or says something of a hub, has to be read every time.
            if slot.FILE not in many and slot.CHECKSUM not in one and slot.HUB not in one:
                if len(self._memory) >= _MOST_REMEMBERED:
                    self._memory.clear()
                self._memory[token] = last
        self._say(last.number, last.said)

    def _describe(self, token: str, kind: int) -> Description:
        one, many = self._one.get(token, _NOTHING), self._many.get(token, _NONE)
        number, get = self._numbers.__getitem__, one.get
        hub = get(slot.HUB)
        if hub is not None:
            self._hubs.add(hub)
        algorithm = number(one[slot.ALGORITHM]) if slot.ALGORITHM in one else self._algorithms.get(token)
        started = get(slot.STARTED) or get(slot.CREATED)
        title, about, version = get(slot.TITLE), get(slot.ABOUT), get(slot.VERSION)
        owner = get(slot.OWNER) or get(slot.AGENT)
        tags, extra = self._words(many, algorithm) if many or algorithm else (None, None)
        paths, checksums = self._files(one, many) if many else (None, None)
        return Description(
            kind,
            microseconds(_text(started)) if started else None,
            _text(title)[:TITLE_LETTERS] if title else None,
            _text(about)[:DESCRIPTION_LETTERS] if about else None,
            _text(version)[:TITLE_LETTERS] if version else None,
            number(hub) if hub else None,
            _place(version) if hub else None,
            None,  # current and declared are said of a hub: _read_rare
            None,
            number(one[slot.STATUS]) if slot.STATUS in one else None,
            number(owner) if owner else None,
            number(one[slot.STAGE]) if slot.STAGE in one else None,
            number(one[slot.LEVEL]) if slot.LEVEL in one else None,
            algorithm,
            number(one[slot.LICENSE]) if slot.LICENSE in one else None,
            tags,
            extra,
            paths,
            checksums,
        )

    def _words(self, many: dict[int, set[str]], algorithm: int | None) -> tuple[str | None, str | None]:
        """The tags by number, and the further words that a thing is found by: of its tags, keywords and algorithm."""
        tags = sorted(many.get(slot.TAG, ()))
        extra = {word for tag in tags for word in _slug_words(tag[1:-1])}
        if algorithm is not None:
            extra.update(_slug_words(self._known.iri(algorithm)))
        for keyword in many.get(slot.KEYWORD, ()):
            extra.update(plain_words(_text(keyword)))
        numbers = sorted([str(self._numbers[tag]) for tag in tags])
        return " ".join(numbers) or None, " ".join(sorted(extra)[:_MOST_EXTRA]) or None

    def _files(self, one: dict[int, str], many: dict[int, set[str]]) -> tuple[str | None, str | None]:
        """Paths and checksums of a thing: its own, and those of its distributions and artifacts."""
        paths: set[str] = many.get(slot.PATH, set())
        checksums = [one.get(slot.CHECKSUM)]
        for file in many.get(slot.FILE, ()):
            paths = paths | self._many.get(file, _NONE).get(slot.PATH, set())
            checksums.append(self._one.get(file, _NOTHING).get(slot.CHECKSUM))
        digests = {_text(d).lower() for c in checksums if c and (d := self._one.get(c, _NOTHING).get(slot.DIGEST))}
        lines = sorted([_text(path)[:TITLE_LETTERS].replace("\n", " ") for path in paths])[:_MOST_FILES]
        return "\n".join(lines) or None, "\n".join(sorted(digests)[:_MOST_FILES]) or None

    def _read_rare(self) -> None:
        """Changes of stage, and which versions a data set or model has."""
        numbers = self._numbers
        stages = {subject: o for subject, kind, o in self._rare if kind == slot.TO_STAGE}
        for subject, kind, o in self._rare:
            if kind == slot.STAGED and subject in stages:
                self._say(numbers[o], Description(stage=numbers[stages[subject]]))
            elif kind == slot.CURRENT:
                self._hubs.add(subject)
                self._say(numbers[subject], Description(HUB, current=numbers[o], declared=self._seq))
            elif kind == slot.VERSIONS:
                self._hubs.add(subject)
                self._say(numbers[o], Description(hub=numbers[subject]))

    def _evaluation(self, token: str) -> Evaluation | None:
        one = self._one.get(token, _NOTHING)
        model, measure, value = one.get(slot.COMPUTED), one.get(slot.MEASURE), one.get(slot.VALUE)
        if model is None or measure is None or value is None:
            return None
        try:
            measured = float(_text(value))
        except ValueError:
            return None
        if not math.isfinite(measured):
            return None  # there is no best and no mean with it
        number = self._numbers.__getitem__
        run = self._runs.get(token, self._record)
        dataset = one.get(slot.EVALUATED)
        return Evaluation(
            measure=number(measure),
            value=measured,
            model=number(model),
            run=number(run) if is_run(self._ranks.get(run, 0)) else None,
            dataset=number(dataset) if dataset else None,
            algorithm=self._algorithms.get(model, self._algorithms.get(run)),
            tasks=tuple(sorted(number(task) for task in self._many.get(run, _NONE).get(slot.TASK, ()))),
        )


def _place(version: str | None) -> int:
    """Where a version stands among those of its hub: numbers by value, then all others, as they were recorded."""
    text = _text(version) if version else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else 10**_DIGITS


@lru_cache(maxsize=8192)
def _slug_words(iri: str) -> tuple[str, ...]:
    return tuple(plain_words(slug(iri)))


def _text(token: str) -> str:
    """The lexical form of a literal, or the bare IRI; without the cache of terms.lexical where nothing is escaped."""
    if token[0] == '"' and "\\" not in token:
        return token[1 : token.rindex('"')]
    return terms.value(token)
