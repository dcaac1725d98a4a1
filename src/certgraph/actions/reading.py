"""Who may read what is no row of a type: files, forms to fill in, receipts."""

from uuid import UUID

from certgraph.actions.parties import Actor, Readers, Relation
from certgraph.problems import Problem, Rejected, refusal


def check_reader(readers: Readers, actor: Actor) -> Relation:
    """Return in which relation an actor reads; known before anything is read. Raises `Rejected`."""
    if actor.role is None:
        raise refusal("access.token_required")
    if actor.role not in readers:
        facts = {"role": actor.role, "needed": tuple(readers)}
        raise Rejected([Problem(code="access.role", facts=facts)])
    return readers[actor.role]


def whose(readers: Readers, actor: Actor) -> UUID | None:
    """Return whose alone an actor reads; None: everybody's. Raises `Rejected`."""
    return None if check_reader(readers, actor) is Relation.ANY else actor.organization_id


def reads_of(readers: Readers, actor: Actor, owner_id: UUID) -> bool:
    """Tell whether an actor reads what is an organization's. Raises `Rejected`."""
    return whose(readers, actor) in (None, owner_id)
