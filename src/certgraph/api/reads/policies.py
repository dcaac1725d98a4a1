"""Who reads which rows: the roles and relations of the access matrix, as conditions."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, or_
from sqlalchemy.orm import InstrumentedAttribute

from certgraph.actions.parties import Readers, Relation, Role
from certgraph.api.context import Context
from certgraph.api.reads.arguments import CALLER_ORGANIZATION, for_caller
from certgraph.api.reads.declarations import READERS, Condition, Either, Policy

Supervised = Select[Any]


def readers(
    may: Readers,
    *owners: InstrumentedAttribute[Any],
    supervised: Supervised | None = None,
) -> Callable[[Role | None], bool | Condition]:
    """Return the policy by which roles read rows in a relation to them; nobody else reads any.

    Args:
        may: Role → relation; OWN, OVER and TURN look at `owners`.
        owners: Columns that name whose a row is; one of them is enough.
        supervised: Query for the organizations that the caller supervises, for OVER.
    """

    def policy(role: Role | None) -> bool | ColumnElement[bool]:
        relation = None if role is None else may.get(role)
        if relation is None:
            return False
        if relation is Relation.ANY:
            return True
        if relation is Relation.OVER:
            assert supervised is not None  # noqa: S101 - of a declaration
            return or_(*(owner.in_(supervised) for owner in owners))
        return or_(*(owner == CALLER_ORGANIZATION for owner in owners))

    return policy


def read_by(policy: Policy) -> Mapping[Any, Any]:
    """Return the metadata of a field with code of its own: who may ask for it, see `within`."""
    return {READERS: policy}


def within(policy: Policy, context: Context) -> list[Condition] | None:
    """Return the conditions of what a caller reads by a policy; None where that is nothing."""
    found = policy(context.caller.role if context.caller else None)
    if isinstance(found, bool):
        return [] if found else None
    return [for_caller(found.condition if isinstance(found, Either) else found, context)]


def reading_of(policy: Policy, role: Role | None) -> str:
    """Return what a role reads, as the access matrix shows it: everything, a part, nothing."""
    found = policy(role)
    return ("any" if found else "") if isinstance(found, bool) else "a part"
