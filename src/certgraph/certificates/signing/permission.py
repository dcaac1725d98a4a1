"""Whether an organization may sign what it drafted: what may have changed since."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from certgraph.calendar import programme_day
from certgraph.certificates.rules import (
    inactive_problems,
    not_entitled_problem,
    restricted_problem,
)
from certgraph.certificates.run_queries import Draft
from certgraph.certificates.tables import IssueRunRow
from certgraph.database import Session
from certgraph.entitlements import queries as entitlement_queries
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import RestrictionKind, state_on
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import Problem, reject_if
from certgraph.standards import queries as standard_queries


def kind_of(draft: Draft) -> tuple[UUID, int, date]:
    """Return what an organization must be entitled to, to sign a draft: type, level, day."""
    return draft.certificate_type_id, draft.level, draft.issued_on


async def check_may_sign(
    session: Session,
    organization: OrganizationRow,
    run: IssueRunRow,
    kinds: Iterable[tuple[UUID, int, date]],
    now: datetime,
) -> None:
    """Refuse to sign what may no longer be: what has changed since it was drafted.

    Raises:
        Rejected: The organization is no longer active (with the rule by which its state ends its
            issuing; corrections aside), a decision keeps it from issuing, or it is no longer
            entitled to what it drafted.
    """
    await organization_queries.share_organization(session, organization.id)
    if run.completes_after_exit:  # as the decision on the exit says
        return
    kinds, today = set(kinds), programme_day(now)
    if not run.reason:  # else it corrects a certificate of when the organization was active
        changes = await organization_queries.state_changes(session, organization.id)
        states = [(change.since, change.state) for change in changes]
        reject_if(inactive_problems(organization.name, state_on(states, today), today))
        reject_if(await _restricted_problems(session, organization, kinds, today))
    entitlements = await entitlement_queries.entitlements_of(session, organization.id)
    gone = [
        (type_id, level, day)
        for type_id, level, day in sorted(kinds)
        if not any(
            (one.certificate_type_id, one.level) == (type_id, level)
            and one.first_on <= day
            and (one.last_on is None or day <= one.last_on)
            for one in entitlements
        )
    ]
    types = await standard_queries.certificate_types_by_ids(
        session, [type_id for type_id, *_ in gone]
    )
    reject_if(
        not_entitled_problem(organization.name, types[type_id].name, level, day)
        for type_id, level, day in gone
    )


async def _restricted_problems(
    session: Session,
    organization: OrganizationRow,
    kinds: Iterable[tuple[UUID, int, date]],
    today: date,
) -> list[Problem]:
    """List what a decision keeps an organization from issuing today."""
    problems = []
    for type_id in sorted({type_id for type_id, *_ in kinds}):
        given = (organization.id, RestrictionKind.ISSUING, type_id, today)
        row = await organization_queries.restricted_on(session, *given)
        if row is not None:
            types = await standard_queries.certificate_types_by_ids(session, [type_id])
            period = (row.first_on, row.last_on)
            said = (organization.name, types[type_id].name, period, row.reason)
            problems.append(restricted_problem(*said))
    return problems
