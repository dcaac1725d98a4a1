"""Memberships: what people who sign in may act as.

A membership is a token (`certgraph.organizations.tokens`) with a person instead of a secret, who
accepted its invitation. Who signs in is in `certgraph.organizations.sessions`.
"""

from collections.abc import Sequence
from datetime import datetime

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, Actor, Role
from certgraph.database import Session
from certgraph.organizations import queries
from certgraph.organizations.subjects import person_name
from certgraph.organizations.tables import ApiTokenRow
from certgraph.organizations.tokens import invitation_key, is_good, sealed_again
from certgraph.problems import refusal
from certgraph.sealing import Keyring


async def memberships_of(
    session: Session, keyring: Keyring, person: bytes, now: datetime
) -> Sequence[tuple[ApiTokenRow, str | None]]:
    """Return what a person may act as now, each with the name of its organization."""
    rows = await queries.memberships(session, person)
    return [(row, name) for row, name in rows if is_good(keyring, row, now)]


def signed_in_as(person: bytes) -> Actor:
    """Return who accepts an invitation: somebody who is nothing here yet."""
    return Actor(person_name(person), Role.PUBLIC, person=person)


@action(
    "membershipAccept",
    may={Role.PUBLIC: ANY},
    returns="membership",
    refuses=("membership.invitation",),
    in_graph=False,
)
async def accept_membership(act: Act, *, invitation: str) -> ApiTokenRow:
    """Accept an invitation: who signed in may act as what it is for from now on.

    Accepted again by the same person, it stays as it is.

    Args:
        act: With what it is done.
        invitation: The code that was given, as it was shown.

    Raises:
        Rejected: A code that is unknown, too old, revoked, or was accepted by another.
    """
    person = act.actor.person
    key = invitation_key(act.keyring, "".join(invitation.split()))
    row = await queries.token_by_key(act.session, key, lock=True)
    is_open = row is not None and is_good(act.keyring, row, act.now)
    if row is None or row.invited_until is None or person is None or not is_open:
        raise refusal("membership.invitation", "invitation")
    if row.person == person:
        return row
    if row.person is not None or row.invited_until <= act.now:
        raise refusal("membership.invitation", "invitation")
    row.person = person
    return sealed_again(act.keyring, row)


ACTIONS = (accept_membership,)
