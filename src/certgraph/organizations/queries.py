# ruff: noqa: ANN401 - a kind, or its parameter
"""All SQL about organizations, keys and tokens."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, not_, or_, select, update
from sqlalchemy.orm import aliased

from certgraph.actions.parties import Role
from certgraph.database import (
    BATCH_PARAMETERS,
    Session,
    batched,
    contains,
    insert_if_new,
    insert_unless_there,
)
from certgraph.organizations.rules import (
    KeyCustody,
    KeyPurpose,
    OrganizationKind,
    OrganizationState,
    RestrictionKind,
)
from certgraph.organizations.tables import (
    ApiTokenRow,
    AppointmentRow,
    ClientAssertionRow,
    DivisionRow,
    EndedSessionRow,
    MasterKeyCheckRow,
    OrganizationKindRow,
    OrganizationRow,
    OrganizationStateChangeRow,
    RestrictionRow,
    SigningKeyRow,
)


async def organization_by_code(
    session: Session, code: str, *, for_update: bool = False
) -> OrganizationRow | None:
    """Return the organization with `code`, locked for change if asked; others may refer to it."""
    statement = select(OrganizationRow).where(OrganizationRow.code == code)
    if for_update:  # as it is after others changed it
        statement = statement.with_for_update(key_share=True)
        statement = statement.execution_options(populate_existing=True)
    return await session.scalar(statement)


async def share_organization(session: Session, organization_id: UUID) -> None:
    """Keep an organization's state as it is until the end of the transaction."""
    statement = select(OrganizationRow.id).where(OrganizationRow.id == organization_id)
    await session.execute(statement.with_for_update(read=True))


async def organization_by_uscc(session: Session, uscc: str) -> OrganizationRow | None:
    """Return the organization with a unified social credit code."""
    return await session.scalar(select(OrganizationRow).where(OrganizationRow.uscc == uscc))


async def organizations_by_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, OrganizationRow]:
    """Return organizations by id."""
    rows = await session.scalars(select(OrganizationRow).where(OrganizationRow.id.in_(ids)))
    return {row.id: row for row in rows}


def is_of_organization(column: Any, code: Any) -> ColumnElement[bool]:
    """Return the condition that a column holds the id of the organization with a code."""
    found = select(OrganizationRow.id).where(OrganizationRow.code == code).scalar_subquery()
    return column == found  # type: ignore[no-any-return]


def is_good_token(now: Any) -> ColumnElement[bool]:
    """Return the condition that a token can be used: not revoked, not expired, and accepted."""
    is_accepted = or_(ApiTokenRow.invited_until.is_(None), ApiTokenRow.person.is_not(None))
    return and_(ApiTokenRow.revoked_at.is_(None), ApiTokenRow.expires_at > now, is_accepted)


def is_of_kind(kind: Any) -> ColumnElement[bool]:
    """Return the condition that an organization is of a kind."""
    return OrganizationRow.id.in_(
        select(OrganizationKindRow.organization_id).where(OrganizationKindRow.kind == kind)
    )


_IS_INSTITUTION = and_(
    is_of_kind(OrganizationKind.PILOT_INSTITUTION),
    not_(is_of_kind(OrganizationKind.EVALUATION_ORGANIZATION)),
    not_(is_of_kind(OrganizationKind.PROVINCIAL_AUTHORITY)),
)
"""One that issues certificates is not its province's to end; an authority has none over it."""


def name_contains(text: Any) -> ColumnElement[bool]:
    """Return the condition that an organization's name, or the platform's, holds a text."""
    return contains(OrganizationRow.name, text) | contains(OrganizationRow.platform_name, text)


async def organizations_where(
    session: Session, *conditions: ColumnElement[bool]
) -> Sequence[OrganizationRow]:
    """Return the organizations that meet conditions, in the order of codes."""
    statement = select(OrganizationRow).where(*conditions).order_by(OrganizationRow.code)
    return (await session.scalars(statement)).all()


async def all_organizations(session: Session) -> Sequence[OrganizationRow]:
    """Return every organization, in the order of codes."""
    return (await session.scalars(select(OrganizationRow).order_by(OrganizationRow.code))).all()


async def kinds_of(session: Session, organization_id: UUID) -> set[OrganizationKind]:
    """Return what an organization is."""
    statement = select(OrganizationKindRow.kind).where(
        OrganizationKindRow.organization_id == organization_id
    )
    return set(await session.scalars(statement))


