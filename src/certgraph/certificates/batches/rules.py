"""In which state a batch may do what. Pure."""

from enum import StrEnum

from certgraph.problems import Problem


class BatchState(StrEnum):
    """DRAFT → VALIDATED → APPROVED → ISSUING → ISSUED → REGISTERED, or REJECTED, CANCELLED."""

    DRAFT = "draft"
    VALIDATED = "validated"
    APPROVED = "approved"
    ISSUING = "issuing"
    ISSUED = "issued"
    REGISTERED = "registered"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


_FROM: dict[BatchState, set[BatchState]] = {
    BatchState.APPROVED: {BatchState.VALIDATED},
    BatchState.REJECTED: {BatchState.VALIDATED},
    BatchState.CANCELLED: {BatchState.DRAFT, BatchState.VALIDATED, BatchState.APPROVED},
    BatchState.REGISTERED: {BatchState.ISSUED},
}
"""Target state → states from which people take it there; the others are the service's work."""


def transition_problems(current: BatchState, target: BatchState) -> list[Problem]:
    """List what speaks against taking a batch into `target`."""
    if current in _FROM[target]:
        return []
    if current is target:
        return [Problem(code="batch.is_there_already", facts={"state": current})]
    return [Problem(code="batch.transition_refused", facts={"state": current, "target": target})]
