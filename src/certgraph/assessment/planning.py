"""Plan exams: publish a plan once all that it rests on is in effect, and withdraw one."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import KeyOf, action
from certgraph.actions.parties import ON_BEHALF, OWN, Role
from certgraph.assessment import preconditions
from certgraph.assessment.rules import ExamPlanState, Times, time_problems
from certgraph.assessment.steps import record_step
from certgraph.assessment.subjects import EXAM_PLAN
from certgraph.assessment.tables import ExamPlanRow
from certgraph.calendar import programme_day
from certgraph.duties import queries
from certgraph.duties.bodies import filed
from certgraph.duties.rules import FilingKind
from certgraph.duties.tables import FilingRow
from certgraph.organizations.queries import organization_names, supervisor_of
from certgraph.organizations.rules import day_problems, level_problems
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import OrganizationRow
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import (
    ParameterName,
    Parameters,
    ended_problems,
    no_new_work_problems,
)
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.standards.rules import CertificateLevel
from certgraph.standards.subjects import certificate_type_coded, known_levels

ISSUER = {Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF}
_MOST_CANDIDATES = 100_000
Filing = Annotated[UUID, KeyOf(FilingRow)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamPlanDraft:
    """An exam at a site.

    Attributes:
        certificate_type_code: Code of the certificate type.
        level: At which level.
        scheme_id: The assessment scheme, in effect (R23).
        site_id: The exam site, in effect (R26).
        activity_id: The activity, filed by the site's province (R03); the exam lies within it.
        registration_opens_at: When registration opens.
        registration_closes_at: First instant at which it is closed.
        starts_at: When the exam begins.
        ends_at: When it ends.
        capacity: How many candidates it takes, at most.
    """

    certificate_type_code: str
    level: Annotated[int, CertificateLevel]
    scheme_id: Filing
    site_id: Filing
    activity_id: Filing
    registration_opens_at: datetime
    registration_closes_at: datetime
    starts_at: datetime
    ends_at: datetime
    capacity: int


def times_of(plan: ExamPlanRow) -> Times:
    """Return the times of a plan."""
    return Times(
        plan.registration_opens_at, plan.registration_closes_at, plan.starts_at, plan.ends_at
    )


@action(
    "examPlanPublish",
    may=ISSUER,
    rule="S07",
    about=ORGANIZATION,
    returns="plan",
    once=True,
    dry_run=True,
    refuses=(
        "certificate_type.not_found",
        "filing.number",
        "plan.activity_not_filed",
        "plan.after_the_end",
        "plan.fee_above_cap",
        "plan.no_activity",
        "plan.no_fee",
        "plan.no_scheme",
        "plan.no_site",
        "plan.not_entitled",
        "plan.order",
        "plan.outside_activity",
        "plan.registration_is_over",
        "plan.restricted",
        "plan.site_has_ended",
        "plan.site_not_in_effect",
        "plan.site_not_taking_part",
        "plan.site_superseded",
    ),
)
async def publish_plan(
    act: Act, organization: OrganizationRow, draft: ExamPlanDraft
) -> ExamPlanRow:
    """Publish the plan of an exam. All that it rests on is in effect; what is not is named at once.

    Raises:
        Rejected: Times out of order; no scheme (R23), no site with all its consents (R26), no
            activity that the site's province has filed (R03), no fee (R33) or one above its cap
            (S03), no right to issue; a restriction; or the pilot is over (S15, S17, S18).

    Source: rule S07.
    """
    # 1. What is wrong in itself.
    session = act.session
    reject_if(_moment_problems(draft))
    plan, problems = await _drafted(act, organization, draft)
    # 2. The site, and so the province.
    site = await queries.filing_by_id(session, draft.site_id)  # locked: its institution may leave
    if site is not None and site.kind is not FilingKind.EXAM_SITE:
        site = None
    day = programme_day(plan.starts_at)
    whose = (organization.id, plan.certificate_type_id)
    problems += await preconditions.site_problems(act, site, *whose, day)
    problems += await preconditions.scheme_problems(act, draft.scheme_id, *whose, draft.level)
    authority_id = None if site is None else await supervisor_of(session, site.organization_id)
    if authority_id is None:
        reject_if(problems or [Problem(code="plan.no_site", path=("site_id",))])
        raise AssertionError  # a refusal came before
    plan.authority_id = authority_id
    # 3. The activity and the fee of that province.
    names = await organization_names(session, [authority_id])
    activity = await session.get(FilingRow, draft.activity_id)
    is_activity = activity is not None and activity.kind is FilingKind.ACTIVITY
    found = await filed(session, activity) if activity is not None and is_activity else None
    problems += await preconditions.activity_problems(act, found, plan, names[authority_id])
    opens_on = programme_day(plan.registration_opens_at)
    fee, missing = await preconditions.fee_on(act, plan, opens_on)
    problems += missing
    problems += await preconditions.restriction_problems(act, *whose, opens_on)
    reject_if(problems)
    # 4. The plan.
    assert fee is not None  # noqa: S101 - else it was refused
    plan.fee_id = fee.id
    session.add(plan)
    await session.flush()  # its step refers to it
    record_step(act, plan, ExamPlanState.PUBLISHED)
    return plan


_MOMENTS = ("registration_opens_at", "registration_closes_at", "starts_at", "ends_at")


def _moment_problems(draft: ExamPlanDraft) -> list[Problem]:
    """List moments that no calendar here knows: before 2000, after 2199."""
    problems = []
    for name in _MOMENTS:
        value = getattr(draft, name)
        problems += day_problems(date(value.year, value.month, value.day), name)
    return problems


async def _drafted(
    act: Act, organization: OrganizationRow, draft: ExamPlanDraft
) -> tuple[ExamPlanRow, list[Problem]]:
    """Return the plan as drafted, and what is wrong with it in itself."""
    session, today = act.session, programme_day(act.now)
    type_ = await certificate_type_coded(
        session, draft.certificate_type_code, "certificate_type_code"
    )
    levels = await known_levels(session, type_.id)
    problems = [
        Problem(code=one.code, path=("level",), facts=one.facts)
        for one in level_problems([draft.level], levels, type_.name)
    ]
    plan = ExamPlanRow(
        id=new_id(act.random),
        organization_id=organization.id,
        certificate_type_id=type_.id,
        level=draft.level,
        scheme_id=draft.scheme_id,
        site_id=draft.site_id,
        activity_id=draft.activity_id,
        registration_opens_at=draft.registration_opens_at,
        registration_closes_at=draft.registration_closes_at,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        capacity=draft.capacity,
        state=ExamPlanState.PUBLISHED,
        published_at=act.now,
    )
    problems += time_problems(times_of(plan), act.now)
    if not 1 <= draft.capacity <= _MOST_CANDIDATES:
        facts: dict[str, object] = {"least": 1, "most": _MOST_CANDIDATES}
        problems.append(Problem(code="filing.number", path=("capacity",), facts=facts))
    parameters = await parameters_in_force(session)
    problems += _regime_problems(draft, parameters, today)
    day = programme_day(draft.starts_at)
    problems += await preconditions.entitlement_problems(
        act, organization.id, type_, draft.level, day
    )
    return plan, problems


def _regime_problems(draft: ExamPlanDraft, parameters: Parameters, today: date) -> list[Problem]:
    """List why an exam is not of the pilot: it is over. Source: rules S15, S17 and S18."""
    problems = ended_problems(programme_day(draft.registration_opens_at), "registration_opens_at")
    if problems:
        return problems
    opens_on = max(today, programme_day(draft.registration_opens_at))
    problems = no_new_work_problems(parameters, opens_on, "registration_opens_at")
    last_on = parameters.day(ParameterName.COMPLETES_UNTIL, today)
    ends_on = programme_day(draft.ends_at)
    if last_on is not None and ends_on > last_on:
        facts = {"day": ends_on.isoformat(), "last": last_on.isoformat()}
        problems.append(Problem(code="plan.after_the_end", path=("ends_at",), facts=facts))
    return problems


@action(
    "examPlanWithdraw",
    may=ISSUER,
    about=EXAM_PLAN,
    returns="plan",
    reason=True,
    leads_to=(ExamPlanState.WITHDRAWN,),
    after_leaving=True,
    refuses=("plan.has_begun",),
)
async def withdraw_plan(act: Act, plan: ExamPlanRow) -> ExamPlanRow:
    """Withdraw a plan whose exam has not begun; whoever is registered is examined elsewhere.

    Raises:
        Rejected: The exam has begun.
    """
    if plan.state is not ExamPlanState.PUBLISHED or act.now >= plan.starts_at:
        raise refusal("plan.has_begun")
    record_step(act, plan, ExamPlanState.WITHDRAWN, act.reason)
    return plan


ACTIONS = (publish_plan, withdraw_plan)
