"""A state that was recorded by mistake is put right: from the same day on, with a reason."""

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, ON_BEHALF, Role
from certgraph.calendar import programme_day
from certgraph.organizations.actions import record_state_instead
from certgraph.organizations.queries import state_changes
from certgraph.organizations.rules import HAS_LEFT, OrganizationState
from certgraph.organizations.subjects import ORGANIZATION
from certgraph.organizations.tables import OrganizationRow
from certgraph.problems import refusal


@action(
    "organizationStateCorrect",
    may={Role.MINISTRY: ANY, Role.OPERATOR: ON_BEHALF.with_second(Role.OPERATOR)},
    about=ORGANIZATION,
    returns="organization",
    reason=True,
    refuses=("organization.exit_by_case", "organization.transition_refused"),
)
async def correct_state(
    act: Act, organization: OrganizationRow, *, state: OrganizationState
) -> OrganizationRow:
    """Put right what was recorded last: from its day on the organization is in this state instead.

    Both records stay. Rights, keys, sites and fees that ended with it begin anew by their own
    actions, and certificates count as the new trust list says.

    Args:
        act: The act.
        organization: The organization.
        state: What it is in place of what was recorded.

    Raises:
        Rejected: It is so already, nothing but its registration is recorded, or it would leave by
            it (R53).
    """
    changes = await state_changes(act.session, organization.id)
    last = changes[-1]
    if state in HAS_LEFT:
        raise refusal("organization.exit_by_case", "state", name=organization.name)
    if last.state is state or len(changes) < 2:
        facts = {"name": organization.name, "state": last.state, "target": state}
        raise refusal("organization.transition_refused", "state", **facts)
    record_state_instead(act, organization, state, last.since)
    if last.since is None or last.since <= programme_day(act.now):
        organization.state, organization.state_since = state, last.since
    return organization


ACTIONS = (correct_state,)
