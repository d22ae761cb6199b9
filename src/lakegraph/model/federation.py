"""Documents of federation: catalogs that are asked, mappings that a person accepted, and queries put to all of them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from lakegraph.model.agents import UserRef
from lakegraph.model.base import ConceptOf, Identity, IriValue, Many, RefTo, Thing, reference
from lakegraph.model.run import Run


class Holding(Thing):
    """How many things of a class, or statements with a property, a peer was found to hold (as VoID partitions)."""

    type: Literal["Holding"] = "Holding"
    key_fields: ClassVar[tuple[str, ...]] = ("heldTerm",)
    held_term: Annotated[str, IriValue()]
    held_count: int = Field(ge=0)


class Peer(Thing):
    """A catalog or service outside the lake that is registered to be asked by it."""

    identity: ClassVar[Identity] = "titled"
    type: Literal["Peer"] = "Peer"
    endpoint_url: Annotated[str | None, IriValue()] = None
    peer_kind: Annotated[str | None, ConceptOf("PeerKind")] = None
    license: Annotated[str | None, IriValue()] = None
    time_limit: Decimal | None = None
    byte_limit: int | None = None
    row_limit: int | None = None
    credential: str | None = None
    holds: Many[Annotated[Any, reference(Holding)]] = ()
    last_harvest: datetime | None = None


class TermMapping(Thing):
    """A person's statement that a term of the ontology and one of another vocabulary correspond (as in SSSOM)."""

    identity: ClassVar[Identity] = "content"
    type: Literal["TermMapping"] = "TermMapping"
    maps_from: Annotated[str | None, IriValue()] = None
    maps_by: Annotated[str | None, IriValue()] = None
    maps_to: Annotated[str | None, IriValue()] = None
    confidence: Decimal | None = None
    accepted_by: UserRef | None = None


class PeerAnswer(Thing):
    """What one peer contributed to a federated query, or why it contributed nothing."""

    type: Literal["PeerAnswer"] = "PeerAnswer"
    answering_peer: Annotated[str | None, RefTo("Peer")] = None
    answer_status: str | None = None
    answer_size: int | None = None
    answer_seconds: Decimal | None = None
    sent_query: Many[str] = ()
    used_mapping: Many[Annotated[str, IriValue()]] = ()


class FederatedQuery(Run):
    """A query that was put to the lake and to its peers."""

    type: Literal["FederatedQuery"] = "FederatedQuery"
    query_text: str | None = None
    asked_by: UserRef | None = None
    has_peer_answer: Many[Annotated[Any, reference(PeerAnswer)]] = ()
