"""Register candidates for an exam, and withdraw a registration."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import KeyOf, PerRequest, action
from certgraph.actions.parties import ANY, ON_BEHALF, OWN, Role
from certgraph.assessment import preconditions, queries
from certgraph.assessment.planning import times_of
from certgraph.assessment.rules import CandidateKind, ExamPlanState, ExamRegistrationState, state_at
from certgraph.assessment.subjects import EXAM_PLAN, EXAM_REGISTRATION
from certgraph.assessment.tables import ExamPlanRow, ExamRegistrationRow
from certgraph.calendar import programme_day
from certgraph.credential.holder_tag import normalized_document_number
from certgraph.duties.kinds.declaring import Filed
from certgraph.duties.kinds.materials import Payer
from certgraph.holder_names import issued_name, name_problems
from certgraph.identity_documents import DocumentType, document_problems
from certgraph.organizations.rules import day_problems
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import (
    ParameterName,
    Parameters,
    Setting,
    ended_problems,
    no_new_work_problems,
)
from certgraph.participation.tables import ParticipationRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id

MOST_CANDIDATES = 1_000
"""Registrations of one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamRegistrationDraft:
    """Somebody who is to take an exam.

    Attributes:
        kind: A student of the pilot, or somebody else.
        holder_name: The name, as on the document.
        document_type: Kind of identity document.
        document_number: Its number; kept sealed, never in an answer.
        payer: Who pays the fee.
        participation_id: Of a student: the institution's participation; null for others.
        declared_voluntary_on: Day on which a student declared to take part of their own will; null
            for others.
    """

    kind: CandidateKind
    holder_name: str
    document_type: DocumentType
    document_number: str
    payer: Payer
    participation_id: Annotated[UUID | None, KeyOf(ParticipationRow)] = None
    declared_voluntary_on: date | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known when somebody is registered: the plan, whoever registers, what holds today."""

    plan: ExamPlanRow
    today: date
    participations: dict[UUID, ParticipationRow]
    organization_id: UUID | None
    role: Role | None
    pays_nothing: Setting | None


Registrations = Annotated[
    Sequence[ExamRegistrationDraft],
    PerRequest(MOST_CANDIDATES, "registration.count"),
    "1 to 1,000.",
]


@action(
    "examRegistrationsRecord",
    may={
        Role.EVALUATION_ORGANIZATION: OWN,
        Role.PILOT_INSTITUTION: ANY,
        Role.OPERATOR: ON_BEHALF,
    },
    about=EXAM_PLAN,
    returns=("plan", "registrations"),
    once=True,
    dry_run=True,
    refuses=(
        "issue.document_birth",
        "issue.document_character",
        "issue.document_check_digit",
        "issue.document_digits_lost",
        "issue.document_length",
        "issue.document_shape",
        "issue.document_spreadsheet",
        "participation.not_found",
        "plan.fee_above_cap",
        "plan.full",
        "plan.no_fee",
        "plan.not_open",
        "plan.restricted",
        "regime.closed",
        "regime.no_new_work",
        "registration.none",
        "registration.not_institutions",
        "registration.not_organizations",
        "registration.not_voluntary",
        "registration.other_participation",
        "registration.social_participation",
        "registration.student_pays",
        "registration.there_already",
        "registration.twice",
    ),
)
async def record_registrations(
    act: Act, plan: ExamPlanRow, *, registrations: Registrations
) -> tuple[ExamPlanRow, list[ExamRegistrationRow]]:
    """Register candidates for an exam, all or none.

    An institution registers students of its own participations, the evaluation organization others
    (rule R15). Students have declared to take part of their own will (I4).

    Raises:
        Rejected: Registration is not open, the plan is full, the fee is above its cap (S03), the
            pilot is over (S15, S17); or what is wrong with a candidate, each named.
    """
    # 1. Whether anybody is registered today.
    today = programme_day(act.now)
    parameters = await parameters_in_force(act.session)
    fee, problems = await _today_problems(act, plan, parameters, today)
    count, last = await queries.registered_of(act.session, plan.id)
    if count + len(registrations) > plan.capacity:
        shown: dict[str, object] = {"capacity": plan.capacity, "count": count}
        problems.append(Problem(code="plan.full", facts=shown))
    if not registrations:
        problems.append(Problem(code="registration.none", path=("registrations",)))
    # 2. Each candidate.
    facts = await _facts(act, plan, registrations, parameters, today)
    for id_ in {row.institution_id for row in facts.participations.values()}:
        kept = await preconditions.restriction_problems(act, id_, plan.certificate_type_id, today)
        problems += [found for found in kept if found not in problems]
    lookups: dict[bytes, int] = {}
    for place, one in enumerate(registrations):
        problems += _problems(one, facts, "registrations", str(place))
        lookup = _lookup(act, one)
        if lookup in lookups:
            shown = {"row": lookups[lookup] + 1}
            path = ("registrations", str(place), "document_number")
            problems.append(Problem(code="registration.twice", path=path, facts=shown))
        lookups.setdefault(lookup, place)
    before = await queries.documents_in(act.session, plan.id, lookups)
    for lookup, row in before.items():
        registrar = _registrar(registrations[lookups[lookup]], facts)
        if row.state is not ExamRegistrationState.WITHDRAWN or row.organization_id != registrar:
            path = ("registrations", str(lookups[lookup]), "document_number")
            problems.append(Problem(code="registration.there_already", path=path))
    reject_if(problems)
    # 3. Their rows; who had withdrawn comes back.
    assert fee is not None  # noqa: S101 - else it was refused
    rows = []
    for place, one in enumerate(registrations):
        row = before.get(_lookup(act, one)) or ExamRegistrationRow(
            id=new_id(act.random), plan_id=plan.id, position=last + 1 + place
        )
        _fill(act, row, one, facts, fee.body.amount_fen)
        act.session.add(row)
        rows.append(row)
    return plan, rows


async def _today_problems(
    act: Act, plan: ExamPlanRow, parameters: Parameters, today: date
) -> tuple[Filed | None, list[Problem]]:
    """Return the fee of a plan today, and why nobody is registered for it today."""
    problems: list[Problem] = []
    state = state_at(plan.state, times_of(plan), act.now)
    if state is not ExamPlanState.REGISTRATION:
        problems.append(Problem(code="plan.not_open", facts={"state": state}))
    problems += ended_problems(today) or no_new_work_problems(parameters, today)
    whose = (plan.organization_id, plan.certificate_type_id)
    problems += await preconditions.restriction_problems(act, *whose, today)
    fee, above = await preconditions.fee_on(act, plan, today)
    return fee, problems + above


def _lookup(act: Act, one: ExamRegistrationDraft) -> bytes:
    number = normalized_document_number(one.document_number)
    return act.keyring.document_lookup(one.document_type, number)


async def _facts(
    act: Act,
    plan: ExamPlanRow,
    registrations: Sequence[ExamRegistrationDraft],
    parameters: Parameters,
    today: date,
) -> _Facts:
    ids = {one.participation_id for one in registrations} - {None}
    rows = [await act.session.get(ParticipationRow, id_) for id_ in ids]
    name = ParameterName.STUDENTS_PAY_NOTHING
    is_free = parameters.is_so(name, today, plan.authority_id)
    return _Facts(
        plan=plan,
        today=today,
        participations={row.id: row for row in rows if row is not None},
        organization_id=act.actor.organization_id,
        role=act.actor.role,
        pays_nothing=parameters.setting(name, today, plan.authority_id) if is_free else None,
    )


def _problems(one: ExamRegistrationDraft, facts: _Facts, *path: str) -> list[Problem]:
    """List what is wrong with a candidate."""
    number = (*path, "document_number")
    problems = document_problems(one.document_type, one.document_number, *number, today=facts.today)
    problems += name_problems(one.holder_name, *path, "holder_name")
    problems += day_problems(one.declared_voluntary_on, *path, "declared_voluntary_on")
    if one.kind is CandidateKind.SOCIAL:
        if one.participation_id is not None:
            where = (*path, "participation_id")
            problems.append(Problem(code="registration.social_participation", path=where))
        if facts.role is Role.PILOT_INSTITUTION:
            problems.append(Problem(code="registration.not_institutions", path=(*path, "kind")))
        return problems
    if facts.role is Role.EVALUATION_ORGANIZATION:
        problems.append(Problem(code="registration.not_organizations", path=(*path, "kind")))
        return problems
    problems += _participation_problems(one, facts, *path)
    declared_on = one.declared_voluntary_on
    if declared_on is None or declared_on > facts.today:
        where = (*path, "declared_voluntary_on")
        problems.append(Problem(code="registration.not_voluntary", path=where))
    if one.payer is Payer.STUDENT and facts.pays_nothing is not None:
        shown = {"basis": facts.pays_nothing.basis}
        problems.append(
            Problem(code="registration.student_pays", path=(*path, "payer"), facts=shown)
        )
    return problems


def _participation_problems(one: ExamRegistrationDraft, facts: _Facts, *path: str) -> list[Problem]:
    """List why a student is not one of a participation in this certificate and level today."""
    where = (*path, "participation_id")
    row = facts.participations.get(one.participation_id) if one.participation_id else None
    is_office = facts.role is Role.OPERATOR
    if row is None or not (is_office or row.institution_id == facts.organization_id):
        return [Problem(code="participation.not_found", path=where)]
    plan = facts.plan
    is_of_plan = (row.certificate_type_id, row.level) == (plan.certificate_type_id, plan.level)
    is_active = (
        row.active_on is not None
        and row.active_on <= facts.today
        and row.year == facts.today.year
        and (row.ended_on is None or facts.today <= row.ended_on)
    )
    if is_of_plan and is_active:
        return []
    return [Problem(code="registration.other_participation", path=where)]


def _registrar(one: ExamRegistrationDraft, facts: _Facts) -> UUID:
    """Return who registers a candidate: the institution its students, else who examines."""
    participation = facts.participations.get(one.participation_id) if one.participation_id else None
    return participation.institution_id if participation else facts.plan.organization_id


def _fill(
    act: Act,
    row: ExamRegistrationRow,
    one: ExamRegistrationDraft,
    facts: _Facts,
    amount_fen: int,
) -> None:
    """Write a candidate into a row."""
    number = normalized_document_number(one.document_number)
    row.organization_id = _registrar(one, facts)
    row.kind = one.kind
    row.participation_id = one.participation_id
    row.holder_name = issued_name(one.holder_name)
    row.document_type = one.document_type
    row.document_sealed = act.keyring.seal_document(number, row.id.bytes)
    row.document_lookup = act.keyring.document_lookup(one.document_type, number)
    row.declared_voluntary_on = one.declared_voluntary_on
    row.payer = one.payer
    row.amount_fen = amount_fen if one.kind is CandidateKind.STUDENT else None
    row.state = ExamRegistrationState.REGISTERED
    row.registered_at = act.now


@action(
    "examRegistrationWithdraw",
    may={
        Role.EVALUATION_ORGANIZATION: OWN,
        Role.PILOT_INSTITUTION: OWN,
        Role.OPERATOR: ON_BEHALF,
    },
    about=EXAM_REGISTRATION,
    returns="registration",
    reason=True,
    leads_to=(ExamRegistrationState.WITHDRAWN,),
    after_leaving=True,
    refuses=("plan.has_begun",),
)
async def withdraw_registration(act: Act, registration: ExamRegistrationRow) -> ExamRegistrationRow:
    """Withdraw a registration before the exam begins.

    Raises:
        Rejected: The exam has begun, or there is a result.
    """
    plan = await act.session.get_one(ExamPlanRow, registration.plan_id)
    if act.now >= plan.starts_at or registration.state is not ExamRegistrationState.REGISTERED:
        raise refusal("plan.has_begun")
    registration.state = ExamRegistrationState.WITHDRAWN
    return registration


ACTIONS = (record_registrations, withdraw_registration)
