"""States of an organization, and what an exit may not do."""

from datetime import date

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, ON_BEHALF, OVER, Role
from certgraph.duties.queries import has_in_force
from certgraph.duties.rules import FilingKind
from certgraph.organizations.actions import change_organization_state, check_no_exit_to_come
from certgraph.organizations.queries import kinds_of
from certgraph.organizations.rules import HAS_LEFT, OrganizationKind, OrganizationState
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import refusal
from certgraph.supervision.leaving import leave
from certgraph.supervision.rules import Completion


async def _check_agreement(act: Act, organization: OrganizationRow, since: date) -> None:
    """Refuse a state that rests on an agreement, where none is in effect.

    The office, which records it from the document, is not asked. Source: rule R46.
    """
    kinds = await kinds_of(act.session, organization.id)
    if OrganizationKind.EVALUATION_ORGANIZATION not in kinds:
        return
    agreement = FilingKind.AGREEMENT
    if not await has_in_force(act.session, agreement, organization.id, since):
        facts = {"name": organization.name, "day": since.isoformat()}
        raise refusal("organization.no_agreement", "state", **facts)


@action(
    "organizationStateChange",
    may={
        Role.MINISTRY: ANY,
        Role.ENTRUSTED_BODY: ANY,
        Role.PROVINCIAL_AUTHORITY: OVER,
        Role.OPERATOR: ON_BEHALF,
    },
    about=ORGANIZATION,
    returns="organization",
    reason=True,
    refuses=(
        "organization.agreement_missing",
        "organization.drafted_since",
        "organization.exit_by_case",
        "organization.handover_by_regime",
        "organization.issued_since",
        "organization.leaves",
        "organization.no_agreement",
        "organization.state_before_last",
        "organization.state_in_future",
        "organization.transition_refused",
    ),
)
async def change_issuer_state(
    act: Act,
    organization: OrganizationRow,
    *,
    state: OrganizationState,
    since: date,
    completion: Completion = Completion.REGISTERED_STUDENTS,
) -> OrganizationRow:
    """Move an organization into another state, unless that makes valid certificates invalid.

    A verifier refuses what an organization dated on the day it left, or later.

    Args:
        act: The act.
        organization: The organization.
        state: The state it comes into.
        since: First day of it.
        completion: Of an exit: what of its issuing is finished.

    Raises:
        Rejected: A step the programme does not know, a day before the last change or after today;
            it leaves from a day on which, or after which, it issued certificates that count, or
            drafted some that are to be signed; it is
            to be AGREED without an agreement in effect (R46), EXITED without a case (R53), or
            HANDED_OVER without its regime (S15): the office alone records what was decided
            elsewhere, from its document.
    """
    await check_no_exit_to_come(act, organization)
    if state is OrganizationState.AGREED and act.actor.role is not Role.OPERATOR:
        await _check_agreement(act, organization, since)
    if state not in HAS_LEFT:
        return change_organization_state(act, organization, state, since)
    if act.actor.role is not Role.OPERATOR:
        by_case = state is OrganizationState.EXITED
        code = "organization.exit_by_case" if by_case else "organization.handover_by_regime"
        raise refusal(code, "state", name=organization.name)
    await leave(act, organization, since, state, completion)
    return organization


ACTIONS = (change_issuer_state,)
