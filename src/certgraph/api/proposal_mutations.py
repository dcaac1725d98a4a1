"""Mutations on hours rules and proposals: suggested credits, and what is recognized of them."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import strawberry

from certgraph.api.context import Context, Info
from certgraph.api.enums import CertificateLevel, CourseType, Rounding, TokenRole
from certgraph.api.errors import AnyError
from certgraph.api.learning_outcomes import CatalogueEntry, HoursCreditRule
from certgraph.api.mutating import IDEMPOTENCY_KEY, attempt, attempt_once, id_of
from certgraph.api.proposals import CreditRecordProposal
from certgraph.api.reads.declaring import by_key
from certgraph.api.relay import key_of
from certgraph.credit_bank import hours_rules, proposals, recognition
from certgraph.credit_bank.credits import HoursRule, UnitDraft
from certgraph.credit_bank.rules import ProposalState
from certgraph.credit_bank.tables import CatalogueEntryRow, CreditProposalRow, HoursCreditRuleRow
from certgraph.database import Session
from certgraph.organizations.service import organization_named
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, refusal, reject_if

CREDIT_BANK = TokenRole.CREDIT_BANK


@strawberry.input(description="Hours of one credit for a course type, times ten: 160 means 16.")
class HoursCreditRuleLineInput:
    """See `certgraph.credit_bank.tables.HoursCreditRuleLineRow`."""

    course_type: CourseType
    hours_tenths: int


@strawberry.input(description="A version of the hours-to-credits rule; it never changes.")
class HoursCreditRulePublishInput:
    """See `certgraph.credit_bank.credits.HoursRule`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    version: str
    lines: list[HoursCreditRuleLineInput]
    step_tenths: int = strawberry.field(
        description="Credits come in steps of 1, 5 or 10 tenths.", default=1
    )
    rounding: Rounding = Rounding.NEAREST
    source: str = strawberry.field(description="Where it stands.")


@strawberry.input(description="An outcome unit as proposed.")
class OutcomeUnitInput:
    """See `certgraph.credit_bank.credits.UnitDraft`."""

    number: int = strawberry.field(
        description="That of the learning outcome in the standard, where it lists any."
    )
    name: str
    theory_hours: int
    practice_hours: int
    framework_level: int = strawberry.field(description="1 to 10.")
    assessment: str = strawberry.field(description="How it is assessed.")
    content_codes: list[str] = strawberry.field(
        description="Lines of the standard that it covers: 1, 1.1, 1.1.1; with all below them."
    )
    suggested_credits_tenths: int = strawberry.field(description="建议学分, times ten.")
    suggested_reason: str | None = strawberry.field(
        default=None, description="Why they are not what the hours rule gives."
    )


@strawberry.input(description="The draft of a proposal for one level of a standard version.")
class CreditProposalDraftInput:
    """See `certgraph.credit_bank.proposals.ProposalDraft`."""

    organization_code: str
    standard_code: str
    standard_version: str
    level: CertificateLevel
    rule_version: str = strawberry.field(description="Hours rule that credits are suggested by.")
    units: list[OutcomeUnitInput]


@strawberry.input(description="A proposal to give back.")
class CreditProposalReturnInput:
    """See `certgraph.credit_bank.recognition.return_proposal`."""

    id: strawberry.ID
    remarks: str


@strawberry.input(description="Verified credits of a unit, times ten; a reason where not as asked.")
class VerifiedCreditsInput:
    """See `certgraph.credit_bank.recognition.VerifiedCredits`."""

    unit_number: int
    credits_tenths: int
    reason: str | None = None


@strawberry.input(description="A proposal to recognize; units not named are as suggested.")
class CreditProposalRecognizeInput:
    """See `certgraph.credit_bank.recognition.recognize_proposal`."""

    id: strawberry.ID
    credits: list[VerifiedCreditsInput] = strawberry.field(default_factory=list)


HoursCreditRulePublishError = Annotated[AnyError, strawberry.union("HoursCreditRulePublishError")]
CreditProposalDraftError = Annotated[AnyError, strawberry.union("CreditProposalDraftError")]
CreditProposalSubmitError = Annotated[AnyError, strawberry.union("CreditProposalSubmitError")]
CreditProposalVerifyError = Annotated[AnyError, strawberry.union("CreditProposalVerifyError")]
CreditProposalReturnError = Annotated[AnyError, strawberry.union("CreditProposalReturnError")]
CreditProposalRecognizeError = Annotated[AnyError, strawberry.union("CreditProposalRecognizeError")]
CreditProposalPublishError = Annotated[AnyError, strawberry.union("CreditProposalPublishError")]


