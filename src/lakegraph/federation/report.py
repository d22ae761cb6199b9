"""What became of each source of a federated query, told beside the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lakegraph.errors import LakegraphError
from lakegraph.federation.endpoint import fault_of

Status = Literal["ok", "unused", "truncated", "failed"]


@dataclass
class SourceReport:
    """What one source contributed, or why it contributed nothing.

    Attributes:
        source: The bare IRI of the peer, or the base of the lake itself.
        title: What it is called.
        kind: By which protocol it was asked.
        status: ``ok``; ``unused``: it has nothing of what was asked; ``truncated``: it gave only a part; ``failed``.
        seconds: How long it was busy.
        requests: How many requests were sent.
        statements: How many statements came.
        rows: In how many rows of the answer it has a part.
        queries: What it was asked, in its own words; the addresses of its documents where those were read.
        mappings: The mappings that were used.
        untranslated: How many statements had a value of a form that our term does not take.
        cache_age: Seconds since the oldest document was fetched that was used from the cache.
        error: What was wrong.
    """

    source: str
    title: str
    kind: str
    status: Status = "unused"
    seconds: float = 0.0
    requests: int = 0
    statements: int = 0
    rows: int = 0
    queries: list[str] = field(default_factory=list)
    mappings: list[dict[str, Any]] = field(default_factory=list)
    untranslated: int = 0
    cache_age: float | None = None
    error: dict[str, str] | None = None

    @property
    def complete(self) -> bool:
        """Whether it gave everything that it has."""
        return self.status in ("ok", "unused")

    def failed(self, error: LakegraphError) -> None:
        """Note what was wrong."""
        self.status = "failed"
        self.error = fault_of(error)

    def cut(self, why: str) -> None:
        """Note that only a part came."""
        if self.status != "failed":
            self.status = "truncated"
            self.error = {"code": "peer-truncated", "detail": why}

    def as_dict(self) -> dict[str, Any]:
        """The report for JSON."""
        said = {**vars(self), "seconds": round(self.seconds, 4)}
        said["cacheAge"] = said.pop("cache_age")
        return said


def report_of(said: Mapping[str, Any]) -> SourceReport:
    """The report that :meth:`SourceReport.as_dict` told."""
    fields = dict(said)
    fields["cache_age"] = fields.pop("cacheAge")
    return SourceReport(**fields)
