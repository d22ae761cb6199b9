"""Branches of the six questions that are one or two statements and some words: read without the engine's planning.

A branch that the engine parses, plans and evaluates costs 60 to 80 µs; reading its statements costs 10 µs. Which
branches are so simple is seen from their text, and a test holds what is read against what the engine answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from lakegraph.questions.asking import text_of
from lakegraph.questions.protocols import Graph
from lakegraph.rdf.terms import XSD, literal, value

Row = dict[str, str | None]

_NAME = r"([a-z]+(?:-[a-z]+)*:\w+)"
_SHAPES = (
    re.compile(rf"GRAPH \?record {{ \?about {_NAME} \?value }}"),
    re.compile(rf"GRAPH \?record {{ \?about {_NAME} \?on \. \?on {_NAME} \?value }}"),
    re.compile(rf"GRAPH \?record {{ \?on {_NAME} \?about ; {_NAME} \?value }}"),
    re.compile(rf"\?about {_NAME} \?value"),
)
_OWN, _BEYOND, _INTO, _ANYWHERE = range(4)
_PREFIX = re.compile(r"PREFIX ([\w-]+): <([^>]*)>")
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_FILTER = re.compile(rf"FILTER\(\?value != {_NAME}\)")
_BIND = re.compile(rf'BIND\((?:(\?about)|STR\(\?(on|value)\)|([\d.]+)|"([^"\\]*)"|{_NAME}) AS \?(\w+)\)')
_FEW = 500
"""How many statements about a thing are read at once; a run has some forty."""
_COLUMNS = ("about", "w", "order", "rank", "text", "before", "value", "until", "shown", "after", "on", "via", "record")


class Told:
    """What a graph says about one thing, read at once; of a thing about which much is said, by and by.

    Args:
        graph: The graph.
        about: The thing (token).
    """

    def __init__(self, graph: Graph, about: str) -> None:
        self._graph = graph
        self._about = about
        some = graph.told(about, _FEW)
        self._whole = len(some) < _FEW
        self._said: dict[str, list[tuple[str, str | None]]] = {}
        self._used: dict[str, bool] = {}
        for p, o, record in some:
            self._said.setdefault(p, []).append((o, record))

    def has(self, p: str) -> bool:
        """Whether the thing has a property."""
        return p in self._said or (not self._whole and next(self._graph.match(self._about, p), None) is not None)

    def serves(self, p: str) -> bool:
        """Whether the thing is the value of a property of something."""
        if p not in self._used:
            self._used[p] = next(self._graph.match(None, p, self._about), None) is not None
        return self._used[p]

    def objects(self, p: str) -> Iterable[str]:
        """The values of a property of the thing, each once."""
        if not self._whole:
            return self._graph.objects(self._about, p)
        return dict.fromkeys(o for o, _ in self._said.get(p, ()))

    def stated(self, p: str) -> Iterable[tuple[str, str]]:
        """The values of a property of the thing, each with the record that states it."""
        if not self._whole:
            return [(o, record) for _, o, record in self._graph.stated(self._about, p)]
        return [(o, record) for o, record in self._said.get(p, ()) if record]

    def users(self, p: str) -> Iterable[tuple[str, str]]:
        """What has the thing as value of a property, each with the record that states it."""
        if self._used.get(p) is False:
            return ()
        found = [(s, record) for s, _, record in self._graph.stated(None, p, self._about)]
        self._used[p] = bool(found)
        return found

    def beyond(self, on: str, p: str, record: str) -> Iterator[str]:
        """The values of a property of another thing that a record states."""
        return (o for _, o, where in self._graph.stated(on, p) if where == record)


@dataclass(frozen=True, slots=True)
class Direct:
    """A branch that can be read.

    Attributes:
        shape: Of which of the shapes it is.
        properties: The properties of its statements (tokens).
        unlike: The value that is no answer (token).
        words: What it binds to constants, by variable (tokens).
        copied: What it binds to the text of another variable.
    """

    shape: int
    properties: tuple[str, ...]
    unlike: str | None
    words: Mapping[str, str]
    copied: Mapping[str, str]

    def rows(self, told: Told, about: str) -> Iterator[Row]:
        """The rows that the engine would give for *about* (a token)."""
        for on, answer, record in self._statements(told):
            if answer == self.unlike:
                continue
            row: Row = dict.fromkeys(_COLUMNS)
            row.update(self.words, about=about, value=answer, record=record)
            if on is not None:
                row["on"] = on
            elif row["on"] is None and "on" in self.copied:
                row["on"] = about
            for name, source in self.copied.items():
                if name != "on":
                    row[name] = literal(value(row[source] or ""))
            yield row

    def _statements(self, told: Told) -> Iterator[tuple[str | None, str, str | None]]:
        """What is between, the answer, and the record that states it."""
        first = self.properties[0]
        if self.shape == _ANYWHERE:
            yield from ((None, o, None) for o in told.objects(first))
        elif self.shape == _OWN:
            yield from ((None, o, record) for o, record in told.stated(first))
        else:
            for on, record in told.users(first) if self.shape == _INTO else told.stated(first):
                yield from ((on, answer, record) for answer in told.beyond(on, self.properties[1], record))


def direct(branch: str) -> Direct | None:
    """How to read a branch, in braces; None where it takes the engine."""
    body = " ".join(_COMMENT.sub("", branch).split())
    text = body.removeprefix("{").removesuffix("}").strip()
    found = [(number, match) for number, shape in enumerate(_SHAPES) if (match := shape.match(text))]
    if not found:
        return None
    shape, match = found[0]
    rest, unlike = text[match.end() :].strip(), None
    filtered = _FILTER.match(rest)
    if filtered:
        unlike, rest = _token(filtered[1]), rest[filtered.end() :].strip()
    words: dict[str, str] = {}
    copied: dict[str, str] = {}
    while rest:
        bind = _BIND.match(rest)
        if bind is None:
            return None
        about, copy, number, said, name, variable = bind.groups()
        if about or copy:
            copied[variable] = copy or "about"
        elif number:
            words[variable] = literal(number, XSD + "decimal")
        else:
            words[variable] = _token(name) if name else literal(said)
        rest = rest[bind.end() :].strip()
    if copied.get("on", "about") != "about" or any(name != "on" and of == "about" for name, of in copied.items()):
        return None
    return Direct(shape, tuple(map(_token, match.groups())), unlike, words, copied)


def _token(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"<{_prefixes()[prefix]}{local}>"


@cache
def _prefixes() -> Mapping[str, str]:
    """The prefixes of the six questions: vocabularies have some that the ontology does not declare."""
    return dict(_PREFIX.findall(text_of("5w1h/parts/six")))
