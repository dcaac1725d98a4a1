"""Hours rules, proposals, their deadlines, and the catalogue of learning outcomes in the graph."""

from datetime import date, datetime

import strawberry

from certgraph.api.context import Context
from certgraph.api.enums import (
    CertificateLevel,
    CourseType,
    DeadlineState,
    ProposalState,
    Rounding,
    TokenRole,
)
from certgraph.api.organizations import Organization
from certgraph.api.reads.arguments import CALLER_ORGANIZATION, SOON, TODAY
from certgraph.api.reads.declarations import Condition, Conditions
from certgraph.api.reads.declaring import column, find, many, one, page, read_from
from certgraph.api.relay import Connection, Node
from certgraph.api.standards import CertificateType, StandardVersion
from certgraph.credit_bank import queries
from certgraph.credit_bank.proposals import keep_deadlines
from certgraph.credit_bank.tables import (
    CatalogueEntryRow,
    CreditProposalChangeRow,
    CreditProposalDeadlineRow,
    CreditProposalRow,
    CreditProposalVersionRow,
    HoursCreditRuleLineRow,
    HoursCreditRuleRow,
    OutcomeUnitContentRow,
    OutcomeUnitRow,
    ProposalDifferenceRow,
)
from certgraph.standards.tables import StandardContentRow


async def _keep_deadlines(context: Context, _arguments: object, _place: object) -> None:
    """Record the deadlines of what was announced since."""
    async with context.sessions.begin() as session:
        await keep_deadlines(session, random=context.random)


TENTHS = "Credits times ten: 15 means 1.5."


def _proposals(role: TokenRole | None) -> bool | Condition:
    if role is TokenRole.ORGANIZATION:
        return CreditProposalRow.organization_id == CALLER_ORGANIZATION
    return role in (TokenRole.PROGRAMME_ADMIN, TokenRole.CREDIT_BANK)


def _deadlines(role: TokenRole | None) -> bool | Condition:
    if role is TokenRole.ORGANIZATION:
        return queries.type_organization(
            CALLER_ORGANIZATION, CreditProposalDeadlineRow.certificate_type_id
        )
    return role in (TokenRole.PROGRAMME_ADMIN, TokenRole.CREDIT_BANK)


@strawberry.type(description="Hours of one credit for a course type.")
@read_from(HoursCreditRuleLineRow)
class HoursCreditRuleLine:
    """See `certgraph.credit_bank.tables.HoursCreditRuleLineRow`."""

    course_type: CourseType = column(HoursCreditRuleLineRow.course_type)
    hours_tenths: int = column(
        HoursCreditRuleLineRow.hours_tenths, description="Hours times ten: 160 means 16."
    )


@strawberry.type(description="A version of the hours-to-credits rule 学时学分记录规则, rule S09.")
@read_from(HoursCreditRuleRow)
class HoursCreditRule(Node):
    """See `certgraph.credit_bank.tables.HoursCreditRuleRow`."""

    version: str = column(HoursCreditRuleRow.version)
    step_tenths: int = column(
        HoursCreditRuleRow.step_tenths, description="Step of credits, in tenths."
    )
    rounding: Rounding = column(HoursCreditRuleRow.rounding)
    source: str = column(HoursCreditRuleRow.source, description="Where it stands.")
    recorded_at: datetime = column(HoursCreditRuleRow.recorded_at)
    lines: list[HoursCreditRuleLine] = many(
        HoursCreditRuleLineRow.rule_id, order_by=[HoursCreditRuleLineRow.course_type]
    )


@strawberry.type(description="A line of a standard: work area, work task or skill requirement.")
@read_from(StandardContentRow)
class StandardLine:
    """See `certgraph.standards.tables.StandardContentRow`."""

    code: str = column(
        StandardContentRow.code, description="1 a work area, 1.1 a task, 1.1.1 a requirement."
    )
    text: str = column(StandardContentRow.text)


@strawberry.type(description="An outcome unit 认证单元: what a learning outcome is made of.")
@read_from(OutcomeUnitRow)
class OutcomeUnit:
    """See `certgraph.credit_bank.tables.OutcomeUnitRow`."""

    number: int = column(OutcomeUnitRow.number)
    name: str = column(OutcomeUnitRow.name)
    theory_hours: int = column(OutcomeUnitRow.theory_hours)
    practice_hours: int = column(OutcomeUnitRow.practice_hours)
    framework_level: int = column(
        OutcomeUnitRow.framework_level, description="1 to 10 in the learning outcomes framework."
    )
    assessment: str = column(OutcomeUnitRow.assessment, description="How it is assessed.")
    rule_credits_tenths: int = column(
        OutcomeUnitRow.rule_tenths, description="What the hours rule gives, times ten."
    )
    suggested_credits_tenths: int = column(
        OutcomeUnitRow.suggested_tenths, description="建议学分, times ten."
    )
    suggested_reason: str | None = column(OutcomeUnitRow.suggested_reason)
    verified_credits_tenths: int | None = column(
        OutcomeUnitRow.verified_tenths, description="核定学分, times ten; null before."
    )
    verified_reason: str | None = column(OutcomeUnitRow.verified_reason)
    covers: list[StandardLine] = many(
        OutcomeUnitContentRow.unit_id,
        through=OutcomeUnitContentRow.content_id,
        order_by=[StandardContentRow.position],
        description="Work areas, tasks and skill requirements of the standard that it covers.",
    )


