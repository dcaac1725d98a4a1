"""Exits of institutions; and exits of organizations whose day has come."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from certgraph.actions.acting import Act
from certgraph.assessment.queries import is_at_site_of, plans_not_begun
from certgraph.assessment.rules import ExamPlanState
from certgraph.assessment.steps import record_step
from certgraph.calendar import programme_day
from certgraph.certificates import run_queries
from certgraph.certificates.tables import CertificateRow
from certgraph.database import Session
from certgraph.duties.queries import end_filings, is_filed_by, is_for
from certgraph.duties.rules import FilingKind
from certgraph.organizations.queries import state_changes
from certgraph.organizations.rules import OrganizationState, RestrictionKind, state_on
from certgraph.organizations.tables import OrganizationRow, RestrictionRow
from certgraph.participation.actions import end_by_decision
from certgraph.randomness import Random, new_id
from certgraph.supervision import queries
from certgraph.supervision.leaving import complete, decline_undecided, end_what_rests_on
from certgraph.supervision.tables import CaseRow


async def exit_institution(
    act: Act, case: CaseRow, institution: OrganizationRow, effective_on: date
) -> None:
    """Let an institution leave from a day on; certificates and credits of its students stay.

    It applies to take part again once the restriction that this leaves is ended.

    Source: rule R54.
    """
    session, day_before = act.session, effective_on - timedelta(days=1)
    for row in await queries.participations_of(session, institution.id, effective_on):
        end_by_decision(act, row, day_before)
        act.touched.append(row)
    for kind, condition in (
        (FilingKind.EXAM_SITE, is_filed_by(institution.id)),
        (FilingKind.MONITORING_POINT, is_for(institution.id)),
    ):
        await end_filings(session, kind, condition, day_before)
        act.touched.extend(await decline_undecided(act, kind, condition))
    at_sites = is_at_site_of(institution.id)
    for plan in await plans_not_begun(session, at_sites, act.now, effective_on):
        record_step(act, plan, ExamPlanState.WITHDRAWN, "the site's institution leaves")
        act.touched.append(plan)
    kept = RestrictionRow(
        id=new_id(act.random),
        organization_id=institution.id,
        kind=RestrictionKind.PARTICIPATION,
        first_on=effective_on,
        case_id=case.id,
        reason=case.summary or "",
        imposed_by=act.by,
        imposed_at=act.now,
    )
    session.add(kept)
    act.touched.append(kept)


@dataclass(frozen=True, slots=True)
class _Sweep:
    """The sweep, as who records a step."""

    session: Session
    now: datetime
    random: Random
    by: str = "sweep"


async def take_effect(session: Session, now: datetime, random: Random) -> int:
    """Take organizations into an exit whose day has come, and end what came between.

    Returns:
        How many left.
    """
    left, by, today = 0, _Sweep(session, now, random), programme_day(now)
    for organization, since in await queries.exits_to_come(session, today):
        dated = [(one.since, one.state) for one in await state_changes(session, organization.id)]
        if state_on(dated, today) is not OrganizationState.EXITED:  # put right since
            continue
        organization.state, organization.state_since = OrganizationState.EXITED, since
        await end_what_rests_on(by, organization, since)
        completion = await queries.completion_of(session, organization.id, since)
        if completion is not None:
            later = CertificateRow.issued_on >= since
            own = CertificateRow.organization_id == organization.id
            await run_queries.delete_drafts(session, later & own)
            await complete(by, organization, completion)
        left += 1
    return left
