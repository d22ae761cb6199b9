"""The directory: who is added, corrected, found and erased.

Records refer to people by IRI only, so one can be corrected and erased here while every proof over the journal holds.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from lakegraph.errors import AmbiguousError, ConflictError, NotFoundError, UsageError
from lakegraph.people.file import PeopleFile
from lakegraph.people.person import (
    Person,
    checked_kind,
    checked_mail,
    checked_name,
    checked_slug,
    compared,
    now,
    plain_slug,
)

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # nothing that is misread for something else
_RANDOM_LETTERS = 12


class People:
    """The directory of one lake. Any thread may call; calls wait for each other."""

    def __init__(self, file: PeopleFile, *, pseudonymous: bool) -> None:
        self._file = file
        self._pseudonymous = pseudonymous

    @classmethod
    def open(cls, path: Path, *, pseudonymous: bool = False) -> Self:
        """The directory in the file at *path*; an empty one is made when there is none.

        Args:
            path: The file.
            pseudonymous: Give users random slugs, so that no IRI in the journal says who they are.

        Raises:
            LakeFormatError: The file is something else, or of a newer format.
            StorageError: The disk refused.
        """
        return cls(PeopleFile(path), pseudonymous=pseudonymous)

    def add(
        self,
        name: str,
        *,
        kind: str = "user",
        slug: str | None = None,
        mail: str | None = None,
        job_title: str | None = None,
    ) -> Person:
        """Add somebody; the slug is made from the name, or is random, unless given.

        Raises:
            UsageError: The kind, slug, name or mail is impossible, or a slug was chosen in a pseudonymous lake.
            ConflictError: The slug or the mail is taken, or the slug was that of somebody who was erased.
            StorageError: The disk refused; nothing was written.
        """
        hidden = self._pseudonymous and checked_kind(kind) == "user"
        if hidden and slug is not None:
            raise UsageError(
                "This lake gives users random slugs.", where=f"slug {slug!r}", hint="Leave the slug out; find by name."
            )
        name, mail = checked_name(name), checked_mail(mail)
        with self._file.changing() as connection:
            if mail is not None:
                self._refuse_taken_mail(mail)
            chosen = self._free_slug(name, hidden=hidden) if slug is None else self._untaken(checked_slug(slug))
            created = now()
            connection.execute(
                "INSERT INTO people VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
                (chosen, checked_kind(kind), name, compared(name), mail, compared(mail), job_title or None, created),
            )
        return Person(chosen, kind, name, mail, job_title or None, created)

    def update(
        self, slug: str, *, name: str | None = None, mail: str | None = None, job_title: str | None = None
    ) -> Person:
        """Correct what is given; None leaves as it is, and an empty mail or job title takes away.

        Raises:
            NotFoundError: Nobody has this slug.
            UsageError: The name or mail is impossible.
            ConflictError: They were erased, or another has the mail.
            StorageError: The disk refused; nothing was written.
        """
        with self._file.changing(erases=True) as connection:
            person = self._unerased(slug)
            new_name = person.name if name is None else checked_name(name)
            new_mail = person.mail if mail is None else checked_mail(mail)
            title = person.job_title if job_title is None else job_title or None
            if new_mail is not None and compared(new_mail) != compared(person.mail):
                self._refuse_taken_mail(new_mail)
            connection.execute(
                "UPDATE people SET name = ?, name_key = ?, mail = ?, mail_key = ?, job_title = ? WHERE slug = ?",
                (new_name, compared(new_name), new_mail, compared(new_mail), title, slug),
            )
        return self.get(slug)

    def erase(self, slug: str, reason: str) -> Person:
        """Forget who has this *slug*, for good: afterwards no byte of the file tells; that it was erased is known.

        Args:
            slug: Who; the slug stays known, and is never given to another.
            reason: Why, and on whose authority; it must not repeat what it erases.

        Raises:
            NotFoundError: Nobody has this slug.
            UsageError: There is no reason.
            ConflictError: They were erased before.
            StorageError: The disk refused; if only the last copies could not be removed, they are when it is reopened.
        """
        if not reason.strip():
            raise UsageError("An erasure needs a reason.", where="reason", hint="Say why, and who asked for it.")
        with self._file.changing(erases=True) as connection:
            self._unerased(slug)
            connection.execute(
                "UPDATE people SET name = NULL, name_key = NULL, mail = NULL, mail_key = NULL, job_title = NULL,"
                " erased = ?, reason = ? WHERE slug = ?",
                (now(), reason.strip(), slug),
            )
        return self.get(slug)

    def get(self, slug: str) -> Person:
        """Who has this *slug*; those who were erased have theirs too.

        Raises:
            NotFoundError: Nobody.
        """
        found = self._file.select("WHERE slug = ?", (slug,))
        if not found:
            raise NotFoundError(
                f"Nobody in this lake has the slug {slug!r}.", where=slug, hint="Add them: lakegraph people add."
            )
        return found[0]

    def find(self, text: str, *, kind: str | None = None) -> Person | None:
        """Who is meant by *text*: a slug, else a mail address, else a name, whatever its capitals; None for nobody.

        Args:
            text: What somebody typed.
            kind: Only agents of this kind.

        Raises:
            AmbiguousError: Several bear this name.
        """
        for condition, value in (("slug", text), ("mail_key", compared(text)), ("name_key", compared(text))):
            found = [p for p in self._file.select(f"WHERE {condition} = ?", (value,)) if kind in (None, p.kind)]
            if len(found) > 1:
                raise AmbiguousError(
                    f"{len(found)} agents are called {text!r}.",
                    where=", ".join(person.slug for person in found),
                    hint="Use one of these slugs, or a mail address.",
                )
            if found:
                return found[0]
        return None

    def list(self, *, kind: str | None = None) -> tuple[Person, ...]:
        """Everybody (of one *kind*), in the order of slugs, those who were erased included."""
        return tuple(person for person in self._file.select("ORDER BY slug") if kind in (None, person.kind))

    @property
    def revision(self) -> int:
        """Grows with every change; a projection that remembers it knows whether it is behind."""
        return self._file.revision

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _unerased(self, slug: str) -> Person:
        person = self.get(slug)
        if person.erased:
            raise ConflictError(
                f"Who had the slug {slug!r} was erased on {person.erased}.",
                where=slug,
                hint="Add them anew, under another slug.",
            )
        return person

    def _untaken(self, slug: str) -> str:
        for person in self._file.select("WHERE slug = ?", (slug,)):
            state = "was that of somebody who was erased" if person.erased else "is taken"
            raise ConflictError(f"The slug {slug!r} {state}.", where="slug", hint="Choose another; none is reused.")
        return slug

    def _refuse_taken_mail(self, mail: str) -> None:
        for person in self._file.select("WHERE mail_key = ?", (compared(mail),)):
            raise ConflictError(
                f"{mail} belongs to {person.slug!r} already.", where="mail", hint="Correct that entry, or use another."
            )

    def _free_slug(self, name: str, *, hidden: bool) -> str:
        stem = plain_slug(name)
        plain = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
        drawn = ("p-" + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LETTERS)) for _ in itertools.count())
        slugs: Iterable[str] = drawn if hidden else plain
        return next(slug for slug in slugs if not self._file.select("WHERE slug = ?", (slug,)))
