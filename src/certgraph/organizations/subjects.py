"""What actions on organizations are about, and what is looked up of whoever acts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from certgraph.actions.declaring import Hex, Subject
from certgraph.actions.parties import Actor
from certgraph.calendar import programme_day
from certgraph.database import Session
from certgraph.organizations import queries
from certgraph.organizations.rules import HAS_LEFT, OrganizationState, left_problems
from certgraph.organizations.tables import (
    ApiTokenRow,
    AppointmentRow,
    OrganizationRow,
    SigningKeyRow,
)
from certgraph.problems import Problem, refusal


async def _organization(session: Session, code: str) -> OrganizationRow | None:
    return await queries.organization_by_code(session, code, for_update=True)


ORGANIZATION = Subject(
    row=OrganizationRow,
    key="organization_code",
    type=str,
    find=_organization,
    missing="organization.not_found",
    foreign="access.other_organization",
    owner=lambda row: row.id,
)
KEY = Subject(
    row=SigningKeyRow,
    key="kid",
    type=Annotated[bytes, Hex("a key id"), "16 hex digits."],
    find=queries.signing_key_by_kid,
    missing="key.not_found",
    owner=lambda row: row.organization_id,
)
APPOINTMENT = Subject(
    row=AppointmentRow,
    find=queries.appointment_by_id,
    missing="appointment.not_found",
    owner=lambda row: row.organization_id,
)
TOKEN = Subject(
    row=ApiTokenRow,
    key="token_id",
    find=queries.token_by_id,
    missing="token.not_found",
    owner=lambda row: row.organization_id,
)


TOKEN_NAME = "token "  # noqa: S105 - no secret
"""What an actor with a token is called by: this, then the token's key."""

PERSON_NAME = "person "
"""What somebody who signed in is called by: this, then 32 hex digits."""


def person_name(person: bytes) -> str:
    """Return what a person is called by in records, whatever they act as; it names nobody."""
    return PERSON_NAME + person.hex()


async def organization_named(
    session: Session, code: str, *path: str, for_update: bool = False
) -> OrganizationRow:
    """Return the organization with `code`. Raises `Rejected` where there is none."""
    row = await queries.organization_by_code(session, code, for_update=for_update)
    if row is None:
        raise refusal("organization.not_found", *path, code=code)
    return row


async def acting_organization(session: Session, organization_id: UUID | None) -> OrganizationRow:
    """Return the organization that an actor acts for, by its role always one."""
    assert organization_id is not None  # noqa: S101 - of a role that acts for an organization
    return await session.get_one(OrganizationRow, organization_id)


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

    async def is_known(self, session: Session, actor: Actor, now: datetime) -> bool:
        """Tell whether an actor of before may still act."""
        if actor.name.startswith(PERSON_NAME):
            return await self._has_membership(session, actor, now)
        token = actor.name.removeprefix(TOKEN_NAME)
        if token == actor.name:
            return True
        try:
            row = await queries.token_by_id(session, UUID(token))
        except ValueError:
            return False
        return row is not None and row.revoked_at is None and row.expires_at > now

    async def _has_membership(self, session: Session, actor: Actor, now: datetime) -> bool:
        """Tell whether a person may still act as what they acted as."""
        rows = await queries.memberships_as(session, actor.role, actor.organization_id, now)
        return any(person_name(row.person or b"") == actor.name for row in rows)

    async def supervises(self, session: Session, authority_id: UUID, organization_id: UUID) -> bool:
        """Tell whether an authority supervises an institution."""
        return await queries.supervisor_of(session, organization_id) == authority_id
