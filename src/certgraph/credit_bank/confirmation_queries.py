"""All SQL about the credit bank's answers, and about what both sides hold."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, null, or_, select, type_coerce

from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.record_tables import CreditRecordRow, OutcomeRecordRow
from certgraph.credit_bank.rules import CreditDifference, CreditRecordState, RecordState
from certgraph.database import EnumText, Session
from certgraph.organizations.tables import OrganizationRow


async def records_numbered(
    session: Session, number_keys: Sequence[str]
) -> dict[str, OutcomeRecordRow]:
    """Return number as compared → record, locked for change."""
    rows = await session.execute(
        select(CertificateRow.number_key, OutcomeRecordRow)
        .join(OutcomeRecordRow, OutcomeRecordRow.id == CertificateRow.id)
        .where(CertificateRow.number_key.in_(number_keys))
        .order_by(OutcomeRecordRow.id)
        .with_for_update(of=OutcomeRecordRow)
    )
    return {row[0]: row[1] for row in rows}


async def credit_records(session: Session, ids: Sequence[UUID]) -> dict[UUID, CreditRecordRow]:
    """Return the credit records of these records, by id."""
    rows = await session.scalars(select(CreditRecordRow).where(CreditRecordRow.id.in_(ids)))
    return {row.id: row for row in rows}


def difference() -> ColumnElement[CreditDifference | None]:
    """Return how the credit bank differs over a record, over its row; null where it does not.

    A record without recognized credits, and one that fell before it was recorded, owes nothing.
    """
    credit = CreditRecordRow

    def of_credit(column: Any) -> ColumnElement[Any]:  # noqa: ANN401 - a column
        return select(column).where(credit.id == OutcomeRecordRow.id).scalar_subquery()

    state = of_credit(credit.state)
    standing = (RecordState.ACTIVE, RecordState.SUSPENDED)
    stands = or_(*(OutcomeRecordRow.state == one for one in standing))  # no list: plans hold none
    found = case(
        (
            ~stands,
            case((state == CreditRecordState.RECORDED, CreditDifference.NOT_WITHDRAWN.value)),
        ),
        (OutcomeRecordRow.credits_tenths.is_(None), null()),
        (state.is_(None), CreditDifference.NOT_RECORDED.value),
        (state == CreditRecordState.REJECTED, CreditDifference.REJECTED.value),
        (
            of_credit(credit.credits_tenths) != OutcomeRecordRow.credits_tenths,
            CreditDifference.CREDITS_DIFFER.value,
        ),
        (
            of_credit(credit.version) < OutcomeRecordRow.version,
            CreditDifference.VERSION_BEHIND.value,
        ),
    )
    return type_coerce(found, EnumText(CreditDifference))


async def both_sides(
    session: Session, first_on: date, last_on: date, organization_code: str | None
) -> AsyncIterator[Any]:
    """Yield a row for each record registered in a period, both days included.

    Columns: day, organization code, certificate number, state, credits, sha256, and of the credit
    record: state, credits, sha256. Ordered by day, organization and number.
    """
    statement = (
        select(
            OutcomeRecordRow.registered_on,
            OrganizationRow.code,
            OutcomeRecordRow.certificate_number,
            OutcomeRecordRow.state,
            OutcomeRecordRow.credits_tenths,
            OutcomeRecordRow.sha256,
            CreditRecordRow.state,
            CreditRecordRow.credits_tenths,
            CreditRecordRow.sha256,
        )
        .join(OrganizationRow, OrganizationRow.id == OutcomeRecordRow.organization_id)
        .outerjoin(CreditRecordRow, CreditRecordRow.id == OutcomeRecordRow.id)
        .where(
            OutcomeRecordRow.registered_on >= first_on, OutcomeRecordRow.registered_on <= last_on
        )
        .order_by(
            OutcomeRecordRow.registered_on,
            OrganizationRow.code,
            OutcomeRecordRow.certificate_number,
        )
    )
    if organization_code is not None:
        statement = statement.where(OrganizationRow.code == organization_code)
    async for row in await session.stream(statement):
        yield row


def is_numbered(number_key: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a number, or its parameter
    """Return the condition that a record is of the certificate with a number as compared."""
    found = select(CertificateRow.id).where(CertificateRow.number_key == number_key)
    return OutcomeRecordRow.id == found.scalar_subquery()
