# ruff: noqa: ANN401 - a number, or its parameter
"""All SQL about conversion measures and applications, and what the credit bank confirmed."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.conversion.tables import (
    ConversionApplicationRow,
    ConversionMeasureRow,
    ConversionRuleRow,
    ConvertedCourseRow,
)
from certgraph.credit_bank.proposals.tables import CatalogueEntryRow
from certgraph.credit_bank.records.tables import CreditRecordRow
from certgraph.credit_bank.rules import ApplicationState, MeasureState
from certgraph.database import Session
from certgraph.organizations.tables import OrganizationRow
from certgraph.standards.queries import is_of_type
from certgraph.standards.tables import CertificateTypeRow


async def measure_coded(
    session: Session, organization_id: UUID, code: str
) -> ConversionMeasureRow | None:
    """Return an institution's measure, locked for change."""
    return await session.scalar(
        select(ConversionMeasureRow)
        .where(
            ConversionMeasureRow.organization_id == organization_id,
            ConversionMeasureRow.code == code,
        )
        .with_for_update()
    )


def certificate_number() -> ColumnElement[str]:
    """Return the number of the certificate of an application, over its row."""
    return (
        select(CertificateRow.number)
        .where(CertificateRow.id == ConversionApplicationRow.record_id)
        .scalar_subquery()
    )


def is_of_certificate(number_key: Any) -> ColumnElement[bool]:
    """Return the condition that an application is of the certificate with a number as compared."""
    found = select(CertificateRow.id).where(CertificateRow.number_key == number_key)
    return ConversionApplicationRow.record_id == found.scalar_subquery()


async def lock_institution(session: Session, organization_id: UUID) -> None:
    """Let measures of an institution be filed and published one after the other."""
    await session.execute(
        select(OrganizationRow.id)
        .where(OrganizationRow.id == organization_id)
        .with_for_update(key_share=True)
    )


async def measure_by_id(session: Session, measure_id: UUID) -> ConversionMeasureRow | None:
    """Return a measure, locked for change."""
    return await session.scalar(
        select(ConversionMeasureRow).where(ConversionMeasureRow.id == measure_id).with_for_update()
    )


async def delete_rules(session: Session, measure_id: UUID) -> None:
    """Delete the rules of a measure that was returned."""
    statement = delete(ConversionRuleRow).where(ConversionRuleRow.measure_id == measure_id)
    await session.execute(statement)


async def rules_of(
    session: Session, measure_id: UUID
) -> Sequence[tuple[ConversionRuleRow, CertificateTypeRow]]:
    """Return the rules of a measure with their certificate types, in the order filed."""
    rows = await session.execute(
        select(ConversionRuleRow, CertificateTypeRow)
        .join(CertificateTypeRow, CertificateTypeRow.id == ConversionRuleRow.certificate_type_id)
        .where(ConversionRuleRow.measure_id == measure_id)
        .order_by(ConversionRuleRow.position)
    )
    return [(row[0], row[1]) for row in rows]


async def type_ids(session: Session, codes: Sequence[str]) -> dict[str, UUID]:
    """Return code → id of certificate types."""
    rows = await session.execute(
        select(CertificateTypeRow.code, CertificateTypeRow.id).where(
            CertificateTypeRow.code.in_(codes)
        )
    )
    return {row.code: row.id for row in rows}


async def recognized_credits(
    session: Session, codes: Sequence[str], day: date
) -> Mapping[tuple[str, int], int]:
    """Return (certificate type code, level) → most credits of editions that hold, or will."""
    rows = await session.execute(
        select(
            CertificateTypeRow.code,
            CatalogueEntryRow.level,
            func.max(CatalogueEntryRow.credits_tenths),
        )
        .join(CatalogueEntryRow, CatalogueEntryRow.certificate_type_id == CertificateTypeRow.id)
        .where(
            CertificateTypeRow.code.in_(codes),
            or_(CatalogueEntryRow.last_on.is_(None), CatalogueEntryRow.last_on >= day),
        )
        .group_by(CertificateTypeRow.code, CatalogueEntryRow.level)
    )
    return {(row[0], row[1]): row[2] for row in rows}


async def courses_taken(session: Session, measure: ConversionMeasureRow) -> dict[str, str]:
    """Return course code → certificate type code by other measures in force on the same days."""
    rows = await session.execute(
        select(ConversionRuleRow.course_code, CertificateTypeRow.code)
        .join(ConversionMeasureRow, ConversionMeasureRow.id == ConversionRuleRow.measure_id)
        .join(CertificateTypeRow, CertificateTypeRow.id == ConversionRuleRow.certificate_type_id)
        .where(
            ConversionMeasureRow.organization_id == measure.organization_id,
            ConversionMeasureRow.id != measure.id,
            ConversionMeasureRow.state == MeasureState.PUBLISHED,
            ConversionMeasureRow.first_on <= measure.last_on,
            ConversionMeasureRow.last_on >= measure.first_on,
        )
    )
    return {row[0]: row[1] for row in rows}


