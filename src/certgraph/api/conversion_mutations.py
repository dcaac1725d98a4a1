"""Mutations on conversion: measures filed and published, applications through their steps."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from certgraph.api.context import Context, Info
from certgraph.api.conversion import ConversionApplication, ConversionMeasure
from certgraph.api.enums import ApplicationState, CertificateLevel, TokenRole
from certgraph.api.errors import AnyError
from certgraph.api.mutating import IDEMPOTENCY_KEY, attempt, attempt_once, id_of
from certgraph.api.reads.declaring import by_key
from certgraph.api.relay import key_of
from certgraph.credit_bank import converting, measures
from certgraph.credit_bank.conversion_rules import ConversionRuleDraft
from certgraph.credit_bank.conversion_tables import ConversionApplicationRow, ConversionMeasureRow
from certgraph.credit_bank.rules import NEXT_STEP
from certgraph.database import Session
from certgraph.organizations.queries import kinds_of
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import refusal


@strawberry.input(description="A course that a certificate at a level converts into.")
class ConversionRuleInput:
    """See `certgraph.credit_bank.conversion_rules.ConversionRuleDraft`."""

    course_code: str
    course_name: str
    certificate_type_code: str
    level: CertificateLevel
    credits_tenths: int


@strawberry.input(description="A conversion measure to file with the credit bank.")
class ConversionMeasureFileInput:
    """See `certgraph.credit_bank.measures.MeasureDraft`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    code: str = strawberry.field(
        description="The institution's own; a returned measure is filed again under its code."
    )
    title: str
    cap_credits_tenths: int = strawberry.field(
        description="Most credits of one certificate, times ten."
    )
    first_on: date
    last_on: date
    rules: list[ConversionRuleInput]


@strawberry.input(description="A measure to give back.")
class ConversionMeasureReturnInput:
    """See `certgraph.credit_bank.measures.return_measure`."""

    id: strawberry.ID
    remarks: str


@strawberry.input(description="A student's application, as the institution takes it in.")
class ConversionApplyInput:
    """See `certgraph.credit_bank.converting.apply_for_conversion`."""

    idempotency_key: str = strawberry.field(description=IDEMPOTENCY_KEY)
    certificate_number: str
    account_number: str = strawberry.field(description="Where its credits are recorded.")
    course_codes: list[str]


@strawberry.input(description="A step of an application.")
class ConversionStepInput:
    """See `certgraph.credit_bank.converting.approve_application`."""

    id: strawberry.ID
    state: ApplicationState = strawberry.field(
        description="As the caller saw it: sent again, the request takes no second step."
    )
    remarks: str | None = None


@strawberry.input(description="The end of an application.")
class ConversionRejectInput:
    """See `certgraph.credit_bank.converting.reject_application`."""

    id: strawberry.ID
    remarks: str


ConversionMeasureFileError = Annotated[AnyError, strawberry.union("ConversionMeasureFileError")]
ConversionMeasurePublishError = Annotated[
    AnyError, strawberry.union("ConversionMeasurePublishError")
]
ConversionMeasureReturnError = Annotated[AnyError, strawberry.union("ConversionMeasureReturnError")]
ConversionApplyError = Annotated[AnyError, strawberry.union("ConversionApplyError")]
ConversionApproveError = Annotated[AnyError, strawberry.union("ConversionApproveError")]
ConversionRejectError = Annotated[AnyError, strawberry.union("ConversionRejectError")]


@strawberry.type
class ConversionMeasureFilePayload:
    """The measure, or every reason there is none."""

    measure_id: strawberry.Private[UUID | None]
    measure: ConversionMeasure | None = by_key("measure_id")
    errors: list[ConversionMeasureFileError]


@strawberry.type
class ConversionMeasurePublishPayload:
    """The measure, or every reason against it."""

    measure_id: strawberry.Private[UUID | None]
    measure: ConversionMeasure | None = by_key("measure_id")
    errors: list[ConversionMeasurePublishError]


@strawberry.type
class ConversionMeasureReturnPayload:
    """The measure, or every reason against it."""

    measure_id: strawberry.Private[UUID | None]
    measure: ConversionMeasure | None = by_key("measure_id")
    errors: list[ConversionMeasureReturnError]


@strawberry.type
class ConversionApplyPayload:
    """The application, or every reason there is none."""

    application_id: strawberry.Private[UUID | None]
    application: ConversionApplication | None = by_key("application_id")
    errors: list[ConversionApplyError]


@strawberry.type
class ConversionApprovePayload:
    """The application, or every reason against the step."""

    application_id: strawberry.Private[UUID | None]
    application: ConversionApplication | None = by_key("application_id")
    errors: list[ConversionApproveError]


@strawberry.type
class ConversionRejectPayload:
    """The application, or every reason against it."""

    application_id: strawberry.Private[UUID | None]
    application: ConversionApplication | None = by_key("application_id")
    errors: list[ConversionRejectError]


async def _institution(context: Context, session: Session) -> OrganizationRow:
    """Return the institution that the caller acts for. Raises `Rejected`."""
    organization = await context.own_organization(session, "measure.institution_only")
    if OrganizationKind.PILOT_INSTITUTION not in await kinds_of(session, organization.id):
        raise refusal("measure.not_institution", name=organization.name)
    return organization


def _whose_turn(row: ConversionApplicationRow, state: ApplicationState) -> UUID | None:
    """Return the organization whose turn it is in a state; None: the credit bank's, or nobody's."""
    if state in (ApplicationState.AT_COLLEGE, ApplicationState.AT_ACADEMIC_OFFICE):
        return row.organization_id
    return row.issuer_id if state is ApplicationState.AT_EVALUATION_ORGANIZATION else None


