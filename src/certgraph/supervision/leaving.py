"""An organization leaves the programme: what ends with it.

What ends is ended when the exit is recorded, and once more on its day, for what came between.
"""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from certgraph.actions.acting import Act, Recording
from certgraph.assessment.queries import is_plan_of, plans_not_begun
from certgraph.assessment.rules import ExamPlanState
from certgraph.assessment.steps import record_step
from certgraph.calendar import instant_after, programme_day, working_days_after
from certgraph.certificates import queries, run_queries
from certgraph.certificates.batches import queries as batch_queries
from certgraph.certificates.batches.rules import BatchState
from certgraph.certificates.batches.tables import BatchRow
from certgraph.certificates.tables import CertificateRow
from certgraph.duties import obligation_queries
from certgraph.duties.effects import record_step as record_filing_step
from certgraph.duties.queries import Condition, end_filings, is_filed_by, is_for, undecided
from certgraph.duties.rules import FilingKind, FilingState, ObligationBasis, ObligationKind
from certgraph.duties.tables import FilingRow
from certgraph.entitlements.queries import end_entitlements
from certgraph.organizations.actions import change_organization_state, plan_exit
from certgraph.organizations.queries import ministry, signing_keys_by_organization_ids
from certgraph.organizations.rules import OrganizationState
from certgraph.organizations.tables import OrganizationRow
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import ParameterName
from certgraph.problems import Problem, reject_if
from certgraph.randomness import new_id
from certgraph.supervision.rules import Completion

_LEAVES = "the organization leaves the programme"
_LEFT = "the organization left the programme"
_RULE = {OrganizationState.EXITED: "R53", OrganizationState.HANDED_OVER: "S15"}


async def leave(
    act: Act,
    organization: OrganizationRow,
    effective_on: date,
    state: OrganizationState = OrganizationState.EXITED,
    completion: Completion = Completion.REGISTERED_STUDENTS,
    *,
    by_decision: bool = False,
) -> None:
    """Let an organization leave from a day on, and end what rests on its taking part.

    Its right to issue, its keys, sites and fees end the day before; plans of exams that day or
    later are withdrawn, and what waits for a yes is declined. What it drafted is signed to its end
    or deleted. What it issued before stays valid. The ministry owes a trust list that says so, and
    who leaves alone the lists of its students.

    Args:
        act: The act.
        organization: The organization.
        effective_on: The first day on which it takes part no more.
        state: EXITED, or HANDED_OVER with the others of its regime.
        completion: What of its issuing is finished.
        by_decision: Whether a case decided it: then the day may be one to come.

    Raises:
        Rejected: A step the programme does not know, it leaves already, a day to come without a
            case, or certificates that count, or drafts to be signed, are dated on that day or
            later: a verifier would refuse them.

    Source: rules R53 (EXITED) and S15 (HANDED_OVER).
    """
    # 1. Its state.
    if by_decision and effective_on > programme_day(act.now):
        await plan_exit(act, organization, effective_on)
    else:
        change_organization_state(act, organization, state, effective_on)
    # 2. What it issued, and what it drafted and has not signed.
    path = "effective_on" if by_decision else "since"
    found = await _dated_later(act, organization, effective_on, state, completion)
    reject_if([replace(one, path=(path,)) for one in found])
    act.touched.extend(await complete(act, organization, completion))
    # 3. Its rights, keys, exams, sites and fees.
    act.touched.extend(await end_what_rests_on(act, organization, effective_on))
    # 4. What is owed because of it.
    await _owe(act, organization, effective_on, state)


async def end_what_rests_on(
    by: Recording, organization: OrganizationRow, effective_on: date
) -> list[Any]:
    """End what rests on an organization's taking part, on the day before; return what changed.

    Done again it ends what came since.
    """
    session, day_before = by.session, effective_on - timedelta(days=1)
    changed: list[Any] = []
    # 1. What it may issue, and with what.
    await end_entitlements(session, organization.id, day_before)
    keys = await signing_keys_by_organization_ids(session, [organization.id])
    for key in keys[organization.id]:
        if key.first_on <= day_before and (key.last_on is None or key.last_on > day_before):
            key.last_on = day_before
            changed.append(key)
    # 2. Its sites and fees; then the exams that are not held any more.
    for kind, condition in (
        (FilingKind.EXAM_SITE, is_for(organization.id)),
        (FilingKind.FEE_STANDARD, is_filed_by(organization.id)),
    ):
        await end_filings(session, kind, condition, day_before)
        changed += await decline_undecided(by, kind, condition)
    own = is_plan_of(organization.id)
    for plan in await plans_not_begun(session, own, by.now, effective_on):
        record_step(by, plan, ExamPlanState.WITHDRAWN, _LEAVES)
        changed.append(plan)
    return changed


