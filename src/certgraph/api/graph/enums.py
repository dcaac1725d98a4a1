"""Every enumeration of the graph, registered once, before any type refers to it."""

import strawberry

from certgraph.actions.parties import Role, Scope
from certgraph.actions.pending_states import PendingState
from certgraph.api.graph.described import describe
from certgraph.api.graph.orders import CertificateTypeOrder, ExamPlanOrder, OrganizationOrder
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.holders.rules import HolderRequestKind, HolderRequestState
from certgraph.certificates.register import RegisterState
from certgraph.certificates.rules import CertificateState, HolderBinding, RegistrationState
from certgraph.credential.verification import Check, CheckState, Verdict
from certgraph.credit_bank.feed.reading import ResyncReason
from certgraph.credit_bank.rules import (
    ApplicationState,
    ChangeKind,
    ChangeReason,
    CourseType,
    CreditDifference,
    CreditRecordState,
    DeadlineState,
    MeasureState,
    ProposalState,
    RecordState,
    Rounding,
)
from certgraph.identity_documents import DocumentType
from certgraph.organizations.rules import (
    ApiTokenKind,
    KeyCustody,
    OrganizationKind,
    OrganizationState,
)
from certgraph.policy import RuleForce
from certgraph.standards.rules import CertificateLevel, CertificateTypeState

__all__ = [
    "ApiTokenKind",
    "ApplicationState",
    "BatchState",
    "CertificateLevel",
    "CertificateState",
    "CertificateTypeOrder",
    "CertificateTypeState",
    "ChangeKind",
    "ChangeReason",
    "Check",
    "CheckState",
    "CourseType",
    "CreditDifference",
    "CreditRecordState",
    "DeadlineState",
    "DocumentType",
    "ExamPlanOrder",
    "HolderBinding",
    "HolderRequestKind",
    "HolderRequestState",
    "KeyCustody",
    "MeasureState",
    "OrganizationKind",
    "OrganizationOrder",
    "OrganizationState",
    "PendingState",
    "ProposalState",
    "RecordState",
    "RegisterState",
    "RegistrationState",
    "ResyncReason",
    "Role",
    "Rounding",
    "RuleForce",
    "Scope",
    "Verdict",
]

strawberry.enum(
    OrganizationState,
    description="SELECTED 入选 → AGREED 签约 → ACTIVE ⇄ RECTIFYING → EXITED or HANDED_OVER.",
)
strawberry.enum(CertificateTypeOrder, description="Orders of certificate types.")
strawberry.enum(ExamPlanOrder, description="Orders of plans of exams.")
strawberry.enum(OrganizationOrder, description="Orders of organizations.")
strawberry.enum(KeyCustody, description="Who holds the private key: sealed here, or elsewhere.")
strawberry.enum(
    Role,
    description="As what a token or a person acts: for an organization in one of its kinds, or for "
    "the programme's office (OPERATOR). APPROVER is an evaluation organization's second person. No "
    "token is a HOLDER's or the PUBLIC's.",
)
strawberry.enum(Scope, description="What a token allows besides what its role does.")
strawberry.enum(
    ApiTokenKind,
    description="How a caller shows that a token is theirs: a secret, a client's key, or that the "
    "person who accepted it has signed in.",
)
strawberry.enum(PendingState, description="WAITING → CONFIRMED, REJECTED, WITHDRAWN or LAPSED.")
strawberry.enum(CertificateLevel, description="初级, 中级, 高级.")
strawberry.enum(CertificateTypeState, description="What became of a certificate type.")
strawberry.enum(
    CertificateState,
    description="DRAFT → ISSUED → REGISTERED ⇄ SUSPENDED → REVOKED or SUPERSEDED.",
)
strawberry.enum(
    BatchState,
    description="DRAFT → VALIDATED → APPROVED → ISSUING → ISSUED → REGISTERED, or REJECTED, "
    "CANCELLED.",
)
strawberry.enum(
    RegistrationState, description="A certificate and its last day for registration, rule R39."
)
strawberry.enum(DocumentType, description="Kind of identity document.")
strawberry.enum(
    HolderBinding,
    description="How a certificate is tied to a document: not, by a tag the verifier compares, "
    "or by the masked number.",
)
strawberry.enum(HolderRequestKind, description="What a holder may ask the issuer for.")
strawberry.enum(HolderRequestState, description="OPEN → DONE or DECLINED.")
strawberry.enum(Verdict, description="What a verifier says. Only VALID is good by itself.")
strawberry.enum(Check, description="The checks, in their order.")
strawberry.enum(CheckState, description="A check that could not run has not passed.")
strawberry.enum(
    RegisterState,
    description="What the register says of a certificate whose signature is right. NOT_ISSUED: it "
    "knows no such number; OTHER_CONTENT: under this number it knows another certificate.",
)
strawberry.enum(CourseType, description="Kind of teaching that hours are counted by.")
strawberry.enum(Rounding, description="Which way a credit is rounded to a step.")
strawberry.enum(
    ProposalState,
    description="DRAFT → SUBMITTED → UNDER_VERIFICATION → RECOGNIZED → PUBLISHED, or → RETURNED → "
    "DRAFT.",
)
strawberry.enum(DeadlineState, description="A proposal and its deadline, rule R41.")
strawberry.enum(RecordState, description="What became of the certificate of a record.")
strawberry.enum(
    ChangeKind, description="UPSERT: keep this version. TOMBSTONE: it is no longer valid."
)
strawberry.enum(
    ChangeReason,
    description="Why a record changed; REPEATED: a new epoch of the feed states it again.",
)
strawberry.enum(
    ResyncReason,
    description="NEW_EPOCH: the feed began again. HISTORY_LOST: it no longer has what this cursor "
    "saw, as after a restore. REBUILDING: try again in a moment.",
)
strawberry.enum(CreditRecordState, description="What the credit bank did with a record.")
strawberry.enum(CreditDifference, description="How platform and credit bank differ on a record.")
strawberry.enum(MeasureState, description="FILED → PUBLISHED, or → RETURNED → FILED.")
strawberry.enum(
    ApplicationState,
    description="Whose turn it is: AT_COLLEGE → AT_ACADEMIC_OFFICE → AT_EVALUATION_ORGANIZATION → "
    "AT_CREDIT_BANK → CONVERTED; or how it ended.",
)

describe([globals()[name] for name in __all__])
