"""The answer to a federated query: rows with their sources, and what became of each source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lakegraph.errors import LakegraphError
from lakegraph.federation.endpoint import token_of
from lakegraph.federation.report import SourceReport, report_of
from lakegraph.rdf.terms import Triple, datatype, is_blank, is_iri, lang, value


class PartialAnswerError(LakegraphError):
    """A source gave nothing or only a part, and a whole answer was asked for."""

    code = "partial-answer"
    status = 502
    exit_code = 4

    answer: FederatedAnswer | None = None


@dataclass(frozen=True, slots=True)
class FederatedAnswer:
    """The answer to a federated query.

    Attributes:
        query: What was asked.
        columns: The names of the columns.
        rows: Tokens by column; unbound ones left out.
        origins: For each row the sources (bare IRIs) that have a part in it.
        truth: The answer to an ASK.
        triples: The statements of a CONSTRUCT or DESCRIBE.
        sources: What became of each source, the lake itself first.
        seconds: How long it took.
        record: The IRI under which it was recorded.
    """

    query: str
    columns: tuple[str, ...] = ()
    rows: Sequence[Mapping[str, str]] = ()
    origins: Sequence[tuple[str, ...]] = ()
    truth: bool | None = None
    triples: Sequence[Triple] = ()
    sources: Sequence[SourceReport] = field(default_factory=tuple)
    seconds: float = 0.0
    record: str | None = None

    @property
    def partial(self) -> bool:
        """Whether a source failed, or gave only a part of what it has."""
        return any(not source.complete for source in self.sources)

    @property
    def failing(self) -> list[SourceReport]:
        """The sources for which it is partial."""
        return [source for source in self.sources if not source.complete]

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows) or len(self.triples)

    def as_dict(self) -> dict[str, Any]:
        """The answer as SPARQL JSON, with members of its own beside: ``origins``, ``sources`` and ``partial``."""
        said: dict[str, Any] = {"head": {"vars": list(self.columns)}}
        if self.truth is not None:
            said = {"head": {}, "boolean": self.truth}
        elif self.triples:
            said = {"head": {}, "triples": [list(triple) for triple in self.triples]}
        else:
            said["results"] = {"bindings": [{n: json_term(t) for n, t in row.items()} for row in self.rows]}
            said["origins"] = [list(origin) for origin in self.origins]
        return said | {
            "partial": self.partial,
            "sources": [source.as_dict() for source in self.sources],
            "seconds": round(self.seconds, 4),
            **({"record": self.record} if self.record else {}),
        }


def answer_of(said: Mapping[str, Any], query: str) -> FederatedAnswer:
    """The answer that :meth:`FederatedAnswer.as_dict` told."""
    rows = said.get("results", {}).get("bindings", ())
    return FederatedAnswer(
        query,
        columns=tuple(said["head"].get("vars", ())),
        rows=[{name: token_of(term, "_:") for name, term in row.items()} for row in rows],
        origins=[tuple(origin) for origin in said.get("origins", ())],
        truth=said.get("boolean"),
        triples=[(s, p, o) for s, p, o in said.get("triples", ())],
        sources=[report_of(each) for each in said["sources"]],
        seconds=float(said["seconds"]),
        record=said.get("record"),
    )


def json_term(token: str) -> dict[str, str]:
    """A token as SPARQL JSON writes it."""
    if is_iri(token):
        return {"type": "uri", "value": value(token)}
    if is_blank(token):
        return {"type": "bnode", "value": token[2:]}
    said = {"type": "literal", "value": value(token)}
    if lang(token):
        return said | {"xml:lang": lang(token)}
    kind = datatype(token)
    return said if kind.endswith("#string") else said | {"datatype": kind}


def partial_error(answer: FederatedAnswer) -> PartialAnswerError:
    """The error of an answer that is not whole; every source that is to blame is named."""
    blamed = "; ".join(
        f"{source.title}: {(source.error or {}).get('detail', source.status)}" for source in answer.failing
    )
    error = PartialAnswerError(
        f"The answer is not whole. {blamed}",
        where=", ".join(source.source for source in answer.failing),
        hint="Leave out strict to get what there is.",
    )
    error.answer = answer
    return error
