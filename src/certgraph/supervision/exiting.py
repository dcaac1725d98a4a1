"""Exits from end to end: of an evaluation organization, and of an institution."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from certgraph.actions.acting import Act, Recording
from certgraph.assessment.queries import is_at_site_of, plans_not_begun
from certgraph.assessment.rules import ExamPlanState
from certgraph.assessment.steps import record_step
from certgraph.calendar import instant_after, programme_day, working_days_after
from certgraph.certificates import run_queries
from certgraph.certificates.batches import queries as batch_queries
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.leaving import decline_undecided, end_what_rests_on, leave
from certgraph.certificates.tables import CertificateRow
from certgraph.database import Session
from certgraph.duties import obligation_queries
from certgraph.duties.queries import end_filings, is_filed_by, is_for
from certgraph.duties.rules import FilingKind, ObligationBasis, ObligationKind
from certgraph.organizations.queries import state_changes
from certgraph.organizations.rules import OrganizationState, RestrictionKind, state_on
from certgraph.organizations.tables import OrganizationRow, RestrictionRow
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import ParameterName
from certgraph.participation.actions import end_by_decision
from certgraph.problems import refusal
from certgraph.randomness import Random, new_id
from certgraph.supervision import queries
from certgraph.supervision.rules import Completion
from certgraph.supervision.tables import CaseRow

_LEFT = "the organization left the programme"


async def exit_organization(
    act: Act,
    case: CaseRow,
    organization: OrganizationRow,
    effective_on: date,
    completion: Completion,
) -> None:
    """Let an evaluation organization leave from a day on, with all that follows.

    Raises:
        Rejected: See `leave`; or what it drafted is to be signed and is dated on that day or later.

    Source: rule R53.
    """
    # 1. Its state, its rights, keys, exams, sites and fees.
    await leave(act, organization, effective_on)
    # 2. What it drafted and has not signed.
    later = await run_queries.drafted_since(act.session, organization.id, effective_on)
    if later and completion is Completion.REGISTERED_STUDENTS:
        facts = {"name": organization.name, "count": later, "since": effective_on.isoformat()}
        raise refusal("organization.drafted_since", "effective_on", **facts)
    act.touched.extend(await complete(act, organization, completion))
    # 3. What others owe because of it.
    parameters = await parameters_in_force(act.session)
    today = programme_day(act.now)
    days = parameters.number(ParameterName.TRUST_LIST_DAYS, today)
    deadline = working_days_after(max(today, effective_on), days)
    owed = [
        (case.decider_id, ObligationKind.TRUST_LIST, deadline.due_on, deadline.is_provisional),
        (organization.id, ObligationKind.HANDOVER_LISTS, None, False),
    ]
    rows = [
        {
            "id": new_id(act.random),
            "kind": kind,
            "rule_id": "R53",
            "debtor_id": debtor_id,
            "key": case.number,
            "opened_at": act.now,
            "due_on": due_on,
            "due_before": None if due_on is None else instant_after(due_on),
            "is_provisional": is_provisional,
            "basis": ObligationBasis.EVENT if due_on is None else ObligationBasis.PARAMETER,
        }
        for debtor_id, kind, due_on, is_provisional in owed
    ]
    await obligation_queries.open_obligations(act.session, rows)


async def complete(
    by: Recording, organization: OrganizationRow, completion: Completion
) -> list[Any]:
    """Let what was drafted be signed to its end, or delete it; return what changed.

    Files that have no drafts yet are cancelled.
    """
    session = by.session
    runs = await run_queries.runs_with_drafts(session, organization.id)
    found = await batch_queries.batches_of_runs(session, [run.id for run in runs])
    batches = {one.issue_run_id: one for one in found}
    changed: list[Any] = []
    for run in runs:
        if completion is Completion.REGISTERED_STUDENTS:
            changed += [] if run.completes_after_exit else [run]
            run.completes_after_exit = True
            continue
        of_run = CertificateRow.issue_run_id == run.id
        run.certificate_count -= await run_queries.delete_drafts(session, of_run)
        batch = batches.get(run.id)
        if batch is None:
            changed.append(run)
        elif run.certificate_count:
            batch.state, batch.issued_at = BatchState.ISSUED, by.now
            batch.candidate_count = run.certificate_count
            batch.remarks, batch.halted, batch.lease_until = _LEFT, None, None
            changed += [run, batch]
        else:
            _cancel(batch)
            batch.issue_run_id = None
            await session.flush()  # before the run that it referred to is deleted
            await batch_queries.delete_run(session, run.id)
            changed.append(batch)
    for batch in await batch_queries.unchecked_of(session, organization.id):
        _cancel(batch)
        changed.append(batch)
    return changed


def _cancel(batch: BatchRow) -> None:
    batch.state, batch.remarks = BatchState.CANCELLED, _LEFT
    batch.sealed_file = batch.sealed_report = batch.halted = batch.lease_until = None


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
