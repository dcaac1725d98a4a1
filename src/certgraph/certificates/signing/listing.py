"""How an organization appears on the trust list; issuing checks itself against the same."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from certgraph.credential import days
from certgraph.credential.trust_bundle import Trust
from certgraph.credential.trust_list import (
    NO_ROOTS,
    Entitlement,
    ListedKey,
    ListedOrganization,
    TrustList,
)
from certgraph.credential.trust_list import (
    OrganizationState as ListedState,
)
from certgraph.database import Session
from certgraph.entitlements import queries as entitlement_queries
from certgraph.entitlements.tables import EntitlementRow
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import KeyPurpose, OrganizationState
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.standards import queries as standard_queries

LISTED_STATES = {
    OrganizationState.ACTIVE: ListedState.ACTIVE,
    OrganizationState.RECTIFYING: ListedState.RECTIFYING,
    OrganizationState.EXITED: ListedState.EXITED,
    OrganizationState.HANDED_OVER: ListedState.HANDED_OVER,
}
"""States in which an organization is listed: from the first day it may issue, for ever."""


def _day(value: date | None) -> int | None:
    return None if value is None else days.to_day(value)


def listed_key(row: SigningKeyRow) -> ListedKey:
    """Return a key as the trust list states it."""
    return ListedKey(
        public_key=row.public_key,
        first_day=days.to_day(row.first_on),
        last_day=_day(row.last_on),
        compromised_day=_day(row.compromised_on),
    )


async def listed_keys(session: Session, purpose: KeyPurpose) -> tuple[ListedKey, ...]:
    """Return the programme's keys for a purpose as the trust list states them."""
    return tuple(map(listed_key, await organization_queries.signing_keys(session, purpose)))


def _entitlements(
    rows: Sequence[EntitlementRow],
    names: Mapping[UUID, str],
    standard_codes: Mapping[UUID, Sequence[str]],
) -> tuple[Entitlement, ...]:
    """Return entitlements, levels of one type and period together."""
    levels: dict[tuple[UUID, date, date | None], list[int]] = {}
    for row in rows:
        levels.setdefault((row.certificate_type_id, row.first_on, row.last_on), []).append(
            row.level
        )
    return tuple(
        Entitlement(
            certificate_name=names[type_id],
            standard_codes=tuple(standard_codes[type_id]),
            levels=tuple(sorted(set(at_levels))),
            first_day=days.to_day(first_on),
            last_day=_day(last_on),
        )
        for (type_id, first_on, last_on), at_levels in levels.items()
        if standard_codes[type_id]
    )


async def listed_organizations(
    session: Session, organizations: Sequence[OrganizationRow]
) -> list[ListedOrganization]:
    """Return those of `organizations` that have a key and were ever active, as listed."""
    ids = [row.id for row in organizations]
    keys = await organization_queries.signing_keys_by_organization_ids(session, ids)
    entitlements = await entitlement_queries.entitlements_by_organization_ids(session, ids)
    type_ids = list({row.certificate_type_id for rows in entitlements.values() for row in rows})
    types = await standard_queries.certificate_types_by_ids(session, type_ids)
    standards = await standard_queries.standards_by_type_ids(session, type_ids)
    names = {type_id: row.name for type_id, row in types.items()}
    codes = {type_id: [row.code for row in rows] for type_id, rows in standards.items()}
    return [
        ListedOrganization(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            uscc=row.uscc,
            state=LISTED_STATES[row.state],
            state_since=days.to_day(row.state_since or date.min),
            keys=tuple(map(listed_key, keys[row.id])),
            entitlements=_entitlements(entitlements[row.id], names, codes),
        )
        for row in organizations
        if keys[row.id] and row.state in LISTED_STATES
    ]


async def own_trust_list(
    session: Session, organizations: Sequence[OrganizationRow], now: int
) -> TrustList:
    """Return what the next trust list would state of some organizations, unsigned."""
    return TrustList(
        sequence=0,
        issued_at=now,
        expires_at=days.LAST_INSTANT,
        roots=NO_ROOTS,
        organizations=tuple(await listed_organizations(session, organizations)),
        register_keys=await listed_keys(session, KeyPurpose.REGISTER),
    )


async def issuer_trust(session: Session, organization: OrganizationRow, now: int) -> Trust:
    """Return trust data with one organization, as the next trust list would state it.

    For checking one's own signatures before they leave the house; it has no status lists.
    """
    return Trust(await own_trust_list(session, [organization], now))
