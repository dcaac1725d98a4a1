"""What actions on organizations are about, and what is looked up of whoever acts."""

from typing import Annotated
from uuid import UUID

from certgraph.actions.declaring import Hex, Subject
from certgraph.database import Session
from certgraph.organizations import queries
from certgraph.organizations.tables import (
    ApiTokenRow,
    AppointmentRow,
    OrganizationRow,
    SigningKeyRow,
)
from certgraph.problems import refusal


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