@strawberry.type(description="What a version of a proposal says otherwise than the one before.")
@read_from(ProposalDifferenceRow)
class ProposalDifference:
    """See `certgraph.credit_bank.tables.ProposalDifferenceRow`."""

    unit_number: int | None = column(ProposalDifferenceRow.unit_number)
    field: str = column(
        ProposalDifferenceRow.field,
        description="Of the unit; `unit` where it came or went, `rule` for the hours rule.",
    )
    before: str | None = column(ProposalDifferenceRow.before)
    after: str | None = column(ProposalDifferenceRow.after)


@strawberry.type(description="A version of a proposal; once submitted it stays as it is.")
@read_from(CreditProposalVersionRow)
class CreditRecordProposalVersion:
    """See `certgraph.credit_bank.tables.CreditProposalVersionRow`."""

    number: int = column(CreditProposalVersionRow.number)
    submitted_at: datetime | None = column(CreditProposalVersionRow.submitted_at)
    remarks: str | None = column(
        CreditProposalVersionRow.remarks, description="Why the credit bank returned it."
    )
    hours_credit_rule: HoursCreditRule = one(CreditProposalVersionRow.rule_id)
    units: list[OutcomeUnit] = many(OutcomeUnitRow.version_id, order_by=[OutcomeUnitRow.number])
    differences: list[ProposalDifference] = many(
        ProposalDifferenceRow.version_id,
        order_by=[ProposalDifferenceRow.position],
        description="From the version before; empty for the first, and for a draft.",
    )


@strawberry.type(description="A step of a proposal.")
@read_from(CreditProposalChangeRow)
class CreditRecordProposalStep:
    """See `certgraph.credit_bank.tables.CreditProposalChangeRow`."""

    version: int = column(CreditProposalChangeRow.version)
    state: ProposalState = column(CreditProposalChangeRow.state)
    remarks: str | None = column(CreditProposalChangeRow.remarks)
    changed_at: datetime = column(CreditProposalChangeRow.changed_at)


@strawberry.type(
    description="A credit-record proposal 学分记录建议方案 for one level of a standard version, "
    "rule R41. Its organization, the credit bank and the programme see it."
)
@read_from(CreditProposalRow, policy=_proposals)
class CreditRecordProposal(Node):
    """See `certgraph.credit_bank.tables.CreditProposalRow`."""

    level: CertificateLevel = column(CreditProposalRow.level)
    state: ProposalState = column(CreditProposalRow.state)
    version: int = column(CreditProposalRow.version, description="Number of its latest version.")
    due_on: date | None = column(
        CreditProposalRow.due_on,
        description="Last day, rule R41; null before it is submitted, and without a deadline.",
    )
    is_late: bool | None = column(
        CreditProposalRow.is_late, description="Whether it came late; null before it came."
    )
    updated_at: datetime = column(CreditProposalRow.updated_at)
    organization: Organization = one(CreditProposalRow.organization_id)
    certificate_type: CertificateType = one(CreditProposalRow.certificate_type_id)
    standard_version: StandardVersion = one(CreditProposalRow.standard_version_id)
    versions: list[CreditRecordProposalVersion] = many(
        CreditProposalVersionRow.proposal_id, order_by=[CreditProposalVersionRow.number]
    )
    steps: list[CreditRecordProposalStep] = many(
        CreditProposalChangeRow.proposal_id,
        order_by=[CreditProposalChangeRow.changed_at, CreditProposalChangeRow.id],
    )