async def state_changes(
    session: Session, organization_id: UUID
) -> Sequence[OrganizationStateChangeRow]:
    """Return an organization's changes of state, oldest first."""
    statement = (
        select(OrganizationStateChangeRow)
        .where(OrganizationStateChangeRow.organization_id == organization_id)
        .order_by(
            OrganizationStateChangeRow.since.nulls_first(), OrganizationStateChangeRow.recorded_at
        )
    )
    return (await session.scalars(statement)).all()


async def leaves_on(session: Session, organization_id: UUID) -> date | None:
    """Return the day of an exit that was recorded beforehand; None where none is to come."""
    changes = await state_changes(session, organization_id)
    last = changes[-1]
    row = await session.get_one(OrganizationRow, organization_id)
    is_planned = last.state is OrganizationState.EXITED and row.state is not last.state
    return last.since if is_planned else None


def supervisor() -> ColumnElement[UUID | None]:
    """Return the expression of the authority that supervises an institution; null: none does.

    The one it names; else the authority of the smallest division that its own is part of: that of
    a city with an authority of its own (计划单列市) before its province's, the corps' (兵团) in the
    corps' cities. Institutions of the corps elsewhere name it.
    """
    authority, code = aliased(OrganizationRow), OrganizationRow.division_code
    within = [code, func.substr(code, 1, 4) + "00", func.substr(code, 1, 2) + "0000"]
    of_division = (
        select(authority.id)
        .join(OrganizationKindRow, OrganizationKindRow.organization_id == authority.id)
        .where(
            OrganizationKindRow.kind == OrganizationKind.PROVINCIAL_AUTHORITY,
            authority.division_code.in_(within),
            authority.id != OrganizationRow.id,
        )
        .order_by(authority.division_code.desc(), authority.code)
        .limit(1)
        .correlate(OrganizationRow)
        .scalar_subquery()
    )
    return func.coalesce(OrganizationRow.supervised_by_id, of_division)


async def ministry(session: Session) -> OrganizationRow | None:
    """Return the ministry; None where none is registered."""
    statement = (
        select(OrganizationRow)
        .join(OrganizationKindRow, OrganizationKindRow.organization_id == OrganizationRow.id)
        .where(OrganizationKindRow.kind == OrganizationKind.MINISTRY)
        .order_by(OrganizationRow.code)
        .limit(1)
    )
    return await session.scalar(statement)


async def supervisor_of(session: Session, organization_id: UUID) -> UUID | None:
    """Return the authority that supervises an institution; None where it has none, or is none."""
    statement = select(supervisor()).where(OrganizationRow.id == organization_id, _IS_INSTITUTION)
    return await session.scalar(statement)


def _with_authority() -> Select[str | None]:
    """Return the query for the divisions that have an authority of their own."""
    authority = aliased(OrganizationRow)
    return (
        select(authority.division_code)
        .join(OrganizationKindRow, OrganizationKindRow.organization_id == authority.id)
        .where(
            OrganizationKindRow.kind == OrganizationKind.PROVINCIAL_AUTHORITY,
            authority.division_code.is_not(None),
        )
    )


def supervised_by(authority_id: Any) -> Select[UUID]:
    """Return the query for the institutions that an authority supervises, as `supervisor` says.

    Nothing in it is asked once a row: which divisions have an authority is known beforehand.
    """
    own, other = aliased(OrganizationRow), aliased(OrganizationRow)
    code = OrganizationRow.division_code
    divisions = _with_authority()
    smallest = case(
        *((one.in_(divisions), one) for one in (code, func.substr(code, 1, 4) + "00")),
        else_=func.substr(code, 1, 2) + "0000",
    )
    first_of_division = (
        select(func.min(other.code))
        .join(OrganizationKindRow, OrganizationKindRow.organization_id == other.id)
        .where(
            OrganizationKindRow.kind == OrganizationKind.PROVINCIAL_AUTHORITY,
            other.division_code == own.division_code,
        )
        .correlate(own)
        .scalar_subquery()
    )
    division = (
        select(own.division_code)
        .where(own.id == authority_id, own.code == first_of_division)
        .scalar_subquery()
    )
    named = OrganizationRow.supervised_by_id
    by_division = and_(named.is_(None), smallest == division)
    return select(OrganizationRow.id).where(
        or_(named == authority_id, by_division), _IS_INSTITUTION
    )


def supervised_by_code(code: Any) -> Select[UUID]:
    """Return the query for the institutions that the authority with a code supervises."""
    authority = aliased(OrganizationRow)
    found = select(authority.id).where(authority.code == code).scalar_subquery()
    return supervised_by(found)


