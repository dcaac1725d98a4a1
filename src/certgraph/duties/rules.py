"""States of filings, consents and obligations. Pure."""

from collections.abc import Collection
from enum import StrEnum


class FilingKind(StrEnum):
    """What sort of document is handed in."""

    AGREEMENT = "agreement"
    WEEKLY_REPORT = "weekly_report"
    PERIODIC_REPORT = "periodic_report"
    ACTIVITY = "activity"
    INVITATION = "invitation"
    TEACHER_TRAINING = "teacher_training"
    EXPERT_DISPATCH = "expert_dispatch"
    COHORT = "cohort"
    WORKLOAD = "workload"
    CONSORTIUM = "consortium"
    TEXTBOOK = "textbook"
    RESOURCE = "resource"
    NOTICE = "notice"
    PROGRAMME_PLAN = "programme_plan"
    FUND_RETURN = "fund_return"
    ORDER = "order"
    STANDARD_VERSION = "standard_version"
    ASSESSMENT_SCHEME = "assessment_scheme"
    SITE_CONDITIONS = "site_conditions"
    EXAM_SITE = "exam_site"
    TRAINING_BASE = "training_base"
    COST_ACCOUNT = "cost_account"
    COST_CAP = "cost_cap"
    FEE_STANDARD = "fee_standard"
    MONITORING_POINT = "monitoring_point"
    OBSERVATION = "observation"
    EVALUATION = "evaluation"


class FilingState(StrEnum):
    """Where a filing is.

    SUBMITTED → RETURNED → SUBMITTED (its next version) … → EFFECTIVE once the last consent that it
    needs is in → SUPERSEDED by the one that revises it. DECLINED and WITHDRAWN end it before.
    """

    SUBMITTED = "submitted"
    RETURNED = "returned"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    EFFECTIVE = "effective"
    SUPERSEDED = "superseded"


LIVE: Collection[FilingState] = (
    FilingState.SUBMITTED,
    FilingState.RETURNED,
    FilingState.EFFECTIVE,
)
"""States of a filing that says something still, or may yet."""


class ConsentStep(StrEnum):
    """To what somebody says yes: 同意, 备案, 核定, 审核, 应邀, 答复."""

    AGREEMENT = "agreement"
    FILING = "filing"
    VERIFICATION = "verification"
    REVIEW = "review"
    INVITATION = "invitation"
    ANSWER = "answer"


class ConsentAnswer(StrEnum):
    """What is said: yes; to be revised; no."""

    AGREED = "agreed"
    RETURNED = "returned"
    DECLINED = "declined"


class ObligationKind(StrEnum):
    """What is owed."""

    WEEKLY_REPORT = "weekly_report"
    ACTIVITY_FILING = "activity_filing"
    ORDER = "order"
    FEEDBACK_ANSWER = "feedback_answer"
    REGISTRATION = "registration"
    CREDIT_PROPOSAL = "credit_proposal"
    NEW_FEE = "new_fee"
    TRUST_LIST = "trust_list"
    HANDOVER_LISTS = "handover_lists"


class ObligationBasis(StrEnum):
    """From what the moment comes: the rule's sentence, a parameter, an order, an event."""

    RULE = "rule"
    PARAMETER = "parameter"
    ORDER = "order"
    EVENT = "event"


class ObligationState(StrEnum):
    """An obligation, now. UNDATED: no document says until when."""

    UNDATED = "undated"
    AHEAD = "ahead"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    MET = "met"
    MET_LATE = "met_late"
    WAIVED = "waived"


class FindingSeverity(StrEnum):
    """How much a finding weighs."""

    NOTICE = "notice"
    WARNING = "warning"
    BREACH = "breach"


SOON_DAYS = 14
"""Days before its last within which an obligation is due soon."""

REPORT_SOON_DAYS = 2
"""The same, of a weekly report."""
