"""Close a regime: its organizations and certificate types are handed over, with all that ends."""

from dataclasses import replace

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, ON_BEHALF, Role
from certgraph.calendar import programme_day
from certgraph.handover.queries import organizations_to_hand_over
from certgraph.handover.rules import closing_problems, handed_over_on
from certgraph.organizations.actions import check_no_exit_to_come
from certgraph.organizations.rules import OrganizationState
from certgraph.organizations.tables import OrganizationRow
from certgraph.parameters.queries import parameters_in_force
from certgraph.parameters.rules import PILOT, ParameterName
from certgraph.problems import Problem, Rejected, reject_if
from certgraph.standards.queries import hand_over_types
from certgraph.supervision.leaving import leave


@action(
    "regimeClose",
    may={Role.MINISTRY: ANY, Role.OPERATOR: ON_BEHALF.with_second(Role.OPERATOR)},
    rule="S15",
    returns="organizations",
    reason=True,
    refuses=(
        "organization.agreement_missing",
        "organization.issued_since",
        "organization.leaves",
        "organization.state_before_last",
        "organization.state_in_future",
        "organization.transition_refused",
        "regime.drafted_since",
        "regime.not_closed_here",
        "regime.not_over",
    ),
)
async def close_regime(act: Act, *, regime: str) -> list[OrganizationRow]:
    """Close a regime that is over: its organizations are handed over, and issue nothing more.

    From the day after its last, or after that until which what was begun may be completed: what
    they may issue, their keys, sites and fees end the day before, and their plans of later exams
    are withdrawn. What was drafted in time is signed to its end; what is owed stays owed; what was
    issued stays valid. Certificate types that are not withdrawn are handed over, too. Verifiers
    learn it with the next trust list. Closed once more, it hands over who was registered since.

    Args:
        act: The act.
        regime: Its code; that of the pilot.

    Raises:
        Rejected: No regime that is closed here; one that is not over; or organizations that cannot
            be handed over: they are to leave by a case, or have certificates that count, or drafts,
            of that day or later.

    Source: rules S15 and S18.
    """
    # 1. Whether it is over.
    today = programme_day(act.now)
    parameters = await parameters_in_force(act.session)
    until = parameters.day(ParameterName.COMPLETES_UNTIL, today)
    reject_if(closing_problems(regime, until, today))
    first = handed_over_on(PILOT, until)
    # 2. Its organizations, all or none.
    rows = await organizations_to_hand_over(act.session)
    problems: list[Problem] = []
    for row in rows:
        since = max(first, row.state_since or first)
        try:
            await check_no_exit_to_come(act, row)
            await leave(act, row, since, OrganizationState.HANDED_OVER)
        except Rejected as rejected:
            problems += [replace(one, path=("regime",)) for one in rejected.problems]
    reject_if(problems)
    # 3. The catalogue.
    await hand_over_types(act.session)
    return list(rows)


ACTIONS = (close_regime,)
