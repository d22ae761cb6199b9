"""A query that the guard let through, made ready so that asking it again costs little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lakegraph.errors import QueryError
from lakegraph.graph.formats import FORMATS, INDEX, Format
from lakegraph.graph.guard import Form
from lakegraph.rdf.terms import valid_iri


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


def format_for(kind: Form, name: str) -> int:
    """The index in ``FORMATS`` of a syntax for the answer of a query.

    Args:
        kind: The query's form.
        name: Name or media type of the syntax.

    Raises:
        QueryError: There is no such syntax, or it cannot carry the answer.
    """
    index = INDEX.get(name)
    rdf = kind == "construct"
    if index is None or FORMATS[index].rdf != rdf:
        fit = ", ".join(f.name for f in FORMATS if f.rdf == rdf)
        what = "triples" if rdf else "rows"
        raise QueryError(f"{name!r} is not a syntax for an answer of {what}.", hint=f"Ask for one of {fit}.")
    return index


def lines(graphs: Sequence[str]) -> str:
    """The IRIs of *graphs*, one a line.

    Raises:
        QueryError: One is none.
    """
    for graph in graphs:
        if not valid_iri(graph):
            raise QueryError(f"The graph {graph!r} of the dataset is not an absolute IRI.")
    return "\n".join(graphs)
