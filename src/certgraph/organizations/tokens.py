"""Bearer tokens of the API: 260 random bits, shown once, stored as SHA-256."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from certgraph.database import Session
from certgraph.organizations import queries
from certgraph.organizations.rules import TokenRole
from certgraph.organizations.tables import ApiTokenRow, OrganizationRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import Random, new_id, random_token
from certgraph.text import text_problems

PREFIX = "cgt_"
"""So that a token that leaks into a log or a repository is recognized."""

MAX_LIFETIME_DAYS = 366


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: the holder of a token. Anonymous callers have none of this.

    `reads_learners` is a scope of its own: feed and certificates then say who the holder is.
    """

    token_id: UUID
    role: TokenRole
    organization_id: UUID | None
    reads_learners: bool = False


def _sha256(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


async def create_token(
    session: Session,
    *,
    name: str,
    role: TokenRole,
    organization: OrganizationRow | None,
    lifetime_days: int,
    now: datetime,
    random: Random,
    reads_learners: bool = False,
) -> tuple[str, ApiTokenRow]:
    """Return a new token, which cannot be shown again, and its row.

    Raises:
        Rejected: An organization or scope missing or out of place, or a lifetime outside 1 to 366
            days.
    """
    problems = text_problems(name, 64, "name")
    if (role is TokenRole.ORGANIZATION) != (organization is not None):
        facts = {"role": role}
        problems.append(
            Problem(code="token.organization_mismatch", path=("organizationCode",), facts=facts)
        )
    if not 1 <= lifetime_days <= MAX_LIFETIME_DAYS:
        limit = {"days": MAX_LIFETIME_DAYS}
        problems.append(Problem(code="token.lifetime", path=("lifetimeDays",), facts=limit))
    if reads_learners and role is not TokenRole.CREDIT_BANK:
        problems.append(Problem(code="token.scope", path=("readsLearners",)))
    reject_if(problems)
    token = PREFIX + random_token(random, 52)
    row = ApiTokenRow(
        id=new_id(random),
        token_sha256=_sha256(token),
        name=name,
        role=role,
        organization_id=organization.id if organization else None,
        created_at=now,
        expires_at=now + timedelta(days=lifetime_days),
        reads_learners=reads_learners,
    )
    session.add(row)
    return token, row


async def caller_of(session: Session, token: str, *, now: datetime) -> Caller | None:
    """Return whose token this is; None where it is unknown, expired or revoked."""
    row = await queries.token_by_sha256(session, _sha256(token))
    if row is None or row.revoked_at is not None or row.expires_at <= now:
        return None
    return Caller(row.id, row.role, row.organization_id, row.reads_learners)


async def revoke_token(session: Session, token_id: UUID, *, now: datetime) -> ApiTokenRow:
    """End a token at once. Raises `Rejected` where there is none."""
    row = await queries.token_by_id(session, token_id)
    if row is None:
        raise refusal("token.not_found", "id")
    row.revoked_at = row.revoked_at or now
    return row
