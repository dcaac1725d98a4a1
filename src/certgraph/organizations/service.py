"""Register organizations, move them through their states, grant what they may issue.

The caller owns the transaction. Everything raises `Rejected` with all reasons, and then nothing
was changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from certgraph.calendar import programme_day
from certgraph.database import Session
from certgraph.organizations import queries
from certgraph.organizations.rules import (
    OrganizationKind,
    OrganizationState,
    day_problems,
    level_problems,
    period_problems,
    transition_problems,
    uscc_problems,
)
from certgraph.organizations.tables import (
    EntitlementRow,
    OrganizationKindRow,
    OrganizationRow,
    OrganizationStateChangeRow,
)
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationDraft:
    """What is stated when an organization is registered.

    Attributes:
        code: Its code in the programme, the `iss` of its certificates; never changes.
        name: Chinese name.
        kinds: At least one.
        name_en: English name.
        uscc: Unified social credit code, if known.
        division_code: GB/T 2260 code of its seat, if known.
        state: Where it stands; SELECTED for a newly admitted one.
    """

    code: str
    name: str
    kinds: Sequence[OrganizationKind]
    name_en: str | None = None
    uscc: str | None = None
    division_code: str | None = None
    state: OrganizationState = OrganizationState.SELECTED


async def organization_named(
    session: Session, code: str, *path: str, for_update: bool = False
) -> OrganizationRow:
    """Return the organization with `code`. Raises `Rejected` where there is none."""
    row = await queries.organization_by_code(session, code, for_update=for_update)
    if row is None:
        raise refusal("organization.not_found", *path, code=code)
    return row


async def register_organization(
    session: Session, draft: OrganizationDraft, *, now: datetime, random: Random
) -> OrganizationRow:
    """Record a new organization.

    Raises:
        Rejected: Code or USCC taken, USCC with a wrong check digit, division unknown, no kind.
    """
    problems = text_problems(draft.code, 40, "code") + text_problems(draft.name, 64, "name")
    if draft.name_en is not None:
        problems += text_problems(draft.name_en, 200, "nameEn")
    problems += uscc_problems(draft.uscc)
    if not draft.kinds:
        problems.append(Problem(code="organization.no_kind", path=("kinds",)))
    if draft.division_code is not None and not await queries.division_exists(
        session, draft.division_code
    ):
        facts = {"code": draft.division_code}
        problems.append(Problem(code="division.unknown", path=("divisionCode",), facts=facts))
    if await queries.organization_by_code(session, draft.code):
        facts = {"code": draft.code}
        problems.append(Problem(code="organization.code_taken", path=("code",), facts=facts))
    if draft.uscc is not None and await queries.organization_by_uscc(session, draft.uscc):
        facts = {"uscc": draft.uscc}
        problems.append(Problem(code="organization.uscc_taken", path=("uscc",), facts=facts))
    reject_if(problems)
    row = OrganizationRow(
        id=new_id(random),
        code=draft.code,
        name=draft.name,
        name_en=draft.name_en,
        uscc=draft.uscc,
        division_code=draft.division_code,
        state=draft.state,
        state_since=programme_day(now),
    )
    session.add(row)
    await session.flush()  # the rows below refer to it
    session.add_all(
        OrganizationKindRow(organization_id=row.id, kind=kind)
        for kind in dict.fromkeys(draft.kinds)
    )
    _record_state(session, row, "registered", now=now, random=random)
    return row


def _record_state(
    session: Session, row: OrganizationRow, reason: str, *, now: datetime, random: Random
) -> None:
    session.add(
        OrganizationStateChangeRow(
            id=new_id(random),
            organization_id=row.id,
            state=row.state,
            since=row.state_since,
            reason=reason,
            recorded_at=now,
        )
    )


async def change_organization_state(
    session: Session,
    code: str,
    target: OrganizationState,
    *,
    since: date,
    reason: str,
    now: datetime,
    random: Random,
) -> OrganizationRow:
    """Move an organization into another state from day `since` on.

    Raises:
        Rejected: Unknown organization, a step the programme does not know, a day before the last
            change or after today. Whether certificates stand against it: see
            `certgraph.certificates.service.change_issuer_state`.

    Source: rule R46.
    """
    row = await organization_named(session, code, "code", for_update=True)
    today = programme_day(now)
    problems = transition_problems(row.name, row.state, row.state_since, target, since, today=today)
    problems += text_problems(reason, 200, "reason")
    reject_if(problems)
    row.state, row.state_since = target, since
    _record_state(session, row, reason, now=now, random=random)
    return row


async def grant_entitlement(
    session: Session,
    organization: OrganizationRow,
    *,
    certificate_type_id: UUID,
    type_name: str,
    known_levels: Sequence[int],
    levels: Sequence[int],
    first_on: date,
    last_on: date | None,
    random: Random,
) -> list[EntitlementRow]:
    """Allow an organization to issue a certificate type at some levels, both days included.

    Raises:
        Rejected: No level, a level the type does not have, a period that ends before it begins or
            overlaps one already granted.
    """
    problems = level_problems(levels, known_levels, type_name)
    problems += period_problems(first_on, last_on, "lastOn")
    if not levels:
        problems.append(Problem(code="entitlement.no_level", path=("levels",)))
    for row in await queries.entitlements_of(session, organization.id, certificate_type_id):
        starts_later = last_on is not None and row.first_on > last_on
        ends_before = row.last_on is not None and row.last_on < first_on
        if row.level in levels and not (starts_later or ends_before):
            facts = {"name": type_name, "level": row.level, "first": row.first_on.isoformat()}
            problems.append(Problem(code="entitlement.overlaps", path=("firstOn",), facts=facts))
    reject_if(problems)
    rows = [
        EntitlementRow(
            id=new_id(random),
            organization_id=organization.id,
            certificate_type_id=certificate_type_id,
            level=level,
            first_on=first_on,
            last_on=last_on,
        )
        for level in sorted(set(levels))
    ]
    session.add_all(rows)
    return rows


async def end_entitlement(
    session: Session,
    organization: OrganizationRow,
    *,
    certificate_type_id: UUID,
    type_name: str,
    levels: Sequence[int],
    last_on: date,
) -> list[EntitlementRow]:
    """End what an organization may issue: `last_on` is the last day. Issued certificates stay.

    Raises:
        Rejected: Nothing of that kind is in force on that day.
    """
    reject_if(day_problems(last_on, "lastOn"))
    rows = [
        row
        for row in await queries.entitlements_of(session, organization.id, certificate_type_id)
        if row.level in levels
        and row.first_on <= last_on
        and (row.last_on is None or row.last_on >= last_on)
    ]
    reject_if(
        Problem(
            code="entitlement.not_in_force",
            path=("levels", str(index)),
            facts={"name": type_name, "level": level, "day": last_on.isoformat()},
        )
        for index, level in enumerate(levels)
        if level not in {row.level for row in rows}
    )
    for row in rows:
        row.last_on = last_on
    return rows
