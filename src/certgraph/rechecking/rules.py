"""Kinds of fault, and what may have brought a certificate into a state. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from certgraph.certificates.rules import CertificateState


class FaultKind(StrEnum):
    """What is not as it was signed, or as the audit trail has it."""

    SIGNATURE = "signature"
    CONTENT = "content"
    OUTCOMES = "outcomes"
    LOOKUP = "lookup"
    DOCUMENT = "document"
    EXAM = "exam"
    STATE = "state"
    CHANGE = "change"
    MISSING_CHANGE = "missing-change"
    REGISTRATION = "registration"
    CORRECTION = "correction"
    ERASURE = "erasure"
    STATUS_ENTRY = "status-entry"
    STATUS_LIST = "status-list"
    MISSING_CERTIFICATE = "missing-certificate"
    OUTCOME_RECORD = "outcome-record"
    CREDIT_RECORD = "credit-record"
    TOKEN = "token"  # noqa: S105 - a kind of fault
    AUDIT_TRAIL = "audit-trail"
    LOG = "log"


class Fault(NamedTuple):
    """One fault.

    Attributes:
        kind: What is wrong.
        subject: Number of the certificate, code and number of the list, id of the token.
        detail: What was found, in words; says nothing of a person.
    """

    kind: FaultKind
    subject: str
    detail: str


UNREADABLE = (ValueError, ArithmeticError, LookupError, TypeError, AttributeError)
"""What reading and comparing raises where a column holds what none of its rows could."""


def unreadable(kind: FaultKind, subject: str, error: Exception) -> Fault:
    """Return the fault of what could not even be compared."""
    return Fault(kind, subject, f"holds what it cannot: {type(error).__name__}")


@dataclass(frozen=True, slots=True)
class Progress:
    """A step of a recheck.

    Attributes:
        after_id: The last certificate that was compared; None before the first.
        count: Certificates that were compared in this step.
        faults: What was found in it.
    """

    after_id: UUID | None
    count: int
    faults: Sequence[Fault]


RESTORE = "trustRestore"
"""The action by which certificates are again what was published of them."""

ERASE = "certificateHolderErase"
BATCH_REGISTER = "certificateBatchRegister"

_REGISTER = {"certificateRegister", "certificateRegisterMany", BATCH_REGISTER}
_LIFT = {"certificateSuspensionLift"}

BROUGHT_BY = {
    CertificateState.ISSUED: _LIFT,
    CertificateState.REGISTERED: _REGISTER | _LIFT,
    CertificateState.SUSPENDED: {"certificateSuspend", RESTORE},
    CertificateState.REVOKED: {"certificateRevoke", RESTORE},
    CertificateState.SUPERSEDED: {RESTORE},
}
"""State → actions that bring a certificate into it; a correction's run supersedes, too."""

CHANGES_ONE = {"certificateSuspend", "certificateRevoke", *_LIFT, ERASE}
"""Actions each of which leaves a change of the certificate that its entry is about."""

OF_CERTIFICATES = CHANGES_ONE | _REGISTER
"""Actions whose entries are about one certificate that is signed, and so never deleted."""

FOR_EVER = (CertificateState.REVOKED, CertificateState.SUPERSEDED)
"""States that no action leads out of."""
