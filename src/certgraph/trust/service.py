"""Build trust lists from the database, and take signed ones into force."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from certgraph.actions.acting import Act
from certgraph.actions.declaring import action
from certgraph.actions.parties import ANY, Role
from certgraph.certificates.signing.listing import listed_keys, listed_organizations
from certgraph.credential import days
from certgraph.credential.trust_bundle import Standard, encode_standards
from certgraph.credential.trust_list import (
    RootKeys,
    TrustList,
    UntrustedList,
    encode_trust_list,
    open_trust_list,
    read_trust_list,
)
from certgraph.database import Session
from certgraph.duties.obligation_queries import meet_opened_before
from certgraph.duties.rules import ObligationKind
from certgraph.organizations import queries as organization_queries
from certgraph.organizations.rules import KeyCustody, KeyPurpose
from certgraph.problems import refusal
from certgraph.standards import queries as standard_queries
from certgraph.trust import queries
from certgraph.trust.ceremony import Proposal
from certgraph.trust.freshness import Freshness
from certgraph.trust.tables import TrustListRow


async def _standards(session: Session) -> bytes:
    """Return the published standards as a bundle shows them."""
    versions = await standard_queries.all_versions(session)
    outcomes = await standard_queries.outcomes_by_version_ids(
        session, [version.id for _, version in versions]
    )
    return encode_standards(
        [
            Standard(
                standard.code,
                version.version,
                standard.name,
                {row.number: row.name for row in outcomes[version.id]},
            )
            for standard, version in versions
        ]
    )


async def build_trust_list(
    session: Session, roots: RootKeys, *, now: datetime, freshness: Freshness
) -> Proposal:
    """Return the next trust list, unsigned, as the database has it now."""
    current = await queries.current_trust_list(session)
    organizations = await organization_queries.all_organizations(session)
    standards = await _standards(session)
    trust_list = TrustList(
        sequence=1 if current is None else current.sequence + 1,
        issued_at=days.to_instant(now),
        expires_at=days.to_instant(now + freshness.trust_list_lifetime),
        roots=roots,
        organizations=tuple(await listed_organizations(session, organizations)),
        status_keys=await listed_keys(session, KeyPurpose.STATUS),
        standards_digest=hashlib.sha256(standards).digest(),
        register_keys=await listed_keys(session, KeyPurpose.REGISTER),
        log_keys=await listed_keys(session, KeyPurpose.LOG),
    )
    return Proposal(
        payload=encode_trust_list(trust_list),
        standards=standards,
        custody=tuple(
            [
                (row.public_key, _KEPT_BY[row.custody])
                for purpose in KeyPurpose
                for row in await organization_queries.signing_keys(session, purpose)
            ]
        ),
    )


_KEPT_BY = {KeyCustody.SEALED: "platform", KeyCustody.ORGANIZATION: "organization"}


@dataclass(frozen=True, slots=True)
class InForce:
    """A trust list that is in force.

    Attributes:
        sequence: Its number.
        expires_at: When it ends.
    """

    sequence: int
    expires_at: datetime


@action(
    "trustListPublish",
    may={Role.OPERATOR: ANY},
    returns="in_force",
    in_graph=False,
    refuses=("trust.no_roots", "trust.refused", "trust.sequence", "trust.standards"),
)
async def take_into_force(
    act: Act, *, proposal: Proposal, first_roots: RootKeys | None = None
) -> InForce:
    """Record a signed trust list as the one in force.

    Args:
        act: The act.
        proposal: With the signatures of enough root keys; where it changes the root keys, of
            enough old and enough new ones.
        first_roots: The root keys of a new installation; ignored once there is a list.

    Raises:
        Rejected: Too few signatures, not the next sequence number, or no root keys known.
    """
    session, now = act.session, act.now
    current = await queries.current_trust_list(session)
    roots = first_roots if current is None else roots_named_by(current)
    if roots is None:
        raise refusal("trust.no_roots")
    try:
        trust_list = open_trust_list(proposal.signed_list(), roots)
    except UntrustedList as error:
        raise refusal("trust.refused", detail=error) from None
    expected = 1 if current is None else current.sequence + 1
    if trust_list.sequence != expected:
        raise refusal("trust.sequence", sequence=trust_list.sequence, expected=expected)
    if hashlib.sha256(proposal.standards).digest() != trust_list.standards_digest:
        raise refusal("trust.standards")
    row = TrustListRow(
        sequence=trust_list.sequence,
        signed=proposal.signed_list(),
        standards=proposal.standards,
        changes_roots=trust_list.roots != roots,
        expires_at=days.to_datetime(trust_list.expires_at),
        published_at=now,
    )
    session.add(row)
    await _mark_listed(session, trust_list, now)
    built_at = days.to_datetime(trust_list.issued_at)
    await meet_opened_before(session, ObligationKind.TRUST_LIST, built_at, now)
    return InForce(row.sequence, row.expires_at)


async def _mark_listed(session: Session, trust_list: TrustList, now: datetime) -> None:
    """Record which keys verifiers know from now on."""
    of_programme = (*trust_list.status_keys, *trust_list.register_keys, *trust_list.log_keys)
    listed = {key.public_key for key in of_programme}
    for organization in trust_list.organizations:
        listed |= {key.public_key for key in organization.keys}
    for purpose in KeyPurpose:
        for row in await organization_queries.signing_keys(session, purpose):
            if row.listed_at is None and row.public_key in listed:
                row.listed_at = now


def roots_named_by(row: TrustListRow) -> RootKeys:
    """Return the root keys that a recorded trust list names."""
    return read_trust_list(row.signed).roots


async def current_roots(session: Session) -> RootKeys | None:
    """Return the root keys in force; None before the first trust list."""
    current = await queries.current_trust_list(session)
    return None if current is None else roots_named_by(current)


ACTIONS = (take_into_force,)
