"""Issuer and status keys: sealed here, or held by the organization; retire, mark compromised."""

import hmac
from dataclasses import dataclass
from datetime import date, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from certgraph.calendar import programme_day
from certgraph.credential.encoding import encode
from certgraph.credential.signature import (
    PrivateKeySigner,
    UnsafeKey,
    is_signed_by,
    kid_of,
    load_public_key,
    sign1_message,
)
from certgraph.database import Session
from certgraph.organizations import queries
from certgraph.organizations.rules import (
    KeyCustody,
    KeyPurpose,
    day_problems,
    key_state_problems,
    period_problems,
)
from certgraph.organizations.tables import OrganizationRow, SigningKeyRow
from certgraph.problems import Problem, refusal, reject_if
from certgraph.randomness import Random, new_id
from certgraph.sealing import CannotOpen, Keyring

POSSESSION_TYP = "cgk+cwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPeriod:
    """Days for which a key may sign, both included; `last_on` None while it is in use."""

    first_on: date
    last_on: date | None = None


def _owner(organization: OrganizationRow | None, kid: bytes, purpose: KeyPurpose) -> bytes:
    """Return the associated data that ties a sealed key to its place."""
    code = organization.code if organization else ""
    return f"{code}\0{kid.hex()}\0{purpose}".encode()


def possession_message(organization_code: str, public_key: bytes) -> bytes:
    """Return what the holder signs to prove that an organization's key is in its hands.

    A COSE Sig_structure of its own type, so it can never pass for a certificate; it binds the key
    to the organization, so a proof for one proves nothing for another.
    """
    payload = encode({1: organization_code, -65540: public_key})
    return sign1_message(public_key, POSSESSION_TYP, payload)


def _new_key_problems(
    organization: OrganizationRow | None, period: KeyPeriod, today: date
) -> list[Problem]:
    problems = period_problems(period.first_on, period.last_on, "lastOn")
    if period.first_on < today:
        facts = {"day": period.first_on.isoformat(), "today": today.isoformat()}
        problems.append(Problem(code="key.begins_before_today", path=("firstOn",), facts=facts))
    if organization is not None:
        problems += key_state_problems(organization.name, organization.state)
    return problems


async def create_sealed_key(
    session: Session,
    keyring: Keyring,
    purpose: KeyPurpose,
    organization: OrganizationRow | None,
    period: KeyPeriod,
    *,
    now: datetime,
    random: Random,
) -> SigningKeyRow:
    """Make a key whose private half is kept sealed in the database.

    Raises:
        Rejected: A period that ends before it begins, begins before today or is out of range, or an
            organization that does not take part.
    """
    reject_if(_new_key_problems(organization, period, programme_day(now)))
    private_key = Ed25519PrivateKey.from_private_bytes(random.randbytes(32))
    public_key = private_key.public_key().public_bytes_raw()
    kid = kid_of(public_key)
    pkcs8 = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    row = SigningKeyRow(
        id=new_id(random),
        organization_id=organization.id if organization else None,
        purpose=purpose,
        custody=KeyCustody.SEALED,
        kid=kid,
        public_key=public_key,
        sealed_private_key=keyring.seal_private_key(pkcs8, _owner(organization, kid, purpose)),
        first_on=period.first_on,
        last_on=period.last_on,
        registered_at=now,
    )
    session.add(row)
    return row


async def register_held_key(
    session: Session,
    organization: OrganizationRow,
    public_key: bytes,
    proof: bytes,
    period: KeyPeriod,
    *,
    now: datetime,
    random: Random,
) -> SigningKeyRow:
    """Record a key that the organization holds itself.

    Raises:
        Rejected: Not a safe Ed25519 key, already registered, `proof` is not the signature of
            `possession_message` by that key; a period that begins before today, or an organization
            that does not take part: it could date certificates back.
    """
    try:
        key = load_public_key(public_key)
    except UnsafeKey as error:
        raise refusal("key.unsafe", "publicKey", detail=error) from None
    problems = _new_key_problems(organization, period, programme_day(now))
    if await queries.signing_key_by_public_key(session, public_key):
        problems.append(Problem(code="key.taken", path=("publicKey",)))
    if not is_signed_by(key, proof, possession_message(organization.code, public_key)):
        facts = {"name": organization.name}
        problems.append(Problem(code="key.no_possession", path=("proof",), facts=facts))
    reject_if(problems)
    row = SigningKeyRow(
        id=new_id(random),
        organization_id=organization.id,
        purpose=KeyPurpose.ISSUER,
        custody=KeyCustody.ORGANIZATION,
        kid=kid_of(public_key),
        public_key=public_key,
        sealed_private_key=None,
        first_on=period.first_on,
        last_on=period.last_on,
        registered_at=now,
    )
    session.add(row)
    return row


