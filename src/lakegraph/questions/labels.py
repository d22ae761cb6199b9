"""What people read for a term: titles with versions, names, concepts' labels, dates and times."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from urllib.parse import unquote

from lakegraph.questions.protocols import Values
from lakegraph.rdf.namespaces import DCAT, DCT, FOAF, SKOS
from lakegraph.rdf.terms import XSD, datatype, is_iri, is_literal, lexical, local_name, value
from lakegraph.rdf.vocabulary import Ontology, ontology

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_VERSIONED = re.compile(r"/id/(?:dataset|model)/([^/]+)/([^/]+)$")
_TITLES = (DCT.title, FOAF.name, FOAF.givenName, SKOS.prefLabel)
_NAMES = (FOAF.name, FOAF.givenName, DCT.title, SKOS.prefLabel)
_WHO = ("user", "organization", "software-agent")
_SEGMENT = re.compile(r"/id/([^/]+)/")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


Found = dict[str, tuple[str, str | None]]
"""Title and version of IRIs (tokens)."""
_KEPT = 20_000


class Titles:
    """What was looked up, kept for as long as a graph stays as it is: card after card names the same people."""

    def __init__(self) -> None:
        self._kept: tuple[int, Found] = (-1, {})  # in one piece, because threads share it

    def of(self, version: int) -> Found:
        """What is kept of the graph that has been written to so often; what is found later may be added.

        Args:
            version: Read before anything that is added.
        """
        known, found = self._kept
        if known != version or len(found) > _KEPT:
            found = {}
            self._kept = (version, found)
        return found


class Labels:
    """Labels read from one graph, each looked up once.

    Args:
        graph: The graph.
        known: The ontology; this installation's when left out.
        titles: What was looked up before in the same state of the graph, to be added to.
    """

    def __init__(self, graph: Values, known: Ontology | None = None, titles: Found | None = None) -> None:
        self._graph = graph
        self._known = known or ontology()
        self._titles: Found = {} if titles is None else titles

    def of(self, token: str) -> str:
        """What people read for *token*: ``Diabetes v1``, ``Tim``, ``17 Apr 2024``."""
        if is_literal(token):
            return literal_text(token)
        title, version = self.title(token)
        return with_version(title, version)

    def title(self, token: str) -> tuple[str, str | None]:
        """The title of an IRI, and its version where it is one of a data set or model."""
        known = self._titles.get(token)
        if known is None:
            known = self._titles[token] = self._look_up(token)
        return known

    def _look_up(self, token: str) -> tuple[str, str | None]:
        concept = self._known.labels.get(token)
        if concept is not None or not is_iri(token):
            return concept or token, None
        # Whoever acts has a name and no version, and a look-up that finds nothing costs as much as one that does.
        someone = kind_in(token) in _WHO
        for naming in _NAMES if someone else _TITLES:
            titles = sorted(o for o in self._graph.objects(token, naming) if is_literal(o))
            if titles:
                versions = [] if someone else sorted(self._graph.objects(token, DCAT.version))
                return lexical(titles[0]), lexical(versions[0]) if versions else None
        return name_in(token)

    def kind(self, classes: list[str]) -> str:
        """What people call a thing with these classes: the label of the most special one."""
        own = [c for c in classes if c in self._known.declared]
        above = {s for c in own for s in self._known.superclasses.get(c, ())}
        special = [c for c in own if c not in above] or own
        prefix = f"<{self._known.prefixes['lake']}"
        ranked = sorted(special, key=lambda c: (not c.startswith(prefix), c))
        return (self._known.labels.get(ranked[0]) or field_text(local_name(ranked[0]))) if ranked else "thing"


def with_version(title: str, version: str | None) -> str:
    """``Diabetes v1``; a version that is no number stands as it is."""
    if version is None:
        return title
    return f"{title} v{version}" if version[:1].isdigit() else f"{title} {version}"


def name_in(token: str) -> tuple[str, str | None]:
    """The name that an IRI itself suggests, and the version, when nothing better is known."""
    match = _VERSIONED.search(value(token))
    if match:
        return unquote(match[1]), unquote(match[2])
    return unquote(local_name(token)) or value(token), None


def kind_in(token: str) -> str | None:
    """The kind that an IRI which a lake has minted says itself: ``dataset``, ``model`` and so on."""
    match = _SEGMENT.search(token)
    return match[1] if match and match[1] in ontology().id_paths.values() else None


def field_text(field: str) -> str:
    """A document field in words: ``randomSeed`` is "random seed", ``distribution.checksum`` is "checksum"."""
    last = field.rsplit(".", 1)[-1].split("[", 1)[0]
    if re.match(r"has[A-Z]", last):
        last = last[3:]
    return " ".join(word if word.isupper() else word.lower() for word in _HUMP.sub(" ", last).split())


_DIGITS = 4


def literal_text(token: str) -> str:
    """A literal as people write it: dates with the month's name, fractions to four digits, anything else as it is."""
    kind, text = datatype(token), lexical(token)
    try:
        if kind in (XSD + "decimal", XSD + "double") and len(text.partition(".")[2]) > _DIGITS:
            return f"{float(text):.{_DIGITS}g}"
        if kind == XSD + "date":
            return day_text(date.fromisoformat(text[:10]))
        if kind == XSD + "dateTime":
            moment = datetime.fromisoformat(text).astimezone(UTC)
            return f"{day_text(moment)} {moment:%H:%M} UTC"
    except ValueError:
        return text
    return text


def day_text(day: date) -> str:
    """``17 Apr 2024``, the same in every locale."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def is_moment(token: str) -> bool:
    """Whether *token* is a time of a day."""
    return is_literal(token) and datatype(token) == XSD + "dateTime"


def day_of(token: str | None) -> str:
    """The day of a date or time; empty for nothing and for what is neither."""
    if token is None:
        return ""
    text = literal_text(token)
    return " ".join(text.split()[:3])


def range_text(start: str, end: str | None) -> str:
    """A stretch of time: ``17 Apr 2024 08:00–08:31 UTC``."""
    first = literal_text(start)
    last = literal_text(end) if end else first
    if first == last:
        return first
    if first.endswith(" UTC") and last.endswith(" UTC"):
        *day, hour, _ = first.split()
        *other, until, _ = last.split()
        return f"{' '.join(day)} {hour}–{until} UTC" if day == other else f"{first[:-4]} – {last}"
    return f"{first} – {last}"
