"""Bearer tokens of the API, 260 random bits, shown once, kept as keyed hashes; what is like them.

The key is derived from the master key: a row that somebody writes into the table opens nothing, nor
does one that is edited. A client has public keys in its row, and gets tokens for minutes, which are
stored nowhere (`certgraph.organizations.clients`). A membership has a person in its row, who
accepted its invitation (`certgraph.organizations.memberships`).
"""

import hashlib
import hmac
import json
import logging
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from certgraph.actions.acting import Act
from certgraph.actions.declaring import Secret, action
from certgraph.actions.parties import ANY, OF_ONE_ORGANIZATION, ON_BEHALF, WITH_TOKENS, Actor, Role
from certgraph.database import Session, Sessions
from certgraph.organizations import queries
from certgraph.organizations.client_keys import checked_keys
from certgraph.organizations.rules import OrganizationKind
from certgraph.organizations.subjects import TOKEN, TOKEN_NAME, organization_named
from certgraph.organizations.tables import ApiTokenRow, OrganizationRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import new_id, random_token
from certgraph.sealing import CannotOpen, Keyring
from certgraph.text import text_problems

logger = logging.getLogger("certgraph.tokens")

PREFIX = "cgt_"
"""So that a token that leaks into a log or a repository is recognized."""

ACCESS_PREFIX = "cga_"
"""Of tokens for minutes, which clients get."""

INVITATION_PREFIX = "cgi_"
"""Of invitations, which people accept who have signed in."""

INVITED = timedelta(days=7)
"""How long an invitation can be accepted."""

MAX_LIFETIME_DAYS = 366

_STATED = 25
"""Bytes that a token for minutes states: its client, and its end in seconds since 1970."""

_ACCESS = re.compile(f"{ACCESS_PREFIX}[A-Za-z0-9_-]{{76}}")


def _key(keyring: Keyring, token: str) -> bytes:
    return keyring.token_key(hashlib.sha256(token.encode()).digest())


def _stated(row: ApiTokenRow) -> bytes:
    """Return all that a token is, to be hashed; not whether it is revoked."""
    stated = [
        row.id.hex,
        row.token_key and row.token_key.hex(),
        row.name,
        row.role.value,
        row.organization_id and row.organization_id.hex,
        row.created_at.astimezone(UTC).isoformat(),
        row.expires_at.astimezone(UTC).isoformat(),
        row.reads_learners,
        row.created_by,
    ]
    if row.keys is not None or row.keys_since is not None:
        since = "" if row.keys_since is None else row.keys_since.astimezone(UTC).isoformat()
        stated += [row.keys, since]
    if row.invited_until is not None or row.person is not None:
        until = "" if row.invited_until is None else row.invited_until.astimezone(UTC).isoformat()
        stated += ["person", row.person and row.person.hex(), until]
    return json.dumps(stated, ensure_ascii=False).encode()


def _mac(keyring: Keyring, row: ApiTokenRow) -> bytes:
    return keyring.token_mac(_stated(row))


def is_as_made(keyring: Keyring, row: ApiTokenRow) -> bool:
    """Tell whether a token is as it was made: nobody edited it, or wrote it, in the database."""
    return keyring.is_token_mac(row.mac, _stated(row))


def sealed_again(keyring: Keyring, row: ApiTokenRow) -> ApiTokenRow:
    """Return a token as it is now, once an action has changed what it is."""
    row.mac = _mac(keyring, row)
    return row


def invitation_key(keyring: Keyring, invitation: str) -> bytes:
    """Return the keyed hash under which an invitation is found."""
    return _key(keyring, invitation)


def hashed_anew(keyring: Keyring, row: ApiTokenRow) -> bytes | None:
    """Return the hash of a token under the master key in force; None where it is its own.

    Raises:
        CannotOpen: It is not as it was made.
    """
    mac = _mac(keyring, row)
    if hmac.compare_digest(mac, row.mac):
        return None
    if not is_as_made(keyring, row):
        raise CannotOpen("a token that is not as it was made")
    return mac


