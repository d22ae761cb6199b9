"""A federated query as a record: what was asked of whom, and what each gave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from lakegraph.federation.answer import FederatedAnswer
from lakegraph.federation.report import SourceReport
from lakegraph.receipts import Receipt

_LONGEST = 20_000
_MOST_QUERIES = 20


def recorded(
    record: Callable[..., Receipt], answer: FederatedAnswer, began: datetime, by: str | None
) -> FederatedAnswer:
    """The answer with the IRI of its record.

    Args:
        record: Records a document.
        answer: The answer.
        began: When it was asked.
        by: Who asked; where nobody is said, that is a visible gap.
    """
    document: dict[str, Any] = {
        "type": "FederatedQuery",
        "title": "Federated query",
        "startedAt": began.isoformat(),
        "endedAt": datetime.now(UTC).isoformat(),
        "runStatus": "succeeded",
        "queryText": answer.query,
        "comment": f"{len(answer)} rows{', partial' if answer.partial else ''}",
        "hasPeerAnswer": [_told(report) for report in answer.sources if report.kind and "/id/peer/" in report.source],
    }
    if by:
        document["askedBy"] = by
    return replace(answer, record=record(document, captured=by is None).iri)


def _told(report: SourceReport) -> dict[str, Any]:
    said: dict[str, Any] = {
        "answeringPeer": report.source,
        "answerStatus": report.status,
        "answerSize": report.statements,
        "answerSeconds": f"{report.seconds:.3f}",
        "sentQuery": [query[:_LONGEST] for query in report.queries[:_MOST_QUERIES]],
        "usedMapping": sorted({mapping["theirs"] for mapping in report.mappings}),
    }
    if report.error:
        said["comment"] = report.error["detail"][:1000]
    return said
