"""The calls of a lake that ask many catalogs at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakegraph.errors import NotFoundError, UsageError
from lakegraph.federation.answer import FederatedAnswer, partial_error
from lakegraph.federation.broker import Fetched
from lakegraph.federation.endpoint import RESULTS, Answer, CutError, over, read_answer
from lakegraph.federation.mappings import Reach
from lakegraph.federation.matching import Matching
from lakegraph.federation.peers import Peer
from lakegraph.federation.recording import recorded
from lakegraph.federation.services import answered
from lakegraph.graph import Kept, Limits, Prepared, Running, bound, inspect_query
from lakegraph.questions import CARD, bind
from lakegraph.rdf.terms import iri

if TYPE_CHECKING:
    from lakegraph.federation.federate import Federation

_LARGE = Limits(size=16 * 2**20, operators=10**9, free_paths=True)
"""What was fetched stands in the text, and makes it large."""


class Joining(Matching):
    """Calls that ask many catalogs."""

    def federate(
        self,
        query: str,
        *,
        peers: Sequence[str] | None = None,
        matches: Reach = "close",
        strict: bool = False,
        record: bool = False,
        by: str | None = None,
        **parameters: str,
    ) -> FederatedAnswer:
        """Put a query in our words to this lake and to its peers, and join what they say.

        Args:
            query: SPARQL, or the name of a question of the library.
            peers: Whom to ask, by name; every registered peer when left out.
            matches: Which mappings are used: ``exact`` and narrower ones, ``close`` ones as well, or ``broad`` ones as
                well, which are marked as lossy.
            strict: Whether an answer that is not whole is an error.
            record: Whether the query is recorded as provenance.
            by: The person who asks, for the record.
            parameters: Those of a question.

        Raises:
            QueryError, ForbiddenError: The query is malformed, or not one for many catalogs.
            NotFoundError: There is no such peer or question.
            PartialAnswerError: A source failed and *strict* was said; the error carries the answer.
        """
        began = datetime.now(UTC)
        asked = self._federation(query, peers, matches, parameters)
        answer = asked.answer(self._evaluate)
        if record:
            answer = recorded(self.record, answer, began, by)
        if strict and answer.partial:
            raise partial_error(answer)
        return answer

    def explain_federation(
        self, query: str, *, peers: Sequence[str] | None = None, matches: Reach = "close", **parameters: str
    ) -> dict[str, Any]:
        """What :meth:`federate` would ask of whom, in whose words; nothing is sent."""
        return self._federation(query, peers, matches, parameters).explain()

    def _federation(
        self, query: str, peers: Sequence[str] | None, matches: Reach, parameters: dict[str, str]
    ) -> Federation:
        # It comes with rdflib's grammar of SPARQL: 100 ms and 15 MB that a lake that asks nobody else does without.
        from lakegraph.federation.federate import Federation, Here

        mappings, text = self.mappings(matches), self._text(query, parameters)
        inspect_query(text, limits=Limits(size=self.settings.limits.query_bytes))
        chosen = self.registered() if peers is None else [self.peer(name) for name in peers]
        lines = [self.line(peer, budget=peer.caps.seconds) for peer in chosen]
        here = Here(self.base, self._run_here, self.settings.limits.result_rows)
        return Federation(text, self.base, mappings, here, lines, self.settings.federation.pages)

    def _text(self, query: str, parameters: dict[str, str]) -> str:
        """The text of a query, or of a question with its parameters bound."""
        if any(character in query for character in "{}\n "):
            if parameters:
                raise UsageError("A query has no parameters.", where=", ".join(parameters), hint="Name a question.")
            return query
        if query == CARD:
            raise UsageError("A card is made of many queries and asks this lake alone.", where=query)
        question = self.library.get(query)

        def named(text: str) -> str:
            """The token of a thing: other catalogs have things that this lake has never heard of."""
            return iri(text if "://" in text else self.resolve(text, question.kinds))

        bindings = bind(question, parameters, resolve=named)
        return bound(question.text, bindings)

    # -- SERVICE ------------------------------------------------------------------------------------------------------

    def prepared(self, text: str, **options: Any) -> Prepared:
        """As for any lake; a query may call registered peers by SERVICE, by their IRI or address."""
        if "service" not in text.lower():
            return super().prepared(text, **options)
        return super().prepared(text, services=frozenset(self._services()), **options)

    def answer(self, asked: Prepared, *, min_seq: int | None = None) -> Running | Kept:
        """As for any lake; what a query calls by SERVICE is asked first, through the broker."""
        if asked.services:
            text = answered(asked.text, self._call)
            asked = self.queries.reworded(asked, text, _LARGE)
        return super().answer(asked, min_seq=min_seq)

    def _services(self) -> dict[str, Peer]:
        """What SERVICE may name: the IRI, the address or the endpoint of a peer that answers SPARQL."""
        peers = [peer for peer in self.registered() if peer.is_queried]
        return {name: peer for peer in peers for name in (peer.iri, peer.address, peer.endpoint)}

    def _call(self, service: str, query: Callable[[int], str]) -> Answer:
        peer = self._services().get(service)
        if peer is None:
            raise NotFoundError(f"The service <{service}> is no longer registered.", where=service)
        found = over(self.line(peer, budget=peer.caps.seconds))(query(peer.rows))
        if found.cut or len(found.rows) > peer.rows:
            raise CutError(
                f"{peer.title} gave only a part of its rows.",
                where=service,
                hint="Ask it for less, or raise the rowLimit of the peer.",
            )
        return found

    # -- evaluating ---------------------------------------------------------------------------------------------------

    def _run_here(self, text: str) -> Answer:
        body = self.query(text)
        return read_answer(Fetched(self.base, 200, {"content-type": RESULTS}, body), self.base)

    def _evaluate(self, text: str, place: Path, form: str) -> bytes:
        asked = self.queries.prepare(
            text,
            accept=lambda _: form,
            timeout=self.settings.limits.query_seconds,
            base=self.base,
            union=False,
            limits=_LARGE,
        )
        return b"".join(self.queries.start(asked, store=place))