def is_good(keyring: Keyring, row: ApiTokenRow, now: datetime) -> bool:
    """Tell whether a token opens anything; one that was edited is logged."""
    if row.revoked_at is not None or row.expires_at <= now:
        return False
    if not is_as_made(keyring, row):
        logger.error("token %s is not as it was made: it is refused", row.id)
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenDraft:
    """A bearer token to make; or a client, which signs in with a key; or a membership of a person.

    Attributes:
        name: What it is for, 1 to 64 characters.
        role: As what its bearer acts.
        organization_code: For which organization; it must be of that kind.
        lifetime_days: 1 to 366.
        reads_learners: Scope of the role CREDIT_BANK: who the learners are, not only their records.
        keys: Public keys of a client (docs/api.md), a JWK Set (RFC 7517) as JSON text, 1 to 8 of
            Ed25519 or P-256, each with its `kid`; null for a secret, and a membership.
        for_person: Whether it is for a person, who signs in: what is shown once is an invitation,
            to be accepted by them within seven days.
    """

    name: str
    role: Role
    organization_code: str | None = None
    lifetime_days: int = 90
    reads_learners: bool = False
    keys: str | None = None
    for_person: bool = False


_KIND_OF_APPROVERS = OrganizationKind.EVALUATION_ORGANIZATION


@action(
    "apiTokenCreate",
    may={Role.OPERATOR: ON_BEHALF},
    returns=("api_token", "token"),
    step_up=True,
    once=True,
    refuses=(
        "organization.not_found",
        "token.keys",
        "token.lifetime",
        "token.no_organization",
        "token.no_organization_wanted",
        "token.of_no_holder",
        "token.operator_by_hand",
        "token.organization_of_other_kind",
        "token.person_or_keys",
        "token.private_key",
        "token.scope",
    ),
)
async def create_token(act: Act, draft: TokenDraft) -> tuple[ApiTokenRow, Secret | None]:
    """Make a bearer token, a client or a membership.

    A token, and the invitation to a membership, is shown once and stored as a keyed hash; a client
    has neither.

    Raises:
        Rejected: An organization that is unknown, missing, out of place or of another kind than the
            role, a scope out of place, a lifetime outside 1 to 366 days, keys of no use, or of a
            person.
    """
    organization = None
    if draft.organization_code is not None:
        code = draft.organization_code
        organization = await organization_named(act.session, code, "organization_code")
    problems = text_problems(draft.name, 64, "name")
    if draft.role not in WITH_TOKENS:
        problems.append(Problem(code="token.of_no_holder", path=("role",)))
    else:
        problems += await _organization_problems(act.session, draft.role, organization)
    if not 1 <= draft.lifetime_days <= MAX_LIFETIME_DAYS:
        limit = {"days": MAX_LIFETIME_DAYS}
        problems.append(Problem(code="token.lifetime", path=("lifetime_days",), facts=limit))
    if draft.role is Role.OPERATOR and not act.actor.by_hand:  # it could confirm what it asks for
        problems.append(Problem(code="token.operator_by_hand", path=("role",)))
    if draft.reads_learners and draft.role is not Role.CREDIT_BANK:
        problems.append(Problem(code="token.scope", path=("reads_learners",)))
    if draft.for_person and draft.keys is not None:
        problems.append(Problem(code="token.person_or_keys", path=("for_person",)))
    reject_if(problems)
    keys = None if draft.keys is None else checked_keys(draft.keys)
    prefix = INVITATION_PREFIX if draft.for_person else PREFIX
    token = prefix + random_token(act.random, 52) if keys is None else None
    row = ApiTokenRow(
        id=new_id(act.random),
        token_key=None if token is None else _key(act.keyring, token),
        keys=keys,
        keys_since=None if keys is None else act.now,
        invited_until=act.now + INVITED if draft.for_person else None,
        mac=b"",
        name=draft.name,
        role=draft.role,
        organization_id=organization.id if organization else None,
        created_at=act.now,
        expires_at=act.now + timedelta(days=draft.lifetime_days),
        reads_learners=draft.reads_learners,
        created_by=act.by,
    )
    act.session.add(sealed_again(act.keyring, row))
    return row, None if token is None else Secret(token)


