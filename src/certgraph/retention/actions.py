"""The action that deletes personal data whose time is over."""

from dataclasses import asdict
from typing import Any

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, Role
from certgraph.problems import Problem, reject_if
from certgraph.retention import queries
from certgraph.retention.rules import DAYS, Kept, Over


@action(
    "personalDataExpire",
    may={Role.OPERATOR: ANY},
    returns="counts",
    in_graph=False,
    reason=True,
    refuses=("retention.days",),
)
async def expire_personal_data(act: Act, kept: Kept) -> dict[str, int]:
    """Delete personal data whose time is over, up to a thousand rows of each kind.

    Returns how many of each kind; it is called again until there are none.

    Raises:
        Rejected: A time that is too short, or too long.
    """
    reject_if(
        Problem(
            code="retention.days",
            path=(name,),
            facts={"days": getattr(kept, name), "fewest": fewest, "most": most},
        )
        for name, (fewest, most) in DAYS.items()
        if not fewest <= getattr(kept, name) <= most
    )
    counts = {}
    for what in Over:
        ids = await queries.ids_over(act.session, what, kept, act.now)
        await queries.delete_over(act.session, what, ids, kept, by=act.by, now=act.now)
        counts[what.value] = len(ids)
    return counts


def asked(kept: Kept) -> dict[str, Any]:
    """Return the input of the action where it is done by itself."""
    return {**asdict(kept), "reason": "the time to keep it is over"}


ACTIONS = (expire_personal_data,)
