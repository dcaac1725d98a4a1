"""Certificates in the graph, and the lookup by number and name."""

from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import strawberry

from certgraph.actions.parties import Relation
from certgraph.api.context import Context
from certgraph.api.graph.certificate_filters import (
    REGISTRATION_SOON,
    of_candidates,
    of_certificate_type,
    of_certificates,
    of_issuer,
    of_runs,
)
from certgraph.api.graph.enums import (
    CertificateLevel,
    CertificateState,
    RegistrationState,
    Role,
)
from certgraph.api.graph.filters import of_organization
from certgraph.api.graph.issuer_keys import IssuerKey
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.qr_codes import QrCode
from certgraph.api.graph.standards import CertificateType, StandardVersion
from certgraph.api.reads.arguments import CALLER_ORGANIZATION, TODAY, through
from certgraph.api.reads.declarations import Condition, Conditions, below_parent
from certgraph.api.reads.declaring import all_of, column, computed, find, many, one, page, read_from
from certgraph.api.reads.policies import readers
from certgraph.api.relay import Connection, Node, global_id
from certgraph.certificates import queries, run_queries
from certgraph.certificates.lookup_keys import holder_name_key, number_key, number_lookup_key
from certgraph.certificates.registration_queries import registration_count, registration_state
from certgraph.certificates.rules import masked_name
from certgraph.certificates.states.registration import is_late
from certgraph.certificates.subjects import ISSUED_READERS
from certgraph.certificates.tables import (
    CertificateChangeRow,
    CertificateOutcomeRow,
    CertificateRow,
    IssueRunRow,
)
from certgraph.credential.claims import TYP
from certgraph.credential.envelopes import assemble_sign1, sign1_message
from certgraph.credential.qr_text import to_qr_text
from certgraph.credit_bank.records.tables import OutcomeRecordRow
from certgraph.organizations.tables import OrganizationRow

if TYPE_CHECKING:
    from certgraph.api.graph.exams import ExamRegistration
    from certgraph.api.graph.outcome_records import LearningOutcomeRecord

_READERS = {**ISSUED_READERS, Role.CREDIT_BANK: Relation.ANY}

readable = readers(_READERS, CertificateRow.organization_id)
"""Which certificates a caller reads in full."""

_runs = readers(ISSUED_READERS, IssueRunRow.organization_id)


def _outcomes(role: Role | None) -> bool | Condition:
    if role is not None and _READERS.get(role) is Relation.OWN:
        return queries.outcome_of_organization(CALLER_ORGANIZATION)
    return bool(readable(role))


def _drafts(role: Role | None) -> bool | Condition:
    is_draft = CertificateRow.state == CertificateState.DRAFT
    allowed = readable(role)
    return is_draft & allowed if not isinstance(allowed, bool) else allowed and is_draft


@strawberry.type(description="A learning outcome achieved, with its credits.")
@read_from(CertificateOutcomeRow, policy=_outcomes)
class AchievedOutcome:
    """See `certgraph.credential.claims.Outcome`."""

    number: int | None = column(
        CertificateOutcomeRow.number, description="Its number in the standard."
    )
    text: str | None = column(
        CertificateOutcomeRow.text, description="The outcome itself, where it has no number."
    )
    credits_tenths: int = column(
        CertificateOutcomeRow.credits_tenths, description="Credits times ten: 15 means 1.5."
    )
    certificate: "Certificate | None" = one(
        CertificateOutcomeRow.certificate_id,
        description="The certificate that states it; null for callers who may not read it.",
    )


@strawberry.type(description="A change of a certificate's state.")
@read_from(CertificateChangeRow, policy=below_parent)
class CertificateChange:
    """See `certgraph.certificates.tables.CertificateChangeRow`."""

    state: CertificateState = column(
        CertificateChangeRow.state, description="The state it came into."
    )
    reason: str = column(CertificateChangeRow.reason, description="Why.")
    changed_by: str = column(
        CertificateChangeRow.changed_by,
        description="Who changed it: a token, a person or the command line.",
    )
    changed_at: datetime = column(CertificateChangeRow.changed_at, description="When.")


def may_read_learner(context: Context) -> bool:
    """Tell whether the caller may know whose a certificate is that its role may read.

    The credit bank needs a scope of its own for that.
    """
    caller = context.caller
    is_credit_bank = caller is not None and caller.role is Role.CREDIT_BANK
    return not is_credit_bank or (caller is not None and caller.reads_learners)


def _holder_name(context: Context, name: str) -> str | None:
    return (name or None) if may_read_learner(context) else None


def _masked_name(context: Context, name: str) -> str:
    return masked_name(name) if may_read_learner(context) else ""


def _reference(context: Context, reference: str | None) -> str | None:
    caller = context.caller
    return reference if caller is not None and caller.role in ISSUED_READERS else None


