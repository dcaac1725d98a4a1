"""An organization leaves the programme: what ends with it.

What ends is ended when the exit is recorded, and once more on its day, for what came between.
"""

from datetime import date, timedelta
from typing import Any

from certgraph.actions.acting import Act, Recording
from certgraph.assessment.queries import is_plan_of, plans_not_begun
from certgraph.assessment.rules import ExamPlanState
from certgraph.assessment.steps import record_step
from certgraph.calendar import programme_day
from certgraph.certificates import queries
from certgraph.duties.effects import record_step as record_filing_step
from certgraph.duties.queries import Condition, end_filings, is_filed_by, is_for, undecided
from certgraph.duties.rules import FilingKind, FilingState
from certgraph.duties.tables import FilingRow
from certgraph.entitlements.queries import end_entitlements
from certgraph.organizations.actions import change_organization_state, plan_exit
from certgraph.organizations.queries import signing_keys_by_organization_ids
from certgraph.organizations.rules import OrganizationState
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import refusal

_LEAVES = "the organization leaves the programme"


async def leave(
    act: Act,
    organization: OrganizationRow,
    effective_on: date,
    state: OrganizationState = OrganizationState.EXITED,
) -> None:
    """Let an organization leave from a day on, and end what rests on its taking part.

    Its right to issue, its keys, sites and fees end the day before; plans of exams that day or
    later are withdrawn, and what waits for a yes is declined. What it issued before stays valid.

    Raises:
        Rejected: A step the programme does not know, it leaves already, it is to be handed over on
            a day to come, or certificates that count are dated on that day or after it: a verifier
            would refuse them.

    Source: rules R53 (EXITED) and S15 (HANDED_OVER).
    """
    is_to_come = effective_on > programme_day(act.now)
    if is_to_come and state is OrganizationState.EXITED:
        await plan_exit(act, organization, effective_on)
    else:
        change_organization_state(act, organization, state, effective_on)
    await check_nothing_issued_since(act, organization, effective_on)
    act.touched.extend(await end_what_rests_on(act, organization, effective_on))


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


async def check_nothing_issued_since(act: Act, organization: OrganizationRow, since: date) -> None:
    """Refuse an end that would make certificates that count invalid.

    Raises:
        Rejected: It has issued such on that day or after it.
    """
    count, last = await queries.issued_since(act.session, organization.id, since)
    if last is not None:
        facts = {"name": organization.name, "count": count, "since": since.isoformat()}
        raise refusal("organization.issued_since", "since", last=last.isoformat(), **facts)
