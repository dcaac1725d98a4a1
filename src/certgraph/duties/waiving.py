"""Waive what is owed, for a reason; say that it is done, where nothing here shows that."""

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, ON_BEHALF, OVER, OWN, Role
from certgraph.duties.rules import ObligationKind
from certgraph.duties.subjects import OBLIGATION
from certgraph.duties.tables import ObligationRow
from certgraph.problems import refusal


@action(
    "obligationWaive",
    may={Role.PROVINCIAL_AUTHORITY: OVER, Role.MINISTRY: ANY, Role.OPERATOR: ON_BEHALF},
    about=OBLIGATION,
    returns="obligation",
    reason=True,
    refuses=("obligation.met", "obligation.waived"),
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


_MET_BY_WORD = (ObligationKind.HANDOVER_LISTS,)
"""What is done outside this platform."""


@action(
    "obligationMeet",
    may={Role.EVALUATION_ORGANIZATION: OWN, Role.OPERATOR: ON_BEHALF},
    about=OBLIGATION,
    returns="obligation",
    reason=True,
    after_leaving=True,
    refuses=("obligation.met", "obligation.met_otherwise", "obligation.waived"),
)
async def meet_obligation(act: Act, obligation: ObligationRow) -> ObligationRow:
    """Say that lists of students were handed over after an exit: to whom and when is the reason.

    Raises:
        Rejected: It is met in another way, was met, or waived before.
    """
    if obligation.kind not in _MET_BY_WORD:
        raise refusal("obligation.met_otherwise", kind=obligation.kind)
    if obligation.met_at is not None:
        raise refusal("obligation.met")
    if obligation.waived_at is not None:
        raise refusal("obligation.waived")
    obligation.met_at = act.now
    return obligation


ACTIONS = (waive_obligation, meet_obligation)
