"""A query that the guard let through, made ready so that asking it again costs little."""

from __future__ import annotations

from typing import NamedTuple

from lakegraph.graph.formats import Format
from lakegraph.graph.guard import Form


class Prepared(NamedTuple):
    """A query, ready for a worker; it can be asked any number of times.

    Args:
        text: SPARQL, as it was sent.
        kind: ``select``, ``ask`` or ``construct``.
        form: The answer's syntax.
        timeout: Seconds after which it is ended.
        services: The IRIs that it calls by SERVICE.
        body: What a worker is sent, but for the snapshot.
    """

    text: str
    kind: Form
    form: Format
    timeout: float
    services: tuple[str, ...]
    body: bytes

    @property
    def media(self) -> str:
        """The media type of the answer, with parameters."""
        return self.form.media
