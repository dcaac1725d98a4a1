"""Conversion 转换: measures that institutions file, and applications through their five steps.

Source: rules S11 (measures are filed with the credit bank, which publishes them) and S13.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid5

from certgraph.calendar import programme_day
from certgraph.certificates.drafting import number_key
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank import conversion_queries as queries
from certgraph.credit_bank.conversion_rules import (
    Conversion,
    ConversionRuleDraft,
    application_problems,
    measure_problems,
)
from certgraph.credit_bank.conversion_tables import (
    ConversionApplicationRow,
    ConversionChangeRow,
    ConversionMeasureRow,
    ConversionRuleRow,
    ConvertedCourseRow,
)
from certgraph.credit_bank.credits import MAX_TENTHS, credits_text
from certgraph.credit_bank.rules import (
    NEXT_STEP,
    ApplicationState,
    CreditRecordState,
    MeasureState,
    next_instant,
)
from certgraph.credit_bank.tables import CreditRecordRow
from certgraph.database import Session, insert_rows
from certgraph.organizations.rules import period_problems
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureDraft:
    """A conversion measure to file.

    Attributes:
        code: The institution's own, 1 to 40 characters.
        title: 1 to 100 characters.
        cap_tenths: Most credits of one certificate, times ten.
        first_on: First day of validity.
        last_on: Last day, included.
        rules: What converts into what, 1 to 200.
    """

    code: str
    title: str
    cap_tenths: int
    first_on: date
    last_on: date
    rules: Sequence[ConversionRuleDraft]


async def _rule_problems(
    session: Session, measure: ConversionMeasureRow, rules: Sequence[ConversionRuleDraft]
) -> list[Problem]:
    codes = [rule.certificate_type_code for rule in rules]
    return measure_problems(
        rules,
        cap_tenths=measure.cap_tenths,
        recognized=await queries.recognized_credits(session, codes),
        taken=await queries.courses_taken(session, measure),
    )


async def file_measure(
    session: Session,
    draft: MeasureDraft,
    organization: OrganizationRow,
    *,
    now: datetime,
    random: Random,
) -> ConversionMeasureRow:
    """File a measure with the credit bank, or again after a return.

    Raises:
        Rejected: Names everything that is wrong; or a measure of this code is filed or published.

    Source: rules S11 and S13.
    """
    problems = text_problems(draft.code, 40, "code") + text_problems(draft.title, 100, "title")
    problems += period_problems(draft.first_on, draft.last_on, "lastOn")
    if not 1 <= draft.cap_tenths <= MAX_TENTHS:
        facts = {"limit": credits_text(MAX_TENTHS)}
        problems.append(
            Problem(code="credits.out_of_range", path=("capCreditsTenths",), facts=facts)
        )
    row = await queries.measure_coded(session, organization.id, draft.code)
    if row is not None and row.state is not MeasureState.RETURNED:
        facts = {"code": draft.code, "state": row.state.value}
        problems.append(Problem(code="measure.taken", path=("code",), facts=facts))
    reject_if(problems)
    if row is None:
        row = ConversionMeasureRow(id=new_id(random), organization_id=organization.id)
        session.add(row)
    else:
        await queries.delete_rules(session, row.id)
    row.code, row.title, row.cap_tenths = draft.code, draft.title, draft.cap_tenths
    row.first_on, row.last_on = draft.first_on, draft.last_on
    row.state, row.remarks, row.filed_at = MeasureState.FILED, None, now
    with session.no_autoflush:
        reject_if(await _rule_problems(session, row, draft.rules))
    if not await queries.flush_or_conflict(session):
        raise refusal("measure.taken", "code", code=draft.code, state=MeasureState.FILED.value)
    types = await queries.type_ids(session, [r.certificate_type_code for r in draft.rules])
    await insert_rows(
        session,
        ConversionRuleRow,
        [
            {
                "id": new_id(random),
                "measure_id": row.id,
                "position": position,
                "course_code": rule.course_code,
                "course_name": rule.course_name,
                "certificate_type_id": types[rule.certificate_type_code],
                "level": rule.level,
                "credits_tenths": rule.credits_tenths,
            }
            for position, rule in enumerate(draft.rules)
        ],
    )
    return row


async def _filed(session: Session, measure_id: UUID | None) -> ConversionMeasureRow:
    row = await queries.measure_by_id(session, measure_id) if measure_id else None
    if row is None:
        raise refusal("measure.not_found", "id")
    if row.state is not MeasureState.FILED:
        raise refusal("measure.not_filed", "id", code=row.code, state=row.state.value)
    return row


async def publish_measure(
    session: Session, measure_id: UUID | None, *, now: datetime
) -> ConversionMeasureRow:
    """Publish a filed measure, whose rules are checked once more.

    Raises:
        Rejected: It is not filed, or what it rests on has changed meanwhile.

    Source: rule S11.
    """
    row = await _filed(session, measure_id)
    rules = [
        ConversionRuleDraft(
            course_code=rule.course_code,
            course_name=rule.course_name,
            certificate_type_code=type_.code,
            level=rule.level,
            credits_tenths=rule.credits_tenths,
        )
        for rule, type_ in await queries.rules_of(session, row.id)
    ]
    reject_if(await _rule_problems(session, row, rules))
    row.state, row.published_at = MeasureState.PUBLISHED, now
    return row


async def return_measure(
    session: Session, measure_id: UUID | None, remarks: str
) -> ConversionMeasureRow:
    """Give a filed measure back, with remarks. Raises `Rejected` where it is not filed."""
    row = await _filed(session, measure_id)
    reject_if(text_problems(remarks, 500, "remarks"))
    row.state, row.remarks = MeasureState.RETURNED, remarks
    return row


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
        facts = {"number": certificate.number, "state": certificate.state.value}
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
    recognized, cap = credit.credits_tenths or 0, min((m.cap_tenths for _, m in rules), default=0)
    problems = application_problems(
        conversions,
        recognized_tenths=recognized,
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
        for code in course_codes
    )
    if not await queries.flush_or_conflict(session):
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
        raise refusal("application.ended", "id", state=row.state.value)
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
        raise refusal("application.ended", "id", state=row.state.value)
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