@strawberry.type(description="Until when credits are to be proposed for a level of a certificate.")
@read_from(CreditProposalDeadlineRow, policy=_deadlines)
class CreditProposalDeadline:
    """See `certgraph.credit_bank.tables.CreditProposalDeadlineRow`."""

    certificate_type: CertificateType = one(CreditProposalDeadlineRow.certificate_type_id)
    level: CertificateLevel = column(CreditProposalDeadlineRow.level)
    due_on: date = column(
        CreditProposalDeadlineRow.due_on,
        description="Corresponding day of the month after the announcement; Civil Code 202, 203.",
    )
    is_provisional: bool = column(
        CreditProposalDeadlineRow.is_provisional,
        description="Whether the holiday calendar of that year was not out yet.",
    )
    submitted_on: date | None = column(CreditProposalDeadlineRow.submitted_on)
    state: DeadlineState = column(
        queries.deadline_state(TODAY, SOON), description="Today; soon is within 14 days."
    )


@strawberry.type(
    description="An edition of a learning outcome in the catalogue 学习成果名录, with its "
    "recognized credits 认定学分."
)
@read_from(CatalogueEntryRow)
class CatalogueEntry(Node):
    """See `certgraph.credit_bank.tables.CatalogueEntryRow`."""

    code: str = column(CatalogueEntryRow.code, description="Certificate type and level.")
    edition: int = column(CatalogueEntryRow.edition)
    level: CertificateLevel = column(CatalogueEntryRow.level)
    credits_tenths: int = column(CatalogueEntryRow.credits_tenths, description=TENTHS)
    first_on: date = column(
        CatalogueEntryRow.first_on,
        description="It holds for certificates issued from this day on; the first edition for "
        "earlier ones, too.",
    )
    last_on: date | None = column(CatalogueEntryRow.last_on, description="Last such day.")
    published_at: datetime = column(CatalogueEntryRow.published_at)
    certificate_type: CertificateType = one(CatalogueEntryRow.certificate_type_id)
    standard_version: StandardVersion = one(CatalogueEntryRow.standard_version_id)
    units: list[OutcomeUnit] = many(
        OutcomeUnitRow.version_id,
        parent=[CatalogueEntryRow.proposal_version_id],
        order_by=[OutcomeUnitRow.number],
    )


@strawberry.type
class CreditBankQuery:
    """Reads of proposals and the catalogue."""

    @page(
        of=Connection[HoursCreditRule],
        order_by=[HoursCreditRuleRow.version],
        description="Versions of the hours-to-credits rule.",
    )
    def hours_credit_rules() -> Conditions:
        """Yield no conditions."""
        yield from ()

    @find(of=HoursCreditRule | None, description="A version of the hours-to-credits rule.")
    def hours_credit_rule(version: str) -> Conditions:
        """Yield the condition that names it."""
        yield HoursCreditRuleRow.version == version

    @page(
        of=Connection[CreditRecordProposal],
        order_by=[CreditProposalRow.updated_at, CreditProposalRow.id],
        descending=True,
        description="Proposals that the caller may read, lately changed ones first.",
    )
    def credit_record_proposals(
        *,
        organization_code: str | None = None,
        certificate_type_code: str | None = None,
        state: ProposalState | None = None,
        is_late: bool | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters."""
        if organization_code is not None:
            yield queries.is_of_organization(CreditProposalRow.organization_id, organization_code)
        if certificate_type_code is not None:
            yield queries.is_of_type(CreditProposalRow.certificate_type_id, certificate_type_code)
        if state is not None:
            yield CreditProposalRow.state == state
        if is_late is not None:
            yield CreditProposalRow.is_late == is_late

    @page(
        of=Connection[CreditProposalDeadline],
        order_by=[CreditProposalDeadlineRow.due_on, CreditProposalDeadlineRow.id],
        check=_keep_deadlines,
        description="Deadlines for proposals, rule R41, earliest first: DUE_SOON and OVERDUE are "
        "what is to be done. An organization sees those of its certificates.",
    )
    def credit_proposal_deadlines(
        state: DeadlineState | None = None, certificate_type_code: str | None = None
    ) -> Conditions:
        """Yield the conditions of the filters."""
        if state is not None:
            yield queries.deadline_state(TODAY, SOON) == state
        if certificate_type_code is not None:
            yield queries.is_of_type(
                CreditProposalDeadlineRow.certificate_type_id, certificate_type_code
            )

    @page(
        of=Connection[CatalogueEntry],
        order_by=[CatalogueEntryRow.code, CatalogueEntryRow.edition],
        description="The catalogue of learning outcomes 学习成果名录 with its history.",
    )
    def learning_outcome_catalogue(
        certificate_type_code: str | None = None,
        level: CertificateLevel | None = None,
        code: str | None = None,
        holds_on: date | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters."""
        if certificate_type_code is not None:
            yield queries.is_of_type(CatalogueEntryRow.certificate_type_id, certificate_type_code)
        if level is not None:
            yield CatalogueEntryRow.level == level
        if code is not None:
            yield CatalogueEntryRow.code == code
        if holds_on is not None:
            yield queries.holds_on(holds_on)
