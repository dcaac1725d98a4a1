"""Who acts, as actions ask: whether they take part, may still act, supervise."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from certgraph.actions.parties import Actor
from certgraph.calendar import programme_day
from certgraph.database import Session
from certgraph.organizations import queries
from certgraph.organizations.rules import HAS_LEFT, OrganizationState, left_problems
from certgraph.organizations.subjects import PERSON_NAME, TOKEN_NAME, person_name
from certgraph.organizations.tables import OrganizationRow
from certgraph.organizations.tokens import is_good
from certgraph.problems import Problem
from certgraph.sealing import Keyring


class ProgrammeParties:
    """Looks up whoever acts, see `certgraph.actions.acting.Parties`."""

    refusals = frozenset({"organization.has_exited", "organization.has_handed_over"})

    async def left(
        self, session: Session, organization_id: UUID, now: datetime
    ) -> Sequence[Problem]:
        """List why an organization no longer acts for itself. Source: rule R53."""
        row = await session.get_one(OrganizationRow, organization_id)
        if row.state in HAS_LEFT:
            return left_problems(row.name, row.state, row.state_since)
        leaves_on = await queries.leaves_on(session, organization_id)
        if leaves_on is None or programme_day(now) < leaves_on:
            return []
        return left_problems(row.name, OrganizationState.EXITED, leaves_on)

    async def is_known(
        self, session: Session, keyring: Keyring, actor: Actor, now: datetime
    ) -> bool:
        """Tell whether an actor of before may still act."""
        if actor.name.startswith(PERSON_NAME):
            rows = await queries.memberships_as(session, actor.role, actor.organization_id)
            return any(
                person_name(row.person or b"") == actor.name and is_good(keyring, row, now)
                for row in rows
            )
        token = actor.name.removeprefix(TOKEN_NAME)
        if token == actor.name:
            return True
        try:
            row = await queries.token_by_id(session, UUID(token))
        except ValueError:
            return False
        return row is not None and is_good(keyring, row, now)

    async def supervises(self, session: Session, authority_id: UUID, organization_id: UUID) -> bool:
        """Tell whether an authority supervises an institution."""
        return await queries.supervisor_of(session, organization_id) == authority_id
