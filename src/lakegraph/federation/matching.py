"""The calls of a lake for its own mappings: what may correspond, what a person accepted, what is used."""

from __future__ import annotations

from decimal import Decimal
from itertools import islice
from typing import Any

from lakegraph.asking import Asking
from lakegraph.errors import LakegraphError, PeerError, UsageError
from lakegraph.federation.accepted import read_accepted
from lakegraph.federation.accepting import check_consistent, check_terms, expanded
from lakegraph.federation.endpoint import over
from lakegraph.federation.federating import Federating
from lakegraph.federation.line import Line
from lakegraph.federation.mappings import REACHES, Mappings, Reach, property_terms, shipped
from lakegraph.federation.probing import probe
from lakegraph.federation.proposing import Proposal, proposals
from lakegraph.federation.rewriting import filled
from lakegraph.federation.sources import reader_of
from lakegraph.rdf.mappings import Mapped
from lakegraph.rdf.terms import local_name
from lakegraph.rdf.vocabulary import TYPE
from lakegraph.receipts import Receipt

_MOST_PROPERTIES = 60


class Matching(Federating, Asking):
    """Calls for mappings."""

    def accepted(self) -> list[Mapped]:
        """The mappings that people of this lake accepted, as rows of a table."""
        return read_accepted(self._projector.graph)

    def mappings(self, matches: Reach = "close") -> Mappings:
        """The mappings that are carried and those that people of this lake accepted.

        Raises:
            UsageError: *matches* is none of :data:`REACHES`.
        """
        if matches not in REACHES:
            raise UsageError(f"{matches!r} says not which matches to use.", where="matches", hint=", ".join(REACHES))
        return Mappings((*shipped(), *self.accepted()), matches)

    def list_mappings(self) -> list[dict[str, Any]]:
        """Every mapping: where it comes from, how sure it is, and whether it is used without being asked for."""
        return [
            _told(row, origin, used)
            for origin, rows in (("lake", self.accepted()), ("lakegraph", shipped()))
            for row, used in ((row, _is_used(row)) for row in rows)
        ]

    def propose_mappings(self, peer: str) -> list[Proposal]:
        """What terms of a peer may correspond to, by names, known alignments and shared values.

        Raises:
            NotFoundError: There is no such peer.
            PeerError, DeadlineError: It cannot be asked.
        """
        found = self.peer(peer)
        line = self.line(found, fresh=self.settings.federation.fresh_seconds)
        samples = _Samples(line, self.settings.federation.pages)
        classes, properties = samples.terms()
        used = [row for row in (*shipped(), *self.accepted()) if _is_used(row)]
        return proposals(classes, properties, used, samples.values, self._own_values())

    def _own_values(self) -> dict[str, list[str]]:
        """For the properties of ours that the lake uses, some of their values."""
        graph = self._projector.graph
        found = {}
        for prop in sorted(property_terms()):
            values = {o for _, _, o in islice(graph.match(None, prop, None), 300)}
            if values:
                found[prop] = sorted(values)
        return found

    def accept_mapping(
        self, ours: str, relation: str, theirs: str, *, by: str, why: str, confidence: float = 0.9
    ) -> Receipt:
        """Record that a person holds two terms to correspond; it is used from then on.

        Args:
            ours: Our term, in full or as ``lake:Model``.
            relation: ``skos:exactMatch``, ``closeMatch``, ``narrowMatch`` or ``broadMatch``.
            theirs: Their term.
            by: Who accepts it.
            why: The reason.
            confidence: From 0 to 1.

        Raises:
            UsageError: A term or the relation is none.
            ConflictError: The ontology would contradict itself, or it is recorded already.
            Refusal: The shapes refuse it.
        """
        terms = expanded(ours, "ours"), expanded(relation, "relation"), expanded(theirs, "theirs")
        check_terms(*terms)
        names = tuple(local_name(f"<{term}>") for term in terms)
        row = Mapped(*terms, ours, relation, theirs, names[2], "", confidence, why)
        unchecked = check_consistent([*self.accepted(), row])
        document = {
            "type": "TermMapping",
            "title": " ".join(names),
            "description": why,
            "mapsFrom": terms[0],
            "mapsBy": terms[1],
            "mapsTo": terms[2],
            "confidence": str(Decimal(str(confidence))),
            "acceptedBy": by,
        }
        return self.record(document | ({"comment": unchecked} if unchecked else {}))


class _Samples:
    """Terms and values of a peer: asked for, or found in its documents."""

    def __init__(self, line: Line, pages: int) -> None:
        self._line = line
        self._left = _MOST_PROPERTIES
        self._read: dict[str, list[str]] | None = None
        self._classes: list[str] = []
        if not line.peer.is_queried:
            self._documents(pages)

    def _documents(self, pages: int) -> None:
        self._read = {}
        for document in islice(reader_of(self._line.peer.kind)(self._line, None), pages):
            for _, p, o in document.triples:
                if p == TYPE:
                    self._classes.append(o[1:-1])
                elif len(held := self._read.setdefault(p, [])) < 300:
                    held.append(o)

    def terms(self) -> tuple[list[str], list[str]]:
        """Classes and properties, as bare IRIs."""
        if self._read is not None:
            return list(dict.fromkeys(self._classes)), [prop[1:-1] for prop in self._read]
        found = probe(self._line, 1)
        if found.error:
            raise PeerError(found.error["detail"], where=found.error.get("where"))
        return list(found.classes), list(found.properties)

    def values(self, prop: str) -> list[str]:
        """Some values of a property; none where the peer does not say."""
        if self._read is not None:
            return self._read.get(prop, [])
        if self._left <= 0:
            return []
        self._left -= 1
        try:
            rows = over(self._line)(filled("property-values", property=prop)).rows
        except LakegraphError:
            return []
        return [row["value"] for row in rows if "value" in row]


def _is_used(row: Mapped) -> bool:
    made = Mappings([row], "close")
    return bool(made.classes or made.properties or made.concepts)


def _told(row: Mapped, origin: str, used: bool) -> dict[str, Any]:
    return {
        "ours": row.subject_name,
        "relation": row.predicate_name,
        "theirs": row.object_name,
        "confidence": row.confidence,
        "origin": origin,
        "used": used,
        "comment": row.comment,
    }