def _qr_code(
    context: Context,
    payload: bytes,
    signature: bytes | None,
    countersignature: bytes | None,
    public_key: bytes,
) -> QrCode | None:
    if not signature or not may_read_learner(context):
        return None
    signed = assemble_sign1(public_key, TYP, payload, signature, countersignature or None)
    return QrCode(text=to_qr_text(signed, context.settings.public_host))


@strawberry.type(
    description="A certificate 职业技能等级证书 of one person. The programme, its issuer and the "
    "credit bank see it in full; everybody else what is printed on it, the name masked."
)
@read_from(CertificateRow, policy=readable)
class Certificate(Node):
    """See `certgraph.certificates.tables.CertificateRow`."""

    number: str = column(CertificateRow.number, description="Its number, as printed.")
    holder_name: str | None = computed(
        _holder_name,
        CertificateRow.holder_name,
        with_context=True,
        guarded=True,
        description="Full name; null for callers who may not read it (the credit bank by a scope "
        "of its own), and once erased.",
    )
    holder_name_masked: str = computed(
        _masked_name,
        CertificateRow.holder_name,
        with_context=True,
        description="Its first character; empty once erased, and for the credit bank without the "
        "scope to read learners.",
    )
    reference: str | None = computed(
        _reference,
        CertificateRow.reference,
        with_context=True,
        guarded=True,
        description="The organization's own key of the candidate, as it was given; null where none "
        "was, once erased, and for all but that organization and the programme.",
    )
    level: CertificateLevel = column(CertificateRow.level, description="Its level.")
    issued_on: date = column(CertificateRow.issued_on, description="Day of issue, in China.")
    expires_on: date | None = column(
        CertificateRow.expires_on, description="Last valid day; null without end."
    )
    state: CertificateState = column(CertificateRow.state, description="Its state.")
    registration_due_on: date = column(
        CertificateRow.registration_due_on,
        description="Last day for entering it on the platform, rule R39.",
    )
    registration_due_is_provisional: bool = column(
        CertificateRow.registration_due_is_provisional,
        description="Whether the holiday calendar of that year was not out yet.",
    )
    registered_at: datetime | None = column(
        CertificateRow.registered_at,
        description="When it was entered on the platform; null before.",
    )
    is_registered_late: bool = computed(
        is_late,
        CertificateRow.registered_at,
        CertificateRow.registration_due_on,
        CertificateRow.registration_due_is_provisional,
        description="Whether it was entered after its last day; not while that is provisional.",
    )
    registration: RegistrationState | None = column(
        registration_state(TODAY, REGISTRATION_SOON),
        description="It and its last day for being entered, today; soon is within 3 days. Null for "
        "a draft, and for one revoked, suspended or corrected before it was entered.",
    )
    qr_code: QrCode | None = computed(
        _qr_code,
        CertificateRow.payload,
        CertificateRow.signature,
        CertificateRow.countersignature,
        queries.signing_public_key(),
        with_context=True,
        guarded=True,
        description="Its QR code; null for a draft, and where not allowed.",
    )
    organization: Organization = one(
        CertificateRow.organization_id, description="The organization that issued it."
    )
    certificate_type: CertificateType = one(
        CertificateRow.certificate_type_id, description="What it certifies."
    )
    standard_version: StandardVersion = one(
        CertificateRow.standard_version_id, description="The standard the holder met."
    )
    outcomes: list[AchievedOutcome] = many(
        CertificateOutcomeRow.certificate_id,
        order_by=[CertificateOutcomeRow.position],
        with_parent=True,
        description="Learning outcomes achieved.",
    )
    changes: list[CertificateChange] = many(
        CertificateChangeRow.certificate_id,
        order_by=[CertificateChangeRow.changed_at, CertificateChangeRow.id],
        guarded=True,
        description="Its changes of state, oldest first; empty where not allowed.",
    )
    erased_at: datetime | None = column(
        CertificateRow.erased_at, description="When it was erased whose it is."
    )
    supersedes: "Certificate | None" = one(
        CertificateRow.supersedes_id,
        guarded=True,
        description="The certificate that it corrects; null where not allowed.",
    )
    issue_run: Annotated["IssueRun", strawberry.lazy("certgraph.api.graph.certificates")] | None = (
        one(
            CertificateRow.issue_run_id,
            description="The request that issued it; null for callers who may not read it.",
        )
    )
    outcome_record: (
        Annotated["LearningOutcomeRecord", strawberry.lazy("certgraph.api.graph.outcome_records")]
        | None
    ) = one(
        by=OutcomeRecordRow.id,
        description="The learning-outcome record that it embodies; null before it is registered, "
        "and for callers who may not read it.",
    )
    exam_registration: (
        Annotated["ExamRegistration", strawberry.lazy("certgraph.api.graph.exams")] | None
    ) = one(
        CertificateRow.exam_registration_id,
        description="The registration whose result it certifies; null where its organization "
        "examined elsewhere, and for callers who may not read it.",
    )
    superseded_by: "Certificate | None" = one(
        by=CertificateRow.supersedes_id,
        guarded=True,
        description="The certificate that corrects it; null where not allowed.",
    )


