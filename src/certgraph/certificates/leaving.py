"""An organization leaves the programme: what ends with it, in one transaction."""

from datetime import date, timedelta

from certgraph.actions.acting import Act
from certgraph.assessment.planning import record_step
from certgraph.assessment.queries import is_plan_of, plans_not_begun
from certgraph.assessment.rules import ExamPlanState
from certgraph.calendar import programme_day
from certgraph.certificates import queries
from certgraph.duties.queries import end_filings, is_filed_by, is_for
from certgraph.duties.rules import FilingKind
from certgraph.entitlements.queries import end_entitlements
from certgraph.organizations.actions import change_organization_state, plan_exit
from certgraph.organizations.queries import signing_keys_by_organization_ids
from certgraph.organizations.rules import OrganizationState
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import refusal


async def leave(act: Act, organization: OrganizationRow, effective_on: date) -> None:
    """Let an organization leave from a day on, and end what rests on its taking part.

    Its right to issue, its keys, sites and fees end the day before; plans whose exam has not begun
    are withdrawn. What it issued before stays valid.

    Raises:
        Rejected: A step the programme does not know, or certificates that count are dated on that
            day or after it: a verifier would refuse them.

    Source: rule R53.
    """
    # 1. Its state; of a day to come, the sweep takes it there.
    session, day_before = act.session, effective_on - timedelta(days=1)
    exited = OrganizationState.EXITED
    if effective_on <= programme_day(act.now):
        change_organization_state(act, organization, exited, effective_on)
    else:
        plan_exit(act, organization, effective_on)
    await check_nothing_issued_since(act, organization, effective_on)
    # 2. What it may issue, and with what.
    await end_entitlements(session, organization.id, day_before)
    keys = await signing_keys_by_organization_ids(session, [organization.id])
    for key in keys[organization.id]:
        if key.first_on <= day_before and (key.last_on is None or key.last_on > day_before):
            key.last_on = day_before
            act.touched.append(key)
    # 3. Its exams, sites and fees.
    for plan in await plans_not_begun(session, is_plan_of(organization.id), act.now):
        record_step(act, plan, ExamPlanState.WITHDRAWN, "the organization leaves the programme")
        act.touched.append(plan)
    await end_filings(session, FilingKind.EXAM_SITE, is_for(organization.id), day_before)
    await end_filings(session, FilingKind.FEE_STANDARD, is_filed_by(organization.id), day_before)


async def check_nothing_issued_since(act: Act, organization: OrganizationRow, since: date) -> None:
    """Refuse an end that would make certificates that count invalid.

    Raises:
        Rejected: It has issued such on that day or after it.
    """
    count, last = await queries.issued_since(act.session, organization.id, since)
    if last is not None:
        facts = {"name": organization.name, "count": count, "since": since.isoformat()}
        raise refusal("organization.issued_since", "since", last=last.isoformat(), **facts)
