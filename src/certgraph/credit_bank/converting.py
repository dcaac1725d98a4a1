"""Conversion 转换: applications through their five steps, and what a fallen certificate reverses.

Source: rules S12 and S13.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from certgraph.calendar import programme_day
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank import conversion_queries as queries
from certgraph.credit_bank.conversion_rules import (
    Conversion,
    application_problems,
)
from certgraph.credit_bank.conversion_tables import (
    ConversionApplicationRow,
    ConversionChangeRow,
    ConvertedCourseRow,
)
from certgraph.credit_bank.credits import MAX_TENTHS
from certgraph.credit_bank.record_tables import CreditRecordRow
from certgraph.credit_bank.rules import (
    NEXT_STEP,
    ApplicationState,
    CreditRecordState,
    next_instant,
)
from certgraph.database import Session, flush_or_conflict
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.text import text_problems


def _record(
    session: Session,
    row: ConversionApplicationRow,
    state: ApplicationState,
    *,
    remarks: str | None,
    by: str,
    now: datetime,
    id_: UUID,
) -> None:
    row.state, row.changed_at = state, next_instant(now, row.changed_at)
    session.add(
        ConversionChangeRow(
            id=id_,
            application_id=row.id,
            state=state,
            remarks=remarks,
            changed_by=by,
            changed_at=row.changed_at,
        )
    )


def _check_standing(certificate: CertificateRow, *path: str) -> None:
    """Refuse a certificate that stands no more, or not now. Raises `Rejected`."""
    if certificate.state is not CertificateState.REGISTERED or certificate.erased_at is not None:
        facts = {"number": certificate.number, "state": certificate.state}
        raise refusal("application.certificate_fallen", *path, **facts)


async def _credits_of(
    session: Session, certificate_number: str, account_number: str
) -> tuple[CreditRecordRow, CertificateRow]:
    """Return what the credit bank recorded of a certificate in an account, locked."""
    found = await queries.credit_record_numbered(session, number_key(certificate_number))
    if found is None or found[0].account_number != account_number:
        raise refusal("application.not_recorded", "certificateNumber", number=certificate_number)
    credit, certificate = found
    _check_standing(certificate, "certificateNumber")
    if credit.state is not CreditRecordState.RECORDED:
        raise refusal("application.not_recorded", "certificateNumber", number=certificate_number)
    return credit, certificate


async def apply_for_conversion(
    session: Session,
    organization: OrganizationRow,
    *,
    certificate_number: str,
    account_number: str,
    course_codes: Sequence[str],
    by: str,
    now: datetime,
    random: Random,
) -> ConversionApplicationRow:
    """Record a student's application, as it comes in at the institution.

    Raises:
        Rejected: No credits of this certificate stand in this account, no rule grants a course, or
            a limit is passed: one course with one certificate, the recognized credits, the cap.

    Source: rules S12 and S13.
    """
    credit, certificate = await _credits_of(session, certificate_number, account_number)
    day = programme_day(now)
    rules = await queries.rules_in_force(
        session, organization.id, certificate.certificate_type_id, certificate.level, day
    )
    granted = {rule.course_code: rule for rule, _ in rules}
    conversions = [
        Conversion(
            course_code=code,
            credits_tenths=granted[code].credits_tenths if code in granted else None,
        )
        for code in course_codes
    ]
    used, used_here = await queries.used_credits(session, credit.id, organization.id)
    cap = min((measure.cap_tenths for _, measure in rules), default=MAX_TENTHS)
    problems = application_problems(
        conversions,
        recognized_tenths=credit.credits_tenths or 0,
        used_tenths=used,
        cap_tenths=cap,
        used_here_tenths=used_here,
        converted_courses=await queries.converted_courses(session, organization.id, account_number),
        day=day,
    )
    reject_if(problems)
    asked = sum(granted[code].credits_tenths for code in course_codes)
    row = ConversionApplicationRow(
        id=new_id(random),
        organization_id=organization.id,
        issuer_id=certificate.organization_id,
        record_id=credit.id,
        account_number=account_number,
        credits_tenths=asked,
        submitted_at=now,
    )
    first = ApplicationState.AT_COLLEGE
    row.state, row.changed_at = first, now
    session.add(row)
    await session.flush()  # its courses and its first step refer to it
    _record(session, row, first, remarks=None, by=by, now=now, id_=new_id(random))
    session.add_all(
        ConvertedCourseRow(
            application_id=row.id,
            rule_id=granted[code].id,
            organization_id=organization.id,
            account_number=account_number,
            course_code=code,
            credits_tenths=granted[code].credits_tenths,
            counts=True,
        )
        for code in sorted(course_codes)  # two of the same moment wait in one order
    )
    if not await flush_or_conflict(session):
        raise refusal("application.course_taken_meanwhile", "courseCodes")
    return row


async def application_with_id(
    session: Session, application_id: UUID | None
) -> ConversionApplicationRow:
    """Return an application, locked for change. Raises `Rejected` where there is none."""
    row = await queries.application_by_id(session, application_id) if application_id else None
    if row is None:
        raise refusal("application.not_found", "id")
    return row


async def approve_application(
    session: Session,
    row: ConversionApplicationRow,
    *,
    remarks: str | None,
    by: str,
    now: datetime,
    random: Random,
) -> ConversionApplicationRow:
    """Take an application to its next step; the credit bank's approval converts.

    Raises:
        Rejected: It has ended already, or its certificate stands no more.

    Source: rule S13.
    """
    target = NEXT_STEP.get(row.state)
    if target is None:
        raise refusal("application.ended", "id", state=row.state)
    _check_standing(await queries.certificate_of(session, row.record_id), "id")
    if remarks is not None:
        reject_if(text_problems(remarks, 500, "remarks"))
    _record(session, row, target, remarks=remarks, by=by, now=now, id_=new_id(random))
    return row


async def reject_application(
    session: Session,
    row: ConversionApplicationRow,
    remarks: str,
    *,
    by: str,
    now: datetime,
    random: Random,
) -> ConversionApplicationRow:
    """End an application at any of its steps, with a reason; its courses are free again.

    Raises:
        Rejected: It has ended already, or no reason.
    """
    if row.state not in NEXT_STEP:
        raise refusal("application.ended", "id", state=row.state)
    reject_if(text_problems(remarks, 500, "remarks"))
    rejected = ApplicationState.REJECTED
    _record(session, row, rejected, remarks=remarks, by=by, now=now, id_=new_id(random))
    await queries.release_courses(session, [row.id])
    return row


async def reverse_applications(
    session: Session, record_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Reverse what was converted, or asked for, with certificates that stand no more."""
    if not record_ids:
        return
    rows = await queries.standing_applications(session, record_ids)
    for row in rows:
        _record(
            session,
            row,
            ApplicationState.REVERSED,
            remarks="the certificate stands no more",
            by="feed",
            now=now,
            id_=uuid5(row.id, "reversed"),
        )
    await queries.release_courses(session, [row.id for row in rows])
