"""Exams in the graph: plans, who is registered, results; coverage by sites, students without."""

import json
from datetime import date, datetime
from uuid import UUID

import strawberry

from certgraph.api.graph.certificates import Certificate
from certgraph.api.graph.enums import CertificateLevel, DocumentType, ExamPlanOrder, Role
from certgraph.api.graph.filings import Filing
from certgraph.api.graph.filters import of_organization, of_type
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.participations import Participation
from certgraph.api.graph.programme_enums import (
    CandidateKind,
    ExamPlanState,
    ExamRegistrationState,
    Payer,
)
from certgraph.api.graph.standards import CertificateType
from certgraph.api.reads.arguments import CALLER_ORGANIZATION, NOW, through
from certgraph.api.reads.declarations import Condition, Conditions, below_parent
from certgraph.api.reads.declaring import (
    all_of,
    column,
    computed,
    many,
    one,
    ordered,
    page,
    read_from,
)
from certgraph.api.relay import Connection, Node, key_of
from certgraph.assessment import queries
from certgraph.assessment.tables import ExamPlanChangeRow, ExamPlanRow, ExamRegistrationRow
from certgraph.certificates.tables import CertificateRow
from certgraph.organizations.queries import (
    is_of_organization,
)


@strawberry.type(description="A step of a plan of an exam.")
@read_from(ExamPlanChangeRow, policy=below_parent)
class ExamPlanStep:
    """See `certgraph.assessment.tables.ExamPlanChangeRow`."""

    state: ExamPlanState = column(ExamPlanChangeRow.state, description="Into which state.")
    remarks: str = column(ExamPlanChangeRow.remarks, description="Why; empty: not said.")
    changed_at: datetime = column(ExamPlanChangeRow.changed_at, description="When.")


@strawberry.type(
    description="An exam at a site 考核计划: published once scheme, site, activity and fee are in "
    "effect; everybody reads it."
)
@read_from(ExamPlanRow, policy=lambda _role: True)
class ExamPlan(Node):
    """See `certgraph.assessment.tables.ExamPlanRow`."""

    organization: Organization = one(ExamPlanRow.organization_id, description="Who examines.")
    certificate_type: CertificateType = one(
        ExamPlanRow.certificate_type_id, description="For which certificate type."
    )
    level: CertificateLevel = column(ExamPlanRow.level, description="At which level.")
    authority: Organization = one(
        ExamPlanRow.authority_id, description="Authority of the site's province."
    )
    scheme: Filing | None = one(ExamPlanRow.scheme_id, description="Its assessment scheme (R23).")
    site: Filing | None = one(ExamPlanRow.site_id, description="Its site (R26).")
    activity: Filing | None = one(
        ExamPlanRow.activity_id, description="The activity that its province filed (R03)."
    )
    fee: Filing | None = one(
        ExamPlanRow.fee_id, description="The fee on the day on which registration opens (R33)."
    )
    registration_opens_at: datetime = column(
        ExamPlanRow.registration_opens_at, description="When registration opens."
    )
    registration_closes_at: datetime = column(
        ExamPlanRow.registration_closes_at, description="First instant at which it is closed."
    )
    starts_at: datetime = column(ExamPlanRow.starts_at, description="When the exam begins.")
    ends_at: datetime = column(ExamPlanRow.ends_at, description="When it ends.")
    capacity: int = column(ExamPlanRow.capacity, description="How many candidates it takes.")
    registered_count: int = column(
        queries.registered_count(), description="How many are registered."
    )
    passed_count: int | None = column(
        queries.passed_count(), description="How many passed; null before results are announced."
    )
    state: ExamPlanState = column(queries.plan_state(NOW), description="Where it is, now.")
    notice_first_on: date | None = column(
        ExamPlanRow.notice_first_on, description="First day of the public notice of results."
    )
    notice_last_on: date | None = column(
        ExamPlanRow.notice_last_on, description="Last day of the public notice."
    )
    published_at: datetime = column(ExamPlanRow.published_at, description="When published.")
    steps: list[ExamPlanStep] = many(
        ExamPlanChangeRow.plan_id,
        order_by=[ExamPlanChangeRow.changed_at, ExamPlanChangeRow.id],
        description="Its steps, oldest first.",
    )


def _registrations(role: Role | None) -> bool | Condition:
    """Let read who is registered: whoever registered or examines them, and their authorities."""
    row = ExamRegistrationRow
    if role is Role.OPERATOR:
        return True
    mine = row.organization_id == CALLER_ORGANIZATION
    if role is Role.PILOT_INSTITUTION:
        return mine
    of_plan = queries.is_party_of_plan(row.plan_id, CALLER_ORGANIZATION)
    if role in (Role.EVALUATION_ORGANIZATION, Role.APPROVER):
        return of_plan
    if role is Role.PROVINCIAL_AUTHORITY:
        return of_plan | queries.is_of_supervised(CALLER_ORGANIZATION)
    return False


