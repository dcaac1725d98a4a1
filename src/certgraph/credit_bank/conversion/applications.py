"""Conversion 转换: applications through their five steps, and what a revoked certificate reverses.

Source: rules S12 and S13.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid5

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, OWN, TURN, Actor, Role
from certgraph.calendar import programme_day
from certgraph.certificates.lookup_keys import number_key
from certgraph.certificates.rules import CertificateState
from certgraph.certificates.tables import CertificateRow
from certgraph.credit_bank.conversion import queries
from certgraph.credit_bank.conversion.rules import (
    Conversion,
    application_problems,
)
from certgraph.credit_bank.conversion.subjects import APPLICATION
from certgraph.credit_bank.conversion.tables import (
    ConversionApplicationRow,
    ConversionChangeRow,
    ConversionRuleRow,
    ConvertedCourseRow,
)
from certgraph.credit_bank.proposals.credits import MAX_TENTHS
from certgraph.credit_bank.records.tables import CreditRecordRow
from certgraph.credit_bank.rules import (
    NEXT_STEP,
    ApplicationState,
    CreditRecordState,
    next_instant,
)
from certgraph.database import Session, flush_or_conflict
from certgraph.organizations.subjects import acting_organization
from certgraph.problems import refusal, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True)
class _Step:
    """By whom and when a step is taken; the feed takes one, too."""

    by: str
    now: datetime
    remarks: str | None = None


def _record(
    session: Session,
    row: ConversionApplicationRow,
    state: ApplicationState,
    step: _Step,
    id_: UUID,
) -> None:
    row.state, row.changed_at = state, next_instant(step.now, row.changed_at)
    session.add(
        ConversionChangeRow(
            id=id_,
            application_id=row.id,
            state=state,
            remarks=step.remarks,
            changed_by=step.by,
            changed_at=row.changed_at,
        )
    )


def _check_valid(certificate: CertificateRow, *path: str) -> None:
    """Refuse a certificate that is not valid, or not now. Raises `Rejected`."""
    if certificate.state is not CertificateState.REGISTERED or certificate.erased_at is not None:
        facts = {"number": certificate.number, "state": certificate.state}
        raise refusal("application.certificate_not_valid", *path, **facts)


async def _credits_of(
    session: Session, certificate_number: str, account_number: str
) -> tuple[CreditRecordRow, CertificateRow]:
    """Return what the credit bank recorded of a certificate in an account, locked."""
    found = await queries.credit_record_numbered(session, number_key(certificate_number))
    if found is None or found[0].account_number != account_number:
        raise refusal("application.not_recorded", "certificate_number", number=certificate_number)
    credit, certificate = found
    _check_valid(certificate, "certificate_number")
    if credit.state is not CreditRecordState.RECORDED:
        raise refusal("application.not_recorded", "certificate_number", number=certificate_number)
    return credit, certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionDraft:
    """A student's application, as the institution takes it in.

    Attributes:
        certificate_number: The certificate that is to count.
        course_codes: Courses of the institution's measure, each once.
        account_number: Where its credits are recorded.
    """

    certificate_number: str
    account_number: str
    course_codes: Sequence[str]


@action(
    "conversionApply",
    may={Role.PILOT_INSTITUTION: OWN},
    returns="application",
    once=True,
    dry_run=True,
    refuses=(
        "application.beyond_cap",
        "application.beyond_recognized",
        "application.certificate_not_valid",
        "application.course_converted",
        "application.course_count",
        "application.course_taken_meanwhile",
        "application.no_rule",
        "application.not_recorded",
    ),
)
async def apply_for_conversion(act: Act, draft: ConversionDraft) -> ConversionApplicationRow:
    """Record a student's application to convert a certificate, as it comes in at the institution.

    Raises:
        Rejected: No credits of this certificate are recorded in this account, no rule grants a
            course, or a limit is passed: one course with one certificate, the recognized credits,
            the cap.

    Source: rules S12 and S13.
    """
    session, account_number, course_codes = act.session, draft.account_number, draft.course_codes
    organization = await acting_organization(session, act.actor.organization_id)
    # 1. What it is worth, and which rules convert it.
    credit, certificate = await _credits_of(session, draft.certificate_number, account_number)
    day = programme_day(act.now)
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
    # 2. Whether a limit is passed.
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
    # 3. The application with its courses, each of which it takes.
    row = ConversionApplicationRow(
        id=new_id(act.random),
        organization_id=organization.id,
        issuer_id=certificate.organization_id,
        record_id=credit.id,
        account_number=account_number,
        credits_tenths=sum(granted[code].credits_tenths for code in course_codes),
        submitted_at=act.now,
    )
    await _add_application(act, row, [granted[code] for code in sorted(course_codes)])
    return row


async def _add_application(
    act: Act, row: ConversionApplicationRow, rules: Sequence[ConversionRuleRow]
) -> None:
    """Add an application with its first step and the courses of its rules, in their order.

    Two of the same moment wait for each other in one order.

    Raises:
        Rejected: Another application of the same moment took one of the courses.
    """
    session, first = act.session, ApplicationState.AT_COLLEGE
    row.state, row.changed_at = first, act.now
    session.add(row)
    await session.flush()  # its courses and its first step refer to it
    _record(session, row, first, _Step(act.by, act.now), new_id(act.random))
    session.add_all(
        ConvertedCourseRow(
            application_id=row.id,
            rule_id=rule.id,
            organization_id=row.organization_id,
            account_number=row.account_number,
            course_code=rule.course_code,
            credits_tenths=rule.credits_tenths,
            counts=True,
        )
        for rule in rules
    )
    if not await flush_or_conflict(session):
        raise refusal("application.course_taken_meanwhile", "course_codes")


def _is_turn_of(actor: Actor, row: ConversionApplicationRow, state: ApplicationState) -> bool:
    """Tell whether an application in a state waits for an actor, in its role."""
    match state:
        case ApplicationState.AT_COLLEGE | ApplicationState.AT_ACADEMIC_OFFICE:
            whose = (Role.PILOT_INSTITUTION, row.organization_id)
        case ApplicationState.AT_EVALUATION_ORGANIZATION:
            whose = (Role.EVALUATION_ORGANIZATION, row.issuer_id)
        case _:
            return actor.role is Role.CREDIT_BANK
    return (actor.role, actor.organization_id) == whose


def _check_turn(actor: Actor, row: ConversionApplicationRow) -> None:
    """Refuse who is not next. Raises `Rejected`."""
    if row.state in NEXT_STEP and not _is_turn_of(actor, row, row.state):
        raise refusal("application.wrong_step", "id", state=row.state)


_PARTIES = {
    Role.PILOT_INSTITUTION: TURN,
    Role.EVALUATION_ORGANIZATION: TURN,
    Role.CREDIT_BANK: ANY,
}
"""The credit bank is a party of every application; whose turn it is, the state says."""


@action(
    "conversionApprove",
    may=_PARTIES,
    about=APPLICATION,
    returns="application",
    step_up=True,
    refuses=(
        "application.certificate_not_valid",
        "application.ended",
        "application.other_state",
        "application.wrong_step",
    ),
)
async def approve_application(
    act: Act,
    application: ConversionApplicationRow,
    *,
    state: Annotated[
        ApplicationState, "As the caller saw it: sent again, the request takes no second step."
    ],
    remarks: str | None = None,
) -> ConversionApplicationRow:
    """Take an application to its next step.

    First the institution's college and its academic office, then the certificate's issuer, then the
    credit bank, whose approval converts.

    Args:
        act: The act.
        application: The application.
        state: As the caller saw it.
        remarks: What is said with it, 1 to 500 characters.

    Raises:
        Rejected: Another's turn, another state, it has ended already, or its certificate is no
            longer valid.

    Source: rule S13.
    """
    row = application
    if row.state is NEXT_STEP.get(state) and _is_turn_of(act.actor, row, state):
        return row
    _check_turn(act.actor, row)
    if row.state is not state and row.state in NEXT_STEP:
        raise refusal("application.other_state", "state", state=row.state, seen=state)
    target = NEXT_STEP.get(row.state)
    if target is None:
        raise refusal("application.ended", "id", state=row.state)
    _check_valid(await queries.certificate_of(act.session, row.record_id), "id")
    if remarks is not None:
        reject_if(text_problems(remarks, 500, "remarks"))
    _record(act.session, row, target, _Step(act.by, act.now, remarks), new_id(act.random))
    return row


@action(
    "conversionReject",
    may=_PARTIES,
    about=APPLICATION,
    returns="application",
    refuses=("application.ended", "application.wrong_step"),
)
async def reject_application(
    act: Act, application: ConversionApplicationRow, *, remarks: str
) -> ConversionApplicationRow:
    """End an application at any of its steps, with a reason; its courses are free again.

    Args:
        act: The act.
        application: The application.
        remarks: Why, 1 to 500 characters.

    Raises:
        Rejected: Another's turn, it has ended already, or no reason.
    """
    row = application
    _check_turn(act.actor, row)
    if row.state not in NEXT_STEP:
        raise refusal("application.ended", "id", state=row.state)
    reject_if(text_problems(remarks, 500, "remarks"))
    rejected = ApplicationState.REJECTED
    _record(act.session, row, rejected, _Step(act.by, act.now, remarks), new_id(act.random))
    await queries.release_courses(act.session, [row.id])
    return row


ACTIONS = (apply_for_conversion, approve_application, reject_application)


async def reverse_applications(
    session: Session, record_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Reverse what was converted, or asked for, with certificates that are no longer valid."""
    if not record_ids:
        return
    rows = await queries.open_applications(session, record_ids)
    for row in rows:
        step = _Step("feed", now, "the certificate is no longer valid")
        _record(session, row, ApplicationState.REVERSED, step, uuid5(row.id, "reversed"))
    await queries.release_courses(session, [row.id for row in rows])
