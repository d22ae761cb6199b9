"""Handles: what a run made, as a value that later runs take as input."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lakegraph.errors import UsageError

Kind = Literal["dataset", "model", "deployment"]


@dataclass(slots=True, eq=False)
class Handle:
    """One version of a data set or model, or a deployment, that a run of this process made.

    It stands for its file too: ``open(handle)`` and ``pandas.read_csv(handle)`` work.

    Attributes:
        kind: What it is.
        title: Its title.
        path: Where its file lies.
        version: Its version; given by the lake when the run is recorded, unless it was stated.
        level: Its security level, as far as this process knows.
        role: ``training``, ``validation`` or ``test`` for a part of a split.
        columns: The headings of a table.
    """

    kind: Kind
    title: str
    path: str | None = None
    version: str | None = None
    level: str | None = None
    role: str | None = None
    columns: tuple[str, ...] = ()
    _iri: str | None = field(default=None, repr=False)

    @property
    def iri(self) -> str:
        """Its IRI, known once the run that made it is recorded.

        Raises:
            UsageError: That run is still under way, failed, or was refused.
        """
        if self._iri is None:
            raise UsageError(
                f"The {self.kind} {self.title!r} is not recorded.",
                where=self.path,
                hint="Use it after the with block that makes it has ended without an error.",
            )
        return self._iri

    @property
    def recorded(self) -> bool:
        """Whether the run that made it is recorded."""
        return self._iri is not None

    def settle(self, iri: str) -> None:
        """Learn the IRI, and from it the version, when the run is recorded."""
        self._iri = iri
        if self.version is None and self.kind != "deployment":
            self.version = iri.rpartition("/")[2]

    def __fspath__(self) -> str:
        if self.path is None:
            raise UsageError(f"The {self.kind} {self.title!r} has no file.")
        return self.path


@dataclass(slots=True, eq=False)
class Score:
    """One measured value of a run, which a monitoring run can take as its baseline.

    Attributes:
        measure: The measure's notation.
        value: What was measured.
        key: Its name below the run.
    """

    measure: str
    value: float
    key: str
    _iri: str | None = field(default=None, repr=False)

    @property
    def iri(self) -> str:
        """Its IRI, known once the run is recorded.

        Raises:
            UsageError: The run is still under way, failed, or was refused.
        """
        if self._iri is None:
            raise UsageError(
                f"The {self.measure} {self.value} is not recorded.",
                hint="Use it after the with block that measures it has ended without an error.",
            )
        return self._iri

    def settle(self, run: str) -> None:
        """Learn the IRI from that of the run."""
        self._iri = f"{run}/evaluation/{self.key}"


Reference = Handle | Score | str | Mapping[str, Any]
"""A thing: the handle of one made here, its IRI, title or ``Title@version``, or its description as a document."""


def measured(name: str, value: Any) -> int | float:
    """A measured *value* as a plain number: NumPy's are not JSON.

    Raises:
        UsageError: It is no finite number.
    """
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, int | float) and math.isfinite(plain):
        return plain
    raise UsageError(f"{value!r} is no value of {name}.", where=name, hint="Give one finite number.")


def refer(thing: Reference) -> str | dict[str, Any]:
    """*thing* as a record document names it.

    Raises:
        UsageError: It is a handle whose run is not recorded, or no reference at all.
    """
    if isinstance(thing, Handle | Score):
        return thing.iri
    if isinstance(thing, Mapping):
        return dict(thing)
    if isinstance(thing, str) and thing.strip():
        return thing
    raise UsageError(
        f"{thing!r} does not name anything in a lake.",
        hint='Give a handle, an IRI, a title, or a title and version such as "Diabetes@1".',
    )


def listed(things: Reference | Iterable[Reference]) -> list[Reference]:
    """One reference or many, as a list."""
    if isinstance(things, Handle | Score | str | Mapping):
        return [things]
    return list(things)


def title_of(thing: Reference) -> str | None:
    """What people call *thing*, as far as the reference tells."""
    if isinstance(thing, Handle):
        return thing.title
    if isinstance(thing, Mapping):
        title = thing.get("title")
        return title if isinstance(title, str) else None
    if isinstance(thing, str) and "://" not in thing:
        return thing.partition("@")[0].rpartition("/")[2]
    return None