@strawberry.type(
    description="Somebody's registration for an exam 考核报名, and the result. Read by whoever "
    "registered or examines them, and by the authorities of both."
)
@read_from(ExamRegistrationRow, policy=_registrations)
class ExamRegistration(Node):
    """See `certgraph.assessment.tables.ExamRegistrationRow`."""

    plan: ExamPlan = one(ExamRegistrationRow.plan_id, description="For which exam.")
    organization: Organization = one(
        ExamRegistrationRow.organization_id, description="Who registered it."
    )
    kind: CandidateKind = column(ExamRegistrationRow.kind, description="Student or other.")
    participation: Participation | None = one(
        ExamRegistrationRow.participation_id, description="Of a student: of which participation."
    )
    holder_name: str = column(
        ExamRegistrationRow.holder_name, description="The name; empty once erased."
    )
    document_type: DocumentType = column(
        ExamRegistrationRow.document_type, description="Kind of identity document."
    )
    declared_voluntary_on: date | None = column(
        ExamRegistrationRow.declared_voluntary_on,
        description="When a student declared to take part of their own will (I4).",
    )
    payer: Payer = column(ExamRegistrationRow.payer, description="Who pays.")
    amount_fen: int | None = column(
        ExamRegistrationRow.amount_fen,
        description="The fee, in fen; null of people of society: the organization's own.",
    )
    state: ExamRegistrationState = column(ExamRegistrationRow.state, description="Its result.")
    registered_at: datetime = column(ExamRegistrationRow.registered_at, description="When.")
    marks_tenths: list[int] | None = computed(
        lambda stated: None if stated is None else json.loads(stated),
        ExamRegistrationRow.marks_tenths,
        description="Tenths of marks, a part of the scheme each; null without a result.",
    )
    total_hundredths: int | None = column(
        ExamRegistrationRow.total_hundredths,
        description="The weighted total, in hundredths of a percent, rounded down.",
    )
    certificates: list[Certificate] = many(
        CertificateRow.exam_registration_id,
        order_by=[CertificateRow.issued_on, CertificateRow.id],
        description="Certificates of its result: one, and its corrections.",
    )


def _of_plans(
    level: CertificateLevel | None = None,
    authority_code: str | None = None,
    state: ExamPlanState | None = None,
    starts_from: datetime | None = None,
    starts_before: datetime | None = None,
) -> Conditions:
    """Yield the conditions of the filters.

    Args:
        level: At this level.
        authority_code: In the province of the authority with this code.
        state: In this state, now.
        starts_from: Whose exam begins at this instant or later.
        starts_before: Whose exam begins before this instant.
    """
    if level is not None:
        yield ExamPlanRow.level == level
    if authority_code is not None:
        yield is_of_organization(ExamPlanRow.authority_id, authority_code)
    if state is not None:
        yield from queries.is_in_state(state, NOW)
    if starts_from is not None:
        yield ExamPlanRow.starts_at >= starts_from
    if starts_before is not None:
        yield ExamPlanRow.starts_at < starts_before


def _plan_key(plan_id: strawberry.ID) -> UUID | None:
    return key_of(plan_id, "ExamPlan")


@strawberry.type
class ExamQuery:
    """Reads of exams."""

    exam_plans = page(
        of=Connection[ExamPlan],
        order_by=[ExamPlanRow.starts_at, ExamPlanRow.id],
        descending=True,
        orders={
            ExamPlanOrder.EARLIEST: ordered(ExamPlanRow.starts_at, ExamPlanRow.id),
            ExamPlanOrder.LATEST: ordered(ExamPlanRow.starts_at, ExamPlanRow.id, descending=True),
        },
        description="Plans of exams, latest exam first if no other order is asked for.",
    )(
        all_of(
            _of_plans,
            of_organization(ExamPlanRow.organization_id, "Of the organization with this code."),
            of_type(ExamPlanRow.certificate_type_id, "For the certificate type with this code."),
        )
    )

    @page(
        of=Connection[ExamRegistration],
        order_by=[ExamRegistrationRow.registered_at, ExamRegistrationRow.id],
        size=100,
        largest=1_000,
        description="Registrations that the caller may read, oldest first, up to 1,000 a page.",
    )
    def exam_registrations(
        *,
        plan_id: strawberry.ID | None = None,
        state: ExamRegistrationState | None = None,
        organization_code: str | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            plan_id: For this exam.
            state: In this state.
            organization_code: Registered by the organization with this code.
        """
        if plan_id is not None:
            yield queries.of_plan(through(plan_id, _plan_key))
        if state is not None:
            yield ExamRegistrationRow.state == state
        if organization_code is not None:
            yield is_of_organization(ExamRegistrationRow.organization_id, organization_code)
