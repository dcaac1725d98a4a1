"""Register organizations; a change of state as the organization's own rules see it.

The action is `certgraph.supervision.organization_states`, which knows what else an exit ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, ON_BEHALF, Role
from certgraph.calendar import programme_day
from certgraph.organizations import queries
from certgraph.organizations.rules import (
    OrganizationKind,
    OrganizationState,
    transition_problems,
    uscc_problems,
)
from certgraph.organizations.tables import (
    OrganizationKindRow,
    OrganizationRow,
    OrganizationStateChangeRow,
)
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id
from certgraph.text import text_problems


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationDraft:
    """What is stated when an organization is registered.

    Attributes:
        code: Its code in the programme; never changes.
        name: Chinese name.
        kinds: At least one.
        name_en: English name.
        uscc: Unified social credit code, if known.
        division_code: GB/T 2260 code of its seat, if known.
        supervised_by: Code of the authority that supervises it, where that is not its division's.
    """

    code: str
    name: str
    kinds: Sequence[OrganizationKind]
    name_en: str | None = None
    uscc: str | None = None
    division_code: str | None = None
    supervised_by: str | None = None


@action(
    "organizationRegister",
    may={Role.MINISTRY: ANY, Role.ENTRUSTED_BODY: ANY, Role.OPERATOR: ON_BEHALF},
    returns="organization",
    once=True,
    refuses=(
        "division.unknown",
        "organization.code_taken",
        "organization.no_authority",
        "organization.no_kind",
        "organization.uscc_invalid",
        "organization.uscc_taken",
    ),
)
async def register_organization(act: Act, draft: OrganizationDraft) -> OrganizationRow:
    """Register an organization.

    Raises:
        Rejected: Code or USCC taken, USCC with a wrong check digit, division unknown, no kind.
    """
    session = act.session
    # 1. What is wrong in itself.
    problems = text_problems(draft.code, 40, "code") + text_problems(draft.name, 64, "name")
    if draft.name_en is not None:
        problems += text_problems(draft.name_en, 200, "name_en")
    problems += uscc_problems(draft.uscc)
    if not draft.kinds:
        problems.append(Problem(code="organization.no_kind", path=("kinds",)))
    if draft.division_code is not None and not await queries.division_exists(
        session, draft.division_code
    ):
        facts = {"code": draft.division_code}
        problems.append(Problem(code="division.unknown", path=("division_code",), facts=facts))
    # 2. The authority that supervises it.
    supervisor = None
    if draft.supervised_by is not None:
        supervisor = await queries.organization_by_code(session, draft.supervised_by)
        kinds = await queries.kinds_of(session, supervisor.id) if supervisor else set()
        if OrganizationKind.PROVINCIAL_AUTHORITY not in kinds:
            facts = {"code": draft.supervised_by}
            problems.append(
                Problem(code="organization.no_authority", path=("supervised_by",), facts=facts)
            )
    # 3. What is taken.
    if await queries.organization_by_code(session, draft.code):
        facts = {"code": draft.code}
        problems.append(Problem(code="organization.code_taken", path=("code",), facts=facts))
    if draft.uscc is not None and await queries.organization_by_uscc(session, draft.uscc):
        facts = {"uscc": draft.uscc}
        problems.append(Problem(code="organization.uscc_taken", path=("uscc",), facts=facts))
    reject_if(problems)
    # 4. The organization, its kinds, and its first state.
    row = OrganizationRow(
        id=new_id(act.random),
        code=draft.code,
        name=draft.name,
        name_en=draft.name_en,
        uscc=draft.uscc,
        division_code=draft.division_code,
        state=OrganizationState.SELECTED,
        supervised_by_id=supervisor.id if supervisor else None,
        state_since=programme_day(act.now),
    )
    session.add(row)
    await session.flush()  # the rows below refer to it
    session.add_all(
        OrganizationKindRow(organization_id=row.id, kind=kind)
        for kind in dict.fromkeys(draft.kinds)
    )
    _record_state(act, row, "registered")
    return row


def _record_state(act: Act, row: OrganizationRow, reason: str) -> None:
    act.session.add(_state_change(act, row.state, row.state_since, row.id, reason))


def _state_change(
    act: Act, state: OrganizationState, since: date | None, organization_id: UUID, reason: str
) -> OrganizationStateChangeRow:
    return OrganizationStateChangeRow(
        id=new_id(act.random),
        organization_id=organization_id,
        state=state,
        since=since,
        reason=reason,
        changed_by=act.by,
        recorded_at=act.now,
    )


async def check_no_exit_to_come(act: Act, row: OrganizationRow) -> None:
    """Refuse to change the state of an organization that is to leave. Raises `Rejected`."""
    leaves_on = await queries.leaves_on(act.session, row.id)
    if leaves_on is not None:
        facts = {"name": row.name, "day": leaves_on.isoformat()}
        raise refusal("organization.leaves", "state", **facts)


async def plan_exit(act: Act, row: OrganizationRow, since: date) -> None:
    """Note that an organization leaves from a day to come on; until then it is what it was.

    Raises:
        Rejected: A step the programme does not know, or it is to leave already.
    """
    await check_no_exit_to_come(act, row)
    today, exited = programme_day(act.now), OrganizationState.EXITED
    reject_if(transition_problems(row.name, row.state, row.state_since, exited, today, today=today))
    act.session.add(_state_change(act, exited, since, row.id, act.reason))


def record_state_instead(
    act: Act, row: OrganizationRow, state: OrganizationState, since: date | None
) -> None:
    """Record that an organization is in a state in place of the one recorded for the same day."""
    act.session.add(_state_change(act, state, since, row.id, act.reason))


def change_organization_state(
    act: Act, row: OrganizationRow, state: OrganizationState, since: date
) -> OrganizationRow:
    """Move an organization into another state from day `since` on.

    Whether certificates speak against it: see `certgraph.supervision.organization_states`.

    Raises:
        Rejected: A step the programme does not know, a day before the last change or after today.

    Source: rule R46.
    """
    today = programme_day(act.now)
    reject_if(transition_problems(row.name, row.state, row.state_since, state, since, today=today))
    row.state, row.state_since = state, since
    _record_state(act, row, act.reason)
    return row


ACTIONS = (register_organization,)