def open_signer(
    keyring: Keyring, row: SigningKeyRow, organization: OrganizationRow | None
) -> PrivateKeySigner:
    """Return the signer of a sealed key.

    Raises:
        CannotOpen: Another master key sealed it, or the row was moved.
    """
    owner = _owner(organization, row.kid, row.purpose)
    pkcs8 = keyring.open_private_key(row.sealed_private_key or b"", owner)
    private_key = load_der_private_key(pkcs8, password=None)
    if not isinstance(private_key, Ed25519PrivateKey):
        message = "a sealed key is not an Ed25519 key"
        raise TypeError(message)
    return PrivateKeySigner(private_key)


async def key_on(
    session: Session, purpose: KeyPurpose, organization: OrganizationRow | None, day: date
) -> SigningKeyRow:
    """Return the newest key that may sign on `day`, if possible one that verifiers know already.

    Raises:
        Rejected: There is none.
    """
    rows = await queries.signing_keys(session, purpose, organization.id if organization else None)
    usable = [
        row
        for row in rows
        if row.first_on <= day
        and (row.last_on is None or day <= row.last_on)
        and row.compromised_on is None
    ]
    if not usable:
        name = organization.name if organization else "the programme"
        raise refusal("key.none_valid", name=name, purpose=purpose, day=day.isoformat())
    return ([row for row in usable if row.listed_at is not None] or usable)[-1]


async def _key_for_change(
    session: Session, kid: bytes, organization: OrganizationRow | None
) -> SigningKeyRow:
    row = await queries.signing_key_by_kid(session, kid)
    if row is None or (organization is not None and row.organization_id != organization.id):
        raise refusal("key.not_found", "kid", kid=kid.hex())
    return row


async def retire_key(
    session: Session, kid: bytes, *, last_on: date, organization: OrganizationRow | None = None
) -> SigningKeyRow:
    """End a key's use: `last_on` is the last day it may sign for. What it signed stays valid.

    Raises:
        Rejected: Unknown key, a last day before its first; a later one than was set before, of an
            organization that does not take part.
    """
    row = await _key_for_change(session, kid, organization)
    problems = period_problems(row.first_on, last_on, "lastOn")
    if row.last_on is not None and last_on > row.last_on and row.organization_id is not None:
        owners = await queries.organizations_by_ids(session, [row.organization_id])
        owner = owners[row.organization_id]
        problems += key_state_problems(owner.name, owner.state)
    reject_if(problems)
    row.last_on = last_on
    return row


async def declare_key_compromised(
    session: Session,
    kid: bytes,
    *,
    since: date,
    now: datetime,
    organization: OrganizationRow | None = None,
) -> SigningKeyRow:
    """Declare that others may hold a key: certificates issued from `since` on no longer count.

    A day may be moved to an earlier one later, never to a later one.

    Raises:
        Rejected: Unknown key, a day in the future, or later than one already declared.
    """
    row = await _key_for_change(session, kid, organization)
    reject_if(day_problems(since, "since"))
    today = programme_day(now)
    if since > today:
        raise refusal("key.compromise_in_future", "since", day=since.isoformat())
    if row.compromised_on is not None and since > row.compromised_on:
        raise refusal("key.compromise_later", "since", day=row.compromised_on.isoformat())
    row.compromised_on = since
    return row


class WrongMasterKey(ValueError):
    """The master key is not the one that sealed what the database holds."""


async def knows_master_key(session: Session, keyring: Keyring) -> bool:
    """Tell whether a master key was used here before; this one, then.

    Raises:
        WrongMasterKey: It is another. What it sealed could never be opened with the right one.
    """
    known = await queries.master_key_check(session)
    if known is not None and not hmac.compare_digest(known, keyring.check_value):
        raise WrongMasterKey(_WRONG_KEY)
    return known is not None


async def check_master_key(session: Session, keyring: Keyring) -> None:
    """Compare the master key with the one that was used here before; record the first one.

    Raises:
        WrongMasterKey: It is another.
    """
    if await knows_master_key(session, keyring):
        return
    sealed = await queries.newest_sealed_key(session)
    if sealed is not None:
        row, organization = sealed
        try:
            open_signer(keyring, row, organization)
        except CannotOpen:
            raise WrongMasterKey(_WRONG_KEY) from None
    known = await queries.record_master_key_check(session, keyring.check_value)
    if not hmac.compare_digest(known, keyring.check_value):  # another process was faster
        raise WrongMasterKey(_WRONG_KEY)


_WRONG_KEY = (
    "the master key is not the one that sealed what this database holds; "
    "set CERTGRAPH_MASTER_KEY_FILE to the right one"
)
