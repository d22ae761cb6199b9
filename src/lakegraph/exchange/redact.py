"""People taken out of what leaves the lake: their IRIs, and their names, slugs and addresses in texts and paths."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote

from lakegraph.journal import canonical
from lakegraph.people import Person
from lakegraph.rdf.namespaces import LAKE, PROV
from lakegraph.rdf.vocabulary import ontology

_NOBODY = "local"  # the actor that stands in the journal where no token says who it is
_MAIL = re.compile(r"(?<![\w/.+-])(?!git@)[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SOME_MAIL = "redacted-mail"
_PARTING = r"[\W_]+"
_SHORT = 3  # a slug of two letters is a word of many texts


class Redactor:
    """Replaces people, each by the same number wherever they are met.

    What stands in is the same in IRIs, paths and texts, and fits into all of them, so that what belonged together still
    does. Somebody whom neither the directory nor a record knows as a person cannot be found in a text, but for a mail
    address.

    Args:
        base: The lake's base IRI.
        people: Those whose names and mail addresses are replaced in texts, too.
        users: The IRIs of further people that records tell of; their slugs are replaced in texts, too.
    """

    def __init__(self, base: str, people: Iterable[Person], users: Iterable[str] = ()) -> None:
        paths = ontology().id_paths
        self._users = f"{base}id/{paths[LAKE.User]}/"
        self._impersonal = tuple(f"{base}id/{paths[kind]}/" for kind in (PROV.Organization, PROV.SoftwareAgent))
        self._iri = re.compile(rf"{re.escape(self._users)}[^>/\s\"]+")
        self._whose: dict[str, str] = {}
        for person in people:
            if person.kind == paths[LAKE.User]:
                self._know(self._users + person.slug, person.slug, person.name, person.mail)
        for iri in users:
            if iri.startswith(self._users):
                self._know(iri, iri.removeprefix(self._users).partition("/")[0])
        # Whatever parts words may part those of a name: "Tim Tester", tim-tester, tim_tester.
        patterns = (_PARTING.join(map(re.escape, word.split())) for word in sorted(self._whose, key=len, reverse=True))
        written = "|".join(patterns)
        self._words = re.compile(rf"(?<![^\W_])(?:{written})(?![^\W_])", re.IGNORECASE) if written else None
        self._numbers: dict[str, int] = {}

    def _know(self, iri: str, slug: str, *names: str | None) -> None:
        for word in (slug if len(slug) >= _SHORT else None, *names):
            for form in _forms(word) if word else ():
                self._whose.setdefault(_plain(form), iri)

    def text(self, text: str) -> str:
        """*text* without people; the same text when it speaks of none."""
        replaced = self._iri.sub(lambda found: self._users + self._stand_in(found[0]), text)
        if self._words:
            replaced = self._words.sub(lambda found: self._stand_in(self._whose[_plain(found[0])]), replaced)
        return _MAIL.sub(_SOME_MAIL, replaced)

    def leaf(self, leaf: bytes) -> bytes:
        """A leaf without the person who recorded it."""
        members = json.loads(leaf)
        actor = members["actor"]
        if actor != _NOBODY and not actor.startswith(self._impersonal):
            members["actor"] = self._users + self._stand_in(actor)
        replaced = {name: self.text(v) if isinstance(v, str) else v for name, v in members.items()}
        return canonical(replaced)

    def _stand_in(self, who: str) -> str:
        known = who.removeprefix(self._users)
        if who.startswith(self._users) and known.startswith("redacted-"):
            return known
        return f"redacted-{self._numbers.setdefault(who, len(self._numbers) + 1)}"


def _plain(text: str) -> str:
    """*text* in small letters, its words parted by one space."""
    return " ".join(re.split(_PARTING, text.lower())).strip()


def _forms(word: str) -> Iterator[str]:
    """A word as it stands in texts, in JSON that is ASCII alone, in pages, and in an IRI."""
    yield word
    yield escape(word)
    yield escape(word).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")  # as the templates write them
    yield json.dumps(word)[1:-1]
    yield quote(word)