@strawberry.type
class HoursCreditRulePublishPayload:
    """The rule, or every reason there is none."""

    rule_id: strawberry.Private[UUID | None]
    hours_credit_rule: HoursCreditRule | None = by_key("rule_id")
    errors: list[HoursCreditRulePublishError]


@strawberry.type
class CreditProposalDraftPayload:
    """The proposal, or every reason there is none."""

    proposal_id: strawberry.Private[UUID | None]
    proposal: CreditRecordProposal | None = by_key("proposal_id")
    errors: list[CreditProposalDraftError]


@strawberry.type
class CreditProposalSubmitPayload:
    """The proposal, or every reason against it."""

    proposal_id: strawberry.Private[UUID | None]
    proposal: CreditRecordProposal | None = by_key("proposal_id")
    errors: list[CreditProposalSubmitError]


@strawberry.type
class CreditProposalVerifyPayload:
    """The proposal, or every reason against it."""

    proposal_id: strawberry.Private[UUID | None]
    proposal: CreditRecordProposal | None = by_key("proposal_id")
    errors: list[CreditProposalVerifyError]


@strawberry.type
class CreditProposalReturnPayload:
    """The proposal, or every reason against it."""

    proposal_id: strawberry.Private[UUID | None]
    proposal: CreditRecordProposal | None = by_key("proposal_id")
    errors: list[CreditProposalReturnError]


@strawberry.type
class CreditProposalRecognizePayload:
    """The proposal, or every reason against it."""

    proposal_id: strawberry.Private[UUID | None]
    proposal: CreditRecordProposal | None = by_key("proposal_id")
    errors: list[CreditProposalRecognizeError]


@strawberry.type
class CreditProposalPublishPayload:
    """The entry in the catalogue, or every reason there is none."""

    entry_id: strawberry.Private[UUID | None]
    entry: CatalogueEntry | None = by_key("entry_id")
    errors: list[CreditProposalPublishError]


async def _proposer(
    context: Context, session: Session, code: str | None = None, *path: str
) -> OrganizationRow | None:
    """Return the organization that proposes; None for the admin. Raises `Rejected`, rule R41."""
    caller = context.caller
    if caller and caller.role not in (TokenRole.ORGANIZATION, TokenRole.PROGRAMME_ADMIN):
        raise refusal("proposal.organization_only", role=caller.role)
    return await context.acting_organization(session, code, *path)


async def _own_proposal(
    context: Context, session: Session, id_: strawberry.ID
) -> CreditProposalRow:
    """Return a proposal of the caller's organization; another's answers like an unknown one."""
    organization = await _proposer(context, session)
    row = await recognition.proposal_with_id(session, key_of(id_, "CreditRecordProposal"))
    if organization is not None and row.organization_id != organization.id:
        raise refusal("proposal.not_found", "id")
    return row


Step = Callable[[Session, CreditProposalRow], Awaitable[object]]


async def _credit_bank_step(
    context: Context, id_: strawberry.ID, step: Step
) -> tuple[UUID | None, list[AnyError]]:
    """Let the credit bank take a step; return the proposal's id."""

    async def work(session: Session) -> CreditProposalRow:
        context.require_party(CREDIT_BANK, "proposal.credit_bank_only")
        row = await recognition.proposal_with_id(session, key_of(id_, "CreditRecordProposal"))
        await step(session, row)
        return row

    row, errors = await attempt(context, work)
    return id_of(row), errors


