"""Mutations on outcome records: the credit bank's answers, a new epoch; and erasing a holder."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from certgraph.api.certificates import Certificate
from certgraph.api.context import Context, Info
from certgraph.api.enums import CreditRecordState, TokenRole
from certgraph.api.errors import AnyError
from certgraph.api.mutating import attempt, id_of
from certgraph.api.outcome_records import LearningOutcomeRecord
from certgraph.api.reads.declaring import by_key
from certgraph.certificates.service import erase_holder
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.confirming import Answer, answer_records
from certgraph.credit_bank.record_tables import CreditRecordRow
from certgraph.credit_bank.recording import start_epoch
from certgraph.database import Session
from certgraph.text import reject_text


@strawberry.input(description="What the credit bank did with one version of a record.")
class CreditRecordAnswerInput:
    """See `certgraph.credit_bank.confirming.Answer`."""

    certificate_number: str
    version: int = strawberry.field(description="Version of the record that this answers to.")
    state: CreditRecordState = strawberry.field(
        description="RECORDED with account and credits, REJECTED with a reason, or WITHDRAWN once "
        "the certificate stands no more."
    )
    account_number: str | None = None
    credits_tenths: int | None = None
    reason: str | None = None
    sha256: str | None = strawberry.field(
        default=None, description="Of the record that was recorded; compared where it is given."
    )
    recorded_on: date


@strawberry.input(description="Answers for 1 to 200 records, taken all or none.")
class CreditRecordsAnswerInput:
    """See `certgraph.credit_bank.confirming.answer_records`."""

    answers: list[CreditRecordAnswerInput]


@strawberry.input(description="A certificate whose holder is to be forgotten.")
class CertificateHolderEraseInput:
    """See `certgraph.certificates.service.erase_holder`."""

    number: str
    reason: str


CreditRecordsAnswerError = Annotated[AnyError, strawberry.union("CreditRecordsAnswerError")]
OutcomeFeedRestartError = Annotated[AnyError, strawberry.union("OutcomeFeedRestartError")]
CertificateHolderEraseError = Annotated[AnyError, strawberry.union("CertificateHolderEraseError")]


@strawberry.type
class AnsweredRecord:
    """A record that was answered."""

    record_id: strawberry.Private[UUID | None]
    outcome_record: LearningOutcomeRecord | None = by_key("record_id")


@strawberry.type
class CreditRecordsAnswerPayload:
    """The records, or every reason against an answer; then none was taken."""

    records: list[AnsweredRecord] = strawberry.field(description="In the order of the request.")
    errors: list[CreditRecordsAnswerError]


@strawberry.type
class OutcomeFeedRestartPayload:
    """Whether a new epoch begins, or every reason against it."""

    restarted: bool
    errors: list[OutcomeFeedRestartError]


@strawberry.type
class CertificateHolderErasePayload:
    """The certificate, or every reason against it."""

    certificate_id: strawberry.Private[UUID | None]
    certificate: Certificate | None = by_key("certificate_id")
    errors: list[CertificateHolderEraseError]


async def _answer(context: Context, input: CreditRecordsAnswerInput) -> CreditRecordsAnswerPayload:
    answers = [
        Answer(
            certificate_number=answer.certificate_number,
            version=answer.version,
            state=answer.state,
            account_number=answer.account_number,
            credits_tenths=answer.credits_tenths,
            reason=answer.reason,
            sha256=answer.sha256,
            recorded_on=answer.recorded_on,
        )
        for answer in input.answers
    ]

    async def work(session: Session) -> list[CreditRecordRow]:
        context.require_party(TokenRole.CREDIT_BANK, "confirmation.credit_bank_only")
        return await answer_records(
            session, answers, by=context.by, now=context.now, random=context.random
        )

    rows, errors = await attempt(context, work)
    return CreditRecordsAnswerPayload(
        records=[AnsweredRecord(record_id=row.id) for row in rows or ()], errors=errors
    )


@strawberry.type
class OutcomeRecordMutation:
    """Mutations on outcome records."""

    @strawberry.mutation(
        description="Tell what was recorded in which account, rejected or withdrawn, rules S06 and "
        "S12; the same answer again changes nothing. Credit bank."
    )
    async def credit_records_answer(
        self, info: Info, input: CreditRecordsAnswerInput
    ) -> CreditRecordsAnswerPayload:
        """Open the transaction, call the service, answer after the commit."""
        return await _answer(info.context, input)

    @strawberry.mutation(
        description="Begin a new epoch of the feed: every reader starts again. For after a "
        "restore. Programme admin."
    )
    async def outcome_feed_restart(self, info: Info, reason: str) -> OutcomeFeedRestartPayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> bool:
            context.require(TokenRole.PROGRAMME_ADMIN)
            reject_text(reason, 200, "reason")
            await start_epoch(session, reason, now=context.now, random=context.random)
            return True

        restarted, errors = await attempt(context, work)
        return OutcomeFeedRestartPayload(restarted=bool(restarted), errors=errors)

    @strawberry.mutation(
        description="Forget whose certificate this is; its number, state and QR code stay what "
        "they are. Programme admin."
    )
    async def certificate_holder_erase(
        self, info: Info, input: CertificateHolderEraseInput
    ) -> CertificateHolderErasePayload:
        """Open the transaction, call the service, answer after the commit."""
        context = info.context

        async def work(session: Session) -> CertificateRow:
            context.require(TokenRole.PROGRAMME_ADMIN)
            return await erase_holder(
                session,
                input.number,
                reason=input.reason,
                by=context.by,
                now=context.now,
                random=context.random,
            )

        row, errors = await attempt(context, work)
        return CertificateHolderErasePayload(certificate_id=id_of(row), errors=errors)
