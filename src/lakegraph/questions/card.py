"""The 5W1H card: what a lake can say of one thing, each answer with the record that says so, and what it cannot say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from lakegraph.questions.asking import check_known, plain
from lakegraph.questions.branches import WS, rows_about
from lakegraph.questions.labels import Found, Labels, day_of, field_text, is_moment, kind_in, range_text
from lakegraph.questions.protocols import Graph, Missing
from lakegraph.questions.told import Told
from lakegraph.rdf.namespaces import LAKE, PROV, RDF
from lakegraph.rdf.terms import is_iri, is_literal, lexical, value

_MOST_AROUND = 20
"""How many nodes around a thing its gaps are looked for in."""
_DIMENSION = re.compile(r"^swamp: \w+: ")
_READ = 2
"""How many of the runs that made a thing are read whole, as the thing itself is: there is mostly one."""
Pairs = Sequence[tuple[str, str]]
"""Predicate and object of every statement about one thing, each once."""
FindMissing = Callable[[Sequence[str], Mapping[str, Pairs]], Iterable[Missing]]
"""Judges things (tokens) by the shapes that say what a lake asks of them; what was read of some need not be again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer on a card: ``on`` ``via`` ``value``, as people say it.

    Attributes:
        value: The answer itself, as a token.
        label: What people read; where it begins with a space it runs on from the answer before.
        on: The thing that says so (token): the subject itself, its run, its study …
        via: The property (token); ``None`` for what is counted over many statements.
        record: The graph of the record that states it (token).
        recorded: When that record came into the journal (ISO 8601).
        seq: As which entry.
        group: Answers of one group belong together.
    """

    value: str
    label: str
    on: str | None = None
    via: str | None = None
    record: str | None = None
    recorded: str | None = None
    seq: int | None = None
    group: int = 0

    def as_dict(self) -> dict[str, object]:
        """The answer for JSON."""
        members: dict[str, object] = {"value": plain(self.value), "text": self.label.strip()}
        for name, token in (("on", self.on), ("via", self.via), ("record", self.record)):
            if token:
                members[name] = value(token)
        return members | {k: v for k, v in (("recorded", self.recorded), ("seq", self.seq)) if v is not None}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that nobody has said.

    Attributes:
        w: The W that stays unanswered.
        field: The document field that would answer it.
        on: The thing that the field belongs to (token).
        hint: What to do, in a sentence.
        of: What that thing is called, where it is not the subject itself.
    """

    w: str
    field: str
    on: str
    hint: str
    of: str = ""

    @property
    def label(self) -> str:
        """The gap in words: "no random seed", "no code version of modelDP.py"."""
        return f"no {field_text(self.field)}" + (f" of {self.of}" if self.of else "")

    def as_dict(self) -> dict[str, object]:
        """The gap for JSON."""
        return {"w": self.w, "field": self.field, "on": value(self.on), "text": self.label, "hint": self.hint}


