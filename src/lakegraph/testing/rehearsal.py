"""A lake in memory, without journal, graph and index: what records say, what follows, and what the gate finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lakegraph.config import LimitSettings
from lakegraph.layer import Layer
from lakegraph.model import parse
from lakegraph.names import LakeNames
from lakegraph.preparing import Prepared, Preparer, Submission
from lakegraph.rdf.inference import reasoner
from lakegraph.rdf.mapper import mapper
from lakegraph.rdf.terms import Triple
from lakegraph.rdf.vocabulary import ontology
from lakegraph.testing.nquads import BASE
from lakegraph.testing.world import Document
from lakegraph.validation import Gate
from lakegraph.view import View


class _Nobody:
    """A directory of people without anybody in it."""

    revision = 0

    def find(self, name: str) -> None:
        """Nobody is found."""


class _Stored(Layer):
    """What a lake has stored, in memory."""

    def outgoing(self, subject: str) -> list[tuple[str, str]]:
        """Predicate and object of every statement about *subject*."""
        return list(super().outgoing(subject))

    def match(self, s: str | None = None, p: str | None = None, o: str | None = None) -> Iterator[Triple]:
        """The statements about *s* that have *p* and *o*, where these are given."""
        for predicate, found in self.outgoing(s or ""):
            if p in (None, predicate) and o in (None, found):
                yield s or "", predicate, found


class Rehearsal:
    """Takes records as a lake would, and keeps what they say in memory.

    Args:
        gate: The gate.
        base: The lake's base IRI, ending in ``/``.
    """

    def __init__(self, gate: Gate, base: str = BASE) -> None:
        self.stored = _Stored()
        self.gate = gate
        self.view = View(self.stored, Layer(ontology().concept_triples))
        names = LakeNames(base, self.view, _Nobody())  # type: ignore[arg-type]
        self._preparer = Preparer(
            base=base,
            names=names,
            known=ontology(),
            mapper=mapper(),
            reasoner=reasoner(),
            gate=gate,
            shapes_hash=bytes(32),
            limits=LimitSettings(),
        )

    def try_out(self, document: Document) -> Prepared:
        """What *document* would become.

        Raises:
            LakegraphError: As of ``Lake.record``.
        """
        self.view.begin()
        return self._preparer.prepare(Submission(document=parse(document)), self.view, None)

    def take(self, document: Document) -> Prepared:
        """The same; those that follow see it.

        Raises:
            LakegraphError: As of ``Lake.record``.
        """
        prepared = self.try_out(document)
        self.keep(prepared.asserted, prepared.inferred)
        return prepared

    def keep(self, *triples: Sequence[Triple]) -> None:
        """Add statements to what the next records see."""
        for some in triples:
            self.stored.add(some)
