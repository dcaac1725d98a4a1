# ruff: noqa: ANN401 - a column of any type
"""How many rows of a list are in each state: added up by the database, as its caller may read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from certgraph.api.context import Context
from certgraph.api.reads.declarations import COST, Condition, Policy
from certgraph.api.reads.policies import read_by, within
from certgraph.api.reads.reader import read_rows

COUNTING = 500
"""What a field that counts a list is charged, in objects: it looks at the list's index."""


def counted_by(policy: Policy) -> Mapping[Any, Any]:
    """Return the metadata of a field that counts what `policy` lets a caller read."""
    return {**read_by(policy), COST: COUNTING}


async def counts_of(
    context: Context, policy: Policy, state: Any, conditions: Iterable[Condition]
) -> Sequence[tuple[Any, int]] | None:
    """Return (state, how many) of each state that occurs; None for who reads nothing of the list.

    Args:
        context: The request's.
        policy: Of the list's type.
        state: Column of its state.
        conditions: Of the filters.

    Raises:
        GraphQLError: It took too long.
    """
    own = within(policy, context)
    if own is None:
        return None
    counted = select(state, func.count()).where(*own, *conditions).group_by(state)
    found = await read_rows(context, counted.order_by(state))
    return [(state.type.enum(word), count) for word, count in found]