@dataclass(frozen=True, slots=True)
class Card:
    """The six answers about one thing.

    Attributes:
        about: The thing (token).
        kind: What it is, in words: "model", "training run".
        title: What it is called.
        version: Its version, for a data set or model.
        stage: Where it stands in its life, in words.
        recorded: When the lake first heard of it (ISO 8601).
        seq: In which entry of the journal.
        what: The answers, each W in the order in which people read them.
        gaps: What nobody has said.
    """

    about: str
    kind: str
    title: str
    version: str | None
    stage: str | None
    recorded: str | None
    seq: int | None
    what: tuple[Answer, ...] = ()
    who: tuple[Answer, ...] = ()
    where: tuple[Answer, ...] = ()
    when: tuple[Answer, ...] = ()
    why: tuple[Answer, ...] = ()
    how: tuple[Answer, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def answers(self, w: str) -> tuple[Answer, ...]:
        """The answers to one W."""
        found: tuple[Answer, ...] = getattr(self, w) if w in WS else ()
        return found

    def __iter__(self) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        for w in WS:
            yield w, self.answers(w)

    def as_dict(self) -> dict[str, object]:
        """The card for JSON."""
        head: dict[str, object] = {
            "about": value(self.about),
            "kind": self.kind,
            "title": self.title,
            "version": self.version,
            "stage": self.stage,
            "recorded": self.recorded,
            "seq": self.seq,
        }
        answers: dict[str, object] = {w: [a.as_dict() for a in found] for w, found in self}
        gaps = [g.as_dict() for g in self.gaps]
        return {k: v for k, v in head.items() if v is not None} | answers | {"gaps": gaps}

    def __str__(self) -> str:
        from lakegraph.questions.text import card_text

        return card_text(self)

    def _repr_html_(self) -> str:
        from lakegraph.questions.html import card_html

        return card_html(self)

    def to_markdown(self) -> str:
        """The card as Markdown."""
        from lakegraph.questions.html import card_markdown

        return card_markdown(self)

    def to_turtle(self) -> str:
        """The statements behind the answers, as Turtle."""
        from lakegraph.questions.turtle import turtle

        return turtle([(a.on, a.via, a.value) for _, found in self for a in found if a.on and a.via])


def card(graph: Graph, about: str, missing: FindMissing | None = None, titles: Found | None = None) -> Card:
    """The card of one thing.

    Args:
        graph: The graph.
        about: The thing (token).
        missing: Judges things by the shapes; without it the card names no gaps.
        titles: Titles that were looked up before in the same state of the graph; see :class:`~.labels.Titles`.

    Raises:
        NotFoundError: The graph says nothing of it.
    """
    told = Told(graph, about)
    if missing:
        for run in islice(told.objects(about, LAKE.wasOutputOf), _READ):
            told.read(run)
    labels = Labels(told, titles=titles)
    classes = list(told.objects(about, RDF.type))
    reader = _Answers(graph, told, labels, classes)
    found = reader.to(WS)
    if not classes and not any(found.values()):
        check_known(graph, about)
    title, version = labels.title(about)
    first = reader.described(about)
    recorded, seq = reader.entry(first) if first else (None, None)
    return Card(
        about=about,
        kind=labels.kind(classes) if classes else kind_in(about) or labels.kind([]),
        title=title,
        version=version,
        stage=_stage(told, labels),
        recorded=recorded,
        seq=seq,
        gaps=_gaps(told, missing, labels) if missing else (),
        **found,
    )


def answers(graph: Graph, w: str, about: str) -> tuple[Answer, ...]:
    """The answers to one W about one thing (a token), in the order in which people read them."""
    told = Told(graph, about)
    return _Answers(graph, told, Labels(told), list(told.objects(about, RDF.type))).to((w,))[w]


def _stage(told: Told, labels: Labels) -> str | None:
    """Where the last change of stage led; where there was none, the stage that the thing was born with."""
    changes = [
        (lexical(since), stage)
        for run in told.subjects(LAKE.changesStageOf, told.about)
        for since in told.objects(run, PROV.startedAtTime)
        for stage in told.objects(run, LAKE.toStage)
    ]
    born = sorted(told.objects(told.about, LAKE.lifecycleStage))
    current = max(changes)[1] if changes else born[0] if born else None
    return labels.of(current) if current else None


def _around(told: Told) -> dict[str, None]:
    """A thing and what is asked of with it: the run that made it, its program, its study, its task."""
    runs = [told.about, *told.objects(told.about, LAKE.wasOutputOf)]
    nodes = dict.fromkeys(runs)
    for run in runs:
        for other in (LAKE.executes, LAKE.hasTask):
            nodes.update(dict.fromkeys(told.objects(run, other)))
        nodes.update(dict.fromkeys(told.subjects(LAKE.hasAnalysis, run)))
    return dict(islice(nodes.items(), _MOST_AROUND))


def _gaps(told: Told, missing: FindMissing, labels: Labels) -> tuple[Gap, ...]:
    about, nodes = told.about, _around(told)
    gaps: dict[tuple[str, str], Gap] = {}
    for each in missing(list(nodes), told.whole()):
        said = each.value is not None and is_literal(each.value)
        if each.answers in WS and each.field and each.focus in nodes and not said:
            of = "" if each.focus == about else labels.of(each.focus)
            gap = Gap(each.answers, each.field, each.focus, advice(each.message), of)
            gaps.setdefault((each.focus, field_text(each.field)), gap)
    return tuple(sorted(gaps.values(), key=lambda g: (g.on != about, WS.index(g.w), g.field, g.on)))


def advice(message: str) -> str:
    """A shape's message without the dimension of the swamp that it counts for."""
    said = _DIMENSION.sub("", message)
    return said[:1].upper() + said[1:]


class _Answers:
    """Reads the answers about one thing, and looks each record up once."""

    def __init__(self, graph: Graph, told: Told, labels: Labels, classes: Sequence[str]) -> None:
        self._graph = graph
        self._told = told
        self._classes = classes
        self._labels = labels
        self._entries: dict[str, tuple[str | None, int | None]] = {}
        self._first: dict[str, str | None] = {}

    def to(self, ws: Sequence[str]) -> dict[str, tuple[Answer, ...]]:
        """The answers to some W, in the order in which people read them."""
        found: dict[str, list[dict[str, str | None]]] = {w: [] for w in ws}
        for row in rows_about(self._graph, self._told, self._classes, ws):
            found[lexical(row["w"] or "")].append(row)
        return {w: self._read(rows) for w, rows in found.items()}

    def _read(self, rows: list[dict[str, str | None]]) -> tuple[Answer, ...]:
        # Records' IRIs rise with time, so that of several that say the same the first is named.
        rows.sort(key=lambda r: r["record"] or "")
        kept: dict[tuple[float, str, str, str], Answer] = {}
        for row in rows:
            if row["value"] is None:
                continue
            order, rank = float(lexical(row["order"] or '"0"')), lexical(row["rank"]) if row["rank"] else ""
            label = self._label(row)
            key = (order, rank, label, row["value"])
            if key not in kept:
                kept[key] = self._answer(row, label, int(order))
        ordered = sorted(kept, key=lambda k: (int(k[0]), _number_aware(k[1]), k[0], k[2], k[3]))
        return tuple(kept[key] for key in ordered)

    def _label(self, row: dict[str, str | None]) -> str:
        if row["text"]:
            return lexical(row["text"])
        token = row["shown"] or row["value"] or ""
        words = [lexical(row[side]) if row[side] else "" for side in ("before", "after")]
        until = row.get("until")
        if until:
            return range_text(token, until)
        # The thing's own time is read to the minute; of what happened to it, the day says enough.
        text = day_of(token) if words[0] and is_moment(token) else self._labels.of(token)
        return f"{words[0]}{text}{words[1]}"

    def _answer(self, row: dict[str, str | None], label: str, group: int) -> Answer:
        said, on, via = row["value"] or "", row["on"], row["via"]
        record = row["record"] or (self._record(on, via, said) if on and via else None)
        recorded, seq = self.entry(record) if record else (None, None)
        return Answer(said, label, on, via, record, recorded, seq, group)

    def _record(self, on: str, via: str, said: str) -> str | None:
        """The record that states an answer; for one that follows from others, the record that describes its subject."""
        stated = self._told.stating(on, via, said, 1)
        return stated[0] if stated else self.described(on)

    def described(self, thing: str) -> str | None:
        """The first record that says what a thing is."""
        if thing not in self._first:
            records = self._told.stating(thing, RDF.type)
            self._first[thing] = min(records, key=lambda record: self.entry(record)[1] or 0, default=None)
        return self._first[thing]

    def entry(self, record: str) -> tuple[str | None, int | None]:
        """When a record was recorded, and as which entry."""
        if record not in self._entries:
            numbers = [int(lexical(n)) for n in self._told.objects(record, LAKE.journalSequence)]
            times = sorted(map(lexical, self._told.objects(record, PROV.generatedAtTime)))
            self._entries[record] = (times[0] if times else None, min(numbers, default=None))
        return self._entries[record]


def _number_aware(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if text.isdigit() else (1, 0, text)


def is_link(token: str) -> bool:
    """Whether *token* can be followed in a browser."""
    return is_iri(token) and value(token).startswith(("https://", "http://"))
