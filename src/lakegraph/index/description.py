"""What the index holds of a thing: its columns, how several records' words become one, and the terms it is found by."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

from lakegraph.index.answers import EPOCH
from lakegraph.index.kinds import HUB, is_run
from lakegraph.index.words import key, slug, words

TITLE_LETTERS = 500
DESCRIPTION_LETTERS = 1000
"""Text beyond these is neither kept nor found: model cards can be books."""
_MOST_WORDS = 400
DAY = 86_400_000_000
"""Microseconds of a day."""
CHECKSUM_LETTERS = 16


class Description(NamedTuple):
    """What one record, or all of them together, say of a thing.

    ``time`` is in microseconds, ``declared`` is an entry's number, other numbers are those of things.
    """

    kind: int = 0
    time: int | None = None
    title: str | None = None
    description: str | None = None
    version: str | None = None
    hub: int | None = None
    place: int | None = None
    current: int | None = None
    declared: int | None = None
    status: int | None = None
    owner: int | None = None
    stage: int | None = None
    level: int | None = None
    algorithm: int | None = None
    license: int | None = None
    tags: str | None = None
    extra: str | None = None
    paths: str | None = None
    checksums: str | None = None


COLUMNS = ", ".join(Description._fields)


def merge(old: Description, new: Description) -> Description:
    """What *old* and then *new* say together: the later word holds, lists are united, the most special kind is kept."""
    if new == old:
        return old
    later = new._asdict()
    held = {name: value for name, value in later.items() if value is not None}
    held["kind"] = max(old.kind, new.kind)
    held["tags"] = _union(old.tags, new.tags, " ")
    held["extra"] = _union(old.extra, new.extra, " ")
    held["paths"] = _union(old.paths, new.paths, "\n")
    held["checksums"] = _union(old.checksums, new.checksums, "\n")
    return old._replace(**held)


def _union(old: str | None, new: str | None, separator: str) -> str | None:
    if old is None or new is None or old == new:
        return new if old is None else old
    return separator.join(sorted({*old.split(separator), *new.split(separator)}))


def dump(said: Description) -> str:
    """*said* as the text that ``description.body`` keeps."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def load(body: str) -> Description:
    """The description that *body* is the text of."""
    return Description(*json.loads(body))


def document(iri: str, said: Description) -> tuple[list[str], str]:
    """The words that a thing is found by, and all terms (words and marked ones) as one text for FTS5.

    The text depends on nothing but the arguments, because taking a row out of a contentless FTS5 table needs the very
    text that was put in.
    """
    kind, title = said.kind, said.title or ""
    last = slug(iri)
    named = _stem(iri, last) if said.version and said.hub else last
    marks = [f"k={kind}", *_names(said, title, named)]
    if kind == HUB:
        return [], " ".join(marks)
    run = is_run(kind)
    if run or key(named) == key(title):
        named = ""  # runs are named by random numbers, and most slugs repeat the title
    texts = (title, named, said.version, said.description, said.extra, said.paths)
    found = list(dict.fromkeys(words("\n".join([text for text in texts if text]))))[:_MOST_WORDS]
    if run:
        marks.append("g=r")
    else:
        marks += ["g=a", *(f"n={word}" for word in words(f"{title} {named}" if named else title))]
    _add_filters(said, marks)
    return found, " ".join(found + marks)


def _stem(iri: str, last: str) -> str:
    """The segment before the last: what names a version's data set or model."""
    return slug(iri[: iri.rfind(last)])


def _names(said: Description, title: str, named: str) -> list[str]:
    """The exact names: ``x=`` of what has no versions and of hubs; of a version ``x=…@1``, and ``v=`` for its title.

    So a name leads to the hub at once, however many versions share it; ``b=`` tells the versions of one hub.
    """
    by_title, by_slug = key(title), key(named)
    if said.version and said.hub and said.kind != HUB:
        version = key(said.version)
        marks = [f"b={said.hub}", f"x={by_slug}@{version}"]
        if by_title:
            marks.append(f"v={by_title}")
            if by_title != by_slug:
                marks.append(f"x={by_title}@{version}")
        return marks
    return [f"x={each}" for each in {by_title: None, by_slug: None} if each]


def _add_filters(said: Description, marks: list[str]) -> None:
    if said.time is not None:
        marks += day_terms(said.time // DAY)
    if said.status is not None:
        marks.append(f"u={said.status}")
    if said.owner is not None:
        marks.append(f"o={said.owner}")
    if said.stage is not None:
        marks.append(f"s={said.stage}")
    if said.level is not None:
        marks.append(f"l={said.level}")
    if said.algorithm is not None:
        marks.append(f"a={said.algorithm}")
    if said.license is not None:
        marks.append(f"c={said.license}")
    if said.tags:
        marks += [f"t={number}" for number in said.tags.split(" ")]
    if said.checksums:
        marks += [f"h={checksum[:CHECKSUM_LETTERS]}" for checksum in said.checksums.split("\n")]


def month_of(time: int) -> int:
    """The month in which a time lies, as 202404 for April 2024."""
    return _months(time // DAY)


@lru_cache(maxsize=4096)
def _months(day: int) -> int:
    year, month, _ = year_month_day(day)
    return year * 100 + month


@lru_cache(maxsize=4096)
def day_terms(day: int) -> tuple[str, str, str]:
    """The terms of the year, month and day that is *day* days after 1970-01-01."""
    month = _months(day)
    return f"y={month // 100}", f"m={month}", f"d={day}"


def year_month_day(day: int) -> tuple[int, int, int]:
    """The civil date *day* days after 1970-01-01, for any year."""
    date = EPOCH.toordinal() + day
    if 1 <= date <= 3_652_059:
        civil = EPOCH.fromordinal(date)
        return civil.year, civil.month, civil.day
    # 146,097 days are 400 years, after which the calendar repeats.
    cycles, rest = divmod(date - 1, 146_097)
    civil = EPOCH.fromordinal(rest + 1)
    return civil.year + 400 * cycles, civil.month, civil.day
