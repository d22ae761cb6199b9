"""Who acts in a lake, and the forms in which names, addresses and slugs are kept and compared."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

from lakegraph.errors import UsageError

KINDS = ("user", "organization", "software-agent")

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody or something that acts; once erased, all but slug, kind and times is None.

    Attributes:
        slug: Last part of the IRI; never given to another.
        kind: ``user``, ``organization`` or ``software-agent``; also the part of the IRI before.
        name: What they are called.
        mail: Their address.
        job_title: Notation of the concept, such as ``data-scientist``.
        created: When they were added, ISO 8601 in UTC.
        erased: When they were erased.
        reason: Why they were erased.
    """

    slug: str
    kind: str
    name: str | None
    mail: str | None
    job_title: str | None
    created: str
    erased: str | None = None
    reason: str | None = None


def checked_kind(kind: str) -> str:
    """*kind*.

    Raises:
        UsageError: There is none of this name.
    """
    if kind not in KINDS:
        raise UsageError(f"There is no kind {kind!r} of agent.", where="kind", hint=f"Use {', '.join(KINDS)}.")
    return kind


def checked_slug(slug: str) -> str:
    """*slug*.

    Raises:
        UsageError: It cannot stand in an IRI.
    """
    if not _SLUG.fullmatch(slug):
        raise UsageError(
            f"{slug!r} cannot be a slug.", where="slug", hint="Use a-z, 0-9 and single hyphens, such as ada-lovelace."
        )
    return slug


def checked_name(name: str) -> str:
    """*name* as it is kept.

    Raises:
        UsageError: It is empty.
    """
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not name:
        raise UsageError("An agent needs a name.", where="name", hint="Say what they are called.")
    return name


def checked_mail(mail: str | None) -> str | None:
    """*mail* as it is kept; None when it is empty.

    Raises:
        UsageError: It is not an address.
    """
    if not mail or not mail.strip():
        return None
    if not _MAIL.fullmatch(mail.strip()):
        raise UsageError(f"{mail!r} is not a mail address.", where="mail", hint="Write it as name@example.org.")
    return mail.strip()


def plain_slug(name: str) -> str:
    """A slug made from *name*."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii").lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain)) or "agent"


def now() -> str:
    """The time, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def compared(text: str | None) -> str | None:
    """The form in which names and addresses are compared."""
    return None if text is None else " ".join(unicodedata.normalize("NFKC", text).casefold().split())
