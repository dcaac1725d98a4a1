"""Persons whom organizations name: leads, contacts, liaisons, and who answers for a text."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.calendar import programme_day
from certgraph.organizations import queries
from certgraph.organizations.rules import (
    AppointmentFunction,
    OrganizationKind,
    period_problems,
)
from certgraph.organizations.subjects import APPOINTMENT, ORGANIZATION, organization_named
from certgraph.organizations.tables import AppointmentRow, OrganizationRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems

_WHO = {
    **dict.fromkeys(
        (
            Role.MINISTRY,
            Role.ENTRUSTED_BODY,
            Role.PROVINCIAL_AUTHORITY,
            Role.EVALUATION_ORGANIZATION,
            Role.PILOT_INSTITUTION,
        ),
        OWN,
    ),
    Role.OPERATOR: ON_BEHALF,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentDraft:
    """A person whom an organization names.

    Attributes:
        function: For what.
        person_name: Chinese name, 1 to 64 characters.
        contact: How the person is reached; kept sealed, shown to the programme's parties alone.
        is_principal: Of a lead: whether it is the head of the organization (主要负责人).
        counterpart_code: Of a liaison: the evaluation organization that the person is for.
        first_on: First day of the appointment.
        last_on: Last day; null: until it is ended.
    """

    function: AppointmentFunction
    person_name: str
    first_on: date
    contact: str | None = None
    is_principal: bool = False
    counterpart_code: str | None = None
    last_on: date | None = None


@action(
    "appointmentMake",
    may=_WHO,
    about=ORGANIZATION,
    returns="appointment",
    once=True,
    refuses=("appointment.counterpart",),
)
async def make_appointment(
    act: Act, organization: OrganizationRow, draft: AppointmentDraft
) -> AppointmentRow:
    """Name a person for a function: who leads, whom to turn to, who answers for what is published.

    Raises:
        Rejected: A liaison of no evaluation organization, a counterpart of another function, or a
            period that ends before it begins.

    Source: rules R01, R02 and R47.
    """
    problems = text_problems(draft.person_name, 64, "person_name")
    if draft.contact is not None:
        problems += text_problems(draft.contact, 200, "contact")
    problems += period_problems(draft.first_on, draft.last_on, "last_on")
    is_liaison = draft.function is AppointmentFunction.LIAISON
    if is_liaison != (draft.counterpart_code is not None):
        problems.append(Problem(code="appointment.counterpart", path=("counterpart_code",)))
    reject_if(problems)
    counterpart = None
    if draft.counterpart_code is not None:
        code, path = draft.counterpart_code, "counterpart_code"
        counterpart = await organization_named(act.session, code, path)
        kinds = await queries.kinds_of(act.session, counterpart.id)
        if OrganizationKind.EVALUATION_ORGANIZATION not in kinds:
            raise refusal("appointment.counterpart", path)
    id_ = new_id(act.random)
    sealed = None if draft.contact is None else act.keyring.seal_contact(draft.contact, id_.bytes)
    row = AppointmentRow(
        id=id_,
        organization_id=organization.id,
        function=draft.function,
        person_name=draft.person_name,
        is_principal=draft.is_principal,
        counterpart_id=counterpart.id if counterpart else None,
        sealed_contact=sealed,
        first_on=draft.first_on,
        last_on=draft.last_on,
        made_by=act.by,
        made_at=act.now,
    )
    act.session.add(row)
    return row


@action(
    "appointmentEnd",
    may=_WHO,
    about=APPOINTMENT,
    returns="appointment",
    refuses=("appointment.ends_later", "appointment.has_ended"),
)
async def end_appointment(
    act: Act, appointment: AppointmentRow, *, last_on: Annotated[date, "Its last day."]
) -> AppointmentRow:
    """End an appointment; its last day is today or earlier, and not before its first.

    Raises:
        Rejected: It ended before, or the day is after today or before its first.
    """
    today = programme_day(act.now)
    problems = period_problems(appointment.first_on, last_on, "last_on")
    if last_on > today:
        facts = {"day": last_on.isoformat()}
        problems.append(Problem(code="appointment.ends_later", path=("last_on",), facts=facts))
    if appointment.last_on is not None and appointment.last_on < last_on:
        facts = {"name": appointment.person_name, "last": appointment.last_on.isoformat()}
        problems.append(Problem(code="appointment.has_ended", path=("last_on",), facts=facts))
    reject_if(problems)
    appointment.last_on = last_on
    return appointment


ACTIONS = (make_appointment, end_appointment)