@strawberry.type
class ProposalMutation:
    """Mutations on hours rules and proposals."""

    @strawberry.mutation(description="Publish a version of the hours-to-credits rule. Credit bank.")
    async def hours_credit_rule_publish(
        self, info: Info, input: HoursCreditRulePublishInput
    ) -> HoursCreditRulePublishPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def create(session: Session) -> HoursCreditRuleRow:
            context.require_party(CREDIT_BANK, "hours_rule.credit_bank_only")
            types = [line.course_type for line in input.lines]
            reject_if(
                Problem(code="hours_rule.course_type_repeated", path=("lines", str(index)))
                for index, type_ in enumerate(types)
                if type_ in types[:index]
            )
            rule = HoursRule(
                version=input.version,
                hours_tenths={line.course_type: line.hours_tenths for line in input.lines},
                step_tenths=input.step_tenths,
                rounding=input.rounding,
            )
            return await hours_rules.publish_hours_rule(
                session, rule, source=input.source, now=context.now, random=context.random
            )

        row, errors = await attempt_once(
            context,
            input.idempotency_key,
            input,
            create,
            lambda session, id_: session.get_one(HoursCreditRuleRow, id_),
        )
        return HoursCreditRulePublishPayload(rule_id=id_of(row), errors=errors)

    @strawberry.mutation(
        description="Write the draft of a proposal, rule R41; the same level's draft is replaced, "
        "so that sending it again does no harm. After a return or a publication it is the next "
        "version. The evaluation organization, or the admin for it."
    )
    async def credit_proposal_draft(
        self, info: Info, input: CreditProposalDraftInput
    ) -> CreditProposalDraftPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context
        draft = proposals.ProposalDraft(
            standard_code=input.standard_code,
            standard_version=input.standard_version,
            level=int(input.level),
            rule_version=input.rule_version,
            units=[
                UnitDraft(
                    number=unit.number,
                    name=unit.name,
                    theory_hours=unit.theory_hours,
                    practice_hours=unit.practice_hours,
                    framework_level=unit.framework_level,
                    assessment=unit.assessment,
                    content_codes=unit.content_codes,
                    suggested_tenths=unit.suggested_credits_tenths,
                    reason=unit.suggested_reason,
                )
                for unit in input.units
            ],
        )

        async def work(session: Session) -> CreditProposalRow:
            code = input.organization_code
            organization = await _proposer(context, session, code, "organizationCode")
            if organization is None:
                organization = await organization_named(session, code, "organizationCode")
            return await proposals.draft_proposal(
                session,
                draft,
                organization,
                by=context.by,
                now=context.now,
                random=context.random,
            )

        row, errors = await attempt(context, work)
        return CreditProposalDraftPayload(proposal_id=id_of(row), errors=errors)

    @strawberry.mutation(
        description="Hand a draft to the credit bank; late ones are taken and marked, rule R41."
    )
    async def credit_proposal_submit(
        self, info: Info, id: strawberry.ID
    ) -> CreditProposalSubmitPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> CreditProposalRow:
            row = await _own_proposal(context, session, id)
            return await proposals.submit_proposal(
                session, row, by=context.by, now=context.now, random=context.random
            )

        row, errors = await attempt(context, work)
        return CreditProposalSubmitPayload(proposal_id=id_of(row), errors=errors)

    @strawberry.mutation(description="Begin to verify 核定 a submitted proposal. Credit bank.")
    async def credit_proposal_verify(
        self, info: Info, id: strawberry.ID
    ) -> CreditProposalVerifyPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context
        proposal_id, errors = await _credit_bank_step(
            context,
            id,
            lambda session, row: proposals.take_step(
                session,
                row,
                ProposalState.UNDER_VERIFICATION,
                by=context.by,
                now=context.now,
                random=context.random,
            ),
        )
        return CreditProposalVerifyPayload(proposal_id=proposal_id, errors=errors)

    @strawberry.mutation(description="Return a proposal with remarks. Credit bank.")
    async def credit_proposal_return(
        self, info: Info, input: CreditProposalReturnInput
    ) -> CreditProposalReturnPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context
        proposal_id, errors = await _credit_bank_step(
            context,
            input.id,
            lambda session, row: recognition.return_proposal(
                session,
                row,
                input.remarks,
                by=context.by,
                now=context.now,
                random=context.random,
            ),
        )
        return CreditProposalReturnPayload(proposal_id=proposal_id, errors=errors)

    @strawberry.mutation(description="Recognize 认定 the credits of a proposal. Credit bank.")
    async def credit_proposal_recognize(
        self, info: Info, input: CreditProposalRecognizeInput
    ) -> CreditProposalRecognizePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context
        verified = [
            recognition.VerifiedCredits(
                unit_number=credit.unit_number,
                credits_tenths=credit.credits_tenths,
                reason=credit.reason,
            )
            for credit in input.credits
        ]
        proposal_id, errors = await _credit_bank_step(
            context,
            input.id,
            lambda session, row: recognition.recognize_proposal(
                session,
                row,
                verified,
                by=context.by,
                now=context.now,
                random=context.random,
            ),
        )
        return CreditProposalRecognizePayload(proposal_id=proposal_id, errors=errors)

    @strawberry.mutation(description="Enter a recognized outcome in the catalogue. Credit bank.")
    async def credit_proposal_publish(
        self, info: Info, id: strawberry.ID
    ) -> CreditProposalPublishPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> CatalogueEntryRow:
            context.require_party(CREDIT_BANK, "proposal.credit_bank_only")
            row = await recognition.proposal_with_id(session, key_of(id, "CreditRecordProposal"))
            return await recognition.publish_proposal(
                session, row, by=context.by, now=context.now, random=context.random
            )

        row, errors = await attempt(context, work)
        return CreditProposalPublishPayload(entry_id=id_of(row), errors=errors)
