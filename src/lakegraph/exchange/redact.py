"""People taken out of what leaves the lake: their IRIs, and their names and addresses in texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from lakegraph.journal import canonical
from lakegraph.people import Person
from lakegraph.rdf.namespaces import LAKE, PROV
from lakegraph.rdf.vocabulary import ontology

_SOMEBODY = "[person]"
_NOBODY = "local"  # the actor that stands in the journal where no token says who it is


class Redactor:
    """Replaces people, each by the same number wherever they are met.

    Args:
        base: The lake's base IRI.
        people: Those whose names and mail addresses are replaced in texts, too.
    """

    def __init__(self, base: str, people: Iterable[Person]) -> None:
        paths = ontology().id_paths
        self._users = f"{base}id/{paths[LAKE.User]}/"
        self._impersonal = tuple(f"{base}id/{paths[kind]}/" for kind in (PROV.Organization, PROV.SoftwareAgent))
        self._iri = re.compile(rf"{re.escape(self._users)}[^>/\s\"]+")
        users = [p for p in people if p.kind == paths[LAKE.User]]
        words = {word for p in users for word in (p.name, p.mail) if word}
        written = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
        self._words = re.compile(rf"(?<!\w)(?:{written})(?!\w)", re.IGNORECASE) if written else None
        self._numbers: dict[str, int] = {}

    def text(self, text: str) -> str:
        """*text* without people; the same text when it speaks of none."""
        replaced = self._iri.sub(lambda found: self._stand_in(found[0]), text)
        return self._words.sub(_SOMEBODY, replaced) if self._words else replaced

    def leaf(self, leaf: bytes) -> bytes:
        """A leaf without the person who recorded it."""
        members = json.loads(leaf)
        actor = members["actor"]
        if actor != _NOBODY and not actor.startswith(self._impersonal):
            members["actor"] = self._stand_in(actor)
        replaced = {name: self.text(v) if isinstance(v, str) else v for name, v in members.items()}
        return canonical(replaced)

    def _stand_in(self, who: str) -> str:
        if who.startswith(f"{self._users}redacted-"):
            return who
        return f"{self._users}redacted-{self._numbers.setdefault(who, len(self._numbers) + 1)}"