async def restricted_on(
    session: Session,
    organization_id: UUID,
    kind: RestrictionKind,
    certificate_type_id: UUID,
    day: date,
) -> RestrictionRow | None:
    """Return what keeps an organization from something on a day, for a type; None: nothing."""
    row = RestrictionRow
    statement = select(row).where(
        row.organization_id == organization_id,
        row.kind == kind,
        or_(row.certificate_type_id.is_(None), row.certificate_type_id == certificate_type_id),
        row.first_on <= day,
        or_(row.last_on.is_(None), row.last_on >= day),
    )
    return await session.scalar(statement.order_by(row.first_on, row.id).limit(1))


async def appointment_by_id(session: Session, appointment_id: UUID) -> AppointmentRow | None:
    """Return an appointment, locked for change."""
    return await session.scalar(
        select(AppointmentRow).where(AppointmentRow.id == appointment_id).with_for_update()
    )


async def organizations_coded(
    session: Session, codes: Collection[str]
) -> dict[str, OrganizationRow]:
    """Return code → organization of those that there are."""
    rows = await session.scalars(select(OrganizationRow).where(OrganizationRow.code.in_(codes)))
    return {row.code: row for row in rows}


async def organization_names(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """Return id → Chinese name."""
    statement = select(OrganizationRow.id, OrganizationRow.name).where(OrganizationRow.id.in_(ids))
    return {row[0]: row[1] for row in await session.execute(statement)}


async def kinds_by_organization_ids(
    session: Session, ids: Collection[UUID]
) -> dict[UUID, set[OrganizationKind]]:
    """Return what each organization is."""
    found: dict[UUID, set[OrganizationKind]] = {id_: set() for id_ in ids}
    rows = await session.scalars(
        select(OrganizationKindRow).where(OrganizationKindRow.organization_id.in_(ids))
    )
    for row in rows:
        found[row.organization_id].add(row.kind)
    return found


async def supervisors_of(
    session: Session, organization_ids: Collection[UUID]
) -> dict[UUID, UUID | None]:
    """Return institution → the authority that supervises it, of many."""
    found: dict[UUID, UUID | None] = {}
    for part in batched(list(organization_ids), BATCH_PARAMETERS):
        statement = select(OrganizationRow.id, supervisor()).where(OrganizationRow.id.in_(part))
        found |= {row[0]: row[1] for row in await session.execute(statement)}
    return found


async def division_exists(session: Session, code: str) -> bool:
    """Tell whether the division code is known."""
    return await session.get(DivisionRow, code) is not None


async def signing_keys(
    session: Session, purpose: KeyPurpose, organization_id: UUID | None = None
) -> Sequence[SigningKeyRow]:
    """Return the keys for a purpose, optionally of one organization, oldest first."""
    statement = (
        select(SigningKeyRow)
        .where(SigningKeyRow.purpose == purpose)
        .order_by(SigningKeyRow.first_on, SigningKeyRow.registered_at, SigningKeyRow.id)
    )
    if organization_id is not None:
        statement = statement.where(SigningKeyRow.organization_id == organization_id)
    return (await session.scalars(statement)).all()


async def signing_keys_by_organization_ids(
    session: Session, ids: Sequence[UUID]
) -> dict[UUID, list[SigningKeyRow]]:
    """Return the issuer keys of each organization, oldest first."""
    found: dict[UUID, list[SigningKeyRow]] = {id_: [] for id_ in ids}
    rows = await session.scalars(
        select(SigningKeyRow)
        .where(SigningKeyRow.organization_id.in_(ids))
        .order_by(SigningKeyRow.first_on, SigningKeyRow.registered_at)
    )
    for row in rows:
        if row.organization_id is not None:
            found[row.organization_id].append(row)
    return found


async def any_key_is_listed(session: Session) -> bool:
    """Tell whether a trust list is out: it names at least the key of its status lists."""
    statement = select(SigningKeyRow.id).where(SigningKeyRow.listed_at.is_not(None)).limit(1)
    return await session.scalar(statement) is not None


async def signing_key_by_kid(session: Session, kid: bytes) -> SigningKeyRow | None:
    """Return the key with a key id, locked until the end of the transaction."""
    return await session.scalar(
        select(SigningKeyRow).where(SigningKeyRow.kid == kid).with_for_update()
    )


async def signing_key_by_public_key(session: Session, public_key: bytes) -> SigningKeyRow | None:
    """Return the key with these 32 bytes."""
    return await session.scalar(select(SigningKeyRow).where(SigningKeyRow.public_key == public_key))


async def token_by_key(
    session: Session, token_key: bytes, *, lock: bool = False
) -> ApiTokenRow | None:
    """Return the token with this keyed hash."""
    statement = select(ApiTokenRow).where(ApiTokenRow.token_key == token_key)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def memberships(session: Session, person: bytes) -> Sequence[tuple[ApiTokenRow, str | None]]:
    """Return the memberships of a person, each with the name of its organization."""
    statement = (
        select(ApiTokenRow, OrganizationRow.name)
        .outerjoin(OrganizationRow, OrganizationRow.id == ApiTokenRow.organization_id)
        .where(ApiTokenRow.person == person)
        .order_by(ApiTokenRow.created_at, ApiTokenRow.id)
    )
    return [(row, name) for row, name in await session.execute(statement)]


async def memberships_as(
    session: Session, role: Role | None, organization_id: UUID | None
) -> Sequence[ApiTokenRow]:
    """Return the memberships of anybody in a role for an organization."""
    row = ApiTokenRow
    statement = select(row).where(
        row.person.is_not(None),
        row.role == role,
        row.organization_id.is_not_distinct_from(organization_id),
    )
    return (await session.scalars(statement)).all()


async def is_session_ended(session: Session, session_id: UUID) -> bool:
    """Tell whether a session of a person was ended before its time."""
    return await session.get(EndedSessionRow, session_id) is not None


async def note_ended_session(
    session: Session, session_id: UUID, expires_at: datetime, *, now: datetime
) -> None:
    """Note that a session was ended; those whose time is over need no note."""
    row = EndedSessionRow
    await session.execute(delete(row).where(row.expires_at <= now))
    await insert_unless_there(session, row, [{"id": session_id, "expires_at": expires_at}])


async def note_token_use(session: Session, token_id: UUID, day: date) -> None:
    """Note that a token was used on a day, unless it was used later."""
    row = ApiTokenRow
    is_later = or_(row.last_used_on.is_(None), row.last_used_on < day)
    statement = update(row).where(row.id == token_id, is_later).values(last_used_on=day)
    await session.execute(statement)


async def tokens_with_codes(session: Session) -> Sequence[tuple[ApiTokenRow, str | None]]:
    """Return every token with the code of its organization, those that end last first."""
    statement = (
        select(ApiTokenRow, OrganizationRow.code)
        .outerjoin(OrganizationRow, OrganizationRow.id == ApiTokenRow.organization_id)
        .order_by(ApiTokenRow.expires_at.desc(), ApiTokenRow.id)
    )
    return [(row, code) for row, code in await session.execute(statement)]


async def token_by_id(session: Session, token_id: UUID) -> ApiTokenRow | None:
    """Return a token."""
    return await session.get(ApiTokenRow, token_id)


async def newest_sealed_key(
    session: Session,
) -> tuple[SigningKeyRow, OrganizationRow | None] | None:
    """Return the key that the master key sealed last, with its organization, if there is one."""
    row = (
        await session.execute(
            select(SigningKeyRow, OrganizationRow)
            .outerjoin(OrganizationRow, OrganizationRow.id == SigningKeyRow.organization_id)
            .where(
                SigningKeyRow.custody == KeyCustody.SEALED,
                SigningKeyRow.purpose != KeyPurpose.REGISTER,
            )
            .order_by(SigningKeyRow.registered_at.desc(), SigningKeyRow.id)
            .limit(1)
        )
    ).first()
    return None if row is None else (row[0], row[1])


async def master_key_check(session: Session, *, lock: bool = False) -> MasterKeyCheckRow | None:
    """Return which master key is in force here, as it is now; None before its first use."""
    statement = select(MasterKeyCheckRow).execution_options(populate_existing=True)
    return await session.scalar(statement.with_for_update() if lock else statement)


async def note_assertion(
    session: Session, token_id: UUID, jti_sha256: bytes, expires_at: datetime, *, now: datetime
) -> bool:
    """Note that a client signed in with this; False where it did so before."""
    row = ClientAssertionRow
    ended = delete(row).where(row.token_id == token_id, row.expires_at <= now)
    await session.execute(ended)
    values = {"token_id": token_id, "jti_sha256": jti_sha256, "expires_at": expires_at}
    return await insert_if_new(session, row, values)


async def record_master_key_check(session: Session, mac: bytes) -> None:
    """Record the keyed hash of a master key, unless one is recorded."""
    await insert_unless_there(session, MasterKeyCheckRow, [{"id": 1, "mac": mac}])


async def signing_keys_by_ids(session: Session, ids: Sequence[UUID]) -> dict[UUID, SigningKeyRow]:
    """Return keys by id."""
    rows = await session.scalars(select(SigningKeyRow).where(SigningKeyRow.id.in_(ids)))
    return {row.id: row for row in rows}
