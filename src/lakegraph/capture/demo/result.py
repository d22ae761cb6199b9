"""What the demo leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakegraph.capture.handles import Handle, Score

if TYPE_CHECKING:
    from lakegraph.receipts import Receipt


@dataclass(frozen=True, slots=True)
class Candidate:
    """One trained model.

    Attributes:
        model: The recorded model.
        cross_validated: Its mean accuracy in the cross-validation.
        held_out: Its accuracy on the patients that it has not seen.
    """

    model: Handle
    cross_validated: Score
    held_out: Score


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Everything that the demo made.

    Attributes:
        raw: The patients as they came.
        clean: The same, ready to learn from.
        training: The part that the models learnt from.
        test: The part held out.
        candidates: The trained models.
        best: The one with the best cross-validated accuracy, which was deployed.
        deployment: The service that answers with it.
        receipts: The receipts of the real runs, in order.
        examples: The receipts of the worked example's documents, in order.
    """

    raw: Handle
    clean: Handle
    training: Handle
    test: Handle
    candidates: tuple[Candidate, ...]
    best: Candidate
    deployment: Handle
    receipts: tuple[Receipt, ...]
    examples: tuple[Receipt, ...]
