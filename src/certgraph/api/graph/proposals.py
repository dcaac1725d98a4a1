"""Proposals and their deadlines in the graph."""

from datetime import date, datetime

import strawberry

from certgraph.actions.parties import Relation
from certgraph.api.context import Context
from certgraph.api.graph.enums import (
    CertificateLevel,
    DeadlineState,
    ProposalState,
    Role,
)
from certgraph.api.graph.learning_outcomes import CatalogueEntry, HoursCreditRule, OutcomeUnit
from certgraph.api.graph.organizations import Organization
from certgraph.api.graph.standards import CertificateType, StandardVersion
from certgraph.api.reads.arguments import CALLER_ORGANIZATION, TODAY, day_of_request, is_one_of
from certgraph.api.reads.declarations import Condition, Conditions, below_parent
from certgraph.api.reads.declaring import column, many, one, page, read_from
from certgraph.api.reads.policies import readers
from certgraph.api.relay import Connection, Node
from certgraph.credit_bank.proposals import queries
from certgraph.credit_bank.proposals.deadlines import keep_deadlines
from certgraph.credit_bank.proposals.tables import (
    CatalogueEntryRow,
    CreditProposalChangeRow,
    CreditProposalDeadlineRow,
    CreditProposalRow,
    CreditProposalVersionRow,
    OutcomeUnitRow,
    ProposalDifferenceRow,
)
from certgraph.credit_bank.rules import DUE_SOON_DAYS
from certgraph.organizations.queries import is_of_organization
from certgraph.standards.queries import is_of_type, type_organization


async def _keep_deadlines(context: Context, _arguments: object, _place: object) -> None:
    """Record the deadlines of what was announced since, for callers who may see some."""
    if context.caller is None or _deadlines(context.caller.role) is False:
        return
    async with context.sessions.begin() as session:
        await keep_deadlines(session, random=context.random)


SOON = day_of_request("soon", DUE_SOON_DAYS)
"""The last day that is soon, by then."""

_ALL = {Role.OPERATOR: Relation.ANY, Role.CREDIT_BANK: Relation.ANY}
_proposals = readers(
    {Role.EVALUATION_ORGANIZATION: Relation.OWN, **_ALL}, CreditProposalRow.organization_id
)


def _deadlines(role: Role | None) -> bool | Condition:
    if role is Role.EVALUATION_ORGANIZATION:
        return type_organization(CALLER_ORGANIZATION, CreditProposalDeadlineRow.certificate_type_id)
    return role in _ALL


@strawberry.type(description="What a version of a proposal says otherwise than the one before.")
@read_from(ProposalDifferenceRow, policy=below_parent)
class ProposalDifference:
    """See `certgraph.credit_bank.proposals.tables.ProposalDifferenceRow`."""

    unit_number: int | None = column(
        ProposalDifferenceRow.unit_number, description="Which unit; null for the proposal."
    )
    field: str = column(
        ProposalDifferenceRow.field,
        description="Of the unit; `unit` where it came or went, `rule` for the hours rule.",
    )
    before: str | None = column(
        ProposalDifferenceRow.before, description="As it was; null where there was none."
    )
    after: str | None = column(
        ProposalDifferenceRow.after, description="As it is; null where there is none."
    )


@strawberry.type(description="A version of a proposal; once submitted it stays as it is.")
@read_from(CreditProposalVersionRow, policy=below_parent)
class CreditProposalVersion:
    """See `certgraph.credit_bank.proposals.tables.CreditProposalVersionRow`."""

    number: int = column(CreditProposalVersionRow.number, description="Its number, from 1.")
    submitted_at: datetime | None = column(
        CreditProposalVersionRow.submitted_at,
        description="When it was submitted; null for a draft.",
    )
    remarks: str | None = column(
        CreditProposalVersionRow.remarks, description="Why the credit bank returned it."
    )
    hours_credit_rule: HoursCreditRule = one(
        CreditProposalVersionRow.rule_id, description="The hours rule that it goes by."
    )
    units: list[OutcomeUnit] = many(
        OutcomeUnitRow.version_id,
        order_by=[OutcomeUnitRow.number],
        description="The outcome units 认证单元 that it is made of.",
    )
    catalogue_entry: CatalogueEntry | None = one(
        by=CatalogueEntryRow.proposal_version_id,
        description="The edition of the catalogue that was published of it; null before.",
    )
    differences: list[ProposalDifference] = many(
        ProposalDifferenceRow.version_id,
        order_by=[ProposalDifferenceRow.position],
        description="From the version before; empty for the first, and for a draft.",
    )


@strawberry.type(description="A step of a proposal.")
@read_from(CreditProposalChangeRow, policy=below_parent)
class CreditProposalStep:
    """See `certgraph.credit_bank.proposals.tables.CreditProposalChangeRow`."""

    version: int = column(CreditProposalChangeRow.version, description="Of which version.")
    state: ProposalState = column(
        CreditProposalChangeRow.state, description="The state it came into."
    )
    remarks: str | None = column(
        CreditProposalChangeRow.remarks, description="What was said with it."
    )
    changed_at: datetime = column(CreditProposalChangeRow.changed_at, description="When.")


