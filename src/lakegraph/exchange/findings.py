"""What shows that something is documented: a value in words, and the record that states it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from lakegraph import resources
from lakegraph.exchange.parts import LakeParts
from lakegraph.graph import Rows
from lakegraph.questions import Labels
from lakegraph.rdf.namespaces import DCT, DQV, FOAF, LAKE, MLS, SKOS
from lakegraph.rdf.terms import Triple, is_iri, value
from lakegraph.rdf.vocabulary import ontology

_LONG = 300


@dataclass(frozen=True, slots=True)
class Found:
    """A value that was found.

    Attributes:
        text: The value in words.
        iri: The thing that it is; empty for text.
        record: The record (an IRI) that shows it; none where it follows from several.
        seq: The journal entry of that record.
    """

    text: str
    iri: str = ""
    record: str | None = None
    seq: int | None = None

    def order(self) -> tuple[int, str, str]:
        """By record, then by text."""
        return self.seq or 0, self.text, self.iri


class Finder:
    """Puts values into words and finds the records that state them.

    Args:
        lake: The lake.
        labels: Labels of its things.
    """

    def __init__(self, lake: LakeParts, labels: Labels) -> None:
        self._lake = lake
        self.labels = labels

    def found(self, token: str, triple: Triple | None) -> Found:
        """A value, and the record of the statement that leads to it.

        Args:
            token: The value.
            triple: The statement; none where the value is the thing itself.
        """
        record, seq = self._record(triple) if triple else (None, None)
        return Found(self._words(token), value(token) if is_iri(token) else "", record, seq)

    def _words(self, token: str) -> str:
        """A score with its number and a setting with its value; anything else by its label."""
        objects = self._lake.graph.objects
        if is_iri(token):
            for kind, number in ((DQV.isMeasurementOf, DQV.value), (LAKE.ofParameter, MLS.hasValue)):
                of, said = objects(token, kind), objects(token, number)
                if of and said:
                    return f"{self.labels.of(of[0])} {self.labels.of(said[0])}"
            if "/operation/" in token and (described := objects(token, DCT.description)):
                return self.labels.of(described[0])
            if not token.startswith(f"<{self._lake.base}") and not self._is_named(token):
                return ontology().shorten(token)
        text = " ".join(self.labels.of(token).split())
        return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"

    def _is_named(self, token: str) -> bool:
        named = (DCT.title, FOAF.name, SKOS.prefLabel)
        return token in ontology().labels or any(self._lake.graph.objects(token, name) for name in named)

    def _record(self, triple: Triple) -> tuple[str | None, int | None]:
        """The earliest record in force that makes a statement, or the one that it follows from."""
        s, p, o = triple
        graphs = self._graphs("coverage-records", s=s, p=p, o=o)
        if not graphs and is_iri(o):
            graphs = self._graphs("coverage-near", s=s, o=o)
        entries = [entry for graph in graphs if (entry := self._lake.journal.current(value(graph))) is not None]
        first = min(entries, key=lambda entry: entry.seq, default=None)
        return (first.record, first.seq) if first else (None, None)

    def _graphs(self, query: str, **bindings: str) -> list[str]:
        answer = self._lake.graph.query(_text(query), bindings)
        assert isinstance(answer, Rows)  # noqa: S101 - these queries are SELECTs
        return [row[-1] for row in answer if row[-1]]


@cache
def _text(name: str) -> str:
    return resources.text(f"queries/internal/{name}.rq")
