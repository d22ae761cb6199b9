"""What a caller gets back for a record: a receipt, or the reasons for which it was refused."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from lakegraph.errors import RefusedError
from lakegraph.validation import Report


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a record is in the journal and in the graph.

    Attributes:
        iri: The record: the run, or the thing that it describes.
        graph: The named graph that holds its statements.
        seq: Its number in the journal, from 1.
        quads: How many statements it asserts.
        outputs: The data set versions, models and deployments that it made.
        warnings: What the shapes found worth saying, without refusing.
        repeated: Whether this answers an idempotency key that was used before.
    """

    iri: str
    graph: str
    seq: int
    quads: int
    outputs: tuple[str, ...] = ()
    warnings: tuple[dict[str, Any], ...] = ()
    repeated: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The receipt as JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, said: dict[str, Any]) -> Receipt:
        """The receipt that *said* is the JSON of."""
        return cls(**{**said, "outputs": tuple(said["outputs"]), "warnings": tuple(said["warnings"])})


class Refusal(RefusedError):
    """The record breaks the shapes of this lake; nothing was written.

    Attributes:
        report: Every violation, with focus node, path, value, message and the shape's file and line.
        title: What the record calls itself.
    """

    def __init__(self, title: str, report: Report) -> None:
        count = len(report.violations)
        super().__init__(
            f"{title!r} is refused: {count} problem{'' if count == 1 else 's'}. Nothing was written.",
            hint="; ".join(dict.fromkeys(r.message for r in report.violations)),
        )
        self.title = title
        self.report = report

    def as_dict(self) -> dict[str, Any]:
        """Problem members with the validation report."""
        return {**super().as_dict(), "record": self.title, "report": self.report.as_dict()}