async def decline_undecided(
    by: Recording, kind: FilingKind, condition: Condition
) -> list[FilingRow]:
    """Decline filings that wait for a yes still; return them."""
    rows = await undecided(by.session, kind, condition)
    for row in rows:
        record_filing_step(by, row, FilingState.DECLINED, _LEAVES)
    return list(rows)


async def _dated_later(
    act: Act,
    organization: OrganizationRow,
    since: date,
    state: OrganizationState,
    completion: Completion,
) -> list[Problem]:
    """List why an end would make certificates invalid: they are dated on its day or later."""
    facts: dict[str, object] = {"name": organization.name, "since": since.isoformat()}
    count, last = await queries.issued_since(act.session, organization.id, since)
    if last is not None:
        found = {**facts, "count": count, "last": last.isoformat()}
        return [Problem(code="organization.issued_since", facts=found)]
    drafted = await run_queries.drafted_since(act.session, organization.id, since)
    if drafted and completion is Completion.REGISTERED_STUDENTS:
        is_alone = state is OrganizationState.EXITED
        code = "organization.drafted_since" if is_alone else "regime.drafted_since"
        return [Problem(code=code, facts={**facts, "count": drafted})]
    return []


async def complete(
    by: Recording, organization: OrganizationRow, completion: Completion
) -> list[Any]:
    """Let what was drafted be signed to its end, or delete it; return what changed.

    Files that have no drafts yet are cancelled.
    """
    session = by.session
    going_on = await batch_queries.going_on_of(session, organization.id)  # before their runs
    batches = {one.issue_run_id: one for one in going_on}
    runs = await run_queries.runs_with_drafts(session, organization.id)
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
    for batch in going_on:
        if batch.state is BatchState.DRAFT:
            _cancel(batch)
            changed.append(batch)
    return changed


def _cancel(batch: BatchRow) -> None:
    batch.state, batch.remarks = BatchState.CANCELLED, _LEFT
    batch.sealed_file = batch.sealed_report = batch.halted = batch.lease_until = None


async def _owe(
    act: Act, organization: OrganizationRow, effective_on: date, state: OrganizationState
) -> None:
    """Open what is owed: a trust list by the ministry, once for all that are handed over together.

    Nobody owes the list where no ministry is registered.
    """
    today = programme_day(act.now)
    is_alone = state is OrganizationState.EXITED
    key = f"{organization.code if is_alone else state} {effective_on}"
    rows = []
    debtor = await ministry(act.session)
    if debtor is not None:
        days = (await parameters_in_force(act.session)).number(ParameterName.TRUST_LIST_DAYS, today)
        deadline = working_days_after(max(today, effective_on), days)
        row = _owed(act, debtor.id, ObligationKind.TRUST_LIST, key, state)
        row["due_on"], row["due_before"] = deadline.due_on, instant_after(deadline.due_on)
        row["is_provisional"], row["basis"] = deadline.is_provisional, ObligationBasis.PARAMETER
        rows.append(row)
    if is_alone:
        rows.append(_owed(act, organization.id, ObligationKind.HANDOVER_LISTS, key, state))
    await obligation_queries.open_obligations(act.session, rows)


def _owed(
    act: Act, debtor_id: UUID, kind: ObligationKind, key: str, state: OrganizationState
) -> dict[str, Any]:
    return {
        "id": new_id(act.random),
        "kind": kind,
        "rule_id": _RULE[state],
        "debtor_id": debtor_id,
        "key": key,
        "opened_at": act.now,
        "due_on": None,
        "due_before": None,
        "is_provisional": False,
        "basis": ObligationBasis.EVENT,
    }