@strawberry.type(description="Bytes that wait for the signature of the organization's own key.")
@read_from(CertificateRow, policy=_drafts)
class SigningRequest:
    """See `certgraph.certificates.signing.batches.bytes_to_sign`."""

    certificate_id: strawberry.ID = computed(
        partial(global_id, "Certificate"), CertificateRow.id, description="Which certificate."
    )
    message: str = computed(
        lambda payload, public_key: sign1_message(public_key, TYP, payload).hex(),
        CertificateRow.payload,
        queries.signing_public_key(),
        description="What to sign, in hex, as it is.",
    )


@strawberry.type(description="One request to issue certificates.")
@read_from(IssueRunRow, policy=_runs)
class IssueRun(Node):
    """See `certgraph.certificates.tables.IssueRunRow`."""

    organization: Organization = one(IssueRunRow.organization_id, description="Who issues.")
    key: IssuerKey = one(IssueRunRow.signing_key_id, description="The key that signs.")
    certificate_count: int = column(
        IssueRunRow.certificate_count, description="How many certificates it issues."
    )
    waiting_count: int = column(
        run_queries.waiting_count(), description="How many of them are not signed yet."
    )
    reason: str = column(
        IssueRunRow.reason, description="Why, where it corrects a certificate; empty otherwise."
    )
    requested_at: datetime = column(IssueRunRow.requested_at, description="When it was asked for.")

    certificates: list[Certificate] = many(
        CertificateRow.issue_run_id,
        order_by=[CertificateRow.position],
        description="In the order of the request.",
    )
    to_sign: list[SigningRequest] = many(
        CertificateRow.issue_run_id,
        order_by=[CertificateRow.position],
        description="What still waits for the organization's signature; empty when all is signed.",
    )


@strawberry.type(
    description="How an organization enters its certificates on the platform, rule R39: counts "
    "for itself and for whoever supervises it."
)
@read_from(
    OrganizationRow,
    policy=readers(
        {**ISSUED_READERS, Role.MINISTRY: Relation.ANY, Role.ENTRUSTED_BODY: Relation.ANY},
        OrganizationRow.id,
    ),
)
class RegistrationCounts:
    """See `certgraph.certificates.registration_queries.registration_count`."""

    due_soon: int = column(
        registration_count(RegistrationState.DUE_SOON, TODAY, REGISTRATION_SOON),
        description="To be entered within 3 days.",
    )
    overdue: int = column(
        registration_count(RegistrationState.OVERDUE, TODAY, REGISTRATION_SOON),
        description="Past their last day, and not entered.",
    )
    late: int = column(
        registration_count(RegistrationState.LATE, TODAY, REGISTRATION_SOON),
        description="Entered after their last day.",
    )


_of_runs_organization = of_organization(
    IssueRunRow.organization_id, "Of the organization with this code."
)


@strawberry.type
class CertificateQuery:
    """Reads of certificates."""

    @find(
        of=Certificate | None,
        known=True,
        description="The certificate with this number and holder; null where there is none. "
        "A wrong name answers like a wrong number.",
    )
    def certificate(number: str, holder_name: str) -> Conditions:
        """Yield the conditions that name it; who states both has it in hand.

        Args:
            number: Its number; case, separators, blanks and O for 0 make no difference.
            holder_name: Its holder's name; blanks and dots make no difference.
        """
        yield from queries.is_looked_up(
            through(number, number_key),
            through(number, number_lookup_key),
            through(holder_name, holder_name_key),
        )
        yield CertificateRow.state != CertificateState.DRAFT

    certificates = page(
        of=Connection[Certificate],
        order_by=[CertificateRow.issued_on, CertificateRow.id],
        descending=True,
        description="Certificates that the caller may read, newest first.",
    )(all_of(of_issuer, of_certificate_type, of_certificates, of_candidates))
    issue_runs = page(
        of=Connection[IssueRun],
        order_by=[IssueRunRow.requested_at, IssueRunRow.id],
        descending=True,
        description="Requests to issue that the caller may read, newest first.",
    )(all_of(_of_runs_organization, of_runs))

    @page(
        of=Connection[AchievedOutcome],
        order_by=[CertificateOutcomeRow.certificate_id, CertificateOutcomeRow.position],
        size=100,
        largest=1_000,
        description="Learning outcomes of the certificates that the caller may read, up to 1,000 "
        "a page.",
    )
    def achieved_outcomes() -> Conditions:
        """Yield no conditions."""
        yield from ()