async def _at_callers_step(
    context: Context, session: Session, id_: strawberry.ID, seen: ApplicationState | None = None
) -> tuple[ConversionApplicationRow, bool]:
    """Return an application whose next step is the caller's, and whether it was taken already.

    Args:
        context: The request's.
        session: Open session.
        id_: Of the application.
        seen: State in which the caller saw it; None: any.

    Raises:
        Rejected: No such application of the caller's, another's turn, or another state.
    """
    caller = context.require(TokenRole.ORGANIZATION, TokenRole.CREDIT_BANK)
    if caller.role is TokenRole.ORGANIZATION:
        await context.acting_organization(session)
    row = await converting.application_with_id(session, key_of(id_, "ConversionApplication"))
    mine = (row.organization_id, row.issuer_id)
    if caller.role is TokenRole.ORGANIZATION and caller.organization_id not in mine:
        raise refusal("application.not_found", "id")
    is_taken = seen is not None and row.state is NEXT_STEP.get(seen)
    if is_taken and seen is not None and caller.organization_id == _whose_turn(row, seen):
        return row, True
    if row.state in NEXT_STEP and caller.organization_id != _whose_turn(row, row.state):
        raise refusal("application.wrong_step", "id", state=row.state)
    if seen is not None and row.state is not seen and row.state in NEXT_STEP:
        raise refusal("application.other_state", "state", state=row.state, seen=seen)
    return row, False


@strawberry.type
class ConversionMutation:
    """Mutations on conversion."""

    @strawberry.mutation(
        description="File a conversion measure with the credit bank, rules S11 and S13. An "
        "institution."
    )
    async def conversion_measure_file(
        self, info: Info, input: ConversionMeasureFileInput
    ) -> ConversionMeasureFilePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context
        draft = measures.MeasureDraft(
            code=input.code,
            title=input.title,
            cap_tenths=input.cap_credits_tenths,
            first_on=input.first_on,
            last_on=input.last_on,
            rules=[
                ConversionRuleDraft(
                    course_code=rule.course_code,
                    course_name=rule.course_name,
                    certificate_type_code=rule.certificate_type_code,
                    level=int(rule.level),
                    credits_tenths=rule.credits_tenths,
                )
                for rule in input.rules
            ],
        )

        async def create(session: Session) -> ConversionMeasureRow:
            organization = await _institution(context, session)
            return await measures.file_measure(
                session, draft, organization, now=context.now, random=context.random
            )

        row, errors = await attempt_once(
            context,
            input.idempotency_key,
            input,
            create,
            lambda session, id_: session.get_one(ConversionMeasureRow, id_),
        )
        return ConversionMeasureFilePayload(measure_id=id_of(row), errors=errors)

    @strawberry.mutation(description="Publish a filed measure, rule S11. Credit bank.")
    async def conversion_measure_publish(
        self, info: Info, id: strawberry.ID
    ) -> ConversionMeasurePublishPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> ConversionMeasureRow:
            context.require_party(TokenRole.CREDIT_BANK, "measure.credit_bank_only")
            key = key_of(id, "ConversionMeasure")
            return await measures.publish_measure(session, key, now=context.now)

        row, errors = await attempt(context, work)
        return ConversionMeasurePublishPayload(measure_id=id_of(row), errors=errors)

    @strawberry.mutation(description="Return a filed measure with remarks. Credit bank.")
    async def conversion_measure_return(
        self, info: Info, input: ConversionMeasureReturnInput
    ) -> ConversionMeasureReturnPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> ConversionMeasureRow:
            context.require_party(TokenRole.CREDIT_BANK, "measure.credit_bank_only")
            key = key_of(input.id, "ConversionMeasure")
            return await measures.return_measure(session, key, input.remarks)

        row, errors = await attempt(context, work)
        return ConversionMeasureReturnPayload(measure_id=id_of(row), errors=errors)

    @strawberry.mutation(
        description="Record a student's application to convert a certificate. An institution."
    )
    async def conversion_apply(
        self, info: Info, input: ConversionApplyInput
    ) -> ConversionApplyPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def create(session: Session) -> ConversionApplicationRow:
            organization = await _institution(context, session)
            return await converting.apply_for_conversion(
                session,
                organization,
                certificate_number=input.certificate_number,
                account_number=input.account_number,
                course_codes=input.course_codes,
                by=context.by,
                now=context.now,
                random=context.random,
            )

        row, errors = await attempt_once(
            context,
            input.idempotency_key,
            input,
            create,
            lambda session, id_: session.get_one(ConversionApplicationRow, id_),
        )
        return ConversionApplyPayload(application_id=id_of(row), errors=errors)

    @strawberry.mutation(
        description="Take an application to its next step. The institution (college, academic "
        "office), then the certificate's issuer, then the credit bank, which converts."
    )
    async def conversion_approve(
        self, info: Info, input: ConversionStepInput
    ) -> ConversionApprovePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> ConversionApplicationRow:
            row, is_taken = await _at_callers_step(context, session, input.id, input.state)
            if is_taken:
                return row
            return await converting.approve_application(
                session,
                row,
                remarks=input.remarks,
                by=context.by,
                now=context.now,
                random=context.random,
            )

        row, errors = await attempt(context, work)
        return ConversionApprovePayload(application_id=id_of(row), errors=errors)

    @strawberry.mutation(description="End an application with a reason. Whoever's turn it is.")
    async def conversion_reject(
        self, info: Info, input: ConversionRejectInput
    ) -> ConversionRejectPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> ConversionApplicationRow:
            row, _ = await _at_callers_step(context, session, input.id)
            return await converting.reject_application(
                session,
                row,
                input.remarks,
                by=context.by,
                now=context.now,
                random=context.random,
            )

        row, errors = await attempt(context, work)
        return ConversionRejectPayload(application_id=id_of(row), errors=errors)