async def rules_in_force(
    session: Session,
    organization_id: UUID,
    certificate_type_id: UUID,
    level: int,
    day: date,
) -> Sequence[tuple[ConversionRuleRow, ConversionMeasureRow]]:
    """Return what an institution converts a certificate into on a day, by its latest measure."""
    rows = await session.execute(
        select(ConversionRuleRow, ConversionMeasureRow)
        .join(ConversionMeasureRow, ConversionMeasureRow.id == ConversionRuleRow.measure_id)
        .where(
            ConversionMeasureRow.organization_id == organization_id,
            ConversionMeasureRow.state == MeasureState.PUBLISHED,
            ConversionMeasureRow.first_on <= day,
            ConversionMeasureRow.last_on >= day,
            ConversionRuleRow.certificate_type_id == certificate_type_id,
            ConversionRuleRow.level == level,
        )
        .order_by(ConversionMeasureRow.published_at, ConversionRuleRow.position)
    )
    return [(row[0], row[1]) for row in rows]


async def credit_record_numbered(
    session: Session, number_key: str
) -> tuple[CreditRecordRow, CertificateRow] | None:
    """Return the credit record of a certificate, and the certificate, both locked.

    So a revocation waits for an application that found the certificate valid, and is followed
    after it.
    """
    row = (
        await session.execute(
            select(CreditRecordRow, CertificateRow)
            .join(CertificateRow, CertificateRow.id == CreditRecordRow.id)
            .where(CertificateRow.number_key == number_key)
            .with_for_update(of=[CreditRecordRow, CertificateRow], key_share=True)
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1])


async def certificate_of(session: Session, record_id: UUID) -> CertificateRow:
    """Return the certificate of a record, locked."""
    statement = select(CertificateRow).where(CertificateRow.id == record_id)
    statement = statement.with_for_update(key_share=True)
    return (await session.scalars(statement)).one()


async def used_credits(session: Session, record_id: UUID, organization_id: UUID) -> tuple[int, int]:
    """Return credits, times ten, that count for a certificate: anywhere, and at one institution."""
    rows = await session.execute(
        select(ConversionApplicationRow.organization_id, ConvertedCourseRow.credits_tenths)
        .join(ConvertedCourseRow, ConvertedCourseRow.application_id == ConversionApplicationRow.id)
        .where(ConversionApplicationRow.record_id == record_id, ConvertedCourseRow.counts)
    )
    found = [(row[0], row[1]) for row in rows]
    there = sum(tenths for id_, tenths in found if id_ == organization_id)
    return sum(tenths for _, tenths in found), there


async def converted_courses(
    session: Session, organization_id: UUID, account_number: str
) -> set[str]:
    """Return the courses that a learner has converted, or applied for, at an institution."""
    return set(
        await session.scalars(
            select(ConvertedCourseRow.course_code).where(
                ConvertedCourseRow.organization_id == organization_id,
                ConvertedCourseRow.account_number == account_number,
                ConvertedCourseRow.counts,
            )
        )
    )


async def application_by_id(
    session: Session, application_id: UUID
) -> ConversionApplicationRow | None:
    """Return an application, locked for change."""
    return await session.scalar(
        select(ConversionApplicationRow)
        .where(ConversionApplicationRow.id == application_id)
        .with_for_update()
    )


async def release_courses(session: Session, application_ids: Sequence[UUID]) -> None:
    """Let the courses of applications count no more."""
    await session.execute(
        update(ConvertedCourseRow)
        .where(ConvertedCourseRow.application_id.in_(application_ids))
        .values(counts=False)
        .execution_options(synchronize_session=False)
    )


async def open_applications(
    session: Session, record_ids: Sequence[UUID]
) -> Sequence[ConversionApplicationRow]:
    """Return the applications that count on these records, locked for change."""
    return (
        await session.scalars(
            select(ConversionApplicationRow)
            .where(
                ConversionApplicationRow.record_id.in_(record_ids),
                ConversionApplicationRow.state.not_in(
                    [ApplicationState.REJECTED, ApplicationState.REVERSED]
                ),
            )
            .order_by(ConversionApplicationRow.id)
            .with_for_update()
        )
    ).all()


def is_published() -> ColumnElement[bool]:
    """Return the condition that a measure is published."""
    return ConversionMeasureRow.state == MeasureState.PUBLISHED


def is_of_measures(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that a rule is of a measure that meets a condition."""
    return ConversionRuleRow.measure_id.in_(select(ConversionMeasureRow.id).where(condition))


def has_rule_for(certificate_type_code: Any) -> ColumnElement[bool]:
    """Return the condition that a measure has a rule for the certificate type with a code."""
    rules = select(ConversionRuleRow.measure_id).where(
        is_of_type(ConversionRuleRow.certificate_type_id, certificate_type_code)
    )
    return ConversionMeasureRow.id.in_(rules)


def measure_holds_on(day: Any) -> ColumnElement[bool]:
    """Return the condition that a measure is valid on a day."""
    return and_(ConversionMeasureRow.first_on <= day, ConversionMeasureRow.last_on >= day)
