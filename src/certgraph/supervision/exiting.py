"""Exits from end to end: of an evaluation organization, and of an institution."""

from datetime import date, datetime, timedelta

from certgraph.actions.acting import Act
from certgraph.assessment.planning import record_step
from certgraph.assessment.queries import is_at_site_of, plans_not_begun
from certgraph.assessment.rules import ExamPlanState
from certgraph.calendar import instant_after, programme_day, working_days_after
from certgraph.certificates import run_queries
from certgraph.certificates.batches.queries import batches_of_runs, unchecked_of
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.leaving import leave
from certgraph.certificates.tables import CertificateRow
from certgraph.database import Session
from certgraph.duties import obligation_queries
from certgraph.duties.queries import end_filings, is_filed_by
from certgraph.duties.rules import FilingKind, ObligationBasis, ObligationKind
from certgraph.organizations.queries import state_changes
from certgraph.organizations.rules import OrganizationState, state_on
from certgraph.organizations.tables import OrganizationRow
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import ParameterName
from certgraph.participation.actions import end_by_decision
from certgraph.randomness import Random, new_id
from certgraph.supervision import queries
from certgraph.supervision.rules import Completion
from certgraph.supervision.tables import CaseRow


async def exit_organization(
    act: Act,
    case: CaseRow,
    organization: OrganizationRow,
    effective_on: date,
    completion: Completion,
) -> None:
    """Let an evaluation organization leave from a day on, with all that follows.

    Raises:
        Rejected: See `leave`.

    Source: rule R53.
    """
    # 1. Its state, its rights, keys, exams, sites and fees.
    await leave(act, organization, effective_on)
    # 2. What it drafted and has not signed.
    await _complete(act, organization, completion)
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


async def _complete(act: Act, organization: OrganizationRow, completion: Completion) -> None:
    """Let what was drafted be signed to its end, or delete it; cancel files without drafts."""
    runs = await run_queries.runs_with_drafts(act.session, organization.id)
    batches = {
        one.issue_run_id: one for one in await batches_of_runs(act.session, [r.id for r in runs])
    }
    for run in runs:
        act.touched.append(run)
        if completion is Completion.REGISTERED_STUDENTS:
            run.completes_after_exit = True
            continue
        deleted = await run_queries.delete_drafts(
            act.session, CertificateRow.issue_run_id == run.id
        )
        run.certificate_count -= deleted
        batch = batches.get(run.id)
        if batch is not None:
            batch.candidate_count = run.certificate_count
            is_left = run.certificate_count > 0
            batch.state = BatchState.ISSUED if is_left else BatchState.CANCELLED
            batch.issued_at = act.now if is_left else None
            batch.remarks, batch.halted, batch.lease_until = act.reason, None, None
    for batch in await unchecked_of(act.session, organization.id):
        batch.state, batch.remarks = BatchState.CANCELLED, act.reason
        batch.sealed_file = batch.sealed_report = batch.halted = batch.lease_until = None
        act.touched.append(batch)


async def exit_institution(act: Act, institution: OrganizationRow, effective_on: date) -> None:
    """Let an institution leave from a day on; certificates and credits of its students stay.

    Source: rule R54.
    """
    day_before = effective_on - timedelta(days=1)
    for row in await queries.participations_of(act.session, institution.id, effective_on.year):
        end_by_decision(act, row, day_before)
        act.touched.append(row)
    for plan in await plans_not_begun(act.session, is_at_site_of(institution.id), act.now):
        record_step(act, plan, ExamPlanState.WITHDRAWN, "the site's institution leaves")
        act.touched.append(plan)
    of_it = is_filed_by(institution.id)
    await end_filings(act.session, FilingKind.EXAM_SITE, of_it, day_before)


async def take_effect(session: Session, now: datetime, random: Random) -> int:
    """Take organizations into their exit whose day has come; return how many."""
    del random
    found = await queries.exits_to_come(session, programme_day(now))
    left = 0
    for case, organization in found:
        changes = await state_changes(session, organization.id)
        dated = [(one.since, one.state) for one in changes]
        if state_on(dated, programme_day(now)) is OrganizationState.EXITED:  # not put right since
            organization.state = OrganizationState.EXITED
            organization.state_since = case.effective_on
            left += 1
    return left