@action(
    "apiTokenKeysReplace",
    may={Role.OPERATOR: ON_BEHALF},
    about=TOKEN,
    returns="api_token",
    step_up=True,
    refuses=(
        "token.ended",
        "token.keys",
        "token.no_client",
        "token.operator_by_hand",
        "token.private_key",
    ),
)
async def replace_keys(act: Act, token: ApiTokenRow, *, keys: str) -> ApiTokenRow:
    """Replace the keys of a client. Tokens that it got before are no longer good.

    To change keys without a gap, put the new one beside the old one; take the old one away when the
    client uses the new one.

    Args:
        act: With what it is done.
        token: The client.
        keys: Its public keys, as in `apiTokenCreate`.

    Raises:
        Rejected: Keys of no use; a token that is a secret, or opens nothing; a client of the
            office, whose keys are replaced by the command line alone.
    """
    if token.keys is None:
        raise refusal("token.no_client")
    if token.role is Role.OPERATOR and not act.actor.by_hand:  # it could confirm what it asks for
        raise refusal("token.operator_by_hand")
    if not is_good(act.keyring, token, act.now):  # sealed anew, an edited row would open something
        raise refusal("token.ended")
    token.keys, token.keys_since = checked_keys(keys), act.now
    return sealed_again(act.keyring, token)


async def _organization_problems(
    session: Session, role: Role, organization: OrganizationRow | None
) -> list[Problem]:
    """List why a role cannot be acted in for this organization, or for none."""
    path, facts = ("organization_code",), {"role": role, "name": organization and organization.name}
    if organization is None:
        is_wanted = role in OF_ONE_ORGANIZATION
        return [Problem(code="token.no_organization", path=path, facts=facts)] if is_wanted else []
    if role is Role.OPERATOR:
        return [Problem(code="token.no_organization_wanted", path=path, facts=facts)]
    if role is Role.VERIFIER:  # an employer, or anybody
        return []
    kind = _KIND_OF_APPROVERS if role is Role.APPROVER else OrganizationKind(role.value)
    if kind in await queries.kinds_of(session, organization.id):
        return []
    return [Problem(code="token.organization_of_other_kind", path=path, facts=facts)]


async def actor_of(
    session: Session, keyring: Keyring, token: str, *, now: datetime
) -> Actor | None:
    """Return who acts with this token; None where it is unknown, edited, expired or revoked."""
    row = await _row_of(session, keyring, token, now)
    if row is None or not is_good(keyring, row, now):
        return None
    name = f"{TOKEN_NAME}{row.id}"
    return Actor(name, row.role, row.organization_id, row.reads_learners, token_id=row.id)


async def _row_of(
    session: Session, keyring: Keyring, token: str, now: datetime
) -> ApiTokenRow | None:
    """Return what a bearer token belongs to; None where it is unknown, or its minutes are over."""
    if token.startswith(INVITATION_PREFIX):  # it is accepted, and opens nothing by itself
        return None
    if not token.startswith(ACCESS_PREFIX):
        return await queries.token_by_key(session, _key(keyring, token))
    if not _ACCESS.fullmatch(token):
        return None
    whole = urlsafe_b64decode(token.removeprefix(ACCESS_PREFIX))
    stated, mac = whole[:_STATED], whole[_STATED:]
    row = await queries.token_by_id(session, UUID(bytes=stated[:16]))
    ends = int.from_bytes(stated[16:])
    if row is None or not keyring.is_access_mac(mac, row.mac, stated):
        return None
    return row if now.timestamp() < ends else None


def access_token(keyring: Keyring, row: ApiTokenRow, until: datetime) -> str:
    """Return a bearer token of a client for minutes.

    It is kept nowhere: it is its client's row, whose key, role and end it names by their keyed
    hash, and ends with it.
    """
    stated = row.id.bytes + int(until.timestamp()).to_bytes(9)
    return ACCESS_PREFIX + urlsafe_b64encode(stated + keyring.access_mac(row.mac, stated)).decode()


async def note_uses(sessions: Sessions, used_on: Mapping[UUID, date]) -> None:
    """Note on which day tokens were used last. In the order of ids, as all servers do."""
    async with sessions.begin() as session:
        for token_id in sorted(used_on):
            await queries.note_token_use(session, token_id, used_on[token_id])


@action("apiTokenRevoke", may={Role.OPERATOR: ANY}, about=TOKEN, returns="api_token")
async def revoke_token(act: Act, token: ApiTokenRow) -> ApiTokenRow:
    """End a bearer token. Every server knows within a second."""
    token.revoked_at = token.revoked_at or act.now
    return token


ACTIONS = (create_token, replace_keys, revoke_token)
