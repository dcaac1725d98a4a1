"""Take part: apply, be filed, begin, end; and report how many students do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import KeyOf, PerRequest, action
from certgraph.actions.parties import ON_BEHALF, OVER, OWN, Role
from certgraph.calendar import programme_day
from certgraph.credential.holder_tag import normalized_document_number
from certgraph.database import insert_rows
from certgraph.identity_documents import DocumentType, document_problems
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import AppointmentFunction, OrganizationKind, level_problems
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import AppointmentRow, OrganizationRow
from certgraph.parameters.rules import pilot_problems
from certgraph.participation import queries
from certgraph.participation.rules import (
    LARGEST,
    CountBasis,
    CountDraft,
    ParticipationState,
    count_problems,
    step_problems,
    year_problems,
)
from certgraph.participation.subjects import PARTICIPATION
from certgraph.participation.tables import (
    ParticipationChangeRow,
    ParticipationCountRow,
    ParticipationRow,
    RosterStudentRow,
)
from certgraph.problems import Problem, Rejected, reject_if
from certgraph.randomness import new_id
from certgraph.standards.rules import CertificateLevel
from certgraph.standards.subjects import certificate_type_coded, known_levels

_INSTITUTION = {Role.PILOT_INSTITUTION: OWN, Role.OPERATOR: ON_BEHALF}
_AUTHORITY = {Role.PROVINCIAL_AUTHORITY: OVER, Role.OPERATOR: ON_BEHALF}


def _record(act: Act, row: ParticipationRow, state: ParticipationState) -> None:
    row.state = state
    act.session.add(
        ParticipationChangeRow(
            id=new_id(act.random),
            participation_id=row.id,
            state=state,
            remarks=act.reason,
            changed_by=act.by,
            changed_at=act.now,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipationDraft:
    """What an institution applies for.

    Attributes:
        certificate_type_code: Code of the certificate type.
        level: At which level.
        year: For which year, this or the next: status and quota hold for that year alone.
        planned: How many students it plans for.
    """

    certificate_type_code: str
    level: Annotated[int, CertificateLevel]
    year: int
    planned: int


@action(
    "participationApply",
    may=_INSTITUTION,
    about=ORGANIZATION,
    returns="participation",
    once=True,
)
async def apply_to_take_part(
    act: Act, organization: OrganizationRow, draft: ParticipationDraft
) -> ParticipationRow:
    """Apply to take part in a certificate at one level, for one year. Its authority files it.

    What was declined can be applied for again.

    Raises:
        Rejected: No pilot institution, an unknown type or level, another year than this or the
            next, a second application, or the pilot is over (S15).
    """
    # 1. What is wrong in itself.
    session, today = act.session, programme_day(act.now)
    problems = pilot_problems(today) + year_problems(draft.year, today=today)
    if not problems:
        problems = pilot_problems(date(draft.year, 12, 31), "year")
    if not 1 <= draft.planned <= LARGEST:
        problems.append(Problem(code="participation.planned", path=("planned",)))
    kinds = await organization_queries.kinds_of(session, organization.id)
    if OrganizationKind.PILOT_INSTITUTION not in kinds:
        facts: dict[str, object] = {"name": organization.name}
        path = ("organization_code",)
        problems.append(Problem(code="participation.no_institution", path=path, facts=facts))
    # 2. For what it applies.
    try:
        type_ = await certificate_type_coded(
            session, draft.certificate_type_code, "certificate_type_code"
        )
    except Rejected as rejected:
        raise Rejected([*problems, *rejected.problems]) from None
    levels = await known_levels(session, type_.id)
    for one in level_problems([draft.level], levels, type_.name):
        problems.append(Problem(code=one.code, path=("level",), facts=one.facts))
    before = await queries.participation_for(
        session, organization.id, type_.id, draft.level, draft.year
    )
    if before is not None and before.state is not ParticipationState.DECLINED:
        facts = {"year": draft.year, "name": type_.name, "state": before.state}
        problems.append(Problem(code="participation.taken", facts=facts))
    reject_if(problems)
    # 3. The application.
    row = before or ParticipationRow(
        id=new_id(act.random),
        institution_id=organization.id,
        certificate_type_id=type_.id,
        level=draft.level,
        year=draft.year,
        state=ParticipationState.APPLIED,
    )
    row.planned, row.applied_at = draft.planned, act.now
    session.add(row)
    await session.flush()  # its steps refer to it
    _record(act, row, ParticipationState.APPLIED)
    return row


@action(
    "participationFile",
    may=_AUTHORITY,
    rule="S08",
    about=PARTICIPATION,
    returns="participation",
    leads_to=(ParticipationState.FILED,),
)
async def file_participation(act: Act, participation: ParticipationRow) -> ParticipationRow:
    """File an application 备案, as the authority that supervises the institution.

    Raises:
        Rejected: It is not applied for any more.

    Source: rule S08.
    """
    reject_if(step_problems(participation.state, ParticipationState.FILED))
    participation.filed_at = act.now
    participation.filed_by_id = act.actor.organization_id
    _record(act, participation, ParticipationState.FILED)
    return participation


@action(
    "participationDecline",
    may=_AUTHORITY,
    rule="S08",
    about=PARTICIPATION,
    returns="participation",
    reason=True,
    leads_to=(ParticipationState.DECLINED,),
)
async def decline_participation(act: Act, participation: ParticipationRow) -> ParticipationRow:
    """Decline an application; the institution may apply again.

    Raises:
        Rejected: It is not applied for any more.
    """
    reject_if(step_problems(participation.state, ParticipationState.DECLINED))
    _record(act, participation, ParticipationState.DECLINED)
    return participation


async def _named_for(
    act: Act, institution_id: UUID, appointment_id: UUID, function: AppointmentFunction
) -> AppointmentRow | None:
    """Return an appointment of an institution that is in force for a function; else None."""
    row = await act.session.get(AppointmentRow, appointment_id)
    today = programme_day(act.now)
    if row is None or row.organization_id != institution_id or row.function is not function:
        return None
    is_in_force = row.first_on <= today and (row.last_on is None or today <= row.last_on)
    return row if is_in_force else None


@action(
    "participationActivate",
    may=_INSTITUTION,
    rule="R02",
    about=PARTICIPATION,
    returns="participation",
    leads_to=(ParticipationState.ACTIVE,),
)
async def activate_participation(
    act: Act,
    participation: ParticipationRow,
    *,
    lead_id: Annotated[UUID, KeyOf(AppointmentRow), "Its lead, who is the institution's head."],
    contact_id: Annotated[UUID, KeyOf(AppointmentRow), "Its contact."],
) -> ParticipationRow:
    """Begin to take part, from today on: with a work group that the head leads, and a contact.

    Raises:
        Rejected: It is not filed, no lead who is the head, or no contact (R02), or the year has not
            begun or is over.

    Source: rule R02.
    """
    today = programme_day(act.now)
    problems = pilot_problems(today)
    problems += step_problems(participation.state, ParticipationState.ACTIVE)
    institution_id = participation.institution_id
    lead = await _named_for(act, institution_id, lead_id, AppointmentFunction.LEAD)
    if lead is None or not lead.is_principal:
        problems.append(Problem(code="participation.no_lead", path=("lead_id",)))
    contact = await _named_for(act, institution_id, contact_id, AppointmentFunction.CONTACT)
    if contact is None:
        problems.append(Problem(code="participation.no_contact", path=("contact_id",)))
    if participation.year != today.year:
        facts = {"year": participation.year, "today": today.isoformat()}
        problems.append(Problem(code="participation.other_year", facts=facts))
    reject_if(problems)
    participation.lead_id, participation.contact_id = lead_id, contact_id
    participation.active_on = today
    _record(act, participation, ParticipationState.ACTIVE)
    return participation


@action(
    "participationEnd",
    may=_INSTITUTION,
    about=PARTICIPATION,
    returns="participation",
    reason=True,
    leads_to=(ParticipationState.ENDED,),
)
async def end_participation(act: Act, participation: ParticipationRow) -> ParticipationRow:
    """End a participation before its year does; today is its last day. Students keep theirs.

    Raises:
        Rejected: It is not active.
    """
    today = programme_day(act.now)
    problems = step_problems(participation.state, ParticipationState.ENDED)
    if today.year > participation.year:  # it ended with its year
        facts = {"year": participation.year, "today": today.isoformat()}
        problems.append(Problem(code="participation.other_year", facts=facts))
    reject_if(problems)
    participation.ended_on = today
    _record(act, participation, ParticipationState.ENDED)
    return participation


def _counted(
    act: Act, participation: ParticipationRow, draft: CountDraft, basis: CountBasis
) -> ParticipationCountRow:
    """Add figures to a participation. Raises `Rejected`."""
    problems = count_problems(draft, today=programme_day(act.now))
    if participation.active_on is None:
        facts = {"state": participation.state}
        problems.append(Problem(code="participation.not_begun", facts=facts))
    elif draft.as_of < participation.active_on:
        days = {"day": draft.as_of.isoformat(), "first": participation.active_on.isoformat()}
        problems.append(Problem(code="participation.count_before", path=("as_of",), facts=days))
    reject_if(problems)
    row = ParticipationCountRow(
        id=new_id(act.random),
        participation_id=participation.id,
        as_of=draft.as_of,
        planned=draft.planned,
        enrolled=draft.enrolled,
        examined=draft.examined,
        passed=draft.passed,
        basis=basis,
        recorded_by=act.by,
        recorded_at=act.now,
    )
    act.session.add(row)
    act.touched.append(row)
    return row


@action(
    "participationCountReport",
    may=_INSTITUTION,
    rule="R06",
    about=PARTICIPATION,
    returns=("participation", "count"),
    once=True,
)
async def report_count(
    act: Act, participation: ParticipationRow, draft: CountDraft
) -> tuple[ParticipationRow, ParticipationCountRow]:
    """Report how many students take part. Figures are added, never changed.

    Raises:
        Rejected: More passed than were examined, or examined than are enrolled (R06); a day to
            come; or it has not begun.

    Source: rule R06.
    """
    return participation, _counted(act, participation, draft, CountBasis.REPORTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentDraft:
    """A student of a roster; kept as a keyed hash of the document alone.

    Attributes:
        document_type: Kind of identity document.
        document_number: Its number.
    """

    document_type: DocumentType
    document_number: str


MOST_STUDENTS = 5_000
"""Students of one roster."""

Students = Annotated[
    Sequence[StudentDraft], PerRequest(MOST_STUDENTS, "participation.roster_size"), "1 to 5,000."
]


@action(
    "participationRosterRecord",
    may=_INSTITUTION,
    rule="R06",
    about=PARTICIPATION,
    returns=("participation", "count"),
    once=True,
    dry_run=True,
)
async def record_roster(
    act: Act,
    participation: ParticipationRow,
    *,
    as_of: Annotated[date, "Day of the roster."],
    students: Students,
    examined: Annotated[int, "How many of them were examined."] = 0,
    passed: Annotated[int, "How many of them passed."] = 0,
) -> tuple[ParticipationRow, ParticipationCountRow]:
    """Report the students that take part by their roster: so that persons can be counted, too.

    Of a student nothing is kept but a keyed hash of the document.

    Raises:
        Rejected: A document number that is wrong, or is there twice; figures as in a report.

    Source: rule R06.
    """
    today = programme_day(act.now)
    problems: list[Problem] = []
    if not students:
        problems.append(Problem(code="participation.roster_empty", path=("students",)))
    lookups: dict[bytes, int] = {}
    for place, one in enumerate(students):
        path = ("students", str(place), "document_number")
        found = document_problems(one.document_type, one.document_number, *path, today=today)
        problems += found
        number = normalized_document_number(one.document_number)
        lookup = act.keyring.document_lookup(one.document_type, number)
        if not found and lookup in lookups:
            facts = {"row": lookups[lookup] + 1}
            problems.append(Problem(code="participation.student_twice", path=path, facts=facts))
        lookups.setdefault(lookup, place)
    reject_if(problems)
    draft = CountDraft(
        as_of=as_of,
        planned=participation.planned,
        enrolled=len(lookups),
        examined=examined,
        passed=passed,
    )
    row = _counted(act, participation, draft, CountBasis.ROSTER)
    await act.session.flush()  # the students refer to it
    rows = [{"count_id": row.id, "document_lookup": lookup} for lookup in lookups]
    await insert_rows(act.session, RosterStudentRow, rows)
    return participation, row


@action("participationCountFile", may=_AUTHORITY, rule="R06", about=PARTICIPATION, returns="count")
async def file_count(act: Act, participation: ParticipationRow) -> ParticipationCountRow:
    """File the newest figures of a participation, as the authority that supervises it.

    Raises:
        Rejected: It has none.

    Source: rule R06.
    """
    row = await queries.newest_count(act.session, participation.id)
    if row is None:
        raise Rejected([Problem(code="participation.no_count")])
    if row.filed_at is None:
        row.filed_at, row.filed_by = act.now, act.by
    return row


ACTIONS = (
    apply_to_take_part,
    file_participation,
    decline_participation,
    activate_participation,
    end_participation,
    report_count,
    record_roster,
    file_count,
)
