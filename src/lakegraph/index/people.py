"""People as far as finding goes: in memory only, so that no file of the index knows whom the directory has erased."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from lakegraph.index.answers import Hit, Person
from lakegraph.index.kinds import USER
from lakegraph.index.spelling import likeness
from lakegraph.index.words import key, plain_words, slug

_ALIKE = 0.6


class People:
    """An immutable set of people; a new directory is a new object.

    Args:
        people: Everyone in the directory.
    """

    def __init__(self, people: Iterable[Person] = ()) -> None:
        self._people = {person.iri: person for person in people}
        self._keys: dict[str, list[Person]] = {}
        for person in self._people.values():
            for name in {key(person.name), key(slug(person.iri))}:
                self._keys.setdefault(name, []).append(person)
        self.labels: Mapping[str, str] = MappingProxyType({p.iri: p.name for p in self._people.values() if p.name})

    def __contains__(self, iri: object) -> bool:
        return iri in self._people

    def lookup(self, text: str) -> list[Hit]:
        """Everyone whose IRI, name or slug *text* is."""
        found = [self._people[text]] if text in self._people else self._keys.get(key(text), [])
        return [_hit(person) for person in found]

    def search(self, text: str | None) -> list[Hit]:
        """Every user in whose name each word of *text* begins a word, by name."""
        sought = plain_words(text or "")
        if text and text.strip() and not sought:
            return []
        found = [person for person in self._people.values() if person.kind == USER and _fits(person, sought)]
        return [_hit(person) for person in sorted(found, key=lambda person: (person.name, person.iri))]

    def nearest(self, text: str) -> list[tuple[float, Hit]]:
        """Everyone whose name is like *text*, with how much."""
        sought = key(text)
        scored = [(likeness(sought, name), person) for name, people in self._keys.items() for person in people]
        best: dict[str, tuple[float, Hit]] = {}
        for score, person in scored:
            if score >= _ALIKE and score > best.get(person.iri, (0.0,))[0]:
                best[person.iri] = score, _hit(person)
        return list(best.values())


def _fits(person: Person, sought: list[str]) -> bool:
    own = plain_words(f"{person.name} {slug(person.iri)}")
    return all(any(word.startswith(wanted) for word in own) for wanted in sought)


def _hit(person: Person) -> Hit:
    return Hit(person.iri, person.kind, person.name or slug(person.iri), description=person.title or None)
