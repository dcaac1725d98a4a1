# ruff: noqa: ANN401 - a column
"""All SQL about the credit bank's answers, and about what both sides hold."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.records.tables import CreditRecordRow, OutcomeRecordRow
from certgraph.credit_bank.rules import CreditDifference, CreditRecordState, RecordState
from certgraph.database import BATCH_PARAMETERS, EnumText, Session, batched, is_not
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

    A record without recognized credits, and one that ended before it was recorded, owes nothing.
    """
    credit = CreditRecordRow

    def of_credit(column: Any) -> ColumnElement[Any]:
        return select(column).where(credit.id == OutcomeRecordRow.id).scalar_subquery()

    state = of_credit(credit.state)
    is_valid = or_(*(OutcomeRecordRow.state == one for one in _VALID_STATES))
    found = case(
        (
            ~is_valid,
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


async def restate_differences(session: Session, ids: Sequence[UUID]) -> None:
    """Write how the credit bank differs over these records, locked by the caller, where it changed.

    The caller has written, or locked, the records in this transaction, so that no answer and no
    change of them comes in between.
    """
    now = difference()
    for part in batched(ids, BATCH_PARAMETERS):
        await session.execute(
            update(OutcomeRecordRow)
            .where(OutcomeRecordRow.id.in_(part), OutcomeRecordRow.difference.is_distinct_from(now))
            .values(difference=now)
            .execution_options(synchronize_session=False)
        )


_VALID_STATES = (RecordState.ACTIVE, RecordState.SUSPENDED)


def is_not_active() -> ColumnElement[bool]:
    """Return the condition that a record is not active, in the words of its index."""
    return is_not(OutcomeRecordRow.state, RecordState.ACTIVE)


def _is_held() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that the platform, and that the credit bank, counts a record."""
    ours = or_(*(OutcomeRecordRow.state == one for one in _VALID_STATES))
    recognized = OutcomeRecordRow.credits_tenths.is_not(None)
    return ours & recognized, CreditRecordRow.state == CreditRecordState.RECORDED


def both_sides(first_on: date, last_on: date, organization_code: str | None) -> Select[Any]:
    """Return the statement of the records registered in a period, both days included.

    Columns: day, organization code; whether the platform counts it, its credits, its hash; the same
    of the credit bank. Ordered by day, organization and number.
    """
    ours, theirs = _is_held()
    statement = (
        select(
            OutcomeRecordRow.registered_on,
            OrganizationRow.code,
            ours,
            OutcomeRecordRow.credits_tenths,
            OutcomeRecordRow.sha256,
            theirs,
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
    return statement  # type: ignore[return-value]


def balances(first_on: date, last_on: date, organization_code: str | None) -> Select[Any]:
    """Return the same, added up by PostgreSQL.

    Columns: day, organization code; count, credits and hash of the platform; of the credit bank.
    """
    ours, theirs = _is_held()
    number = OutcomeRecordRow.certificate_number

    def added(is_held: ColumnElement[bool], credits_: Any, sha256: Any) -> list[ColumnElement[Any]]:
        lines = func.string_agg(sha256 + "\n", aggregate_order_by(literal_column("''"), number))
        text = func.coalesce(lines.filter(is_held), "")
        return [
            func.count().filter(is_held),
            func.coalesce(func.sum(credits_).filter(is_held), 0),
            func.encode(func.sha256(func.convert_to(text, "UTF8")), "hex"),
        ]

    day, code = OutcomeRecordRow.registered_on, OrganizationRow.code
    statement = both_sides(first_on, last_on, organization_code).order_by(None)
    return (
        statement.with_only_columns(
            day,
            code,
            *added(ours, OutcomeRecordRow.credits_tenths, OutcomeRecordRow.sha256),
            *added(theirs, CreditRecordRow.credits_tenths, CreditRecordRow.sha256),
        )
        .group_by(day, code)
        .order_by(day, code)
    )


def is_numbered(number_key: Any) -> ColumnElement[bool]:
    """Return the condition that a record is of the certificate with a number as compared."""
    found = select(CertificateRow.id).where(CertificateRow.number_key == number_key)
    return OutcomeRecordRow.id == found.scalar_subquery()
