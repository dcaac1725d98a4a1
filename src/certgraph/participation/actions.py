"""Take part: apply, be filed, begin, end."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import KeyOf, action
from certgraph.calendar import programme_day
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import (
    AppointmentFunction,
    OrganizationKind,
    RestrictionKind,
    level_problems,
)
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import AppointmentRow, OrganizationRow
from certgraph.parameters.rules import pilot_problems
from certgraph.participation import queries
from certgraph.participation.rules import (
    LARGEST,
    ParticipationState,
    step_problems,
    year_problems,
)
from certgraph.participation.subjects import AUTHORITY, INSTITUTION, PARTICIPATION
from certgraph.participation.tables import (
    ParticipationChangeRow,
    ParticipationRow,
)
from certgraph.problems import Problem, Rejected, reject_if
from certgraph.randomness import new_id
from certgraph.standards.rules import CertificateLevel
from certgraph.standards.subjects import certificate_type_coded, known_levels


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
    may=INSTITUTION,
    about=ORGANIZATION,
    returns="participation",
    once=True,
    refuses=(
        "certificate_type.level_unknown",
        "certificate_type.not_found",
        "participation.no_institution",
        "participation.planned",
        "participation.restricted",
        "participation.taken",
        "participation.year",
        "regime.closed",
        "regime.not_begun",
    ),
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
    kept = await organization_queries.restricted_on(
        session, organization.id, RestrictionKind.PARTICIPATION, type_.id, today
    )
    if kept is not None:
        facts = {"name": organization.name, "first": kept.first_on.isoformat()}
        problems.append(Problem(code="participation.restricted", facts=facts))
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
    may=AUTHORITY,
    rule="S08",
    about=PARTICIPATION,
    returns="participation",
    leads_to=(ParticipationState.FILED,),
    refuses=("participation.step_refused",),
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
    may=AUTHORITY,
    rule="S08",
    about=PARTICIPATION,
    returns="participation",
    reason=True,
    leads_to=(ParticipationState.DECLINED,),
    refuses=("participation.step_refused",),
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
    may=INSTITUTION,
    rule="R02",
    about=PARTICIPATION,
    returns="participation",
    leads_to=(ParticipationState.ACTIVE,),
    refuses=(
        "participation.no_contact",
        "participation.no_lead",
        "participation.other_year",
        "participation.step_refused",
        "regime.closed",
        "regime.not_begun",
    ),
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
    may=INSTITUTION,
    about=PARTICIPATION,
    returns="participation",
    reason=True,
    leads_to=(ParticipationState.ENDED,),
    refuses=("participation.other_year", "participation.step_refused"),
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


def end_by_decision(act: Act, participation: ParticipationRow, last_on: date) -> None:
    """End a participation, or an application, because its institution leaves. Source: rule R54."""
    if participation.active_on is not None and participation.active_on <= last_on:
        participation.ended_on = min(last_on, participation.ended_on or last_on)
    elif participation.active_on is not None:
        participation.ended_on = participation.active_on
    _record(act, participation, ParticipationState.ENDED)


ACTIONS = (
    apply_to_take_part,
    file_participation,
    decline_participation,
    activate_participation,
    end_participation,
)
