"""Waive what is owed, for a reason."""

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, ON_BEHALF, OVER, Role
from certgraph.duties.subjects import OBLIGATION
from certgraph.duties.tables import ObligationRow
from certgraph.problems import refusal


@action(
    "obligationWaive",
    may={Role.PROVINCIAL_AUTHORITY: OVER, Role.MINISTRY: ANY, Role.OPERATOR: ON_BEHALF},
    about=OBLIGATION,
    returns="obligation",
    reason=True,
)
async def waive_obligation(act: Act, obligation: ObligationRow) -> ObligationRow:
    """Waive what somebody owes. An authority waives what institutions owe that it supervises.

    Raises:
        Rejected: It was met, or waived before.
    """
    if obligation.met_at is not None:
        raise refusal("obligation.met")
    if obligation.waived_at is not None:
        raise refusal("obligation.waived")
    obligation.waived_at, obligation.waived_by = act.now, act.by
    obligation.waive_reason = act.reason
    return obligation


ACTIONS = (waive_obligation,)
