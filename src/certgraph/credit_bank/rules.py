"""States of the credit bank, and the steps between them. Pure: facts in, problems out."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from certgraph.certificates.rules import CertificateState
from certgraph.problems import Problem


class CourseType(StrEnum):
    """Kind of teaching that hours are counted by."""

    THEORY = "theory"
    PRACTICE = "practice"


class Rounding(StrEnum):
    """Which way a credit is rounded to a rule's step."""

    DOWN = "down"
    NEAREST = "nearest"
    UP = "up"


class ProposalState(StrEnum):
    """State of a credit-record proposal 学分记录建议方案.

    DRAFT → SUBMITTED → UNDER_VERIFICATION → RECOGNIZED → PUBLISHED, or → RETURNED → DRAFT.
    """

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_VERIFICATION = "under_verification"
    RETURNED = "returned"
    RECOGNIZED = "recognized"
    PUBLISHED = "published"


class DeadlineState(StrEnum):
    """A proposal and its deadline. MET_LATE: it was submitted, too late."""

    AHEAD = "ahead"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    MET = "met"
    MET_LATE = "met_late"


DUE_SOON_DAYS = 14
"""A deadline is due soon when it is at most so many days away."""


class RecordState(StrEnum):
    """What became of the certificate that a record of a learning outcome comes from."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    ERASED = "erased"


class ChangeKind(StrEnum):
    """What a change asks its reader to do with the record of its natural key."""

    UPSERT = "upsert"
    TOMBSTONE = "tombstone"


class ChangeReason(StrEnum):
    """Why a record changed. REPEATED: it did not; a new epoch states everything again."""

    REGISTERED = "registered"
    RECOGNIZED = "recognized"
    SUSPENDED = "suspended"
    REINSTATED = "reinstated"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    ERASED = "erased"
    REPEATED = "repeated"


class CreditRecordState(StrEnum):
    """What the credit bank did with an outcome: RECORDED in an account, REJECTED, or WITHDRAWN."""

    RECORDED = "recorded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class CreditDifference(StrEnum):
    """How the platform and the credit bank differ over one record."""

    NOT_RECORDED = "not_recorded"
    REJECTED = "rejected"
    VERSION_BEHIND = "version_behind"
    CREDITS_DIFFER = "credits_differ"
    NOT_WITHDRAWN = "not_withdrawn"


class MeasureState(StrEnum):
    """State of a conversion measure 转换办法: FILED → PUBLISHED, or RETURNED → FILED."""

    FILED = "filed"
    RETURNED = "returned"
    PUBLISHED = "published"


class ApplicationState(StrEnum):
    """Whose turn a conversion application is, or how it ended.

    The student applies → AT_COLLEGE → AT_ACADEMIC_OFFICE → AT_EVALUATION_ORGANIZATION →
    AT_CREDIT_BANK → CONVERTED; REJECTED at any of them; REVERSED with its certificate.
    """

    AT_COLLEGE = "at_college"
    AT_ACADEMIC_OFFICE = "at_academic_office"
    AT_EVALUATION_ORGANIZATION = "at_evaluation_organization"
    AT_CREDIT_BANK = "at_credit_bank"
    CONVERTED = "converted"
    REJECTED = "rejected"
    REVERSED = "reversed"


NEXT_STEP: Mapping[ApplicationState, ApplicationState] = {
    ApplicationState.AT_COLLEGE: ApplicationState.AT_ACADEMIC_OFFICE,
    ApplicationState.AT_ACADEMIC_OFFICE: ApplicationState.AT_EVALUATION_ORGANIZATION,
    ApplicationState.AT_EVALUATION_ORGANIZATION: ApplicationState.AT_CREDIT_BANK,
    ApplicationState.AT_CREDIT_BANK: ApplicationState.CONVERTED,
}
"""State → the state after its approval. Source: S13, the five steps of a school's measure."""

_PROPOSAL_STEPS: Mapping[ProposalState, set[ProposalState]] = {
    ProposalState.DRAFT: {ProposalState.SUBMITTED},
    ProposalState.SUBMITTED: {ProposalState.UNDER_VERIFICATION},
    ProposalState.UNDER_VERIFICATION: {ProposalState.RECOGNIZED, ProposalState.RETURNED},
    ProposalState.RETURNED: {ProposalState.DRAFT},
    ProposalState.RECOGNIZED: {ProposalState.PUBLISHED},
    ProposalState.PUBLISHED: {ProposalState.DRAFT},
}
"""State → states that follow. A draft after RETURNED or PUBLISHED is the next version."""


def proposal_step_problems(
    current: ProposalState, target: ProposalState, *path: str
) -> list[Problem]:
    """List the reasons against moving a proposal into `target`.

    Source: rules R41 (the organization proposes) and S10 (the credit bank verifies and recognizes).
    """
    if target in _PROPOSAL_STEPS[current]:
        return []
    facts = {"state": current, "target": target}
    code = "proposal.step_refused"
    if target in (ProposalState.DRAFT, ProposalState.SUBMITTED):
        code = "proposal.not_with_organization"
    return [Problem(code=code, path=path, facts=facts)]


def record_state(state: CertificateState, *, is_erased: bool) -> RecordState:
    """Return the state of a registered certificate's record.

    Source: rule S06 (registration feeds the learner's account).
    """
    if is_erased:
        return RecordState.ERASED
    return {
        CertificateState.SUSPENDED: RecordState.SUSPENDED,
        CertificateState.REVOKED: RecordState.REVOKED,
        CertificateState.SUPERSEDED: RecordState.SUPERSEDED,
    }.get(state, RecordState.ACTIVE)


_VALID_STATES = {RecordState.ACTIVE, RecordState.SUSPENDED}


def change_kind(state: RecordState) -> ChangeKind:
    """Return what readers are to do with a record in this state."""
    return ChangeKind.UPSERT if state in _VALID_STATES else ChangeKind.TOMBSTONE


def change_reason(before: RecordState | None, after: RecordState) -> ChangeReason:
    """Return why a record went from one state to another; None: there was none.

    Where its state is the same, its credits are not.
    """
    if before is after:
        return ChangeReason.RECOGNIZED
    if after is not RecordState.ACTIVE:
        return ChangeReason(after.value)
    if before is None:
        return ChangeReason.REGISTERED
    return ChangeReason.REINSTATED


def next_instant(now: datetime, last: datetime | None) -> datetime:
    """Return `now`, or the microsecond after `last`: steps of one thing stay in their order."""
    return now if last is None else max(now, last + timedelta(microseconds=1))