@strawberry.type(
    description="A credit-record proposal 学分记录建议方案 for one level of a standard version, "
    "rule R41. Its organization, the credit bank and the programme see it."
)
@read_from(CreditProposalRow, policy=_proposals)
class CreditProposal(Node):
    """See `certgraph.credit_bank.proposals.tables.CreditProposalRow`."""

    level: CertificateLevel = column(CreditProposalRow.level, description="For which level.")
    state: ProposalState = column(CreditProposalRow.state, description="Where it is in its walk.")
    version: int = column(CreditProposalRow.version, description="Number of its latest version.")
    due_on: date | None = column(
        CreditProposalRow.due_on,
        description="Last day, rule R41; null before it is submitted, and without a deadline.",
    )
    is_late: bool | None = column(
        CreditProposalRow.is_late, description="Whether it came late; null before it came."
    )
    updated_at: datetime = column(CreditProposalRow.updated_at, description="When it last changed.")
    organization: Organization = one(CreditProposalRow.organization_id, description="Who proposes.")
    certificate_type: CertificateType = one(
        CreditProposalRow.certificate_type_id, description="For which certificate type."
    )
    standard_version: StandardVersion = one(
        CreditProposalRow.standard_version_id, description="For which version of its standard."
    )
    versions: list[CreditProposalVersion] = many(
        CreditProposalVersionRow.proposal_id,
        order_by=[CreditProposalVersionRow.number],
        description="Its versions, oldest first.",
    )
    steps: list[CreditProposalStep] = many(
        CreditProposalChangeRow.proposal_id,
        order_by=[CreditProposalChangeRow.changed_at, CreditProposalChangeRow.id],
        description="Its steps, oldest first.",
    )


@strawberry.type(description="Until when credits are to be proposed for a level of a certificate.")
@read_from(CreditProposalDeadlineRow, policy=_deadlines)
class CreditProposalDeadline(Node):
    """See `certgraph.credit_bank.proposals.tables.CreditProposalDeadlineRow`."""

    certificate_type: CertificateType = one(
        CreditProposalDeadlineRow.certificate_type_id, description="For which certificate type."
    )
    level: CertificateLevel = column(
        CreditProposalDeadlineRow.level, description="For which level."
    )
    due_on: date = column(
        CreditProposalDeadlineRow.due_on,
        description="Corresponding day of the month after the announcement; Civil Code 202, 203.",
    )
    is_provisional: bool = column(
        CreditProposalDeadlineRow.is_provisional,
        description="Whether the holiday calendar of that year was not out yet.",
    )
    submitted_on: date | None = column(
        CreditProposalDeadlineRow.submitted_on, description="When one was; null before."
    )
    proposals: list[CreditProposal] = many(
        CreditProposalRow.certificate_type_id,
        CreditProposalRow.level,
        parent=[CreditProposalDeadlineRow.certificate_type_id, CreditProposalDeadlineRow.level],
        order_by=[CreditProposalRow.updated_at, CreditProposalRow.id],
        description="Proposals for it, drafts included, as far as the caller may read.",
    )
    state: DeadlineState = column(
        queries.deadline_state(TODAY, SOON), description="Today; soon is within 14 days."
    )


@strawberry.type
class ProposalQuery:
    """Reads of proposals and their deadlines."""

    @page(
        of=Connection[CreditProposal],
        order_by=[CreditProposalRow.updated_at, CreditProposalRow.id],
        descending=True,
        description="Proposals that the caller may read, lately changed ones first.",
    )
    def credit_proposals(
        *,
        organization_code: str | None = None,
        certificate_type_code: str | None = None,
        state: ProposalState | None = None,
        states: list[ProposalState] | None = None,
        level: CertificateLevel | None = None,
        is_late: bool | None = None,
        updated_since: datetime | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            organization_code: Of the organization with this code.
            certificate_type_code: For the certificate type with this code.
            state: In this state.
            states: In one of these states.
            level: For this level.
            is_late: Whether it was submitted late.
            updated_since: Changed at this time or later: what to ask for again and again.
        """
        if states is not None:
            yield is_one_of(CreditProposalRow.state, states)
        if level is not None:
            yield CreditProposalRow.level == level
        if updated_since is not None:
            yield CreditProposalRow.updated_at >= updated_since
        if organization_code is not None:
            yield is_of_organization(CreditProposalRow.organization_id, organization_code)
        if certificate_type_code is not None:
            yield is_of_type(CreditProposalRow.certificate_type_id, certificate_type_code)
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
        state: DeadlineState | None = None,
        certificate_type_code: str | None = None,
        due_to: date | None = None,
    ) -> Conditions:
        """Yield the conditions of the filters.

        Args:
            state: In this state, today.
            certificate_type_code: For the certificate type with this code.
            due_to: Due on this day or earlier.
        """
        if due_to is not None:
            yield CreditProposalDeadlineRow.due_on <= due_to
        if state is not None:
            yield queries.deadline_state(TODAY, SOON) == state
        if certificate_type_code is not None:
            yield is_of_type(CreditProposalDeadlineRow.certificate_type_id, certificate_type_code)
